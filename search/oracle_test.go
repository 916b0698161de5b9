package search

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/findinghub/findinghub/asff"
	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/filter/filtertest"
	"github.com/findinghub/findinghub/finding"
	"pgregory.net/rapid"
)

// TestOracle holds the index to filter.Match, CompareSort and Key.Compare while findings
// come, change and go.
func TestOracle(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ix, m := newIndex(tiny(t)), model{}
		pool := filtertest.Findings(1, 12).Draw(t, "findings")
		for range rapid.IntRange(1, 4).Draw(t, "rounds") {
			change(t, ix, m, pool)
			if ix.Len() != len(m) {
				t.Fatalf("Len %d, want %d", ix.Len(), len(m))
			}
			for range rapid.IntRange(1, 4).Draw(t, "questions") {
				q := question(t, pool, m)
				checkCount(t, ix, m, q)
				checkPages(t, ix, m, q)
				by := rapid.SampledFrom([]filter.Attribute{filter.SeverityLabel, filter.Title, filter.ResourceId, filter.Id, filter.Type}).Draw(t, "by")
				checkGroup(t, ix, m, q, by)
			}
		}
		checkLookup(t, ix, m)
	})
}

// TestPosition holds that a position works when the finding that it came from has
// changed or gone: what follows is what sorts after it.
func TestPosition(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ix, m := newIndex(tiny(t)), model{}
		pool := filtertest.Findings(1, 8).Draw(t, "findings")
		change(t, ix, m, pool)
		q := Query{Accounts: allAccounts, Regions: allRegions, Filter: filter.Const(true), Sort: filtertest.Sort().Draw(t, "sort"), Limit: 3}
		q.After = position(t, q.Sort, pool, m)
		change(t, ix, m, pool)
		want := m.sorted(q)
		want = slices.DeleteFunc(want, func(d Doc) bool {
			c := filter.CompareSort(q.Sort, filter.SortKey(q.Sort, m[d].values), q.After.Sort)
			return cmp.Or(c, m[d].key.Compare(q.After.Key)) <= 0
		})
		r := ix.Find(q)
		if r.Unsorted {
			return
		}
		if got := docs(r.Hits); !slices.Equal(got, want[:min(3, len(want))]) || r.More != (len(want) > 3) {
			t.Fatalf("after %+v sorted %v: %v and more %v, want %v", q.After, q.Sort, got, r.More, want)
		}
	})
}

// position is that of a finding in the index or of one that never was.
func position(t *rapid.T, orders []filter.Order, pool []asff.Finding, m model) *Position {
	f := rapid.SampledFrom(pool).Draw(t, "after")
	d := spread(rapid.IntRange(0, 140).Draw(t, "after number"))
	vs, k := values(t, f, d), key(t, f, d)
	if at, ok := m[d]; ok && rapid.Bool().Draw(t, "known") {
		vs, k = at.values, at.key
	}
	return &Position{Sort: filter.SortKey(orders, vs), Key: k}
}

// tiny makes every path of the index one that a hundred findings take.
func tiny(t *rapid.T) limits {
	l := defaultLimits()
	l.chunk = rapid.SampledFrom([]int{16, 200, 8 << 10, chunkSize}).Draw(t, "chunk")
	l.minDead = rapid.SampledFrom([]int{0, 5, 1000}).Draw(t, "min dead")
	l.parallel = rapid.SampledFrom([]int{0, 1 << 20}).Draw(t, "parallel")
	l.few = rapid.SampledFrom([]int{0, 10, 1 << 8}).Draw(t, "few")
	l.perFinding = rapid.SampledFrom([]int{1, 100, 1 << 30}).Draw(t, "per finding")
	switch rapid.IntRange(0, 2).Draw(t, "memory") {
	case 0:
		l.freeText, l.freeTextPerFinding, l.short = 0, 0, 0
	case 1:
		l.freeText, l.freeTextPerFinding, l.short = 60, 2, 5
	}
	if rapid.Bool().Draw(t, "collisions") {
		l.hashMask = 1<<32 | 1
	}
	return l
}

// spread gives findings numbers in several blocks of a column.
func spread(i int) Doc { return Doc(i*701%97*151 + i/97) }

