package postgres

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/store"
)

// The order of events is (horizon, revision, xid, n). An event's horizon is at least its own transaction's
// number and beyond those of all that were over when it was written, which is after its transaction had all its
// locks. Hence:
//
//   - Two changes of one finding: the second has its lock after the first is over, and so no lesser
//     horizon; where both have the same, their revisions tell them apart. (The transactions' own numbers would
//     not do: the second may have got its number before it had to wait for the first.)
//   - What is not committed yet, or has not even begun, has a number that is not below the oldest
//     running one's, and so has its horizon. Reading only what is below that one, a reader never gets ahead of
//     an event that is still to come.
//
// A transaction that runs for long anywhere on the server, and has written, therefore holds events up.
const settled = "horizon < pg_snapshot_xmin(pg_current_snapshot())"

// addEvents queues the events of changes, once all locks are held.
func (c *call) addEvents(tx *transaction, h hub, units []*unit) {
	var bodies [][]byte
	var revisions, times []int64
	var ns []int32
	var ids [][16]byte
	for _, u := range units {
		for _, ev := range u.events {
			n := tx.events
			tx.events++
			id := tx.token
			// The token is random, and so are its neighbours.
			id[12], id[13], id[14], id[15] = id[12]^byte(n>>24), id[13]^byte(n>>16), id[14]^byte(n>>8), id[15]^byte(n)
			ids, ns = append(ids, id), append(ns, n)
			revisions, times, bodies = append(revisions, ev.revision), append(times, ev.at), append(bodies, ev.body)
		}
	}
	if len(ids) > 0 {
		tx.exec(`INSERT INTO outbox (account, region, horizon, revision, xid, n, id, at, body)
SELECT $1, $2, greatest(pg_snapshot_xmax(pg_current_snapshot()), pg_current_xact_id()), u.revision, pg_current_xact_id(), u.n, u.id, u.at, u.body
FROM unnest($3::bigint[], $4::int[], $5::uuid[], $6::bigint[], $7::bytea[]) u(revision, n, id, at, body)`,
			h.account, h.region, revisions, ns, ids, times, bodies)
	}
}

// position is a place in the order of events; a cursor is one in hexadecimal.
type position struct {
	horizon, xid uint64
	revision     int64
	n            int32
}

func (p position) String() string {
	return fmt.Sprintf("%x-%x-%x-%x", p.horizon, p.revision, p.xid, p.n)
}

// parsePosition reads a cursor; "" is before everything.
func parsePosition(cursor string) (p position, err error) {
	if cursor == "" {
		return p, nil
	}
	parts := strings.Split(cursor, "-")
	if len(parts) != 4 {
		return p, badCursor(cursor)
	}
	var errs [4]error
	p.horizon, errs[0] = strconv.ParseUint(parts[0], 16, 64)
	p.revision, errs[1] = strconv.ParseInt(parts[1], 16, 64)
	p.xid, errs[2] = strconv.ParseUint(parts[2], 16, 64)
	n, err := strconv.ParseInt(parts[3], 16, 32)
	p.n, errs[3] = int32(n), err
	if errors.Join(errs[:]...) != nil {
		return p, badCursor(cursor)
	}
	return p, nil
}

func badCursor(cursor string) error {
	return findinghub.Errorf(findinghub.CodeInvalidInput, "Value '%s' is not a cursor of events.", cursor)
}

// args are the parameters that the condition below begins with.
func (p position) args(more ...any) []any {
	return append([]any{strconv.FormatUint(p.horizon, 10), p.revision, strconv.FormatUint(p.xid, 10), p.n}, more...)
}

const (
	eventOrder    = "(horizon, revision, xid, n)"
	eventPosition = "($1::text::xid8, $2::bigint, $3::text::xid8, $4::int)"
)

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
	sql := "SELECT horizon::text, revision, xid::text, n, id, at, body FROM outbox WHERE " + eventOrder + " > " + eventPosition +
		" AND " + settled + " ORDER BY horizon, revision, xid, n LIMIT $5"
	err = e.read(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		rows, err := conn.Query(ctx, sql, p.args(limit)...)
		if err != nil {
			return err
		}
		events, err = pgx.CollectRows(rows, e.event)
		return err
	})
	return events, err
}

// event reads a line of the outbox.
func (e *Engine) event(row pgx.CollectableRow) (store.Event, error) {
	var p position
	var id [16]byte
	var at int64
	var body []byte
	if err := row.Scan((*xid)(&p.horizon), &p.revision, (*xid)(&p.xid), &p.n, &id, &at, &body); err != nil {
		return store.Event{}, err
	}
	d, err := e.codec.decodeFinding(body)
	if err != nil {
		return store.Event{}, fmt.Errorf("store: event %s: %w", p, err)
	}
	return store.Event{Cursor: p.String(), ID: uuidText(id), Key: d.key, Time: fromNanos(at), Finding: d.json}, nil
}

// xid reads a transaction's number, which comes as text.
type xid uint64

// ScanText implements pgtype.TextScanner's wish.
func (x *xid) Scan(src any) error {
	text, _ := src.(string)
	n, err := strconv.ParseUint(text, 10, 64)
	*x = xid(n)
	return err
}

func uuidText(id [16]byte) string {
	h := hex.EncodeToString(id[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// LastEvent implements store.Outbox.
func (e *Engine) LastEvent(ctx context.Context) (cursor string, err error) {
	if err := e.enter(ctx); err != nil {
		return "", err
	}
	defer e.leave()
	err = e.read(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		var p position
		err := conn.QueryRow(ctx, "SELECT horizon::text, revision, xid::text, n FROM outbox WHERE "+settled+
			" ORDER BY horizon DESC, revision DESC, xid DESC, n DESC LIMIT 1").Scan((*xid)(&p.horizon), &p.revision, (*xid)(&p.xid), &p.n)
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
		` AND ` + settled + ` ORDER BY horizon, revision, xid, n LIMIT $5 FOR UPDATE SKIP LOCKED) old
WHERE o.account = old.account AND o.region = old.region AND o.xid = old.xid AND o.n = old.n`
	// Deleting twice deletes once: an answer that was lost does no harm.
	err = e.read(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		tag, err := conn.Exec(ctx, sql, p.args(limit)...)
		n = int(tag.RowsAffected())
		return err
	})
	return n, err
}
