package sqlite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/findinghub/findinghub/asff"
	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/search"
	"github.com/findinghub/findinghub/store"
)

// The hits that are asked for at once when the index is not sure: few at first, since
// the page may soon be full, more each time, since it may never be.
const (
	firstUnsure = 100
	mostUnsure  = 10_000
)

// Get implements store.Engine.
func (e *Engine) Get(ctx context.Context, keys []finding.Key) ([]*finding.Stored, error) {
	if err := e.enter(ctx); err != nil {
		return nil, err
	}
	defer e.leave()
	before := e.settled.Load()
	got := make([]*finding.Stored, len(keys))
	docs := make([]search.Doc, len(keys))
	known := make([]bool, len(keys))
	for i, k := range keys {
		docs[i], known[i] = e.index.Lookup(k)
	}
	return got, e.readers.with(ctx, func(r *reader) error {
		for i := range keys {
			if !known[i] {
				continue
			}
			rec, err := e.read(ctx, r, docs[i])
			if e.gone(err, docs[i], before) {
				continue
			}
			if err != nil {
				return err
			}
			rec.json = bytes.Clone(rec.json)
			if got[i], err = e.codec.stored(&rec); err != nil {
				return err
			}
		}
		return nil
	})
}

// read reads one finding into the connection's buffer: the record is good until the next one.
func (e *Engine) read(ctx context.Context, r *reader, doc search.Doc) (rec record, err error) {
	if err := ctx.Err(); err != nil {
		return rec, err
	}
	if r.row, err = appendRow(r.selectRow, r.row[:0], doc); err != nil {
		return rec, err
	}
	if len(r.row) == 0 {
		return rec, fmt.Errorf("store: finding %d: %w", doc, errNoRow)
	}
	rec, err = e.codec.finding(int64(doc)+1, r.row, r.block)
	if err != nil {
		return rec, fmt.Errorf("store: finding %d: %w", doc, err)
	}
	r.block = rec.block
	return rec, nil
}

// errNoRow is why a finding that the index knows cannot be read: it was erased meanwhile, or is lost.
var errNoRow = fmt.Errorf("the row is missing: %w", errCorrupt)

// gone says whether a finding could not be read because it was erased after before, which
// is what was settled when the index was asked. Numbers are not given anew while the engine is open, so
// whoever has the number of an erased finding never reads another.
func (e *Engine) gone(err error, doc search.Doc, before uint64) bool {
	return errors.Is(err, errNoRow) && e.stripe(doc).Load() > before
}

// extract gives the values of a record's finding, in the connection's buffer.
func (e *Engine) extract(r *reader, rec *record) (filter.Values, error) {
	f, err := e.codec.parse(r.finding, rec)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	r.finding, r.values = f, filter.Extract(f, r.values[:0])
	return r.values, nil
}

// finder collects one page.
type finder struct {
	*Engine
	q store.Query
	// before is what was settled when the index was asked: a row written since may no longer be what it said.
	before uint64
	page   store.Page
	// stable is the page's last finding that has not been written since, -1: none.
	stable int
	more   bool
}

// Find implements store.Engine. A finding that changes between the index's answer and
// the reading of its row is in the page only if it still matches.
func (e *Engine) Find(ctx context.Context, q store.Query) (store.Page, error) {
	if err := e.enter(ctx); err != nil {
		return store.Page{}, err
	}
	defer e.leave()
	f := &finder{Engine: e, q: q, stable: -1}
	// One more than the page holds tells whether it is the last.
	asked := search.Query{Accounts: q.Scope.Accounts, Regions: q.Scope.Regions, Filter: q.Filter, Sort: q.Sort, Limit: q.Limit + 1}
	if q.After != nil {
		asked.After = &search.Position{Sort: q.After.Sort, Key: q.After.Key}
	}
	for batch := firstUnsure; ; batch = min(4*batch, mostUnsure) {
		f.before = e.settled.Load()
		res := e.index.Find(asked)
		if res.Unsorted {
			return f.sorted(ctx, res.Hits)
		}
		if err := e.readers.with(ctx, func(r *reader) error { return f.take(ctx, r, res.Hits) }); err != nil {
			return store.Page{}, err
		}
		if f.more || !res.More {
			break
		}
		asked.After, asked.Limit = &res.Last, max(batch, q.Limit+1)
	}
	if f.more {
		return f.page, f.cursor()
	}
	return f.page, nil
}

// take adds the hits that match to the page until one is left over.
func (f *finder) take(ctx context.Context, r *reader, hits []search.Hit) error {
	for _, h := range hits {
		full := len(f.page.Keys) == f.q.Limit
		// The one that is left over need not be read when there is no doubt about it.
		if full && h.Sure && !f.changed(h.Doc) {
			f.more = true
			return nil
		}
		rec, err := f.read(ctx, r, h.Doc)
		if f.gone(err, h.Doc, f.before) {
			continue
		}
		if err != nil {
			return err
		}
		// After the row is read: see Engine.stripes.
		changed := f.changed(h.Doc)
		if !h.Sure || changed {
			vs, err := f.extract(r, &rec)
			if err != nil {
				return err
			}
			if !filter.Match(f.q.Filter, vs) {
				continue
			}
		}
		if full {
			f.more = true
			return nil
		}
		f.add(&rec, changed)
	}
	return nil
}

