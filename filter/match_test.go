package filter_test

import (
	"math"
	"net/netip"
	"testing"
	"time"

	"github.com/findinghub/findinghub/filter"
)

func TestMatch(t *testing.T) {
	t.Parallel()
	const finding = `{"Title":"Root user has ROOT-keys, Größe 2","Types":["A/B","A/C"],"Confidence":5,"Sample":false,
		"UpdatedAt":"2024-03-01T00:00:00.5Z","UserDefinedFields":{"Team":"Blue"},"ProductFields":{"hidden":"x"},
		"Network":{"SourceIpV4":"10.0.0.7","DestinationIpV6":"::ffff:10.0.0.7"}}`
	title := func(op filter.TextOp, value string) filter.Expr {
		return filter.TextTerm{Attribute: filter.Title, Op: op, Value: value}
	}
	kind := func(op filter.TextOp, value string) filter.Expr {
		return filter.TextTerm{Attribute: filter.Type, Op: op, Value: value}
	}
	field := func(key string, op filter.TextOp, value string) filter.Expr {
		return filter.MapTerm{Attribute: filter.UserDefinedFields, Key: key, Op: op, Value: value}
	}
	source := func(network string) filter.Expr {
		return filter.IPTerm{Attribute: filter.NetworkSourceIpV4, Network: netip.MustParsePrefix(network)}
	}
	destination := func(network string) filter.Expr {
		return filter.IPTerm{Attribute: filter.NetworkDestinationIpV6, Network: netip.MustParsePrefix(network)}
	}
	absent := filter.TextTerm{Attribute: filter.Description, Value: "d"}
	values := extract(t, finding)
	for _, c := range []struct {
		e    filter.Expr
		want bool
	}{
		{filter.And{}, true},
		{filter.Or{}, false},
		{filter.Const(true), true},
		{filter.Const(false), false},
		{filter.And{filter.Const(true), filter.Const(false)}, false},
		{filter.Or{filter.Const(true), filter.Const(false)}, true},

		// Section 4: case-sensitive.
		{title(filter.Prefix, "Root"), true},
		{title(filter.Prefix, "root"), false},
		{title(filter.Prefix, "Root user has ROOT-keys, Größe 2 and more"), false},
		{title(filter.Equals, "Root"), false},
		{title(filter.Contains, "has RO"), true},
		{title(filter.Contains, "has ro"), false},

		// Words are whole, in order, next to each other; what separates them does not matter.
		{title(filter.ContainsWord, "ROOT keys"), true},
		{title(filter.ContainsWord, "ROOT/keys!"), true},
		{title(filter.ContainsWord, "keys Größe 2"), true},
		{title(filter.ContainsWord, "Root user has"), true},
		{title(filter.ContainsWord, "user"), true},
		{title(filter.ContainsWord, "use"), false},
		{title(filter.ContainsWord, "Gr"), false},
		{title(filter.ContainsWord, "root"), false},
		{title(filter.ContainsWord, "Root has"), false},
		{title(filter.ContainsWord, "2 more"), false},
		{title(filter.ContainsWord, "-"), false},

		// Lists: one element is enough, and a negative needs that there is none (decision 17).
		{kind(filter.Equals, "A/C"), true},
		{filter.Not{X: kind(filter.Equals, "A/C")}, false},
		{filter.Not{X: kind(filter.Equals, "A/D")}, true},
		{absent, false},
		{filter.Not{X: absent}, true},

		{field("Team", filter.Equals, "Blue"), true},
		{field("Team", filter.Equals, "blue"), false},
		{field("team", filter.Equals, "Blue"), false},
		{field("Team", filter.Contains, "lu"), true},
		{field("hidden", filter.Equals, "x"), false},
		{filter.Not{X: field("other", filter.Equals, "Blue")}, true},

		{filter.NumberTerm{Attribute: filter.Confidence, Min: 5, Max: 5}, true},
		{filter.NumberTerm{Attribute: filter.Confidence, Min: 5, Max: math.Inf(1), MinOpen: true}, false},
		{filter.NumberTerm{Attribute: filter.Confidence, Min: math.Inf(-1), Max: 5, MaxOpen: true}, false},
		{filter.NumberTerm{Attribute: filter.Confidence, Min: 4, Max: 6, MinOpen: true, MaxOpen: true}, true},
		{filter.NumberTerm{Attribute: filter.Confidence, Min: 6, Max: 4}, false},
		{filter.NumberTerm{Attribute: filter.Criticality, Min: math.Inf(-1), Max: 100}, false},

		// Decision 15: both ends are included.
		{filter.DateTerm{Attribute: filter.UpdatedAt, From: updated, To: updated}, true},
		{filter.DateTerm{Attribute: filter.UpdatedAt, From: updated.Add(time.Microsecond)}, false},
		{filter.DateTerm{Attribute: filter.UpdatedAt, To: updated.Add(-time.Microsecond)}, false},
		{filter.DateTerm{Attribute: filter.UpdatedAt, To: updated}, true},
		{filter.DateTerm{Attribute: filter.CreatedAt, To: updated}, false},

		{source("10.0.0.0/24"), true},
		{source("10.0.0.7/32"), true},
		{source("10.0.0.6/32"), false},
		{source("0.0.0.0/0"), true},
		{source("::/0"), false},
		{destination("10.0.0.0/24"), true},
		{destination("::/0"), true},
		{destination("2001:db8::/32"), false},

		{filter.BoolTerm{Attribute: filter.Sample, Value: false}, true},
		{filter.BoolTerm{Attribute: filter.Sample, Value: true}, false},

		// Keywords look at texts in every case, at values of maps but not at their keys.
		{filter.KeywordTerm{Value: "root KEYS"}, false},
		{filter.KeywordTerm{Value: "root-KEYS"}, true},
		{filter.KeywordTerm{Value: "GRÖSSE"}, false},
		{filter.KeywordTerm{Value: "GRÖßE"}, true},
		{filter.KeywordTerm{Value: "blue"}, true},
		{filter.KeywordTerm{Value: "team"}, false},
		{filter.KeywordTerm{Value: "10.0.0"}, true},
		{filter.KeywordTerm{Value: "2024"}, false},
	} {
		if got := filter.Match(c.e, values); got != c.want {
			t.Errorf("%s: %v, want %v", c.e, got, c.want)
		}
		if got := filter.Match(filter.Not{X: c.e}, values); got == c.want {
			t.Errorf("NOT %s: %v", c.e, got)
		}
	}
}

