package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/findinghub/findinghub"
)

// newPool makes connections that write, or read, as the database behind a URL allows. They are made when they
// are needed: a database that is away for a moment does not keep a hub from starting later.
func newPool(ctx context.Context, o Options, most int, mode pgx.QueryExecMode) (*pgxpool.Pool, error) {
	c, err := pgxpool.ParseConfig(o.URL)
	if err != nil {
		return nil, fmt.Errorf("the database's URL: %w", err)
	}
	c.MaxConns = int32(most)
	c.ConnConfig.DefaultQueryExecMode = mode
	c.ConnConfig.StatementCacheCapacity = preparedStatements
	c.ConnConfig.ConnectTimeout = o.ConnectTimeout
	// Of several hosts the one that can be written to: after a failover it is another one.
	c.ConnConfig.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	set := c.ConnConfig.RuntimeParams
	set["application_name"] = "findinghub"
	set["timezone"] = "UTC"
	set["jit"] = "off" // compiling takes longer than what is compiled
	set["synchronous_commit"] = "on"
	set["statement_timeout"] = milliseconds(o.StatementTimeout)
	set["lock_timeout"] = milliseconds(o.LockWait)
	set["idle_in_transaction_session_timeout"] = milliseconds(o.StatementTimeout)
	set["client_connection_check_interval"] = "2s" // who waits for a lock lets go of the others when its hub is gone
	return pgxpool.NewWithConfig(ctx, c)
}

// preparedStatements is how many statements a connection keeps prepared. One of a search takes the server 0.1 to 0.2 MB.
const preparedStatements = 64

// planned makes a reading statement one that stays prepared with its plan, which is the same whatever is asked for. To plan
// a small statement takes longer than to run it.
func planned(args []any) []any { return append([]any{pgx.QueryExecModeCacheStatement}, args...) }

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// The classes of errors that the engine does something about.
func isConflict(err error) bool { return hasCode(err, "40001", "40P01") }
func isLocked(err error) bool   { return hasCode(err, "55P03") }

// isLost says whether an error is the connection's or the server's going away, not a statement's own:
// another connection may succeed. A standby that refuses to write (25006) was the primary a moment ago.
func isLost(err error) bool {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, errCorrupt) {
		return false
	}
	var pe *pgconn.PgError
	if !errors.As(err, &pe) {
		return isNetwork(err)
	}
	return pe.Code[:2] == "08" || hasCode(err, "57P01", "57P02", "57P03", "25006", "53300", "25P03")
}

// isNetwork is true for what does not come from the server. pgx has no type for it; everything that this
// package fails with by itself is of one of the types named here.
func isNetwork(err error) bool {
	var own *findinghub.Error
	return !errors.Is(err, pgx.ErrNoRows) && !errors.As(err, &own) && !errors.Is(err, errBug)
}

// errBug is why a statement's answer makes no sense.
var errBug = errors.New("the database answered what it cannot")

func hasCode(err error, codes ...string) bool {
	var pe *pgconn.PgError
	if !errors.As(err, &pe) {
		return false
	}
	for _, c := range codes {
		if pe.Code == c {
			return true
		}
	}
	return false
}

// unavailable is what a caller sees of an error that is the store's. That of its own context it gets back.
func unavailable(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if cerr := ctx.Err(); cerr != nil {
		return fmt.Errorf("store: %w", cerr)
	}
	var own *findinghub.Error
	if errors.As(err, &own) || errors.Is(err, errCorrupt) || errors.Is(err, errBug) {
		return err // trying again would not help
	}
	return &findinghub.Error{Code: findinghub.CodeUnavailable, Message: "The hub's store cannot answer", Err: fmt.Errorf("store: %w", err)}
}

// The pauses between tries.
const (
	firstPause   = 5 * time.Millisecond
	longestPause = 500 * time.Millisecond
)

// pause waits for about d; false when the context is over before.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d/2 + rand.N(d))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// read runs what changes nothing on a connection, and again on another when that one is lost.
func (e *Engine) read(ctx context.Context, f func(context.Context, *pgxpool.Conn) error) error {
	limit, cancel := context.WithTimeout(ctx, e.o.Patience)
	defer cancel()
	for wait := firstPause; ; wait = min(2*wait, longestPause) {
		err := e.once(ctx, e.readers, f)
		if !isLost(err) || !pause(limit, wait) {
			return unavailable(ctx, err)
		}
		e.log.Warn("a connection was lost", "error", err)
	}
}

// once runs f on a connection of a pool, for no longer than a statement may take: a network that
// swallows everything must not hold a caller for ever.
func (e *Engine) once(ctx context.Context, pool *pgxpool.Pool, f func(context.Context, *pgxpool.Conn) error) error {
	ctx, cancel := context.WithTimeout(ctx, e.o.StatementTimeout+e.o.ConnectTimeout)
	defer cancel()
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	err = f(ctx, conn)
	if hasCode(err, "25006") {
		// All connections lead to a server that is a standby now.
		pool.Reset()
	}
	return err
}
