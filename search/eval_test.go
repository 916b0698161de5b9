package search

import (
	"math"
	"net/netip"
	"slices"
	"testing"

	"github.com/findinghub/findinghub/filter"
	"pgregory.net/rapid"
)

// few are findings in which each kind of value occurs once, several times and not at all.
func few() []filter.Values {
	return []filter.Values{
		0: all(str(filter.Title, "Root account is used"), str(filter.Type, "TTPs", "Effects/Data Exposure"),
			number(filter.Confidence, 30), date(filter.CreatedAt, "2026-01-01T00:00:00Z"),
			str(filter.NetworkSourceIpV4, "10.0.0.1"), pair(filter.ResourceTags, "team", "blue"), number(filter.Sample, 1)),
		1: all(str(filter.Title, "Root"), str(filter.Type, "TTPs"),
			number(filter.Confidence, 70), date(filter.CreatedAt, "2026-01-02T00:00:00.000001Z"),
			str(filter.NetworkSourceIpV4, "10.0.1.1"), pair(filter.ResourceTags, "team", "red"), pair(filter.ResourceTags, "team", "blue"), number(filter.Sample, 0)),
		2: all(str(filter.Title, "root-account"), str(filter.Type, "Effects"),
			number(filter.Confidence, -0.5), date(filter.CreatedAt, "1969-12-31T23:59:59Z"),
			str(filter.NetworkSourceIpV4, "::ffff:10.0.0.7"), pair(filter.ResourceTags, "owner", "blue")),
		3: all(date(filter.ResourceAwsEc2InstanceLaunchedAt, "2025-05-01T00:00:00Z", "2025-07-01T00:00:00Z"),
			str(filter.ResourceAwsEc2InstanceIpV4Addresses, "192.168.0.1", "172.16.0.9")),
		4: nil,
	}
}

func title(op filter.TextOp, value string) filter.Expr {
	return filter.TextTerm{Attribute: filter.Title, Op: op, Value: value}
}

func tag(key string, op filter.TextOp, value string) filter.Expr {
	return filter.MapTerm{Attribute: filter.ResourceTags, Key: key, Op: op, Value: value}
}

func confidence(min, max float64, minOpen, maxOpen bool) filter.Expr {
	return filter.NumberTerm{Attribute: filter.Confidence, Min: min, Max: max, MinOpen: minOpen, MaxOpen: maxOpen}
}

func created(from, to string) filter.Expr {
	t := filter.DateTerm{Attribute: filter.CreatedAt}
	if from != "" {
		t.From = at(from)
	}
	if to != "" {
		t.To = at(to)
	}
	return t
}

func network(a filter.Attribute, cidr string) filter.Expr {
	return filter.IPTerm{Attribute: a, Network: netip.MustParsePrefix(cidr)}
}

func not(e filter.Expr) filter.Expr { return filter.Not{X: e} }

// TestSelect is what each kind of term selects. Positives need one element of a list,
// negatives none, and an absent attribute satisfies them (behaviour.md section 4, decision 17).
func TestSelect(t *testing.T) {
	t.Parallel()
	inf := math.Inf(1)
	cases := []struct {
		expr filter.Expr
		want []Doc
	}{
		{title(filter.Equals, "Root"), []Doc{1}},
		{title(filter.Equals, "root"), nil},
		{title(filter.Equals, ""), nil},
		{title(filter.Prefix, "Root"), []Doc{0, 1}},
		{title(filter.Prefix, ""), []Doc{0, 1, 2}},
		{title(filter.Contains, "account"), []Doc{0, 2}},
		{title(filter.Contains, ""), []Doc{0, 1, 2}},
		{title(filter.ContainsWord, "account"), []Doc{0, 2}},
		{title(filter.ContainsWord, "root account"), []Doc{2}},
		{title(filter.ContainsWord, "accoun"), nil},
		{title(filter.ContainsWord, "-"), nil},
		{not(title(filter.Equals, "Root")), []Doc{0, 2, 3, 4}},
		{filter.TextTerm{Attribute: filter.Type, Value: "TTPs"}, []Doc{0, 1}},
		{not(filter.TextTerm{Attribute: filter.Type, Op: filter.Prefix, Value: "Effects"}), []Doc{1, 3, 4}},

		{tag("team", filter.Equals, "blue"), []Doc{0, 1}},
		{tag("team", filter.Contains, "l"), []Doc{0, 1}},
		{tag("owner", filter.Equals, "blue"), []Doc{2}},
		{tag("owner", filter.Contains, "red"), nil},
		{tag("absent", filter.Equals, "blue"), nil},
		{not(tag("team", filter.Equals, "red")), []Doc{0, 2, 3, 4}},

		{confidence(30, 70, false, false), []Doc{0, 1}},
		{confidence(30, 70, true, false), []Doc{1}},
		{confidence(30, 70, false, true), []Doc{0}},
		{confidence(math.Inf(-1), 0, false, false), []Doc{2}},
		{confidence(-0.5, inf, true, false), []Doc{0, 1}},
		{confidence(70, 30, false, false), nil},
		{not(confidence(0, inf, false, false)), []Doc{2, 3, 4}},

		{created("2026-01-01T00:00:00Z", ""), []Doc{0, 1}},
		{created("", "2026-01-01T00:00:00Z"), []Doc{0, 2}},
		{created("2026-01-02T00:00:00Z", "2026-01-02T00:00:00.000001Z"), []Doc{1}},
		{created("2026-01-02T00:00:00.000002Z", ""), nil},
		{filter.DateTerm{Attribute: filter.ResourceAwsEc2InstanceLaunchedAt, From: at("2025-06-01T00:00:00Z")}, []Doc{3}},
		{filter.DateTerm{Attribute: filter.ResourceAwsEc2InstanceLaunchedAt, From: at("2025-05-02T00:00:00Z"), To: at("2025-06-30T00:00:00Z")}, nil},

		{network(filter.NetworkSourceIpV4, "10.0.0.0/24"), []Doc{0, 2}},
		{network(filter.NetworkSourceIpV4, "0.0.0.0/0"), []Doc{0, 1, 2}},
		{network(filter.NetworkSourceIpV4, "2001:db8::/32"), nil},
		{network(filter.ResourceAwsEc2InstanceIpV4Addresses, "172.16.0.0/12"), []Doc{3}},

		{filter.BoolTerm{Attribute: filter.Sample, Value: true}, []Doc{0}},
		{filter.BoolTerm{Attribute: filter.Sample, Value: false}, []Doc{1}},
		{filter.KeywordTerm{Value: "ROOT-"}, []Doc{2}},
		{filter.KeywordTerm{Value: "blue"}, []Doc{0, 1, 2}},
		{filter.KeywordTerm{Value: "team"}, nil}, // a key, not a value
		{filter.KeywordTerm{Value: ""}, []Doc{0, 1, 2, 3, 4}},
	}
	ix, m := rows(defaultLimits(), few()...)
	for _, c := range cases {
		if got := selected(t, ix, c.expr); !slices.Equal(got, c.want) {
			t.Errorf("%v: %v, want %v", c.expr, got, c.want)
		}
		checkCount(t, ix, m, Query{Accounts: []string{"1"}, Regions: []string{"r"}, Filter: c.expr})
	}
}

