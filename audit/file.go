package audit

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// handle is what a log needs of an open file; tests put one in that fails.
type handle interface {
	io.Writer
	Stat() (os.FileInfo, error)
	Truncate(size int64) error
	Sync() error
	Close() error
	// Allocate sets blocks aside for the bytes from offset on without changing the file's size.
	Allocate(offset, bytes int64) error
}

// step is how many bytes are set aside at a time: one call of the system for some hundred lines.
const step = 1 << 20

// diskFile is the system's file.
type diskFile struct{ *os.File }

// file is a file that lines are appended to. It knows how long it is and how far its blocks
// are set aside.
type file struct {
	handle
	info      os.FileInfo // as it was opened, to know it again
	size      int64
	allocated int64
	allocates bool   // whether the file system sets blocks aside
	rest      []byte // what is missing of the last line
}

// openFile opens a file for appending and makes a whole line of what a crash left at its end.
func openFile(path string, flags int, wrap func(handle) handle) (*file, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND|flags, 0o600)
	if err != nil {
		return nil, err
	}
	h := handle(diskFile{f})
	if wrap != nil {
		h = wrap(h)
	}
	info, err := h.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a regular file; for a pipe or a terminal write to the standard output", path)
	}
	if err != nil {
		return nil, errors.Join(err, h.Close())
	}
	return &file{handle: h, info: info, size: info.Size(), allocated: info.Size(), allocates: true}, nil
}

// reserve makes sure that so many bytes more can be written. Where the file system cannot
// promise that, it promises nothing and does not fail: then the queue must do.
func (f *file) reserve(bytes int64) error {
	if err := f.flush(); err != nil {
		return err
	}
	missing := f.size + bytes - f.allocated
	if missing <= 0 || !f.allocates {
		return nil
	}
	missing = (missing + step - 1) / step * step
	err := f.Allocate(f.allocated, missing)
	if errors.Is(err, errors.ErrUnsupported) {
		f.allocates = false
		return nil
	}
	if err != nil {
		return fmt.Errorf("setting %d bytes aside: %w", missing, err)
	}
	f.allocated += missing
	return nil
}

// append writes a whole line or nothing. A failure that wrote a part is tried once more:
// the part shows that the file can be written to. A part that cannot be taken back counts as
// the line: what is missing goes out before anything else does.
func (f *file) append(line []byte) error {
	if err := f.flush(); err != nil {
		return err
	}
	var err error
	for range 2 {
		var n int
		n, err = f.Write(line)
		switch {
		case err == nil:
			f.size += int64(n)
			return nil
		case n == 0:
			return err
		case f.takeBack(n) != nil:
			f.size += int64(n)
			f.rest = slices.Clone(line[n:])
			return nil //nolint:nilerr // the failure comes back when the rest is written
		}
	}
	return err
}

// flush writes what is missing of the last line.
func (f *file) flush() error {
	if len(f.rest) == 0 {
		return nil
	}
	n, err := f.Write(f.rest)
	f.size += int64(n)
	f.rest = f.rest[n:]
	return err
}

// takeBack cuts off the n bytes of a line that were written. The cut also gives back what was
// set aside behind them.
func (f *file) takeBack(n int) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Size() != f.size+int64(n) {
		return errors.New("somebody else writes to the file")
	}
	if err := f.Truncate(f.size); err != nil {
		return err
	}
	f.allocated = f.size
	return nil
}

// resize takes note of a size that somebody else gave the file, as logrotate's copytruncate does.
func (f *file) resize(size int64) {
	if size != f.size {
		f.size, f.allocated = size, size
	}
}

// finish gives back what was set aside, makes what was written durable, and closes.
func (f *file) finish() error {
	errs := []error{f.flush()}
	info, err := f.Stat()
	if err == nil {
		err = f.Truncate(info.Size()) // frees the blocks behind the end
	}
	return errors.Join(append(errs, err, f.Sync(), f.Close())...)
}
