// Package memory is the engine that is easiest to believe: maps, filter.Match on every
// finding and a sort of whatever matched. It keeps nothing across a restart. Package
// storetest compares every other engine with it, and tests of the layers above use it
// where a disk would only be slow.
package memory

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/findinghub/findinghub/asff"
	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
)

// Engine is a store.Engine in memory. New makes one.
type Engine struct {
	mu       sync.RWMutex
	closed   bool
	findings map[finding.Key]*entry
	records  map[recordKey][]byte
	outbox   outbox
}

// entry is one finding, the values it is searched by and its changes, oldest first.
type entry struct {
	stored  finding.Stored
	values  filter.Values
	changes []finding.Change
}

var _ store.Engine = (*Engine)(nil)

// New makes an empty engine that keeps no events.
func New() *Engine {
	return &Engine{findings: map[finding.Key]*entry{}, records: map[recordKey][]byte{}}
}

// Apply implements store.Engine. One lock serialises all calls, so no mutation is
// ever called with a state that has gone stale.
func (e *Engine) Apply(ctx context.Context, ms []store.Mutation) ([]error, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.usable(ctx); err != nil {
		return nil, err
	}
	errs := make([]error, len(ms))
	for i, m := range ms {
		errs[i] = e.mutate(m)
	}
	return errs, nil
}

// mutate runs one mutation with the lock held. A finding that an outcome calls by another
// key is refused: engines that start from the findings themselves could not find it again.
func (e *Engine) mutate(m store.Mutation) error {
	old := e.findings[m.Key]
	out, err := attempt(m, old.state())
	if err != nil || !out.Changed {
		return err
	}
	if out.Stored.Key() != m.Key {
		return fmt.Errorf("store: a mutation of %v made a finding of %v", m.Key, out.Stored.Key())
	}
	now := &entry{stored: *clone(&out.Stored)}
	now.values = filter.Extract(now.stored.Finding, nil)
	if old != nil {
		now.changes = old.changes
	}
	if out.Change != nil {
		now.changes = append(now.changes, *out.Change)
	}
	e.findings[m.Key] = now
	e.outbox.add(m.Key, old == nil, &out)
	return nil
}

// attempt calls a mutation and takes a panic for an error.
func attempt(m store.Mutation, old *finding.Stored) (out finding.Outcome, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("store: a mutation panicked: %v", r)
		}
	}()
	return m.Apply(old)
}

// state is a copy of the finding that a caller may keep, nil when there is none.
func (en *entry) state() *finding.Stored {
	if en == nil {
		return nil
	}
	return clone(&en.stored)
}

// clone copies a finding's bytes too, which may belong to a request that is over soon.
func clone(s *finding.Stored) *finding.Stored {
	c := *s
	parsed, err := asff.ParseStored(s.Finding.AppendJSON(nil))
	if err != nil {
		panic(fmt.Sprintf("memory: a finding that is not JSON: %v", err))
	}
	c.Finding = parsed
	return &c
}

// Get implements store.Engine.
func (e *Engine) Get(ctx context.Context, keys []finding.Key) ([]*finding.Stored, error) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	if err := e.usable(ctx); err != nil {
		return nil, err
	}
	got := make([]*finding.Stored, len(keys))
	for i, k := range keys {
		got[i] = e.findings[k].state()
	}
	return got, nil
}

// History implements store.Engine. A position is 1 more than the number of changes
// that are older than the page's last.
func (e *Engine) History(ctx context.Context, q store.HistoryQuery) (store.HistoryPage, error) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	if err := e.usable(ctx); err != nil {
		return store.HistoryPage{}, err
	}
	en := e.findings[q.Key]
	if en == nil {
		return store.HistoryPage{}, nil
	}
	page := store.HistoryPage{Stored: en.state()}
	start := len(en.changes)
	if q.After > 0 {
		start = min(start, int(q.After)-1)
	}
	// Newest first is from the end. A record more than the page holds says that there is a next one.
	for i := start - 1; i >= 0; i-- {
		if !q.Includes(en.changes[i].Time) {
			continue
		}
		if len(page.Changes) == q.Limit {
			page.Next = int64(i + 2)
			break
		}
		page.Changes = append(page.Changes, copyChange(en.changes[i]))
	}
	return page, nil
}

// copyChange keeps callers from changing the history through what they were given.
func copyChange(c finding.Change) finding.Change {
	c.Updates = slices.Clone(c.Updates)
	return c
}

// Stats implements store.Engine.
func (e *Engine) Stats(ctx context.Context) (store.Stats, error) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	if err := e.usable(ctx); err != nil {
		return store.Stats{}, err
	}
	return store.Stats{Findings: len(e.findings)}, nil
}

// Close implements store.Engine.
func (e *Engine) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
	return nil
}

// usable is asked with the lock held.
func (e *Engine) usable(ctx context.Context) error {
	if e.closed {
		return store.ErrClosed
	}
	return ctx.Err()
}

// recordKey is a record's name with all that qualifies it.
type recordKey struct{ collection, account, region, name string }

// GetRecord implements store.Engine.
func (e *Engine) GetRecord(ctx context.Context, collection, account, region, name string) ([]byte, error) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	if err := e.usable(ctx); err != nil {
		return nil, err
	}
	body, ok := e.records[recordKey{collection, account, region, name}]
	if !ok {
		return nil, store.ErrNoRecord
	}
	return bytes.Clone(body), nil
}

// PutRecord implements store.Engine.
func (e *Engine) PutRecord(ctx context.Context, r store.Record, create bool) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.usable(ctx); err != nil {
		return err
	}
	k := recordKey{r.Collection, r.Account, r.Region, r.Name}
	if _, ok := e.records[k]; ok && create {
		return store.ErrExists
	}
	e.records[k] = append([]byte{}, r.Body...)
	return nil
}

// DeleteRecord implements store.Engine.
func (e *Engine) DeleteRecord(ctx context.Context, collection, account, region, name string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.usable(ctx); err != nil {
		return err
	}
	k := recordKey{collection, account, region, name}
	if _, ok := e.records[k]; !ok {
		return store.ErrNoRecord
	}
	delete(e.records, k)
	return nil
}

// ListRecords implements store.Engine.
func (e *Engine) ListRecords(ctx context.Context, collection, account, region, after string, limit int) ([]store.Record, error) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	if err := e.usable(ctx); err != nil {
		return nil, err
	}
	var names []string
	for k := range e.records {
		if k == (recordKey{collection, account, region, k.name}) && k.name > after {
			names = append(names, k.name)
		}
	}
	slices.Sort(names)
	names = names[:min(limit, len(names))]
	list := make([]store.Record, len(names))
	for i, name := range names {
		body := bytes.Clone(e.records[recordKey{collection, account, region, name}])
		list[i] = store.Record{Collection: collection, Account: account, Region: region, Name: name, Body: body}
	}
	return list, nil
}
