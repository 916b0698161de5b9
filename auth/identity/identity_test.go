package identity

import (
	"bytes"
	"crypto/rand"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	alice = "111122223333"
	bob   = "444455556666"
)

// noon is when the tests happen.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// testSecret is a secret of the length that the service's have.
const testSecret = Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")

// logBuffer takes what is logged, also from several goroutines.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// fixture is a directory of identities in a directory of its own.
type fixture struct {
	Config
	log *logBuffer
	dir string
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	dir := t.TempDir()
	f := &fixture{dir: dir, log: &logBuffer{}}
	f.Config = Config{
		ManagedFile: filepath.Join(dir, "identity.json"),
		Sealer:      NewSealer(filepath.Join(dir, "identity.key"), ""),
		TokenKey:    bytes.Repeat([]byte{7}, 32),
		Random:      rand.Reader,
		Now:         func() time.Time { return noon },
		Getenv:      func(string) string { return "" },
		Logger:      slog.New(slog.NewTextHandler(f.log, nil)),
	}
	return f
}

// declare writes the declared file; only its owner can read it.
func (f *fixture) declare(t *testing.T, text string) {
	t.Helper()
	f.DeclaredFile = filepath.Join(f.dir, "declared.yaml")
	write(t, f.DeclaredFile, text)
}

// write replaces a file as editors do.
func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

func (f *fixture) open(t *testing.T) *Directory {
	t.Helper()
	d, err := Open(f.Config)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// update changes the managed file, which must succeed.
func update(t *testing.T, d *Directory, change func(*Document) error) {
	t.Helper()
	if err := d.Update(change); err != nil {
		t.Fatal(err)
	}
}

// wantError fails the test unless err says all of the texts.
func wantError(t *testing.T, name string, err error, texts ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: no error, want one that says %q", name, texts)
		return
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("%s: the error is %q, it lacks %q", name, err, text)
		}
	}
}
