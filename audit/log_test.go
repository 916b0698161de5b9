package audit

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/findinghub/findinghub"
)

// call makes a call and says whether it was admitted.
func (b *bench) call(id string, readOnly bool) bool {
	b.t.Helper()
	if err := b.log.Begin(readOnly); err != nil {
		var e *findinghub.Error
		if !errors.As(err, &e) || e.Code != findinghub.CodeUnavailable || !strings.Contains(e.Message, "audit log") || strings.Contains(e.Message, b.dir) {
			b.t.Errorf("the refusal is %v", err)
		}
		return false
	}
	_ = b.log.End(testRecord(id, readOnly)) // an error is for the log
	return true
}

// TestModes: what becomes of calls on a disk that is full (Mode).
func TestModes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		mode         Mode
		reads, write bool
		lost         uint64
	}{
		{FailWrites, true, false, 2}, {FailAll, false, false, 0}, {Continue, true, true, 3},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.mode), func(t *testing.T) {
			t.Parallel()
			b := startLog(t, func(c *Config) { c.Mode = tt.mode })
			if !b.call("write 1", false) || !b.call("read 1", true) {
				t.Fatal("a log that works refuses calls")
			}
			b.disk.set(func(d *disk) { d.free = 0 })
			for admitted := true; admitted && b.log.Lost() == 0; { // until what is set aside is used up
				admitted = b.call("fill", false) || b.call("fill", true)
			}
			before := b.log.Lost()
			for _, id := range []string{"read 2", "read 3"} {
				if got := b.call(id, true); got != tt.reads {
					t.Errorf("reads admitted: %v", got)
				}
			}
			if got := b.call("write 2", false); got != tt.write {
				t.Errorf("writes admitted: %v", got)
			}
			if got := b.log.Lost() - before; got != tt.lost {
				t.Errorf("%d lines are counted as lost, want %d", got, tt.lost)
			}
			b.disk.set(func(d *disk) { d.free = endless })
			if !b.call("write 3", false) || !b.call("read 4", true) {
				t.Error("calls are refused when there is room again")
			}
			all := records(t, b.dir)
			if lostIn(all) != b.log.Lost() {
				t.Errorf("gaps tell of %d lost lines, want %d", lostIn(all), b.log.Lost())
			}
			if got := ids(all); !slices.Contains(got, "write 3") || !slices.Contains(got, "read 4") || slices.Contains(got, "read 2") || slices.Contains(got, "write 2") {
				t.Errorf("on record are %v", got)
			}
		})
	}
}

// TestRoomIsKept: calls that were admitted find room for the longest line, however
// full the disk is by then, and reads cannot take it.
func TestRoomIsKept(t *testing.T) {
	t.Parallel()
	b := startLog(t, nil)
	for range 40 { // two and a half steps
		if err := b.log.Begin(false); err != nil {
			t.Fatal(err)
		}
	}
	b.disk.set(func(d *disk) { d.free = 0 })
	for b.log.Lost() == 0 {
		_ = b.log.End(Record{ReadOnly: true}) // shorter than the gap that tells of it
	}
	long := testRecord("write", false)
	for len(encode(long)) < MaxLine-200 {
		long.Resources = append(long.Resources, Resource{ARN: strings.Repeat("r", 100)})
	}
	last := &long.Resources[len(long.Resources)-1].ARN
	*last += strings.Repeat("r", MaxLine-len(encode(long)))
	if got := parse(t, encode(long)); len(encode(long)) != MaxLine || len(got.Resources) != len(long.Resources) {
		t.Fatalf("a line of %d bytes proves little", len(encode(long)))
	}
	for i := range 40 {
		if err := b.log.End(long); err != nil {
			t.Fatalf("call %d: %v", i, err)
		}
	}
	if all := records(t, b.dir); len(ids(all)) != 40 || lostIn(all) != 0 {
		t.Errorf("%d lines, want 40; a gap is told of in their room: %d", len(ids(all)), lostIn(all))
	}
}

