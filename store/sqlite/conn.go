package sqlite

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"zombiezen.com/go/sqlite"

	"github.com/findinghub/findinghub/asff"
	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/search"
)

// run executes a statement that returns no rows.
func run(s *sqlite.Stmt) error {
	for {
		row, err := s.Step()
		if err != nil {
			// After a failed step the statement is reset already; what is wrong with the database is err.
			_ = s.Reset()
			return err
		}
		if !row {
			return s.Reset()
		}
	}
}

// runSQL runs SQL that is not worth preparing.
func runSQL(c *sqlite.Conn, sql string) error {
	s, _, err := c.PrepareTransient(sql)
	if err != nil {
		return fmt.Errorf("%s: %w", sql, err)
	}
	if err = run(s); err != nil {
		err = fmt.Errorf("%s: %w", sql, err)
	}
	return errors.Join(err, s.Finalize())
}

// ask runs SQL that gives one row and returns its first column as a number.
func ask(c *sqlite.Conn, sql string) (int64, error) {
	s, _, err := c.PrepareTransient(sql)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", sql, err)
	}
	defer func() { _ = s.Finalize() }() // repeats Step's error
	row, err := s.Step()
	if err != nil {
		return 0, fmt.Errorf("%s: %w", sql, err)
	}
	if !row {
		return 0, nil
	}
	return s.ColumnInt64(0), nil
}

// prepareAll prepares statements into the places given.
func prepareAll(c *sqlite.Conn, stmts map[string]**sqlite.Stmt) error {
	for sql, place := range stmts {
		s, err := c.Prepare(sql)
		if err != nil {
			return fmt.Errorf("%s: %w", sql, err)
		}
		*place = s
	}
	return nil
}

// appendColumn appends a column's bytes to dst.
func appendColumn(dst []byte, s *sqlite.Stmt, col int) []byte {
	n := s.ColumnLen(col)
	start := len(dst)
	dst = append(dst, make([]byte, n)...)
	s.ColumnBytes(col, dst[start:])
	return dst
}

// reader is a connection that reads. A context is looked at between rows rather than
// given to the connection: no single row takes long, and a watcher goroutine for each
// read would cost as much as the read.
type reader struct {
	conn                                *sqlite.Conn
	begin, end                          *sqlite.Stmt
	selectRow, selectChange, scan, ends *sqlite.Stmt
	selectEvents, eventEnds             *sqlite.Stmt
	selectRecord, listRecords           *sqlite.Stmt
	firstRecords, scanRecords           *sqlite.Stmt

	row   []byte // the row being read
	block []byte // and what it decompresses to
	// and what that is taken apart into
	finding asff.Finding
	values  filter.Values
}

// wholeRecord is the columns of records and where they are from.
const wholeRecord = "collection, account, region, name, body, sum FROM records"

// openReader opens a connection with a cache of 16 MB, which keeps the upper pages of the
// trees of several million findings; the system keeps the rest.
func openReader(path string) (*reader, error) {
	c, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		return nil, err
	}
	r := &reader{conn: c}
	err = errors.Join(runSQL(c, "PRAGMA query_only=1"), runSQL(c, "PRAGMA cache_size=-16384"), prepareAll(c, map[string]**sqlite.Stmt{
		"BEGIN":                                 &r.begin,
		"ROLLBACK":                              &r.end,
		"SELECT body FROM findings WHERE doc=?": &r.selectRow,
		"SELECT doc, prev, body FROM history WHERE id=?": &r.selectChange,
		selectRecord: &r.selectRecord,
		"SELECT name, body, sum FROM records WHERE collection=? AND account=? AND region=? AND name>? ORDER BY name LIMIT ?":                     &r.listRecords,
		"SELECT " + wholeRecord + " ORDER BY collection, account, region, name LIMIT ?":                                                          &r.firstRecords,
		"SELECT " + wholeRecord + " WHERE (collection, account, region, name) > (?, ?, ?, ?) ORDER BY collection, account, region, name LIMIT ?": &r.scanRecords,
		"SELECT doc, body FROM findings WHERE doc>? AND doc<=? ORDER BY doc":                                                                     &r.scan,
		"SELECT coalesce((SELECT max(doc) FROM findings), 0), coalesce((SELECT max(id) FROM history), 0)":                                        &r.ends,
		"SELECT place, body FROM outbox WHERE place>? ORDER BY place":                                                                            &r.selectEvents,
		"SELECT coalesce((SELECT max(place) FROM outbox), 0), (SELECT value FROM meta WHERE name='trimmed')":                                     &r.eventEnds,
	}))
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return r, nil
}

// readers is a pool of connections.
type readers struct {
	free chan struct{} // one for each connection that nobody has
	mu   sync.Mutex
	idle []*reader
}

// openReaders opens all connections at once. They are never more: who finds none waits.
func openReaders(path string, n int) (*readers, error) {
	p := &readers{free: make(chan struct{}, n)}
	for range n {
		r, err := openReader(path)
		if err != nil {
			return nil, errors.Join(err, p.close())
		}
		p.put(r)
	}
	return p, nil
}

// put gives a connection back.
func (p *readers) put(r *reader) {
	p.mu.Lock()
	p.idle = append(p.idle, r)
	p.mu.Unlock()
	p.free <- struct{}{}
}

// last takes the connection that was given back last: its cache is the warmest.
func (p *readers) last() *reader {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.idle[len(p.idle)-1]
	p.idle = p.idle[:len(p.idle)-1]
	return r
}

// with lends a connection inside one read transaction, so that everything f reads is of
// one moment.
func (p *readers) with(ctx context.Context, f func(*reader) error) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case <-p.free:
	case <-ctx.Done():
		return ctx.Err()
	}
	r := p.last()
	defer func() {
		// Also when f panics: a connection that stays in its transaction holds up checkpoints for ever.
		err = errors.Join(err, rollback(r.conn, r.end))
		p.put(r)
	}()
	if err := run(r.begin); err != nil {
		return fmt.Errorf("store: reading: %w", err)
	}
	return f(r)
}

// rollback ends a transaction unless SQLite, as it does after some errors, has done so.
func rollback(c *sqlite.Conn, s *sqlite.Stmt) error {
	if c.AutocommitEnabled() {
		return nil
	}
	return run(s)
}

// close closes the connections that are in the pool, which is all of them when nobody reads.
func (p *readers) close() error {
	var err error
	for len(p.free) > 0 {
		<-p.free
		err = errors.Join(err, p.last().conn.Close())
	}
	return err
}

// appendRow appends a finding's row to dst, nothing when there is none.
func appendRow(s *sqlite.Stmt, dst []byte, doc search.Doc) ([]byte, error) {
	s.BindInt64(1, int64(doc)+1)
	found, err := s.Step()
	if err != nil {
		return dst, fmt.Errorf("store: reading finding %d: %w", doc, err)
	}
	if found {
		dst = appendColumn(dst, s, 0)
	}
	return dst, s.Reset()
}
