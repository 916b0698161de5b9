package postgres

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
)

const (
	// mostRounds bounds how often a call begins anew because others were faster.
	mostRounds = 20
	// briefWait is how long a lock is waited for when all that is left is to find out which one cannot be had.
	briefWait = 50 * time.Millisecond
	// slots is in how many rows a hub's findings are counted.
	slots = 16
)

// Apply implements store.Engine. Mutations are run on what was read, without a lock. What they change is
// then locked, in the order of the keys, and looked at again: what has changed meanwhile is mutated anew under
// the lock. What was created meanwhile is left for another round.
func (e *Engine) Apply(ctx context.Context, ms []store.Mutation) ([]error, error) {
	if err := e.enter(ctx); err != nil {
		return nil, err
	}
	defer e.leave()
	c := e.newCall(ms)
	left := make([]*unit, 0, len(c.units))
	for _, u := range c.units {
		if u.hub.storable() {
			left = append(left, u)
		} else {
			c.fail([]*unit{u}, finding.ErrInvalidInput)
		}
	}
	left, err := c.rounds(ctx, left)
	switch {
	case err == nil:
		c.fail(left, finding.ErrConcurrentUpdate)
	case c.committed:
		e.log.Error("the rest of a call failed", "findings", len(left), "error", err)
		c.fail(left, finding.ErrInternal)
	default:
		return nil, unavailable(ctx, err)
	}
	return c.errs, nil
}

// rounds goes on until nothing is left, or what is left cannot be had.
func (c *call) rounds(ctx context.Context, left []*unit) (_ []*unit, err error) {
	patience, cancel := context.WithTimeout(ctx, c.e.o.Patience)
	defer cancel()
	wait := firstPause
	for n := 0; len(left) > 0 && n < mostRounds; n++ {
		rest, err := c.round(ctx, left, c.e.lockWait(ctx))
		switch {
		case err == nil:
			left = rest
			continue
		case isLocked(err):
			return c.oneByOne(ctx, left)
		case isConflict(err):
			if !pause(ctx, wait) {
				return left, ctx.Err()
			}
		case isLost(err) || errors.Is(err, errUndone):
			n-- // patience bounds these
			if !pause(patience, wait) {
				return left, err
			}
		default:
			return left, err
		}
		wait = min(2*wait, longestPause)
	}
	return left, nil
}

// oneByOne tells those whose locks cannot be had from the others, which succeed.
func (c *call) oneByOne(ctx context.Context, units []*unit) (left []*unit, err error) {
	for i, u := range units {
		rest, err := c.round(ctx, []*unit{u}, briefWait)
		switch {
		case err == nil:
			left = append(left, rest...)
		case isLocked(err) || isConflict(err):
			left = append(left, u)
		default:
			return append(left, units[i:]...), err
		}
	}
	return left, nil
}

// lockWait is how long a lock may be waited for: never so long that no time is left for the others.
func (e *Engine) lockWait(ctx context.Context) time.Duration {
	end, bounded := ctx.Deadline()
	if !bounded || e.o.Now == nil {
		return e.o.LockWait
	}
	return max(briefWait, min(e.o.LockWait, end.Sub(e.o.Now())/3))
}

// round tries to carry out what is left of a call in one transaction, and returns what then is left.
func (c *call) round(ctx context.Context, units []*unit, lockWait time.Duration) (left []*unit, err error) {
	err = c.e.once(ctx, c.e.writers, func(ctx context.Context, conn *pgxpool.Conn) error {
		if err := load(ctx, conn, units); err != nil {
			return err
		}
		var writing []*unit
		for _, u := range units {
			if err := c.mutate(u); err != nil {
				return err
			}
			if u.write {
				writing = append(writing, u)
			}
		}
		if err := ctx.Err(); err != nil || len(writing) == 0 {
			return err
		}
		left, err = c.transact(ctx, conn, writing, lockWait)
		return err
	})
	return left, err
}

// selectRows reads findings by their places.
const selectRows = "SELECT f.place, f.revision, f.body FROM unnest($3::bytea[]) u(place) CROSS JOIN LATERAL (SELECT place, revision, body" + atPlace + ") f"

// load reads the findings as they are, in one round trip.
func load(ctx context.Context, conn *pgxpool.Conn, units []*unit) error {
	batch := &pgx.Batch{}
	batch.Queue(byOrder)
	var parts [][]*unit
	byHub(units, func(h hub, part []*unit) {
		parts = append(parts, part)
		batch.Queue(selectRows, h.account, h.region, places(part))
	})
	br := conn.SendBatch(ctx, batch)
	defer func() { _ = br.Close() }() // of an error that is told already
	if _, err := br.Exec(); err != nil {
		return err
	}
	for _, part := range parts {
		byPlace := indexUnits(part)
		for _, u := range part {
			u.revision, u.old = 0, nil
		}
		err := readRows(br, func(rows pgx.Rows) error {
			raw := rows.RawValues()
			u := byPlace[string(raw[0])]
			if u == nil {
				return errBug
			}
			var place []byte
			return rows.Scan(&place, &u.revision, &u.old)
		})
		if err != nil {
			return err
		}
	}
	return br.Close()
}

func places(units []*unit) [][]byte {
	list := make([][]byte, len(units))
	for i, u := range units {
		list[i] = u.place
	}
	return list
}