// change applies a batch: a finding at a number that is free is new, at one that is taken
// it is another version of the one there, or its end.
func change(t *rapid.T, ix *Index, m model, pool []asff.Finding) {
	n := rapid.SampledFrom([]int{1, 5, 90}).Draw(t, "batch")
	batch := make([]Entry, 0, n)
	for range n {
		d := spread(rapid.IntRange(0, 140).Draw(t, "number"))
		f := rapid.SampledFrom(pool).Draw(t, "finding")
		old, taken := m[d]
		e := Entry{Doc: d, Key: old.key, Old: old.values}
		if !taken {
			e.Key = key(t, f, d)
		}
		if !taken || rapid.IntRange(0, 3).Draw(t, "end") > 0 {
			e.New = withAlias(t, values(t, f, d), e.Key)
		}
		batch = append(batch, e)
		m.apply(e)
	}
	ix.Apply(batch)
}

// values are a finding's, with an Id that is its own or one that it shares.
func values(t *rapid.T, f asff.Finding, d Doc) filter.Values {
	f = slices.Clone(f)
	if rapid.Bool().Draw(t, "own id") {
		f.SetText("Id", fmt.Sprintf("finding/%d/%d", d%3, d))
	}
	return filter.Extract(f, nil)
}

// key is mostly what the finding's members say, as the hub has it.
func key(t *rapid.T, f asff.Finding, d Doc) finding.Key {
	s := finding.Stored{Finding: f}
	k := s.Key()
	k.ID = fmt.Sprintf("finding/%d/%d", d%3, d)
	switch rapid.IntRange(0, 7).Draw(t, "odd key") {
	case 0:
		k.ID = fmt.Sprintf("\x00%d", d)
	case 1:
		k.Account = "odd"
	case 2:
		k.ProductArn = "ÅRN/f"
	}
	return k
}

// withAlias adds the product field that follows from the key, right or wrong.
func withAlias(t *rapid.T, vs filter.Values, k finding.Key) filter.Values {
	text := k.ProductArn + "/" + k.ID
	switch rapid.IntRange(0, 3).Draw(t, "alias") {
	case 0:
		return vs
	case 1:
		text = "alpha/" + k.ID
	}
	return insert(vs, filter.Value{Attribute: filter.ProductFields, Key: []byte(aliasKey), Text: []byte(text)})
}

// insert puts a value behind those of its attribute.
func insert(vs filter.Values, v filter.Value) filter.Values {
	at, _ := slices.BinarySearchFunc(vs, v.Attribute+1, func(v filter.Value, a filter.Attribute) int { return cmp.Compare(v.Attribute, a) })
	return slices.Insert(slices.Clone(vs), at, v)
}

var (
	allAccounts = []string{"111111111111", "222222222222", "odd"}
	allRegions  = []string{"us-east-1", "eu-west-1"}
)

// question draws a query.
func question(t *rapid.T, pool []asff.Finding, m model) Query {
	q := Query{
		Accounts: rapid.SliceOfDistinct(rapid.SampledFrom(allAccounts), rapid.ID).Draw(t, "accounts"),
		Regions:  allRegions[rapid.IntRange(0, 1).Draw(t, "regions"):],
		Filter:   filtertest.Expr(pool).Draw(t, "expr"),
		Sort:     filtertest.Sort().Draw(t, "sort"),
		Limit:    rapid.SampledFrom([]int{1, 3, 1000}).Draw(t, "limit"),
	}
	if len(q.Accounts) == 0 {
		q.Accounts = allAccounts
	}
	switch rapid.IntRange(0, 5).Draw(t, "alias term") {
	case 0:
		q.Filter = aliasTerm(t, m)
	case 1:
		q.Filter = filter.And{q.Filter, filter.Not{X: aliasTerm(t, m)}}
	}
	return q
}

// aliasTerm asks about the product field that follows from the key.
func aliasTerm(t *rapid.T, m model) filter.Expr {
	text := "arn:aws:securityhub:us-east-1:111111111111:product/111111111111/default/finding/1/"
	if f, ok := m[spread(rapid.IntRange(0, 140).Draw(t, "aliased"))]; ok {
		text = f.key.ProductArn + "/" + f.key.ID
	}
	part := text[rapid.IntRange(0, len(text)-1).Draw(t, "from"):]
	part = strings.ToValidUTF8(part[:rapid.IntRange(1, len(part)).Draw(t, "to")], "")
	switch rapid.IntRange(0, 4).Draw(t, "op") {
	case 0:
		return filter.KeywordTerm{Value: strings.ToUpper(part)}
	case 1:
		return filter.MapTerm{Attribute: filter.ProductFields, Key: aliasKey, Op: filter.Contains, Value: part}
	case 2:
		return filter.MapTerm{Attribute: filter.ProductFields, Key: aliasKey, Op: filter.ContainsWord, Value: part}
	}
	return filter.MapTerm{Attribute: filter.ProductFields, Key: aliasKey, Value: text}
}