// changed says whether a finding may have been written since the index was asked.
func (f *finder) changed(doc search.Doc) bool { return f.stripe(doc).Load() > f.before }

// add puts a finding into the page. The bytes are copied: the record is the connection's.
func (f *finder) add(rec *record, changed bool) {
	if !changed {
		f.stable = len(f.page.Keys)
	}
	f.page.Keys = append(f.page.Keys, rec.key)
	f.page.Findings = append(f.page.Findings, bytes.Clone(rec.json))
}

// cursor says where the next page starts. The place of a finding that was written in
// between is not the one where the index found it: continuing from there could skip
// others. So it is the last one's that was not, which at worst repeats what changed.
func (f *finder) cursor() error {
	i := f.stable
	if i < 0 {
		i = len(f.page.Keys) - 1
	}
	parsed, err := asff.ParseStored(f.page.Findings[i])
	if err != nil {
		return fmt.Errorf("store: %w: %w", errCorrupt, err)
	}
	f.page.Next = &store.Cursor{Sort: filter.SortKey(f.q.Sort, filter.Extract(parsed, nil)), Key: f.page.Keys[i]}
	return nil
}

// Count implements store.Engine.
func (e *Engine) Count(ctx context.Context, s store.Scope, expr filter.Expr) (int, error) {
	if err := e.enter(ctx); err != nil {
		return 0, err
	}
	defer e.leave()
	before := e.settled.Load()
	// What the index is sure of is not looked at: counting a million is counting bits.
	n, unsure := e.index.Count(s.Accounts, s.Regions, expr)
	err := e.matching(ctx, expr, before, unsure, func(*record, filter.Values) { n++ })
	return n, err
}

// rowsAtOnce is how many rows are read in one transaction: a long one holds up checkpoints.
const rowsAtOnce = 2000

// matching calls each for those findings that match on their rows, in no order and one
// at a time. What each gets is good until it returns. Many findings are read by all processors.
// before is what was settled when the index was asked for them.
func (e *Engine) matching(ctx context.Context, expr filter.Expr, before uint64, docs []search.Doc, each func(*record, filter.Values)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var mu sync.Mutex
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), (len(docs)+rowsAtOnce-1)/rowsAtOnce) {
		workers.Go(func() {
			for {
				to := int(next.Add(rowsAtOnce))
				if to-rowsAtOnce >= len(docs) {
					return
				}
				some := docs[to-rowsAtOnce : min(to, len(docs))]
				if err := e.match(ctx, expr, before, some, &mu, each); err != nil {
					cancel(err)
					return
				}
			}
		})
	}
	workers.Wait()
	return context.Cause(ctx)
}

// match is matching for one transaction's worth of findings; each is called with the lock held.
func (e *Engine) match(ctx context.Context, expr filter.Expr, before uint64, docs []search.Doc, mu *sync.Mutex, each func(*record, filter.Values)) error {
	return e.readers.with(ctx, func(r *reader) error {
		for _, doc := range docs {
			rec, err := e.read(ctx, r, doc)
			if e.gone(err, doc, before) {
				continue
			}
			if err != nil {
				return err
			}
			vs, err := e.extract(r, &rec)
			if err != nil {
				return err
			}
			if filter.Match(expr, vs) {
				mu.Lock()
				each(&rec, vs)
				mu.Unlock()
			}
		}
		return nil
	})
}

// GroupBy implements store.Engine.
func (e *Engine) GroupBy(ctx context.Context, s store.Scope, expr filter.Expr, by filter.Attribute, limit int) ([]store.Bucket, error) {
	if err := e.enter(ctx); err != nil {
		return nil, err
	}
	defer e.leave()
	before := e.settled.Load()
	known, unsure, ok := e.index.GroupBy(s.Accounts, s.Regions, expr, by, limit)
	if !ok {
		return e.groupRows(ctx, s, expr, by, limit)
	}
	var t store.Tally
	if len(unsure) > 0 {
		// Any value may yet come to be one of the largest.
		if known, unsure, ok = e.index.GroupBy(s.Accounts, s.Regions, expr, by, math.MaxInt32); !ok {
			return e.groupRows(ctx, s, expr, by, limit)
		}
	}
	for _, b := range known {
		t.AddCount(b.Value, b.Count)
	}
	err := e.matching(ctx, expr, before, unsure, func(_ *record, vs filter.Values) { t.Add(vs, by) })
	return t.Top(limit), err
}

// groupRows counts on the rows of all findings that the filter may select.
func (e *Engine) groupRows(ctx context.Context, s store.Scope, expr filter.Expr, by filter.Attribute, limit int) ([]store.Bucket, error) {
	before := e.settled.Load()
	res := e.index.Find(search.Query{Accounts: s.Accounts, Regions: s.Regions, Filter: expr, Limit: math.MaxInt32})
	docs := make([]search.Doc, len(res.Hits))
	for i, h := range res.Hits {
		docs[i] = h.Doc
	}
	// Neighbouring rows are on the same pages.
	slices.Sort(docs)
	var t store.Tally
	if err := e.matching(ctx, expr, before, docs, func(_ *record, vs filter.Values) { t.Add(vs, by) }); err != nil {
		return nil, err
	}
	return t.Top(limit), nil
}
