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

// manyHubs is the number of hubs above which it pays to ask first which of them there are.
const manyHubs = 64

// found is a finding that matches.
type found struct {
	key  finding.Key
	json []byte
	sort []filter.SortValue
}

// stream is a part of a search, in order: one hub's, or that of all hubs.
type stream struct {
	hub        hub
	statements statements
	stage      int
	// from is how far the stream has been read: all that is before is in the buffer, or was.
	from   *store.Cursor
	limit  int // of the next statement
	buffer []found
}

// statements makes a stream's statements.
type statements interface {
	// statement reads at most limit bodies of a stage that lie after a place, nil: from the start.
	statement(stage int, from *store.Cursor, limit int) (sql string, args []any)
	// next is the stage after one.
	next(stage int) int
}

// finder collects one page from streams.
type finder struct {
	*Engine
	q       store.Query
	columns []sortColumn
	hubs    []hub
	streams []*stream
	// together is how many findings the next statement for several streams reads.
	together int
	// exact and sure are the compiler's: what the database selects needs no second look, or odd rows only.
	exact, sure bool
	// seen keeps a finding that moves while it is being looked for from being found twice.
	seen map[finding.Key]bool
	page store.Page
	last []filter.SortValue
}

// Find implements store.Engine. Where the condition is not exact, the database gives candidates and filter.Match decides.
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
		c := newCompiler(hubs)
		c.may(q.Filter)
		f := &finder{Engine: e, q: q, columns: columns, hubs: hubs, together: q.Limit + 1, exact: c.exact, sure: c.sure, seen: map[finding.Key]bool{}}
		if err := f.begin(ctx, conn); err != nil {
			return err
		}
		err = f.run(ctx, conn)
		page = f.page
		return err
	})
	return page, err
}

// begin makes the streams: one of all hubs, if few match, else one for each.
func (f *finder) begin(ctx context.Context, conn *pgxpool.Conn) error {
	how, most := f.strategy(f.hubs, f.q.Filter, f.q.Limit)
	if how == ordered {
		f.ask()
		return nil
	}
	all := newAcross(f.hubs, f.q.Filter, f.columns, how)
	all.most = most
	s := &stream{statements: all, from: f.q.After, limit: f.q.Limit + 1}
	f.streams = []*stream{s}
	sql, args := all.statement(s.stage, s.from, s.limit)
	if how == byTerms {
		args = planned(args)
	}
	rows, err := conn.Query(ctx, sql, args...)
	if err != nil {
		return err
	}
	return f.take(rows, s)
}

// ask makes a stream of each hub. What an earlier stream has brought to the page already is passed over.
func (f *finder) ask() {
	f.streams = nil
	for _, h := range f.hubs {
		f.streams = append(f.streams, newStream(h, f.q, f.columns, len(f.hubs)))
	}
}

// nameless hubs have findings without the attributes that the key consists of.
func (h hub) nameless() bool { return h.account == "" || h.region == "" }

// newStream begins with as many findings as the hub is likely to contribute to a page, and some more.
func newStream(h hub, q store.Query, columns []sortColumn, hubs int) *stream {
	p := newPager(h, q.Filter, columns)
	s := &stream{hub: h, statements: p, from: q.After, limit: q.Limit + 1}
	if hubs > 1 {
		s.limit = min(s.limit, roundUp(uneven*s.limit/hubs+spare))
	}
	if p.where == never {
		s.stage = done
	}
	// Behind a finding without a value there are only others without one.
	if q.After != nil && len(columns) > 0 && columns[0].name != "" && !q.After.Sort[0].Present {
		s.stage = max(s.stage, p.next(present))
	}
	return s
}

