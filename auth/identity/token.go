package identity

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/findinghub/findinghub/auth/policy"
)

// sessionToken is what a session token says, so that the hub need not remember sessions.
// The names are short because every request of the session carries them.
type sessionToken struct {
	Account string `json:"a"`
	Role    string `json:"r"`
	Name    string `json:"n"`
	Secret  Secret `json:"k"`
	// Issued and Expires are seconds since 1970.
	Issued  int64 `json:"i"`
	Expires int64 `json:"e"`
	// Policy is the session policy in JSON and Managed are the names of managed ones.
	Policy  string   `json:"p,omitempty"`
	Managed []string `json:"m,omitempty"`
	// By is the ARN of who assumed the role.
	By string `json:"b"`

	// inline is Policy, read.
	inline *policy.Document
}

// policies are the session policies; nil is a session that none bounds. Of managed policies
// those hold that there are now; one that is gone allows nothing.
func (t *sessionToken) policies(s *Snapshot) []policy.Named {
	if t.inline == nil && len(t.Managed) == 0 {
		return nil
	}
	list := make([]policy.Named, 0, 1+len(t.Managed))
	if t.inline != nil {
		list = append(list, policy.Named{Name: "session policy", Document: t.inline})
	}
	for _, name := range t.Managed {
		if p, ok := s.Policy(name); ok {
			list = append(list, p)
		}
	}
	return list
}

// tokens seals and opens session tokens. Each is bound to its access key id.
type tokens struct {
	aead   cipher.AEAD
	random io.Reader
}

// tokenVersion is the first byte of every token; another format would begin with another.
const tokenVersion = 1

// maxToken bounds a token, in bytes: a session policy of 2,048 characters takes three quarters
// of it when every character is one of four bytes.
const maxToken = 16 << 10

// errToken is all that is to be said of a token that is not one of ours.
var errToken = errors.New("it is not one that this hub made for this key")

func newTokens(key []byte, random io.Reader) (*tokens, error) {
	if len(key) != 32 {
		return nil, fmt.Errorf("the key of session tokens has %d bytes instead of 32", len(key))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("session tokens: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("session tokens: %w", err)
	}
	return &tokens{aead: aead, random: random}, nil
}

// bound is what a token is sealed together with.
func bound(keyID string) []byte { return append([]byte{tokenVersion}, keyID...) }

// seal makes the token of a session.
func (ts *tokens) seal(keyID string, t *sessionToken) (string, error) {
	text, err := json.Marshal(t)
	if err != nil {
		return "", fmt.Errorf("session token: %w", err)
	}
	out := make([]byte, 1+ts.aead.NonceSize(), 1+ts.aead.NonceSize()+len(text)+ts.aead.Overhead())
	out[0] = tokenVersion
	nonce := out[1:]
	if _, err := io.ReadFull(ts.random, nonce); err != nil {
		return "", fmt.Errorf("session token: %w", err)
	}
	return base64.StdEncoding.EncodeToString(ts.aead.Seal(out, nonce, text, bound(keyID))), nil
}

// open reads a token of the session that has this key.
func (ts *tokens) open(keyID, token string) (*sessionToken, error) {
	if len(token) > maxToken {
		return nil, errToken
	}
	data, err := base64.StdEncoding.Strict().DecodeString(token)
	n := ts.aead.NonceSize()
	if err != nil || len(data) < 1+n || data[0] != tokenVersion {
		return nil, errToken
	}
	text, err := ts.aead.Open(nil, data[1:1+n], data[1+n:], bound(keyID))
	if err != nil {
		return nil, errToken
	}
	var t sessionToken
	if err := json.Unmarshal(text, &t); err != nil {
		return nil, errToken
	}
	if t.Policy != "" {
		if t.inline, err = policy.Parse([]byte(t.Policy), policy.Identity); err != nil {
			return nil, errToken
		}
	}
	return &t, nil
}

// maxSessions bounds how many tokens are kept open.
const maxSessions = 1024

// sessionCache keeps tokens that were opened, because reading a session policy takes longer
// than everything else that is done for a request. Only tokens of ours get in, so strangers
// cannot fill it. The zero value is ready.
type sessionCache struct {
	mu sync.Mutex
	m  map[string]*sessionToken
}

func (c *sessionCache) get(id string) *sessionToken {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.m[id]
}

// put keeps a token; when there are too many, any other one goes.
func (c *sessionCache) put(id string, t *sessionToken) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.m == nil {
		c.m = make(map[string]*sessionToken)
	}
	for other := range c.m {
		if len(c.m) < maxSessions {
			break
		}
		delete(c.m, other)
	}
	c.m[id] = t
}
