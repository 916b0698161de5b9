package sqlite

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"net/url"
	"os"
	"path/filepath"

	"zombiezen.com/go/sqlite"

	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/search"
	"github.com/findinghub/findinghub/store"
)

// ErrDamaged is Check's, when a database is not what was written.
var ErrDamaged = errors.New("store: the database is damaged")

// Report is what Check found.
type Report struct {
	// Layout is the file's; layout 1 has no events and no sums of records.
	Layout int64
	// Findings, Changes (records of history), Records and Events are how many there are.
	Findings, Changes, Records, Events int
	// Damaged counts what is wrong, Damage says the first hundred of it.
	Damaged int
	Damage  []string
}

// maxDamage bounds what a report says.
const maxDamage = 100

// Check reads a whole database file, which no engine should have open, and says whether it is
// what was written: the structure, every row against its sum, every finding's history from its newest
// record to its first, no finding twice, every event and record. It changes nothing. A file that
// has damage is ErrDamaged, and the report says where; one that cannot be read at all, or is not ours, is another error.
func Check(ctx context.Context, path string) (Report, error) {
	ck, err := openCheck(ctx, path)
	if err != nil {
		return Report{}, fmt.Errorf("store: checking %s: %w", path, err)
	}
	err = ck.all()
	if err == nil && ck.report.Damaged > 0 {
		err = ck.err()
	}
	if err = errors.Join(err, ck.conn.Close()); err != nil {
		err = fmt.Errorf("store: checking %s: %w", path, err)
	}
	return ck.report, err
}

// checking is a database being checked.
type checking struct {
	ctx    context.Context
	conn   *sqlite.Conn
	codec  *codec
	report Report

	selectChange *sqlite.Stmt
	row          []byte
	seed         maphash.Seed
	seen         map[uint64]struct{} // hashes of the findings' keys
}

// openCheck opens a file without touching it. A log beside it belongs to it; without one SQLite is told that nobody
// writes, since it would make a log otherwise.
func openCheck(ctx context.Context, path string) (*checking, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(path)}
	if log, err := os.Stat(path + "-wal"); err != nil || log.Size() == 0 {
		u.RawQuery = "immutable=1"
	}
	c, err := sqlite.OpenConn(u.String(), sqlite.OpenReadOnly, sqlite.OpenURI)
	if err != nil {
		return nil, err
	}
	ck := &checking{ctx: ctx, conn: c, seed: maphash.MakeSeed(), seen: map[uint64]struct{}{}}
	c.SetInterrupt(ctx.Done())
	if ck.report.Layout, err = identify(c); err == nil && ck.report.Layout == 0 {
		err = errors.New("the file is empty")
	}
	if err == nil {
		err = runSQL(c, "BEGIN")
	}
	if sqlite.ErrCode(err).ToPrimary() == sqlite.ResultCorrupt {
		err = fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if err != nil {
		return nil, discard(c, errors.Join(ctx.Err(), err))
	}
	return ck, nil
}

// damaged notes one thing that is wrong.
func (ck *checking) damaged(format string, args ...any) {
	if ck.report.Damaged++; len(ck.report.Damage) < maxDamage {
		ck.report.Damage = append(ck.report.Damage, fmt.Sprintf(format, args...))
	}
}

// err is the error for what was found.
func (ck *checking) err() error {
	return fmt.Errorf("%w: %d faults, the first: %s", ErrDamaged, ck.report.Damaged, ck.report.Damage[0])
}

// all checks everything that can be reached. An error is one that says nothing about the file.
func (ck *checking) all() error {
	if err := ck.structure(); err != nil {
		return err
	}
	m, err := ck.meta()
	if err == nil {
		ck.codec, err = newCodec(m.dictionary)
	}
	if err == nil {
		ck.selectChange, err = ck.conn.Prepare("SELECT doc, prev, body FROM history WHERE id=?")
	}
	if err != nil {
		// Without the dictionary no row says anything.
		ck.damaged("%v", err)
		return ck.ctx.Err()
	}
	ck.each("findings", "SELECT doc, body FROM findings ORDER BY doc", ck.finding)
	ck.historyIsOwned()
	if ck.report.Layout > 1 {
		ck.events()
		ck.each("records", "SELECT "+wholeRecord, ck.record)
	} else {
		ck.each("records", "SELECT name FROM records", func(*sqlite.Stmt) { ck.report.Records++ })
	}
	return ck.ctx.Err()
}

