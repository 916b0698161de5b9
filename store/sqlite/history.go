package sqlite

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/search"
	"github.com/findinghub/findinghub/store"
)

// History implements store.Engine: a walk from the newest row to the one before it. The
// position of a page is its last row's id.
func (e *Engine) History(ctx context.Context, q store.HistoryQuery) (page store.HistoryPage, err error) {
	if err := e.enter(ctx); err != nil {
		return store.HistoryPage{}, err
	}
	defer e.leave()
	before := e.settled.Load()
	doc, ok := e.index.Lookup(q.Key)
	if !ok {
		return store.HistoryPage{}, nil
	}
	err = e.readers.with(ctx, func(r *reader) error {
		stored, next, err := e.newest(ctx, r, doc)
		if e.gone(err, doc, before) {
			return nil
		}
		if err != nil {
			return err
		}
		page.Stored = stored
		w := walk{Engine: e, r: r, doc: doc, next: next}
		if q.After != 0 {
			if err := w.skipTo(q.After); err != nil {
				return err
			}
		}
		return w.fill(ctx, &q, &page)
	})
	if err != nil {
		return store.HistoryPage{}, err
	}
	return page, nil
}

// newest reads a finding and the id of its newest history row.
func (e *Engine) newest(ctx context.Context, r *reader, doc search.Doc) (*finding.Stored, int64, error) {
	rec, err := e.read(ctx, r, doc)
	if err != nil {
		return nil, 0, err
	}
	rec.json = append([]byte(nil), rec.json...)
	stored, err := e.codec.stored(&rec)
	return stored, rec.newest, err
}

// walk goes through the history rows of one finding.
type walk struct {
	*Engine
	r    *reader
	doc  search.Doc
	next int64 // the row to read next, 0: none
}

// fill adds the changes asked for to the page.
func (w *walk) fill(ctx context.Context, q *store.HistoryQuery, page *store.HistoryPage) error {
	var last int64
	for w.next != 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		id := w.next
		t, err := w.step()
		if err != nil {
			return err
		}
		// Times need not be in the order of the rows, so the walk goes on to the end.
		if !q.Includes(t) {
			continue
		}
		if len(page.Changes) == q.Limit {
			page.Next = last
			return nil
		}
		change, err := w.codec.change(w.r.row)
		if err != nil {
			return fmt.Errorf("store: history %d: %w", id, err)
		}
		page.Changes = append(page.Changes, change)
		last = id
	}
	return nil
}

// skipTo continues after a row that an earlier page ended with. A position that is not
// one of this finding's has nothing after it.
func (w *walk) skipTo(id int64) error {
	w.next = id
	_, err := w.step()
	if errors.Is(err, errNotThere) {
		w.next = 0
		return nil
	}
	return err
}

// all gives the changes from the next row on, oldest first.
func (w *walk) all(ctx context.Context) (changes []finding.Change, err error) {
	for w.next != 0 {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		id := w.next
		if _, err := w.step(); err != nil {
			return nil, err
		}
		change, err := w.codec.change(w.r.row)
		if err != nil {
			return nil, fmt.Errorf("store: history %d: %w", id, err)
		}
		changes = append(changes, change)
	}
	slices.Reverse(changes)
	return changes, nil
}

// errNotThere is why a step fails when the row is not the finding's.
var errNotThere = fmt.Errorf("the history row is missing: %w", errCorrupt)

// step reads the next row into the connection's buffer, tells its time and moves on.
func (w *walk) step() (time.Time, error) {
	s, id := w.r.selectChange, w.next
	s.BindInt64(1, id)
	found, err := s.Step()
	if err != nil {
		return time.Time{}, fmt.Errorf("store: reading history %d: %w", id, err)
	}
	if !found || s.ColumnInt64(0) != int64(w.doc)+1 {
		return time.Time{}, errors.Join(fmt.Errorf("store: history %d: %w", id, errNotThere), s.Reset())
	}
	w.next = s.ColumnInt64(1)
	w.r.row = appendColumn(w.r.row[:0], s, 2)
	t, err := changeTime(w.r.row, id, int64(w.doc)+1, w.next)
	if err != nil {
		err = fmt.Errorf("store: history %d: %w", id, err)
	}
	// Rows of layout 1 are not bound to the one before, and damage must not lead a walk in circles.
	if err == nil && w.next >= id {
		err = fmt.Errorf("store: history %d comes after %d: %w", id, w.next, errCorrupt)
	}
	return t, errors.Join(err, s.Reset())
}
