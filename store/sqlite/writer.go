package sqlite

import (
	"context"
	"errors"
	"fmt"

	"zombiezen.com/go/sqlite"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/search"
	"github.com/findinghub/findinghub/store"
)

// maxGroup bounds the findings of one commit beyond the first call's: larger
// groups save little more and make everyone wait.
const maxGroup = 1000

// job is one caller's share of a commit: a prepared call, or another write.
type job struct {
	call  *call
	write func(*writer) error // store.ErrExists and store.ErrNoRecord are answers, all else fails the commit
	done  chan error
}

// writer is the one goroutine that writes. It commits for everyone who waits at once
// and answers after the commit is on disk and in the index.
type writer struct {
	e        *Engine
	conn     *sqlite.Conn
	jobs     chan job
	finished chan struct{}

	begin, commit, rollback                 *sqlite.Stmt
	insertFinding, updateFinding, selectRow *sqlite.Stmt
	dropFinding                             *sqlite.Stmt
	insertChange, selectChange, dropChange  *sqlite.Stmt
	insertEvent, dropEvents                 *sqlite.Stmt
	selectRecord                            *sqlite.Stmt
	upsertRecord, insertRecord, dropRecord  *sqlite.Stmt
	putMeta                                 *sqlite.Stmt

	logSize *sqlite.Stmt

	logPages int64 // the size of the write-ahead log after the last commit
	marks

	// Of the group being written:
	group   uint64
	entries []search.Entry
	created map[finding.Key]search.Doc
	erased  map[finding.Key]bool
	answers []error
	told    eventRow // events that are not in a row yet
	fresh   []recent // all events
}

// marks are how far the writer has come with its numbers. A group that fails goes back to what they were.
type marks struct {
	free       holes
	nextDoc    search.Doc // the next finding's number where there are no holes
	lastChange int64      // the newest history row's id
	lastEvent  int64      // the newest event's place, also when it has been trimmed
	trimmed    int64      // the last place whose event is gone
}

// newWriter prepares every statement at once: a schema that does not fit is noticed at start.
func newWriter(e *Engine, conn *sqlite.Conn) (*writer, error) {
	w := &writer{e: e, conn: conn, jobs: make(chan job), finished: make(chan struct{}), created: map[finding.Key]search.Doc{}, erased: map[finding.Key]bool{}}
	return w, prepareAll(conn, map[string]**sqlite.Stmt{
		"BEGIN IMMEDIATE":             &w.begin,
		"COMMIT":                      &w.commit,
		"PRAGMA wal_checkpoint(NOOP)": &w.logSize,
		"ROLLBACK":                    &w.rollback,
		"INSERT INTO findings(doc, body) VALUES(?, ?)":                &w.insertFinding,
		"UPDATE findings SET body=?2 WHERE doc=?1":                    &w.updateFinding,
		"SELECT body FROM findings WHERE doc=?":                       &w.selectRow,
		"DELETE FROM findings WHERE doc=?":                            &w.dropFinding,
		"INSERT INTO history(id, doc, prev, body) VALUES(?, ?, ?, ?)": &w.insertChange,
		"SELECT doc, prev FROM history WHERE id=?":                    &w.selectChange,
		"DELETE FROM history WHERE id=?":                              &w.dropChange,
		"INSERT INTO outbox(place, body) VALUES(?, ?)":                &w.insertEvent,
		"DELETE FROM outbox WHERE place<=?":                           &w.dropEvents,
		"INSERT OR REPLACE INTO meta VALUES(?, ?)":                    &w.putMeta,
		selectRecord: &w.selectRecord,
		"INSERT OR REPLACE INTO records VALUES(?, ?, ?, ?, ?, ?)":                      &w.upsertRecord,
		"INSERT INTO records VALUES(?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING":          &w.insertRecord,
		"DELETE FROM records WHERE collection=? AND account=? AND region=? AND name=?": &w.dropRecord,
	})
}

// do hands a job in and waits for its answer. Until the writer takes it, it has not
// happened and the context may call it off; from then on the writer owns it and its answer is
// awaited, for it will happen.
func (w *writer) do(ctx context.Context, j job) error {
	j.done = make(chan error, 1)
	select {
	case w.jobs <- j:
		return <-j.done
	case <-ctx.Done():
		return ctx.Err()
	}
}

