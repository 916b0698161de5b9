package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
)

// Scan implements store.Carrier. The findings and their histories are of one state of the database.
func (e *Engine) Scan(ctx context.Context, after *finding.Key, limit int) (all []store.Whole, err error) {
	if err := e.enter(ctx); err != nil {
		return nil, err
	}
	defer e.leave()
	where, args := always, []any{int64(limit)}
	if after != nil {
		where, args = "(account, region, place) > ($2, $3, $4)", append(args, after.Account, after.Region, place(*after))
	}
	page := "SELECT account, region, place, body FROM finding WHERE " + where + " ORDER BY account, region, place LIMIT $1"
	records := `SELECT f.account, f.region, f.place, h.body FROM (` + page + `) f
JOIN history h ON h.account = f.account AND h.region = f.region AND h.key = sha256(f.place)
ORDER BY f.account, f.region, f.place, h.revision`
	err = e.read(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		all = nil
		return inSnapshot(ctx, conn, func(b *pgx.Batch) {
			b.Queue(page, args...)
			b.Queue(records, args...)
		}, func(br pgx.BatchResults) error { return e.readWhole(br, &all) })
	})
	return all, err
}

// readWhole reads a page of findings, then the records of all of them, both in the same order.
func (e *Engine) readWhole(br pgx.BatchResults, all *[]store.Whole) error {
	var names []string
	err := readRows(br, func(rows pgx.Rows) error {
		raw := rows.RawValues()
		d, err := e.codec.decodeFinding(raw[3])
		if err != nil {
			return fmt.Errorf("store: a finding: %w", err)
		}
		s, err := e.codec.stored(raw[3])
		if err != nil {
			return fmt.Errorf("store: finding %v: %w", d.key, err)
		}
		*all, names = append(*all, store.Whole{Key: d.key, Stored: *s}), append(names, rowName(raw))
		return nil
	})
	if err != nil {
		return err
	}
	at := 0
	return readRows(br, func(rows pgx.Rows) error {
		raw := rows.RawValues()
		for at < len(names) && names[at] != rowName(raw) {
			at++
		}
		if at == len(names) {
			return errBug
		}
		ch, err := e.codec.change(raw[3])
		if err != nil {
			return fmt.Errorf("store: the history of %v: %w", (*all)[at].Key, err)
		}
		(*all)[at].Changes = append((*all)[at].Changes, ch)
		return nil
	})
}

// rowName tells rows apart that begin with hub and place.
func rowName(raw [][]byte) string {
	return string(appendTexts(nil, string(raw[0]), string(raw[1]), string(raw[2])))
}

// Load implements store.Carrier.
func (e *Engine) Load(ctx context.Context, all []store.Whole) error {
	if err := e.enter(ctx); err != nil {
		return err
	}
	defer e.leave()
	ms := make([]store.Mutation, len(all))
	for i := range all {
		if k := all[i].Key; !hubOf(k).storable() || all[i].Stored.Key() != k {
			return findinghub.Errorf(findinghub.CodeInvalidInput, "The key %v cannot be stored or is not its finding's.", k)
		}
		ms[i] = store.Mutation{Key: all[i].Key}
	}
	c := e.newCall(ms)
	if len(c.units) == 0 {
		return nil
	}
	for _, u := range c.units {
		// Given twice, the last counts.
		c.take(u, &all[u.mutations[len(u.mutations)-1]])
	}
	return e.insist(ctx, c.load)
}

// take makes the rows of a whole finding. Its changes are numbered from one; the finding goes on from there.
func (c *call) take(u *unit, w *store.Whole) {
	for i := range w.Changes {
		ch := &w.Changes[i]
		u.changes = append(u.changes, change{int64(i) + 1, nanos(ch.Time), c.e.codec.encodeChange(ch)})
	}
	u.row = c.e.codec.newRow(u.key, &w.Stored, int64(len(w.Changes))+1, c.digester(u.hub))
}

// load writes everything in one transaction: first the findings, which locks them in order, then the rest.
func (c *call) load(ctx context.Context, conn *pgxpool.Conn) error {
	tx, err := c.e.newTransaction(conn, c.units[0].hub.account, c.e.lockWait(ctx))
	if err != nil {
		return err
	}
	created := map[hub]int{}
	byHub(c.units, func(h hub, part []*unit) {
		var rs rows
		for _, u := range part {
			rs.add(&u.row)
		}
		tx.query(func(rows pgx.Rows) error {
			var isNew bool
			err := rows.Scan(&isNew)
			if isNew {
				created[h]++
			}
			return err
		}, upsertRows, rs.args(h)...)
	})
	if err := tx.flush(ctx); err != nil {
		tx.abort(ctx)
		return err
	}
	byHub(c.units, func(h hub, part []*unit) {
		keys := make([][]byte, len(part))
		for i, u := range part {
			keys[i] = historyKey(u.place)
		}
		tx.exec("DELETE FROM history WHERE account = $1 AND region = $2 AND key = ANY($3::bytea[])", h.account, h.region, keys)
		addHistory(tx, h, part)
	})
	byHub(c.units, func(h hub, _ []*unit) {
		if created[h] > 0 {
			count(tx, h, created[h])
		}
	})
	if err := ctx.Err(); err != nil {
		tx.abort(ctx)
		return err
	}
	return tx.commit(ctx)
}
