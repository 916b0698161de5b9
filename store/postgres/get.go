package postgres

import (
	"context"
	"fmt"
	"math"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
)

// Get implements store.Engine.
func (e *Engine) Get(ctx context.Context, keys []finding.Key) ([]*finding.Stored, error) {
	if err := e.enter(ctx); err != nil {
		return nil, err
	}
	defer e.leave()
	got := make([]*finding.Stored, len(keys))
	ms := make([]store.Mutation, 0, len(keys))
	for _, k := range keys {
		ms = append(ms, store.Mutation{Key: k})
	}
	c := e.newCall(ms)
	var units []*unit
	for _, u := range c.units {
		if u.hub.storable() {
			units = append(units, u)
		}
	}
	if len(units) == 0 {
		return got, nil
	}
	err := e.read(ctx, func(ctx context.Context, conn *pgxpool.Conn) error { return load(ctx, conn, units) })
	if err != nil {
		return nil, err
	}
	for _, u := range units {
		if u.revision == 0 {
			continue
		}
		for _, i := range u.mutations {
			// One for each: callers may change what they get.
			if got[i], err = e.codec.stored(u.old); err != nil {
				return nil, fmt.Errorf("store: finding %v: %w", u.key, err)
			}
		}
	}
	return got, nil
}

// inSnapshot runs statements that see one state of the database, in one round trip.
func inSnapshot(ctx context.Context, conn *pgxpool.Conn, queue func(*pgx.Batch), read func(pgx.BatchResults) error) error {
	batch := &pgx.Batch{}
	batch.Queue("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
	queue(batch)
	batch.Queue("COMMIT")
	br := conn.SendBatch(ctx, batch)
	defer func() { _ = br.Close() }() // of an error that is told already
	if _, err := br.Exec(); err != nil {
		return err
	}
	if err := read(br); err != nil {
		return err
	}
	if _, err := br.Exec(); err != nil {
		return err
	}
	return br.Close()
}

const (
	selectBody    = "SELECT f.body FROM (SELECT $3::bytea AS place) u CROSS JOIN LATERAL (SELECT body" + atPlace + ") f"
	selectHistory = `SELECT revision, body FROM history WHERE account = $1 AND region = $2 AND key = $3
AND revision < $4 AND at >= $5 AND at <= $6 ORDER BY revision DESC LIMIT $7`
)

// History implements store.Engine. A position is the revision of the record that a page ended with.
func (e *Engine) History(ctx context.Context, q store.HistoryQuery) (page store.HistoryPage, err error) {
	if err := e.enter(ctx); err != nil {
		return page, err
	}
	defer e.leave()
	h, at := hubOf(q.Key), place(q.Key)
	if !h.storable() {
		return page, nil
	}
	before, from, to := int64(math.MaxInt64), int64(math.MinInt64), int64(math.MaxInt64)
	if q.After > 0 {
		before = q.After
	}
	if !q.From.IsZero() {
		from = nanos(q.From)
	}
	if !q.To.IsZero() {
		to = nanos(q.To)
	}
	err = e.read(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		page = store.HistoryPage{}
		return inSnapshot(ctx, conn, func(b *pgx.Batch) {
			b.Queue(byOrder)
			b.Queue(selectBody, h.account, h.region, at)
			b.Queue(selectHistory, h.account, h.region, historyKey(at), before, from, to, int64(q.Limit)+1)
		}, func(br pgx.BatchResults) error { return e.readHistory(br, q.Limit, &page) })
	})
	if err != nil || page.Stored == nil {
		return store.HistoryPage{}, err
	}
	return page, nil
}

// readHistory reads the finding and its records. One more than the page holds says that there is a next one.
func (e *Engine) readHistory(br pgx.BatchResults, limit int, page *store.HistoryPage) error {
	if _, err := br.Exec(); err != nil {
		return err
	}
	err := readRows(br, func(rows pgx.Rows) (err error) {
		page.Stored, err = e.codec.stored(rows.RawValues()[0])
		return err
	})
	if err != nil {
		return err
	}
	var last int64
	return readRows(br, func(rows pgx.Rows) error {
		var revision int64
		var body []byte
		if err := rows.Scan(&revision, &body); err != nil {
			return err
		}
		if len(page.Changes) == limit {
			page.Next = last
			return nil
		}
		ch, err := e.codec.change(body)
		if err != nil {
			return fmt.Errorf("store: a history record: %w", err)
		}
		page.Changes, last = append(page.Changes, ch), revision
		return nil
	})
}
