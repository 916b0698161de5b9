package sqlite

import (
	"context"
	"fmt"
	"sync"

	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/search"
	"github.com/findinghub/findinghub/store"
)

// scanAhead is how many findings the index is asked for at most at once, and aheadPages how many pages: each
// time it looks at all findings that come after, so asking for every page anew would take the square of
// their number. Who wants one and goes elsewhere, as from hub to hub, does not pay for thousands that are put in order.
const (
	scanAhead  = 20_000
	aheadPages = 100
)

// ahead is what the index said comes after a finding, for whoever goes on from there.
type ahead struct {
	mu sync.Mutex
	stretch
}

// stretch is findings in the order of their keys that come after a key (nil: the first).
type stretch struct {
	after *finding.Key
	docs  []search.Doc
	// before and made are what was settled and made when the index was asked: since then findings
	// may have gone, and when more have been made it must be asked again.
	before, made uint64
}

// Scan implements store.Carrier.
func (e *Engine) Scan(ctx context.Context, after *finding.Key, limit int) ([]store.Whole, error) {
	if err := e.enter(ctx); err != nil {
		return nil, err
	}
	defer e.leave()
	var all []store.Whole
	for len(all) < limit {
		s := e.stretch(after, limit)
		if len(s.docs) == 0 {
			break
		}
		n := min(len(s.docs), limit-len(all), rowsAtOnce)
		last, err := e.readWholes(ctx, s, n, &all)
		if err != nil {
			return nil, err
		}
		if last == nil {
			// All of them have gone since, as the index knows, or will at once.
			e.ahead.keep(stretch{})
			continue
		}
		after = last
		s.after, s.docs = last, s.docs[n:]
		e.ahead.keep(s)
	}
	return all, nil
}

// keep puts away what comes after a key.
func (a *ahead) keep(s stretch) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.stretch = s
}

// stretch gives what comes after a key, for pages of limit: what is left from before if that is it, or the index's word.
func (e *Engine) stretch(after *finding.Key, limit int) stretch {
	e.ahead.mu.Lock()
	s := e.ahead.stretch
	e.ahead.mu.Unlock()
	if len(s.docs) > 0 && after != nil && s.after != nil && *after == *s.after && s.made == e.made.Load() {
		return s
	}
	s = stretch{after: after, before: e.settled.Load(), made: e.made.Load()}
	accounts, regions := e.index.Hubs()
	q := search.Query{Accounts: accounts, Regions: regions, Filter: filter.And{}, Limit: min(scanAhead, aheadPages*min(limit, scanAhead))}
	if after != nil {
		q.After = &search.Position{Key: *after}
	}
	for _, h := range e.index.Find(q).Hits {
		s.docs = append(s.docs, h.Doc)
	}
	return s
}

// readWholes appends the first n findings of a stretch, all of one moment, but those that have
// gone. last is the key of the last one that has not.
func (e *Engine) readWholes(ctx context.Context, s stretch, n int, all *[]store.Whole) (last *finding.Key, err error) {
	err = e.readers.with(ctx, func(r *reader) error {
		for _, doc := range s.docs[:n] {
			stored, newest, err := e.newest(ctx, r, doc)
			if e.gone(err, doc, s.before) {
				continue
			}
			if err != nil {
				return err
			}
			w := walk{Engine: e, r: r, doc: doc, next: newest}
			changes, err := w.all(ctx)
			if err != nil {
				return err
			}
			k := stored.Key()
			*all = append(*all, store.Whole{Key: k, Stored: *stored, Changes: changes})
			last = &k
		}
		return nil
	})
	return last, err
}

// loading is a finding on its way in: its rows, to be sealed and bound.
type loading struct {
	key     finding.Key
	row     []byte
	history [][]byte
	values  filter.Values
}

// Load implements store.Carrier. What can be prepared is prepared here, in parallel with other callers.
func (e *Engine) Load(ctx context.Context, all []store.Whole) error {
	if err := e.enter(ctx); err != nil {
		return err
	}
	defer e.leave()
	list := make([]loading, len(all))
	var scratch []byte
	for i := range all {
		w := &all[i]
		if !isKeyOf(w.Key, w.Stored.Finding) {
			return fmt.Errorf("store: a finding of %v was to be loaded as %v", w.Stored.Key(), w.Key)
		}
		l := &list[i]
		l.key, l.row = w.Key, e.codec.appendFinding(nil, w.Key, &w.Stored, &scratch)
		for j := range w.Changes {
			l.history = append(l.history, e.codec.appendChange(nil, &w.Changes[j], &scratch))
		}
		l.values = filter.Extract(w.Stored.Finding, nil)
	}
	return e.writer.do(ctx, job{write: func(w *writer) error {
		for i := range list {
			if err := w.load(&list[i]); err != nil {
				return fmt.Errorf("store: loading a finding: %w", err)
			}
		}
		return nil
	}})
}

// load puts a finding in place of what was there under its key.
func (w *writer) load(l *loading) error {
	doc, exists := w.lookup(l.key)
	entry := search.Entry{Key: l.key, New: l.values}
	if exists {
		old, newest, err := w.current(doc)
		if err != nil {
			return err
		}
		entry.Old = filter.Extract(old.Finding, nil)
		if err := w.removeHistory(doc, newest); err != nil {
			return err
		}
	} else {
		doc = w.number(l.key)
	}
	entry.Doc = doc
	w.mark(doc)
	newest, err := w.writeHistory(doc, 0, l.history)
	if err != nil {
		return err
	}
	seal(l.row, int64(doc)+1, newest)
	if err := w.writeFinding(doc, l.row, exists); err != nil {
		return err
	}
	w.entries = append(w.entries, entry)
	return nil
}
