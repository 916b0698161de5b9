package sqlite

import (
	"bytes"
	"cmp"
	"container/heap"
	"context"
	"slices"

	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/search"
	"github.com/findinghub/findinghub/store"
)

// place is a finding and where it stands in the order.
type place struct {
	sort []filter.SortValue
	key  finding.Key
	json []byte
}

// places is a heap whose top is the last in the order: the first to go when there are too many.
type places struct {
	orders []filter.Order
	all    []place
}

// compare is the total order of every engine: the sort, then the key.
func (p *places) compare(a, b *place) int {
	return cmp.Or(filter.CompareSort(p.orders, a.sort, b.sort), a.key.Compare(b.key))
}

func (p *places) Len() int           { return len(p.all) }
func (p *places) Less(i, j int) bool { return p.compare(&p.all[i], &p.all[j]) > 0 }
func (p *places) Swap(i, j int)      { p.all[i], p.all[j] = p.all[j], p.all[i] }
func (p *places) Push(x any)         { p.all = append(p.all, x.(place)) }
func (p *places) Pop() any {
	last := p.all[len(p.all)-1]
	p.all = p.all[:len(p.all)-1]
	return last
}

// sorted answers a page from hits in no order, which the index gives for a sort by a long
// text that it does not hold: all rows are read, and the first that fit the page kept.
func (f *finder) sorted(ctx context.Context, hits []search.Hit) (store.Page, error) {
	docs := make([]search.Doc, len(hits))
	for i, h := range hits {
		docs[i] = h.Doc
	}
	slices.Sort(docs) // neighbours lie on the same pages
	p := &places{orders: f.q.Sort}
	var after *place
	if f.q.After != nil {
		after = &place{sort: f.q.After.Sort, key: f.q.After.Key}
	}
	err := f.matching(ctx, f.q.Filter, f.before, docs, func(rec *record, vs filter.Values) {
		at := place{sort: filter.SortKey(f.q.Sort, vs), key: rec.key, json: rec.json}
		if after != nil && p.compare(&at, after) <= 0 {
			return
		}
		// One more than the page holds tells whether it is the last.
		if full := p.Len() > f.q.Limit; full && p.compare(&at, &p.all[0]) > 0 {
			return
		} else if full {
			heap.Pop(p)
		}
		at.json = bytes.Clone(at.json)
		heap.Push(p, at)
	})
	if err != nil {
		return store.Page{}, err
	}
	return p.page(f.q.Limit), nil
}

// page makes the page of what was kept, first to last.
func (p *places) page(limit int) store.Page {
	slices.SortFunc(p.all, func(a, b place) int { return p.compare(&a, &b) })
	var page store.Page
	for _, at := range p.all[:min(limit, len(p.all))] {
		page.Findings, page.Keys = append(page.Findings, at.json), append(page.Keys, at.key)
	}
	if len(p.all) > limit {
		page.Next = &store.Cursor{Sort: p.all[limit-1].sort, Key: p.all[limit-1].key}
	}
	return page
}
