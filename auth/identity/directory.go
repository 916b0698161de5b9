package identity

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Config is where a directory gets everything from.
type Config struct {
	// DeclaredFile is the file that people write; "" is none. It is never written.
	DeclaredFile string
	// ManagedFile is the file that Update writes; it need not be there yet.
	ManagedFile string
	// Sealer opens the sealed secrets of both files; nil can open none.
	Sealer *Sealer
	// WithoutSecrets leaves secrets where they are, so that a file can be checked where
	// neither the key nor the variables of its hub are. Nobody can sign then.
	WithoutSecrets bool
	// TokenKey is the key of session tokens, 32 bytes. Only an Authenticator needs it.
	TokenKey []byte
	// Random is where keys, secrets and nonces come from.
	Random io.Reader
	Now    func() time.Time
	Getenv func(string) string
	Logger *slog.Logger
}

// Directory holds what the two files say and follows their changes. It is safe for
// concurrent use.
type Directory struct {
	config Config
	// current is replaced as a whole; reading is held by whoever reads the files again.
	current atomic.Pointer[reading]
	mu      sync.Mutex
	// unsealed are the secrets that the last reading opened. mu guards it.
	unsealed map[string]Secret
}

// reading is the outcome of reading both files once.
type reading struct {
	snapshot *Snapshot // the last good one
	err      error     // why the files as they are now were refused, nil when they were not
	declared stamp
	managed  stamp
}

// stamp tells versions of a file apart. A file that is replaced is another file, even when
// its size and time are the same.
type stamp struct {
	info os.FileInfo // nil where there is no file
	err  string      // why it could not be asked for, other than that it is not there
}

// stampOf looks at a file without reading it.
func stampOf(path string) stamp {
	if path == "" {
		return stamp{}
	}
	info, err := os.Stat(path)
	switch {
	case err == nil:
		return stamp{info: info}
	case errors.Is(err, os.ErrNotExist):
		return stamp{}
	default:
		return stamp{err: err.Error()}
	}
}

// same says whether a file was left alone between two looks at it.
func (s stamp) same(o stamp) bool {
	if s.info == nil || o.info == nil {
		return s.info == nil && o.info == nil && s.err == o.err
	}
	return s.info.ModTime().Equal(o.info.ModTime()) && s.info.Size() == o.info.Size() &&
		s.info.Mode() == o.info.Mode() && os.SameFile(s.info, o.info)
}

// Open reads both files. A file that is bad is an error here: a hub that begins with less
// than what its administrator wrote would refuse callers without anybody's knowing why.
func Open(c Config) (*Directory, error) {
	d := &Directory{config: c}
	r := d.read(nil)
	if r.err != nil {
		return nil, r.err
	}
	d.current.Store(r)
	return d, nil
}

// Snapshot gives what the files say now. When they have changed it reads them again before
// it answers, so that a key that was revoked is not taken once more. Files that are bad are
// refused whole and what was read before goes on; Err tells.
func (d *Directory) Snapshot() *Snapshot { return d.look().snapshot }

// Err says why the files as they are now were refused, nil when they were not.
func (d *Directory) Err() error { return d.look().err }

// look gives the reading of the files as they are now.
func (d *Directory) look() *reading {
	declared, managed := stampOf(d.config.DeclaredFile), stampOf(d.config.ManagedFile)
	if r := d.current.Load(); r.declared.same(declared) && r.managed.same(managed) {
		return r
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	old := d.current.Load()
	// Whoever waited here finds the files already read.
	if old.declared.same(stampOf(d.config.DeclaredFile)) && old.managed.same(stampOf(d.config.ManagedFile)) {
		return old
	}
	r := d.read(old)
	d.tell(old, r)
	d.current.Store(r)
	return r
}

// tell logs what a change of the files came to.
func (d *Directory) tell(old, r *reading) {
	if d.config.Logger == nil {
		return
	}
	switch {
	case r.err != nil && (old.err == nil || r.err.Error() != old.err.Error()):
		d.config.Logger.Error("changed identities were refused; the old ones stay", "error", r.err)
	case r.err == nil:
		d.config.Logger.Info("identities were read again", "accounts", len(r.snapshot.accounts), "keys", len(r.snapshot.keys))
	}
}

// read reads both files. The stamps are taken before, so that a change while it reads is
// seen at the next look. The caller holds mu, or is Open.
func (d *Directory) read(old *reading) *reading {
	r := &reading{declared: stampOf(d.config.DeclaredFile), managed: stampOf(d.config.ManagedFile)}
	s := d.secrets()
	declared, err := d.declared(s)
	if err == nil {
		var managed *Document
		if managed, err = d.managed(s); err == nil {
			r.snapshot, err = merge(declared, managed, s)
		}
	}
	if err != nil {
		r.err = err
		r.snapshot = nil
		if old != nil {
			r.snapshot = old.snapshot
		}
		return r
	}
	d.unsealed = s.used
	return r
}

// secrets finds secrets with the help of what was opened before.
func (d *Directory) secrets() *secrets {
	return &secrets{
		none: d.config.WithoutSecrets, sealer: d.config.Sealer, getenv: d.config.Getenv,
		open: map[string]bool{}, known: d.unsealed, used: map[string]Secret{},
	}
}

// declared reads the file that people write, which must be there when there is to be one.
func (d *Directory) declared(s *secrets) (*Document, error) {
	if d.config.DeclaredFile == "" {
		return nil, nil
	}
	return readDocument(d.config.DeclaredFile, s)
}

// managed reads the file that Update writes; one that is not there is empty.
func (d *Directory) managed(s *secrets) (*Document, error) {
	if d.config.ManagedFile == "" {
		return nil, nil
	}
	doc, err := readDocument(d.config.ManagedFile, s)
	if errors.Is(err, os.ErrNotExist) {
		return &Document{}, nil
	}
	return doc, err
}

// readDocument reads one file and notes who else can.
func readDocument(path string, s *secrets) (*Document, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("the identities cannot be read: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("the identities cannot be read: %w", err)
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("the identities cannot be read: %w", err)
	}
	s.open[path] = !private(info)
	return Parse(path, data)
}