// run is the writer's goroutine; it ends when jobs is closed.
func (w *writer) run() {
	defer close(w.finished)
	var group []job
	for j := range w.jobs {
		group = w.gather(group[:0], j)
		w.write(group)
		clear(group)
	}
}

// gather takes what waits along with a first job. It does not wait for more: while a
// group is being written the next one gathers by itself.
func (w *writer) gather(group []job, j job) []job {
	for size := 0; ; {
		group = append(group, j)
		if j.call != nil {
			size += len(j.call.changes)
		}
		if size++; size >= maxGroup {
			return group
		}
		select {
		case next, open := <-w.jobs:
			if !open {
				return group
			}
			j = next
		default:
			return group
		}
	}
}

// write commits a group, tells the index and answers everyone. The order is the promise:
// durable before visible in the index, visible before acknowledged. Between commit and
// index a reader may see a row that the index does not know as it is; Find looks for that.
func (w *writer) write(group []job) {
	err := w.transact(group)
	if err == nil && len(w.entries) > 0 {
		w.e.index.Apply(w.entries)
		w.e.made.Add(uint64(len(w.created)))
	}
	w.remember(err)
	w.e.settled.Store(w.group)
	w.e.health.wrote(err)
	w.measureLog()
	w.report(group, err)
	clear(w.entries) // they hold on to the calls' memory
	clear(w.fresh)
	clear(w.created)
	clear(w.erased)
	for i, j := range group {
		answer := err
		if answer == nil {
			answer = w.answers[i]
		}
		if j.call != nil {
			j.call.release()
		}
		j.done <- answer
	}
}

// remember gives the tail the events of a commit.
func (w *writer) remember(err error) {
	switch {
	case err != nil:
		w.e.tail.forget()
	case w.e.events:
		w.e.tail.grow(w.fresh, w.lastEvent, w.trimmed)
	}
}

// measureLog tells the checkpointer how long the log is.
func (w *writer) measureLog() {
	pages, _, err := walState(w.logSize)
	if err != nil {
		w.e.log.Warn("the size of the log is unknown", "error", err)
		return
	}
	w.logPages = pages
	w.e.checkpoints.grown(pages)
}

// report logs failures, which callers only know as a code, and counts successes.
func (w *writer) report(group []job, err error) {
	if err != nil {
		w.e.log.Error("a commit failed", "calls", len(group), "error", err)
		return
	}
	if w.e.onCommit != nil {
		w.e.onCommit(Commit{Calls: len(group), Findings: len(w.entries)})
	}
}

// transact writes a group's rows durably, or leaves everything as it was.
func (w *writer) transact(group []job) error {
	w.group++
	w.entries, w.answers, w.fresh = w.entries[:0], w.answers[:0], w.fresh[:0]
	before := w.marks
	err := w.e.checkpoints.ready(w.logPages)
	if err == nil {
		w.e.checkpoints.hold.Lock()
		defer w.e.checkpoints.hold.Unlock()
		err = w.fill(group)
	}
	if err == nil {
		return nil
	}
	w.marks = before
	if rerr := rollback(w.conn, w.rollback); rerr != nil {
		err = errors.Join(err, rerr)
	}
	return &findinghub.Error{Code: findinghub.CodeUnavailable, Message: "The hub's store cannot be written", Err: err}
}

// fill writes a group in one transaction. An error leaves it open, for transact to undo.
func (w *writer) fill(group []job) error {
	// A rollback that failed may have left a transaction open.
	if err := rollback(w.conn, w.rollback); err != nil {
		return err
	}
	if err := run(w.begin); err != nil {
		return fmt.Errorf("store: beginning a write: %w", err)
	}
	w.told.reset()
	for _, j := range group {
		answer, err := w.one(j)
		if err != nil {
			return err
		}
		w.answers = append(w.answers, answer)
	}
	if err := w.tellAll(); err != nil {
		return err
	}
	if err := run(w.commit); err != nil {
		return fmt.Errorf("store: committing: %w", err)
	}
	return nil
}

