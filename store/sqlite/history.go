package sqlite

import (
	"context"
	"errors"
	"fmt"

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
	doc, ok := e.index.Lookup(q.Key)
	if !ok {
		return store.HistoryPage{}, nil
	}
	err = e.readers.with(ctx, func(r *reader) error {
		stored, next, err := e.newest(ctx, r, doc)
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
		if err := w.step(); err != nil {
			return err
		}
		t, err := changeTime(w.r.row)
		if err != nil {
			return fmt.Errorf("store: history %d: %w", id, err)
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
	err := w.step()
	if errors.Is(err, errNotThere) {
		w.next = 0
		return nil
	}
	return err
}

// errNotThere is why a step fails when the row is not the finding's.
var errNotThere = errors.New("the history row is missing")

// step reads the next row into the connection's buffer and moves on.
func (w *walk) step() error {
	s := w.r.selectChange
	s.BindInt64(1, w.next)
	found, err := s.Step()
	if err != nil {
		return fmt.Errorf("store: reading history %d: %w", w.next, err)
	}
	if !found || s.ColumnInt64(0) != int64(w.doc)+1 {
		return errors.Join(fmt.Errorf("store: history %d: %w", w.next, errNotThere), s.Reset())
	}
	w.next = s.ColumnInt64(1)
	w.r.row = appendColumn(w.r.row[:0], s, 2)
	return s.Reset()
}
