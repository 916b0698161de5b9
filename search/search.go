// Package search is the in-memory inverted index that answers queries for the
// embedded engine. Per attribute it maps values to the findings that have them, so
// that every filter is one shape: find the values that satisfy a predicate, unite
// their findings, intersect across attributes. It knows no disk: what it does not hold
// in memory (long free text) it reports as unsure, and the engine checks the rows.
package search

import (
	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/finding"
)

// Doc numbers a finding; the engine assigns numbers densely from 0, so that arrays
// indexed by them stay small.
type Doc uint32

// Entry is what the index is told of one finding's change.
type Entry struct {
	Doc Doc
	Key finding.Key
	// Old are the values the index holds for the finding, nil when it is new;
	// New are the values it has now, nil when it is deleted. Neither is retained.
	Old, New filter.Values
}

// Query is a page of a search over hubs.
type Query struct {
	Accounts, Regions []string
	Filter            filter.Expr
	Sort              []filter.Order
	After             *Position // nil: from the start
	Limit             int
}

// Position is a place in a sorted result: just after the finding with this sort key and key.
type Position struct {
	Sort []filter.SortValue
	Key  finding.Key
}

// Hit is a finding that the filter selects, or may select.
type Hit struct {
	Doc Doc
	// Sure is false when the index cannot tell and filter.Match on the row must decide.
	Sure bool
}

// Result is a page of hits in the query's order.
type Result struct {
	Hits []Hit
	// Last is the position of the last hit; More says whether hits follow it.
	Last Position
	More bool
}

// Index is safe for concurrent use: many readers, one writer at a time.
type Index struct {
	// to be written
}

// New makes an empty index.
func New() *Index { panic("search: New is being written") }

// Apply takes a batch of changes in; readers see all of it or none.
func (ix *Index) Apply(batch []Entry) { panic("search: Apply is being written") }

// Lookup finds a finding's number.
func (ix *Index) Lookup(key finding.Key) (Doc, bool) { panic("search: Lookup is being written") }

// Len is the number of findings.
func (ix *Index) Len() int { panic("search: Len is being written") }

// Find answers a page. Hits that are not sure count towards the limit; the engine asks
// on from Last until its own page is full.
func (ix *Index) Find(q Query) Result { panic("search: Find is being written") }

// Count counts the findings that a filter selects for sure and gives those it may select.
func (ix *Index) Count(accounts, regions []string, e filter.Expr) (sure int, unsure []Doc) {
	panic("search: Count is being written")
}

// Bucket is a value and how many findings have it.
type Bucket struct {
	Value string
	Count int
}

// GroupBy counts findings by the values of a string attribute, largest first, then by
// value. unsure are findings the filter may select, not counted: when there are any, or
// when ok is false because the attribute's values are not in memory, the engine counts on rows.
func (ix *Index) GroupBy(accounts, regions []string, e filter.Expr, by filter.Attribute, limit int) (buckets []Bucket, unsure []Doc, ok bool) {
	panic("search: GroupBy is being written")
}

// Bytes estimates the memory that the index holds.
func (ix *Index) Bytes() int64 { panic("search: Bytes is being written") }
