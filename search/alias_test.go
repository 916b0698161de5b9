package search

import (
	"slices"
	"strings"
	"testing"

	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/finding"
)

// aliases are findings of two products. All but the last have the product field that
// follows from their key.
func aliases(t *testing.T) (*Index, model) {
	t.Helper()
	keys := []finding.Key{
		{Account: "1", Region: "r", ProductArn: "arn:product/a", ID: "arn:finding/1"},
		{Account: "1", Region: "r", ProductArn: "arn:product/a", ID: "arn:finding/2"},
		{Account: "1", Region: "r", ProductArn: "arn:product/b", ID: "b/arn:finding/1"},
		{Account: "1", Region: "r", ProductArn: "arn:product", ID: "a/arn:finding/1"}, // spells as finding 0 does
		{Account: "1", Region: "r", ProductArn: "arn:product/a", ID: "arn:finding/4"},
	}
	ix, m := New(), model{}
	for i, k := range keys {
		vs := all(str(filter.Id, k.ID), str(filter.ProductArn, k.ProductArn))
		if i < 4 {
			vs = append(vs, pair(filter.ProductFields, aliasKey, k.ProductArn+"/"+k.ID)...)
		}
		e := Entry{Doc: Doc(i), Key: k, New: sortedValues(vs)}
		ix.Apply([]Entry{e})
		m.apply(e)
	}
	return ix, m
}

// TestAlias asks about the derived text as a whole, on both sides of its slash and
// across it, and holds the answers to filter.Match.
func TestAlias(t *testing.T) {
	t.Parallel()
	ix, m := aliases(t)
	cases := []struct {
		value            string
		equals, contains []Doc
	}{
		{"arn:product/a/arn:finding/1", []Doc{0, 3}, []Doc{0, 3}},
		{"arn:product/b/b/arn:finding/1", []Doc{2}, []Doc{2}},
		{"arn:product/a/arn:finding/4", nil, nil},
		{"arn:product/a", nil, []Doc{0, 1, 3}},
		{"arn:product/", nil, []Doc{0, 1, 2, 3}},
		{"/a/arn:finding", nil, []Doc{0, 1, 3}},
		{"/arn:finding/2", nil, []Doc{1}},
		{"b/arn", nil, []Doc{2}},
		{"b/b", nil, []Doc{2}},
		{"/b/b/", nil, []Doc{2}},
		{"finding/1", nil, []Doc{0, 2, 3}},
		{"finding/9", nil, nil},
		{"/", nil, []Doc{0, 1, 2, 3}},
	}
	for _, c := range cases {
		for op, want := range map[filter.TextOp][]Doc{filter.Equals: c.equals, filter.Contains: c.contains} {
			e := filter.MapTerm{Attribute: filter.ProductFields, Key: aliasKey, Op: op, Value: c.value}
			if got := selected(t, ix, e); !slices.Equal(got, want) {
				t.Errorf("%v: %v, want %v", e, got, want)
			}
		}
		q := Query{Accounts: []string{"1"}, Regions: []string{"r"}, Filter: filter.KeywordTerm{Value: strings.ToUpper(c.value)}}
		if got, want := selected(t, ix, q.Filter), m.matching(q); !slices.Equal(got, want) {
			t.Errorf("%v: %v, want %v", q.Filter, got, want)
		}
	}
}

// TestAliasComesAndGoes changes the field from what follows from the key to something
// else and back.
func TestAliasComesAndGoes(t *testing.T) {
	t.Parallel()
	ix, m := aliases(t)
	equals := func(v string) filter.Expr {
		return filter.MapTerm{Attribute: filter.ProductFields, Key: aliasKey, Value: v}
	}
	own, other := "arn:product/a/arn:finding/1", "something else"
	change := func(to string) {
		old := m[0]
		now := sortedValues(all(str(filter.Id, old.key.ID), pair(filter.ProductFields, aliasKey, to)))
		e := Entry{Doc: 0, Key: old.key, Old: old.values, New: now}
		ix.Apply([]Entry{e})
		m.apply(e)
	}
	change(other)
	if got := selected(t, ix, equals(other)); !slices.Equal(got, []Doc{0}) {
		t.Errorf("another value: %v", got)
	}
	if got := selected(t, ix, equals(own)); !slices.Equal(got, []Doc{3}) {
		t.Errorf("the derived value when the field is another: %v", got)
	}
	change(own)
	if got := selected(t, ix, equals(own)); !slices.Equal(got, []Doc{0, 3}) {
		t.Errorf("the derived value again: %v", got)
	}
	if got := selected(t, ix, equals(other)); got != nil {
		t.Errorf("the other value: %v", got)
	}
}

// TestCrossing is how a word can lie in a product, its slash and the ids of a group.
func TestCrossing(t *testing.T) {
	t.Parallel()
	cases := []struct {
		word, shared string
		fold         bool
		want         chance
	}{
		{"prod", "", false, surely},
		{"a/", "", false, surely},
		{"a/arn", "arn:", false, surely},
		{"a/arn:finding", "arn:", false, maybe},
		{"a/arn:finding", "", false, maybe},
		{"a/arn", "b", false, never},
		{"/", "", false, surely},
		{"x/arn", "arn", false, never},
		{"A/arn", "arn", false, never},
		{"a/arn", "ARN", true, surely},
		{"a/arnx", "ARN", true, maybe},
		{"a/é", "É", true, maybe},
		{"absent", "arn", true, never},
	}
	for _, c := range cases {
		if got := newCrossing("arn:product/a/", c.word, c.fold).into([]byte(c.shared), c.fold); got != c.want {
			t.Errorf("%q into %q, fold %v: %d, want %d", c.word, c.shared, c.fold, got, c.want)
		}
	}
}
