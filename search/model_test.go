package search

import (
	"cmp"
	"slices"

	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/finding"
)

// model is the index as it ought to be: a list that is looked through with filter.Match.
type model map[Doc]modelled

type modelled struct {
	key    finding.Key
	values filter.Values
}

// fataler is what *testing.T and *rapid.T have in common.
type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

func (m model) apply(e Entry) {
	if e.New == nil {
		delete(m, e.Doc)
		return
	}
	m[e.Doc] = modelled{e.Key, e.New}
}

func (m model) matching(q Query) []Doc {
	var docs []Doc
	for d, f := range m {
		if slices.Contains(q.Accounts, f.key.Account) && slices.Contains(q.Regions, f.key.Region) && filter.Match(q.Filter, f.values) {
			docs = append(docs, d)
		}
	}
	slices.Sort(docs)
	return docs
}

// sorted gives all findings that the query selects, in its order.
func (m model) sorted(q Query) []Doc {
	matching := m.matching(q)
	keys := map[Doc][]filter.SortValue{}
	for _, d := range matching {
		keys[d] = filter.SortKey(q.Sort, m[d].values)
	}
	slices.SortFunc(matching, func(a, b Doc) int {
		return cmp.Or(filter.CompareSort(q.Sort, keys[a], keys[b]), m[a].key.Compare(m[b].key))
	})
	return matching
}

func docs(hits []Hit) []Doc {
	var docs []Doc
	for _, h := range hits {
		docs = append(docs, h.Doc)
	}
	return docs
}

func checkCount(t fataler, ix *Index, m model, q Query) {
	t.Helper()
	sure, unsure := ix.Count(q.Accounts, q.Regions, q.Filter)
	for _, d := range unsure {
		if f, ok := m[d]; ok && filter.Match(q.Filter, f.values) {
			sure++
		}
	}
	if want := len(m.matching(q)); sure != want {
		t.Fatalf("%v: %d findings, want %d", q.Filter, sure, want)
	}
}

// checkGroup leaves out what the index is not sure of, as it does itself.
func checkGroup(t fataler, ix *Index, m model, q Query, by filter.Attribute) {
	t.Helper()
	got, unsure, ok := ix.GroupBy(q.Accounts, q.Regions, q.Filter, by, q.Limit)
	if !ok {
		t.Fatalf("%v is held whole, but cannot be grouped by", by)
	}
	counts := map[string]int{}
	for _, d := range m.matching(q) {
		if slices.Contains(unsure, d) {
			continue
		}
		seen := map[string]bool{}
		for _, v := range m[d].values.Of(by) {
			if !seen[string(v.Text)] {
				counts[string(v.Text)]++
				seen[string(v.Text)] = true
			}
		}
	}
	var want []Bucket
	for v, n := range counts {
		want = append(want, Bucket{v, n})
	}
	slices.SortFunc(want, func(a, b Bucket) int { return cmp.Or(b.Count-a.Count, cmp.Compare(a.Value, b.Value)) })
	if want = want[:min(q.Limit, len(want))]; !slices.Equal(got, want) {
		t.Fatalf("%v by %v: %v, want %v", q.Filter, by, got, want)
	}
}

// checkPages walks all pages and compares them, joined, with the whole result.
func checkPages(t fataler, ix *Index, m model, q Query) {
	t.Helper()
	want, got := m.sorted(q), []Doc(nil)
	for {
		r := ix.Find(q)
		if r.Unsorted {
			checkUnsorted(t, m, q, r.Hits, want)
			return
		}
		got = append(got, confirmed(t, m, q, r.Hits)...)
		if !r.More {
			break
		}
		checkLast(t, m, q, &r)
		q.After = &r.Last
	}
	if !slices.Equal(got, want) {
		t.Fatalf("%v sorted %v: %v, want %v", q.Filter, q.Sort, got, want)
	}
}

// confirmed gives the hits that match, as the engine would find on their rows.
func confirmed(t fataler, m model, q Query, hits []Hit) []Doc {
	t.Helper()
	var got []Doc
	for _, h := range hits {
		if filter.Match(q.Filter, m[h.Doc].values) {
			got = append(got, h.Doc)
		} else if h.Sure {
			t.Fatalf("%v: finding %d is sure and does not match", q.Filter, h.Doc)
		}
	}
	return got
}

// checkLast holds that a page which is not the last is full and ends at its position.
func checkLast(t fataler, m model, q Query, r *Result) {
	t.Helper()
	if len(r.Hits) != q.Limit {
		t.Fatalf("%d hits of %d and more to come", len(r.Hits), q.Limit)
	}
	last := m[r.Hits[q.Limit-1].Doc]
	if r.Last.Key != last.key || filter.CompareSort(q.Sort, r.Last.Sort, filter.SortKey(q.Sort, last.values)) != 0 {
		t.Fatalf("position %v, want that of %v", r.Last, last)
	}
}

// checkUnsorted holds that a result without order is whole, and only there where texts
// that the sort needs may be missing.
func checkUnsorted(t fataler, m model, q Query, hits []Hit, want []Doc) {
	t.Helper()
	if !slices.ContainsFunc(q.Sort, func(o filter.Order) bool { return filter.Attributes[o.Attribute].Text }) {
		t.Fatalf("a sort by %v has no order", q.Sort)
	}
	got := confirmed(t, m, q, hits)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Fatalf("%v unsorted: %v, want %v", q.Filter, got, want)
	}
}

func checkLookup(t fataler, ix *Index, m model) {
	t.Helper()
	for d, f := range m {
		if got, ok := ix.Lookup(f.key); !ok || got != d {
			t.Fatalf("Lookup(%v) = %d, %v, want %d", f.key, got, ok, d)
		}
		f.key.ID += "x"
		if got, ok := ix.Lookup(f.key); ok {
			t.Fatalf("Lookup(%v) = %d, want nothing", f.key, got)
		}
	}
}
