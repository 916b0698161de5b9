package identity

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"filippo.io/age"
)

// Sealer seals and opens secrets with the hub's key, an age identity. It reads the key
// when it first needs it, and makes one when it first seals. It is safe for concurrent use.
type Sealer struct {
	file string
	key  string

	mu         sync.Mutex
	identities []age.Identity
	recipient  age.Recipient
}

// NewSealer makes a sealer of a key file's path, or of the key itself where key is not "".
// Neither is looked at yet.
func NewSealer(file, key string) *Sealer { return &Sealer{file: file, key: key} }

// ErrNoSealKey is why nothing can be opened: there is no key.
var ErrNoSealKey = errors.New("there is no key to open sealed secrets with")

// errSealed hides what exactly is wrong with a sealed value: whoever can seal has to know
// no more than that.
var errSealed = errors.New("the sealed value cannot be opened with this key; was it sealed to another recipient?")

// Recipient is the public half of the key, by which anybody can seal for this hub.
func (s *Sealer) Recipient() (string, error) {
	r, err := s.sealing()
	if err != nil {
		return "", err
	}
	return recipientText(r), nil
}

func recipientText(r age.Recipient) string {
	if text, ok := r.(fmt.Stringer); ok {
		return text.String()
	}
	return ""
}

// Seal gives the value that a file may hold in a secret's place, for this key id alone.
func (s *Sealer) Seal(keyID string, secret Secret) (string, error) {
	r, err := s.sealing()
	if err != nil {
		return "", err
	}
	return seal(r, keyID, secret)
}

// SealTo is Seal for a recipient, age1..., whose key somebody else has.
func SealTo(recipient, keyID string, secret Secret) (string, error) {
	if r, err := age.ParseX25519Recipient(recipient); err == nil {
		return seal(r, keyID, secret)
	}
	r, err := age.ParseHybridRecipient(recipient)
	if err != nil {
		return "", errors.New("the recipient is not of the form age1..., X25519 or hybrid")
	}
	return seal(r, keyID, secret)
}

// seal puts the key id before the secret: age authenticates nothing beside the content, and
// without it a sealed value could be moved to a key of another user.
func seal(r age.Recipient, keyID string, secret Secret) (string, error) {
	if !ValidKeyID(keyID) {
		return "", fmt.Errorf("the access key id %q is not 16 to 128 capital letters and digits", keyID)
	}
	if err := checkSecret(secret); err != nil {
		return "", err
	}
	var b bytes.Buffer
	w, err := age.Encrypt(&b, r)
	if err != nil {
		return "", fmt.Errorf("sealing: %w", err)
	}
	if _, err := io.WriteString(w, keyID+":"+string(secret)); err != nil {
		return "", fmt.Errorf("sealing: %w", err)
	}
	if err := w.Close(); err != nil {
		return "", fmt.Errorf("sealing: %w", err)
	}
	return base64.StdEncoding.EncodeToString(b.Bytes()), nil
}

// The length of a secret, in bytes. The service's have 40; shorter ones than the minimum
// could be guessed from a signature that somebody saw.
const (
	minSecret = 16
	maxSecret = 256
)

// checkSecret refuses what is no secret, without saying what it is.
func checkSecret(secret Secret) error {
	if len(secret) < minSecret || len(secret) > maxSecret {
		return fmt.Errorf("the secret has %d characters; it must have %d to %d", len(secret), minSecret, maxSecret)
	}
	for i := range len(secret) {
		if c := secret[i]; c <= ' ' || c > '~' {
			return errors.New("the secret has a character that is neither a letter, a digit nor a sign of ASCII")
		}
	}
	return nil
}

// maxSealed bounds what is read of a sealed value, in bytes.
const maxSealed = 1 << 10

// Unseal opens a sealed value. It fails when the value was sealed for another access key.
func (s *Sealer) Unseal(keyID, sealed string) (Secret, error) {
	identities, err := s.opening()
	if err != nil {
		return "", err
	}
	data, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(sealed), ""))
	if err != nil {
		return "", errors.New("the sealed value is not base64")
	}
	r, err := age.Decrypt(bytes.NewReader(data), identities...)
	if err != nil {
		return "", errSealed
	}
	plain, err := io.ReadAll(io.LimitReader(r, maxSealed))
	if err != nil {
		return "", errSealed
	}
	id, secret, ok := strings.Cut(string(plain), ":")
	if !ok || id != keyID {
		return "", errors.New("the sealed value belongs to another access key")
	}
	return Secret(secret), checkSecret(Secret(secret))
}

// opening gives the keys that may open.
func (s *Sealer) opening() ([]age.Identity, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.identities, s.read()
}

// sealing gives the recipient to seal to, and makes a key where there is none.
func (s *Sealer) sealing() (age.Recipient, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.read()
	if errors.Is(err, ErrNoSealKey) && s.file != "" {
		if err = makeSealKey(s.file); err == nil {
			err = s.read()
		}
	}
	return s.recipient, err
}

// read gets the key if it was not got yet.
func (s *Sealer) read() error {
	if s.recipient != nil {
		return nil
	}
	text := s.key
	if text == "" {
		var err error
		if text, err = readSealKey(s.file); err != nil {
			return err
		}
	}
	identities, err := age.ParseIdentities(strings.NewReader(text))
	if err != nil {
		// The library's message may quote the key.
		return errors.New("the seal key is not an age identity of the form AGE-SECRET-KEY-1")
	}
	switch first := identities[0].(type) {
	case *age.X25519Identity:
		s.recipient = first.Recipient()
	case *age.HybridIdentity:
		s.recipient = first.Recipient()
	default:
		return errors.New("the seal key is of a kind that cannot seal; use one that age-keygen makes")
	}
	s.identities = identities
	return nil
}

// readSealKey reads a key file that only its owner can read.
func readSealKey(path string) (string, error) {
	if path == "" {
		return "", ErrNoSealKey
	}
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("%w: %s does not exist", ErrNoSealKey, path)
	}
	if err != nil {
		return "", fmt.Errorf("the seal key cannot be read: %w", err)
	}
	if !private(info) {
		return "", fmt.Errorf("the seal key %s can be read by others than its owner (mode %04o); make it 0600", path, info.Mode().Perm())
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("the seal key cannot be read: %w", err)
	}
	return string(text), nil
}

// makeSealKey makes a key file in the format of age-keygen. Two processes may do so at
// once: the link lets one of them win with a whole file, and the other one's is dropped.
func makeSealKey(path string) error {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		return fmt.Errorf("making a seal key: %w", err)
	}
	text := fmt.Sprintf("# public key: %s\n%s\n", identity.Recipient(), identity)
	temporary, err := writeBeside(path, []byte(text))
	if err != nil {
		return fmt.Errorf("making a seal key: %w", err)
	}
	// A file that stays would be a copy of the key beside the key.
	defer func() { _ = os.Remove(temporary) }()
	if err := os.Link(temporary, path); err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("making a seal key: %w", err)
	}
	return syncParent(path)
}
