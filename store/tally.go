package store

import (
	"cmp"
	"slices"

	"github.com/findinghub/findinghub/filter"
)

// Tally counts findings by the values of an attribute, for engines that must look at
// the findings to answer GroupBy. The zero value is empty.
type Tally struct {
	counts map[string]int
	seen   []string // the values of the finding being added: few, so a list will do
}

// Add counts one finding: once for each distinct value of the attribute.
func (t *Tally) Add(vs filter.Values, by filter.Attribute) {
	t.seen = t.seen[:0]
	for _, v := range vs.Of(by) {
		if !slices.Contains(t.seen, string(v.Text)) {
			t.seen = append(t.seen, string(v.Text))
		}
	}
	for _, value := range t.seen {
		t.AddCount(value, 1)
	}
}

// AddCount counts n findings that have a value.
func (t *Tally) AddCount(value string, n int) {
	if t.counts == nil {
		t.counts = map[string]int{}
	}
	t.counts[value] += n
}

// Top gives the largest counts in GroupBy's order, at most limit.
func (t *Tally) Top(limit int) []Bucket {
	buckets := make([]Bucket, 0, len(t.counts))
	for value, n := range t.counts {
		buckets = append(buckets, Bucket{Value: value, Count: n})
	}
	slices.SortFunc(buckets, func(a, b Bucket) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Value, b.Value))
	})
	return buckets[:min(limit, len(buckets))]
}
