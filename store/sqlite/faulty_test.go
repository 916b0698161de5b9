//go:build unix

package sqlite

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"

	lib "modernc.org/sqlite/lib"

	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
)

// TestFaults: operations of the disk fail at random places, once or for a stretch, in commits and checkpoints, while some write, edit
// records, trim events and read. What was acknowledged is there, what was refused is not, or, after a crash or a power cut, whole.
// PROOF=long takes hundreds of disks; FAULTS_SEED=n takes one of them.
func TestFaults(t *testing.T) {
	t.Parallel()
	from, disks := uint64(1), uint64(8)
	if os.Getenv("PROOF") == "long" {
		disks = 1000
	}
	if seed, err := strconv.ParseUint(os.Getenv("FAULTS_SEED"), 10, 64); err == nil {
		from, disks = seed, 1
	}
	fired := map[op]int{}
	for seed := from; seed < from+disks && !t.Failed(); seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := newFaultyRun(t, seed)
			for range 4 {
				r.phase(t)
				r.restart(t)
			}
			for o, n := range r.fired {
				fired[o] += n
			}
		})
	}
	t.Logf("writes, syncs and truncations that failed: %d, %d, %d", fired[opWrite], fired[opSync], fired[opTruncate])
	if disks > 1 && !t.Failed() && (fired[opWrite] == 0 || fired[opSync] == 0 || fired[opTruncate] == 0) {
		t.Error("not every operation failed")
	}
}

// faultyRun is one disk and the books of what its engine was asked.
type faultyRun struct {
	random *rand.Rand // of the run; those who work at once have their own
	dir    string
	disk   *disk
	engine *Engine
	fired  map[op]int

	mu       sync.Mutex
	findings map[string]*account
	records  map[string]*account
	batches  map[string][]string // the findings that got a title together
	trimmed  int                 // the last place that was acknowledged to be gone
	number   int
}

// account is what one finding or record has been.
type account struct {
	acknowledged []string
	// refused is what may be there after a crash: what was refused since something was acknowledged.
	refused []string
}

func (a *account) last() string {
	if len(a.acknowledged) == 0 {
		return ""
	}
	return a.acknowledged[len(a.acknowledged)-1]
}

func (a *account) settle(state string, err error) {
	if err != nil {
		a.refused = append(a.refused, state)
		return
	}
	a.acknowledged, a.refused = append(a.acknowledged, state), nil
}

func newFaultyRun(t *testing.T, seed uint64) *faultyRun {
	t.Helper()
	r := &faultyRun{
		random: rand.New(rand.NewPCG(seed, 1)), fired: map[op]int{},
		findings: map[string]*account{}, records: map[string]*account{}, batches: map[string][]string{},
	}
	for w := range 3 {
		for i := range 4 {
			r.findings[fmt.Sprint(w, "-", i)] = &account{}
		}
		r.records[fmt.Sprint(w)] = &account{}
	}
	r.dir, r.disk = newDiskDir(t, seed)
	r.engine = openOn(t, r.dir, r.disk, r.options())
	return r
}

func (r *faultyRun) options() Options {
	return Options{Events: true, Readers: 3, CheckpointPages: 10 + r.random.IntN(100)}
}

// faults are one to four, at random places.
func (r *faultyRun) faults() (plan []fault) {
	kinds := []fault{
		{op: opWrite, name: logName, code: lib.SQLITE_IOERR_WRITE},
		{op: opWrite, name: logName, code: lib.SQLITE_FULL},
		{op: opSync, name: logName, code: lib.SQLITE_IOERR_FSYNC},
		{op: opWrite, name: fileName, code: lib.SQLITE_IOERR_WRITE},
		{op: opWrite, name: fileName, code: lib.SQLITE_FULL},
		{op: opSync, name: fileName, code: lib.SQLITE_IOERR_FSYNC},
		{op: opTruncate, name: fileName, code: lib.SQLITE_IOERR_TRUNCATE},
		{op: opMap, name: fileName, code: lib.SQLITE_IOERR_SHMSIZE},
	}
	for range 1 + r.random.IntN(4) {
		f := kinds[r.random.IntN(len(kinds))]
		f.times = 1 + r.random.IntN(2)*r.random.IntN(20)
		f.after = r.random.IntN(40)
		if f.name == fileName && f.op != opWrite {
			f.after = r.random.IntN(3) // there are few
		}
		plan = append(plan, f)
	}
	return plan
}

