package bench

import (
	"context"
	"time"

	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
)

// Discard is an engine that keeps nothing: the floor that imports are compared with.
// Everything of a request happens, from the socket to the finding's life, except
// storing, indexing and the disk.
type Discard struct{}

var _ store.Engine = Discard{}

// Apply runs the mutations as if no finding existed.
func (Discard) Apply(_ context.Context, ms []store.Mutation) ([]error, error) {
	errs := make([]error, len(ms))
	for i, m := range ms {
		_, errs[i] = m.Apply(nil)
	}
	return errs, nil
}

// Get finds nothing.
func (Discard) Get(_ context.Context, keys []finding.Key) ([]*finding.Stored, error) {
	return make([]*finding.Stored, len(keys)), nil
}

// Find finds nothing.
func (Discard) Find(context.Context, store.Query) (store.Page, error) { return store.Page{}, nil }

// Count counts nothing.
func (Discard) Count(context.Context, store.Scope, filter.Expr) (int, error) { return 0, nil }

// GroupBy has no groups.
func (Discard) GroupBy(context.Context, store.Scope, filter.Expr, filter.Attribute, int) ([]store.Bucket, error) {
	return nil, nil
}

// History has no records.
func (Discard) History(context.Context, store.HistoryQuery) (store.HistoryPage, error) {
	return store.HistoryPage{}, nil
}

// GetRecord has none.
func (Discard) GetRecord(context.Context, string, string, string, string) ([]byte, error) {
	return nil, store.ErrNoRecord
}

// PutRecord forgets it.
func (Discard) PutRecord(context.Context, store.Record, bool) error { return nil }

// DeleteRecord has none.
func (Discard) DeleteRecord(context.Context, string, string, string, string) error {
	return store.ErrNoRecord
}

// ListRecords lists none.
func (Discard) ListRecords(context.Context, string, string, string, string, int) ([]store.Record, error) {
	return nil, nil
}

// EditRecord forgets what is made of nothing.
func (Discard) EditRecord(_ context.Context, _, _, _, _ string, edit func([]byte) ([]byte, error)) error {
	_, err := edit(nil)
	return err
}

// Events has none.
func (Discard) Events(context.Context, string, int) ([]store.Event, error) { return nil, nil }

// LastEvent is none.
func (Discard) LastEvent(context.Context) (string, error) { return "", nil }

// Backlog is empty.
func (Discard) Backlog(context.Context, string) (int, time.Time, error) {
	return 0, time.Time{}, nil
}

// EventAt is none.
func (Discard) EventAt(context.Context, string, int) (string, time.Time, error) {
	return "", time.Time{}, nil
}

// TrimEvents has nothing to forget.
func (Discard) TrimEvents(context.Context, string, int) (int, error) { return 0, nil }

// Erase finds nothing.
func (Discard) Erase(context.Context, []finding.Key, func(*finding.Stored) bool) (int, error) {
	return 0, nil
}

// Scan finds nothing.
func (Discard) Scan(context.Context, *finding.Key, int) ([]store.Whole, error) { return nil, nil }

// Load forgets it.
func (Discard) Load(context.Context, []store.Whole) error { return nil }

// ScanRecords lists none.
func (Discard) ScanRecords(context.Context, *store.Record, int) ([]store.Record, error) {
	return nil, nil
}

// Ready is always.
func (Discard) Ready(context.Context) error { return nil }

// Stats is empty.
func (Discard) Stats(context.Context) (store.Stats, error) { return store.Stats{}, nil }

// Close does nothing.
func (Discard) Close() error { return nil }
