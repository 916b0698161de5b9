package postgres

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/findinghub/findinghub/store"
)

// Options are what Open needs to know. Zero values mean the defaults.
type Options struct {
	// URL says where the database is, as libpq understands it: postgres://user:password@host:port/name.
	// It may name several hosts; the one that can be written to is used. A pooler in between must give each
	// connection a session of its own.
	URL string
	// Logger gets the engine's few messages; nil discards them.
	Logger *slog.Logger
	// Events makes the engine write an event for each change, see store.Outbox.
	Events bool
	// Writers and Readers bound the connections of this process; 0 means 4 and 8, and two and four more for
	// each processor, but no more than 16 and 32. All processes together must stay below the server's max_connections.
	Writers, Readers int
	// StatementTimeout ends a statement; 0 means 30 s.
	StatementTimeout time.Duration
	// ConnectTimeout bounds one attempt to connect; 0 means 5 s.
	ConnectTimeout time.Duration
	// LockWait is how long a finding that another transaction changes is waited for; 0 means 2 s.
	LockWait time.Duration
	// Patience is how long a lost server is tried again before a call fails; 0 means 10 s.
	Patience time.Duration
	// Housekeeping is how often what is no longer needed is deleted; 0 means 5 minutes.
	Housekeeping time.Duration
	// Random is where tokens of transactions come from; nil means crypto/rand.
	Random io.Reader
	// Now is the clock, for how much of a context's deadline a lock may be waited for; nil means
	// that only LockWait counts.
	Now func() time.Time

	// ask replaces the choice of how hubs are asked, apart lets each be asked by itself, and with columns no value is too
	// rare for them; for tests.
	ask            func() (how asking, most int)
	apart, columns bool
}

// withDefaults fills in what was left out.
func (o Options) withDefaults() Options {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	procs := runtime.GOMAXPROCS(0)
	set(&o.Writers, min(4+2*procs, 16))
	set(&o.Readers, min(8+4*procs, 32))
	set(&o.StatementTimeout, 30*time.Second)
	set(&o.ConnectTimeout, 5*time.Second)
	set(&o.LockWait, 2*time.Second)
	set(&o.Patience, 10*time.Second)
	set(&o.Housekeeping, 5*time.Minute)
	return o
}

func set[T comparable](v *T, value T) {
	var zero T
	if *v == zero {
		*v = value
	}
}

// Engine is a store.Engine over one database, which any number of engines may share.
type Engine struct {
	o       Options
	log     *slog.Logger
	codec   *codec
	writers *pgxpool.Pool
	// readers plan each statement for its values: of a filter some select everything and others nothing.
	readers *pgxpool.Pool

	// gate is held for reading by every call, so that Close can wait for them.
	gate   sync.RWMutex
	closed bool

	health     health
	statistics statistics
	stop       context.CancelFunc
	keeping    sync.WaitGroup
}

var _ store.Engine = (*Engine)(nil)

// Open connects to a database and brings its tables to the layout of this program. A database with a later
// layout is an error that says so, and is left as it is.
func Open(ctx context.Context, o Options) (*Engine, error) {
	o = o.withDefaults()
	e := &Engine{o: o, log: o.Logger}
	if err := e.open(ctx); err != nil {
		e.release()
		return nil, fmt.Errorf("store: opening the database: %w", err)
	}
	keep, stop := context.WithCancel(context.WithoutCancel(ctx))
	e.stop = stop
	e.keeping.Go(func() { e.housekeep(keep) })
	e.keeping.Go(func() { e.keepStatistics(keep) })
	return e, nil
}

// open opens everything that release closes.
func (e *Engine) open(ctx context.Context) (err error) {
	if e.writers, err = newPool(ctx, e.o, e.o.Writers, pgx.QueryExecModeCacheStatement); err != nil {
		return err
	}
	if e.readers, err = newPool(ctx, e.o, e.o.Readers, pgx.QueryExecModeCacheDescribe); err != nil {
		return err
	}
	return e.once(ctx, e.writers, func(ctx context.Context, conn *pgxpool.Conn) error {
		if err := migrate(ctx, conn.Conn(), migrations); err != nil {
			return err
		}
		dictionary, err := readDictionary(ctx, conn.Conn())
		if err != nil {
			return err
		}
		if e.codec, err = newCodec(dictionary); err != nil {
			return err
		}
		return e.statistics.read(ctx, conn)
	})
}

// Close implements store.Engine: it waits for the calls that have begun.
func (e *Engine) Close() error {
	e.gate.Lock()
	defer e.gate.Unlock()
	if e.closed {
		return nil
	}
	e.closed = true
	e.stop()
	e.keeping.Wait()
	e.health.stop()
	e.release()
	return nil
}

func (e *Engine) release() {
	for _, p := range []*pgxpool.Pool{e.writers, e.readers} {
		if p != nil {
			p.Close()
		}
	}
}

// enter begins a call; leave must follow when there is no error.
func (e *Engine) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	e.gate.RLock()
	if e.closed {
		e.gate.RUnlock()
		return store.ErrClosed
	}
	return nil
}

// leave ends a call.
func (e *Engine) leave() { e.gate.RUnlock() }

// Stats implements store.Engine. The number is kept by those who change it, hub by hub.
func (e *Engine) Stats(ctx context.Context) (store.Stats, error) {
	if err := e.enter(ctx); err != nil {
		return store.Stats{}, err
	}
	defer e.leave()
	var n int64
	err := e.read(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		return conn.QueryRow(ctx, "SELECT coalesce(sum(findings), 0)::bigint FROM tally").Scan(&n)
	})
	return store.Stats{Findings: int(n)}, err
}

// housekeep deletes receipts that nobody will ask for any more, until the engine is closed.
func (e *Engine) housekeep(ctx context.Context) {
	tick := time.NewTicker(e.o.Housekeeping)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := e.once(ctx, e.writers, func(ctx context.Context, conn *pgxpool.Conn) error {
			_, err := conn.Exec(ctx, "DELETE FROM receipt WHERE at < now() - $1::interval", receiptsKept)
			return err
		})
		if err != nil && ctx.Err() == nil {
			e.log.Warn("old receipts were not deleted", "error", err)
		}
	}
}

// keepStatistics reads the database's statistics now and then, until the engine is closed.
func (e *Engine) keepStatistics(ctx context.Context) {
	tick := time.NewTicker(statisticsEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := e.once(ctx, e.readers, e.statistics.read); err != nil && ctx.Err() == nil {
			e.log.Warn("the database's statistics were not read", "error", err)
		}
	}
}
