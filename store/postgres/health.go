package postgres

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// health knows whether writes work: what the last one came to.
type health struct {
	mu  sync.Mutex
	err error
	// resting is while it is too early to try again.
	resting *time.Timer
}

// probeRest is the least time between two tries of a database that failed.
const probeRest = time.Second

// wrote is told what each write came to.
func (h *health) wrote(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.err = err
}

// state is what the last write came to; try says that it is time for another.
func (h *health) state() (try bool, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.resting == nil, h.err
}

// rest keeps from trying again for a while.
func (h *health) rest() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.resting == nil {
		h.resting = time.AfterFunc(probeRest, h.stop)
	}
}

// stop ends the rest.
func (h *health) stop() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.resting != nil {
		h.resting.Stop()
		h.resting = nil
	}
}

// Ready implements store.Engine. It writes a receipt of nothing: whether a database that was lost is back can
// only be found out by trying. A database that failed is left alone for a second.
func (e *Engine) Ready(ctx context.Context) error {
	if err := e.enter(ctx); err != nil {
		return err
	}
	defer e.leave()
	try, err := e.health.state()
	if try {
		err = e.once(ctx, e.writers, func(ctx context.Context, conn *pgxpool.Conn) error {
			tx, err := e.newTransaction(conn, "", briefWait)
			if err != nil {
				return err
			}
			return tx.commit(ctx)
		})
		if ctx.Err() != nil {
			return unavailable(ctx, err)
		}
		e.health.wrote(err)
		if err != nil {
			e.health.rest()
		}
	}
	if err != nil {
		return fmt.Errorf("store: writes fail: %w", err)
	}
	return nil
}
