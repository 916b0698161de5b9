package finding

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/findinghub/findinghub/asff"
)

func expectUpdates(t *testing.T, c *Change, updates ...FieldUpdate) {
	t.Helper()
	var got []FieldUpdate
	if c != nil {
		got = c.Updates
	}
	if !slices.Equal(got, updates) {
		t.Errorf("the history has\n%q, want\n%q", got, updates)
	}
}

func TestHistoryShowsFields(t *testing.T) {
	t.Parallel()
	type updates = []FieldUpdate
	cases := []struct {
		name    string
		was, is string
		want    updates
	}{
		{"section 5.1: strings are bare", `{"Title":"a"}`, `{"Title":"b\n\"c"}`, updates{{"Title", "a", "b\n\"c"}}},
		{"section 5.1: everything else is JSON", `{"Confidence":1,"Sample":true,"X":null}`, `{"Confidence":2,"Sample":false,"X":[]}`,
			updates{{"Confidence", "1", "2"}, {"Sample", "true", "false"}, {"X", "null", "[]"}}},
		{"section 5.1: lists are whole", `{"Compliance":{"Status":"FAILED","RelatedRequirements":["a","b"]}}`,
			`{"Compliance":{"Status":"FAILED","RelatedRequirements":["a"]}}`,
			updates{{"Compliance.RelatedRequirements", `["a","b"]`, `["a"]`}}},
		{"section 5.1: paths are dotted", `{"Remediation":{"Recommendation":{"Text":"a","Url":"u"}}}`,
			`{"Remediation":{"Recommendation":{"Url":"u","Text":"b"}}}`, updates{{"Remediation.Recommendation.Text", "a", "b"}}},
		{"keys of maps are part of the path", `{"UserDefinedFields":{"a":"1","b.c":"2"}}`, `{"UserDefinedFields":{"b.c":"3","d\"e":"4"}}`,
			updates{{"UserDefinedFields.b.c", "2", "3"}, {`UserDefinedFields.d"e`, "", "4"}, {"UserDefinedFields.a", "1", ""}}},
		{"an object that came", `{}`, `{"Note":{"Text":"t","UpdatedBy":"u"}}`, updates{{"Note.Text", "", "t"}, {"Note.UpdatedBy", "", "u"}}},
		{"an object that went", `{"Note":{"Text":"t","UpdatedBy":"u"}}`, `{}`, updates{{"Note.Text", "t", ""}, {"Note.UpdatedBy", "u", ""}}},
		{"an object that became something else", `{"X":{"a":1}}`, `{"X":"s"}`, updates{{"X", `{"a":1}`, "s"}}},
		{"something else that became an object", `{"X":[1]}`, `{"X":{"a":1}}`, updates{{"X", "[1]", `{"a":1}`}}},
		{"an empty object has no fields", `{"X":{}}`, `{"Y":{"a":{}}}`, nil},
		{"the order of members is no change", `{"A":{"a":1,"b":2},"B":1}`, `{"B":1,"A":{"b":2,"a":1}}`, nil},
		{"new members in their order, then those that are gone", `{"Z":1,"A":1,"M":1}`, `{"B":2,"M":2,"A":2}`,
			updates{{"B", "", "2"}, {"M", "1", "2"}, {"A", "1", "2"}, {"Z", "1", ""}}},
		{"section 5.1: the finding's timestamps are left out",
			`{"CreatedAt":"1","UpdatedAt":"1","FirstObservedAt":"1","LastObservedAt":"1","ProcessedAt":"1"}`,
			`{"CreatedAt":"2","UpdatedAt":"2","FirstObservedAt":"2","ProcessedAt":"2"}`, nil},
		{"others' timestamps are not", `{"Note":{"UpdatedAt":"1"},"Process":{"CreatedAt":"1"}}`, `{"Note":{"UpdatedAt":"2"},"Process":{"CreatedAt":"2"}}`,
			updates{{"Note.UpdatedAt", "1", "2"}, {"Process.CreatedAt", "1", "2"}}},
		{"section 5.1: a label is shown as the severity", `{"Severity":{"Label":"HIGH","Normalized":70}}`, `{"Severity":{"Normalized":40,"Label":"MEDIUM"}}`,
			updates{{"Severity", "HIGH", "MEDIUM"}}},
		{"a label's companions are shown if they changed", `{"Severity":{"Label":"HIGH","Product":1,"Original":"a"}}`,
			`{"Severity":{"Label":"LOW","Normalized":1,"Original":"b"}}`,
			updates{{"Severity", "HIGH", "LOW"}, {"Severity.Original", "a", "b"}, {"Severity.Product", "1", ""}}},
		{"without a new label they are shown alone", `{"Severity":{"Label":"LOW","Normalized":1}}`, `{"Severity":{"Label":"LOW","Normalized":2,"Product":0.5}}`,
			updates{{"Severity.Normalized", "1", "2"}, {"Severity.Product", "", "0.5"}}},
		{"a severity that came", `{}`, `{"Severity":{"Label":"LOW","Normalized":1}}`, updates{{"Severity", "", "LOW"}}},
		{"the provider's severity has a path like any other", `{"FindingProviderFields":{"Severity":{"Label":"LOW"}}}`,
			`{"FindingProviderFields":{"Severity":{"Label":"HIGH"}}}`, updates{{"FindingProviderFields.Severity.Label", "LOW", "HIGH"}}},
		{"a value that holds what looks like members", `{"A":{"x":"\"},{\\","y":["}]"]}}`, `{"A":{"x":"\"},{\\","y":["}"]}}`,
			updates{{"A.y", `["}]"]`, `["}"]`}}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			was, is := parse(t, c.was), parse(t, c.is)
			change := changeOf(was, is, noon, byCustomer)
			expectUpdates(t, change, c.want...)
			if change != nil && (!change.Time.Equal(noon) || change.Source != byCustomer) {
				t.Errorf("the record says %v by %v", change.Time, change.Source)
			}
			if string(was.AppendJSON(nil)) != string(parse(t, c.was).AppendJSON(nil)) {
				t.Error("the old state was changed in place")
			}
		})
	}
}

