package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
)

var eraseChecks = map[string]func(*testing.T, Opener){
	"Erase":            eraseFindings,
	"EraseOnlySure":    eraseOnlySure,
	"EraseMany":        eraseMany,
	"EraseAndImport":   eraseAndImport,
	"EraseKeepsEvents": eraseKeepsEvents,
	"EraseRaces":       eraseRaces,
	"EraseWhileReads":  eraseWhileReads,
}

func always(*finding.Stored) bool { return true }
func never(*finding.Stored) bool  { return false }

// erase removes findings and wants so many to be gone.
func erase(t testing.TB, e store.Engine, want int, sure func(*finding.Stored) bool, keys ...finding.Key) {
	t.Helper()
	if n, err := e.Erase(context.Background(), keys, sure); err != nil || n != want {
		t.Fatalf("erased %d, %v; want %d", n, err, want)
	}
}

// checkErased wants no trace of a finding, by any way to read it.
func checkErased(t *testing.T, e store.Engine, k finding.Key) {
	t.Helper()
	ctx := context.Background()
	if got := get(t, e, k); got != nil {
		t.Errorf("%s was erased and is %s", k.ID, show(got))
	}
	page, err := e.History(ctx, store.HistoryQuery{Key: k, Limit: 10})
	if err != nil || page.Stored != nil || len(page.Changes) != 0 {
		t.Errorf("%s was erased and has the history %v, %v", k.ID, page, err)
	}
	isID := filter.TextTerm{Attribute: attribute(t, "Id"), Op: filter.Equals, Value: k.ID}
	if n, err := e.Count(ctx, hub(k.Account, k.Region), isID); err != nil || n != 0 {
		t.Errorf("%s was erased and is counted %d times, %v", k.ID, n, err)
	}
	if all := findAll(t, e, store.Query{Scope: hub(k.Account, k.Region), Filter: isID, Limit: 5}); len(all.Keys) != 0 {
		t.Errorf("%s was erased and is found", k.ID)
	}
}

// eraseFindings: a finding goes with its history, from every answer, for good; its neighbours
// and a finding with the same id in another hub stay.
func eraseFindings(t *testing.T, open Opener) {
	e, dir := startAt(t, open)
	a, b, other := keyOf("a"), keyOf("b"), keyIn("222222222222", region, "a")
	apply(t, e, put(sample(a, "Title", `"gone"`)), put(sample(b)), put(sample(other)), increment(a), increment(b), increment(a), increment(other))
	erase(t, e, 1, always, a, keyOf("nobody"))
	erase(t, e, 0, always, a)
	erase(t, e, 0, always)
	for range 2 {
		checkErased(t, e, a)
		if n, err := e.Count(context.Background(), hub(account, region), everything); err != nil || n != 1 {
			t.Errorf("%d findings are left, %v; want 1", n, err)
		}
		buckets, err := e.GroupBy(context.Background(), hub(account, region), everything, attribute(t, "Title"), 10)
		if err != nil || len(buckets) != 1 || buckets[0] != (store.Bucket{Value: "Title of b", Count: 1}) {
			t.Errorf("the titles left are %v, %v", buckets, err)
		}
		if s, err := e.Stats(context.Background()); err != nil || s.Findings != 2 {
			t.Errorf("there are %d findings, %v; want 2", s.Findings, err)
		}
		for k, n := range map[finding.Key]int{b: 1, other: 1} {
			if got := get(t, e, k); got == nil || counter(got) != n {
				t.Errorf("%v is %s", k, show(got))
			}
			checkCounterHistory(t, e, k, n)
		}
		e = reopen(t, open, e, dir)
	}
}

// eraseOnlySure: the condition sees the finding as it is, and decides for each.
func eraseOnlySure(t *testing.T, open Opener) {
	e := start(t, open)
	a, b := keyOf("a"), keyOf("b")
	want := created(sample(b, "Title", `"b"`))
	want.Owned = finding.OwnsTypes
	apply(t, e, put(sample(a)), increment(a), store.Mutation{Key: b, Apply: func(*finding.Stored) (finding.Outcome, error) {
		return finding.Outcome{Changed: true, Stored: want}, nil
	}})
	var seen finding.Stored
	erase(t, e, 0, func(s *finding.Stored) bool { seen = *s; return false }, b)
	if !sameStored(&seen, &want) {
		t.Errorf("the condition saw %s, want %s", show(&seen), show(&want))
	}
	erase(t, e, 0, never, a, b)
	erase(t, e, 1, func(s *finding.Stored) bool { return counter(s) == 1 }, a, b)
	checkErased(t, e, a)
	if _, err := e.Erase(context.Background(), []finding.Key{b}, func(*finding.Stored) bool { panic("a condition of the test suite") }); err == nil {
		t.Error("a condition that panics is no error")
	}
	if got := get(t, e, b); !sameStored(got, &want) {
		t.Errorf("b is %s, want %s", show(got), show(&want))
	}
}

