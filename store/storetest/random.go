package storetest

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/findinghub/findinghub/asff"
	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/filter/filtertest"
	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
	"github.com/findinghub/findinghub/store/memory"
)

var randomChecks = map[string]func(*testing.T, Opener){
	"AgainstModel": againstModel,
}

// trial is one random run: the engine and the model get the same mutations in hubs of
// the trial's own, and must then give the same answers.
type trial struct {
	engine, model store.Engine
	findings      []asff.Finding
	keys          []finding.Key
	scope         store.Scope
}

// againstModel compares an engine with package memory: random findings are stored,
// replaced and changed in random calls, then searched with random filters and sorts.
func againstModel(t *testing.T, open Opener) {
	e, dir := startAt(t, open, events)
	var trials atomic.Int64
	var last *trial
	rapid.Check(t, func(rt *rapid.T) {
		n := trials.Add(1)
		tr := &trial{engine: e, model: memory.NewWithEvents([16]byte{1})}
		tr.draw(rt, n)
		before, err := e.LastEvent(context.Background())
		if err != nil {
			rt.Fatalf("LastEvent: %v", err)
		}
		for range rapid.IntRange(1, 4).Draw(rt, "calls") {
			tr.mutate(rt)
			if rapid.IntRange(0, 2).Draw(rt, "erase") == 0 {
				tr.erase(rt)
			}
		}
		tr.compareEvents(rt, before)
		tr.compare(rt)
		last = tr
	})
	// The same again from what a new start reads.
	last.engine = reopen(t, open, e, dir)
	rapid.Check(t, last.compare)
}

// draw makes findings in hubs that no other trial uses.
func (tr *trial) draw(t *rapid.T, n int64) {
	tr.findings = filtertest.Findings(1, 12).Draw(t, "findings")
	for i := range tr.findings {
		f := &tr.findings[i]
		f.SetText("AwsAccountId", trialAccount(n, f.Text("AwsAccountId")))
		tr.keys = append(tr.keys, (&finding.Stored{Finding: *f}).Key())
	}
	tr.scope = store.Scope{
		Accounts: []string{trialAccount(n, "111111111111"), trialAccount(n, "222222222222")},
		Regions:  []string{"us-east-1", "eu-west-1"},
	}
}

// trialAccount is an account of a trial's own for each that a finding may be drawn with.
func trialAccount(trial int64, drawn string) string { return fmt.Sprintf("%s%011d", drawn[:1], trial) }

// mutate applies one random call to both.
func (tr *trial) mutate(t *rapid.T) {
	ms := rapid.SliceOfN(rapid.Custom(tr.mutation), 1, 2*len(tr.findings)).Draw(t, "call")
	got, err := tr.engine.Apply(context.Background(), ms)
	want, merr := tr.model.Apply(context.Background(), ms)
	if err != nil || merr != nil {
		t.Fatalf("Apply: %v, %v", err, merr)
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("Apply gave %v, want %v", got, want)
	}
}

// erase removes some findings from both.
func (tr *trial) erase(t *rapid.T) {
	keys := rapid.SliceOf(rapid.SampledFrom(tr.keys)).Draw(t, "erased")
	owned := finding.Owned(rapid.IntRange(0, 1).Draw(t, "owned"))
	sure := func(s *finding.Stored) bool { return s.Owned%2 == owned }
	got, err := tr.engine.Erase(context.Background(), keys, sure)
	want, merr := tr.model.Erase(context.Background(), keys, sure)
	if err != nil || merr != nil || got != want {
		t.Fatalf("erased %d, want %d; %v, %v", got, want, err, merr)
	}
}

// compareEvents compares the events of each finding, which are in order; those of several
// findings of one call need not be.
func (tr *trial) compareEvents(t *rapid.T, before string) {
	ctx := context.Background()
	got, err := tr.engine.Events(ctx, before, 10_000)
	want, merr := tr.model.Events(ctx, "", 10_000)
	if err != nil || merr != nil {
		t.Fatalf("Events: %v, %v", err, merr)
	}
	byKey := func(a, b store.Event) int { return a.Key.Compare(b.Key) }
	slices.SortStableFunc(got, byKey)
	slices.SortStableFunc(want, byKey)
	same := slices.EqualFunc(got, want, func(a, b store.Event) bool {
		return a.Key == b.Key && a.Time.Equal(b.Time) && string(a.Finding) == string(b.Finding)
	})
	if !same {
		t.Fatalf("the events are %v, want %v", got, want)
	}
}

// mutation draws what happens to one finding: its content becomes one of those
// drawn, with or without a record, or it stays, or it fails.
func (tr *trial) mutation(t *rapid.T) store.Mutation {
	i := rapid.IntRange(0, len(tr.findings)-1).Draw(t, "finding")
	k := tr.keys[i]
	content := tr.findings[rapid.IntRange(0, len(tr.findings)-1).Draw(t, "content")].Clone()
	content.SetText("Id", k.ID)
	content.SetText("AwsAccountId", k.Account)
	content.SetText("Region", k.Region)
	content.SetText("ProductArn", k.ProductArn)
	kind := rapid.IntRange(0, 5).Draw(t, "kind")
	minute := rapid.IntRange(0, 100).Draw(t, "minute")
	return store.Mutation{Key: k, Apply: func(old *finding.Stored) (finding.Outcome, error) {
		switch {
		case kind == 0:
			return finding.Outcome{}, nil
		case kind == 1 && old != nil:
			return finding.Outcome{}, finding.ErrDuplicate
		}
		s := created(content)
		if old != nil {
			s.Owned = old.Owned + 1
		}
		out := finding.Outcome{Changed: true, Stored: s}
		if kind > 3 && old != nil {
			out.Change = &finding.Change{Time: epoch.Add(time.Duration(minute) * time.Minute), Source: customer,
				Updates: []finding.FieldUpdate{{Field: "Owned", Old: strconv.Itoa(int(old.Owned)), New: strconv.Itoa(int(s.Owned))}}}
		}
		return out, nil
	}}
}

