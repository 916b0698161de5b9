package identity

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"filippo.io/age"
)

const keyID = "AKIAIOSFODNN7EXAMPLE"

func TestSeal(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "identity.key")
	s := NewSealer(path, "")
	if _, err := s.Unseal(keyID, "AAAA"); !errors.Is(err, ErrNoSealKey) {
		t.Errorf("opening without a key: %v", err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("opening made a key")
	}
	sealed, err := s.Seal(keyID, testSecret)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key file has the mode %v, %v", info.Mode(), err)
	}
	if strings.Contains(sealed, string(testSecret)) || strings.Contains(sealed, keyID) {
		t.Errorf("the sealed value shows what it holds: %s", sealed)
	}
	// A line break that an editor put in does not matter.
	for _, text := range []string{sealed, sealed[:40] + "\n   " + sealed[40:]} {
		if got, err := NewSealer(path, "").Unseal(keyID, text); err != nil || got != testSecret {
			t.Errorf("opened: %v, error %v", got == testSecret, err)
		}
	}
	if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 1 {
		t.Errorf("making the key left files behind: %v", entries)
	}
}

// TestSealRefuses: a sealed value is good for one key id and one recipient.
func TestSealRefuses(t *testing.T) {
	t.Parallel()
	mine := NewSealer(filepath.Join(t.TempDir(), "a.key"), "")
	sealed, err := mine.Seal(keyID, testSecret)
	if err != nil {
		t.Fatal(err)
	}
	_, err = mine.Unseal("AKIAIOSFODNN7EXAMPLF", sealed)
	wantError(t, "moved to another key id", err, "belongs to another access key")
	other := NewSealer(filepath.Join(t.TempDir(), "b.key"), "")
	if _, err := other.Recipient(); err != nil {
		t.Fatal(err)
	}
	_, err = other.Unseal(keyID, sealed)
	wantError(t, "another key", err, "cannot be opened")
	_, err = mine.Unseal(keyID, "!"+sealed)
	wantError(t, "not base64", err, "not base64")
	_, err = mine.Unseal(keyID, sealed[:len(sealed)-8])
	wantError(t, "cut off", err, "cannot be opened")
	changed := []byte(sealed)
	if at := len(changed) - 6; changed[at] == 'A' {
		changed[at] = 'B'
	} else {
		changed[at] = 'A'
	}
	_, err = mine.Unseal(keyID, string(changed))
	wantError(t, "changed", err, "cannot be opened")
	_, err = mine.Seal("lower", testSecret)
	wantError(t, "a bad id", err, "capital letters")
	_, err = mine.Seal(keyID, "short")
	wantError(t, "a short secret", err, "5 characters")
}

// TestSealTo: anybody can seal for a hub by its recipient, of either kind of key.
func TestSealTo(t *testing.T) {
	t.Parallel()
	x, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	h, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	for recipient, key := range map[string]string{x.Recipient().String(): x.String(), h.Recipient().String(): h.String()} {
		sealed, err := SealTo(recipient, keyID, testSecret)
		if err != nil {
			t.Fatal(err)
		}
		s := NewSealer("", key)
		if got, err := s.Unseal(keyID, sealed); err != nil || got != testSecret {
			t.Errorf("opened: %v, error %v", got == testSecret, err)
		}
		if got, err := s.Recipient(); err != nil || got != recipient {
			t.Errorf("the recipient is %q, %v", got, err)
		}
	}
	_, err = SealTo(x.String(), keyID, testSecret)
	wantError(t, "the key in the recipient's place", err, "age1")
	if strings.Contains(err.Error(), x.String()) {
		t.Error("the error shows the key")
	}
}

func TestSealKeyFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "identity.key")
	first := NewSealer(path, "")
	sealed, err := first.Seal(keyID, testSecret)
	if err != nil {
		t.Fatal(err)
	}
	// A new key before the old one: the new one seals, both open.
	old, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	fresh, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, fresh.String()+"\n"+string(old))
	rotated := NewSealer(path, "")
	if _, err := rotated.Unseal(keyID, sealed); err != nil {
		t.Errorf("the old key no longer opens: %v", err)
	}
	if got, err := rotated.Recipient(); err != nil || got != fresh.Recipient().String() {
		t.Errorf("the recipient is %q, %v", got, err)
	}
	for _, mode := range []os.FileMode{0o640, 0o604} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		_, err := NewSealer(path, "").Unseal(keyID, sealed)
		wantError(t, mode.String(), err, "0600", path)
	}
	write(t, path, "AGE-SECRET-KEY-1NOTAKEY\n")
	_, err = NewSealer(path, "").Unseal(keyID, sealed)
	wantError(t, "not a key", err, "AGE-SECRET-KEY-1")
	if strings.Contains(err.Error(), "NOTAKEY") {
		t.Errorf("the error shows the key: %v", err)
	}
}

// TestSealKeyIsMadeOnce: of many that find no key, all use the one that is there afterwards.
func TestSealKeyIsMadeOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "identity.key")
	var recipients sync.Map
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			r, err := NewSealer(path, "").Recipient()
			if err != nil {
				t.Error(err)
			}
			recipients.Store(r, true)
		})
	}
	wg.Wait()
	n := 0
	recipients.Range(func(any, any) bool { n++; return true })
	if n != 1 {
		t.Errorf("%d keys were made", n)
	}
}
