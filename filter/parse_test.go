package filter_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/filter"
	"github.com/go-json-experiment/json/jsontext"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, filters, want string }{
		{"no filters", ``, `true`},
		{"null", `null`, `true`},
		{"an empty object", ` {} `, `true`},
		{"empty lists and null count as absent", `{"Title":[],"Id":null}`, `true`},
		{"null members count as absent", `{"UpdatedAt":[{"Start":null,"End":"2024-03-01T00:00:00Z","DateRange":null}]}`,
			`UpdatedAt in [*, 2024-03-01T00:00:00Z]`},

		// Section 4: AND across attributes; the order of a request does not matter.
		{"two attributes", `{"Title":[{"Value":"t","Comparison":"EQUALS"}],"Id":[{"Comparison":"PREFIX","Value":"i"}]}`,
			`Id ^= "i" AND Title = "t"`},

		// Section 4, StringFilter.
		{"EQUALS and PREFIX are OR-ed", str("EQUALS a", "PREFIX b", "EQUALS c"), `Title = "a" OR Title ^= "b" OR Title = "c"`},
		{"CONTAINS are OR-ed", str("CONTAINS a", "CONTAINS b"), `Title *= "a" OR Title *= "b"`},
		{"negatives are AND-ed", str("NOT_EQUALS a", "PREFIX_NOT_EQUALS b"), `NOT Title = "a" AND NOT Title ^= "b"`},
		{"NOT_CONTAINS are AND-ed", str("NOT_CONTAINS a", "NOT_CONTAINS b"), `NOT Title *= "a" AND NOT Title *= "b"`},
		{"CONTAINS_WORD", str("CONTAINS_WORD a b"), `Title ~= "a b"`},
		{"prefixes select, then exclusions", str("NOT_EQUALS ax", "PREFIX a", "PREFIX b", "PREFIX_NOT_EQUALS by"),
			`(Title ^= "a" OR Title ^= "b") AND NOT Title = "ax" AND NOT Title ^= "by"`},
		{"a value given twice", str("EQUALS a", "EQUALS a"), `Title = "a"`},
		{"escapes", `{"Title":[{"Value":"a\"\u00e9\n","Comparison":"EQUALS"}]}`, `Title = "a\"é\n"`},
		{"white space around a value counts", str("EQUALS  a "), `Title = " a "`},

		// Section 4, MapFilter: OR and AND are per attribute, whatever the keys.
		{"map EQUALS", tags("k EQUALS a", "l EQUALS b"), `ResourceTags["k"] = "a" OR ResourceTags["l"] = "b"`},
		{"map NOT_EQUALS", tags("k NOT_EQUALS a", "l NOT_EQUALS b"), `NOT ResourceTags["k"] = "a" AND NOT ResourceTags["l"] = "b"`},
		{"map CONTAINS", tags("k CONTAINS a"), `ResourceTags["k"] *= "a"`},
		{"map NOT_CONTAINS", tags("k NOT_CONTAINS a"), `NOT ResourceTags["k"] *= "a"`},
		{"the service's own keys are keys like others", `{"ProductFields":[{"Key":"aws/securityhub/ProductName","Value":"Prowler","Comparison":"EQUALS"}]}`,
			`ProductFields["aws/securityhub/ProductName"] = "Prowler"`},

		// Decision 16: members AND, entries OR.
		{"Eq", `{"Confidence":[{"Eq":5}]}`, `Confidence in [5, 5]`},
		{"an interval", `{"Confidence":[{"Gte":1,"Lt":5.5}]}`, `Confidence in [1, 5.5)`},
		{"open ends", `{"Confidence":[{"Gt":1},{"Lte":-5}]}`, `Confidence in (1, +Inf] OR Confidence in [-Inf, -5]`},
		{"the narrower bound counts", `{"Confidence":[{"Gte":5,"Gt":5,"Lt":9,"Lte":8}]}`, `Confidence in (5, 8]`},
		{"an open bound stays open", `{"Confidence":[{"Gt":1,"Gte":1,"Lt":5,"Lte":5}]}`, `Confidence in (1, 5)`},
		{"contradictory bounds", `{"Confidence":[{"Gt":5,"Eq":5,"Lt":1}]}`, `Confidence in (5, 1)`},

		// Decision 15: inclusive, whole days back from now, entries OR.
		{"Start and End", `{"UpdatedAt":[{"Start":"2024-03-01T01:00:00+01:00","End":"2024-03-02T00:00:00.5Z"}]}`,
			`UpdatedAt in [2024-03-01T00:00:00Z, 2024-03-02T00:00:00.5Z]`},
		{"WITHIN is the default", `{"UpdatedAt":[{"DateRange":{"Value":7,"Unit":"DAYS"}}]}`, `UpdatedAt in [2024-03-03T12:00:00Z, *]`},
		{"WITHIN", `{"UpdatedAt":[{"DateRange":{"Value":7,"Unit":"DAYS","Comparison":"WITHIN"}}]}`, `UpdatedAt in [2024-03-03T12:00:00Z, *]`},
		{"OLDER_THAN", `{"UpdatedAt":[{"DateRange":{"Value":30,"Unit":"DAYS","Comparison":"OLDER_THAN"}}]}`, `UpdatedAt in [*, 2024-02-09T12:00:00Z]`},
		{"date entries are OR-ed", `{"UpdatedAt":[{"Start":"2024-03-01T00:00:00Z"},{"End":"2024-01-01T00:00:00Z"}]}`,
			`UpdatedAt in [2024-03-01T00:00:00Z, *] OR UpdatedAt in [*, 2024-01-01T00:00:00Z]`},
		{"further back than time", `{"UpdatedAt":[{"DateRange":{"Value":2147483647,"Unit":"DAYS"}}]}`, `UpdatedAt in [-0001-01-01T00:00:00Z, *]`},
		{"the instant that Go takes for none", `{"UpdatedAt":[{"Start":"0001-01-01T00:00:00Z"}]}`, `UpdatedAt in [0001-01-01T00:00:00.000000001Z, *]`},

		// Section 4, IpFilter.
		{"a network", ip("10.0.0.0/8"), `NetworkSourceIpV4 in 10.0.0.0/8`},
		{"a single address", ip("10.0.0.1"), `NetworkSourceIpV4 in 10.0.0.1/32`},
		{"host bits", ip("10.1.2.3/8"), `NetworkSourceIpV4 in 10.0.0.0/8`},
		{"IPv6", ip("2001:DB8::7/32"), `NetworkSourceIpV4 in 2001:db8::/32`},
		{"IPv4 in IPv6", ip("::ffff:10.0.0.7/120"), `NetworkSourceIpV4 in 10.0.0.0/24`},
		{"all of IPv4 in IPv6", ip("::ffff:0.0.0.0/96"), `NetworkSourceIpV4 in 0.0.0.0/0`},
		{"more than IPv4 in IPv6", ip("::ffff:0.0.0.0/95"), `NetworkSourceIpV4 in ::fffe:0:0/95`},
		{"an IPv4 address in IPv6", ip("::ffff:10.0.0.7"), `NetworkSourceIpV4 in 10.0.0.7/32`},
		{"networks are OR-ed", `{"NetworkSourceIpV4":[{"Cidr":"10.0.0.0/8"},{"Cidr":"::/0"}]}`, `NetworkSourceIpV4 in 10.0.0.0/8 OR NetworkSourceIpV4 in ::/0`},

		{"booleans", `{"Sample":[{"Value":true},{"Value":false}]}`, `Sample = true OR Sample = false`},
		{"keywords are OR-ed", `{"Keyword":[{"Value":"a"},{"Value":"B"}]}`, `ANY TEXT *= "a" OR ANY TEXT *= "B"`},
		{"as many values as allowed", str(slots(20)...), orOf(20)},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e, err := filter.Parse(jsontext.Value(c.filters), filter.Options{Now: now})
			if err != nil {
				t.Fatalf("%s: %v", c.filters, err)
			}
			if e.String() != c.want {
				t.Errorf("%s\n got %s\nwant %s", c.filters, e, c.want)
			}
		})
	}
}