// compare asks both everything.
func (tr *trial) compare(t *rapid.T) {
	tr.compareFindings(t)
	for range 3 {
		e := filtertest.Expr(tr.findings).Draw(t, "filter")
		tr.compareFind(t, e)
		tr.compareCounts(t, e)
	}
}

func (tr *trial) compareFindings(t *rapid.T) {
	ctx := context.Background()
	got, err := tr.engine.Get(ctx, tr.keys)
	want, merr := tr.model.Get(ctx, tr.keys)
	if err != nil || merr != nil {
		t.Fatalf("Get: %v, %v", err, merr)
	}
	for i := range want {
		if !sameStored(got[i], want[i]) {
			t.Fatalf("got %s, want %s", show(got[i]), show(want[i]))
		}
	}
	q := store.HistoryQuery{Key: tr.keys[0], Limit: rapid.IntRange(1, 5).Draw(t, "history limit")}
	if rapid.Bool().Draw(t, "bounded") {
		q.From = epoch.Add(time.Duration(rapid.IntRange(0, 60).Draw(t, "from")) * time.Minute)
		q.To = q.From.Add(time.Hour)
	}
	if got, want := allHistory(t, tr.engine, q), allHistory(t, tr.model, q); !sameChanges(got, want) {
		t.Fatalf("history %v, want %v", got, want)
	}
}

func allHistory(t *rapid.T, e store.Engine, q store.HistoryQuery) (all []finding.Change) {
	for {
		page, err := e.History(context.Background(), q)
		if err != nil {
			t.Fatalf("History: %v", err)
		}
		all = append(all, page.Changes...)
		if page.Next == 0 || len(all) > 1000 {
			return all
		}
		q.After = page.Next
	}
}

// compareFind compares page by page: keys, bytes, and where each page ends.
func (tr *trial) compareFind(t *rapid.T, e filter.Expr) {
	ctx := context.Background()
	q := store.Query{Scope: tr.someScope(t), Filter: e, Sort: filtertest.Sort().Draw(t, "sort"), Limit: rapid.IntRange(1, 6).Draw(t, "limit")}
	if rapid.IntRange(0, 4).Draw(t, "unsorted") == 0 {
		q.Sort = nil
	}
	for pages := 0; ; pages++ {
		got, err := tr.engine.Find(ctx, q)
		want, merr := tr.model.Find(ctx, q)
		if err != nil || merr != nil {
			t.Fatalf("Find: %v, %v", err, merr)
		}
		if !slices.Equal(got.Keys, want.Keys) {
			t.Fatalf("%v by %v, page %d: found %v, want %v", e, q.Sort, pages, got.Keys, want.Keys)
		}
		for i := range want.Findings {
			if string(got.Findings[i]) != string(want.Findings[i]) {
				t.Fatalf("found %s, want %s", got.Findings[i], want.Findings[i])
			}
		}
		if (got.Next == nil) != (want.Next == nil) {
			t.Fatalf("%v by %v, page %d: next is %v, want %v", e, q.Sort, pages, got.Next, want.Next)
		}
		if got.Next == nil {
			return
		}
		q.After = got.Next
	}
}

func (tr *trial) compareCounts(t *rapid.T, e filter.Expr) {
	ctx := context.Background()
	s := tr.someScope(t)
	got, err := tr.engine.Count(ctx, s, e)
	want, merr := tr.model.Count(ctx, s, e)
	if err != nil || merr != nil || got != want {
		t.Fatalf("%v counts %d, want %d; %v, %v", e, got, want, err, merr)
	}
	by := stringAttribute().Draw(t, "by")
	limit := rapid.IntRange(1, 8).Draw(t, "buckets")
	buckets, err := tr.engine.GroupBy(ctx, s, e, by, limit)
	wantBuckets, merr := tr.model.GroupBy(ctx, s, e, by, limit)
	if err != nil || merr != nil || !slices.Equal(buckets, wantBuckets) {
		t.Fatalf("%v by %s: %v, want %v; %v, %v", e, filter.Attributes[by].Name, buckets, wantBuckets, err, merr)
	}
}

// someScope is mostly all of the trial's hubs.
func (tr *trial) someScope(t *rapid.T) store.Scope {
	s := tr.scope
	if rapid.IntRange(0, 3).Draw(t, "one account") == 0 {
		s.Accounts = s.Accounts[:1]
	}
	if rapid.IntRange(0, 3).Draw(t, "one region") == 0 {
		s.Regions = s.Regions[1:]
	}
	return s
}

// stringAttribute draws an attribute that GroupBy is for.
func stringAttribute() *rapid.Generator[filter.Attribute] {
	var all []filter.Attribute
	for a := range filter.Attributes {
		if filter.Attributes[a].Kind == filter.KindString {
			all = append(all, filter.Attribute(a))
		}
	}
	return rapid.SampledFrom(all)
}
