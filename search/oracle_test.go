package search

import (
	"cmp"
	"fmt"
	"hash/maphash"
	"slices"
	"testing"

	"github.com/findinghub/findinghub/asff"
	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/filter/filtertest"
	"github.com/findinghub/findinghub/finding"
	"pgregory.net/rapid"
)

// model is the index as it ought to be: a list that is looked through with filter.Match.
type model map[Doc]modelled

type modelled struct {
	key    finding.Key
	values filter.Values
}

// tiny makes every path of the index one that a few hundred findings take.
func tiny(t *rapid.T) limits {
	l := defaultLimits()
	l.chunk = rapid.SampledFrom([]int{16, 200, 8 << 10, chunkSize}).Draw(t, "chunk")
	l.minDead = rapid.SampledFrom([]int{0, 5, 1000}).Draw(t, "min dead")
	l.parallel = rapid.SampledFrom([]int{0, 1 << 20}).Draw(t, "parallel")
	switch rapid.IntRange(0, 2).Draw(t, "memory") {
	case 0:
		l.freeText, l.freeTextPerFinding, l.short = 0, 0, 0
	case 1:
		l.freeText, l.freeTextPerFinding, l.short = 60, 2, 5
	}
	if rapid.Bool().Draw(t, "collisions") {
		l.hashMask = 1<<32 | 1
	}
	return l
}

var _ = maphash.MakeSeed

// spread gives findings numbers in several blocks of a column.
func spread(i int) Doc { return Doc(i*701%97*151 + i/97) }

// TestOracle holds the index to filter.Match, CompareSort and Key.Compare while findings
// come, change and go.
func TestOracle(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ix, m := newIndex(tiny(t)), model{}
		pool := filtertest.Findings(1, 12).Draw(t, "findings")
		for range rapid.IntRange(1, 4).Draw(t, "rounds") {
			change(t, ix, m, pool)
			if ix.Len() != len(m) {
				t.Fatalf("Len %d, want %d", ix.Len(), len(m))
			}
			for range rapid.IntRange(1, 4).Draw(t, "questions") {
				e := filtertest.Expr(pool).Draw(t, "expr")
				checkCount(t, ix, m, e)
				checkGroup(t, ix, m, e)
				checkPages(t, ix, m, e)
			}
		}
		checkLookup(t, ix, m)
	})
}

// change applies a batch: a finding at a number that is free is new, at one that is taken
// it is another version of the one there, or its end.
func change(t *rapid.T, ix *Index, m model, pool []asff.Finding) {
	n := rapid.SampledFrom([]int{1, 5, 90}).Draw(t, "batch")
	batch := make([]Entry, 0, n)
	for range n {
		d := spread(rapid.IntRange(0, 140).Draw(t, "number"))
		f := rapid.SampledFrom(pool).Draw(t, "finding")
		old, taken := m[d]
		e := Entry{Doc: d, Key: old.key, Old: old.values, New: values(t, f, d)}
		switch {
		case !taken:
			e.Key = key(t, f, d)
			e.New = aliased(t, e.New, e.Key)
		case rapid.IntRange(0, 3).Draw(t, "end") == 0:
			e.New = nil
		default:
			e.New = aliased(t, e.New, e.Key)
		}
		if e.New == nil {
			delete(m, d)
		} else {
			m[d] = modelled{e.Key, e.New}
		}
		batch = append(batch, e)
	}
	ix.Apply(batch)
}

// values are a finding's, with an Id that is its own unless it is drawn to be shared.
func values(t *rapid.T, f asff.Finding, d Doc) filter.Values {
	f = slices.Clone(f)
	if rapid.Bool().Draw(t, "own id") {
		f.SetText("Id", fmt.Sprintf("finding/%d/%d", d%3, d))
	}
	return filter.Extract(f, nil)
}

// key is mostly what the finding's members say, as the hub has it.
func key(t *rapid.T, f asff.Finding, d Doc) finding.Key {
	s := finding.Stored{Finding: f}
	k := s.Key()
	k.ID = fmt.Sprintf("finding/%d/%d", d%3, d)
	switch rapid.IntRange(0, 5).Draw(t, "odd key") {
	case 0:
		k.ID = fmt.Sprintf("\x00%d", d)
	case 1:
		k.Account = "odd"
	}
	return k
}

// aliased adds the derived product field, right or wrong.
func aliased(t *rapid.T, vs filter.Values, k finding.Key) filter.Values {
	text := k.ProductArn + "/" + k.ID
	switch rapid.IntRange(0, 3).Draw(t, "alias") {
	case 0:
		return vs
	case 1:
		text = "alpha/" + k.ID
	}
	at, _ := slices.BinarySearchFunc(vs, filter.ProductFields+1, func(v filter.Value, a filter.Attribute) int { return cmp.Compare(v.Attribute, a) })
	v := filter.Value{Attribute: filter.ProductFields, Key: []byte(aliasKey), Text: []byte(text)}
	return slices.Insert(slices.Clone(vs), at, v)
}