// str writes filters of Title, each "COMPARISON value".
func str(entries ...string) string {
	for i, e := range entries {
		comparison, value, _ := strings.Cut(e, " ")
		entries[i] = fmt.Sprintf(`{"Value":%q,"Comparison":%q}`, value, comparison)
	}
	return `{"Title":[` + strings.Join(entries, ",") + `]}`
}

// tags writes filters of ResourceTags, each "key COMPARISON value".
func tags(entries ...string) string {
	for i, e := range entries {
		words := strings.SplitN(e, " ", 3)
		entries[i] = fmt.Sprintf(`{"Key":%q,"Value":%q,"Comparison":%q}`, words[0], words[2], words[1])
	}
	return `{"ResourceTags":[` + strings.Join(entries, ",") + `]}`
}

func ip(cidr string) string { return `{"NetworkSourceIpV4":[{"Cidr":"` + cidr + `"}]}` }

func slots(n int) []string {
	entries := make([]string, n)
	for i := range entries {
		entries[i] = fmt.Sprintf("EQUALS %d", i)
	}
	return entries
}

func orOf(n int) string {
	terms := make([]string, n)
	for i := range terms {
		terms[i] = fmt.Sprintf(`Title = "%d"`, i)
	}
	return strings.Join(terms, " OR ")
}

