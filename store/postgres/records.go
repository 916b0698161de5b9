package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/store"
)

// recordKey is what names a record. Names may be anything; the rest is text.
type recordKey struct {
	hub
	collection, name string
}

func keyOfRecord(collection, account, region, name string) recordKey {
	return recordKey{hub{account, region}, collection, name}
}

// errUnstorable is why a record cannot be written.
var errUnstorable = findinghub.Errorf(findinghub.CodeInvalidInput, "An account, a region and a collection are text without zero characters.")

const putRecord = "INSERT INTO record (account, region, collection, name, body) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (account, region, collection, name) DO "

func (k recordKey) storable() bool { return k.hub.storable() && isText(k.collection) }

func (k recordKey) args(more ...any) []any {
	return append([]any{k.account, k.region, k.collection, []byte(k.name)}, more...)
}

const ofRecord = " WHERE account = $1 AND region = $2 AND collection = $3 AND name = $4"

// GetRecord implements store.Engine.
func (e *Engine) GetRecord(ctx context.Context, collection, account, region, name string) ([]byte, error) {
	if err := e.enter(ctx); err != nil {
		return nil, err
	}
	defer e.leave()
	body, err := e.record(ctx, keyOfRecord(collection, account, region, name))
	if err == nil && body == nil {
		return nil, store.ErrNoRecord
	}
	return body, err
}

// record reads a record's body, nil when there is none.
func (e *Engine) record(ctx context.Context, k recordKey) (body []byte, err error) {
	if !k.storable() {
		return nil, nil
	}
	err = e.read(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		err := conn.QueryRow(ctx, "SELECT body FROM record"+ofRecord, planned(k.args())...).Scan(&body)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			body = nil
			return nil
		case err == nil && body == nil:
			body = []byte{}
		}
		return err
	})
	return body, err
}

// PutRecord implements store.Engine.
func (e *Engine) PutRecord(ctx context.Context, r store.Record, create bool) error {
	sql := putRecord + "UPDATE SET body = excluded.body"
	if create {
		sql = putRecord + "NOTHING"
	}
	k := keyOfRecord(r.Collection, r.Account, r.Region, r.Name)
	return e.writeRecord(ctx, k, store.ErrExists, sql, k.args(append([]byte{}, r.Body...))...)
}

// DeleteRecord implements store.Engine.
func (e *Engine) DeleteRecord(ctx context.Context, collection, account, region, name string) error {
	k := keyOfRecord(collection, account, region, name)
	if !k.storable() {
		if err := e.enter(ctx); err != nil {
			return err
		}
		defer e.leave()
		return store.ErrNoRecord
	}
	return e.writeRecord(ctx, k, store.ErrNoRecord, "DELETE FROM record"+ofRecord, k.args()...)
}

// writeRecord runs a statement that should touch one row; untouched is the answer when it did not.
func (e *Engine) writeRecord(ctx context.Context, k recordKey, untouched error, sql string, args ...any) error {
	if err := e.enter(ctx); err != nil {
		return err
	}
	defer e.leave()
	n, err := e.touch(ctx, k, sql, args...)
	if err == nil && n == 0 {
		return untouched
	}
	return err
}

// touch runs one statement about a record in a transaction of its own and tells how many rows it touched.
func (e *Engine) touch(ctx context.Context, k recordKey, sql string, args ...any) (n int64, err error) {
	if !k.storable() {
		return 0, errUnstorable
	}
	err = e.write(ctx, k.account, func(tx *transaction) {
		tx.affect(func(tag pgconn.CommandTag) { n = tag.RowsAffected() }, sql, args...)
	})
	return n, err
}

// write runs a transaction of one round trip.
func (e *Engine) write(ctx context.Context, account string, queue func(*transaction)) error {
	return e.insist(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		tx, err := e.newTransaction(conn, account, e.lockWait(ctx))
		if err != nil {
			return err
		}
		queue(tx)
		if err := ctx.Err(); err != nil {
			return err
		}
		return tx.commit(ctx)
	})
}

