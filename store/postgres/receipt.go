package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/findinghub/findinghub"
)

// receiptsKept is how long a receipt can be asked for. Whoever lost an answer asks within Options.Patience.
const receiptsKept = time.Hour

// addReceipt fails when the transaction has been given up already; giveUp says nothing when it is over.
const (
	addReceipt = `INSERT INTO receipt (account, token, committed, at) VALUES ($1, $2, true, now())`
	giveUp     = `INSERT INTO receipt (account, token, committed, at) VALUES ($1, $2, false, now()) ON CONFLICT (account, token) DO NOTHING`
)

// transaction is one that the engine must be able to tell the outcome of. It writes a receipt along with
// everything else. When the answer to COMMIT is lost, the receipt is written once more, marked as given up, by
// another connection: either it is there already, and the transaction was committed; or it is not, and then
// the transaction never will be, for it cannot write its own any more. A transaction that is still at it
// makes the other wait. Numbers of transactions would not do: after a failover others may have them.
type transaction struct {
	e       *Engine
	conn    *pgxpool.Conn
	account string
	token   [16]byte
	events  int32 // how many it has written
	batch   *pgx.Batch
	reads   []func(pgx.BatchResults) error
}

// newTransaction begins one; nothing is sent before flush or commit. account says where the receipt lies.
func (e *Engine) newTransaction(conn *pgxpool.Conn, account string, lockWait time.Duration) (*transaction, error) {
	t := &transaction{e: e, conn: conn, account: account, batch: &pgx.Batch{}}
	if _, err := io.ReadFull(e.o.Random, t.token[:]); err != nil {
		return nil, fmt.Errorf("store: %w: %w", errBug, err)
	}
	t.exec("BEGIN ISOLATION LEVEL READ COMMITTED")
	t.exec("SELECT set_config('lock_timeout', $1, true)", milliseconds(lockWait))
	t.exec(byOrder)
	t.exec(addReceipt, account, t.token)
	return t, nil
}

// exec queues a statement whose answer does not matter.
func (t *transaction) exec(sql string, args ...any) {
	t.affect(func(pgconn.CommandTag) {}, sql, args...)
}

// affect queues a statement and tells what it did.
func (t *transaction) affect(tell func(pgconn.CommandTag), sql string, args ...any) {
	t.batch.Queue(sql, args...)
	t.reads = append(t.reads, func(br pgx.BatchResults) error {
		tag, err := br.Exec()
		if err == nil {
			tell(tag)
		}
		return err
	})
}

// query queues a statement and reads its rows.
func (t *transaction) query(read func(pgx.Rows) error, sql string, args ...any) {
	t.batch.Queue(sql, args...)
	t.reads = append(t.reads, func(br pgx.BatchResults) error { return readRows(br, read) })
}

// readRows reads a batch's next answer.
func readRows(br pgx.BatchResults, read func(pgx.Rows) error) error {
	rows, err := br.Query()
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := read(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// flush sends what is queued, in one round trip, and reads the answers.
func (t *transaction) flush(ctx context.Context) error {
	br := t.conn.SendBatch(ctx, t.batch)
	reads := t.reads
	t.batch, t.reads = &pgx.Batch{}, nil
	for _, read := range reads {
		if err := read(br); err != nil {
			// The first error is the cause; closing only repeats it.
			_ = br.Close()
			return err
		}
	}
	return br.Close()
}

// abort gives a transaction up before commit was called. Where that fails the connection goes, and with it
// everything.
func (t *transaction) abort(ctx context.Context) {
	if t.conn.Conn().IsClosed() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), t.e.o.ConnectTimeout)
	defer cancel()
	if _, err := t.conn.Exec(ctx, "ROLLBACK"); err != nil {
		_ = t.conn.Conn().Close(ctx)
	}
}

// commit sends what is queued and commits. Once sent it will happen or not whatever the context says, so that
// the answer is waited for. No error means that it is durable; errUndone that it is not and never
// will be, though the connection was lost; findinghub.CodeUnavailable that nobody knows.
func (t *transaction) commit(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), t.e.o.StatementTimeout+t.e.o.ConnectTimeout)
	defer cancel()
	var tag pgconn.CommandTag
	t.affect(func(done pgconn.CommandTag) { tag = done }, "COMMIT")
	err := t.flush(ctx)
	if err == nil || !isConflict(err) && !isLocked(err) {
		t.e.health.wrote(err)
	}
	switch {
	case err == nil && tag.String() != "COMMIT":
		return fmt.Errorf("store: %w: %q to COMMIT", errBug, tag)
	case err == nil:
		return nil
	case !isLost(err):
		t.abort(ctx) // the server said what is wrong, before it came to the commit
		return err
	}
	_ = t.conn.Conn().Close(ctx)
	t.e.log.Warn("the connection was lost while committing", "error", err)
	return t.e.settle(ctx, t.account, t.token, err)
}

// errUndone is why a transaction may be begun anew.
var errUndone = errors.New("the transaction was lost with its connection")

// settle finds out what became of a transaction, on the connections that read: when a server goes, all that write may
// be waiting here, and each still counts as one of its pool.
func (e *Engine) settle(ctx context.Context, account string, token [16]byte, cause error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), e.o.Patience)
	defer cancel()
	var committed bool
	ask := func(ctx context.Context, conn *pgxpool.Conn) error {
		if _, err := conn.Exec(ctx, giveUp, account, token); err != nil {
			return err
		}
		return conn.QueryRow(ctx, "SELECT committed FROM receipt WHERE account = $1 AND token = $2", account, token).Scan(&committed)
	}
	for wait := firstPause; ; wait = min(2*wait, longestPause) {
		err := e.once(ctx, e.readers, ask)
		switch {
		case err == nil && committed:
			return nil
		case err == nil:
			return errUndone
		case !isLost(err) && !isLocked(err) || !pause(ctx, wait):
			return &findinghub.Error{
				Code: findinghub.CodeUnavailable, Message: "The hub's store was lost during the request; whether it was carried out is unknown",
				Err: errors.Join(cause, err),
			}
		}
	}
}

// insist runs a transaction until it was committed or failed by itself: again when it was lost, lost out to
// another or waited for a lock too long, for as long as Options.Patience.
func (e *Engine) insist(ctx context.Context, f func(context.Context, *pgxpool.Conn) error) error {
	patience, cancel := context.WithTimeout(ctx, e.o.Patience)
	defer cancel()
	for wait := firstPause; ; wait = min(2*wait, longestPause) {
		err := e.once(ctx, e.writers, f)
		again := isLost(err) || isConflict(err) || isLocked(err) || errors.Is(err, errUndone)
		if !again || !pause(patience, wait) {
			return unavailable(ctx, err)
		}
	}
}