// TestCombine is how terms combine, with the empty nodes of filter.And and filter.Or.
func TestCombine(t *testing.T) {
	t.Parallel()
	root, blue, high := title(filter.Prefix, "Root"), tag("team", filter.Equals, "blue"), confidence(50, math.Inf(1), false, false)
	cases := []struct {
		expr filter.Expr
		want []Doc
	}{
		{filter.And{}, []Doc{0, 1, 2, 3, 4}},
		{filter.Or{}, nil},
		{filter.Const(true), []Doc{0, 1, 2, 3, 4}},
		{filter.Const(false), nil},
		{filter.And{root, blue, high}, []Doc{1}},
		{filter.And{root, not(high)}, []Doc{0}},
		{filter.And{root, filter.Const(false), blue}, nil},
		{filter.Or{high, title(filter.Equals, "root-account")}, []Doc{1, 2}},
		{filter.Or{filter.And{root, high}, not(root)}, []Doc{1, 2, 3, 4}},
		{not(filter.Or{root, not(blue)}), nil},
		{not(filter.And{root, blue}), []Doc{2, 3, 4}},
		{not(not(root)), []Doc{0, 1}},
		{filter.Or{filter.Const(true), root}, []Doc{0, 1, 2, 3, 4}},
	}
	ix, _ := rows(defaultLimits(), few()...)
	for _, c := range cases {
		if got := selected(t, ix, c.expr); !slices.Equal(got, c.want) {
			t.Errorf("%v: %v, want %v", c.expr, got, c.want)
		}
	}
}

// TestOtherKinds holds that a term about an attribute of another kind selects nothing
// and breaks nothing: Parse makes none, but the index must not fall over.
func TestOtherKinds(t *testing.T) {
	t.Parallel()
	ix, _ := rows(defaultLimits(), few()...)
	for _, e := range []filter.Expr{
		filter.TextTerm{Attribute: filter.CreatedAt, Value: "x"},
		filter.TextTerm{Attribute: filter.ResourceTags, Op: filter.Contains, Value: "blue"},
		filter.TextTerm{Attribute: filter.Keyword, Value: "x"},
		filter.MapTerm{Attribute: filter.Title, Key: "team", Value: "Root"},
		filter.MapTerm{Attribute: filter.CreatedAt, Key: "team", Value: "Root"},
		filter.NumberTerm{Attribute: filter.Title, Min: 0, Max: 1},
		filter.NumberTerm{Attribute: filter.CreatedAt, Min: 0, Max: math.Inf(1)},
		filter.DateTerm{Attribute: filter.Confidence},
		filter.BoolTerm{Attribute: filter.Keyword, Value: true},
		filter.IPTerm{Attribute: filter.Title, Network: netip.MustParsePrefix("0.0.0.0/0")},
		filter.IPTerm{Attribute: filter.Confidence, Network: netip.MustParsePrefix("0.0.0.0/0")},
	} {
		if got := selected(t, ix, e); len(got) != 0 {
			t.Errorf("%v selects %v", e, got)
		}
	}
}

