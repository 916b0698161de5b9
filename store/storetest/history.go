package storetest

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
)

var historyChecks = map[string]func(*testing.T, Opener){
	"HistoryPages":   historyPages,
	"HistoryBounds":  historyBounds,
	"HistoryGrows":   historyGrows,
	"HistoryRecords": historyRecords,
	"HistoryOfNone":  historyOfNone,
}

// withIncrements makes two findings whose n increments alternate, so that their
// records lie among each other's.
func withIncrements(t *testing.T, e store.Engine, n int) (a, b finding.Key) {
	a, b = keyOf("a"), keyOf("b")
	apply(t, e, put(sample(a)), put(sample(b)))
	for range n {
		apply(t, e, increment(a), increment(b))
	}
	return a, b
}

func historyPages(t *testing.T, open Opener) {
	e := start(t, open)
	a, _ := withIncrements(t, e, 25)
	for _, limit := range []int{1, 7, 24, 25, 26, 100} {
		changes := history(t, e, store.HistoryQuery{Key: a, Limit: limit})
		if len(changes) != 25 {
			t.Errorf("pages of %d: %d records, want 25", limit, len(changes))
			continue
		}
		for i, c := range changes {
			if !c.Time.Equal(epoch.Add(time.Duration(25-i) * time.Minute)) {
				t.Errorf("pages of %d: record %d is of %v", limit, i, c.Time)
			}
		}
	}
	page, err := e.History(context.Background(), store.HistoryQuery{Key: a, Limit: 1})
	if err != nil || !sameStored(page.Stored, get(t, e, a)) {
		t.Errorf("the finding of its history is %s, %v", show(page.Stored), err)
	}
}

// historyBounds: From and To are inclusive and neither needs the other.
func historyBounds(t *testing.T, open Opener) {
	e := start(t, open)
	a, _ := withIncrements(t, e, 10)
	at := func(minute int) time.Time { return epoch.Add(time.Duration(minute) * time.Minute) }
	for _, c := range []struct {
		from, to    time.Time
		first, last int // minutes of the newest and the oldest record, 0: none
	}{
		{time.Time{}, time.Time{}, 10, 1},
		{at(4), time.Time{}, 10, 4},
		{time.Time{}, at(4), 4, 1},
		{at(4), at(7), 7, 4},
		{at(4).Add(time.Microsecond), at(7).Add(-time.Microsecond), 6, 5},
		{at(4), at(4), 4, 4},
		{at(11), time.Time{}, 0, 0},
		{time.Time{}, at(0), 0, 0},
		{at(7), at(4), 0, 0},
	} {
		var want []time.Time
		for m := c.first; m >= c.last && m > 0; m-- {
			want = append(want, at(m))
		}
		for _, limit := range []int{1, 2, 3, 100} {
			var got []time.Time
			for _, change := range history(t, e, store.HistoryQuery{Key: a, From: c.from, To: c.to, Limit: limit}) {
				got = append(got, change.Time.UTC())
			}
			if !slices.EqualFunc(got, want, time.Time.Equal) {
				t.Errorf("from %v to %v, pages of %d: %v, want %v", c.from, c.to, limit, got, want)
			}
		}
	}
}

// historyGrows: changes that arrive between two pages do not move the second.
func historyGrows(t *testing.T, open Opener) {
	e := start(t, open)
	a, _ := withIncrements(t, e, 6)
	q := store.HistoryQuery{Key: a, Limit: 2}
	for want := 6; want > 0; want -= 2 {
		page, err := e.History(context.Background(), q)
		if err != nil || len(page.Changes) != 2 {
			t.Fatalf("%d records, %v", len(page.Changes), err)
		}
		for i, c := range page.Changes {
			if !c.Time.Equal(epoch.Add(time.Duration(want-i) * time.Minute)) {
				t.Errorf("a record of %v, want that of minute %d", c.Time, want-i)
			}
		}
		if (page.Next == 0) != (want == 2) {
			t.Errorf("after minute %d next is %d", want-1, page.Next)
		}
		q.After = page.Next
		apply(t, e, increment(a))
	}
}

// historyRecords: every field of a change comes back, and a change may be without a record.
func historyRecords(t *testing.T, open Opener) {
	e, dir := startAt(t, open)
	want := []finding.Change{
		{Time: epoch.Add(time.Microsecond), Source: importer},
		{Time: epoch, Source: customer, Updates: []finding.FieldUpdate{
			{Field: "Severity", Old: `{"Label":"LOW"}`, New: ""}, {Field: "Title", Old: "", New: "日本語 \"x\""},
			{Field: "ProductFields", Old: strings.Repeat("old ", 30_000), New: strings.Repeat("new ", 30_000)},
		}},
	}
	k := keyOf("a")
	outcome := func(c *finding.Change) store.Mutation {
		return store.Mutation{Key: k, Apply: func(*finding.Stored) (finding.Outcome, error) {
			return finding.Outcome{Changed: true, Stored: created(sample(k)), Change: c}, nil
		}}
	}
	apply(t, e, outcome(nil), outcome(&want[1]), outcome(nil))
	apply(t, e, outcome(&want[0]))
	for _, when := range []string{"at once", "after opening again"} {
		if got := history(t, e, store.HistoryQuery{Key: k, Limit: 10}); !sameChanges(got, want) {
			t.Errorf("%s: %d records that differ from the %d written", when, len(got), len(want))
		}
		e = reopen(t, open, e, dir)
	}
}

func historyOfNone(t *testing.T, open Opener) {
	e := start(t, open)
	apply(t, e, put(sample(keyOf("a"))))
	page, err := e.History(context.Background(), store.HistoryQuery{Key: keyOf("b"), Limit: 1})
	if err != nil || page.Stored != nil || len(page.Changes) != 0 || page.Next != 0 {
		t.Errorf("the history of a finding that is not there: %+v, %v", page, err)
	}
}
