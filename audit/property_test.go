package audit

import (
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// world is a log and what a model of it knows.
type world struct {
	*bench
	next    int
	under   []string // guarded calls under way
	done    []string // guarded calls that were executed
	rest    int      // calls whose lines may be lost
	mode    Mode
	renamed int
}

func (w *world) id() string {
	w.next++
	return fmt.Sprint("call ", w.next)
}

func (w *world) begin() {
	id := w.id()
	switch err := w.log.Begin(false); {
	case !w.mode.guards(false): // Continue refuses none and promises none a line
		_ = w.log.End(testRecord(id, false))
		w.rest++
	case err == nil:
		w.under = append(w.under, id)
	}
}

func (w *world) end() {
	if len(w.under) > 0 {
		_ = w.log.End(testRecord(w.under[0], false))
		w.done, w.under = append(w.done, w.under[0]), w.under[1:]
	}
}

func (w *world) read() {
	id := w.id()
	if err := w.log.Begin(true); err != nil {
		return
	}
	_ = w.log.End(testRecord(id, true))
	if w.mode.guards(true) {
		w.done = append(w.done, id)
	} else {
		w.rest++
	}
}

func (w *world) refused() {
	_ = w.log.Write(testRecord(w.id(), false))
	w.rest++
}

// rename does what logrotate does.
func (w *world) rename() {
	w.renamed++
	_ = os.Rename(w.path, fmt.Sprint(w.path, ".", w.renamed))
}

func (w *world) actions() map[string]func() {
	set := func(change func(*disk)) func() { return func() { w.disk.set(change) } }
	return map[string]func(){
		"begin": w.begin, "begin another": w.begin, "end": w.end, "end another": w.end, "read": w.read, "refused": w.refused, "rename": w.rename,
		"reopen":      func() { _ = w.log.Reopen() },
		"second":      func() { w.clock.advance(time.Second) },
		"back":        func() { w.clock.advance(-time.Hour) },
		"full":        set(func(d *disk) { d.free = 0 }),
		"nearly full": set(func(d *disk) { d.free = 1500 }),
		"free":        set(func(d *disk) { d.free = endless }),
		"short":       set(func(d *disk) { d.short = 1 }),
		"shorter":     set(func(d *disk) { d.short = 3 }),
		"keeps":       set(func(d *disk) { d.keeps = !d.keeps }),
		"broken":      set(func(d *disk) { d.broken = true }),
		"mended":      set(func(d *disk) { d.broken, d.short, d.keeps = false, 0, false }),
	}
}

// check wants of a closed log that every executed guarded call is on record once, and that the
// gaps tell exactly what is missing of the rest.
func (w *world) check(t *rapid.T) {
	all := records(t, w.dir)
	got := map[string]int{}
	for _, id := range ids(all) {
		got[id]++
		if got[id] > 1 {
			t.Fatalf("%s is on record twice", id)
		}
	}
	for _, id := range w.done {
		if got[id] != 1 {
			t.Fatalf("%s was executed and is not on record", id)
		}
	}
	if lost := uint64(len(w.done) + w.rest - len(got)); lost != w.log.Lost() || lost != lostIn(all) {
		t.Fatalf("%d lines are missing, %d are counted, gaps tell of %d", lost, w.log.Lost(), lostIn(all))
	}
}

// TestNothingIsLostSilently: whatever happens to the disk in whatever order.
func TestNothingIsLostSilently(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "")
		if err != nil {
			rt.Fatal(err)
		}
		w := &world{bench: newBench(t, dir), mode: rapid.SampledFrom([]Mode{FailWrites, FailAll, Continue}).Draw(rt, "mode")}
		w.disk.refuses = rapid.Bool().Draw(rt, "no allocation")
		w.open(func(c *Config) { c.Mode, c.MaxSize, c.Keep = w.mode, MaxLine, 1000 })
		actions := w.actions()
		names := make([]string, 0, len(actions))
		for name := range actions {
			names = append(names, name)
		}
		slices.Sort(names)
		for range rapid.IntRange(0, 400).Draw(rt, "steps") {
			actions[rapid.SampledFrom(names).Draw(rt, "step")]()
			w.waitRetired() // so that a run can be repeated
		}
		actions["mended"]()
		actions["free"]()
		for len(w.under) > 0 {
			w.end()
		}
		if err := w.log.Close(); err != nil {
			rt.Fatalf("Close: %v", err)
		}
		w.check(rt)
	})
}