// TestBrokenPromise: room that was set aside cannot be written to after all. What is done
// waits in memory, nothing more begins, and nothing is lost.
func TestBrokenPromise(t *testing.T) {
	t.Parallel()
	for _, refuses := range []bool{false, true} { // also where nothing can be set aside
		t.Run(fmt.Sprint(refuses), func(t *testing.T) {
			t.Parallel()
			b := newBench(t, t.TempDir())
			b.disk.refuses = refuses
			b.open(nil)
			for range 3 {
				if err := b.log.Begin(false); err != nil {
					t.Fatal(err)
				}
			}
			b.disk.set(func(d *disk) { d.broken = true })
			b.call("read", true)
			if b.call("refused", false) {
				t.Error("a call begins although a read has shown that nothing can be written")
			}
			for i := range 3 {
				if err := b.log.End(testRecord(fmt.Sprint(i), false)); err == nil {
					t.Error("a line that was not written is no error")
				}
				if b.call("refused", false) {
					t.Error("a call begins while lines wait")
				}
			}
			b.disk.set(func(d *disk) { d.broken = false })
			if !b.call("3", false) {
				t.Error("a call is refused although the disk works")
			}
			b.wantIDs("0", "1", "2", "3")
			if got := lostIn(records(t, b.dir)); got != 1 || b.log.Lost() != 1 {
				t.Errorf("%d lines lost, %d told; want the read", b.log.Lost(), got)
			}
			if err := b.log.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestMaxCalls bounds what may be set aside and what may wait.
func TestMaxCalls(t *testing.T) {
	t.Parallel()
	b := startLog(t, nil)
	for range MaxCalls {
		if err := b.log.Begin(false); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.log.Begin(false); !errors.Is(err, errCalls) {
		t.Errorf("one call too many: %v", err)
	}
	if err := b.log.Begin(true); err != nil {
		t.Errorf("a read: %v", err)
	}
	_ = b.log.End(testRecord("1", false))
	if err := b.log.Begin(false); err != nil {
		t.Errorf("after one has ended: %v", err)
	}
}

// TestShortWrite: a line that was written in part is taken back and written whole.
func TestShortWrite(t *testing.T) {
	t.Parallel()
	tests := []struct {
		short int
		keeps bool // the part cannot be taken back
	}{{1, false}, {2, false}, {1, true}, {3, true}}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt), func(t *testing.T) {
			t.Parallel()
			b := startLog(t, nil)
			b.call("1", false)
			if err := b.log.Begin(false); err != nil {
				t.Fatal(err)
			}
			b.disk.set(func(d *disk) { d.short, d.keeps = tt.short, tt.keeps })
			err := b.log.End(testRecord("2", false))
			if wantErr := tt.short > 1 && !tt.keeps; (err != nil) != wantErr {
				t.Errorf("End: %v", err)
			}
			if began := b.log.Begin(false) == nil; began != (tt.short < 3) {
				t.Errorf("a call begins: %v", began)
			}
			b.disk.set(func(d *disk) { d.short, d.keeps = 0, false })
			b.call("3", false)
			b.wantIDs("1", "2", "3")
			// What was cut off took along what was set aside: it must be set aside anew.
			b.disk.set(func(d *disk) { d.short, d.free = 1, endless })
			b.call("4", true)
			b.disk.set(func(d *disk) { d.free = 0 })
			if b.log.Begin(false) == nil {
				t.Error("a call begins without room")
			}
			if all := records(t, b.dir); len(all) != 4 || b.log.Lost() != 0 {
				t.Errorf("%d records, %d lost", len(all), b.log.Lost())
			}
		})
	}
}

// TestGap: a gap says how many lines and since when; it is told once; failures are logged once a minute.
func TestGap(t *testing.T) {
	t.Parallel()
	b := startLog(t, func(c *Config) { c.Mode = Continue })
	b.disk.set(func(d *disk) { d.broken = true })
	since := b.clock.now()
	for range 90 {
		if !b.call("lost", false) {
			t.Fatal("refused")
		}
		b.clock.advance(time.Second)
	}
	if b.log.Lost() != 90 {
		t.Errorf("%d lost", b.log.Lost())
	}
	if n := strings.Count(b.said.String(), "level=ERROR"); n != 2 {
		t.Errorf("logged %d times in 90 seconds, want 2: %s", n, b.said)
	}
	b.disk.set(func(d *disk) { d.broken = false })
	b.call("1", false)
	b.call("2", true)
	all := records(t, b.dir)
	if len(all) != 3 {
		t.Fatalf("%d records, want the gap and two calls", len(all))
	}
	g := all[0]
	if g.EventName != EventGap || g.AdditionalEventData.LostRecords != 90 || g.AdditionalEventData.LostSince != since.Format(timeFormat) ||
		g.UserIdentity.Type != "AWSService" || g.EventTime != b.clock.now().Format(timeFormat) || g.EventID == "" {
		t.Errorf("the gap is %+v", g)
	}
	if b.log.Lost() != 90 {
		t.Errorf("%d lost after the gap is told, want 90: it is a counter", b.log.Lost())
	}
}

// TestWrite: a call that was refused needs no Begin; its line does not take a call's room.
func TestWrite(t *testing.T) {
	t.Parallel()
	b := startLog(t, nil)
	if err := b.log.Write(testRecord("refused", false)); err != nil {
		t.Fatal(err)
	}
	b.disk.set(func(d *disk) { d.broken = true })
	if err := b.log.Write(testRecord("lost", false)); err == nil || b.log.Lost() != 1 {
		t.Errorf("a lost line: %v, %d counted", err, b.log.Lost())
	}
	// An End without a Begin is no reason to promise room that nobody set aside.
	if err := b.log.End(testRecord("never begun", false)); err == nil || b.log.Lost() != 2 {
		t.Errorf("a lost line: %v, %d counted", err, b.log.Lost())
	}
	b.disk.set(func(d *disk) { d.broken = false })
	if err := b.log.Close(); err != nil {
		t.Fatal(err)
	}
	b.wantIDs("refused")
	if got := lostIn(records(t, b.dir)); got != 2 {
		t.Errorf("the gap tells of %d", got)
	}
}

// TestClose: what does not get onto the record in the end is an error; a closed log refuses.
func TestClose(t *testing.T) {
	t.Parallel()
	b := startLog(t, nil)
	if err := b.log.Begin(false); err != nil {
		t.Fatal(err)
	}
	b.disk.set(func(d *disk) { d.broken = true })
	_ = b.log.End(testRecord("done", false))
	_ = b.log.End(testRecord("read", true))
	err := b.log.Close()
	if err == nil || !strings.Contains(err.Error(), "the lines of 1 calls are lost") || !strings.Contains(err.Error(), "1 lines are lost since 2026-01-02T03:04:05Z") {
		t.Errorf("Close: %v", err)
	}
	if err := b.log.Begin(false); !errors.Is(err, errClosed) {
		t.Errorf("Begin: %v", err)
	}
	if err := b.log.End(testRecord("late", true)); !errors.Is(err, errClosed) {
		t.Errorf("End: %v", err)
	}
	if err := b.log.Reopen(); !errors.Is(err, errClosed) {
		t.Errorf("Reopen: %v", err)
	}
	if err := b.log.Close(); err != nil {
		t.Errorf("Close again: %v", err)
	}
}

// TestOpenRefuses: a log that could not be kept does not open, in any mode.
func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*bench, *Config)
		says   string
	}{
		{"a directory", func(b *bench, c *Config) { c.Path = b.dir }, "is a directory"},
		{"a device", func(_ *bench, c *Config) { c.Path = "/dev/null" }, "not a regular file"},
		{"below a file", func(b *bench, c *Config) {
			_ = os.WriteFile(b.path, nil, 0o600)
			c.Path = b.path + "/audit.jsonl"
		}, "not a directory"},
		{"too small", func(_ *bench, c *Config) { c.MaxSize = MaxLine - 1 }, "at least 65536"},
		{"nothing kept", func(_ *bench, c *Config) { c.Keep = -1 }, "at least 1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, t.TempDir())
			c := b.config()
			c.Mode = Continue
			tt.change(b, &c)
			if _, err := Open(c); err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v, want it to say %q", err, tt.says)
			}
		})
	}
}

