package postgres

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
)

// mostAtOnce is how many bodies one statement reads where nobody knows how many will do.
const mostAtOnce = 2000

// manyHubs is the number of hubs from which it pays to ask first which of them there are.
const manyHubs = 8

// found is a finding that matches.
type found struct {
	key  finding.Key
	json []byte
	sort []filter.SortValue
}

// stream is one hub's part of a search, in order.
type stream struct {
	pager  *pager
	stage  int
	from   *store.Cursor
	limit  int // of the next statement
	buffer []found
}

// finder collects one page. Each hub is asked by a statement of its own, all in one round trip, so
// that each reads an index from where the page begins, and on a distributed database lies on one node.
type finder struct {
	*Engine
	q       store.Query
	streams []*stream
	// seen keeps a finding that moves while it is being looked for from being found twice.
	seen map[finding.Key]bool
	page store.Page
	last []filter.SortValue
}

// Find implements store.Engine. What the database gives are candidates; filter.Match decides.
func (e *Engine) Find(ctx context.Context, q store.Query) (page store.Page, err error) {
	if err := e.enter(ctx); err != nil {
		return page, err
	}
	defer e.leave()
	err = e.read(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		hubs, err := scoped(ctx, conn, q.Scope)
		if err != nil {
			return err
		}
		columns, ok := sortColumns(q.Sort)
		if !ok || slices.ContainsFunc(hubs, hub.nameless) {
			page, err = e.sorted(ctx, conn, hubs, q)
			return err
		}
		f := &finder{Engine: e, q: q, seen: map[finding.Key]bool{}}
		for _, h := range hubs {
			f.streams = append(f.streams, newStream(h, q, columns, len(hubs)))
		}
		err = f.run(ctx, conn)
		page = f.page
		return err
	})
	return page, err
}

// nameless hubs have findings without the attributes that the key consists of.
func (h hub) nameless() bool { return h.account == "" || h.region == "" }

// newStream begins with as many findings as the hub may contribute to a page.
func newStream(h hub, q store.Query, columns []sortColumn, hubs int) *stream {
	s := &stream{pager: newPager(h, q.Filter, columns), from: q.After, limit: q.Limit + 1}
	if hubs > 1 {
		s.limit = min(s.limit, 2*(q.Limit+1)/hubs+1)
	}
	if s.pager.where == never {
		s.stage = done
	}
	// Behind a finding without a value there are only others without one.
	if p := s.pager; q.After != nil && len(columns) > 0 && columns[0].name != "" && !q.After.Sort[0].Present {
		s.stage = max(s.stage, p.next(present))
	}
	return s
}

// scoped lists a scope's hubs once each, in order. Of many, those are left out that have no findings.
func scoped(ctx context.Context, conn *pgxpool.Conn, s store.Scope) ([]hub, error) {
	var hubs []hub
	for _, account := range s.Accounts {
		for _, region := range s.Regions {
			if h := (hub{account, region}); h.storable() {
				hubs = append(hubs, h)
			}
		}
	}
	slices.SortFunc(hubs, hub.compare)
	hubs = slices.Compact(hubs)
	if len(hubs) < manyHubs {
		return hubs, nil
	}
	rows, err := conn.Query(ctx, "SELECT DISTINCT account, region FROM tally WHERE account = ANY($1) AND region = ANY($2)",
		storableTexts(s.Accounts), storableTexts(s.Regions))
	if err != nil {
		return nil, err
	}
	known, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (h hub, err error) { return h, row.Scan(&h.account, &h.region) })
	slices.SortFunc(known, hub.compare)
	return known, err
}

func storableTexts(list []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return !isText(s) })
}

// run merges the streams until the page is full and one more is known, or all are at their end.
func (f *finder) run(ctx context.Context, conn *pgxpool.Conn) error {
	for {
		if err := f.refill(ctx, conn); err != nil {
			return err
		}
		s := f.least()
		if s == nil {
			return nil
		}
		next := s.buffer[0]
		s.buffer = s.buffer[1:]
		if f.seen[next.key] {
			continue
		}
		if n := len(f.page.Keys); n == f.q.Limit {
			f.page.Next = &store.Cursor{Sort: f.last, Key: f.page.Keys[n-1]}
			return nil
		}
		f.seen[next.key], f.last = true, next.sort
		f.page.Keys = append(f.page.Keys, next.key)
		f.page.Findings = append(f.page.Findings, next.json)
	}
}

// least is the stream whose first finding comes first, nil when none has any.
func (f *finder) least() (best *stream) {
	for _, s := range f.streams {
		if len(s.buffer) > 0 && (best == nil || f.compare(&s.buffer[0], &best.buffer[0]) < 0) {
			best = s
		}
	}
	return best
}

