//go:build unix

package sqlite

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	lib "modernc.org/sqlite/lib"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/store"
)

// forever is more often than any test does anything.
const forever = 1 << 30

// openOn opens an engine on a new disk, or on one that holds something.
func openOn(t testing.TB, dir string, d *disk, o Options) *Engine {
	t.Helper()
	o.Dir, o.renewLog = dir, d.renewLog
	return mustOpen(t, o)
}

// newDiskDir is an empty disk and its directory.
func newDiskDir(t testing.TB, seed uint64) (string, *disk) {
	t.Helper()
	d := newDisk(rand.New(rand.NewPCG(seed, 0)))
	return d.mount(t, func(*medium) []byte { return nil })
}

// mustBeReady wants an engine on a disk that works again to find that out. A file of which another one's sync has failed is
// told so at its next sync, so a try may fail that has nothing wrong with it.
func mustBeReady(t testing.TB, e *Engine) {
	t.Helper()
	var err error
	for range 4 {
		e.health.rested()
		if err = e.Ready(context.Background()); err == nil {
			return
		}
	}
	t.Errorf("the disk works again: %v", err)
}

// TestWriteFaults: whatever part of a commit fails, its caller is told, nothing of it is there, reads go on, and the engine says
// that it cannot write until it can. Then a power cut takes nothing of what was acknowledged.
func TestWriteFaults(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		fault fault
	}{
		{"a write", fault{op: opWrite, name: logName, code: lib.SQLITE_IOERR_WRITE}},
		{"a later write", fault{op: opWrite, name: logName, after: 3, code: lib.SQLITE_IOERR_WRITE}},
		{"no room", fault{op: opWrite, name: logName, after: 2, code: lib.SQLITE_FULL}},
		{"the sync", fault{op: opSync, name: logName, code: lib.SQLITE_IOERR_FSYNC}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir, d := newDiskDir(t, 1)
			e := openOn(t, dir, d, Options{})
			mustApply(t, e, testPut("a", "one"))
			for _, times := range []int{1, 2, forever} {
				c.fault.times = times
				d.arm(c.fault)
				for range min(times, 3) {
					if _, err := e.Apply(context.Background(), []store.Mutation{testPut("a", "refused"), testPut("b", "new")}); !isUnavailable(err) {
						t.Fatalf("Apply: %v", err)
					}
					if a, b := titleOf(t, e, "a"), titleOf(t, e, "b"); a != "one" || b != "" {
						t.Errorf("after a refused write there are %q and %q", a, b)
					}
					if _, err := e.health.failed(); err == nil {
						t.Error("the engine does not say that it cannot write")
					}
				}
				d.arm()
				mustBeReady(t, e)
			}
			mustApply(t, e, testPut("a", "two"))
			dir, d = d.cut(t)
			if e := openOn(t, dir, d, Options{}); titleOf(t, e, "a") != "two" || titleOf(t, e, "b") != "" {
				t.Errorf("after a power cut there are %q and %q", titleOf(t, e, "a"), titleOf(t, e, "b"))
			}
		})
	}
}

func isUnavailable(err error) bool {
	var public *findinghub.Error
	return errors.As(err, &public) && public.Code == findinghub.CodeUnavailable
}