var (
	allAccounts = []string{"111111111111", "222222222222", "odd"}
	allRegions  = []string{"us-east-1", "eu-west-1"}
)

// scope draws hubs: all, some, or none.
func scope(t *rapid.T) (accounts, regions []string) {
	accounts = rapid.SliceOfDistinct(rapid.SampledFrom(allAccounts), rapid.ID).Draw(t, "accounts")
	if len(accounts) == 0 {
		accounts = allAccounts
	}
	return accounts, allRegions[rapid.IntRange(0, 1).Draw(t, "regions"):]
}

func (m model) matching(accounts, regions []string, e filter.Expr) []Doc {
	var docs []Doc
	for d, f := range m {
		if slices.Contains(accounts, f.key.Account) && slices.Contains(regions, f.key.Region) && filter.Match(e, f.values) {
			docs = append(docs, d)
		}
	}
	slices.Sort(docs)
	return docs
}

func checkCount(t *rapid.T, ix *Index, m model, e filter.Expr) {
	accounts, regions := scope(t)
	sure, unsure := ix.Count(accounts, regions, e)
	for _, d := range unsure {
		if f, ok := m[d]; ok && filter.Match(e, f.values) {
			sure++
		}
	}
	if want := len(m.matching(accounts, regions, e)); sure != want {
		t.Fatalf("%v: %d findings, want %d", e, sure, want)
	}
}

func checkGroup(t *rapid.T, ix *Index, m model, e filter.Expr) {
	accounts, regions := scope(t)
	by := rapid.SampledFrom([]filter.Attribute{filter.SeverityLabel, filter.Title, filter.ResourceId, filter.Id, filter.Type}).Draw(t, "by")
	limit := rapid.IntRange(1, 6).Draw(t, "limit")
	got, unsure, ok := ix.GroupBy(accounts, regions, e, by, limit)
	if !ok {
		t.Fatalf("%v is held whole, but cannot be grouped by", by)
	}
	counts := map[string]int{}
	for _, d := range m.matching(accounts, regions, e) {
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
	if want = want[:min(limit, len(want))]; !slices.Equal(got, want) {
		t.Fatalf("%v by %v: %v, want %v", e, by, got, want)
	}
}

// checkPages walks all pages; between two of them the finding that the position came
// from may change or go.
func checkPages(t *rapid.T, ix *Index, m model, e filter.Expr) {
	accounts, regions := scope(t)
	orders := filtertest.Sort().Draw(t, "sort")
	limit := rapid.SampledFrom([]int{1, 3, 1000}).Draw(t, "page")
	want := m.matching(accounts, regions, e)
	slices.SortFunc(want, func(a, b Doc) int { return m.compare(orders, a, b) })
	q := Query{Accounts: accounts, Regions: regions, Filter: e, Sort: orders, Limit: limit}
	var got []Doc
	for {
		r := ix.Find(q)
		if r.Unsorted {
			checkUnsorted(t, m, e, r.Hits, want)
			return
		}
		for _, h := range r.Hits {
			if match := filter.Match(e, m[h.Doc].values); match {
				got = append(got, h.Doc)
			} else if h.Sure {
				t.Fatalf("%v: finding %d is sure and does not match", e, h.Doc)
			}
		}
		if !r.More {
			break
		}
		if len(r.Hits) != limit {
			t.Fatalf("%d hits of %d and more to come", len(r.Hits), limit)
		}
		last := m[r.Hits[limit-1].Doc]
		if r.Last.Key != last.key || filter.CompareSort(orders, r.Last.Sort, filter.SortKey(orders, last.values)) != 0 {
			t.Fatalf("position %v, want that of %v", r.Last, last)
		}
		q.After = &r.Last
	}
	if !slices.Equal(got, want) {
		t.Fatalf("%v sorted %v: %v, want %v", e, orders, got, want)
	}
}

func (m model) compare(orders []filter.Order, a, b Doc) int {
	return cmp.Or(filter.CompareSort(orders, filter.SortKey(orders, m[a].values), filter.SortKey(orders, m[b].values)),
		m[a].key.Compare(m[b].key))
}

func checkUnsorted(t *rapid.T, m model, e filter.Expr, hits []Hit, want []Doc) {
	var got []Doc
	for _, h := range hits {
		if filter.Match(e, m[h.Doc].values) {
			got = append(got, h.Doc)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Fatalf("%v unsorted: %v, want %v", e, got, want)
	}
}

func checkLookup(t *rapid.T, ix *Index, m model) {
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