var updated = time.Date(2024, 3, 1, 0, 0, 0, 500_000_000, time.UTC)

func TestMatchOfNilIsAMistake(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("Match of nil decided something")
		}
	}()
	filter.Match(nil, nil)
}

func TestOf(t *testing.T) {
	t.Parallel()
	values := extract(t, `{"Types":["a","b"],"Title":"t","AwsAccountId":"1","Workflow":{"Status":"NEW"}}`)
	for _, c := range []struct {
		a    filter.Attribute
		want string
	}{
		{filter.AwsAccountId, "AwsAccountId=1"},
		{filter.Type, "Type=a|Type=b"},
		{filter.WorkflowStatus, "WorkflowStatus=NEW"},
		{filter.Id, ""},
		{filter.Attribute(200), ""},
	} {
		if got := show(values.Of(c.a)); got != c.want {
			t.Errorf("values of %s: %s, want %s", c.a, got, c.want)
		}
	}
}

// FindingProviderFieldsSeverityLabel is of the same enumeration as SeverityLabel.
func TestRanks(t *testing.T) {
	t.Parallel()
	for a := range filter.Attributes {
		attribute := filter.Attribute(a)
		ranked := attribute == filter.SeverityLabel || attribute == filter.FindingProviderFieldsSeverityLabel
		if got := filter.Attributes[a].Ranks != nil; got != ranked {
			t.Errorf("%s has ranks: %v", attribute, got)
		}
		long := attribute == filter.Description || attribute == filter.NoteText || attribute == filter.RecommendationText
		if filter.Attributes[a].Text != long {
			t.Errorf("%s is long text: %v", attribute, !long)
		}
	}
}
