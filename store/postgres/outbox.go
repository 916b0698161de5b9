package postgres

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/findinghub/findinghub/store"
)

// The order of events is (horizon, revision, xid, n). An event's horizon is its own transaction's number or, if that is
// greater, that of the newest transaction that was over when the event was written, which is after its
// transaction had all its locks. Hence:
//
//   - Two changes of one finding: the second has its lock after the first is over, and so no lesser
//     horizon; where both have the same, their revisions tell them apart. (The transactions' own numbers would
//     not do: the second may have got its number before it had to wait for the first.)
//   - What is not committed yet, or has not even begun, has a number that is not below the oldest
//     running one's, and so has its horizon. Reading only what is below that one, a reader never gets ahead of
//     an event that is still to come.
//   - What is committed has a horizon that is over, so that it is told as soon as nothing older runs.
//
// A transaction of this database that has written and runs on therefore holds events up. Those of other databases,
// which share the numbers, and of the server's own cleaning are passed over: they write no events. Whose a
// number is is asked after the snapshot was taken, and never changes. Of those that are over by then nobody can tell,
// but they are not in the next snapshot.
const selectHorizon = `SELECT coalesce(min(x::text::bigint) FILTER (WHERE a.datname IS NULL OR a.datname = current_database() AND a.backend_type <> 'autovacuum worker'),
    (SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint)), count(*) FILTER (WHERE a.pid IS NULL)
FROM pg_snapshot_xip(pg_current_snapshot()) x LEFT JOIN pg_stat_activity a ON a.backend_xid = x::xid`

// mostSnapshots bounds how often one without doubts is looked for.
const mostSnapshots = 20

// settled gives the horizon below which no event is still to come.
func settled(ctx context.Context, conn *pgxpool.Conn) (horizon int64, err error) {
	doubts := 1
	for n := 0; err == nil && doubts > 0 && n < mostSnapshots; n++ {
		err = conn.QueryRow(ctx, selectHorizon, planned(nil)...).Scan(&horizon, &doubts)
	}
	return horizon, err
}

// newHorizon is that of a statement's events, in the transaction that writes them, and ownNumber the transaction's. They are asked for
// in a SELECT of their own: once, and not for each event.
const (
	newHorizon = "(SELECT greatest(pg_snapshot_xmax(pg_current_snapshot())::text::bigint - 1, pg_current_xact_id()::text::bigint))"
	ownNumber  = "(SELECT pg_current_xact_id()::text::bigint)"
)

// addEvents queues the events of changes, once all locks are held.
func (c *call) addEvents(tx *transaction, h hub, units []*unit) {
	var bodies [][]byte
	var revisions, times []int64
	var ns []int32
	var ids []string
	for _, u := range units {
		for _, ev := range u.events {
			tx.events++
			ns = append(ns, tx.events)
			ids = append(ids, store.EventID(tx.token, uint64(tx.events), ev.body))
			revisions, times, bodies = append(revisions, ev.revision), append(times, ev.at), append(bodies, ev.body)
		}
	}
	if len(ids) > 0 {
		tx.exec(`INSERT INTO outbox (account, region, horizon, revision, xid, n, id, at, body)
SELECT $1, $2, `+newHorizon+`, u.revision, `+ownNumber+`, u.n, u.id::uuid, u.at, u.body
FROM unnest($3::bigint[], $4::int[], $5::text[], $6::bigint[], $7::bytea[]) u(revision, n, id, at, body)`,
			h.account, h.region, revisions, ns, ids, times, bodies)
	}
}

// position is a place in the order of events; a cursor is one in hexadecimal.
type position struct {
	horizon, revision, xid int64
	n                      int32
}

func (p position) String() string {
	return fmt.Sprintf("%x-%x-%x-%x", p.horizon, p.revision, p.xid, p.n)
}

// parsePosition reads a cursor; "" is before everything.
func parsePosition(cursor string) (p position, err error) {
	if cursor == "" {
		return p, nil
	}
	var numbers [4]int64
	parts := strings.Split(cursor, "-")
	for i, part := range parts {
		if len(parts) != len(numbers) {
			return p, store.ErrCursor
		}
		if numbers[i], err = strconv.ParseInt(part, 16, 64); err != nil || numbers[i] <= 0 || numbers[3] > math.MaxInt32 {
			return p, store.ErrCursor
		}
	}
	return position{numbers[0], numbers[1], numbers[2], int32(numbers[3])}, nil
}

// args are the parameters that the condition below begins with.
func (p position) args(more ...any) []any {
	return append([]any{p.horizon, p.revision, p.xid, p.n}, more...)
}

const (
	eventOrder    = "(horizon, revision, xid, n)"
	eventPosition = "($1::bigint, $2::bigint, $3::bigint, $4::int)"
)

// eventRows bounds the rows of one answer: what follows the end of a page comes from the server all the same.
const eventRows = 128

