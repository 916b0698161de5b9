package search

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/finding"
)

func asc(a filter.Attribute) filter.Order  { return filter.Order{Attribute: a} }
func desc(a filter.Attribute) filter.Order { return filter.Order{Attribute: a, Descending: true} }

// TestSort is the order of each kind of attribute. Absent values are last in both
// directions, severities go by rank (decision 27), ties by the finding's key (decision 14).
func TestSort(t *testing.T) {
	t.Parallel()
	ix, _ := rows(defaultLimits(),
		all(str(filter.SeverityLabel, "LOW"), str(filter.Title, "beta"), date(filter.UpdatedAt, "2026-01-03T00:00:00Z"), number(filter.Confidence, 10), number(filter.Sample, 1)),
		all(str(filter.SeverityLabel, "CRITICAL"), str(filter.Title, "alpha"), date(filter.UpdatedAt, "2026-01-01T00:00:00Z"), number(filter.Confidence, -2)),
		all(str(filter.SeverityLabel, "HIGH"), str(filter.Title, "Beta"), date(filter.UpdatedAt, "2026-01-02T00:00:00Z"), number(filter.Confidence, 2.5), number(filter.Sample, 0)),
		all(str(filter.SeverityLabel, "high"), str(filter.Title, "alphabet"), date(filter.UpdatedAt, "1969-01-01T00:00:00Z")),
		nil,
		all(str(filter.SeverityLabel, "LOW"), str(filter.Title, ""), date(filter.UpdatedAt, "2026-01-03T00:00:00Z"), number(filter.Confidence, 10)),
	)
	cases := []struct {
		orders []filter.Order
		want   []Doc
	}{
		{nil, []Doc{0, 1, 2, 3, 4, 5}},
		{[]filter.Order{desc(filter.UpdatedAt)}, []Doc{0, 5, 2, 1, 3, 4}},
		{[]filter.Order{asc(filter.UpdatedAt)}, []Doc{3, 1, 2, 0, 5, 4}},
		{[]filter.Order{asc(filter.SeverityLabel)}, []Doc{0, 5, 2, 1, 3, 4}},
		{[]filter.Order{desc(filter.SeverityLabel)}, []Doc{1, 2, 0, 5, 3, 4}},
		{[]filter.Order{asc(filter.Title)}, []Doc{5, 2, 1, 3, 0, 4}},
		{[]filter.Order{desc(filter.Title)}, []Doc{0, 3, 1, 2, 5, 4}},
		{[]filter.Order{asc(filter.Confidence)}, []Doc{1, 2, 0, 5, 3, 4}},
		{[]filter.Order{desc(filter.Confidence)}, []Doc{0, 5, 2, 1, 3, 4}},
		{[]filter.Order{asc(filter.Sample)}, []Doc{2, 0, 1, 3, 4, 5}},
		{[]filter.Order{desc(filter.Sample)}, []Doc{0, 2, 1, 3, 4, 5}},
		{[]filter.Order{desc(filter.SeverityLabel), desc(filter.Title)}, []Doc{1, 2, 0, 5, 3, 4}},
		{[]filter.Order{asc(filter.SeverityLabel), asc(filter.Title)}, []Doc{5, 0, 2, 1, 3, 4}},
		{[]filter.Order{asc(filter.Confidence), desc(filter.UpdatedAt), asc(filter.Title)}, []Doc{1, 2, 5, 0, 3, 4}},
		{[]filter.Order{desc(filter.ProductName), asc(filter.NoteUpdatedAt), desc(filter.Id)}, []Doc{5, 4, 3, 2, 1, 0}},
	}
	for _, c := range cases {
		if got := inOrder(ix, 10, nil, c.orders...); !slices.Equal(got, c.want) {
			t.Errorf("%v: %v, want %v", c.orders, got, c.want)
		}
		for limit := range len(c.want) {
			if got := inOrder(ix, limit, nil, c.orders...); !slices.Equal(got, c.want[:limit]) {
				t.Errorf("%v, the first %d: %v, want %v", c.orders, limit, got, c.want[:limit])
			}
		}
	}
}

