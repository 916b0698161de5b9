package filter_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/filter/filtertest"
	"github.com/go-json-experiment/json/jsontext"
	"pgregory.net/rapid"
)

func TestParseSort(t *testing.T) {
	t.Parallel()
	newest := []filter.Order{{Attribute: filter.UpdatedAt, Descending: true}} // decision 14
	for _, c := range []struct {
		criteria string
		want     []filter.Order
	}{
		{``, newest},
		{`null`, newest},
		{`[]`, newest},
		{`[{"Field":"LastObservedAt","SortOrder":"desc"}]`, []filter.Order{{filter.LastObservedAt, true}}},
		{`[{"Field":"Title"},{"Field":"Confidence","SortOrder":"asc"},{"SortOrder":null,"Field":"Sample"}]`,
			[]filter.Order{{filter.Title, false}, {filter.Confidence, false}, {filter.Sample, false}}},
	} {
		got, err := filter.ParseSort(jsontext.Value(c.criteria))
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("ParseSort(%s) = %v, %v, want %v", c.criteria, got, err, c.want)
		}
	}
}

// The issue asks for sorting by every attribute that has one value.
func TestParseSortByEveryAttribute(t *testing.T) {
	t.Parallel()
	for i, c := range attributeCases {
		got, err := filter.ParseSort(jsontext.Value(`[{"Field":"` + c.name + `"}]`))
		many := strings.Contains(c.finding, "[") || c.kind == filter.KindMap || c.kind == filter.KindKeyword
		if many {
			wantInvalid(t, c.name, err, `'SortCriteria[0].Field'. Findings cannot be sorted by '`+c.name+
				`', of which one finding may have several values.`)
		} else if err != nil || !reflect.DeepEqual(got, []filter.Order{{Attribute: filter.Attribute(i)}}) {
			t.Errorf("by %s: %v, %v", c.name, got, err)
		}
	}
}

func TestParseSortRefuses(t *testing.T) {
	t.Parallel()
	eleven := `[` + strings.Repeat(`{"Field":"Title"},`, 10) + `{"Field":"Title"}]`
	for _, c := range []struct{ criteria, want string }{
		{`{}`, `'SortCriteria'. It must be a list, not an object.`},
		{`["Title"]`, `'SortCriteria[0]'. It must be an object, not a string.`},
		{`[{}]`, `'SortCriteria[0].Field'. It is required.`},
		{`[{"Field":" "}]`, `'SortCriteria[0].Field'. Value ' ' is blank.`},
		{`[{"Field":"Title"},{"Field":"Severity"}]`, `'SortCriteria[1].Field'. Value 'Severity' is not a filter attribute.`},
		{`[{"Field":"Title","SortOrder":"DESC"}]`, `'SortCriteria[0].SortOrder'. Value 'DESC' is not one of: asc, desc.`},
		{`[{"Field":"Title","Order":"asc"}]`, `'SortCriteria[0].Order'. There is no such member; it may be one of: Field, SortOrder.`},
		{`[{"Field":"Title"},{"Field":"Title","SortOrder":"desc"}]`, `'SortCriteria[1].Field'. Value 'Title' is given twice.`},
		{eleven, `'SortCriteria'. Size '11' is greater than maximum value: 10.`},
		{`[{"Field":"Title"}`, `'SortCriteria'. It is not valid JSON.`},
	} {
		_, err := filter.ParseSort(jsontext.Value(c.criteria))
		wantInvalid(t, c.criteria, err, c.want)
	}
}