// TestUnsure is what the index says of texts that it does not hold: a finding is sure
// only where the text cannot make a difference.
func TestUnsure(t *testing.T) {
	t.Parallel()
	description := func(op filter.TextOp, v string) filter.Expr {
		return filter.TextTerm{Attribute: filter.Description, Op: op, Value: v}
	}
	severe := filter.TextTerm{Attribute: filter.SeverityLabel, Value: "HIGH"}
	findings := []filter.Values{
		0: all(str(filter.Description, "one text"), str(filter.SeverityLabel, "HIGH")),
		1: all(str(filter.Description, "another text"), str(filter.SeverityLabel, "LOW")),
		2: str(filter.SeverityLabel, "HIGH"),
		3: nil,
	}
	cases := []struct {
		expr         filter.Expr
		sure, unsure []Doc
	}{
		{description(filter.Equals, "one text"), nil, []Doc{0}},
		{description(filter.Equals, "no text"), nil, nil},
		{not(description(filter.Equals, "one text")), []Doc{1, 2, 3}, []Doc{0}},
		{description(filter.Contains, "text"), nil, []Doc{0, 1}},
		{description(filter.Prefix, "z"), nil, []Doc{0, 1}},
		{not(description(filter.ContainsWord, "text")), []Doc{2, 3}, []Doc{0, 1}},
		{filter.And{severe, description(filter.Contains, "text")}, nil, []Doc{0}},
		{filter.And{description(filter.Contains, "text"), not(description(filter.Contains, "one")), severe}, nil, []Doc{0}},
		{filter.Or{severe, description(filter.Contains, "text")}, []Doc{0, 2}, []Doc{1}},
		{filter.Or{filter.And{description(filter.Prefix, "one"), severe}, filter.Const(false)}, nil, []Doc{0}},
		{not(filter.Or{severe, description(filter.Contains, "text")}), []Doc{3}, []Doc{1}},
		{filter.KeywordTerm{Value: "high"}, []Doc{0, 2}, []Doc{1}},
	}
	ix, _ := rows(withoutText(), findings...)
	for _, c := range cases {
		r := ix.Find(Query{Accounts: []string{"1"}, Regions: []string{"r"}, Filter: c.expr, Limit: 10})
		var sure, unsure []Doc
		for _, h := range r.Hits {
			if h.Sure {
				sure = append(sure, h.Doc)
			} else {
				unsure = append(unsure, h.Doc)
			}
		}
		if !slices.Equal(sure, c.sure) || !slices.Equal(unsure, c.unsure) {
			t.Errorf("%v: sure of %v and unsure of %v, want %v and %v", c.expr, sure, unsure, c.sure, c.unsure)
		}
		n, listed := ix.Count([]string{"1"}, []string{"r"}, c.expr)
		if n != len(c.sure) || !slices.Equal(listed, c.unsure) {
			t.Errorf("%v: counts %d and lists %v, want %d and %v", c.expr, n, listed, len(c.sure), c.unsure)
		}
	}
}

// TestUnsureOfAMapsKey holds that a value which is not held makes findings unsure for
// questions about its own key alone.
func TestUnsureOfAMapsKey(t *testing.T) {
	t.Parallel()
	ix, _ := rows(withoutText(), pair(filter.ResourceTags, "team", "blue"), pair(filter.ResourceTags, "owner", "red"))
	n, unsure := ix.Count([]string{"1"}, []string{"r"}, tag("owner", filter.Contains, "blue"))
	if n != 0 || !slices.Equal(unsure, []Doc{1}) {
		t.Errorf("sure of %d, unsure of %v, want none and finding 1", n, unsure)
	}
}

// TestCheapestFirst holds that what And asks first does not decide what it selects: any
// order of the same operands gives the same findings.
func TestCheapestFirst(t *testing.T) {
	t.Parallel()
	operands := []filter.Expr{
		filter.KeywordTerm{Value: "o"}, title(filter.Contains, "oo"), title(filter.Prefix, "R"),
		confidence(0, 100, false, false), not(tag("team", filter.Equals, "red")), network(filter.NetworkSourceIpV4, "10.0.0.0/8"),
	}
	rapid.Check(t, func(t *rapid.T) {
		ix, _ := rows(tiny(t), few()...)
		shuffled := rapid.Permutation(operands).Draw(t, "order")
		n, unsure := ix.Count([]string{"1"}, []string{"r"}, filter.And(shuffled))
		if n > 1 || n+len(unsure) == 0 {
			t.Fatalf("%v: sure of %d, unsure of %v", filter.And(shuffled), n, unsure)
		}
	})
	for i := 1; i < len(operands); i++ {
		if a, b := cost(operands[0]), cost(operands[i]); a <= b {
			t.Errorf("%v costs %d and %v %d: the keyword reads everything", operands[0], a, operands[i], b)
		}
	}
	if cost(filter.Or{operands[3], operands[1]}) != cost(operands[1]) || cost(filter.Not{X: filter.And{operands[0]}}) != cost(operands[0]) {
		t.Error("a node costs what its dearest operand costs")
	}
}
