package filter_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/findinghub/findinghub/filter"
	"github.com/go-json-experiment/json/jsontext"
)

// selected runs filters over findings and gives the Ids of those they select.
func selected(t *testing.T, filters string, findings []string) string {
	t.Helper()
	e, err := filter.Parse(jsontext.Value(filters), filter.Options{Now: now})
	if err != nil {
		t.Fatalf("%s: %v", filters, err)
	}
	var ids []string
	for _, f := range findings {
		if values := extract(t, f); filter.Match(e, values) {
			ids = append(ids, string(values.Of(filter.Id)[0].Text))
		}
	}
	return strings.Join(ids, " ")
}

// Section 4, StringFilter: which of these findings each legal mix selects. The last one
// has no Title, the one before two Types.
func TestStringCombinations(t *testing.T) {
	t.Parallel()
	findings := []string{
		`{"Id":"1","Title":"AwsIamUser"}`, `{"Id":"2","Title":"AwsIamPolicy"}`, `{"Id":"3","Title":"AwsEc2Instance"}`,
		`{"Id":"4","Title":"Other Iam"}`, `{"Id":"5"}`,
	}
	for _, c := range []struct {
		entries []string
		want    string
	}{
		{[]string{"EQUALS AwsIamUser", "EQUALS AwsEc2Instance"}, "1 3"},
		{[]string{"EQUALS Other Iam", "PREFIX AwsIam"}, "1 2 4"},
		{[]string{"EQUALS awsiamuser"}, ""},
		{[]string{"PREFIX Aws"}, "1 2 3"},
		{[]string{"CONTAINS Iam"}, "1 2 4"},
		{[]string{"CONTAINS User", "CONTAINS Ec2"}, "1 3"},
		{[]string{"CONTAINS_WORD Iam"}, "4"},
		// Decision 17: an absent field satisfies every negative.
		{[]string{"NOT_EQUALS AwsIamUser"}, "2 3 4 5"},
		{[]string{"NOT_EQUALS AwsIamUser", "NOT_EQUALS AwsIamPolicy"}, "3 4 5"},
		{[]string{"PREFIX_NOT_EQUALS AwsIam", "NOT_EQUALS Other Iam"}, "3 5"},
		{[]string{"NOT_CONTAINS Iam"}, "3 5"},
		{[]string{"NOT_CONTAINS User", "NOT_CONTAINS Policy"}, "3 4 5"},
		// The prefix selects, and the exclusions take from that: an absent field is not selected.
		{[]string{"PREFIX Aws", "NOT_EQUALS AwsIamPolicy"}, "1 3"},
		{[]string{"PREFIX Aws", "PREFIX_NOT_EQUALS AwsIam"}, "3"},
		{[]string{"PREFIX AwsIam", "PREFIX AwsEc2", "NOT_EQUALS AwsIamPolicy", "PREFIX_NOT_EQUALS AwsEc2"}, "1"},
		// Order does not matter.
		{[]string{"NOT_EQUALS AwsIamPolicy", "PREFIX Aws"}, "1 3"},
	} {
		filters := str(append([]string(nil), c.entries...)...)
		if got := selected(t, filters, findings); got != c.want {
			t.Errorf("%v selects %q, want %q", c.entries, got, c.want)
		}
	}
}

// Decision 17 on lists: one element is enough for a positive, a negative needs that none matches.
func TestListCombinations(t *testing.T) {
	t.Parallel()
	findings := []string{
		`{"Id":"1","Types":["TTPs/A","Effects/B"]}`, `{"Id":"2","Types":["TTPs/A"]}`, `{"Id":"3","Types":["Effects/C"]}`,
		`{"Id":"4","Types":[]}`, `{"Id":"5"}`,
	}
	for _, c := range []struct{ entries, want string }{
		{`{"Value":"Effects/B","Comparison":"EQUALS"}`, "1"},
		{`{"Value":"Effects","Comparison":"PREFIX"}`, "1 3"},
		{`{"Value":"Effects/B","Comparison":"NOT_EQUALS"}`, "2 3 4 5"},
		{`{"Value":"Effects","Comparison":"PREFIX_NOT_EQUALS"}`, "2 4 5"},
		{`{"Value":"/A","Comparison":"NOT_CONTAINS"}`, "3 4 5"},
		// Selected by one element and excluded by another.
		{`{"Value":"TTPs","Comparison":"PREFIX"},{"Value":"Effects/B","Comparison":"NOT_EQUALS"}`, "2"},
	} {
		if got := selected(t, `{"Type":[`+c.entries+`]}`, findings); got != c.want {
			t.Errorf("%s selects %q, want %q", c.entries, got, c.want)
		}
	}
}