// ListRecords implements store.Engine.
func (e *Engine) ListRecords(ctx context.Context, collection, account, region, after string, limit int) (list []store.Record, err error) {
	if err := e.enter(ctx); err != nil {
		return nil, err
	}
	defer e.leave()
	k := keyOfRecord(collection, account, region, after)
	if !k.storable() {
		return nil, nil
	}
	err = e.read(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		list, err = selectRecords(ctx, conn, "account = $1 AND region = $2 AND collection = $3 AND name > $4", "name", limit, k.args())
		return err
	})
	return list, err
}

// selectRecords reads records in an order.
func selectRecords(ctx context.Context, conn *pgxpool.Conn, where, order string, limit int, args []any) ([]store.Record, error) {
	sql := fmt.Sprintf("SELECT collection, account, region, name, body FROM record WHERE %s ORDER BY %s LIMIT %d", where, order, limit)
	rows, err := conn.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (r store.Record, err error) {
		var name []byte
		err = row.Scan(&r.Collection, &r.Account, &r.Region, &name, &r.Body)
		r.Name = string(name)
		return r, err
	})
}

// EditRecord implements store.RecordEditor. Editors of one record queue for an advisory lock, which also
// a record that is not there yet can have.
func (e *Engine) EditRecord(ctx context.Context, collection, account, region, name string, edit func(old []byte) ([]byte, error)) error {
	if err := e.enter(ctx); err != nil {
		return err
	}
	defer e.leave()
	k := keyOfRecord(collection, account, region, name)
	if !k.storable() {
		return errUnstorable
	}
	var own error // the edit's
	err := e.insist(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		tx, err := e.newTransaction(conn, k.account, e.lockWait(ctx))
		if err != nil {
			return err
		}
		own, err = tx.edit(ctx, k, edit)
		return err
	})
	if own != nil {
		return own
	}
	return err
}

// edit runs an edit under its lock. own is the edit's error, with which nothing is written.
func (t *transaction) edit(ctx context.Context, k recordKey, edit func(old []byte) ([]byte, error)) (own, err error) {
	sum := sha256.Sum256(appendTexts(nil, k.account, k.region, k.collection, k.name))
	t.exec("SELECT pg_advisory_xact_lock($1)", int64(binary.BigEndian.Uint64(sum[:])))
	var old []byte
	t.query(func(rows pgx.Rows) error {
		old = append([]byte{}, rows.RawValues()[0]...)
		return nil
	}, "SELECT body FROM record"+ofRecord, k.args()...)
	if err := t.flush(ctx); err != nil {
		t.abort(ctx)
		return nil, err
	}
	existed := old != nil
	made, own := attemptEdit(edit, old)
	switch {
	case own != nil || made == nil && !existed:
		t.abort(ctx)
		return own, nil
	case made == nil:
		t.exec("DELETE FROM record"+ofRecord, k.args()...)
	default:
		t.exec(putRecord+"UPDATE SET body = excluded.body", k.args(made)...)
	}
	if err := ctx.Err(); err != nil {
		t.abort(ctx)
		return nil, err
	}
	return nil, t.commit(ctx)
}

// attemptEdit calls an edit and takes a panic for an error.
func attemptEdit(edit func([]byte) ([]byte, error), old []byte) (made []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("store: an edit panicked: %v", r)
		}
	}()
	return edit(old)
}

// ScanRecords implements store.Carrier.
func (e *Engine) ScanRecords(ctx context.Context, after *store.Record, limit int) (list []store.Record, err error) {
	if err := e.enter(ctx); err != nil {
		return nil, err
	}
	defer e.leave()
	limit = min(limit, math.MaxInt32)
	err = e.read(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		const order = "collection, account, region, name"
		if after == nil {
			list, err = selectRecords(ctx, conn, always, order, limit, nil)
			return err
		}
		list, err = selectRecords(ctx, conn, "("+order+") > ($1, $2, $3, $4)", order, limit,
			[]any{after.Collection, after.Account, after.Region, []byte(after.Name)})
		return err
	})
	return list, err
}
