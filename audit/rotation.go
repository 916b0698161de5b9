package audit

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// sink is where lines go. Its callers take turns. Room is what calls under way may
// still write, in bytes: what a sink sets aside for them nothing else may use.
type sink interface {
	// look takes note of what others did to the sink since.
	look(now time.Time, room int64)
	// reserve makes sure that room can be written, as far as the sink can.
	reserve(room int64) error
	// write takes a whole line or none.
	write(now time.Time, line []byte, room int64) error
	reopen(room int64) error
	close() error
}

// lookEvery is how often a name is looked at, and how long a rotation that failed rests.
const lookEvery = time.Second

// files is a log on disk: the file that is written to and those before it. When the file has
// reached its size it becomes NAME-TIME.jsonl.
type files struct {
	path    string
	maxSize int64
	keep    int
	log     *slog.Logger
	wrap    func(handle) handle      // in tests
	torn    func(part string) Record // makes the record of a torn line
	current *file                    // nil when it has to be opened again
	looked  time.Time                // when path was looked at
	rested  time.Time                // when a rotation may be tried again
	retired sync.WaitGroup           // files that are being finished
}

// openFiles opens the log, which must be possible when a hub starts.
func openFiles(f *files) (*files, error) {
	if err := os.MkdirAll(filepath.Dir(f.path), 0o700); err != nil {
		return nil, err
	}
	if err := f.open(0); err != nil {
		return nil, err
	}
	return f, nil
}

// open opens the file at path if none is open, and sets room aside in it.
func (f *files) open(room int64) error {
	if f.current != nil {
		return nil
	}
	lost, err := mend(f.path, f.torn)
	if err != nil {
		return err
	}
	if lost > 0 {
		f.log.Warn("the record of calls ended with a part of a line; it is a record of its own now", "file", f.path, "bytes", lost)
	}
	current, err := openFile(f.path, 0, f.wrap)
	if err != nil {
		return err
	}
	f.current = current
	return current.reserve(room)
}

func (f *files) reserve(room int64) error {
	if err := f.open(room); err != nil {
		return err
	}
	return f.current.reserve(room)
}

// write appends a line, to the next file where this one is full. A rotation that fails
// does not stop the record: the file grows on, and the next second tries again.
func (f *files) write(now time.Time, line []byte, room int64) error {
	if err := f.open(room); err != nil {
		return err
	}
	if err := f.current.flush(); err != nil {
		return err
	}
	if size := f.current.size; size > 0 && size+int64(len(line)) > f.maxSize && !now.Before(f.rested) {
		if err := f.rotate(now, room+int64(len(line))); err != nil {
			f.rested = now.Add(lookEvery)
			f.log.Error("the record of calls cannot begin a new file and goes on in the old one", "file", f.path, "err", err)
		}
	}
	return f.current.append(line)
}

// rotate begins a new file. It is made ready under another name, with the room that calls
// under way were promised, before the old one is let go.
func (f *files) rotate(now time.Time, room int64) error {
	ready := f.path + ".next"
	next, err := openFile(ready, os.O_TRUNC, f.wrap)
	if err != nil {
		return err
	}
	if err = next.reserve(room); err == nil {
		err = f.exchange(ready, now)
	}
	if err != nil {
		return errors.Join(err, next.Close(), os.Remove(ready))
	}
	f.retire(f.current)
	f.current = next
	return nil
}

// exchange renames the file at path to its name for good and the one that is ready to path.
func (f *files) exchange(ready string, now time.Time) error {
	old, err := f.nameFor(now)
	if err != nil {
		return err
	}
	if err := os.Rename(f.path, old); err != nil {
		return err
	}
	if err := os.Rename(ready, f.path); err != nil {
		return errors.Join(err, os.Rename(old, f.path))
	}
	return nil
}

// retire finishes a file that is not written to any more and removes the oldest beyond
// those to keep. It takes its time beside the calls; close waits for it.
func (f *files) retire(old *file) {
	f.retired.Go(func() {
		err := errors.Join(old.finish(), syncDir(filepath.Dir(f.path)), f.prune())
		if err != nil {
			f.log.Error("finishing a file of the record of calls", "file", f.path, "err", err)
		}
	})
}

// stamp has a fixed width, so that names are in the order of their times.
const stamp = "20060102T150405.000000000Z"

// names gives what is before and after the time in the names of old files.
func (f *files) names() (prefix, suffix string) {
	return strings.TrimSuffix(f.path, ".jsonl") + "-", ".jsonl"
}

// nameFor gives the file that is let go now its name: later than all others also when the
// clock was set back, since the first by name are removed first.
func (f *files) nameFor(now time.Time) (string, error) {
	old, err := f.old()
	if err != nil {
		return "", err
	}
	if len(old) > 0 && !now.After(old[len(old)-1].time) {
		now = old[len(old)-1].time.Add(time.Nanosecond)
	}
	prefix, suffix := f.names()
	return prefix + now.UTC().Format(stamp) + suffix, nil
}

// oldFile is one that was let go at a time.
type oldFile struct {
	name string
	time time.Time
}

// old lists the files that were let go, the oldest first.
func (f *files) old() ([]oldFile, error) {
	prefix, suffix := f.names()
	dir := filepath.Dir(f.path)
	entries, err := os.ReadDir(dir) // by name
	if err != nil {
		return nil, err
	}
	var old []oldFile
	for _, e := range entries {
		name := filepath.Join(dir, e.Name())
		middle, ok := strings.CutPrefix(name, filepath.Clean(prefix))
		middle, is := strings.CutSuffix(middle, suffix)
		if t, err := time.Parse(stamp, middle); ok && is && err == nil {
			old = append(old, oldFile{name, t})
		}
	}
	return old, nil
}

func (f *files) prune() error {
	old, err := f.old()
	if err != nil {
		return err
	}
	var errs []error
	for _, o := range old[:max(0, len(old)-f.keep)] {
		if err := os.Remove(o.name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// look notices, at most once a second, that somebody renamed the file, removed it or cut it.
func (f *files) look(now time.Time, room int64) {
	if f.current == nil || now.Sub(f.looked).Abs() < lookEvery {
		return
	}
	f.looked = now
	if err := f.reopen(room); err != nil {
		f.log.Error("the file of the record of calls cannot be opened again", "file", f.path, "err", err)
	}
}

// reopen opens what is at path unless that is the current file. It does not go on in one
// that has lost its name, since that may have been removed: no file is better, because
// then calls are refused and lines wait.
func (f *files) reopen(room int64) error {
	if f.current != nil {
		info, err := os.Stat(f.path)
		if err == nil && os.SameFile(info, f.current.info) {
			f.current.resize(info.Size())
			return nil
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := f.current.flush(); err != nil {
			return err // the line must be whole before the file is let go
		}
		f.log.Warn("the file of the record of calls was renamed or removed; a new one begins", "file", f.path)
		f.retire(f.current)
		f.current = nil
	}
	return f.open(room)
}

func (f *files) close() error {
	var err error
	if f.current != nil {
		err = f.current.finish()
	}
	f.retired.Wait()
	return err
}

// syncDir makes renames durable, where directories can be synced.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("syncing %s: %w", dir, err)
	}
	return nil
}