// many gives filters of the first n attributes of text, among others that are empty.
func many(n int) string {
	members := []string{`"Note":null`}[:0]
	for a := range filter.Attributes {
		if info := filter.Attributes[a]; info.Kind == filter.KindString && len(members) < n {
			members = append(members, `"`+info.Name+`":[{"Value":"v","Comparison":"EQUALS"}]`)
		}
	}
	return `{"Title":[],"UpdatedAt":null,` + strings.Join(members, ",") + `}`
}

func TestParseAllowsTenAttributes(t *testing.T) {
	t.Parallel()
	e, err := filter.Parse(jsontext.Value(many(10)), filter.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if and, ok := e.(filter.And); !ok || len(and) != 10 {
		t.Errorf("ten attributes became %s", e)
	}
}

// Decision 4 gives the pattern of the messages: the parameter by its path, then the bound.
func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ filters, want string }{
		// Decisions 19 and 20.
		{`{"Severity":[]}`, `'Filters.Severity'. There is no such filter attribute.`},
		{`{"title":[{"Value":"v","Comparison":"EQUALS"}]}`, `'Filters.title'. There is no such filter attribute.`},
		{many(11), `'Filters'. Size '11' is greater than maximum value: 10.`},
		{str(slots(21)...), `'Filters.Title'. Size '21' is greater than maximum value: 20.`},

		// Types, and what belongs where.
		{`[]`, `'Filters'. It must be an object, not a list.`},
		{`"x"`, `'Filters'. It must be an object, not a string.`},
		{`{"Title":{}}`, `'Filters.Title'. It must be a list, not an object.`},
		{`{"Title":["v"]}`, `'Filters.Title[0]'. It must be an object, not a string.`},
		{`{"Title":[null]}`, `'Filters.Title[0]'. It must be an object, not null.`},
		{`{"Title":[{"Value":5,"Comparison":"EQUALS"}]}`, `'Filters.Title[0].Value'. It must be a string, not a number.`},
		{`{"Title":[{"Value":"v","Comparison":true}]}`, `'Filters.Title[0].Comparison'. It must be a string, not a boolean.`},
		{`{"Title":[{"Value":"v","Comparison":"EQUALS","Key":"k"}]}`, `'Filters.Title[0].Key'. There is no such member; it may be one of: Value, Comparison.`},
		{`{"Title":[],"Title":[]}`, `'Filters.Title'. It is given twice.`},
		{`{"Title":[{"Value":"v","Value":"w","Comparison":"EQUALS"}]}`, `'Filters.Title[0].Value'. It is given twice.`},
		{`{"Title":[{"Value":"v"`, `'Filters'. It is not valid JSON.`},
		{`{"Title":[]} {}`, `'Filters'. It is not valid JSON.`},
		{"{\"Title\":[{\"Value\":\"\xff\",\"Comparison\":\"EQUALS\"}]}", `'Filters'. It is not valid JSON.`},
		{`nonsense`, `'Filters'. It is not valid JSON.`},

		// Required members: silence never means success.
		{`{"Title":[{"Value":"v"}]}`, `'Filters.Title[0].Comparison'. It is required.`},
		{`{"Title":[{"Comparison":"EQUALS"}]}`, `'Filters.Title[0].Value'. It is required.`},
		{`{"Title":[{"Value":null,"Comparison":"EQUALS"}]}`, `'Filters.Title[0].Value'. It is required.`},
		{`{"Title":[{}]}`, `'Filters.Title[0].Comparison'. It is required.`},
		{`{"ResourceTags":[{"Value":"v","Comparison":"EQUALS"}]}`, `'Filters.ResourceTags[0].Key'. It is required.`},
		{`{"Keyword":[{}]}`, `'Filters.Keyword[0].Value'. It is required.`},
		{`{"Sample":[{}]}`, `'Filters.Sample[0].Value'. It is required.`},
		{`{"NetworkSourceIpV4":[{}]}`, `'Filters.NetworkSourceIpV4[0].Cidr'. It is required.`},
		{`{"Confidence":[{}]}`, `'Filters.Confidence[0]'. One of Gte, Lte, Eq, Gt and Lt is required.`},
		{`{"UpdatedAt":[{}]}`, `'Filters.UpdatedAt[0]'. One of Start, End and DateRange is required.`},
		{`{"UpdatedAt":[{"DateRange":{}}]}`, `'Filters.UpdatedAt[0].DateRange.Value'. It is required.`},
		{`{"UpdatedAt":[{"DateRange":{"Value":7}}]}`, `'Filters.UpdatedAt[0].DateRange.Unit'. It is required.`},

		// Blank strings and enumerations, which the model forbids.
		{`{"Title":[{"Value":" \t","Comparison":"EQUALS"}]}`, `'Filters.Title[0].Value'. Value ' \t' is blank.`},
		{`{"ResourceTags":[{"Key":"","Value":"v","Comparison":"EQUALS"}]}`, `'Filters.ResourceTags[0].Key'. Value '' is blank.`},
		{`{"Title":[{"Value":"v","Comparison":"LIKE"}]}`, `'Filters.Title[0].Comparison'. Value 'LIKE' is not one of: ` +
			`EQUALS, PREFIX, NOT_EQUALS, PREFIX_NOT_EQUALS, CONTAINS, NOT_CONTAINS, CONTAINS_WORD.`},
		{`{"ResourceTags":[{"Key":"k","Value":"v","Comparison":"PREFIX"}]}`, `'Filters.ResourceTags[0].Comparison'. Value 'PREFIX' is not one of: ` +
			`EQUALS, NOT_EQUALS, CONTAINS, NOT_CONTAINS.`},
		{`{"Title":[{"Value":"--","Comparison":"CONTAINS_WORD"}]}`, `'Filters.Title[0].Value'. It must hold at least one letter or digit.`},
		{`{"UpdatedAt":[{"DateRange":{"Value":7,"Unit":"WEEKS"}}]}`, `'Filters.UpdatedAt[0].DateRange.Unit'. Value 'WEEKS' is not one of: DAYS.`},
		{`{"UpdatedAt":[{"DateRange":{"Value":7,"Unit":"DAYS","Comparison":"AFTER"}}]}`,
			`'Filters.UpdatedAt[0].DateRange.Comparison'. Value 'AFTER' is not one of: WITHIN, OLDER_THAN.`},

		// Values that are not of the kind.
		{`{"UpdatedAt":[{"Start":"2024-03-01"}]}`, `'Filters.UpdatedAt[0].Start'. Value '2024-03-01' is not a timestamp such as 2025-01-31T08:30:00.000Z.`},
		{`{"UpdatedAt":[{"End":"2023-02-29T00:00:00Z"}]}`, `'Filters.UpdatedAt[0].End'. Value '2023-02-29T00:00:00Z' is not a timestamp such as 2025-01-31T08:30:00.000Z.`},
		{`{"UpdatedAt":[{"Start":"2024-03-01T00:00:00Z","DateRange":{"Value":7,"Unit":"DAYS"}}]}`,
			`'Filters.UpdatedAt[0]'. DateRange cannot be combined with Start or End.`},
		{`{"UpdatedAt":[{"DateRange":7}]}`, `'Filters.UpdatedAt[0].DateRange'. It must be an object, not a number.`},
		{`{"UpdatedAt":[{"DateRange":{"Value":-1,"Unit":"DAYS"}}]}`, `'Filters.UpdatedAt[0].DateRange.Value'. Value '-1' is less than minimum value: 0.`},
		{`{"UpdatedAt":[{"DateRange":{"Value":2147483648,"Unit":"DAYS"}}]}`, `'Filters.UpdatedAt[0].DateRange.Value'. Value '2147483648' is greater than maximum value: 2147483647.`},
		{`{"UpdatedAt":[{"DateRange":{"Value":1.5,"Unit":"DAYS"}}]}`, `'Filters.UpdatedAt[0].DateRange.Value'. Value '1.5' is not a whole number.`},
		{`{"Confidence":[{"Eq":"5"}]}`, `'Filters.Confidence[0].Eq'. It must be a number, not a string.`},
		{`{"Confidence":[{"Eq":1e999}]}`, `'Filters.Confidence[0].Eq'. Value '1e999' is too large a number.`},
		{ip("10.0.0.0/33"), `'Filters.NetworkSourceIpV4[0].Cidr'. Value '10.0.0.0/33' is not an IP address or a CIDR block.`},
		{ip("fe80::1%eth0"), `'Filters.NetworkSourceIpV4[0].Cidr'. Value 'fe80::1%eth0' is not an IP address or a CIDR block.`},
		{ip("localhost"), `'Filters.NetworkSourceIpV4[0].Cidr'. Value 'localhost' is not an IP address or a CIDR block.`},
		{`{"Sample":[{"Value":"true"}]}`, `'Filters.Sample[0].Value'. It must be a boolean, not a string.`},

		// Section 4: what cannot be mixed on one attribute.
		{str("EQUALS a", "NOT_EQUALS b"), `'Filters.Title[1].Comparison'. 'NOT_EQUALS' cannot be combined with 'EQUALS' on one attribute.`},
		{str("NOT_EQUALS a", "EQUALS b"), `'Filters.Title[1].Comparison'. 'EQUALS' cannot be combined with 'NOT_EQUALS' on one attribute.`},
		{str("EQUALS a", "PREFIX_NOT_EQUALS b"), `'Filters.Title[1].Comparison'. 'PREFIX_NOT_EQUALS' cannot be combined with 'EQUALS' on one attribute.`},
		{str("PREFIX a", "NOT_EQUALS b", "EQUALS c"), `'Filters.Title[2].Comparison'. 'EQUALS' cannot be combined with 'NOT_EQUALS' on one attribute.`},
		{str("CONTAINS a", "NOT_CONTAINS b"), `'Filters.Title[1].Comparison'. 'NOT_CONTAINS' cannot be combined with 'CONTAINS' on one attribute.`},
		{str("CONTAINS a", "EQUALS b"), `'Filters.Title[1].Comparison'. 'EQUALS' cannot be combined with 'CONTAINS' on one attribute.`},
		{str("PREFIX a", "CONTAINS b"), `'Filters.Title[1].Comparison'. 'CONTAINS' cannot be combined with 'PREFIX' on one attribute.`},
		{str("NOT_CONTAINS a", "NOT_EQUALS b"), `'Filters.Title[1].Comparison'. 'NOT_EQUALS' cannot be combined with 'NOT_CONTAINS' on one attribute.`},
		{str("CONTAINS a", "CONTAINS_WORD b"), `'Filters.Title[1].Comparison'. 'CONTAINS_WORD' cannot be combined with 'CONTAINS' on one attribute.`},
		{tags("k EQUALS a", "l NOT_EQUALS b"), `'Filters.ResourceTags[1].Comparison'. 'NOT_EQUALS' cannot be combined with 'EQUALS' on one attribute.`},
		{tags("k NOT_CONTAINS a", "k CONTAINS b"), `'Filters.ResourceTags[1].Comparison'. 'CONTAINS' cannot be combined with 'NOT_CONTAINS' on one attribute.`},
		{tags("k CONTAINS a", "k EQUALS b"), `'Filters.ResourceTags[1].Comparison'. 'EQUALS' cannot be combined with 'CONTAINS' on one attribute.`},

		// What a caller sends comes back short and printable.
		{`{"a\nb%s":[]}`, `'Filters.a\nb%s'. There is no such filter attribute.`},
		{`{"` + strings.Repeat("é", 500) + `":[]}`, `'Filters.` + strings.Repeat("é", 32) + `...'. There is no such filter attribute.`},
	} {
		_, err := filter.Parse(jsontext.Value(c.filters), filter.Options{Now: now})
		wantInvalid(t, c.filters, err, c.want)
	}
}

