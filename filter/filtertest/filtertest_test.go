package filtertest_test

import (
	"encoding/json"
	"testing"

	"github.com/findinghub/findinghub/asff"
	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/filter/filtertest"
	"pgregory.net/rapid"
)

// The generator is worth something only if it reaches every attribute, and expressions
// that select some findings and not others.
func TestReachesEveryAttribute(t *testing.T) {
	t.Parallel()
	reached := map[filter.Attribute]bool{}
	for seed := range 300 {
		for _, v := range filter.Extract(filtertest.Finding().Example(seed), nil) {
			reached[v.Attribute] = true
		}
	}
	for a := range filter.Attributes {
		if attribute := filter.Attribute(a); !reached[attribute] && attribute != filter.Keyword {
			t.Errorf("no finding has a value for %s", attribute)
		}
	}
}

func TestExpressionsDivideTheFindings(t *testing.T) {
	t.Parallel()
	findings := filtertest.Findings(8, 8).Example(1)
	divided := 0
	for seed := range 200 {
		e, matched := filtertest.Expr(findings).Example(seed), 0
		for _, f := range findings {
			if filter.Match(e, filter.Extract(f, nil)) {
				matched++
			}
		}
		if 0 < matched && matched < len(findings) {
			divided++
		}
	}
	if divided < 60 {
		t.Errorf("%d of 200 expressions select some findings but not all, want 60", divided)
	}
}

func TestFindingsAreJSONAsStored(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := filtertest.Finding().Draw(t, "finding")
		data := f.AppendJSON(nil)
		if !json.Valid(data) {
			t.Fatalf("not JSON: %s", data)
		}
		parsed, err := asff.Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		if again := parsed.AppendJSON(nil); string(again) != string(data) {
			t.Fatalf("not normal:\n%s\n%s", data, again)
		}
	})
}

func TestFindingsHaveDistinctIds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		seen := map[string]bool{}
		for _, f := range filtertest.Findings(0, 12).Draw(t, "findings") {
			if id := f.Text("Id"); seen[id] {
				t.Fatalf("%s twice", id)
			} else {
				seen[id] = true
			}
		}
	})
}