// meta reads what the database says of itself. Layout 1 has no number.
func (ck *checking) meta() (m meta, err error) {
	if ck.report.Layout > 1 {
		return readMeta(ck.conn)
	}
	m.dictionary, err = getMeta(ck.conn, "dictionary")
	return m, err
}

// structure has SQLite look at its pages.
func (ck *checking) structure() error {
	ck.each("pages", fmt.Sprintf("PRAGMA quick_check(%d)", maxDamage), func(s *sqlite.Stmt) {
		if text := s.ColumnText(0); text != "ok" {
			ck.damaged("%s", text)
		}
	})
	return ck.ctx.Err()
}

// each calls f for the rows that SQL gives. That they cannot be read is damage, unless the context is over.
func (ck *checking) each(what, sql string, f func(*sqlite.Stmt)) {
	s, _, err := ck.conn.PrepareTransient(sql)
	for err == nil && ck.ctx.Err() == nil {
		var row bool
		if row, err = s.Step(); err != nil || !row {
			break
		}
		f(s)
	}
	if err != nil && ck.ctx.Err() == nil {
		ck.damaged("%s: %v", what, err)
	}
	if s != nil {
		_ = s.Finalize() // repeats Step's error
	}
}

// finding checks one finding's row and its history.
func (ck *checking) finding(s *sqlite.Stmt) {
	ck.report.Findings++
	id := s.ColumnInt64(0)
	ck.row = appendColumn(ck.row[:0], s, 1)
	rec, err := ck.codec.finding(id, ck.row, nil)
	if err != nil {
		ck.damaged("finding %d: %v", id, err)
		return
	}
	f, err := ck.codec.parse(nil, &rec)
	if err == nil && !isKeyOf(rec.key, f) {
		err = errors.New("its members do not say its key")
	}
	if err != nil {
		ck.damaged("finding %d: %v", id, err)
	}
	hash := maphash.Comparable(ck.seed, rec.key)
	if _, twice := ck.seen[hash]; twice {
		ck.damaged("finding %d: there is another with its key", id)
	}
	ck.seen[hash] = struct{}{}
	ck.history(search.Doc(id-1), rec.newest)
}

// history walks a finding's history as the engine does.
func (ck *checking) history(doc search.Doc, newest int64) {
	w := walk{r: &reader{selectChange: ck.selectChange, row: ck.row}, doc: doc, next: newest}
	for w.next != 0 && ck.ctx.Err() == nil {
		id := w.next
		_, err := w.step()
		if err == nil {
			ck.report.Changes++
			_, err = ck.codec.change(w.r.row)
		}
		if err != nil {
			ck.damaged("finding %d, history %d: %v", int64(doc)+1, id, err)
			return
		}
	}
}

// historyIsOwned wants no history that leads to no finding.
func (ck *checking) historyIsOwned() {
	ck.each("history", "SELECT count(*) FROM history", func(s *sqlite.Stmt) {
		if n := s.ColumnInt(0); n != ck.report.Changes {
			ck.damaged("history: %d rows, of which %d are some finding's", n, ck.report.Changes)
		}
	})
}

// events checks the outbox: every row, and that none is missing between them.
func (ck *checking) events() {
	trimmed, err := getMeta(ck.conn, "trimmed")
	if err != nil {
		ck.damaged("events: %v", err)
	}
	gone := placeOf(trimmed)
	last := gone
	ck.each("events", "SELECT place, body FROM outbox ORDER BY place", func(s *sqlite.Stmt) {
		ck.row = appendColumn(ck.row[:0], s, 1)
		// Of a row that is trimmed in part all that is there is checked.
		_, err := eachOf(ck.row, s.ColumnInt64(0), 0, func(place int64, event []byte) (bool, error) {
			if _, err := ck.codec.event(event, place, &finding.Key{}); err != nil {
				ck.damaged("event %d: %v", place, err)
			}
			if place <= gone {
				return true, nil
			}
			ck.report.Events++
			if place != last+1 {
				ck.damaged("event %d: it follows event %d", place, last)
			}
			last = place
			return true, nil
		})
		if err != nil {
			ck.damaged("%v", err)
		}
	})
}

// record checks one of the hub's own documents.
func (ck *checking) record(s *sqlite.Stmt) {
	ck.report.Records++
	r := store.Record{Collection: s.ColumnText(0), Account: s.ColumnText(1), Region: s.ColumnText(2), Name: s.ColumnText(3)}
	if err := takeBody(s, 4, &r); err != nil {
		ck.damaged("%v", err)
	}
}
