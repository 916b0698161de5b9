package search

import (
	"fmt"
	"slices"
	"testing"

	"github.com/findinghub/findinghub/filter"
	"pgregory.net/rapid"
)

// TestGroupBy is how findings are counted by values: once for each distinct one, the
// largest count first, then by value.
func TestGroupBy(t *testing.T) {
	t.Parallel()
	ix, _ := rows(defaultLimits(),
		all(str(filter.Type, "b", "a", "b"), str(filter.SeverityLabel, "LOW")),
		all(str(filter.Type, "c", "a"), str(filter.SeverityLabel, "HIGH")),
		all(str(filter.Type, "c"), str(filter.SeverityLabel, "LOW")),
		str(filter.NetworkSourceIpV4, "10.0.0.1"),
	)
	low := filter.TextTerm{Attribute: filter.SeverityLabel, Value: "LOW"}
	cases := []struct {
		expr  filter.Expr
		by    filter.Attribute
		limit int
		want  []Bucket
	}{
		{filter.Const(true), filter.Type, 9, []Bucket{{"a", 2}, {"c", 2}, {"b", 1}}},
		{filter.Const(true), filter.Type, 2, []Bucket{{"a", 2}, {"c", 2}}},
		{filter.Const(true), filter.Type, 1, []Bucket{{"a", 2}}},
		{filter.Const(true), filter.Type, 0, nil},
		{low, filter.Type, 9, []Bucket{{"a", 1}, {"b", 1}, {"c", 1}}},
		{low, filter.SeverityLabel, 9, []Bucket{{"LOW", 2}}},
		{filter.Const(false), filter.Type, 9, nil},
		{filter.Const(true), filter.Title, 9, nil},
		{filter.Const(true), filter.NetworkSourceIpV4, 9, []Bucket{{"10.0.0.1", 1}}},
	}
	for _, c := range cases {
		got, unsure, ok := ix.GroupBy([]string{"1"}, []string{"r"}, c.expr, c.by, c.limit)
		if !slices.Equal(got, c.want) || len(unsure) > 0 || !ok {
			t.Errorf("%v by %v, %d: %v, %v, %v, want %v", c.expr, c.by, c.limit, got, unsure, ok, c.want)
		}
	}
	for _, a := range []filter.Attribute{filter.CreatedAt, filter.Confidence, filter.ResourceTags, filter.Keyword, filter.ResourceAwsEc2InstanceLaunchedAt} {
		if _, _, ok := ix.GroupBy([]string{"1"}, []string{"r"}, filter.Const(true), a, 9); ok {
			t.Errorf("grouped by %v, which is no string", a)
		}
	}
}

// TestGroupByUnsure holds that findings which the filter may select are listed, not counted.
func TestGroupByUnsure(t *testing.T) {
	t.Parallel()
	ix, _ := rows(withoutText(), all(str(filter.Description, "a text"), str(filter.Title, "t")), str(filter.Title, "t"))
	maybe := filter.TextTerm{Attribute: filter.Description, Op: filter.Contains, Value: "text"}
	got, unsure, ok := ix.GroupBy([]string{"1"}, []string{"r"}, filter.Not{X: maybe}, filter.Title, 9)
	if !slices.Equal(got, []Bucket{{"t", 1}}) || !slices.Equal(unsure, []Doc{0}) || !ok {
		t.Errorf("%v, unsure %v, %v", got, unsure, ok)
	}
}

// TestTally holds that the three ways of counting agree.
func TestTally(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var findings []filter.Values
		for range rapid.IntRange(0, 60).Draw(t, "findings") {
			findings = append(findings, str(filter.Title, fmt.Sprint(rapid.IntRange(0, 20).Draw(t, "title"))))
		}
		limit := rapid.IntRange(1, 25).Draw(t, "limit")
		selected := rapid.SliceOfN(rapid.Bool(), len(findings), len(findings)).Draw(t, "selected")
		var answers [][]Bucket
		for _, few := range []int{0, 1 << 20} { // the column, the lists
			l := defaultLimits()
			l.few = few
			ix, _ := rows(l, findings...)
			ev := ix.evaluator()
			s := ev.set()
			for d, yes := range selected {
				if yes {
					s.add(Doc(d))
				}
			}
			tl := &tally{f: ix.fields[filter.Title], limit: limit}
			if few > 0 { // a selection of more than few findings and an attribute of few texts
				ix.limits.few = max(s.count()-1, 0)
				if len(tl.f.texts) > ix.limits.few {
					return
				}
			}
			ev.tally(tl, s)
			answers = append(answers, tl.buckets())
		}
		if !slices.Equal(answers[0], answers[1]) {
			t.Fatalf("%v by the column, %v by the lists", answers[0], answers[1])
		}
	})
}