func indexUnits(units []*unit) map[string]*unit {
	index := make(map[string]*unit, len(units))
	for _, u := range units {
		index[string(u.place)] = u
	}
	return index
}

// lockRows locks rows in the order in which it is given their places, and gives the bodies of those that have changed since.
const lockRows = `SELECT f.place, f.revision, CASE WHEN f.revision <> u.revision THEN f.body END
FROM unnest($3::bytea[], $4::bigint[]) u(place, revision)
CROSS JOIN LATERAL (SELECT place, revision, body` + atPlace + ` FOR NO KEY UPDATE) f`

// transact writes units in one transaction: first locks and new rows, in order, then everything else.
func (c *call) transact(ctx context.Context, conn *pgxpool.Conn, units []*unit, lockWait time.Duration) (left []*unit, err error) {
	tx, err := c.e.newTransaction(conn, units[0].hub.account, lockWait)
	if err != nil {
		return nil, err
	}
	held := map[*unit]bool{}
	var changed []*unit
	byHub(withRow(units, true), func(h hub, part []*unit) { lock(tx, h, part, held, &changed) })
	byHub(withRow(units, false), func(h hub, part []*unit) { insert(tx, h, part, held) })
	if err := tx.flush(ctx); err != nil {
		tx.abort(ctx)
		return nil, err
	}
	for _, u := range changed {
		if err := c.mutate(u); err != nil {
			tx.abort(ctx)
			return nil, err
		}
	}
	var writing []*unit
	for _, u := range units {
		switch {
		case !held[u]:
			left = append(left, u)
		case u.write:
			writing = append(writing, u)
		}
	}
	if err := ctx.Err(); err != nil || len(writing) == 0 {
		tx.abort(ctx)
		return left, err
	}
	byHub(writing, func(h hub, part []*unit) { c.finish(tx, h, part) })
	if err := tx.commit(ctx); err != nil {
		return nil, err
	}
	c.committed = true
	return left, nil
}

// withRow gives the units whose finding was there when it was read, or was not.
func withRow(units []*unit, there bool) (some []*unit) {
	for _, u := range units {
		if (u.revision > 0) == there {
			some = append(some, u)
		}
	}
	return some
}

// lock queues the locking of rows; those that are gone are not held.
func lock(tx *transaction, h hub, units []*unit, held map[*unit]bool, changed *[]*unit) {
	revisions := make([]int64, len(units))
	for i, u := range units {
		revisions[i] = u.revision
	}
	byPlace := indexUnits(units)
	tx.query(func(rows pgx.Rows) error {
		var place, body []byte
		var revision int64
		if err := rows.Scan(&place, &revision, &body); err != nil {
			return err
		}
		u := byPlace[string(place)]
		if u == nil {
			return errBug
		}
		held[u] = true
		if revision != u.revision {
			u.revision, u.old = revision, body
			*changed = append(*changed, u)
		}
		return nil
	}, lockRows, h.account, h.region, places(units), revisions)
}

// insert queues new rows; those that somebody else has made are not held.
func insert(tx *transaction, h hub, units []*unit, held map[*unit]bool) {
	byPlace := indexUnits(units)
	var rs rows
	for _, u := range units {
		rs.add(&u.row)
	}
	tx.query(func(rows pgx.Rows) error {
		u := byPlace[string(rows.RawValues()[0])]
		if u == nil {
			return errBug
		}
		held[u] = true
		return nil
	}, insertRows, rs.args(h)...)
}

// finish queues what is left to write once all locks are held: new states, history, events, and last the
// number of findings, for whose rows everybody queues.
func (c *call) finish(tx *transaction, h hub, units []*unit) {
	var rs rows
	created := 0
	for _, u := range units {
		if u.revision == 0 {
			created++
		} else {
			rs.add(&u.row)
		}
	}
	if len(rs.places) > 0 {
		tx.exec(replaceRows, rs.args(h)...)
	}
	addHistory(tx, h, units)
	if c.e.o.Events {
		c.addEvents(tx, h, units)
	}
	if created > 0 {
		count(tx, h, created)
	}
}

// addHistory queues the records of changes.
func addHistory(tx *transaction, h hub, units []*unit) {
	var keys, bodies [][]byte
	var revisions, times []int64
	for _, u := range units {
		if len(u.changes) == 0 {
			continue
		}
		key := historyKey(u.place)
		for _, ch := range u.changes {
			keys, bodies = append(keys, key), append(bodies, ch.body)
			revisions, times = append(revisions, ch.revision), append(times, ch.at)
		}
	}
	if len(keys) > 0 {
		tx.exec(`INSERT INTO history (account, region, key, revision, at, body)
SELECT $1, $2, u.* FROM unnest($3::bytea[], $4::bigint[], $5::bigint[], $6::bytea[]) u`, h.account, h.region, keys, revisions, times, bodies)
	}
}

// count queues a change of the number of a hub's findings. Any of its rows will do.
func count(tx *transaction, h hub, n int) {
	tx.exec(`INSERT INTO tally (account, region, slot, findings) VALUES ($1, $2, $3, $4)
ON CONFLICT (account, region, slot) DO UPDATE SET findings = tally.findings + excluded.findings`, h.account, h.region, rand.N(int16(slots)), n)
}