// phase works on a disk that fails, and then on one that does not.
func (r *faultyRun) phase(t *testing.T) {
	t.Helper()
	r.disk.arm(r.faults()...)
	stop := make(chan struct{})
	var workers, readers sync.WaitGroup
	for w := range 3 {
		random := rand.New(rand.NewPCG(r.random.Uint64(), 0))
		workers.Go(func() { r.work(t, w, random) })
	}
	reading := rand.New(rand.NewPCG(r.random.Uint64(), 0))
	readers.Go(func() { r.read(t, reading, stop) })
	workers.Wait()
	close(stop)
	readers.Wait()
	r.disk.arm()
	r.check(t, false)
	if r.random.IntN(2) == 0 {
		mustBeReady(t, r.engine)
		r.disk.forget(t, r.engine.path)
		r.check(t, false)
		r.work(t, 0, r.random)
		r.check(t, false)
	}
}

// work is one caller, who has findings and a record of its own.
func (r *faultyRun) work(t *testing.T, w int, random *rand.Rand) {
	for range 30 {
		switch what := random.IntN(10); {
		case what < 7:
			r.put(t, w, random)
		case what < 9:
			r.edit(t, w)
		case w == 0:
			r.trim(t)
		}
	}
}

// judge wants a refusal to say what it is.
func judge(t *testing.T, err error) {
	if err != nil && !isUnavailable(err) {
		t.Errorf("a refusal is %v", err)
	}
}

// title is one that nothing had before.
func (r *faultyRun) title() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.number++
	return fmt.Sprint("title ", r.number)
}

func (r *faultyRun) put(t *testing.T, w int, random *rand.Rand) {
	title := r.title()
	var ids []string
	var ms []store.Mutation
	for _, i := range random.Perm(4)[:1+random.IntN(3)] {
		id := fmt.Sprint(w, "-", i)
		ids, ms = append(ids, id), append(ms, testPut(id, title))
	}
	_, err := r.engine.Apply(context.Background(), ms)
	judge(t, err)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.batches[title] = ids
	for _, id := range ids {
		r.findings[id].settle(title, err)
	}
}

func (r *faultyRun) edit(t *testing.T, w int) {
	body, name := r.title(), fmt.Sprint(w)
	r.mu.Lock()
	want := r.records[name].last()
	r.mu.Unlock()
	err := r.engine.EditRecord(context.Background(), "c", "", "", name, func(was []byte) ([]byte, error) {
		if string(was) != want {
			t.Errorf("record %s is %q, want %q", name, was, want)
		}
		return []byte(body), nil
	})
	judge(t, err)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.records[name].settle(body, err)
}

// trim forgets about half of the events.
func (r *faultyRun) trim(t *testing.T) {
	events, err := r.engine.Events(context.Background(), "", 100)
	if err != nil || len(events) == 0 {
		if err != nil {
			t.Errorf("Events: %v", err)
		}
		return
	}
	cursor := events[len(events)/2].Cursor
	_, err = r.engine.TrimEvents(context.Background(), cursor, 1000)
	judge(t, err)
	if place, _ := strconv.Atoi(cursor); err == nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.trimmed = place
	}
}

// read reads, whatever happens to writes, and never sees what was refused or is over.
func (r *faultyRun) read(t *testing.T, random *rand.Rand, stop chan struct{}) {
	for {
		select {
		case <-stop:
			return
		default:
		}
		id := fmt.Sprint(random.IntN(3), "-", random.IntN(4))
		r.mu.Lock()
		before := max(0, len(r.findings[id].acknowledged)-1)
		r.mu.Unlock()
		got, err := r.engine.Get(context.Background(), []finding.Key{testKey(id)})
		if err != nil {
			t.Errorf("Get: %v", err)
			return
		}
		r.mu.Lock()
		a := r.findings[id]
		refused := got[0] != nil && slices.Contains(a.refused, got[0].Finding.Text("Title"))
		over := got[0] == nil && before > 0 || got[0] != nil && slices.Contains(a.acknowledged[:before], got[0].Finding.Text("Title"))
		r.mu.Unlock()
		if refused || over {
			t.Errorf("finding %s: refused %t, over %t", id, refused, over)
		}
	}
}

