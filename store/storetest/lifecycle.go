package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
)

var lifecycleChecks = map[string]func(*testing.T, Opener){
	"CancelledBefore": cancelledBefore,
	"CancelledDuring": cancelledDuring,
	"Closed":          closed,
	"CloseUnderLoad":  closeUnderLoad,
}

// everyCall makes every call of an engine once and gives their errors by name.
func everyCall(ctx context.Context, e store.Engine) map[string]error {
	errs := map[string]error{}
	_, errs["Apply"] = e.Apply(ctx, []store.Mutation{put(sample(keyOf("a")))})
	_, errs["Get"] = e.Get(ctx, []finding.Key{keyOf("a")})
	_, errs["Find"] = e.Find(ctx, store.Query{Scope: hub(account, region), Filter: everything, Limit: 1})
	_, errs["Count"] = e.Count(ctx, hub(account, region), everything)
	_, errs["GroupBy"] = e.GroupBy(ctx, hub(account, region), everything, 0, 1)
	_, errs["History"] = e.History(ctx, store.HistoryQuery{Key: keyOf("a"), Limit: 1})
	_, errs["GetRecord"] = e.GetRecord(ctx, "hubs", account, region, "default")
	errs["PutRecord"] = e.PutRecord(ctx, recordIn("hubs", account, region, "default", ""), false)
	errs["DeleteRecord"] = e.DeleteRecord(ctx, "hubs", account, region, "default")
	_, errs["ListRecords"] = e.ListRecords(ctx, "hubs", account, region, "", 1)
	errs["EditRecord"] = e.EditRecord(ctx, "hubs", account, region, "default", func([]byte) ([]byte, error) { return []byte{}, nil })
	_, errs["Events"] = e.Events(ctx, "", 1)
	_, errs["LastEvent"] = e.LastEvent(ctx)
	_, _, errs["Backlog"] = e.Backlog(ctx, "")
	_, _, errs["EventAt"] = e.EventAt(ctx, "", 1)
	_, errs["TrimEvents"] = e.TrimEvents(ctx, "", 1)
	_, errs["Erase"] = e.Erase(ctx, []finding.Key{keyOf("a")}, always)
	_, errs["Scan"] = e.Scan(ctx, nil, 1)
	errs["Load"] = e.Load(ctx, []store.Whole{{Key: keyOf("a"), Stored: created(sample(keyOf("a")))}})
	_, errs["ScanRecords"] = e.ScanRecords(ctx, nil, 1)
	errs["Ready"] = e.Ready(ctx)
	_, errs["Stats"] = e.Stats(ctx)
	return errs
}

// cancelledBefore: with a context that is over, every call fails with the context's error and does nothing.
func cancelledBefore(t *testing.T, open Opener) {
	e := start(t, open)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for name, err := range everyCall(ctx, e) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s with a context that is over: %v", name, err)
		}
	}
	if got := get(t, e, keyOf("a")); got != nil {
		t.Errorf("Apply with a context that is over stored %s", show(got))
	}
	if _, err := e.GetRecord(context.Background(), "hubs", account, region, "default"); !errors.Is(err, store.ErrNoRecord) {
		t.Errorf("PutRecord with a context that is over: %v", err)
	}
}

// cancelledDuring: a call that is cancelled on its way has happened or has not, as a
// whole; and if it says that it has, it has.
func cancelledDuring(t *testing.T, open Opener) {
	e := start(t, open)
	const callers, calls, findings = 4, 40, 5
	happened := make([][calls]bool, callers)
	inParallel(callers, func(w int) {
		// Each caller a reproducible sequence of moments.
		moments := rand.New(rand.NewPCG(1, uint64(w)))
		for c := range calls {
			ctx, cancel := context.WithCancel(context.Background())
			var ms []store.Mutation
			for i := range findings {
				m := put(sample(keyOf(fmt.Sprintf("%d-%d-%d", w, c, i))))
				inner := m.Apply
				m.Apply = func(old *finding.Stored) (finding.Outcome, error) {
					out, err := inner(old)
					out.Change = &finding.Change{Time: epoch, Source: importer}
					return out, err
				}
				ms = append(ms, m)
			}
			spin := moments.IntN(40_000)
			var cancelled sync.WaitGroup
			cancelled.Go(func() {
				for range spin {
					_ = ctx.Err()
				}
				cancel()
			})
			_, err := e.Apply(ctx, ms)
			cancelled.Wait()
			if happened[w][c] = err == nil; err != nil && !errors.Is(err, context.Canceled) {
				t.Errorf("Apply: %v", err)
			}
		}
	})
	for w := range callers {
		for c := range calls {
			checkWhole(t, e, fmt.Sprintf("%d-%d", w, c), findings, happened[w][c])
		}
	}
}

// checkWhole wants all findings of a call or none, each with its history record.
func checkWhole(t *testing.T, e store.Engine, call string, findings int, must bool) {
	t.Helper()
	there := 0
	for i := range findings {
		k := keyOf(fmt.Sprintf("%s-%d", call, i))
		got := get(t, e, k)
		if got == nil {
			continue
		}
		there++
		if want := created(sample(k)); !sameStored(got, &want) {
			t.Errorf("got %s, want %s", show(got), show(&want))
		}
		if n := len(history(t, e, store.HistoryQuery{Key: k, Limit: 10})); n != 1 {
			t.Errorf("%s has %d history records, want 1", k.ID, n)
		}
	}
	if must && there != findings || there != 0 && there != findings {
		t.Errorf("call %s stored %d of %d findings; acknowledged: %t", call, there, findings, must)
	}
}

// closed: after Close every call says so, and so does Close again: nothing.
func closed(t *testing.T, open Opener) {
	e := start(t, open)
	closeEngine(t, e)
	closeEngine(t, e)
	for name, err := range everyCall(context.Background(), e) {
		if !errors.Is(err, store.ErrClosed) {
			t.Errorf("%s after Close: %v", name, err)
		}
	}
}

// closeUnderLoad: calls that run while Close is called finish or say ErrClosed, and what
// finished is there after opening again.
func closeUnderLoad(t *testing.T, open Opener) {
	e, dir := startAt(t, open)
	const writers = 4
	var acknowledged [writers]int
	var started, all sync.WaitGroup
	started.Add(writers)
	for w := range writers {
		all.Go(func() {
			for i := 0; ; i++ {
				_, err := e.Apply(context.Background(), []store.Mutation{createOrIncrement(sample(keyOf(fmt.Sprint(w))))})
				if err == nil {
					acknowledged[w]++
				}
				if i == 0 {
					started.Done()
				}
				for name, rerr := range everyCall(context.Background(), e) {
					if rerr != nil && !errors.Is(rerr, store.ErrClosed) && !errors.Is(rerr, store.ErrNoRecord) {
						t.Errorf("%s during Close: %v", name, rerr)
					}
				}
				if err != nil {
					if !errors.Is(err, store.ErrClosed) {
						t.Errorf("Apply during Close: %v", err)
					}
					return
				}
			}
		})
	}
	started.Wait()
	again := reopen(t, open, e, dir)
	all.Wait()
	for w, n := range acknowledged {
		if got := get(t, again, keyOf(fmt.Sprint(w))); got == nil || counter(got) != n-1 {
			t.Errorf("finding %d is %s after %d writes", w, show(got), n)
		}
	}
}
