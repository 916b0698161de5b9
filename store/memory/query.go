package memory

import (
	"cmp"
	"context"
	"slices"

	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
)

// found is a finding that a query selected and what it is sorted by.
type found struct {
	*entry
	key  finding.Key
	sort []filter.SortValue
}

// Find implements store.Engine by looking at everything.
func (e *Engine) Find(ctx context.Context, q store.Query) (store.Page, error) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	if err := e.usable(ctx); err != nil {
		return store.Page{}, err
	}
	all := e.matching(q.Scope, q.Filter)
	for i := range all {
		all[i].sort = filter.SortKey(q.Sort, all[i].values)
	}
	slices.SortFunc(all, func(a, b found) int { return compare(q.Sort, a, b) })
	if q.After != nil {
		after := found{key: q.After.Key, sort: q.After.Sort}
		all = slices.DeleteFunc(all, func(f found) bool { return compare(q.Sort, f, after) <= 0 })
	}
	return page(all, q.Limit), nil
}

// compare is the total order of every engine: the sort, then the key.
func compare(orders []filter.Order, a, b found) int {
	return cmp.Or(filter.CompareSort(orders, a.sort, b.sort), a.key.Compare(b.key))
}

// page cuts one off what is left of a sorted result.
func page(all []found, limit int) store.Page {
	var p store.Page
	for _, f := range all[:min(limit, len(all))] {
		p.Findings = append(p.Findings, f.stored.Finding.AppendJSON(nil))
		p.Keys = append(p.Keys, f.key)
	}
	if len(all) > limit {
		last := all[limit-1]
		p.Next = &store.Cursor{Sort: last.sort, Key: last.key}
	}
	return p
}

// matching gives what a scope and a filter select, in no order.
func (e *Engine) matching(s store.Scope, expr filter.Expr) []found {
	var all []found
	for k, en := range e.findings {
		if slices.Contains(s.Accounts, k.Account) && slices.Contains(s.Regions, k.Region) && filter.Match(expr, en.values) {
			all = append(all, found{entry: en, key: k})
		}
	}
	return all
}

// Count implements store.Engine.
func (e *Engine) Count(ctx context.Context, s store.Scope, expr filter.Expr) (int, error) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	if err := e.usable(ctx); err != nil {
		return 0, err
	}
	return len(e.matching(s, expr)), nil
}

// GroupBy implements store.Engine.
func (e *Engine) GroupBy(ctx context.Context, s store.Scope, expr filter.Expr, by filter.Attribute, limit int) ([]store.Bucket, error) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	if err := e.usable(ctx); err != nil {
		return nil, err
	}
	var t store.Tally
	for _, f := range e.matching(s, expr) {
		t.Add(f.values, by)
	}
	return t.Top(limit), nil
}
