// Package file appends events to a file, one line of JSON each. A batch is some writes and one fsync, all its lines
// or none. A file that has reached its size becomes NAME.1, NAME.1 becomes NAME.2 and so on.
package file

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/findinghub/findinghub/events"
)

// Settings is what a file needs.
type Settings struct {
	// Path is the file's; its directory must exist. A lock file beside it, NAME.lock, keeps writers apart.
	Path string
	// MaxBytes is the size, 1 or more, at which a file is rotated; a batch is not split, so that files may get that much larger.
	MaxBytes int64
	// Keep is how many rotated files are kept beside the one written to, 0 or more.
	Keep int
}

// Check says what is wrong with settings, nil for nothing.
func (s *Settings) Check() error {
	switch {
	case s.Path == "":
		return errors.New("path: it is missing")
	case s.MaxBytes < 1:
		return errors.New("max-bytes: it must be 1 or more")
	case s.Keep < 0:
		return errors.New("keep: it must be 0 or more")
	}
	return nil
}

// handle is what is needed of an *os.File, so that tests can let it fail.
type handle interface {
	Write(p []byte) (int, error)
	Sync() error
	Stat() (fs.FileInfo, error)
	Truncate(size int64) error
	Close() error
}

// sender is an events.Sender.
type sender struct {
	s     Settings
	lock  *os.File
	file  handle // nil until opened, and after a failure
	size  int64
	open  func(path string) (handle, error)
	lines []byte // for one write, reused
}

// Open makes the sender and the file, if there is none.
func Open(s Settings) (events.Sender, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	lock, err := os.OpenFile(s.Path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	return &sender{s: s, lock: lock, open: openAppend}, nil
}

// openAppend opens for appending. Findings are nobody else's business: 0600.
func openAppend(path string) (handle, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err // not f: a nil *os.File is no nil handle
	}
	return f, nil
}

// Send implements events.Sender: all messages of a batch are there, or none.
func (w *sender) Send(ctx context.Context, batch []events.Message) []error {
	err := ctx.Err()
	if err == nil {
		err = w.append(batch)
	}
	errs := make([]error, len(batch))
	for i := range errs {
		errs[i] = err
	}
	return errs
}

// append writes a batch under the lock.
func (w *sender) append(batch []events.Message) (err error) {
	if err := lock(w.lock); err != nil {
		return fmt.Errorf("the lock of the event file: %w", err)
	}
	defer func() { err = errors.Join(err, unlock(w.lock)) }()
	if err := w.current(); err != nil {
		return err
	}
	n, err := w.write(batch)
	if err == nil {
		err = w.file.Sync()
	}
	if err != nil {
		return w.undo(n, err)
	}
	w.size += int64(n)
	return nil
}

// writeBytes is when lines are written: all that they are made of is still in the processor's cache then.
const writeBytes = 64 << 10

// write gives how many bytes it has written, also when it fails.
func (w *sender) write(batch []events.Message) (written int, err error) {
	w.lines = w.lines[:0]
	for i := range batch {
		w.lines = append(append(w.lines, batch[i].Body...), '\n')
		if len(w.lines) < writeBytes && i < len(batch)-1 {
			continue
		}
		n, err := w.file.Write(w.lines)
		if written += n; err != nil {
			return written, err
		}
		w.lines = w.lines[:0]
	}
	return written, nil
}

// undo takes a failed batch back, so that no part of a line stays. After a failed sync nothing is known of
// what the handle wrote; the next batch opens the file anew.
func (w *sender) undo(n int, err error) error {
	if n > 0 {
		err = errors.Join(err, w.file.Truncate(w.size))
	}
	err = errors.Join(err, w.file.Close())
	w.file = nil
	return err
}

// current sees to it that the file is the one that the path names, and has room.
func (w *sender) current() error {
	if w.file != nil && !w.same() {
		if err := w.closeFile(); err != nil {
			return err
		}
	}
	if err := w.ensure(); err != nil || w.size < w.s.MaxBytes {
		return err
	}
	if err := w.closeFile(); err != nil {
		return err
	}
	if err := w.rotate(); err != nil {
		return err
	}
	return w.ensure()
}

// same says whether the path still names the open file: another writer or logrotate may have moved it.
func (w *sender) same() bool {
	ours, err := w.file.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(w.s.Path)
	if err != nil || !os.SameFile(ours, named) {
		return false
	}
	w.size = named.Size() // another writer may have added to it
	return true
}

// ensure opens the file. A last line that a crash cut off is ended, so that the next one starts a line.
func (w *sender) ensure() error {
	if w.file != nil {
		return nil
	}
	if err := endLine(w.s.Path); err != nil {
		return err
	}
	f, err := w.open(w.s.Path)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return errors.Join(err, f.Close())
	}
	w.file, w.size = f, info.Size()
	return syncDir(filepath.Dir(w.s.Path))
}

// endLine cuts off what follows the last line feed. Its events were never reported as sent, so that they come again.
func endLine(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	end := info.Size()
	for b := [1]byte{}; end > 0; end-- {
		if _, err := f.ReadAt(b[:], end-1); err != nil {
			return err
		}
		if b[0] == '\n' {
			break
		}
	}
	if end == info.Size() {
		return nil
	}
	return f.Truncate(end)
}

// rotate moves the file and its predecessors one number up; the last one goes.
func (w *sender) rotate() error {
	if w.s.Keep == 0 {
		return os.Remove(w.s.Path)
	}
	for i := w.s.Keep - 1; i >= 0; i-- {
		err := os.Rename(w.numbered(i), w.numbered(i+1))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return syncDir(filepath.Dir(w.s.Path))
}

// numbered is the name of a rotated file, 0 for the one written to.
func (w *sender) numbered(i int) string {
	if i == 0 {
		return w.s.Path
	}
	return w.s.Path + "." + strconv.Itoa(i)
}

func (w *sender) closeFile() error {
	err := w.file.Close()
	w.file = nil
	return err
}

// Close implements events.Sender.
func (w *sender) Close() error {
	var err error
	if w.file != nil {
		err = w.closeFile()
	}
	return errors.Join(err, w.lock.Close())
}
