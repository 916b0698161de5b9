package storetest

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/store"
)

var groupChecks = map[string]func(*testing.T, Opener){
	"GroupBy": groupBy,
	"Stats":   stats,
}

// groupBy: the largest count first, ties by value; a finding counts once for each distinct value.
func groupBy(t *testing.T, open Opener) {
	e := start(t, open)
	types := []string{`["b"]`, `["a","b"]`, `["a","a"]`, `["c","c","d"]`, `[]`, `["d"]`, `["é"]`}
	var ms []store.Mutation
	for i, list := range types {
		ms = append(ms, put(sample(keyOf(fmt.Sprint(i)), "Types", list)))
	}
	apply(t, e, ms...)
	all := []store.Bucket{{Value: "a", Count: 2}, {Value: "b", Count: 2}, {Value: "d", Count: 2}, {Value: "c", Count: 1}, {Value: "é", Count: 1}}
	isA := filter.TextTerm{Attribute: attribute(t, "Type"), Op: filter.Equals, Value: "a"}
	for _, c := range []struct {
		filter filter.Expr
		limit  int
		want   []store.Bucket
	}{
		{everything, 100, all},
		{everything, 5, all},
		{everything, 3, all[:3]},
		{everything, 1, all[:1]},
		// All values of what matches count, not only those that made it match (behaviour.md section 5.3).
		{isA, 100, []store.Bucket{{Value: "a", Count: 2}, {Value: "b", Count: 1}}},
		{filter.Const(false), 100, nil},
	} {
		got, err := e.GroupBy(context.Background(), hub(account, region), c.filter, attribute(t, "Type"), c.limit)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%v, at most %d: %v, %v; want %v", c.filter, c.limit, got, err, c.want)
		}
	}
}

func stats(t *testing.T, open Opener) {
	e, dir := startAt(t, open)
	apply(t, e, put(sample(keyOf("a"))), put(sample(keyOf("b"))))
	apply(t, e, put(sample(keyOf("a"))))
	for _, when := range []string{"at once", "after opening again"} {
		if s, err := e.Stats(context.Background()); err != nil || s.Findings != 2 {
			t.Errorf("%s: %+v, %v; want 2 findings", when, s, err)
		}
		e = reopen(t, open, e, dir)
	}
}
