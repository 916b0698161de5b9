package filtertest_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/findinghub/findinghub/asff"
	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/filter/filtertest"
	"pgregory.net/rapid"
)

// Every type of term, and every operator of text, comes up.
func TestTermsAreOfEveryKind(t *testing.T) {
	t.Parallel()
	findings := filtertest.Findings(6, 6).Example(3)
	seen := map[string]int{}
	for seed := range 600 {
		e := filtertest.Term(findings).Example(seed)
		name := reflect.TypeOf(e).Name()
		switch term := e.(type) {
		case filter.TextTerm:
			name += fmt.Sprint(term.Op)
		case filter.MapTerm:
			name += fmt.Sprint(term.Op)
		}
		seen[name]++
	}
	for _, name := range []string{"TextTerm=", "TextTerm^=", "TextTerm*=", "TextTerm~=", "MapTerm=", "MapTerm*=", "NumberTerm", "DateTerm", "IPTerm", "BoolTerm", "KeywordTerm"} {
		if seen[name] == 0 {
			t.Errorf("no %s among 600 terms", name)
		}
		delete(seen, name)
	}
	if len(seen) > 0 {
		t.Errorf("terms that no engine must know: %v", seen)
	}
}

// Terms keep the promises of their documentation, on which engines rely.
func TestTermsAreWellFormed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		findings := filtertest.Findings(0, 3).Draw(t, "findings")
		switch term := filtertest.Term(findings).Draw(t, "term").(type) {
		case filter.TextTerm:
			checkText(t, term.Attribute, filter.KindString, term.Value)
		case filter.MapTerm:
			checkText(t, term.Attribute, filter.KindMap, term.Value)
			if term.Op != filter.Equals && term.Op != filter.Contains {
				t.Fatalf("%s: maps have no such comparison", term)
			}
		case filter.DateTerm:
			if term.From.IsZero() && term.To.IsZero() {
				t.Fatalf("%s has no bound", term)
			}
		case filter.IPTerm:
			if !term.Network.IsValid() || term.Network.Masked() != term.Network {
				t.Fatalf("%s has host bits", term)
			}
		case filter.NumberTerm:
			if term.Min != term.Min || term.Max != term.Max {
				t.Fatalf("%s is not a number", term)
			}
		}
	})
}

func checkText(t *rapid.T, a filter.Attribute, kind filter.Kind, value string) {
	if filter.Attributes[a].Kind != kind || strings.TrimSpace(value) == "" {
		t.Fatalf("%s is asked for %q", a, value)
	}
}

// Requests are what Parse accepts, use every comparison, and select some findings.
func TestFiltersAreRequests(t *testing.T) {
	t.Parallel()
	findings := filtertest.Findings(8, 8).Example(5)
	used := map[string]bool{}
	divided := 0
	for seed := range 400 {
		sent := filtertest.Filters(findings).Example(seed)
		e, err := filter.Parse(sent, filter.Options{Now: filtertest.Now})
		if err != nil {
			t.Fatalf("%s: %v", sent, err)
		}
		for _, word := range []string{"EQUALS", "PREFIX", "NOT_EQUALS", "PREFIX_NOT_EQUALS", "CONTAINS", "NOT_CONTAINS", "CONTAINS_WORD",
			"WITHIN", "OLDER_THAN", "DateRange", "Start", "End", "Gte", "Lte", "Gt", "Lt", "Eq", "Cidr", "Sample", "Keyword", "Key"} {
			used[word] = used[word] || strings.Contains(string(sent), `"`+word+`"`)
		}
		if n := matches(e, findings); 0 < n && n < len(findings) {
			divided++
		}
	}
	for word, ok := range used {
		if !ok {
			t.Errorf("no request has %s", word)
		}
	}
	if divided < 80 {
		t.Errorf("%d of 400 requests select some findings but not all, want 80", divided)
	}
}

func matches(e filter.Expr, findings []asff.Finding) int {
	n := 0
	for _, f := range findings {
		if filter.Match(e, filter.Extract(f, nil)) {
			n++
		}
	}
	return n
}

// Sorts are by what findings can be sorted by, and findings tie often enough to test the tie-break.
func TestSortsTieAndDivide(t *testing.T) {
	t.Parallel()
	findings := filtertest.Findings(8, 8).Example(5)
	ties, divides := 0, 0
	for seed := range 100 {
		orders := filtertest.Sort().Example(seed)
		for _, o := range orders {
			if info := filter.Attributes[o.Attribute]; info.Many || info.Kind == filter.KindKeyword || info.Kind == filter.KindMap {
				t.Errorf("sort by %s", o.Attribute)
			}
		}
		first := filter.SortKey(orders, filter.Extract(findings[0], nil))
		for _, f := range findings[1:] {
			if filter.CompareSort(orders, first, filter.SortKey(orders, filter.Extract(f, nil))) == 0 {
				ties++
			} else {
				divides++
			}
		}
	}
	if ties < 50 || divides < 50 {
		t.Errorf("%d ties and %d differences, want 50 of each", ties, divides)
	}
}

func TestHarvestIsOrderedByAttribute(t *testing.T) {
	t.Parallel()
	findings := filtertest.Findings(3, 3).Example(1)
	values := filtertest.Harvest(findings)
	n := 0
	for _, f := range findings {
		n += len(filter.Extract(f, nil))
	}
	if len(values) != n {
		t.Errorf("%d values of %d", len(values), n)
	}
	if !slices.IsSortedFunc(values, func(a, b filter.Value) int { return int(a.Attribute) - int(b.Attribute) }) {
		t.Error("out of order")
	}
}
