package storetest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/findinghub/findinghub/asff"
	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
)

var applyChecks = map[string]func(*testing.T, Opener){
	"ApplyAndGet":          applyAndGet,
	"ApplyLarge":           applyLarge,
	"ApplySeesState":       applySeesState,
	"ApplyUnchanged":       applyUnchanged,
	"ApplySeveralOfOneKey": applySeveralOfOneKey,
	"ApplyErrors":          applyErrors,
	"ApplyPanic":           applyPanic,
	"ApplyOtherKey":        applyOtherKey,
	"ApplyNothing":         applyNothing,
	"BytesAreCopied":       bytesAreCopied,
}

// applyAndGet: every field of Stored comes back, and what the hub does not understand.
func applyAndGet(t *testing.T, open Opener) {
	e := start(t, open)
	states := []finding.Stored{
		created(sample(keyOf("plain"))),
		{Finding: sample(keyOf("owned"), "Unknown", `{"a":[1,2.50,null,"é\"\\\n🙂"],"b":{}}`),
			Owned: finding.OwnsSeverity | finding.OwnsTypes | finding.OwnsConfidence, CreatedTime: epoch.Add(time.Microsecond), CreatedBy: customer},
		{Finding: sample(keyOf("timeless"))},
		created(sample(keyOf(`id with "quotes", \ and 日本語`))),
	}
	var ms []store.Mutation
	keys := []finding.Key{keyOf("nobody")}
	for _, s := range states {
		ms = append(ms, store.Mutation{Key: s.Key(), Apply: func(*finding.Stored) (finding.Outcome, error) {
			return finding.Outcome{Changed: true, Stored: s}, nil
		}})
		keys = append(keys, s.Key(), s.Key())
	}
	apply(t, e, ms...)
	got, err := e.Get(context.Background(), keys)
	if err != nil || len(got) != len(keys) {
		t.Fatalf("Get: %d findings, %v", len(got), err)
	}
	if got[0] != nil {
		t.Errorf("a finding that nobody stored: %s", show(got[0]))
	}
	for i := range states {
		for _, s := range got[1+2*i : 3+2*i] {
			if !sameStored(s, &states[i]) {
				t.Errorf("got %s\nwant %s", show(s), show(&states[i]))
			}
		}
	}
	if none, err := e.Get(context.Background(), nil); err != nil || len(none) != 0 {
		t.Errorf("Get of nothing: %v, %v", none, err)
	}
}

// applyLarge: a finding of the largest size, and one that grows to it and shrinks again.
func applyLarge(t *testing.T, open Opener) {
	e, dir := startAt(t, open)
	k := keyOf("large")
	small := sample(k)
	large := sample(k, "ProductFields", `{"blob":"`+strings.Repeat("large 日本語 ", 12_000)+`"}`)
	if n := large.Size(); n < 190_000 || n > asff.MaxFindingSize {
		t.Fatalf("the sample has %d bytes", n)
	}
	for _, f := range []asff.Finding{small, large, small, large} {
		apply(t, e, put(f))
		want := created(f)
		if got := get(t, e, k); !sameStored(got, &want) {
			t.Fatalf("a finding of %d bytes came back different", f.Size())
		}
	}
	e = reopen(t, open, e, dir)
	if want := created(large); !sameStored(get(t, e, k), &want) {
		t.Fatal("the large finding is different after opening again")
	}
}

// applySeesState: a mutation gets nil for a finding that is not there, then what was stored.
func applySeesState(t *testing.T, open Opener) {
	e := start(t, open)
	want := created(sample(keyOf("a")))
	want.Owned = finding.OwnsSeverity
	var seen []*finding.Stored
	m := store.Mutation{Key: keyOf("a"), Apply: func(old *finding.Stored) (finding.Outcome, error) {
		seen = append(seen, old)
		return finding.Outcome{Changed: true, Stored: want}, nil
	}}
	apply(t, e, m)
	if seen[len(seen)-1] != nil {
		t.Errorf("the first state is %s, want none", show(seen[0]))
	}
	apply(t, e, m)
	if got := seen[len(seen)-1]; !sameStored(got, &want) {
		t.Errorf("the second state is %s, want %s", show(got), show(&want))
	}
}

// applyUnchanged: an outcome that is not a change leaves the finding and its history
// alone, whatever else the outcome says.
func applyUnchanged(t *testing.T, open Opener) {
	e := start(t, open)
	unchanged := func(id string) store.Mutation {
		return store.Mutation{Key: keyOf(id), Apply: func(*finding.Stored) (finding.Outcome, error) {
			return finding.Outcome{Stored: created(sample(keyOf(id), "Title", `"other"`)), Change: &finding.Change{Time: epoch}}, nil
		}}
	}
	apply(t, e, put(sample(keyOf("a"))), unchanged("a"), unchanged("b"))
	want := created(sample(keyOf("a")))
	if got := get(t, e, keyOf("a")); !sameStored(got, &want) {
		t.Errorf("got %s, want %s", show(got), show(&want))
	}
	if got := get(t, e, keyOf("b")); got != nil {
		t.Errorf("got %s, want none", show(got))
	}
	if n := len(history(t, e, store.HistoryQuery{Key: keyOf("a"), Limit: 10})); n != 0 {
		t.Errorf("%d history records, want none", n)
	}
}

