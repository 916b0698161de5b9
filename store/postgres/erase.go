package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
)

// Erase implements store.Eraser. sure is asked about what is locked. Other changes of the findings wait, or
// the erasing begins anew when these were first.
func (e *Engine) Erase(ctx context.Context, keys []finding.Key, sure func(*finding.Stored) bool) (erased int, err error) {
	if err := e.enter(ctx); err != nil {
		return 0, err
	}
	defer e.leave()
	ms := make([]store.Mutation, 0, len(keys))
	for _, k := range keys {
		if hubOf(k).storable() {
			ms = append(ms, store.Mutation{Key: k})
		}
	}
	if len(ms) == 0 {
		return 0, nil
	}
	err = e.insist(ctx, func(ctx context.Context, conn *pgxpool.Conn) (err error) {
		erased, err = e.newCall(ms).erase(ctx, conn, sure)
		return err
	})
	if err != nil {
		return 0, err
	}
	return erased, nil
}

// erase removes in one transaction what sure is sure of.
func (c *call) erase(ctx context.Context, conn *pgxpool.Conn, sure func(*finding.Stored) bool) (int, error) {
	if err := load(ctx, conn, c.units); err != nil {
		return 0, err
	}
	there, err := c.surely(withRow(c.units, true), sure)
	if err != nil || len(there) == 0 {
		return 0, err
	}
	tx, err := c.e.newTransaction(conn, there[0].hub.account, c.e.lockWait(ctx))
	if err != nil {
		return 0, err
	}
	held := map[*unit]bool{}
	var changed []*unit
	byHub(there, func(h hub, part []*unit) { lock(tx, h, part, held, &changed) })
	if err := tx.flush(ctx); err != nil {
		tx.abort(ctx)
		return 0, err
	}
	var locked []*unit
	for _, u := range there {
		if held[u] {
			locked = append(locked, u)
		}
	}
	gone, err := c.surely(locked, sure)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil || len(gone) == 0 {
		tx.abort(ctx)
		return 0, err
	}
	byHub(gone, func(h hub, part []*unit) { remove(tx, h, part) })
	byHub(gone, func(h hub, part []*unit) { count(tx, h, -len(part)) })
	return len(gone), tx.commit(ctx)
}

// surely gives the units of whose findings sure is sure, and takes a panic for an error.
func (c *call) surely(units []*unit, sure func(*finding.Stored) bool) (some []*unit, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = findinghub.Internal(fmt.Errorf("store: the condition of an erasing panicked: %v", r))
		}
	}()
	for _, u := range units {
		s, err := c.e.codec.stored(u.old)
		if err != nil {
			return nil, err
		}
		if sure(s) {
			some = append(some, u)
		}
	}
	return some, nil
}

// remove queues the deletion of findings that are locked, and of their history.
func remove(tx *transaction, h hub, units []*unit) {
	keys := make([][]byte, len(units))
	for i, u := range units {
		keys[i] = historyKey(u.place)
	}
	// A plan for these places and for as many findings as there are now; see atPlace.
	tx.exec("SELECT set_config('plan_cache_mode', 'force_custom_plan', true)")
	tx.exec("DELETE FROM finding WHERE account = $1 AND region = $2 AND place = ANY($3::bytea[])", h.account, h.region, places(units))
	tx.exec("DELETE FROM history WHERE account = $1 AND region = $2 AND key = ANY($3::bytea[])", h.account, h.region, keys)
}
