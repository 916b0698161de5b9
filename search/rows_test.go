package search

import (
	"cmp"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/finding"
)

// rows makes an index and its model of findings 0, 1, 2 and so on in one hub. Each has
// the values given and its number as Id.
func rows(l limits, findings ...filter.Values) (*Index, model) {
	ix, m := newIndex(l), model{}
	var batch []Entry
	for i, vs := range findings {
		k := finding.Key{Account: "1", Region: "r", ProductArn: "p", ID: strconv.Itoa(i)}
		e := Entry{Doc: Doc(i), Key: k, New: sortedValues(append(vs, str(filter.Id, k.ID)...))}
		batch = append(batch, e)
		m.apply(e)
	}
	ix.Apply(batch)
	return ix, m
}

// sortedValues orders values as Extract gives them.
func sortedValues(vs filter.Values) filter.Values {
	slices.SortStableFunc(vs, func(a, b filter.Value) int { return cmp.Compare(a.Attribute, b.Attribute) })
	return vs
}

func all(parts ...filter.Values) filter.Values { return slices.Concat(parts...) }

func str(a filter.Attribute, texts ...string) filter.Values {
	var vs filter.Values
	for _, s := range texts {
		vs = append(vs, filter.Value{Attribute: a, Text: []byte(s)})
	}
	return vs
}

func pair(a filter.Attribute, key, value string) filter.Values {
	return filter.Values{{Attribute: a, Key: []byte(key), Text: []byte(value)}}
}

func number(a filter.Attribute, numbers ...float64) filter.Values {
	var vs filter.Values
	for _, n := range numbers {
		vs = append(vs, filter.Value{Attribute: a, Number: n})
	}
	return vs
}

func date(a filter.Attribute, times ...string) filter.Values {
	var vs filter.Values
	for _, s := range times {
		vs = append(vs, filter.Value{Attribute: a, Micros: at(s).UnixMicro()})
	}
	return vs
}

// at reads a time of a test's table.
func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		panic(err)
	}
	return t
}

// selected gives the findings that a filter selects in the rows' hub, by number, and
// fails when the index is not sure of one.
func selected(t *testing.T, ix *Index, e filter.Expr) []Doc {
	t.Helper()
	r := ix.Find(Query{Accounts: []string{"1"}, Regions: []string{"r"}, Filter: e, Limit: 1000})
	for _, h := range r.Hits {
		if !h.Sure {
			t.Errorf("%v: not sure of finding %d", e, h.Doc)
		}
	}
	got := docs(r.Hits)
	slices.Sort(got)
	return got
}

// inOrder gives the findings in the order of a sort.
func inOrder(ix *Index, limit int, after *Position, orders ...filter.Order) []Doc {
	return docs(ix.Find(Query{Accounts: []string{"1"}, Regions: []string{"r"}, Filter: filter.Const(true), Sort: orders, After: after, Limit: limit}).Hits)
}

// withoutText holds no free text at all.
func withoutText() limits {
	l := defaultLimits()
	l.freeText, l.freeTextPerFinding, l.short = 0, 0, 0
	return l
}
