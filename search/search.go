// Package search is the in-memory inverted index that answers queries for the
// embedded engine. Per attribute it maps values to the findings that have them, so
// that every filter is one shape: find the values that satisfy a predicate, unite
// their findings, intersect across attributes. It knows no disk: what it does not hold
// in memory (long free text) it reports as unsure, and the engine checks the rows.
package search

import (
	"hash/maphash"
	"maps"
	"slices"
	"sync"

	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/finding"
)

// Doc numbers a finding; the engine assigns numbers densely from 0, so that arrays
// indexed by them stay small. There may be 2^30.
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
	// Unsorted is true when the sort is by a free text of which the index does not hold
	// all values. Then Hits are all findings that the filter may select, in no order and
	// whatever Limit and After say, and the engine must sort them by their rows.
	Unsorted bool
}

// Index is safe for concurrent use: many readers, one writer at a time. No method holds
// its lock after it has returned.
type Index struct {
	limits limits
	mu     sync.RWMutex
	live   docset
	n      int // findings
	keys   *keys
	// fields and columns are by attribute; each has one or the other, Keyword neither.
	fields   [len(filter.Attributes)]*field
	columns  [len(filter.Attributes)]*column
	postings *postings
	// alias is the number of the ProductFields text that follows from a finding's key.
	alias uint32
	sets  sync.Pool
	// olds and news are Apply's lists of text numbers, touched those whose fields changed.
	olds, news []uint32
	touched    [len(filter.Attributes)]bool
}

// limits are the index's tunables; tests make them tiny.
type limits struct {
	seed     maphash.Seed
	hashMask uint64
	// freeText and freeTextPerFinding are the bytes of long text that an attribute may
	// hold; short is the length up to which a text always is.
	freeText, freeTextPerFinding, short int
	// chunk is the size of a dictionary's chunks, at most chunkSize.
	chunk int
	// minDead is the least number of dead texts worth clearing away.
	minDead int
	// parallel is the least number of bytes, or texts times 32, that are searched on several CPUs.
	parallel int
	// perFinding is how many bytes of texts are read in the time that one finding is asked.
	perFinding int
	// few is up to how many findings, or texts, are worth looking at one by one where the
	// other way is to go through an attribute.
	few int
}

// defaultLimits suit millions of findings on a small machine. Hashes are seeded anew in
// every process, so that nobody can write findings that collide.
func defaultLimits() limits {
	return limits{
		seed: maphash.MakeSeed(), hashMask: 1<<64 - 1,
		freeText: 32 << 20, freeTextPerFinding: 256, short: 24,
		chunk: chunkSize, minDead: minDead, parallel: 1 << 20, perFinding: 1 << 13, few: 1 << 8,
	}
}

// New makes an empty index.
func New() *Index { return newIndex(defaultLimits()) }

// newIndex gives each attribute what its kind needs: a column for one date or number, a
// field for everything else. Keywords have neither.
func newIndex(l limits) *Index {
	ix := &Index{limits: l, postings: newPostings()}
	for a := range filter.Attributes {
		switch info := &filter.Attributes[a]; {
		case info.Kind == filter.KindKeyword:
		case !info.Many && (info.Kind == filter.KindDate || info.Kind == filter.KindNumber || info.Kind == filter.KindBoolean):
			ix.columns[a] = &column{}
		default:
			ix.fields[a] = newField(filter.Attribute(a), ix.postings, &ix.limits)
		}
	}
	ix.keys = newKeys(ix.fields[filter.Id], ix.postings, &ix.limits)
	ix.addAlias()
	return ix
}

// Lookup finds a finding's number.
func (ix *Index) Lookup(key finding.Key) (Doc, bool) {
	ix.mu.RLock()
	defer ix.mu.RUnlock()
	return ix.keys.lookup(key)
}

// Hubs gives the accounts and the regions of all findings there have been, in no order.
func (ix *Index) Hubs() (accounts, regions []string) {
	ix.mu.RLock()
	defer ix.mu.RUnlock()
	a, r := map[string]bool{}, map[string]bool{}
	for h := range ix.keys.hubs {
		a[h.account], r[h.region] = true, true
	}
	return slices.Collect(maps.Keys(a)), slices.Collect(maps.Keys(r))
}

// Len is the number of findings.
func (ix *Index) Len() int {
	ix.mu.RLock()
	defer ix.mu.RUnlock()
	return ix.n
}

// Bytes estimates the memory that the index holds.
func (ix *Index) Bytes() int64 {
	ix.mu.RLock()
	defer ix.mu.RUnlock()
	n := ix.postings.bytes() + ix.keys.bytes() + int64(cap(ix.live))*8
	for _, f := range ix.fields {
		if f != nil {
			n += f.bytes()
		}
	}
	for _, c := range ix.columns {
		if c != nil {
			n += c.bytes()
		}
	}
	return n
}