// A hub is asked for uneven times its share of a page and spare more: to ask again costs more.
const (
	uneven = 4
	spare  = 12
)

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
	if len(hubs) <= manyHubs {
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

// refill sees to it that the least of what is in the buffers is the least of all that there is.
func (f *finder) refill(ctx context.Context, conn *pgxpool.Conn) error {
	for {
		var empty []*stream
		best := f.least()
		for _, s := range f.streams {
			if len(s.buffer) == 0 && s.stage != done && (best == nil || f.mayPrecede(s, &best.buffer[0])) {
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

// mayPrecede says whether a stream may yet bring something that comes before a finding.
func (f *finder) mayPrecede(s *stream, first *found) bool {
	if s.stage == absent && f.columns[0].name != "" && first.sort[f.columns[0].index].Present {
		return false
	}
	return s.from == nil || f.compare(&found{key: s.from.Key, sort: s.from.Sort}, first) < 0
}

// fetch reads the next findings of some streams: of those that are equally far in one statement, where that is possible.
func (f *finder) fetch(ctx context.Context, conn *pgxpool.Conn, streams []*stream) error {
	var alone []*stream
	for _, group := range f.groups(streams) {
		if len(group) == 1 {
			alone = append(alone, group[0])
			continue
		}
		if err := f.fetchTogether(ctx, conn, group); err != nil {
			return err
		}
	}
	if len(alone) == 0 {
		return nil
	}
	batch := &pgx.Batch{}
	for _, s := range alone {
		if f.exact { // then all that comes is wanted, and hardly more than the rest of the page
			s.limit = min(s.limit, roundUp(f.q.Limit+1-len(f.page.Keys)))
		}
		sql, args := s.statements.statement(s.stage, s.from, s.limit)
		batch.Queue(sql, args...)
	}
	br := conn.SendBatch(ctx, batch)
	defer func() { _ = br.Close() }() // of an error that is told already
	for _, s := range alone {
		rows, err := br.Query()
		if err == nil {
			err = f.take(rows, s)
		}
		if err != nil {
			return err
		}
	}
	return br.Close()
}

// take reads the answer for one stream. Where it collects and more match than were to be collected, the answer is any part of
// them: then each hub is asked.
func (f *finder) take(rows pgx.Rows, s *stream) error {
	defer rows.Close()
	all, collects := s.statements.(*across)
	n, last, inVain := 0, found{}, false
	for rows.Next() {
		raw := rows.RawValues()
		if inVain = collects && all.inVain(raw); inVain {
			break
		}
		n++
		matches, err := f.read(raw, &last)
		if err != nil {
			return err
		}
		if matches {
			s.buffer = append(s.buffer, last)
		}
	}
	if inVain {
		f.ask()
	} else {
		f.went(s, n, &last)
	}
	rows.Close() // only then is it known whether it was read to the end
	return rows.Err()
}

// went notes how far a stream has come with so many rows.
func (f *finder) went(s *stream, n int, last *found) {
	if n < s.limit {
		f.advance(s)
	} else {
		s.from = last.cursor()
	}
	f.widen(s)
}

// advance goes on to the next stage. It begins where the page does: there the place of this one's end means nothing.
func (f *finder) advance(s *stream) { s.stage, s.from = s.statements.next(s.stage), f.q.After }

// widen asks for more the next time, for little of what was read was wanted.
func (f *finder) widen(s *stream) { s.limit = min(4*s.limit, max(mostAtOnce, f.q.Limit+1)) }

func (c *found) cursor() *store.Cursor { return &store.Cursor{Sort: c.sort, Key: c.key} }

// read reads a row: the body, whether it is odd, and what it is sorted by. found is filled whether it matches or not.
func (f *finder) read(raw [][]byte, to *found) (matches bool, err error) {
	if odd := raw[1][0] != 0; !f.exact && (odd || !f.sure) {
		return f.candidate(raw[0], f.q, to)
	}
	d, err := f.codec.decodeFinding(raw[0])
	if err != nil {
		return false, fmt.Errorf("store: a finding: %w", err)
	}
	*to = found{key: d.key, json: d.json, sort: sortValues(f.columns, d.key, raw[2:])}
	return true, nil
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