// Section 4, MapFilter. The tags of all resources of a finding are one multi-valued field.
func TestMapCombinations(t *testing.T) {
	t.Parallel()
	resource := func(tags ...string) string { return `{"Tags":{` + strings.Join(tags, ",") + `}}` }
	finding := func(id int, resources ...string) string {
		return fmt.Sprintf(`{"Id":"%d","Resources":[%s]}`, id, strings.Join(resources, ","))
	}
	findings := []string{
		finding(1, resource(`"env":"prod"`, `"team":"blue"`)),
		finding(2, resource(`"env":"test"`), resource(`"env":"prod"`)),
		finding(3, resource(`"env":"test"`)),
		finding(4, resource(`"team":"prod"`)),
		finding(5),
	}
	for _, c := range []struct {
		entries []string
		want    string
	}{
		{[]string{"env EQUALS prod"}, "1 2"},
		{[]string{"env EQUALS prod", "env EQUALS test"}, "1 2 3"},
		{[]string{"env EQUALS test", "team EQUALS blue"}, "1 2 3"},
		{[]string{"Env EQUALS prod"}, ""},
		{[]string{"env NOT_EQUALS prod"}, "3 4 5"},
		{[]string{"env NOT_EQUALS prod", "team NOT_EQUALS prod"}, "3 5"},
		{[]string{"env CONTAINS es"}, "2 3"},
		{[]string{"env NOT_CONTAINS ro"}, "3 4 5"},
	} {
		filters := tags(append([]string(nil), c.entries...)...)
		if got := selected(t, filters, findings); got != c.want {
			t.Errorf("%v selects %q, want %q", c.entries, got, c.want)
		}
	}
}

// Decisions 15 and 16: at the bounds, and what entries of one attribute mean together.
func TestRangeCombinations(t *testing.T) {
	t.Parallel()
	findings := []string{
		`{"Id":"1","Confidence":0,"UpdatedAt":"2024-03-03T11:59:59.999999Z"}`,
		`{"Id":"2","Confidence":50,"UpdatedAt":"2024-03-03T12:00:00Z"}`,
		`{"Id":"3","Confidence":100,"UpdatedAt":"2024-03-03T13:00:00+01:00"}`,
		`{"Id":"4","UpdatedAt":"2024-03-03T12:00:00.000001Z"}`,
		`{"Id":"5","Confidence":99,"UpdatedAt":"2025-01-01T00:00:00Z"}`,
		`{"Id":"6"}`,
	}
	for _, c := range []struct{ filters, want string }{
		{`{"Confidence":[{"Gte":50}]}`, "2 3 5"},
		{`{"Confidence":[{"Gt":50}]}`, "3 5"},
		{`{"Confidence":[{"Lte":50}]}`, "1 2"},
		{`{"Confidence":[{"Lt":50}]}`, "1"},
		{`{"Confidence":[{"Eq":100}]}`, "3"},
		{`{"Confidence":[{"Gte":50,"Lt":100}]}`, "2 5"},
		{`{"Confidence":[{"Eq":0},{"Gt":99}]}`, "1 3"},
		{`{"Confidence":[{"Gt":50,"Lt":50}]}`, ""},
		{`{"UpdatedAt":[{"Start":"2024-03-03T12:00:00Z","End":"2024-03-03T12:00:00Z"}]}`, "2 3"},
		{`{"UpdatedAt":[{"End":"2024-03-03T12:00:00Z"}]}`, "1 2 3"},
		{`{"UpdatedAt":[{"Start":"2024-03-03T12:00:00Z"}]}`, "2 3 4 5"},
		{`{"UpdatedAt":[{"End":"2024-03-03T11:59:59.999999Z"},{"Start":"2024-12-31T00:00:00Z"}]}`, "1 5"},
		{`{"UpdatedAt":[{"Start":"2025-01-01T00:00:00Z","End":"2024-01-01T00:00:00Z"}]}`, ""},
		// Seven days before now, which is noon of 10 March; what is ahead of now is not lost.
		{`{"UpdatedAt":[{"DateRange":{"Value":7,"Unit":"DAYS"}}]}`, "2 3 4 5"},
		{`{"UpdatedAt":[{"DateRange":{"Value":7,"Unit":"DAYS","Comparison":"OLDER_THAN"}}]}`, "1 2 3"},
		{`{"UpdatedAt":[{"DateRange":{"Value":0,"Unit":"DAYS"}}]}`, "5"},
		{`{"UpdatedAt":[{"DateRange":{"Value":2000000000,"Unit":"DAYS"}}]}`, "1 2 3 4 5"},
		{`{"UpdatedAt":[{"DateRange":{"Value":2000000000,"Unit":"DAYS","Comparison":"OLDER_THAN"}}]}`, ""},
		// AND across attributes.
		{`{"Confidence":[{"Gte":50}],"UpdatedAt":[{"End":"2024-03-03T12:00:00Z"}]}`, "2 3"},
	} {
		if got := selected(t, c.filters, findings); got != c.want {
			t.Errorf("%s selects %q, want %q", c.filters, got, c.want)
		}
	}
}
