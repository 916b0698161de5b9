// Package store says what an engine must do. Package storetest proves that it does;
// every engine passes the same suite.
//
// The invariants of every engine:
//
//   - What a write has returned without an error is on disk and survives kill -9.
//   - A mutation is atomic for each finding: its new state, its history record and its
//     event are all there or none is.
//   - Reads that begin after a write returned see it.
//   - Find returns findings in one total order: the sort, then finding.Key.Compare.
//   - Nothing above an engine knows how it stores; nothing in an engine knows a principal.
package store

import (
	"context"
	"errors"
	"time"

	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/finding"
)

// Mutation changes one finding.
type Mutation struct {
	Key finding.Key
	// Apply makes the new state from the old one, nil when the engine has no such
	// finding. It is pure: an engine may call it more than once, from any goroutine,
	// and uses the last answer. An error leaves the finding as it was and is that
	// mutation's result; so does a panic. The new state's own members must say Key.
	Apply func(old *finding.Stored) (finding.Outcome, error)
}

// Scope bounds what a read sees, before any filter.
type Scope struct {
	// Accounts and Regions are the hubs to search: every pair of them.
	Accounts []string
	Regions  []string
}

// Cursor is a place in a sorted result: just after the finding with this sort key and key.
type Cursor struct {
	Sort []filter.SortValue `json:"s"`
	Key  finding.Key        `json:"k"`
}

// Query is one page of a search.
type Query struct {
	Scope  Scope
	Filter filter.Expr
	Sort   []filter.Order
	After  *Cursor // nil: from the start
	Limit  int     // 1 or more
}

// Page is the answer to a Query.
type Page struct {
	// Findings are whole findings as compact JSON, in order.
	Findings [][]byte
	// Keys are the findings' keys, index by index.
	Keys []finding.Key
	// Next is where the following page starts, nil when this is the last.
	Next *Cursor
}

// Bucket is one value of a grouping and the number of findings that have it.
type Bucket struct {
	Value string
	Count int
}

// HistoryQuery is one page of one finding's history.
type HistoryQuery struct {
	Key finding.Key
	// From and To bound the records' times, both inclusive; zero is unbounded.
	From, To time.Time
	// After is the position that the page before ended with, 0 for the first.
	After int64
	Limit int // 1 or more
}

// Includes says whether a record of that time is asked for.
func (q *HistoryQuery) Includes(t time.Time) bool {
	return (q.From.IsZero() || !t.Before(q.From)) && (q.To.IsZero() || !t.After(q.To))
}

// HistoryPage has the changes newest first. The creation is not among them: Stored tells it.
type HistoryPage struct {
	// Stored is the finding as it is now, nil when there is none.
	Stored  *finding.Stored
	Changes []finding.Change
	// Next is the position after the last change, 0 when there are no more.
	Next int64
}

// Record is one of the hub's own documents (a hub, a subscription, a resource's tags), by
// collection and name within an account and region.
type Record struct {
	Collection string
	Account    string
	Region     string
	Name       string
	Body       []byte
}

// The errors that callers tell apart.
var (
	// ErrExists is Put's, when the record was to be new.
	ErrExists = errors.New("store: the record exists")
	// ErrNoRecord is Get's and Delete's.
	ErrNoRecord = errors.New("store: no such record")
	// ErrCursor is why events cannot be read after a cursor: it is none of this engine's.
	ErrCursor = errors.New("store: not a cursor of this engine")
	// ErrClosed is every method's after Close, and while an engine cannot work.
	ErrClosed = errors.New("store: closed")
)

// Engine keeps findings, their history and the hub's own records.
type Engine interface {
	Outbox
	Eraser
	Carrier
	RecordEditor

	// Apply runs mutations in order; those of one key see each other's results. The
	// errors are index by index, nil for success: a *finding.Failure or whatever the
	// mutation's Apply returned. err is not nil when none of them is acknowledged.
	Apply(ctx context.Context, ms []Mutation) (errs []error, err error)
	// Get reads findings by key; nil where there is none.
	Get(ctx context.Context, keys []finding.Key) ([]*finding.Stored, error)
	// Find answers one page.
	Find(ctx context.Context, q Query) (Page, error)
	// Count counts what a filter selects.
	Count(ctx context.Context, s Scope, e filter.Expr) (int, error)
	// GroupBy counts what a filter selects by the values of a string attribute, largest
	// count first, then value ascending; at most limit buckets. A finding with several
	// values counts once for each distinct one.
	GroupBy(ctx context.Context, s Scope, e filter.Expr, by filter.Attribute, limit int) ([]Bucket, error)
	// History answers one page of a finding's changes, newest first.
	History(ctx context.Context, q HistoryQuery) (HistoryPage, error)

	// GetRecord reads one record's body; ErrNoRecord when there is none.
	GetRecord(ctx context.Context, collection, account, region, name string) ([]byte, error)
	// PutRecord writes a record. With create it must be new, or it is ErrExists.
	PutRecord(ctx context.Context, r Record, create bool) error
	// DeleteRecord removes a record; ErrNoRecord when there is none.
	DeleteRecord(ctx context.Context, collection, account, region, name string) error
	// ListRecords lists a collection in an account and region by name ascending, names
	// greater than after, at most limit.
	ListRecords(ctx context.Context, collection, account, region, after string, limit int) ([]Record, error)

	// Ready says whether writes work: nil, or why they fail at the moment (a full disk, a
	// database that does not answer). An engine that had to refuse a write tries again by
	// itself when it is asked, at most once a second; a write that succeeds makes it ready, too.
	Ready(ctx context.Context) error
	// Stats says how large the engine is, for metrics.
	Stats(ctx context.Context) (Stats, error)
	// Close finishes what was begun and releases everything. It may be called twice.
	Close() error
}

// Stats is the size of an engine.
type Stats struct {
	Findings   int   // findings stored
	IndexBytes int64 // estimate of the memory the search index holds; 0 where there is none
}