// wantInvalid checks the code and the public message of an error.
func wantInvalid(t *testing.T, input string, err error, want string) {
	t.Helper()
	var e *findinghub.Error
	if !errors.As(err, &e) || e.Code != findinghub.CodeInvalidInput {
		t.Errorf("%s: error %v, want %s", input, err, findinghub.CodeInvalidInput)
	} else if want = "Invalid parameter " + want; e.Message != want {
		t.Errorf("%s\n got %s\nwant %s", input, e.Message, want)
	}
}

// Decision 18: the service refuses these comparisons in GetFindings, and so does --strict.
func TestParseStrict(t *testing.T) {
	t.Parallel()
	for _, word := range []string{"CONTAINS", "NOT_CONTAINS", "CONTAINS_WORD"} {
		_, err := filter.Parse(jsontext.Value(str(word+" a")), filter.Options{Strict: true})
		wantInvalid(t, word, err, `'Filters.Title[0].Comparison'. Value '`+word+`' is not one of: EQUALS, PREFIX, NOT_EQUALS, PREFIX_NOT_EQUALS.`)
	}
	for _, word := range []string{"CONTAINS", "NOT_CONTAINS"} {
		_, err := filter.Parse(jsontext.Value(tags("k "+word+" a")), filter.Options{Strict: true})
		wantInvalid(t, word, err, `'Filters.ResourceTags[0].Comparison'. Value '`+word+`' is not one of: EQUALS, NOT_EQUALS.`)
	}
	for _, word := range []string{"EQUALS", "PREFIX", "NOT_EQUALS", "PREFIX_NOT_EQUALS"} {
		if _, err := filter.Parse(jsontext.Value(str(word+" a")), filter.Options{Strict: true}); err != nil {
			t.Errorf("strict refuses %s: %v", word, err)
		}
	}
}