// Events implements store.Outbox.
func (e *Engine) Events(ctx context.Context, after string, limit int) (events []store.Event, err error) {
	if err := e.enter(ctx); err != nil {
		return nil, err
	}
	defer e.leave()
	p, err := parsePosition(after)
	if err != nil {
		return nil, err
	}
	sql := "SELECT horizon, revision, xid, n, id::text, at, body FROM outbox WHERE " + eventOrder + " > " + eventPosition +
		" AND horizon < $5 ORDER BY horizon, revision, xid, n LIMIT $6"
	err = e.read(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		before, err := settled(ctx, conn)
		if err != nil {
			return err
		}
		rows, err := conn.Query(ctx, sql, p.args(before, min(limit, eventRows))...)
		if err != nil {
			return err
		}
		events, err = e.eventPage(rows)
		return err
	})
	return events, err
}

// eventPage reads lines of the outbox until there are none or they have come to a page.
func (e *Engine) eventPage(rows pgx.Rows) (events []store.Event, err error) {
	defer rows.Close()
	for size := 0; size < store.EventPage && rows.Next(); {
		ev, err := e.event(rows)
		if err != nil {
			return nil, err
		}
		events = append(events, ev)
		size += len(ev.Finding)
	}
	rows.Close() // only then is it known whether it was read to the end
	return events, rows.Err()
}

// EventAt implements store.Outbox. The server steps over the index and does not look at the events.
func (e *Engine) EventAt(ctx context.Context, after string, n int) (cursor string, at time.Time, err error) {
	if err := e.enter(ctx); err != nil {
		return "", at, err
	}
	defer e.leave()
	p, err := parsePosition(after)
	if err != nil || n < 1 {
		return "", at, err
	}
	sql := "SELECT horizon, revision, xid, n, at FROM outbox WHERE " + eventOrder + " > " + eventPosition +
		" AND horizon < $5 ORDER BY horizon, revision, xid, n OFFSET $6 LIMIT 1"
	err = e.read(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		before, err := settled(ctx, conn)
		if err != nil {
			return err
		}
		var found position
		var nanos int64
		err = conn.QueryRow(ctx, sql, p.args(before, n-1)...).Scan(&found.horizon, &found.revision, &found.xid, &found.n, &nanos)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		cursor, at = found.String(), fromNanos(nanos)
		return err
	})
	return cursor, at, err
}

// event reads a line of the outbox.
func (e *Engine) event(row pgx.CollectableRow) (store.Event, error) {
	var p position
	var id string
	var at int64
	var body []byte
	if err := row.Scan(&p.horizon, &p.revision, &p.xid, &p.n, &id, &at, &body); err != nil {
		return store.Event{}, err
	}
	d, err := e.codec.decodeFinding(body)
	if err != nil {
		return store.Event{}, fmt.Errorf("store: event %s: %w", p, err)
	}
	return store.Event{Cursor: p.String(), ID: id, Key: d.key, Time: fromNanos(at), Finding: d.json}, nil
}

// LastEvent implements store.Outbox.
func (e *Engine) LastEvent(ctx context.Context) (cursor string, err error) {
	if err := e.enter(ctx); err != nil {
		return "", err
	}
	defer e.leave()
	err = e.read(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		before, err := settled(ctx, conn)
		if err != nil {
			return err
		}
		var p position
		err = conn.QueryRow(ctx, "SELECT horizon, revision, xid, n FROM outbox WHERE horizon < $1"+
			" ORDER BY horizon DESC, revision DESC, xid DESC, n DESC LIMIT 1", before).Scan(&p.horizon, &p.revision, &p.xid, &p.n)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		cursor = p.String()
		return err
	})
	return cursor, err
}

// Backlog implements store.Outbox. Events that may not be told yet are counted, too: they wait.
func (e *Engine) Backlog(ctx context.Context, after string) (n int, oldest time.Time, err error) {
	if err := e.enter(ctx); err != nil {
		return 0, oldest, err
	}
	defer e.leave()
	p, err := parsePosition(after)
	if err != nil {
		return 0, oldest, err
	}
	err = e.read(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		var at *int64
		sql := "SELECT count(*), (SELECT at FROM outbox WHERE " + eventOrder + " > " + eventPosition +
			" ORDER BY horizon, revision, xid, n LIMIT 1) FROM outbox WHERE " + eventOrder + " > " + eventPosition
		if err := conn.QueryRow(ctx, sql, p.args()...).Scan(&n, &at); err != nil || at == nil {
			return err
		}
		oldest = fromNanos(*at)
		return nil
	})
	return n, oldest, err
}

// TrimEvents implements store.Outbox.
func (e *Engine) TrimEvents(ctx context.Context, upTo string, limit int) (n int, err error) {
	if err := e.enter(ctx); err != nil {
		return 0, err
	}
	defer e.leave()
	p, err := parsePosition(upTo)
	if err != nil || upTo == "" {
		return 0, err
	}
	sql := "DELETE FROM outbox o USING (SELECT account, region, xid, n FROM outbox WHERE " + eventOrder + " <= " + eventPosition +
		` ORDER BY horizon, revision, xid, n LIMIT $5 FOR UPDATE SKIP LOCKED) old
WHERE o.account = old.account AND o.region = old.region AND o.xid = old.xid AND o.n = old.n`
	// Deleting twice deletes once: an answer that was lost does no harm.
	err = e.read(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		tag, err := conn.Exec(ctx, sql, p.args(limit)...)
		n = int(tag.RowsAffected())
		return err
	})
	return n, err
}
