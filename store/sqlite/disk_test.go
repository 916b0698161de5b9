//go:build unix

package sqlite

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	lib "modernc.org/sqlite/lib"
)

const logName = fileName + "-wal"

// op is something that a disk is asked to do.
type op int

const (
	opWrite op = iota
	opSync
	opTruncate
	opMap // make the file longer by which connections share what they know of the log
	ops
)

// fault says when an operation fails: after so many that succeed, so many times.
type fault struct {
	op    op
	name  string // the file's
	after int
	times int
	code  int32 // what SQLite is told
}

// disk is a disk of a test, which knows what of its files would survive a power cut: what was written before the last
// sync that succeeded, and of the rest any part. As on Linux, a sync that fails is told to everyone who has the file open,
// once, and what it did not write is dirty no more: later syncs do not write it.
type disk struct {
	mu     sync.Mutex
	random *rand.Rand
	media  map[string]*medium // does not change
	plan   []*fault
	fired  map[op]int
	opens  map[*medium][]*file

	behind *os.File // the database's, behind SQLite's back
}

// medium is what holds a file.
type medium struct {
	name    string
	durable []byte
	dirty   []dirt
}

// dirt is a write, or a truncation where there are no data.
type dirt struct {
	at   int64
	data []byte
}

func newDisk(random *rand.Rand) *disk {
	d := &disk{random: random, media: map[string]*medium{}, fired: map[op]int{}, opens: map[*medium][]*file{}}
	for _, name := range []string{fileName, logName} {
		d.media[name] = &medium{name: name}
	}
	return d
}

// arm plans faults in place of those that were planned.
func (d *disk) arm(faults ...fault) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.plan = nil
	for _, f := range faults {
		d.plan = append(d.plan, &f)
	}
}

func (d *disk) opened(f *file) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.opens[f.medium] = append(d.opens[f.medium], f)
}

func (d *disk) closed(f *file) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.opens[f.medium] = slices.DeleteFunc(d.opens[f.medium], func(o *file) bool { return o == f })
}

func (d *disk) deleted(m *medium) {
	d.mu.Lock()
	defer d.mu.Unlock()
	m.durable, m.dirty = nil, nil
}

// fails says whether an operation fails, and how.
func (d *disk) fails(o op, m *medium) int32 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.failing(o, m)
}

func (d *disk) failing(o op, m *medium) int32 {
	for _, f := range d.plan {
		if f.op != o || f.name != m.name || f.times == 0 {
			continue
		}
		if f.after > 0 {
			f.after--
			continue
		}
		f.times--
		d.fired[o]++
		return f.code
	}
	return lib.SQLITE_OK
}

// write writes all of it, or half of it or nothing when it fails.
func (d *disk) write(m *medium, data []byte, offset int64, really func(n int) int32) int32 {
	d.mu.Lock()
	defer d.mu.Unlock()
	code := d.failing(opWrite, m)
	n := len(data)
	if code != lib.SQLITE_OK {
		n = d.random.IntN(2) * n / 2
	}
	if n > 0 {
		if rc := really(n); rc != lib.SQLITE_OK {
			return rc
		}
		m.dirty = append(m.dirty, dirt{offset, bytes.Clone(data[:n])})
	}
	return code
}

func (d *disk) truncate(m *medium, size int64, really func() int32) int32 {
	d.mu.Lock()
	defer d.mu.Unlock()
	if code := d.failing(opTruncate, m); code != lib.SQLITE_OK {
		return code
	}
	if rc := really(); rc != lib.SQLITE_OK {
		return rc
	}
	m.dirty = append(m.dirty, dirt{at: size})
	return lib.SQLITE_OK
}

// sync makes durable what is dirty. One that fails does so with a part of it and forgets the rest.
func (d *disk) sync(f *file) int32 {
	d.mu.Lock()
	defer d.mu.Unlock()
	if code := d.failing(opSync, f.medium); code != lib.SQLITE_OK {
		f.medium.durable = f.medium.survives(d.random)
		f.medium.dirty = nil
		for _, other := range d.opens[f.medium] {
			other.failed = other != f
		}
		return code
	}
	f.medium.flush()
	if f.failed {
		f.failed = false
		return lib.SQLITE_IOERR_FSYNC
	}
	return lib.SQLITE_OK
}

// renewLog is the engine's, on this disk.
func (d *disk) renewLog(path string) error {
	if err := renewLog(path); err != nil {
		return err
	}
	data, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	m := d.media[logName]
	m.durable, m.dirty = data, nil
	return err
}

func (m *medium) flush() {
	for _, c := range m.dirty {
		m.durable = c.apply(m.durable)
	}
	m.dirty = nil
}

// survives is what a power cut leaves: of each dirty write all, nothing or some sectors.
func (m *medium) survives(random *rand.Rand) []byte {
	const sector = 512
	left := bytes.Clone(m.durable)
	for _, c := range m.dirty {
		switch random.IntN(3) {
		case 0:
			left = c.apply(left)
		case 1:
			for from := 0; from < len(c.data); from += sector {
				if random.IntN(2) == 0 {
					left = dirt{c.at + int64(from), c.data[from:min(from+sector, len(c.data))]}.apply(left)
				}
			}
		}
	}
	return left
}

// apply gives a file's content after a change.
func (c dirt) apply(content []byte) []byte {
	end := int(c.at) + len(c.data)
	if c.data == nil {
		return append(content[:min(end, len(content))], make([]byte, max(0, end-len(content)))...)
	}
	if end > len(content) {
		content = append(content, make([]byte, end-len(content))...)
	}
	copy(content[c.at:], c.data)
	return content
}

// cut is a power cut: a disk in a new directory that has what is durable.
func (d *disk) cut(t testing.TB) (string, *disk) {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	to := newDisk(d.random)
	for name, m := range d.media {
		to.media[name].durable = m.survives(d.random)
	}
	return to.mount(t, func(m *medium) []byte { return m.durable })
}

// crash is a crash of the program alone: what was written is in the system's memory, durable or not.
func (d *disk) crash(t testing.TB, dir string) (string, *disk) {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	to := newDisk(d.random)
	for name, m := range d.media {
		to.media[name].durable, to.media[name].dirty = bytes.Clone(m.durable), slices.Clone(m.dirty)
	}
	return to.mount(t, func(m *medium) []byte {
		data, err := os.ReadFile(filepath.Join(dir, m.name))
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		return data
	})
}

// mount makes a directory with a disk's files.
func (d *disk) mount(t testing.TB, content func(*medium) []byte) (string, *disk) {
	t.Helper()
	dir := t.TempDir()
	for name, m := range d.media {
		if data := content(m); len(data) > 0 {
			if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	theVFS().use(t, dir, d)
	return dir, d
}

// forget has the system drop what it holds of the database: from now on it reads what the disk has. It never drops dirty pages.
func (d *disk) forget(t testing.TB, path string) {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	m := d.media[fileName]
	if len(m.dirty) > 0 {
		return
	}
	if d.behind == nil {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		// Never closed: that would take the locks that SQLite holds on the file.
		d.behind = f
	}
	_, err := d.behind.WriteAt(m.durable, 0)
	if err == nil {
		err = d.behind.Truncate(int64(len(m.durable)))
	}
	if err != nil {
		t.Fatal(err)
	}
}