func TestCompareSort(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		by   filter.Attribute
		asc  []string // findings in ascending order
		last []string // findings without a value for it
	}{
		// Decision 27: by rank, and a label that is none is none.
		{filter.SeverityLabel, []string{`{"Severity":{"Label":"INFORMATIONAL"}}`, `{"Severity":{"Label":"LOW"}}`, `{"Severity":{"Label":"MEDIUM"}}`,
			`{"Severity":{"Label":"HIGH"}}`, `{"Severity":{"Label":"CRITICAL"}}`}, []string{`{}`, `{"Severity":{"Label":"SEVERE"}}`}},
		{filter.Title, []string{`{"Title":""}`, `{"Title":"B"}`, `{"Title":"a"}`, `{"Title":"ab"}`, `{"Title":"é"}`}, []string{`{}`, `{"Title":5}`}},
		{filter.SeverityProduct, []string{`{"Severity":{"Product":-2}}`, `{"Severity":{"Product":0}}`, `{"Severity":{"Product":9.5}}`,
			`{"Severity":{"Product":10}}`}, []string{`{}`}},
		{filter.Sample, []string{`{"Sample":false}`, `{"Sample":true}`}, []string{`{}`}},
		// Instants are compared, not texts.
		{filter.CreatedAt, []string{`{"CreatedAt":"1960-01-01T00:00:00Z"}`, `{"CreatedAt":"1970-01-01T00:00:00Z"}`, `{"CreatedAt":"2024-01-01T01:00:00+02:00"}`,
			`{"CreatedAt":"2024-01-01T00:00:00Z"}`}, []string{`{}`, `{"CreatedAt":"soon"}`}},
		{filter.NetworkSourceIpV4, []string{`{"Network":{"SourceIpV4":"10.0.0.1"}}`, `{"Network":{"SourceIpV4":"9.0.0.1"}}`}, []string{`{}`}},
	} {
		for _, descending := range []bool{false, true} {
			orders := []filter.Order{{Attribute: c.by, Descending: descending}}
			want := slices.Clone(c.asc)
			if descending {
				slices.Reverse(want)
			}
			want = append(want, c.last...)
			checkOrder(t, orders, want, len(c.last))
		}
	}
}

// checkOrder compares every two of the findings, of which the last ones tie.
func checkOrder(t *testing.T, orders []filter.Order, sorted []string, tied int) {
	t.Helper()
	for i, x := range sorted {
		for j, y := range sorted {
			want := 0
			if i != j && min(i, j) < len(sorted)-tied {
				want = map[bool]int{true: -1, false: 1}[i < j]
			}
			got := filter.CompareSort(orders, filter.SortKey(orders, extract(t, x)), filter.SortKey(orders, extract(t, y)))
			if got != want {
				t.Errorf("%v: %s against %s is %d, want %d", orders, x, y, got, want)
			}
		}
	}
}

func TestCompareSortGoesOnAfterATie(t *testing.T) {
	t.Parallel()
	orders := []filter.Order{{Attribute: filter.Title}, {Attribute: filter.Confidence, Descending: true}}
	checkOrder(t, orders, []string{`{"Title":"a","Confidence":2}`, `{"Title":"a","Confidence":1}`, `{"Title":"a"}`, `{"Title":"b","Confidence":3}`, `{"Confidence":9}`}, 0)
}

func TestCompareSortIsAnOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		orders := filtertest.Sort().Draw(t, "sort")
		findings := filtertest.Findings(3, 6).Draw(t, "findings")
		keys := make([][]filter.SortValue, len(findings))
		for i, f := range findings {
			keys[i] = throughJSON(t, filter.SortKey(orders, filter.Extract(f, nil)))
		}
		for _, x := range keys {
			for _, y := range keys {
				if filter.CompareSort(orders, x, y) != -filter.CompareSort(orders, y, x) {
					t.Fatalf("%v and %v both ways", x, y)
				}
				for _, z := range keys {
					if filter.CompareSort(orders, x, y) <= 0 && filter.CompareSort(orders, y, z) <= 0 && filter.CompareSort(orders, x, z) > 0 {
						t.Fatalf("%v <= %v <= %v, but not the first and the last", x, y, z)
					}
				}
			}
		}
	})
}

// throughJSON is the way of a key in a page token: nothing of it may be lost.
func throughJSON(t *rapid.T, key []filter.SortValue) []filter.SortValue {
	data, err := json.Marshal(key)
	if err != nil {
		t.Fatal(err)
	}
	var back []filter.SortValue
	if err := json.Unmarshal(data, &back); err != nil || !reflect.DeepEqual(back, key) {
		t.Fatalf("%v became %v: %v", key, back, err)
	}
	return back
}
