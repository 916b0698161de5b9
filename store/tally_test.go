package store_test

import (
	"slices"
	"testing"
	"time"

	"github.com/findinghub/findinghub/asff"
	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/store"
)

// TestTally: a finding counts once for each distinct value; the largest count first, ties by value.
func TestTally(t *testing.T) {
	types, ok := filter.Lookup("Type")
	if !ok {
		t.Fatal("no attribute Type")
	}
	var tally store.Tally
	for _, list := range []string{`["b"]`, `["a","a"]`, `["c","a"]`, `[]`, `["d","d","d"]`} {
		tally.Add(filter.Extract(asff.Finding{{Name: "Types", Value: []byte(list)}}, nil), types)
	}
	tally.AddCount("d", 1)
	all := []store.Bucket{{Value: "a", Count: 2}, {Value: "d", Count: 2}, {Value: "b", Count: 1}, {Value: "c", Count: 1}}
	for limit := range 6 {
		if got, want := tally.Top(limit), all[:min(limit, len(all))]; !slices.Equal(got, want) {
			t.Errorf("the top %d are %v, want %v", limit, got, want)
		}
	}
	var empty store.Tally
	if got := empty.Top(3); len(got) != 0 {
		t.Errorf("nothing counted gives %v", got)
	}
}

// TestIncludes: both bounds are inclusive, and a zero bound is none.
func TestIncludes(t *testing.T) {
	at := time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
	for _, c := range []struct {
		from, to time.Time
		want     bool
	}{
		{time.Time{}, time.Time{}, true},
		{at, at, true},
		{at.Add(1), time.Time{}, false},
		{time.Time{}, at.Add(-1), false},
		{at.Add(-1), at.Add(1), true},
		{at.In(time.FixedZone("", 3600)), time.Time{}, true},
	} {
		q := store.HistoryQuery{From: c.from, To: c.to}
		if got := q.Includes(at); got != c.want {
			t.Errorf("from %v to %v: %t, want %t", c.from, c.to, got, c.want)
		}
	}
}
