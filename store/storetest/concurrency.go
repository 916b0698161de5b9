package storetest

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
)

var concurrencyChecks = map[string]func(*testing.T, Opener){
	"NoLostUpdates":    noLostUpdates,
	"OneIsFirst":       oneIsFirst,
	"ReadsSeeWrites":   readsSeeWrites,
	"FindingsAreWhole": findingsAreWhole,
}

// inParallel runs f in n goroutines and waits for them.
func inParallel(n int, f func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { f(i) })
	}
	wg.Wait()
}

// noLostUpdates: concurrent increments of a few findings, each of which may be prepared
// from a state that another has changed meanwhile, all count.
func noLostUpdates(t *testing.T, open Opener) {
	e := start(t, open)
	const writers, rounds = 8, 25
	keys := []finding.Key{keyOf("a"), keyOf("b"), keyOf("c")}
	for _, k := range keys {
		apply(t, e, put(sample(k)))
	}
	inParallel(writers, func(w int) {
		for i := range rounds {
			// In different orders, and one of them twice.
			ms := []store.Mutation{increment(keys[(w+i)%3]), increment(keys[(w+i+1)%3]), increment(keys[(w+2*i+2)%3]), increment(keys[(w+i+1)%3])}
			if errs, err := e.Apply(context.Background(), ms); err != nil || errs[0] != nil || errs[1] != nil || errs[2] != nil || errs[3] != nil {
				t.Errorf("Apply: %v, %v", errs, err)
				return
			}
		}
	})
	want := map[finding.Key]int{}
	for w := range writers {
		for i := range rounds {
			for _, j := range []int{w + i, w + i + 1, w + 2*i + 2, w + i + 1} {
				want[keys[j%3]]++
			}
		}
	}
	for _, k := range keys {
		if got := counter(get(t, e, k)); got != want[k] {
			t.Errorf("%s was incremented to %d, want %d", k.ID, got, want[k])
		}
		checkCounterHistory(t, e, k, want[k])
	}
}

// oneIsFirst: of many that make the same new finding, one does and the others change it.
func oneIsFirst(t *testing.T, open Opener) {
	e := start(t, open)
	const writers, findings = 8, 30
	inParallel(writers, func(int) {
		for i := range findings {
			m := createOrIncrement(sample(keyOf(fmt.Sprint(i))))
			if errs, err := e.Apply(context.Background(), []store.Mutation{m}); err != nil || errs[0] != nil {
				t.Errorf("Apply: %v, %v", errs, err)
				return
			}
		}
	})
	for i := range findings {
		if got := get(t, e, keyOf(fmt.Sprint(i))); got == nil || counter(got) != writers-1 {
			t.Errorf("finding %d is %s, want %d increments", i, show(got), writers-1)
		}
		checkCounterHistory(t, e, keyOf(fmt.Sprint(i)), writers-1)
	}
	if n, err := e.Count(context.Background(), hub(account, region), everything); err != nil || n != findings {
		t.Errorf("%d findings, %v; want %d", n, err, findings)
	}
}

// readsSeeWrites: whatever Apply returned for is in every read that begins afterwards,
// however many write at the time.
func readsSeeWrites(t *testing.T, open Opener) {
	e := start(t, open)
	ctx := context.Background()
	field := attribute(t, "UserDefinedFields")
	inParallel(6, func(w int) {
		k := keyOf(fmt.Sprint("own-", w))
		isID := filter.TextTerm{Attribute: attribute(t, "Id"), Op: filter.Equals, Value: k.ID}
		for i := range 20 {
			if errs, err := e.Apply(ctx, []store.Mutation{createOrIncrement(sample(k))}); err != nil || errs[0] != nil {
				t.Errorf("Apply: %v, %v", errs, err)
				return
			}
			now := filter.And{isID, filter.MapTerm{Attribute: field, Key: "n", Op: filter.Equals, Value: fmt.Sprint(i)}}
			n, err := e.Count(ctx, hub(account, region), now)
			page, ferr := e.Find(ctx, store.Query{Scope: hub(account, region), Filter: now, Limit: 2})
			got, gerr := e.Get(ctx, []finding.Key{k})
			h, herr := e.History(ctx, store.HistoryQuery{Key: k, Limit: 100})
			if err != nil || ferr != nil || gerr != nil || herr != nil {
				t.Errorf("reading: %v, %v, %v, %v", err, ferr, gerr, herr)
				return
			}
			if n != 1 || len(page.Keys) != 1 || counter(got[0]) != i || len(h.Changes) != i {
				t.Errorf("after write %d: counted %d, found %d, got %s, %d records", i, n, len(page.Keys), show(got[0]), len(h.Changes))
				return
			}
		}
	})
}

// findingsAreWhole: a reader never sees a finding between two states, nor a state
// without its history record, nor in a page a finding that does not match.
func findingsAreWhole(t *testing.T, open Opener) {
	e := start(t, open)
	ctx := context.Background()
	k := keyOf("a")
	apply(t, e, put(sample(k)))
	field := attribute(t, "UserDefinedFields")
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-done:
					return
				default:
				}
				h, err := e.History(ctx, store.HistoryQuery{Key: k, Limit: 1000})
				if err != nil || counter(h.Stored) != len(h.Changes) {
					t.Errorf("%s with %d records, %v", show(h.Stored), len(h.Changes), err)
					return
				}
				n := fmt.Sprint(counter(h.Stored))
				page, err := e.Find(ctx, store.Query{Scope: hub(account, region), Limit: 1,
					Filter: filter.MapTerm{Attribute: field, Key: "n", Op: filter.Equals, Value: n}})
				if err != nil || len(page.Findings) == 1 && string(sample(k, "UserDefinedFields", `{"n":"`+n+`"}`).AppendJSON(nil)) != string(page.Findings[0]) {
					t.Errorf("a search for %s found %s, %v", n, page.Findings, err)
					return
				}
			}
		})
	}
	for range 150 {
		apply(t, e, increment(k))
	}
	close(done)
	readers.Wait()
}