// eraseMany: more than an engine may remove in one step, some of them twice in one call.
func eraseMany(t *testing.T, open Opener) {
	e, dir := startAt(t, open)
	const findings = 700
	var ms []store.Mutation
	var keys []finding.Key
	for i := range findings {
		k := keyOf(fmt.Sprint(i))
		ms, keys = append(ms, createOrIncrementFrom1(k)), append(keys, k)
	}
	apply(t, e, ms...)
	erase(t, e, findings-100, always, append(keys[:findings-100:findings-100], keys[:50]...)...)
	for range 2 {
		page := findAll(t, e, store.Query{Scope: hub(account, region), Filter: everything, Limit: 64})
		if len(page.Keys) != 100 {
			t.Fatalf("%d findings are left, want 100", len(page.Keys))
		}
		e = reopen(t, open, e, dir)
	}
	// What is made now may lie where others were.
	apply(t, e, ms...)
	for i, k := range keys {
		n := 1
		if i >= findings-100 {
			n = 2
		}
		if got := get(t, e, k); got == nil || counter(got) != n {
			t.Fatalf("%s is %s, want %d", k.ID, show(got), n)
		}
		checkCounterHistory(t, e, k, n)
	}
}

// eraseAndImport: what comes again is a creation, with no history, also in the next call at once.
func eraseAndImport(t *testing.T, open Opener) {
	e, dir := startAt(t, open)
	a := keyOf("a")
	for range 3 {
		apply(t, e, put(sample(a, "Title", `"first"`)), increment(a), increment(a))
		erase(t, e, 1, always, a)
		var old *finding.Stored
		m := put(sample(a, "Title", `"second"`))
		inner := m.Apply
		m.Apply = func(s *finding.Stored) (finding.Outcome, error) { old = s; return inner(s) }
		apply(t, e, m, put(sample(keyOf("b"))))
		if old != nil {
			t.Errorf("the mutation saw %s", show(old))
		}
		want := created(sample(a, "Title", `"second"`))
		if got := get(t, e, a); !sameStored(got, &want) {
			t.Errorf("got %s, want %s", show(got), show(&want))
		}
		checkCounterHistory(t, e, a, 0)
		e = reopen(t, open, e, dir)
		checkCounterHistory(t, e, a, 0)
		apply(t, e, increment(a))
		checkCounterHistory(t, e, a, 1)
		erase(t, e, 1, always, a)
		e = reopen(t, open, e, dir)
		checkErased(t, e, a)
	}
}

// eraseKeepsEvents: erasing tells nothing, and what waits to be told is whole without the finding.
func eraseKeepsEvents(t *testing.T, open Opener) {
	e, dir := startAt(t, open, events)
	a := keyOf("a")
	apply(t, e, put(sample(a)), increment(a))
	before := checkTold(t, e, "", "a:0", "a:1")
	erase(t, e, 1, always, a)
	sameEvents(t, checkTold(t, e, "", "a:0", "a:1"), before)
	apply(t, e, put(sample(a)))
	e = reopen(t, open, e, dir, events)
	checkTold(t, e, "", "a:0", "a:1", "a:0")
	checkTold(t, e, before[1].Cursor, "a:0")
}