// Section 5.1: values that the record has no room for are omitted; the record still
// names the fields and keeps what fits.
func TestHistoryIsBounded(t *testing.T) {
	t.Parallel()
	big := strings.Repeat("x", maxRecord)
	was := parse(t, `{"A":"old","B":"old","C":"`+big+`","D":"old"}`)
	is := parse(t, `{"A":"new","B":"`+big+`","C":"new","D":"new"}`)
	expectUpdates(t, changeOf(was, is, noon, byCustomer),
		FieldUpdate{"A", "old", "new"}, FieldUpdate{"B", "old", ""}, FieldUpdate{"C", "", ""}, FieldUpdate{"D", "old", "new"})
}

// What lies deeper than the format goes is shown whole.
func TestHistoryIsShallow(t *testing.T) {
	t.Parallel()
	nest := func(depth int, v string) asff.Finding {
		return parse(t, strings.Repeat(`{"a":`, depth)+v+strings.Repeat("}", depth))
	}
	path := strings.Repeat(".a", maxDepth)[1:]
	expectUpdates(t, changeOf(nest(maxDepth, `1`), nest(maxDepth, `2`), noon, byCustomer), FieldUpdate{path, "1", "2"})
	expectUpdates(t, changeOf(nest(maxDepth+2, `1`), nest(maxDepth+2, `2`), noon, byCustomer),
		FieldUpdate{path + ".a", `{"a":1}`, `{"a":2}`})
}

// Whatever two findings differ in, a record stays within its bound and is made in a
// time that their size bounds: wide, deep, and with long names on the way.
func TestHistoryOfStrangeFindings(t *testing.T) {
	t.Parallel()
	wide := func(n int, v string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(`,"` + strings.Repeat("k", i%7) + string(rune('a'+i%26)) + time.Duration(i).String() + `":` + v)
		}
		return "{" + b.String()[1:] + "}"
	}
	long := strings.Repeat("n", 30_000)
	cases := map[string][2]string{
		"wide":    {wide(8_000, `"1"`), wide(8_000, `"2"`)},
		"nothing": {wide(8_000, `"1"`), `{}`},
		"deep":    {strings.Repeat(`{"a":`, 5_000) + "1" + strings.Repeat("}", 5_000), strings.Repeat(`{"a":`, 5_000) + "2" + strings.Repeat("}", 5_000)},
		"long":    {strings.Repeat(`{"`+long+`":`, 7) + "1" + strings.Repeat("}", 7), strings.Repeat(`{"`+long+`":`, 7) + "2" + strings.Repeat("}", 7)},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			was, is := asff.Finding{{Name: "X", Value: []byte(c[0])}}, asff.Finding{{Name: "X", Value: []byte(c[1])}}
			size := 0
			if change := changeOf(was, is, noon, byCustomer); change != nil {
				for _, u := range change.Updates {
					size += len(u.Field) + len(u.Old) + len(u.New)
				}
			}
			if size > maxRecord {
				t.Errorf("the record has %d bytes", size)
			}
		})
	}
}

// Members that moved are found wherever they are, in long lists too.
func TestHistoryOfMovedMembers(t *testing.T) {
	t.Parallel()
	for _, n := range []int{3, 64, 65, 500} {
		was := asff.Finding{}
		for i := range n {
			was = append(was, asff.Member{Name: "k" + time.Duration(i).String(), Value: []byte("1")})
		}
		is := was.Clone()
		slices.Reverse(is)
		expectUpdates(t, changeOf(was, is, noon, byCustomer))
		is.Delete(was[0].Name)
		is.Set(was[1].Name, []byte("2"))
		expectUpdates(t, changeOf(was, is, noon, byCustomer), FieldUpdate{was[1].Name, "1", "2"}, FieldUpdate{was[0].Name, "1", ""})
	}
}

func TestHistoryOfImports(t *testing.T) {
	t.Parallel()
	old := mustImport(t, nil, base("01"), arrival(noon))
	out := tryImport(t, old, having(base("02"), `LastObservedAt: "2026-01-01T00:00:00Z"`), arrival(one))
	if !out.Changed || out.Change != nil {
		t.Errorf("section 5.1: new timestamps alone are recorded as %+v", out.Change)
	}
	out = tryImport(t, old, having(base("02"), `FindingProviderFields: {"Severity":{"Label":"HIGH"},"Types":["A/b"]}`, `ProductName: "P"`), arrival(one))
	expectUpdates(t, out.Change,
		FieldUpdate{"FindingProviderFields.Severity.Label", "LOW", "HIGH"}, FieldUpdate{"ProductName", "Prowler", "P"},
		FieldUpdate{"Severity", "LOW", "HIGH"}, FieldUpdate{"ProductFields.aws/securityhub/ProductName", "Prowler", "P"})
	if ms := one.Truncate(time.Millisecond); !out.Change.Time.Equal(ms) || out.Change.Source != byProvider {
		t.Errorf("recorded at %v by %v", out.Change.Time, out.Change.Source)
	}
}
