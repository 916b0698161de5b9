package audit

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// fillFile writes until a new file has begun, n times.
func (b *bench) fillFile(n int) {
	b.t.Helper()
	for i := range n {
		before := b.log.sink.(*files).current
		for b.log.sink.(*files).current == before {
			if !b.call(fmt.Sprint("fill ", i), false) {
				b.t.Fatal("refused")
			}
		}
	}
}

func (b *bench) waitRetired() { b.log.sink.(*files).retired.Wait() }

// TestKeep: the oldest files beyond those to keep are removed, others' files are not.
func TestKeep(t *testing.T) {
	t.Parallel()
	b := startLog(t, func(c *Config) { c.MaxSize, c.Keep = MaxLine, 3 })
	others := []string{"audit-notes.jsonl", "audit.jsonl.1", "audit-20260102T030405.jsonl", "bydefault-20200102T030405.000000000Z.jsonl", "audit-20200102T030405.000000000Z.jsonl.gz"}
	for _, name := range others {
		if err := os.WriteFile(filepath.Join(b.dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for range 5 {
		b.fillFile(1)
		b.clock.advance(time.Second)
		b.waitRetired()
	}
	for _, name := range others {
		if err := os.Remove(filepath.Join(b.dir, name)); err != nil {
			t.Errorf("another's file: %v", err)
		}
	}
	want := []string{"audit-20260102T030407.000000000Z.jsonl", "audit-20260102T030408.000000000Z.jsonl", "audit-20260102T030409.000000000Z.jsonl"}
	for i, name := range b.wantOld(3) {
		if filepath.Base(name) != want[i] {
			t.Errorf("kept %s, want %s", name, want[i])
		}
	}
}

// TestNames: files that are let go at the same instant, or after the clock was set back, are kept apart and in order.
func TestNames(t *testing.T) {
	t.Parallel()
	b := startLog(t, func(c *Config) { c.MaxSize, c.Keep = MaxLine, 2 })
	b.fillFile(2)
	b.clock.advance(-time.Hour)
	b.fillFile(2)
	b.waitRetired()
	names := b.wantOld(2)
	if !strings.HasSuffix(names[0], "20260102T030405.000000002Z.jsonl") || !strings.HasSuffix(names[1], "20260102T030405.000000003Z.jsonl") {
		t.Errorf("kept %v, want the two that were written last", names)
	}
}

// TestPaths: where the old files of a path lie.
func TestPaths(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{"audit.jsonl": "audit-*.jsonl", "calls.log": "calls.log-*.jsonl", "sub/dir/calls": "sub/dir/calls-*.jsonl", "./x.jsonl": "x-*.jsonl"} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, t.TempDir())
			b.open(func(c *Config) { c.Path, c.MaxSize, c.Keep = b.dir+"/"+path, MaxLine, 1 })
			b.fillFile(3)
			b.waitRetired()
			if names, err := filepath.Glob(filepath.Join(b.dir, want)); err != nil || len(names) != 1 {
				t.Errorf("%v, %v; want one", names, err)
			}
			if err := b.log.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestRotationNeedsRoom: on a full disk the old file goes on, since calls under way have
// room in it; the new one begins when there is room, and takes their room along.
func TestRotationNeedsRoom(t *testing.T) {
	t.Parallel()
	b := startLog(t, func(c *Config) { c.MaxSize = MaxLine })
	for range 200 {
		if err := b.log.Begin(false); err != nil {
			t.Fatal(err)
		}
	}
	b.disk.set(func(d *disk) { d.free = 0 })
	for i := range 100 {
		if err := b.log.End(testRecord(fmt.Sprint(i), false)); err != nil {
			t.Fatal(err)
		}
	}
	b.wantOld(0)
	b.disk.set(func(d *disk) { d.free = endless })
	if err := b.log.End(testRecord("100", false)); err != nil {
		t.Fatal(err)
	}
	b.wantOld(0) // a second has not passed
	b.clock.advance(time.Second)
	if err := b.log.End(testRecord("101", false)); err != nil {
		t.Fatal(err)
	}
	b.wantOld(1)
	b.waitRetired() // it gives room back
	b.disk.set(func(d *disk) { d.free = 0 })
	for i := range 98 {
		if err := b.log.End(testRecord(fmt.Sprint(102+i), false)); err != nil {
			t.Fatal(err)
		}
	}
	if got := ids(records(t, b.dir)); len(got) != 200 {
		t.Errorf("%d lines, want 200", len(got))
	}
	if n := strings.Count(b.said.String(), "cannot begin a new file"); n != 2 { // once for each file that is full
		t.Errorf("logged %d times: %s", n, b.said)
	}
}

// TestRenamed: logrotate takes the file away; within a second, or at once when told, a new one begins.
func TestRenamed(t *testing.T) {
	t.Parallel()
	b := startLog(t, nil)
	b.call("1", false)
	b.clock.advance(time.Second)
	b.call("2", false)
	if err := os.Rename(b.path, b.path+".1"); err != nil {
		t.Fatal(err)
	}
	b.call("3", false) // in the renamed file, as logrotate expects
	b.clock.advance(time.Second)
	b.call("4", false)
	if err := os.Rename(b.path, b.path+".2"); err != nil {
		t.Fatal(err)
	}
	if err := b.log.Reopen(); err != nil {
		t.Fatal(err)
	}
	b.call("5", false)
	for name, want := range map[string]string{".1": "[1 2 3]", ".2": "[4]", "": "[5]"} {
		text, err := os.ReadFile(b.path + name)
		if err != nil {
			t.Fatal(err)
		}
		var got []Record
		for line := range strings.Lines(string(text)) {
			got = append(got, parse(t, []byte(line)))
		}
		if fmt.Sprint(ids(got)) != want {
			t.Errorf("audit.jsonl%s has %v, want %s", name, ids(got), want)
		}
	}
}

// TestReopenSame: told without reason, the log goes on in its file and keeps what it set aside.
func TestReopenSame(t *testing.T) {
	t.Parallel()
	b := startLog(t, nil)
	if err := b.log.Begin(false); err != nil {
		t.Fatal(err)
	}
	b.disk.set(func(d *disk) { d.free = 0 })
	if err := b.log.Reopen(); err != nil {
		t.Fatal(err)
	}
	if err := b.log.End(testRecord("1", false)); err != nil {
		t.Fatal(err)
	}
	b.wantIDs("1")
}

// TestRemoved: somebody removes the file, and its directory: calls are refused rather than
// written where nobody finds them.
func TestRemoved(t *testing.T) {
	t.Parallel()
	b := newBench(t, t.TempDir())
	b.dir = filepath.Join(b.dir, "log")
	b.path = filepath.Join(b.dir, "audit.jsonl")
	b.open(nil)
	b.call("1", false)
	if err := os.Remove(b.path); err != nil {
		t.Fatal(err)
	}
	b.clock.advance(time.Second)
	b.call("2", false)
	b.wantIDs("2")
	if !strings.Contains(b.said.String(), "renamed or removed") {
		t.Errorf("the log says %s", b.said)
	}
	if err := b.log.Begin(false); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(b.dir); err != nil {
		t.Fatal(err)
	}
	b.clock.advance(time.Second)
	if b.call("refused", false) {
		t.Error("a call begins without a file")
	}
	if err := b.log.End(testRecord("3", false)); err == nil {
		t.Error("a line was written without a file")
	}
	if err := os.Mkdir(b.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	b.call("4", false)
	b.wantIDs("3", "4")
	if err := b.log.Close(); err != nil {
		t.Error(err)
	}
}

// TestCopyTruncate: logrotate's other way leaves no hole at the file's beginning.
func TestCopyTruncate(t *testing.T) {
	t.Parallel()
	b := startLog(t, func(c *Config) { c.MaxSize = 100_000 })
	for range 60 {
		b.call("before", false)
	}
	if err := os.Truncate(b.path, 0); err != nil {
		t.Fatal(err)
	}
	b.clock.advance(time.Second)
	want := make([]string, 60)
	for i := range want {
		want[i] = fmt.Sprint(i)
		b.call(want[i], false)
	}
	b.wantIDs(want...)
	b.wantOld(0) // 60 lines fit, 120 would not
}

// TestOpenGoesOn: a log that is opened again goes on in its file, and the one that a crash left behind between two renames is no trouble.
func TestOpenGoesOn(t *testing.T) {
	t.Parallel()
	b := newBench(t, t.TempDir())
	if err := os.WriteFile(b.path+".next", []byte("left behind"), 0o600); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		b.open(func(c *Config) { c.MaxSize = MaxLine })
		b.call(fmt.Sprint(i), false)
		if i == 2 {
			b.fillFile(1)
		}
		if err := b.log.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if got := ids(records(t, b.dir)); !slices.Equal(got[:3], []string{"0", "1", "2"}) {
		t.Errorf("on record are %v", got[:3])
	}
}
