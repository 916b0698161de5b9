package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"strings"
	"sync"
)

// mismatch begins as the service's message does, because clients look for that.
const mismatch = "The request signature we calculated does not match the signature you provided. " +
	"Check the secret access key, the clock, and what lies between client and hub: whatever changes the method, the path, the query or a signed header breaks the signature"

// KeyCache remembers signing keys. They are the same all day for one access key, region and
// service, and deriving one takes four HMACs. A nil cache remembers nothing. It is safe for
// concurrent use.
type KeyCache struct {
	size int
	mu   sync.Mutex
	keys map[keyName]signingKey
}

// keyName is what a signing key is derived for.
type keyName struct{ accessKeyID, day, region, service string }

// signingKey is a derived key and the SHA-256 of the secret that it was derived from: the
// secret of an access key id may change.
type signingKey struct {
	secret [sha256.Size]byte
	key    [sha256.Size]byte
}

// NewKeyCache makes a cache of at most size keys; each takes some 200 bytes.
func NewKeyCache(size int) *KeyCache {
	return &KeyCache{size: size, keys: make(map[keyName]signingKey)}
}

// Verify is Signature.Verify with remembered keys. Only a key that has just verified a
// signature is remembered, so that nobody without a secret can push others out.
func (c *KeyCache) Verify(s *Signature, r *Request, secret, bodyHash string) error {
	payload, err := s.payloadHash(bodyHash)
	if err != nil {
		return err
	}
	canonical, err := s.canonical(r, payload)
	if err != nil {
		return err
	}
	key, known := c.get(s, secret)
	if !known {
		key.key = deriveKey(s, secret)
	}
	mac := sign(key.key[:], s.stringToSign(canonical))
	if subtle.ConstantTimeCompare([]byte(hex.EncodeToString(mac[:])), []byte(s.signature)) != 1 {
		return invalid(mismatch)
	}
	if !known {
		c.put(s, key)
	}
	return nil
}

// stringToSign is what the key signs.
func (s *Signature) stringToSign(canonical string) string {
	sum := sha256.Sum256([]byte(canonical))
	return strings.Join([]string{algorithm, stamp(s.Time), s.scope(), hex.EncodeToString(sum[:])}, "\n")
}

// readPayload finds what the request says about its body's hash: the header, and in a
// presigned request, whose headers may have been moved there, the query.
func (s *Signature) readPayload(r *Request, q query) error {
	said, err := single(r.Header, contentHash)
	if err != nil {
		return err
	}
	found := len(r.Header[contentHash]) > 0
	if !found && s.Presigned {
		if said, found, err = q.single(contentHash); err != nil {
			return err
		}
	}
	switch {
	case !found || isHash(said):
	case said == unsignedPayload:
		s.Unsigned = true
	case strings.HasPrefix(said, "STREAMING-"):
		return invalid("%s %q is not supported: the body must be signed as a whole", contentHash, excerpt(said))
	default:
		return invalid("%s %q is neither 64 lower-case hexadecimal digits nor %s", contentHash, excerpt(said), unsignedPayload)
	}
	s.payload = said
	return nil
}

// payloadHash is the hash that is signed. A body that differs from what the request says of
// it is told apart from a wrong secret: whoever sees it can do something about it.
func (s *Signature) payloadHash(bodyHash string) (string, error) {
	switch s.payload {
	case "", bodyHash:
		return bodyHash, nil
	case unsignedPayload:
		return unsignedPayload, nil
	default:
		return "", invalid("The body is not the one that was signed: its SHA-256 is not the %s of the request", contentHash)
	}
}

// get gives the key that was remembered for this secret, or one that has only its digest.
func (c *KeyCache) get(s *Signature, secret string) (key signingKey, known bool) {
	if c == nil {
		return signingKey{}, false
	}
	digest := sha256.Sum256([]byte(secret))
	c.mu.Lock()
	key, known = c.keys[s.keyName()]
	c.mu.Unlock()
	if !known || subtle.ConstantTimeCompare(key.secret[:], digest[:]) != 1 {
		return signingKey{secret: digest}, false
	}
	return key, true
}

// put remembers a key; when there are too many, any other is forgotten, which costs its
// owner four HMACs.
func (c *KeyCache) put(s *Signature, key signingKey) {
	if c == nil || c.size < 1 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	name := s.keyName()
	if _, known := c.keys[name]; !known && len(c.keys) >= c.size {
		for other := range c.keys {
			delete(c.keys, other)
			break
		}
	}
	c.keys[name] = key
}

func (s *Signature) keyName() keyName { return keyName{s.AccessKeyID, s.day(), s.Region, s.Service} }

// deriveKey makes the key that is good for the signature's scope only.
func deriveKey(s *Signature, secret string) [sha256.Size]byte {
	key := sign([]byte("AWS4"+secret), s.day())
	for _, part := range []string{s.Region, s.Service, terminator} {
		key = sign(key[:], part)
	}
	return key
}

func sign(key []byte, text string) (mac [sha256.Size]byte) {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	h.Sum(mac[:0])
	return mac
}
