package sqlite

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"

	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/search"
)

// eraseStep is how many findings are looked at in one commit, which others wait for.
const eraseStep = 100

// Erase implements store.Eraser.
func (e *Engine) Erase(ctx context.Context, keys []finding.Key, sure func(*finding.Stored) bool) (int, error) {
	if err := e.enter(ctx); err != nil {
		return 0, err
	}
	defer e.leave()
	n := 0
	for some := range slices.Chunk(keys, eraseStep) {
		// What could not be looked at is this caller's business and not that of the rest of the group.
		var step int
		var answer error
		err := e.writer.do(ctx, job{write: func(w *writer) (err error) {
			step, answer, err = w.erase(some, sure)
			return err
		}})
		if err != nil {
			return n, err
		}
		if n += step; answer != nil {
			return n, answer
		}
	}
	return n, nil
}

// erase removes those findings for which sure says so. answer ends the call with what it has done, err the group.
func (w *writer) erase(keys []finding.Key, sure func(*finding.Stored) bool) (n int, answer, err error) {
	for _, k := range keys {
		doc, ok := w.lookup(k)
		if !ok {
			continue
		}
		old, newest, err := w.current(doc)
		if err != nil {
			return n, err, nil
		}
		gone := false
		if err := w.e.guard(func() error { gone = sure(old); return nil }); err != nil {
			return n, err, nil
		}
		if !gone {
			continue
		}
		if err := w.remove(k, doc, newest, filter.Extract(old.Finding, nil)); err != nil {
			return 0, nil, err
		}
		n++
	}
	return n, nil, nil
}

// current reads a finding as this group has left it, and the id of its newest history row.
func (w *writer) current(doc search.Doc) (*finding.Stored, int64, error) {
	row, err := appendRow(w.selectRow, nil, doc)
	if err != nil {
		return nil, 0, err
	}
	rec, err := w.e.codec.finding(int64(doc)+1, row, nil)
	if err != nil {
		return nil, 0, fmt.Errorf("store: finding %d: %w", doc, err)
	}
	s, err := w.e.codec.stored(&rec)
	return s, rec.newest, err
}

// remove erases a finding and its history.
func (w *writer) remove(k finding.Key, doc search.Doc, newest int64, old filter.Values) error {
	w.mark(doc)
	if err := w.removeHistory(doc, newest); err != nil {
		return err
	}
	w.dropFinding.BindInt64(1, int64(doc)+1)
	if err := run(w.dropFinding); err != nil {
		return fmt.Errorf("store: erasing finding %d: %w", doc, err)
	}
	delete(w.created, k)
	w.erased[k] = true
	w.entries = append(w.entries, search.Entry{Doc: doc, Key: k, Old: old})
	return nil
}

// removeHistory erases a finding's history, newest first as the rows lead.
func (w *writer) removeHistory(doc search.Doc, newest int64) error {
	for id := newest; id != 0; {
		s := w.selectChange
		s.BindInt64(1, id)
		found, err := s.Step()
		if err != nil {
			return fmt.Errorf("store: reading history %d: %w", id, err)
		}
		// A row that is missing or another's ends the walk: there is no more to be found.
		prev := int64(0)
		if found && s.ColumnInt64(0) == int64(doc)+1 {
			prev = s.ColumnInt64(1)
		} else {
			id = 0
		}
		if err := s.Reset(); err != nil {
			return err
		}
		w.dropChange.BindInt64(1, id)
		if err := run(w.dropChange); err != nil {
			return fmt.Errorf("store: erasing history %d: %w", id, err)
		}
		id = prev
	}
	return nil
}

// guard calls a caller's function, maybe in the writer, and takes a panic for an error.
func (e *Engine) guard(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			e.log.Error("a caller's function panicked", "panic", r, "stack", string(debug.Stack()))
			err = fmt.Errorf("store: a caller's function panicked: %v", r)
		}
	}()
	return f()
}

// span is numbers from from on, below to.
type span struct{ from, to search.Doc }

// holes are the numbers that erased findings left. They are collected at start, when nobody can have
// one in hand; those that come up later wait for the next start. Copies are independent.
type holes struct {
	now  span
	rest []span // never changed, only cut
}

// take gives the next of them.
func (h *holes) take() (search.Doc, bool) {
	for h.now.from == h.now.to {
		if len(h.rest) == 0 {
			return 0, false
		}
		h.now, h.rest = h.rest[0], h.rest[1:]
	}
	h.now.from++
	return h.now.from - 1, true
}

// add appends a hole behind all others, at start.
func (h *holes) add(s span) {
	if n := len(h.rest); n > 0 && h.rest[n-1].to == s.from {
		h.rest[n-1].to = s.to
		return
	}
	if s.from < s.to {
		h.rest = append(h.rest, s)
	}
}