// TestSortByMany holds that a sort by an attribute with several values, which requests
// may not ask for (decision 19), counts it as absent instead of failing.
func TestSortByMany(t *testing.T) {
	t.Parallel()
	ix, _ := rows(defaultLimits(), str(filter.Type, "b"), str(filter.Type, "a", "c"))
	for _, o := range []filter.Order{asc(filter.Type), desc(filter.ResourceTags), asc(filter.Keyword)} {
		q := Query{Accounts: []string{"1"}, Regions: []string{"r"}, Filter: filter.Const(true), Sort: []filter.Order{o}, Limit: 1}
		r := ix.Find(q)
		if q.After = &r.Last; !slices.Equal(docs(r.Hits), []Doc{0}) || !slices.Equal(docs(ix.Find(q).Hits), []Doc{1}) {
			t.Errorf("%v: hits %v, then %v", o, r.Hits, ix.Find(q).Hits)
		}
	}
}

// TestTies sorts by an attribute that all findings share: the order is that of their
// keys, member by member, whatever the order in which they came.
func TestTies(t *testing.T) {
	t.Parallel()
	keys := []finding.Key{
		{Account: "1", Region: "a", ProductArn: "p", ID: "x"},
		{Account: "1", Region: "a", ProductArn: "p", ID: "x/1"},
		{Account: "1", Region: "a", ProductArn: "p", ID: "y"},
		{Account: "1", Region: "a", ProductArn: "p/q", ID: "a"},
		{Account: "1", Region: "b", ProductArn: "", ID: "a"},
		{Account: "10", Region: "a", ProductArn: "p", ID: "a"},
		{Account: "2", Region: "a", ProductArn: "p", ID: "a"},
	}
	ix := New()
	for i := range keys {
		d := i * 5 % len(keys) // not in the order of the keys
		vs := sortedValues(all(str(filter.Id, keys[d].ID), str(filter.SeverityLabel, "LOW")))
		ix.Apply([]Entry{{Doc: Doc(d), Key: keys[d], New: vs}})
	}
	q := Query{Accounts: []string{"1", "10", "2"}, Regions: []string{"a", "b"}, Filter: filter.Const(true), Sort: []filter.Order{desc(filter.SeverityLabel)}, Limit: 1}
	for want := range keys {
		r := ix.Find(q)
		if !slices.Equal(r.Hits, []Hit{{Doc(want), true}}) || r.More != (want < len(keys)-1) {
			t.Fatalf("place %d: %v, more %v", want, r.Hits, r.More)
		}
		if r.Last.Key != keys[want] {
			t.Fatalf("place %d: position %v", want, r.Last)
		}
		q.After = &r.Last
	}
}