// restart ends the engine in one of the ways in which programs and machines end, or not at all.
func (r *faultyRun) restart(t *testing.T) {
	t.Helper()
	for o, n := range r.disk.fired {
		r.fired[o] += n
	}
	clear(r.disk.fired)
	switch r.random.IntN(4) {
	case 0:
		return
	case 1:
		r.dir, r.disk = r.disk.cut(t)
	case 2:
		r.dir, r.disk = r.disk.crash(t, r.dir)
	case 3:
		if r.random.IntN(2) == 0 {
			r.disk.arm(r.faults()...) // those of the last copy of the log among them
		}
		if err := r.engine.Close(); err != nil {
			t.Fatalf("Close: %v", err)
		}
	}
	if r.random.IntN(2) == 0 {
		r.disk.arm(r.faults()...)
		o := r.options()
		o.Dir, o.renewLog = r.dir, r.disk.renewLog
		if e, err := Open(context.Background(), o); err == nil {
			if err := e.Close(); err != nil {
				t.Fatalf("Close: %v", err)
			}
		}
	}
	r.disk.arm()
	r.engine = openOn(t, r.dir, r.disk, r.options())
	r.check(t, true)
}

// check holds the engine against the books. After a restart what was refused last may be there, and is then
// taken into the books.
func (r *faultyRun) check(t *testing.T, restarted bool) {
	t.Helper()
	adopted := map[string]int{}
	for id, a := range r.findings {
		r.checkFinding(t, id, a, restarted, adopted)
	}
	for title, n := range adopted {
		if n != len(r.batches[title]) {
			t.Errorf("of what was refused at once (%s) %d of %d are there", title, n, len(r.batches[title]))
		}
	}
	for name, a := range r.records {
		body, err := r.engine.GetRecord(context.Background(), "c", "", "", name)
		if restarted && slices.Contains(a.refused, string(body)) {
			a.settle(string(body), nil)
		}
		if string(body) != a.last() || err != nil && a.last() != "" {
			t.Errorf("record %s is %q, %v, want %q", name, body, err, a.last())
		}
		if restarted {
			a.refused = nil
		}
	}
	r.checkEvents(t, restarted)
}

func (r *faultyRun) checkFinding(t *testing.T, id string, a *account, restarted bool, adopted map[string]int) {
	t.Helper()
	title := titleOf(t, r.engine, id)
	if restarted && slices.Contains(a.refused, title) {
		adopted[title]++
		a.settle(title, nil)
	}
	if restarted {
		a.refused = nil
	}
	if title != a.last() {
		t.Errorf("finding %s is %q, want %q (refused: %q)", id, title, a.last(), a.refused)
	}
	page, err := r.engine.History(context.Background(), store.HistoryQuery{Key: testKey(id), Limit: 10_000})
	if err != nil {
		t.Fatal(err)
	}
	var titles []string
	for _, c := range page.Changes {
		titles = append(titles, c.Updates[0].New)
	}
	slices.Reverse(titles)
	if !slices.Equal(titles, a.acknowledged) {
		t.Errorf("the history of %s is %q, want %q", id, titles, a.acknowledged)
	}
	is := filter.TextTerm{Attribute: mustLookup(t, "Title"), Value: title}
	if n, err := r.engine.Count(context.Background(), testHub, is); err != nil || title != "" && (n == 0 || n > len(r.batches[title])) {
		t.Errorf("the index has %d of %q, %v", n, title, err)
	}
}

// checkEvents wants the events of all changes, but for the first ones.
func (r *faultyRun) checkEvents(t *testing.T, restarted bool) {
	t.Helper()
	all := 0
	for _, a := range r.findings {
		all += len(a.acknowledged)
	}
	events, err := r.engine.Events(context.Background(), "", 100_000)
	if err != nil {
		t.Fatal(err)
	}
	told := map[string][]string{}
	first := all + 1
	for i, e := range events {
		place, _ := strconv.Atoi(e.Cursor)
		if first = min(first, place); place != first+i {
			t.Errorf("event %d follows %d", place, first+i-1)
		}
		var f struct{ Title string }
		if err := json.Unmarshal(e.Finding, &f); err != nil {
			t.Fatal(err)
		}
		told[e.Key.ID] = append(told[e.Key.ID], f.Title)
	}
	// A trim that was refused may be there after a restart, too.
	if first <= r.trimmed || first+len(events) != all+1 {
		t.Errorf("events %d to %d after %d were trimmed and %d changes", first, first+len(events)-1, r.trimmed, all)
	}
	if restarted {
		r.trimmed = first - 1
	}
	for id, titles := range told {
		if is := r.findings[id].acknowledged; len(titles) > len(is) || !slices.Equal(titles, is[len(is)-len(titles):]) {
			t.Errorf("the events of %s are %q, its history %q", id, titles, is)
		}
	}
}
