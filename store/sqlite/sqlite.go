// Package sqlite is the embedded engine: one SQLite file is the truth, an index in
// memory (package search) answers the queries and is rebuilt from the file at start.
//
// A finding is a row whose number the index knows; SQLite has no other way to find it, so
// that storing one is appending one. One goroutine writes, for everyone who waits
// at once; callers prepare their rows in parallel and many connections read.
package sqlite

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"

	"zombiezen.com/go/sqlite"

	"github.com/findinghub/findinghub/search"
	"github.com/findinghub/findinghub/store"
)

// ErrInUse is why a directory cannot be opened that another engine has open.
var ErrInUse = errors.New("store: the data directory is in use by another process")

// Options are what Open needs to know.
type Options struct {
	// Dir is the directory of the database; it is made when it is not there.
	Dir string
	// Logger gets the engine's few messages; nil discards them.
	Logger *slog.Logger
	// Readers is the number of connections that read at once; 0 means 4 and two more for each processor.
	Readers int
	// CheckpointPages is how many pages the write-ahead log may hold before they are
	// copied into the database in the background; 0 means 8,000. A page has 4,096 bytes.
	CheckpointPages int
	// Events is whether changes make events; see store.Outbox.
	Events bool
	// Random is what a new database takes its number from, which events' IDs follow from; nil is crypto/rand's.
	Random io.Reader
	// OnCommit, if not nil, is called after each commit by the goroutine that writes: it must be quick.
	OnCommit func(Commit)

	// maxPages bounds the database for tests of a full disk.
	maxPages int
	// renewLog is called with the log's path before SQLite opens it; tests with a disk of their own have their own.
	renewLog func(path string) error
	// tailBytes bounds the memory of the newest events; 0 means 16 MB.
	tailBytes int
}

// Commit tells how much one commit wrote, for metrics.
type Commit struct {
	Calls    int // requests answered by it
	Findings int // findings written or erased
}

// Engine is a store.Engine over one directory.
type Engine struct {
	log      *slog.Logger
	onCommit func(Commit)
	index    *search.Index
	codec    *codec
	readers  *readers
	writer   *writer

	checkpoints *checkpointer
	unlock      func() error
	path        string // of the database
	events      bool
	tail        tail
	identity    [16]byte // the database's own number
	health      health
	ahead       ahead

	// gate is held for reading by every call, so that Close can wait for them.
	gate   sync.RWMutex
	closed bool

	// settled is the last group of writes that is over: on disk and in the index, or undone.
	settled atomic.Uint64
	// stripes say which group wrote a finding last, many findings sharing one. A group
	// stores its number before its rows can be seen and settles after the index has them.
	// Hence whoever loads settled, then reads a row or asks the index, and finds the
	// stripe not above what it loaded, knows that nothing has changed in between. A
	// finding that shares its stripe with a busy one is only checked once more.
	stripes [1 << 16]atomic.Uint64
	// made counts new findings, when the index has them and before their callers are answered.
	made atomic.Uint64
}

var _ store.Engine = (*Engine)(nil)

// stripe is the one that a finding belongs to.
func (e *Engine) stripe(doc search.Doc) *atomic.Uint64 { return &e.stripes[int(doc)%len(e.stripes)] }

// Open opens the database of a directory, or makes one, and builds the index. A directory
// in use is ErrInUse; a file that is damaged, of a later version or not ours is an error
// that says so, and is left as it is.
func Open(ctx context.Context, o Options) (*Engine, error) {
	o = o.withDefaults()
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	unlock, err := lockDir(o.Dir)
	if err != nil {
		return nil, err
	}
	e := &Engine{log: o.Logger, onCommit: o.OnCommit, index: search.New(), unlock: unlock, tail: tail{most: o.tailBytes}}
	if err := e.open(ctx, o); err != nil {
		return nil, errors.Join(fmt.Errorf("store: opening %s: %w", o.Dir, err), e.release())
	}
	go e.writer.run()
	go e.checkpoints.run()
	return e, nil
}

// withDefaults fills in what was left out. Reading waits for the disk at times, so there are more connections than processors.
func (o Options) withDefaults() Options {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Readers == 0 {
		o.Readers = 4 + 2*runtime.GOMAXPROCS(0)
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	if o.CheckpointPages == 0 {
		o.CheckpointPages = 8000
	}
	if o.tailBytes == 0 {
		o.tailBytes = tailBytes
	}
	if o.renewLog == nil {
		o.renewLog = renewLog
	}
	return o
}

// open opens everything that release closes.
func (e *Engine) open(ctx context.Context, o Options) error {
	e.path, e.events = filepath.Join(o.Dir, fileName), o.Events
	if err := o.renewLog(e.path + "-wal"); err != nil {
		return err
	}
	conn, m, err := openDatabase(e.path, o)
	if err != nil {
		return err
	}
	e.writer, err = newWriter(e, conn)
	if err != nil {
		return err
	}
	e.identity = m.identity
	if e.codec, err = newCodec(m.dictionary); err != nil {
		return err
	}
	if e.checkpoints, err = newCheckpointer(e.path, o); err != nil {
		return err
	}
	if err := e.checkpoints.distrust(); err != nil {
		return err
	}
	if e.readers, err = openReaders(e.path, o.Readers); err != nil {
		return err
	}
	return e.rebuild(ctx)
}

// Close implements store.Engine: it waits for the calls that have begun.
func (e *Engine) Close() error {
	e.gate.Lock()
	defer e.gate.Unlock()
	if e.closed {
		return nil
	}
	e.closed = true
	close(e.writer.jobs)
	<-e.writer.finished
	e.checkpoints.stop()
	e.health.stop()
	return e.release()
}

// release closes what open opened, as far as it came. The last connection copies the
// write-ahead log into the database as it closes, unless copying it has failed.
func (e *Engine) release() error {
	var errs []error
	var keep *sqlite.Conn
	if e.checkpoints != nil && e.checkpoints.failing() != nil {
		var err error
		if keep, err = keepLog(e.path); err != nil {
			// All stay open until the process ends: its end copies nothing.
			return errors.Join(err, e.unlock())
		}
	}
	if e.readers != nil {
		errs = append(errs, e.readers.close())
	}
	if e.checkpoints != nil {
		errs = append(errs, e.checkpoints.conn.Close())
	}
	if e.writer != nil {
		errs = append(errs, e.writer.conn.Close())
	}
	if keep != nil {
		errs = append(errs, keep.Close())
	}
	return errors.Join(append(errs, e.unlock())...)
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

// Stats implements store.Engine.
func (e *Engine) Stats(ctx context.Context) (store.Stats, error) {
	if err := e.enter(ctx); err != nil {
		return store.Stats{}, err
	}
	defer e.leave()
	return store.Stats{Findings: e.index.Len(), IndexBytes: e.index.Bytes()}, nil
}

// discard closes a connection that turned out to be useless.
func discard(c *sqlite.Conn, err error) error { return errors.Join(err, c.Close()) }