// TestAfter is where pages go on from positions whose finding is not there: changed,
// deleted, or of a hub, a product or a value that nothing has.
func TestAfter(t *testing.T) {
	t.Parallel()
	var findings []filter.Values
	for i := range 5 {
		findings = append(findings, all(str(filter.Title, fmt.Sprintf("t%d", i)), number(filter.Confidence, float64(i))))
	}
	findings = append(findings, nil)
	ix, _ := rows(defaultLimits(), findings...)
	none := filter.SortValue{}
	titled := func(s string) filter.SortValue { return filter.SortValue{Present: true, Text: s} }
	sure := func(n float64) filter.SortValue { return filter.SortValue{Present: true, Number: n} }
	in := func(product, id string) finding.Key {
		return finding.Key{Account: "1", Region: "r", ProductArn: product, ID: id}
	}
	cases := []struct {
		name  string
		order filter.Order
		after filter.SortValue
		key   finding.Key
		want  []Doc
	}{
		{"a finding that is there", asc(filter.Title), titled("t1"), in("p", "1"), []Doc{2, 3, 4, 5}},
		{"its text, another finding before it", asc(filter.Title), titled("t1"), in("p", "0"), []Doc{1, 2, 3, 4, 5}},
		{"a text between two", asc(filter.Title), titled("t1x"), in("p", "9"), []Doc{2, 3, 4, 5}},
		{"the same, descending", desc(filter.Title), titled("t1x"), in("p", "9"), []Doc{1, 0, 5}},
		{"a text before all", asc(filter.Title), titled(""), in("p", "9"), []Doc{0, 1, 2, 3, 4, 5}},
		{"a text behind all", asc(filter.Title), titled("u"), in("p", "9"), []Doc{5}},
		{"the same, descending", desc(filter.Title), titled("u"), in("p", "9"), []Doc{4, 3, 2, 1, 0, 5}},
		{"no text", asc(filter.Title), none, in("p", "0"), []Doc{5}},
		{"no text, behind the last", desc(filter.Title), none, in("p", "5"), nil},
		{"a number between two", asc(filter.Confidence), sure(2.5), in("p", "0"), []Doc{3, 4, 5}},
		{"the same, descending", desc(filter.Confidence), sure(2.5), in("p", "0"), []Doc{2, 1, 0, 5}},
		{"no number", desc(filter.Confidence), none, in("p", "4"), []Doc{5}},
		{"a product before", asc(filter.Confidence), sure(2), in("o", "9"), []Doc{2, 3, 4, 5}},
		{"a product behind", asc(filter.Confidence), sure(2), in("q", "0"), []Doc{3, 4, 5}},
		{"an account behind", asc(filter.Confidence), sure(2), finding.Key{Account: "9"}, []Doc{3, 4, 5}},
	}
	for _, c := range cases {
		got := inOrder(ix, 10, &Position{Sort: []filter.SortValue{c.after}, Key: c.key}, c.order)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	if got := inOrder(ix, 10, &Position{Key: in("p", "0")}, asc(filter.Title)); !slices.Equal(got, []Doc{5}) {
		t.Errorf("a position without values: %v, want what has none", got)
	}
}

// TestAfterARank goes on from a severity that no finding has any more.
func TestAfterARank(t *testing.T) {
	t.Parallel()
	ix, _ := rows(defaultLimits(), str(filter.SeverityLabel, "CRITICAL"), str(filter.SeverityLabel, "LOW"), nil)
	high := &Position{Sort: filter.SortKey([]filter.Order{asc(filter.SeverityLabel)}, str(filter.SeverityLabel, "HIGH")), Key: finding.Key{Account: "1"}}
	if got := inOrder(ix, 10, high, asc(filter.SeverityLabel)); !slices.Equal(got, []Doc{0, 2}) {
		t.Errorf("ascending: %v, want [0 2]", got)
	}
	if got := inOrder(ix, 10, high, desc(filter.SeverityLabel)); !slices.Equal(got, []Doc{1, 2}) {
		t.Errorf("descending: %v, want [1 2]", got)
	}
}

// TestDeepPage walks pages while every finding on the page before is deleted: what is
// still there comes once and in order.
func TestDeepPage(t *testing.T) {
	t.Parallel()
	var findings []filter.Values
	for i := range 300 {
		findings = append(findings, date(filter.UpdatedAt, fmt.Sprintf("2026-01-01T00:00:00.%03dZ", i*7%300)))
	}
	ix, m := rows(defaultLimits(), findings...)
	q := Query{Accounts: []string{"1"}, Regions: []string{"r"}, Filter: filter.Const(true), Sort: []filter.Order{desc(filter.UpdatedAt)}, Limit: 7}
	want, got := m.sorted(q), []Doc(nil)
	for {
		r := ix.Find(q)
		got = append(got, docs(r.Hits)...)
		for _, h := range r.Hits {
			ix.Apply([]Entry{{Doc: h.Doc, Key: m[h.Doc].key, Old: m[h.Doc].values}})
		}
		if !r.More {
			break
		}
		q.After = &r.Last
	}
	if !slices.Equal(got, want) || ix.Len() != 0 {
		t.Errorf("%v, want %v; %d left", got, want, ix.Len())
	}
}

// TestLimits are limits at the edges.
func TestLimits(t *testing.T) {
	t.Parallel()
	ix, _ := rows(defaultLimits(), nil, nil, nil)
	for _, c := range []struct {
		limit, hits int
		more        bool
	}{{-1, 0, true}, {0, 0, true}, {1, 1, true}, {2, 2, true}, {3, 3, false}, {4, 3, false}, {math.MaxInt32, 3, false}} {
		q := Query{Accounts: []string{"1"}, Regions: []string{"r"}, Filter: filter.Const(true), Sort: []filter.Order{desc(filter.UpdatedAt)}, Limit: c.limit}
		if r := ix.Find(q); len(r.Hits) != c.hits || r.More != c.more {
			t.Errorf("limit %d: %d hits, more %v, want %d and %v", c.limit, len(r.Hits), r.More, c.hits, c.more)
		}
	}
}

// TestScope is the hubs that a query sees: every pair of its accounts and regions.
func TestScope(t *testing.T) {
	t.Parallel()
	ix := New()
	for i, k := range []finding.Key{{Account: "1", Region: "a"}, {Account: "1", Region: "b"}, {Account: "2", Region: "a"}, {Account: "2", Region: "b"}} {
		k.ID = "x"
		ix.Apply([]Entry{{Doc: Doc(i), Key: k, New: withID("x")}})
	}
	cases := []struct {
		accounts, regions string
		want              []Doc
	}{
		{"1", "a", []Doc{0}},
		{"1 2", "a", []Doc{0, 2}},
		{"2", "a b", []Doc{2, 3}},
		{"1 2", "b a", []Doc{0, 1, 2, 3}},
		{"1 3", "a c", []Doc{0}},
		{"2 2", "b b", []Doc{3}},
		{"", "a", nil},
		{"1", "", nil},
	}
	for _, c := range cases {
		accounts, regions := strings.Fields(c.accounts), strings.Fields(c.regions)
		r := ix.Find(Query{Accounts: accounts, Regions: regions, Filter: filter.Const(true), Limit: 10})
		if got := docs(r.Hits); !slices.Equal(got, c.want) {
			t.Errorf("accounts %q and regions %q: %v, want %v", c.accounts, c.regions, got, c.want)
		}
		not := filter.Not{X: filter.TextTerm{Attribute: filter.Title, Value: "none"}}
		if n, _ := ix.Count(accounts, regions, not); n != len(c.want) {
			t.Errorf("accounts %q and regions %q: a negative counts %d, want %d", c.accounts, c.regions, n, len(c.want))
		}
	}
	ix.Apply([]Entry{{Doc: 0, Key: finding.Key{Account: "1", Region: "a", ID: "x"}, Old: withID("x")}})
	if n, _ := ix.Count([]string{"1"}, []string{"a", "b"}, filter.Const(true)); n != 1 {
		t.Errorf("a hub that has lost its finding counts: %d, want 1", n)
	}
}

// TestNewestReadsLittle holds that the newest findings are found without looking at the
// values of blocks that have none of them: those may hold anything.
func TestNewestReadsLittle(t *testing.T) {
	t.Parallel()
	ix, f := New(), fleet{accounts: 1, start: fleetStart}
	var batch []Entry
	for i := range 5 * blockSize {
		vs := date(filter.UpdatedAt, fleetStart.Format("2006-01-02T15:04:05Z"))
		vs[0].Micros += int64(i)
		batch = append(batch, Entry{Doc: Doc(i), Key: f.key(i), New: vs})
	}
	ix.Apply(batch)
	for _, b := range ix.columns[filter.UpdatedAt].blocks[1:4] {
		b.values = nil // reading them panics
	}
	q := f.scoped(Query{Filter: filter.Const(true), Sort: []filter.Order{desc(filter.UpdatedAt)}, Limit: 100}, 1)
	if r := ix.Find(q); r.Hits[0].Doc != 5*blockSize-1 || !r.More {
		t.Errorf("the newest is %d", r.Hits[0].Doc)
	}
	q.Sort[0].Descending = false
	if r := ix.Find(q); r.Hits[0].Doc != 0 {
		t.Errorf("the oldest is %d", r.Hits[0].Doc)
	}
}
