package sqlite

import (
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"zombiezen.com/go/sqlite"
)

// checkpointer copies the write-ahead log into the database in the background, because
// a commit that had to do so would be the slowest of its thousand. The log can only be
// begun anew when all of it has been copied, and while there are writes a copy is never
// quite complete: so the last, small rest is copied while the writer holds still.
type checkpointer struct {
	conn  *sqlite.Conn
	path  string // of the database
	log   *slog.Logger
	limit int64 // pages
	// pins is how many read for so long (a backup) that it is no use to wait for them.
	pins atomic.Int32
	// blocked is the size before which it is no use to begin the log anew: another process (a backup) read
	// the old one when that was last tried, and writers waited in vain.
	blocked atomic.Int64
	// hold is held by the writer for each commit.
	hold sync.Mutex
	// turn is whose turn it is to use the connection: the writer takes it when it must wait for the copy.
	turn sync.Mutex

	wake     chan struct{}
	quit     chan struct{}
	finished chan struct{}

	// failed is why the last checkpoint failed on the disk: nothing is written until one succeeds.
	failed atomic.Pointer[error]
	// appended is the size of the log before its pages were appended to it again; 0 unless a checkpoint has failed.
	appended int64

	size, copyAll, copyRest, putPage *sqlite.Stmt
}

// smallRest is how many pages may be copied while writers wait: some milliseconds' worth.
const smallRest = 500

// newCheckpointer opens the connection; run is to follow.
func newCheckpointer(path string, o Options) (*checkpointer, error) {
	c, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		return nil, err
	}
	// Readers are quick; one that is not makes this checkpoint fail and the next one will do.
	c.SetBusyTimeout(20 * time.Millisecond)
	cp := &checkpointer{
		conn: c, path: path, log: o.Logger, limit: int64(o.CheckpointPages),
		wake: make(chan struct{}, 1), quit: make(chan struct{}), finished: make(chan struct{}),
	}
	err = errors.Join(runSQL(c, "PRAGMA synchronous=FULL"), runSQL(c, "PRAGMA fullfsync=1"), runSQL(c, "PRAGMA checkpoint_fullfsync=1"),
		runSQL(c, "PRAGMA wal_autocheckpoint=0"), prepareAll(c, map[string]**sqlite.Stmt{
			"PRAGMA wal_checkpoint(NOOP)":                        &cp.size,
			"PRAGMA wal_checkpoint(PASSIVE)":                     &cp.copyAll,
			"PRAGMA wal_checkpoint(RESTART)":                     &cp.copyRest,
			"INSERT INTO sqlite_dbpage(pgno, data) VALUES(?, ?)": &cp.putPage,
		}))
	if err != nil {
		return nil, discard(c, err)
	}
	return cp, nil
}

// pin says by 1 that a long reading begins and by -1 that it is over. Until then the log grows.
func (cp *checkpointer) pin(n int32) { cp.pins.Add(n) }

// worst is how many times the limit the log may hold before commits wait for the copy.
const worst = 4

// ready is called before a commit with the size of the log. A disk that takes in less than is
// written would let the log grow for ever: then writers wait. An error is why nothing may be written.
func (cp *checkpointer) ready(pages int64) error {
	if cp.failing() == nil && (pages < max(worst*cp.limit, cp.blocked.Load()) || cp.pins.Load() > 0) {
		return nil
	}
	err := cp.check()
	if err != nil && cp.failing() == nil {
		cp.log.Warn("a checkpoint failed, the log grows on", "pages", pages, "error", err)
		return nil
	}
	return err
}

// grown is called after a commit with the size of the log.
func (cp *checkpointer) grown(pages int64) {
	if pages < cp.limit {
		return
	}
	select {
	case cp.wake <- struct{}{}:
	default:
	}
}

// run is the checkpointer's goroutine; stop ends it.
func (cp *checkpointer) run() {
	defer close(cp.finished)
	for {
		select {
		case <-cp.quit:
			return
		case <-cp.wake:
		}
		if err := cp.check(); err != nil {
			// The log grows on; the next commit wakes us again.
			cp.log.Warn("a checkpoint failed", "error", err)
		}
	}
}

func (cp *checkpointer) stop() {
	close(cp.quit)
	<-cp.finished
}

// check looks at the log's size and copies it when it has passed the limit, or when copying it has failed.
func (cp *checkpointer) check() error {
	cp.turn.Lock()
	defer cp.turn.Unlock()
	if cp.failing() != nil {
		return cp.note(cp.redo())
	}
	return cp.note(cp.copyGrown())
}

// copyGrown copies a log that has passed the limit.
func (cp *checkpointer) copyGrown() error {
	pages, _, err := walState(cp.size)
	if err != nil || pages < max(cp.limit, cp.blocked.Load()) {
		return err
	}
	// Each pass copies what was written during the one before, so it shortens quickly
	// unless the disk cannot keep up; then the writers have to wait for it.
	for range 4 {
		_, copied, err := walState(cp.copyAll)
		if err != nil {
			return err
		}
		now, _, err := walState(cp.size)
		if err != nil {
			return err
		}
		if now-copied < smallRest {
			break
		}
	}
	if cp.pins.Load() > 0 {
		return nil
	}
	return cp.beginAnew()
}

// beginAnew copies the rest and waits for the readers of the old log, so that the next commit begins a new
// one. When they take too long, the log grows by another limit before it is tried again.
func (cp *checkpointer) beginAnew() error {
	cp.hold.Lock()
	defer cp.hold.Unlock()
	s := cp.copyRest
	if _, err := s.Step(); err != nil {
		return err
	}
	busy, pages := s.ColumnInt64(0), s.ColumnInt64(1)
	cp.blocked.Store(busy * (pages + cp.limit))
	return s.Reset()
}

// walState runs a checkpoint statement: the pages in the log and how many have been copied.
func walState(s *sqlite.Stmt) (pages, copied int64, err error) {
	if _, err := s.Step(); err != nil {
		return 0, 0, err
	}
	pages, copied = s.ColumnInt64(1), s.ColumnInt64(2)
	return pages, copied, s.Reset()
}