// one writes one job. answer is what its caller is told, err ends the whole group: a
// record that exists is no reason why its neighbours should fail, a full disk is.
func (w *writer) one(j job) (answer, err error) {
	if j.write != nil {
		err := j.write(w)
		if errors.Is(err, store.ErrExists) || errors.Is(err, store.ErrNoRecord) {
			return err, nil
		}
		return nil, err
	}
	for i := range j.call.changes {
		if err := w.place(j.call, &j.call.changes[i]); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// place writes one prepared change, prepared anew when others were faster.
func (w *writer) place(c *call, ch *change) error {
	if w.stale(c, ch) {
		if err := w.prepareAgain(c, ch); err != nil {
			return err
		}
	}
	if !ch.write {
		return nil
	}
	if !ch.exists {
		ch.doc = w.number(ch.key)
	}
	w.mark(ch.doc)
	if err := w.writeRows(ch); err != nil {
		return fmt.Errorf("store: writing finding %d: %w", ch.doc, err)
	}
	w.entries = append(w.entries, search.Entry{Doc: ch.doc, Key: ch.key, Old: ch.old, New: ch.new})
	return nil
}

// number gives a new finding its number.
func (w *writer) number(k finding.Key) search.Doc {
	doc, ok := w.free.take()
	if !ok {
		doc = w.nextDoc
		w.nextDoc++
	}
	// For other calls of the group: the index learns of it after the commit.
	w.created[k] = doc
	return doc
}

// mark says that this group writes a finding. It comes before the commit makes the row visible: see Engine.stripes.
func (w *writer) mark(doc search.Doc) { w.e.stripe(doc).Store(w.group) }

// stale says whether a change may have been prepared from a state that is no more.
// That a mutation which writes nothing raced is no harm: its answer was true when it was made.
func (w *writer) stale(c *call, ch *change) bool {
	if !ch.write {
		return false
	}
	if ch.exists {
		return w.e.stripe(ch.doc).Load() > c.base
	}
	_, ch.exists = w.lookup(ch.key)
	return ch.exists
}

// lookup finds a finding's number as this group has left it, which the index does not know yet.
func (w *writer) lookup(k finding.Key) (search.Doc, bool) {
	if doc, ok := w.created[k]; ok {
		return doc, true
	}
	if w.erased[k] {
		return 0, false
	}
	return w.e.index.Lookup(k)
}

// prepareAgain prepares from the newest state, which includes what this transaction has written.
func (w *writer) prepareAgain(c *call, ch *change) (err error) {
	if ch.doc, ch.exists = w.lookup(ch.key); ch.exists {
		start := len(c.rows)
		if c.rows, err = appendRow(w.selectRow, c.rows, ch.doc); err != nil {
			return err
		}
		ch.oldRow = c.rows[start:len(c.rows):len(c.rows)]
	}
	return w.e.mutate(c, ch)
}

// writeRows appends the history and puts its newest row's number into the finding's row. Only
// the writer knows the numbers, which is why rows are sealed here and not when they are prepared.
func (w *writer) writeRows(ch *change) error {
	newest, err := w.writeHistory(ch.doc, ch.newest, ch.history)
	if err != nil {
		return err
	}
	for _, ev := range ch.events {
		w.lastEvent++
		bind(ev.row, w.lastEvent)
		w.fresh = append(w.fresh, recent{[historyHead - crcAt]byte(ev.row[crcAt:]), ev.memory})
		if w.told.add(ev.row); !w.told.full() {
			continue
		}
		if err := w.tellAll(); err != nil {
			return err
		}
	}
	seal(ch.row, int64(ch.doc)+1, newest)
	return w.writeFinding(ch.doc, ch.row, ch.exists)
}

// writeFinding writes a finding's row, which is sealed.
func (w *writer) writeFinding(doc search.Doc, row []byte, exists bool) error {
	s := w.updateFinding
	if !exists {
		s = w.insertFinding
	}
	s.BindInt64(1, int64(doc)+1)
	s.BindBytes(2, row)
	return run(s)
}

// writeHistory appends rows to a finding's history and gives the id of its newest row.
func (w *writer) writeHistory(doc search.Doc, newest int64, rows [][]byte) (int64, error) {
	for _, row := range rows {
		id := w.lastChange + 1
		bind(row, id, int64(doc)+1, newest)
		s := w.insertChange
		s.BindInt64(1, id)
		s.BindInt64(2, int64(doc)+1)
		s.BindInt64(3, newest)
		s.BindBytes(4, row)
		if err := run(s); err != nil {
			return 0, err
		}
		w.lastChange, newest = id, id
	}
	return newest, nil
}

// setMeta writes one of the database's own values.
func (w *writer) setMeta(name string, value []byte) error {
	w.putMeta.BindText(1, name)
	w.putMeta.BindBytes(2, value)
	return run(w.putMeta)
}