// compare is the total order of every engine: the sort, then the key.
func (f *finder) compare(a, b *found) int {
	if n := filter.CompareSort(f.q.Sort, a.sort, b.sort); n != 0 {
		return n
	}
	return a.key.Compare(b.key)
}

// refill sees to it that every stream has a finding to compare or is at its end.
func (f *finder) refill(ctx context.Context, conn *pgxpool.Conn) error {
	for {
		var empty []*stream
		for _, s := range f.streams {
			if len(s.buffer) == 0 && s.stage != done {
				empty = append(empty, s)
			}
		}
		if len(empty) == 0 {
			return nil
		}
		if err := f.fetch(ctx, conn, empty); err != nil {
			return err
		}
	}
}

// fetch reads the next findings of some streams.
func (f *finder) fetch(ctx context.Context, conn *pgxpool.Conn, streams []*stream) error {
	batch := &pgx.Batch{}
	for _, s := range streams {
		sql, args := s.pager.statement(s.stage, s.from, s.limit)
		batch.Queue(sql, args...)
	}
	br := conn.SendBatch(ctx, batch)
	defer func() { _ = br.Close() }() // of an error that is told already
	for _, s := range streams {
		if err := f.take(br, s); err != nil {
			return err
		}
	}
	return br.Close()
}

// take reads the answer for one stream.
func (f *finder) take(br pgx.BatchResults, s *stream) error {
	n := 0
	var last found
	err := readRows(br, func(rows pgx.Rows) error {
		n++
		matches, err := f.candidate(rows.RawValues()[0], f.q, &last)
		if matches {
			s.buffer = append(s.buffer, last)
		}
		return err
	})
	if err != nil {
		return err
	}
	if n < s.limit {
		// The next stage begins where it begins: there the place of this one's end means nothing.
		s.stage, s.from = s.pager.next(s.stage), f.q.After
	} else {
		s.from = &store.Cursor{Sort: last.sort, Key: last.key}
	}
	s.limit = min(4*s.limit, max(mostAtOnce, f.q.Limit+1))
	return nil
}

// candidate reads a body; found is filled whether it matches or not.
func (e *Engine) candidate(body []byte, q store.Query, to *found) (matches bool, err error) {
	d, err := e.codec.decodeFinding(body)
	if err != nil {
		return false, fmt.Errorf("store: a finding: %w", err)
	}
	parsed, err := d.parse()
	if err != nil {
		return false, fmt.Errorf("store: finding %v: %w", d.key, err)
	}
	values := filter.Extract(parsed, nil)
	*to = found{key: d.key, json: d.json, sort: filter.SortKey(q.Sort, values)}
	return filter.Match(q.Filter, values), nil
}

// sorted answers a query whose sort the database does not know, by looking at all candidates.
func (e *Engine) sorted(ctx context.Context, conn *pgxpool.Conn, hubs []hub, q store.Query) (store.Page, error) {
	f := &finder{q: q}
	var best []found
	after := found{}
	if q.After != nil {
		after = found{key: q.After.Key, sort: q.After.Sort}
	}
	trim := func() {
		slices.SortFunc(best, func(a, b found) int { return f.compare(&a, &b) })
		best = best[:min(len(best), q.Limit+1)]
	}
	err := e.scan(ctx, conn, hubs, q, func(c *found) {
		if q.After != nil && f.compare(c, &after) <= 0 {
			return
		}
		if best = append(best, *c); len(best) > 2*q.Limit+mostAtOnce {
			trim()
		}
	})
	trim()
	var page store.Page
	for i := range best[:min(len(best), q.Limit)] {
		page.Keys, page.Findings = append(page.Keys, best[i].key), append(page.Findings, best[i].json)
	}
	if len(best) > q.Limit {
		page.Next = &store.Cursor{Sort: best[q.Limit-1].sort, Key: best[q.Limit-1].key}
	}
	return page, err
}

// scan calls each for all findings of some hubs that match, in no order that matters.
func (e *Engine) scan(ctx context.Context, conn *pgxpool.Conn, hubs []hub, q store.Query, each func(*found)) error {
	for _, h := range hubs {
		p := newPager(h, q.Filter, nil)
		if p.where == never {
			continue
		}
		var from *store.Cursor
		for n := mostAtOnce; n == mostAtOnce; {
			n = 0
			sql, args := p.statement(present, from, mostAtOnce)
			rows, err := conn.Query(ctx, sql, args...)
			if err != nil {
				return err
			}
			var c found
			for rows.Next() {
				n++
				matches, err := e.candidate(rows.RawValues()[0], q, &c)
				if err != nil {
					rows.Close()
					return err
				}
				if matches {
					each(&c)
				}
			}
			if err := rows.Err(); err != nil {
				return err
			}
			from = &store.Cursor{Key: c.key}
		}
	}
	return nil
}
