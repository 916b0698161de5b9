package identity

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// secrets finds the secrets of access keys. It remembers what it has opened, because a
// file with a thousand keys would otherwise take a quarter of a second to read again.
type secrets struct {
	none   bool // secrets are not looked for
	sealer *Sealer
	getenv func(string) string
	// open says of each file whether others can read it.
	open map[string]bool
	// known and used are opened secrets by key id and sealed value: of the last reading, of this.
	known, used map[string]Secret
}

// of gives the secret of a key. Its errors never quote a value.
func (s *secrets) of(k *AccessKey) (secret Secret, err error) {
	switch {
	case s.none:
		return "", nil
	case k.SealedSecret != "":
		return s.unseal(k.ID, k.SealedSecret)
	case k.SecretFile != "":
		secret, err = secretFile(k)
	case k.SecretEnv != "":
		secret = Secret(s.getenv(k.SecretEnv))
		if secret == "" {
			err = fmt.Errorf("the variable %s is empty", k.SecretEnv)
		}
	case s.open[k.at.file]:
		err = errors.New("its secret is in plain text in a file that others than its owner can read; make the file 0600 or seal the secret")
	default:
		secret = k.Secret
	}
	if err != nil {
		return "", err
	}
	return secret, checkSecret(secret)
}

// unseal opens a sealed secret, or remembers it.
func (s *secrets) unseal(id, sealed string) (Secret, error) {
	key := id + ":" + sealed
	secret, ok := s.known[key]
	if !ok {
		if s.sealer == nil {
			return "", ErrNoSealKey
		}
		var err error
		if secret, err = s.sealer.Unseal(id, sealed); err != nil {
			return "", err
		}
	}
	s.used[key] = secret
	return secret, nil
}

// secretFile reads a secret from a file, relative to the file that names it. Line ends
// after it are an editor's.
func secretFile(k *AccessKey) (Secret, error) {
	path := k.SecretFile
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(k.at.file), path)
	}
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("the secret-file cannot be read: %w", err)
	}
	defer f.Close()
	b := make([]byte, maxSecret+3) // a line end and one byte too many
	n, err := f.Read(b)
	if err != nil {
		return "", errors.New("the secret-file is empty or no file")
	}
	return Secret(strings.TrimRight(string(b[:n]), "\r\n")), nil
}