// eraseRaces: erasing and changing the same findings at the same time is one after the
// other: what is counted as gone was made anew by the next change, and nothing is half there.
func eraseRaces(t *testing.T, open Opener) {
	e, dir := startAt(t, open, events)
	// As many rounds as it takes for some to be erased.
	const writers, rounds, most = 4, 40, 4000
	keys := []finding.Key{keyOf("a"), keyOf("b"), keyOf("c")}
	var creations, increments [3]atomic.Int64
	var erased, writing atomic.Int64
	writing.Store(writers)
	var eraser sync.WaitGroup
	eraser.Go(func() {
		for writing.Load() > 0 {
			n, err := e.Erase(context.Background(), keys, func(s *finding.Stored) bool { return counter(s)%3 == 1 })
			if erased.Add(int64(n)); err != nil {
				t.Errorf("Erase: %v", err)
				return
			}
		}
	})
	inParallel(writers, func(w int) {
		defer writing.Add(-1)
		for i := 0; i < rounds || i < most && erased.Load() < 20; i++ {
			at := (w + i) % len(keys)
			isNew := false
			m := createOrIncrement(sample(keys[at]))
			inner := m.Apply
			m.Apply = func(old *finding.Stored) (finding.Outcome, error) { isNew = old == nil; return inner(old) }
			errs, err := e.Apply(context.Background(), []store.Mutation{m})
			if err != nil || errs[0] != nil {
				t.Errorf("Apply: %v, %v", errs, err)
				return
			}
			if isNew {
				creations[at].Add(1)
			} else {
				increments[at].Add(1)
			}
		}
	})
	eraser.Wait()
	made, changes := int64(0), 0
	for i := range keys {
		made += creations[i].Load()
		changes += int(creations[i].Load() + increments[i].Load())
	}
	for range 2 {
		left := int64(0)
		for _, k := range keys {
			if got := get(t, e, k); got != nil {
				left++
				checkCounterHistory(t, e, k, counter(got))
			} else {
				checkErased(t, e, k)
			}
		}
		if made != erased.Load()+left {
			t.Errorf("%d were made, %d erased, %d are left", made, erased.Load(), left)
		}
		e = reopen(t, open, e, dir, events)
	}
	checkRaceEvents(t, e, changes)
}

// checkRaceEvents wants an event for each change: those of a finding count up, and begin anew
// only where it could have been erased.
func checkRaceEvents(t *testing.T, e store.Engine, changes int) {
	t.Helper()
	all := readEvents(t, e, "", 100)
	if len(all) != changes {
		t.Errorf("%d events, want %d", len(all), changes)
	}
	last := map[finding.Key]int{}
	for _, ev := range all {
		n := eventCounter(t, ev)
		before, known := last[ev.Key]
		if known && n != before+1 && (n != 0 || before%3 != 1) {
			t.Errorf("%s: an event tells %d after %d", ev.Key.ID, n, before)
		}
		last[ev.Key] = n
	}
}

// eraseWhileReads: who reads while findings go and come gets each as it was or none, and
// no error.
func eraseWhileReads(t *testing.T, open Opener) {
	e := start(t, open)
	ctx := context.Background()
	var keys []finding.Key
	for i := range 40 {
		keys = append(keys, keyOf(fmt.Sprint(i)))
	}
	var done atomic.Bool
	var readers sync.WaitGroup
	for r := range 2 {
		readers.Go(func() {
			for !done.Load() {
				got, err := e.Get(ctx, keys)
				page, ferr := e.Find(ctx, store.Query{Scope: hub(account, region), Filter: everything, Limit: 10,
					Sort: []filter.Order{{Attribute: attribute(t, "Title"), Descending: r == 1}}})
				h, herr := e.History(ctx, store.HistoryQuery{Key: keys[3], Limit: 10})
				_, gerr := e.GroupBy(ctx, hub(account, region), filter.TextTerm{Attribute: attribute(t, "Description"), Op: filter.Contains, Value: "found"},
					attribute(t, "Title"), 5)
				all, serr := e.Scan(ctx, nil, 100)
				if err = errors.Join(err, ferr, herr, gerr, serr); err != nil {
					t.Errorf("reading: %v", err)
					return
				}
				if h.Stored == nil && len(h.Changes) > 0 || h.Stored != nil && counter(h.Stored) != len(h.Changes) {
					t.Errorf("%s with %d records", show(h.Stored), len(h.Changes))
				}
				for i, s := range got {
					if s != nil && s.Key() != keys[i] {
						t.Errorf("asked for %s, got %s", keys[i].ID, show(s))
					}
				}
				for i, k := range page.Keys {
					if want := string(sample(k, "UserDefinedFields", `{"n":"1"}`).AppendJSON(nil)); string(page.Findings[i]) != want {
						t.Errorf("found %s, want %s", page.Findings[i], want)
					}
				}
				for _, w := range all {
					if counter(&w.Stored) != 1 || len(w.Changes) != 1 {
						t.Errorf("scanned %s with %d records", show(&w.Stored), len(w.Changes))
					}
				}
			}
		})
	}
	for i := range 60 {
		k := keys[i%len(keys)]
		apply(t, e, createOrIncrementFrom1(k), createOrIncrementFrom1(keys[(i+7)%len(keys)]))
		erase(t, e, 2, always, k, keys[(i+7)%len(keys)])
	}
	done.Store(true)
	readers.Wait()
}
