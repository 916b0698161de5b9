package search

import (
	"slices"
	"strings"
	"testing"

	"github.com/findinghub/findinghub/filter"
)

// TestKeyword holds keywords to filter.KeywordTerm for letters that fold in ways of
// their own, in the text and in the word.
func TestKeyword(t *testing.T) {
	t.Parallel()
	texts := []string{
		"plain ascii", "Plain ASCII", "kelvin", "Kelvin", "\u212aelvin", // the sign for kelvin folds to k
		"straße", "STRASSE", "STRAßE", "İstanbul", "istanbul", "été", "ÉTÉ", "日本語",
		"bad \xff byte", "\ufffd", "Ⱥ", "ⱥ", "ǅ", "Σίσυφος", "σίσυφοσ", "", "K",
	}
	var findings []filter.Values
	for _, s := range texts {
		findings = append(findings, str(filter.Title, s))
	}
	for _, l := range []limits{defaultLimits(), small()} {
		ix, m := rows(l, findings...)
		for _, s := range texts {
			for _, word := range []string{s, strings.ToUpper(s), strings.ToLower(s), strings.TrimLeft(s, "Kkİi\u212a")} {
				q := Query{Accounts: []string{"1"}, Regions: []string{"r"}, Filter: filter.KeywordTerm{Value: word}}
				if got, want := selected(t, ix, q.Filter), m.matching(q); !slices.Equal(got, want) {
					t.Errorf("%q: %v, want %v", word, got, want)
				}
			}
		}
	}
}

// small makes chunks of a few texts, searches in parallel and asks nothing one by one.
func small() limits {
	l := defaultLimits()
	l.chunk, l.parallel, l.perFinding = 16, 0, 1<<30
	return l
}

// TestKeywordKinds is where keywords search: strings, addresses and the values of maps.
func TestKeywordKinds(t *testing.T) {
	t.Parallel()
	ix, _ := rows(defaultLimits(),
		str(filter.NetworkSourceIpV4, "10.20.30.40"),
		pair(filter.UserDefinedFields, "10.20", "value"),
		str(filter.ResourceAwsEc2InstanceIpV4Addresses, "1.1.1.1", "9.10.20.1"),
		date(filter.ResourceAwsEc2InstanceLaunchedAt, "2010-10-20T10:20:10.20Z"),
		number(filter.Confidence, 10.20),
		pair(filter.UserDefinedFields, "key", "at 10.20"),
	)
	if got := selected(t, ix, filter.KeywordTerm{Value: "10.20"}); !slices.Equal(got, []Doc{0, 2, 5}) {
		t.Errorf("%v, want [0 2 5]", got)
	}
}

// TestKeywordStopsEarly holds that the large attributes are not read when a small one
// has the word for everybody.
func TestKeywordStopsEarly(t *testing.T) {
	t.Parallel()
	ix, f := New(), fleet{accounts: 2, start: fleetStart}
	ix.limits.parallel, ix.limits.perFinding = 1<<10, 1<<30
	f.fill(ix, 0, 2000, 500)
	ids := ix.fields[filter.Id]
	for i := range ids.chunks {
		ids.chunks[i].first = -1 // reading the chunk panics
	}
	q := f.scoped(Query{Filter: filter.KeywordTerm{Value: "VENDOR/"}}, 2)
	if n, _ := ix.Count(q.Accounts, q.Regions, q.Filter); n != 2000 {
		t.Errorf("%d findings, want all", n)
	}
}
