package search

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/findinghub/findinghub/filter"
)

// Count counts the findings that a filter selects for sure and gives those it may select.
func (ix *Index) Count(accounts, regions []string, e filter.Expr) (sure int, unsure []Doc) {
	ix.mu.RLock()
	defer ix.mu.RUnlock()
	ev := ix.evaluator()
	defer ev.done()
	v := ev.eval(e, ev.scope(accounts, regions))
	return v.sure.count(), v.unsure()
}

// unsure gives the findings that may be selected.
func (v verdict) unsure() []Doc {
	if v.exact() {
		return nil
	}
	var docs []Doc
	v.maybe.each(func(d Doc) bool {
		if !v.sure.has(d) {
			docs = append(docs, d)
		}
		return true
	})
	return docs
}

// Bucket is a value and how many findings have it.
type Bucket struct {
	Value string
	Count int
}

// GroupBy counts findings by the values of a string attribute, largest first, then by
// value. unsure are findings the filter may select, not counted: when there are any, or
// when ok is false because the attribute's values are not in memory, the engine counts on rows.
func (ix *Index) GroupBy(accounts, regions []string, e filter.Expr, by filter.Attribute, limit int) (buckets []Bucket, unsure []Doc, ok bool) {
	ix.mu.RLock()
	defer ix.mu.RUnlock()
	f := ix.fields[by]
	if f == nil || !f.textual() || f.keys != nil || f.unsure > 0 {
		return nil, nil, false
	}
	ev := ix.evaluator()
	defer ev.done()
	v := ev.eval(e, ev.scope(accounts, regions))
	t := &tally{f: f, limit: limit}
	ev.tally(t, v.sure)
	return t.buckets(), v.unsure(), true
}

// tally counts by whichever way reads least: the lists' lengths when everything is
// selected, the column of a few findings, or the lists.
func (ev *evaluator) tally(t *tally, selected docset) {
	f, p := t.f, ev.ix.postings
	n := selected.count()
	switch {
	case t.limit <= 0:
	case n == ev.ix.n:
		for id, text := range f.texts {
			if p.atMost(text.list) >= t.least() {
				t.add(uint32(id), p.count(text.list))
			}
		}
	case f.ids != nil && (n <= ev.ix.limits.few || len(f.texts) > ev.ix.limits.few):
		counts := make([]uint32, len(f.texts))
		selected.each(func(d Doc) bool {
			counts[f.ids.get(d)]++
			return true
		})
		for id, n := range counts[1:] {
			t.add(uint32(id+1), int(n))
		}
	default:
		for id, text := range f.texts {
			if p.atMost(text.list) >= t.least() {
				t.add(uint32(id), p.countIn(text.list, selected))
			}
		}
	}
}

// tally keeps the texts with the largest counts.
type tally struct {
	f     *field
	limit int
	top   []tallied // a heap: the least on top
}

type tallied struct {
	id    uint32
	count int
}

// compare orders larger counts first, then texts.
func (t *tally) compare(a, b tallied) int {
	if a.count != b.count {
		return cmp.Compare(b.count, a.count)
	}
	return bytes.Compare(t.f.of(a.id), t.f.of(b.id))
}

// least is the count below which nothing is of interest any more.
func (t *tally) least() int {
	if len(t.top) < t.limit {
		return 1
	}
	return t.top[0].count
}

// add offers a text. The heap is made only once it is full: fewer texts than the limit
// is what most attributes have.
func (t *tally) add(id uint32, count int) {
	c := tallied{id, count}
	switch {
	case count == 0:
	case len(t.top) < t.limit:
		t.top = append(t.top, c)
		if len(t.top) == t.limit {
			slices.SortFunc(t.top, func(a, b tallied) int { return t.compare(b, a) })
		}
	case count >= t.top[0].count && t.compare(c, t.top[0]) < 0:
		t.top[0] = c
		t.sink()
	}
}

// sink moves the top of the heap to where it belongs.
func (t *tally) sink() {
	for i := 0; ; {
		least := i
		for _, child := range [...]int{2*i + 1, 2*i + 2} {
			if child < len(t.top) && t.compare(t.top[child], t.top[least]) > 0 {
				least = child
			}
		}
		if least == i {
			return
		}
		t.top[i], t.top[least] = t.top[least], t.top[i]
		i = least
	}
}

// buckets gives the answer; its strings are copies, for the chunks are not the caller's.
func (t *tally) buckets() []Bucket {
	slices.SortFunc(t.top, t.compare)
	buckets := make([]Bucket, len(t.top))
	for i, c := range t.top {
		buckets[i] = Bucket{Value: string(t.f.of(c.id)), Count: c.count}
	}
	return buckets
}