// TestConcurrentRotation: many callers, small files: nothing is lost or torn, and every id is there once.
func TestConcurrentRotation(t *testing.T) {
	t.Parallel()
	b := startLog(t, func(c *Config) {
		c.MaxSize, c.Keep, c.wrap = MaxLine, 10_000, nil
		c.Now = time.Now
	})
	const callers, calls = 8, 400
	var all sync.WaitGroup
	for caller := range callers {
		all.Go(func() {
			for i := range calls {
				if !b.call(fmt.Sprint(caller, "/", i), i%2 == 0) {
					t.Error("refused")
				}
			}
		})
	}
	all.Wait()
	if err := b.log.Close(); err != nil {
		t.Fatal(err)
	}
	got := ids(records(t, b.dir))
	slices.Sort(got)
	if len(got) != callers*calls || len(slices.Compact(got)) != callers*calls || b.log.Lost() != 0 {
		t.Errorf("%d lines, %d lost; want %d", len(got), b.log.Lost(), callers*calls)
	}
	names, err := os.ReadDir(b.dir)
	if err != nil || len(names) < callers*calls*800/MaxLine {
		t.Errorf("%d files, %v", len(names), err)
	}
	for _, n := range names {
		if info, err := n.Info(); err != nil || info.Size() > MaxLine || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has %d bytes, %v, %v", n.Name(), info.Size(), info.Mode(), err)
		}
	}
}

// TestConcurrentLogrotate: somebody renames the file while callers write and the log
// changes files by itself: every line is in one of the files, whole.
func TestConcurrentLogrotate(t *testing.T) {
	t.Parallel()
	b := startLog(t, func(c *Config) { c.MaxSize, c.Keep, c.wrap = 2*MaxLine, 10_000, nil })
	const callers, calls = 4, 150
	var all sync.WaitGroup
	for caller := range callers {
		all.Go(func() {
			for i := range calls {
				if !b.call(fmt.Sprint(caller, "/", i), i%3 == 0) {
					t.Error("refused")
				}
			}
		})
	}
	all.Go(func() {
		for i := range 40 {
			// At times there is no file to rename, between the two names of one that is full.
			_ = os.Rename(b.path, fmt.Sprint(b.path, ".", i))
			if i%2 == 0 {
				if err := b.log.Reopen(); err != nil {
					t.Error(err)
				}
			} else {
				b.clock.advance(time.Second)
			}
		}
	})
	all.Wait()
	if err := b.log.Close(); err != nil {
		t.Fatal(err)
	}
	got := ids(records(t, b.dir))
	slices.Sort(got)
	if len(got) != callers*calls || len(slices.Compact(got)) != callers*calls || b.log.Lost() != 0 {
		t.Errorf("%d lines, %d lost; want %d", len(got), b.log.Lost(), callers*calls)
	}
}