// halfCopied is an engine of which a part of the log has been copied without a sync, as happens when others write or read
// meanwhile. Its findings are 0 to 99 with the title "old" and 100 to 199 with "new".
func halfCopied(t *testing.T) (*disk, *Engine) {
	t.Helper()
	dir, d := newDiskDir(t, 2)
	e := openOn(t, dir, d, Options{})
	mustApply(t, e, many(100, "old ")...)
	err := e.readers.with(context.Background(), func(r *reader) error {
		if _, err := appendRow(r.selectRow, nil, 0); err != nil {
			return err
		}
		for i := 100; i < 200; i++ {
			mustApply(t, e, testPut(fmt.Sprint(i), fmt.Sprint("new ", i)))
		}
		e.checkpoints.turn.Lock()
		defer e.checkpoints.turn.Unlock()
		pages, copied, err := walState(e.checkpoints.copyAll)
		if copied == 0 || copied == pages {
			t.Errorf("%d of %d pages were copied, want a part", copied, pages)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return d, e
}

func checkHalfCopied(t *testing.T, e *Engine) {
	t.Helper()
	for i := range 200 {
		want := fmt.Sprint("old ", i)
		if i >= 100 {
			want = fmt.Sprint("new ", i)
		}
		if got := titleOf(t, e, fmt.Sprint(i)); got != want {
			t.Fatalf("finding %d is %q, want %q", i, got, want)
		}
	}
}

// failCheckpoint has a checkpoint fail by its sync of the database.
func (d *disk) failCheckpoint(t *testing.T, e *Engine) {
	t.Helper()
	d.arm(fault{op: opSync, name: fileName, times: forever, code: lib.SQLITE_IOERR_FSYNC})
	e.checkpoints.limit = 1 // nobody is woken before
	if err := e.checkpoints.check(); err == nil {
		t.Fatal("the checkpoint succeeded")
	}
}

// TestSyncOfDatabaseFails: what had been copied before a sync failed is copied again before the log is begun anew.
func TestSyncOfDatabaseFails(t *testing.T) {
	t.Parallel()
	d, e := halfCopied(t)
	d.failCheckpoint(t, e)
	for range 3 {
		e.health.rested()
		if err := e.Ready(context.Background()); err == nil {
			t.Error("it is ready although a checkpoint failed")
		}
		if _, err := e.Apply(context.Background(), []store.Mutation{testPut("0", "refused")}); !isUnavailable(err) {
			t.Errorf("Apply: %v", err)
		}
	}
	e.checkpoints.turn.Lock()
	pages, _, err := walState(e.checkpoints.size)
	e.checkpoints.turn.Unlock()
	if err != nil || pages > 2*200*3 {
		t.Errorf("the log has %d pages, %v: it grows by each try", pages, err)
	}
	checkHalfCopied(t, e)
	d.arm()
	mustBeReady(t, e)
	if err := e.checkpoints.check(); err != nil {
		t.Error(err)
	}
	// The log is begun anew, over what was in it.
	for i := range 300 {
		mustApply(t, e, testPut("more", fmt.Sprint(i)))
	}
	checkHalfCopied(t, e)
	dir, d := d.cut(t)
	e = openOn(t, dir, d, Options{})
	checkHalfCopied(t, e)
	if got := titleOf(t, e, "more"); got != "299" {
		t.Errorf("the last finding is %q", got)
	}
}

// TestForgottenPages: when the system forgets what it could not write, and reads what the disk has, the log is still right.
func TestForgottenPages(t *testing.T) {
	t.Parallel()
	d, e := halfCopied(t)
	d.failCheckpoint(t, e)
	if len(d.media[fileName].dirty) > 0 {
		t.Fatal("nothing can be forgotten")
	}
	d.forget(t, e.path)
	d.arm()
	mustBeReady(t, e)
	checkHalfCopied(t, e)
	dir, d := d.cut(t)
	checkHalfCopied(t, openOn(t, dir, d, Options{}))
}

// TestClosedAfterFailedSync: an engine that is closed before a checkpoint succeeds leaves the log, and the next one copies it.
func TestClosedAfterFailedSync(t *testing.T) {
	t.Parallel()
	d, e := halfCopied(t)
	d.failCheckpoint(t, e)
	d.arm()
	// Everyone has been told of the failed sync: what would copy the log now would succeed.
	for _, f := range d.opens[d.media[fileName]] {
		f.failed = false
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	dir, d := d.cut(t)
	checkHalfCopied(t, openOn(t, dir, d, Options{}))
}

// TestCrashAfterFailedSync: a commit that was refused since its sync failed may be there when the program, but not the machine, has
// crashed. What is written after it must not depend on it.
func TestCrashAfterFailedSync(t *testing.T) {
	t.Parallel()
	for seed := range uint64(10) {
		dir, d := newDiskDir(t, seed)
		e := openOn(t, dir, d, Options{})
		mustApply(t, e, testPut("a", "one"))
		d.arm(fault{op: opSync, name: logName, times: 1, code: lib.SQLITE_IOERR_FSYNC})
		if _, err := e.Apply(context.Background(), []store.Mutation{testPut("a", "unknown"), testPut("b", "unknown")}); !isUnavailable(err) {
			t.Fatalf("Apply: %v", err)
		}
		dir, d = d.crash(t, dir)
		e = openOn(t, dir, d, Options{})
		if a, b := titleOf(t, e, "a"), titleOf(t, e, "b"); a != "unknown" || b != "unknown" {
			t.Errorf("the commit in the system's memory is not whole: %q, %q", a, b)
		}
		mustApply(t, e, testPut("c", "acknowledged"))
		dir, d = d.cut(t)
		if got := titleOf(t, openOn(t, dir, d, Options{}), "c"); got != "acknowledged" {
			t.Fatalf("after a power cut it is %q", got)
		}
	}
}

// TestMapFault: what connections share about a log that grows cannot grow along.
func TestMapFault(t *testing.T) {
	t.Parallel()
	dir, d := newDiskDir(t, 3)
	e := openOn(t, dir, d, Options{CheckpointPages: 1 << 20})
	d.arm(fault{op: opMap, name: fileName, times: 3, code: lib.SQLITE_IOERR_SHMSIZE})
	stored, refused := 0, 0
	for ; refused < 3 && stored < 5000; stored++ {
		if _, err := e.Apply(context.Background(), []store.Mutation{testPut(fmt.Sprint(stored), fmt.Sprint(stored))}); isUnavailable(err) {
			refused++
			stored--
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if refused < 3 {
		t.Fatal("nothing failed")
	}
	mustBeReady(t, e)
	dir, d = d.cut(t)
	e = openOn(t, dir, d, Options{})
	for i := range stored {
		if got := titleOf(t, e, fmt.Sprint(i)); got != fmt.Sprint(i) {
			t.Fatalf("finding %d is %q", i, got)
		}
	}
}

// TestCopiedLogOfAnother: a log that has been copied as a whole and that another process keeps open is begun anew by
// the next write. It must not be read while it is written over, which with more pages than a cache holds would mix them up.
func TestCopiedLogOfAnother(t *testing.T) {
	t.Parallel()
	o := Options{Dir: t.TempDir()}
	e := mustOpen(t, o)
	const n = 3000
	ms := many(n, "")
	for i := range ms {
		ms[i] = testPut(fmt.Sprint(i), incompressible(i))
	}
	mustApply(t, e, ms...)
	e.checkpoints.turn.Lock()
	pages, copied, err := walState(e.checkpoints.copyAll)
	e.checkpoints.turn.Unlock()
	if err != nil || pages < n/2 || copied != pages {
		t.Fatalf("%d of %d pages are copied, %v; want all of many", copied, pages, err)
	}
	other, err := keepLog(e.path)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	again := mustOpen(t, o)
	for i := range n {
		if got := titleOf(t, again, fmt.Sprint(i)); got != incompressible(i) {
			t.Fatalf("finding %d is %q", i, got)
		}
	}
	mustApply(t, again, testPut("0", "new"))
	if got := titleOf(t, again, "0"); got != "new" {
		t.Errorf("finding 0 is %q", got)
	}
}

// incompressible is a text of 2 KB, another for each number.
func incompressible(i int) string {
	random := rand.New(rand.NewPCG(uint64(i), 1))
	text := make([]byte, 2048)
	for i := range text {
		text[i] = byte('!' + random.IntN(90))
	}
	return string(text)
}

// TestLogOfAnother: a start beside a process that has the database open takes nothing for synced that was copied.
func TestLogOfAnother(t *testing.T) {
	t.Parallel()
	d, e := halfCopied(t)
	other, err := keepLog(e.path)
	if err != nil {
		t.Fatal(err)
	}
	d.failCheckpoint(t, e)
	d.arm()
	for _, f := range d.opens[d.media[fileName]] {
		f.failed = false
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	again := openOn(t, e.path[:len(e.path)-len(fileName)-1], d, Options{})
	if err := again.Ready(context.Background()); err != nil {
		t.Errorf("Ready: %v", err)
	}
	checkHalfCopied(t, again)
	// The log is begun anew.
	again.checkpoints.limit = 1
	if err := errors.Join(other.Close(), again.checkpoints.check()); err != nil {
		t.Error(err)
	}
	mustApply(t, again, many(100, "old ")...)
	dir, d := d.cut(t)
	checkHalfCopied(t, openOn(t, dir, d, Options{}))
}
