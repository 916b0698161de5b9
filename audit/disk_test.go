package audit

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// disk is one that fails as it is told: its files are real, the room on it is not.
type disk struct {
	mu          sync.Mutex
	free        int64 // bytes that no file has
	refuses     bool  // blocks cannot be set aside
	short       int   // how many writes are cut short in their middle
	keeps       bool  // nothing can be truncated
	broken      bool  // nothing can be written, also where room was set aside
	allocations int
}

const endless = 1 << 50

func newDisk() *disk { return &disk{free: endless} }

func (d *disk) set(change func(*disk)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	change(d)
}

func (d *disk) wrap(h handle) handle { return &diskedFile{handle: h, disk: d} }

type diskedFile struct {
	handle
	disk *disk
	mine int64 // where what was set aside ends
}

func (f *diskedFile) size() int64 {
	info, err := f.Stat()
	if err != nil {
		panic(err)
	}
	return info.Size()
}

func (f *diskedFile) Allocate(offset, n int64) error {
	d := f.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	d.allocations++
	switch {
	case d.refuses:
		return syscall.EOPNOTSUPP
	case n > d.free:
		return syscall.ENOSPC
	}
	d.free -= n
	f.mine = offset + n
	return nil
}

func (f *diskedFile) Write(p []byte) (int, error) {
	d := f.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	size := f.size()
	room := max(0, f.mine-size)
	take := min(int64(len(p)), room+d.free)
	err := error(syscall.ENOSPC)
	if d.broken {
		take, err = 0, syscall.EIO
	}
	if d.short > 0 {
		d.short--
		take, err = min(take, int64(len(p)/2)), syscall.EINTR
	}
	d.free -= max(0, take-room)
	n, writeErr := f.handle.Write(p[:take])
	if writeErr != nil || n == len(p) {
		return n, writeErr
	}
	return n, err
}

func (f *diskedFile) Truncate(size int64) error {
	d := f.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.keeps {
		return syscall.EIO
	}
	d.free += max(f.size(), f.mine) - size
	f.mine = size
	return f.handle.Truncate(size)
}

// Sync has nothing to do: these tests end no machine.
func (f *diskedFile) Sync() error { return nil }

// testClock is one that the test turns.
type testClock struct {
	mu sync.Mutex
	at time.Time
}

func (c *testClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *testClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// bench is a log in a directory of its own with what the test holds of its world.
type bench struct {
	t     testing.TB
	dir   string
	path  string
	disk  *disk
	clock *testClock
	said  *said
	log   *Log
}

// said is what was logged.
type said struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

func newBench(t testing.TB, dir string) *bench {
	return &bench{t: t, dir: dir, path: filepath.Join(dir, "audit.jsonl"), disk: newDisk(), said: &said{},
		clock: &testClock{at: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}}
}

func (b *bench) config() Config {
	ids := 0
	return Config{
		Path: b.path, Logger: slog.New(slog.NewTextHandler(b.said, nil)), Now: b.clock.now, wrap: b.disk.wrap,
		NewID: func() string { ids++; return fmt.Sprint("own ", ids) },
	}
}

// open opens a log with a configuration that the test may change.
func (b *bench) open(change func(*Config)) *bench {
	b.t.Helper()
	c := b.config()
	if change != nil {
		change(&c)
	}
	log, err := Open(c)
	if err != nil {
		b.t.Fatal(err)
	}
	b.log = log
	return b
}

func startLog(t testing.TB, change func(*Config)) *bench {
	t.Helper()
	b := newBench(t, t.TempDir()).open(change)
	t.Cleanup(func() { _ = b.log.Close() })
	return b
}

// testRecord is a call's, with an id to find it by.
func testRecord(id string, readOnly bool) Record {
	c := testCall()
	c.EventID, c.ReadOnly, c.Err = id, readOnly, nil
	return New(c)
}

// records reads a directory's files and wants every line of them to parse.
func records(t interface{ Fatalf(string, ...any) }, dir string) []Record {
	names, err := filepath.Glob(filepath.Join(dir, "*.jsonl*"))
	if err != nil {
		t.Fatalf("%v", err)
	}
	var all []Record
	for _, name := range names { // old files come first: '-' is before '.'
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatalf("%v", err)
		}
		for line := range bytes.Lines(text) {
			all = append(all, parse(t, line))
		}
	}
	return all
}

// ids gives the ids of the calls among records, in order.
func ids(all []Record) []string {
	var ids []string
	for _, r := range all {
		if r.EventType == typeAPICall {
			ids = append(ids, r.EventID)
		}
	}
	return ids
}

// lostIn sums what gaps tell.
func lostIn(all []Record) uint64 {
	var lost uint64
	for _, r := range all {
		if r.EventName == EventGap {
			lost += r.AdditionalEventData.LostRecords
		}
	}
	return lost
}

func (b *bench) wantIDs(want ...string) {
	b.t.Helper()
	if got := ids(records(b.t, b.dir)); strings.Join(got, " ") != strings.Join(want, " ") {
		b.t.Errorf("on record are %v, want %v", got, want)
	}
}

// wantOld wants this many old files.
func (b *bench) wantOld(want int) []string {
	b.t.Helper()
	names, err := filepath.Glob(filepath.Join(b.dir, "audit-*.jsonl"))
	if err != nil || len(names) != want {
		b.t.Errorf("%d old files, %v; want %d", len(names), err, want)
	}
	return names
}

var errTest = errors.New("as told")
