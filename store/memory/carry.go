package memory

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
)

// Erase implements store.Eraser.
func (e *Engine) Erase(ctx context.Context, keys []finding.Key, sure func(*finding.Stored) bool) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.usable(ctx); err != nil {
		return 0, err
	}
	n := 0
	for _, k := range keys {
		en := e.findings[k]
		if en == nil {
			continue
		}
		err := guard(func() error {
			if sure(en.state()) {
				delete(e.findings, k)
				n++
			}
			return nil
		})
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// guard calls a caller's function and takes a panic for an error.
func guard(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("store: a caller's function panicked: %v", r)
		}
	}()
	return f()
}

// Scan implements store.Carrier by sorting all keys anew for each page.
func (e *Engine) Scan(ctx context.Context, after *finding.Key, limit int) ([]store.Whole, error) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	if err := e.usable(ctx); err != nil {
		return nil, err
	}
	var all []store.Whole
	for _, k := range slices.SortedFunc(maps.Keys(e.findings), finding.Key.Compare) {
		if after != nil && k.Compare(*after) <= 0 {
			continue
		}
		if len(all) == limit {
			break
		}
		en := e.findings[k]
		all = append(all, store.Whole{Key: k, Stored: *en.state(), Changes: copyChanges(en.changes)})
	}
	return all, nil
}

// copyChanges keeps callers from changing the history through what they gave or were given.
func copyChanges(changes []finding.Change) []finding.Change {
	changes = slices.Clone(changes)
	for i := range changes {
		changes[i] = copyChange(changes[i])
	}
	return changes
}

// Load implements store.Carrier.
func (e *Engine) Load(ctx context.Context, all []store.Whole) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.usable(ctx); err != nil {
		return err
	}
	for i := range all {
		if k := all[i].Stored.Key(); k != all[i].Key {
			return fmt.Errorf("store: a finding of %v was to be loaded as %v", k, all[i].Key)
		}
	}
	for i := range all {
		en := &entry{stored: *clone(&all[i].Stored), changes: copyChanges(all[i].Changes)}
		en.values = filter.Extract(en.stored.Finding, nil)
		e.findings[all[i].Key] = en
	}
	return nil
}

// compare orders records as ScanRecords tells them.
func (k recordKey) compare(o recordKey) int {
	return cmp.Or(cmp.Compare(k.collection, o.collection), cmp.Compare(k.account, o.account),
		cmp.Compare(k.region, o.region), cmp.Compare(k.name, o.name))
}

// ScanRecords implements store.Carrier.
func (e *Engine) ScanRecords(ctx context.Context, after *store.Record, limit int) ([]store.Record, error) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	if err := e.usable(ctx); err != nil {
		return nil, err
	}
	var all []store.Record
	for _, k := range slices.SortedFunc(maps.Keys(e.records), recordKey.compare) {
		if after != nil && k.compare(recordKey{after.Collection, after.Account, after.Region, after.Name}) <= 0 {
			continue
		}
		if len(all) == limit {
			break
		}
		all = append(all, store.Record{
			Collection: k.collection, Account: k.account, Region: k.region, Name: k.name, Body: bytes.Clone(e.records[k]),
		})
	}
	return all, nil
}

// EditRecord implements store.RecordEditor.
func (e *Engine) EditRecord(ctx context.Context, collection, account, region, name string, edit func([]byte) ([]byte, error)) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.usable(ctx); err != nil {
		return err
	}
	k := recordKey{collection, account, region, name}
	// A copy of a body that is empty is not nil: there is a record.
	var body []byte
	err := guard(func() (err error) {
		body, err = edit(bytes.Clone(e.records[k]))
		return err
	})
	switch {
	case err != nil:
		return err
	case body == nil:
		delete(e.records, k)
	default:
		e.records[k] = append([]byte{}, body...)
	}
	return nil
}

// Ready implements store.Engine: memory does not fill up before the process dies.
func (e *Engine) Ready(ctx context.Context) error {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return e.usable(ctx)
}