// applySeveralOfOneKey: mutations of one key in one call see each other, in order,
// among those of other keys.
func applySeveralOfOneKey(t *testing.T, open Opener) {
	e := start(t, open)
	a, b := keyOf("a"), keyOf("b")
	apply(t, e, put(sample(a)), increment(a), put(sample(b)), increment(a), increment(b), increment(a))
	apply(t, e, increment(a), increment(b), increment(a))
	for k, want := range map[finding.Key]int{a: 5, b: 2} {
		if got := counter(get(t, e, k)); got != want {
			t.Errorf("%s was incremented to %d, want %d", k.ID, got, want)
		}
		checkCounterHistory(t, e, k, want)
	}
}

// checkCounterHistory wants one record for each of n increments, newest first.
func checkCounterHistory(t testing.TB, e store.Engine, k finding.Key, n int) {
	t.Helper()
	changes := history(t, e, store.HistoryQuery{Key: k, Limit: 100})
	if len(changes) != n {
		t.Errorf("%s has %d history records, want %d", k.ID, len(changes), n)
		return
	}
	for i, c := range changes {
		if want := epoch.Add(time.Duration(n-i) * time.Minute); !c.Time.Equal(want) {
			t.Errorf("%s: record %d of %v, want %v", k.ID, i, c.Time, want)
			return
		}
	}
}

// applyErrors: each mutation has its own result, and one that fails touches nothing.
func applyErrors(t *testing.T, open Opener) {
	e := start(t, open)
	a, b, c := keyOf("a"), keyOf("b"), keyOf("c")
	odd := errors.New("odd")
	errs, err := e.Apply(context.Background(), []store.Mutation{
		increment(a), put(sample(a)), failing(a, odd), increment(a), failing(b, finding.ErrInvalidInput), put(sample(c)), increment(b),
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []error{finding.ErrNotFound, nil, odd, nil, finding.ErrInvalidInput, nil, finding.ErrNotFound}
	for i := range want {
		if !errors.Is(errs[i], want[i]) || want[i] == nil && errs[i] != nil {
			t.Errorf("mutation %d: %v, want %v", i, errs[i], want[i])
		}
	}
	if got := get(t, e, a); got == nil || counter(got) != 1 {
		t.Errorf("a is %s, want it incremented once", show(got))
	}
	if got := get(t, e, b); got != nil {
		t.Errorf("b is %s, want none", show(got))
	}
	if got := get(t, e, c); got == nil {
		t.Error("c is missing")
	}
}

// applyPanic: a mutation that panics fails alone and the engine works on.
func applyPanic(t *testing.T, open Opener) {
	e := start(t, open)
	k := keyOf("a")
	apply(t, e, put(sample(k)))
	bad := store.Mutation{Key: k, Apply: func(*finding.Stored) (finding.Outcome, error) { panic("a mutation of the test suite") }}
	errs, err := e.Apply(context.Background(), []store.Mutation{increment(k), bad, increment(k), put(sample(keyOf("b")))})
	if err != nil {
		t.Fatal(err)
	}
	if errs[0] != nil || errs[1] == nil || errs[2] != nil || errs[3] != nil {
		t.Errorf("errors %v, want one at 1", errs)
	}
	if n := counter(get(t, e, k)); n != 2 {
		t.Errorf("the counter is %d, want 2", n)
	}
}

// applyOtherKey: an outcome that is another finding is refused: engines find a
// finding again by what it says itself.
func applyOtherKey(t *testing.T, open Opener) {
	e := start(t, open)
	a, b := keyOf("a"), keyOf("b")
	m := put(sample(b))
	m.Key = a
	errs, err := e.Apply(context.Background(), []store.Mutation{m})
	if err != nil {
		t.Fatal(err)
	}
	if errs[0] == nil {
		t.Error("a mutation of a made b")
	}
	if get(t, e, a) != nil || get(t, e, b) != nil {
		t.Error("the mutation that was refused stored something")
	}
}

func applyNothing(t *testing.T, open Opener) {
	e := start(t, open)
	if errs, err := e.Apply(context.Background(), nil); err != nil || len(errs) != 0 {
		t.Errorf("Apply of nothing: %v, %v", errs, err)
	}
}

// bytesAreCopied: what a caller does to its bytes after a call is no business of the
// engine's: neither to those it gave nor to those it got.
func bytesAreCopied(t *testing.T, open Opener) {
	e := start(t, open)
	k := keyOf("a")
	raw := sample(k).AppendJSON(nil)
	mine, err := asff.ParseStored(raw)
	if err != nil {
		t.Fatal(err)
	}
	want := created(sample(k))
	apply(t, e, put(mine))
	clear(raw)
	got := get(t, e, k)
	if !sameStored(got, &want) {
		t.Fatalf("got %s, want %s", show(got), show(&want))
	}
	for _, m := range got.Finding {
		clear(m.Value)
	}
	q := store.Query{Scope: hub(account, region), Filter: everything, Limit: 1}
	page, err := e.Find(context.Background(), q)
	if err != nil || len(page.Findings) != 1 {
		t.Fatalf("Find: %v, %v", page, err)
	}
	clear(page.Findings[0])
	if got := get(t, e, k); !sameStored(got, &want) {
		t.Errorf("after the caller overwrote its copies: %s", show(got))
	}
}
