package search

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/findinghub/findinghub/filter"
)

// FuzzTextTerms holds every comparison of text, in chunks of a few texts and in one, to
// what filter says of each text. texts are divided by newlines.
func FuzzTextTerms(f *testing.F) {
	f.Add("Root account\nroot\nRoot", "root account")
	f.Add("\n\na\naa\naaa\nabab\nababab", "aab")
	f.Add("Straße \u212a İ\nÉté\n\xff\xfe été", "ß k")
	f.Add("a-b c_d\n1.2.3\nCVE-2024-1000 - zlib", "2 3")
	f.Fuzz(func(t *testing.T, texts, value string) {
		if len(texts) > 1<<12 || len(value) > 1<<8 {
			return
		}
		var findings []filter.Values
		for s := range strings.SplitSeq(texts, "\n") {
			findings = append(findings, str(filter.Title, s))
		}
		for _, l := range []limits{defaultLimits(), small()} {
			ix, m := rows(l, findings...)
			for op := filter.Equals; op <= filter.ContainsWord; op++ {
				matches(t, ix, m, filter.TextTerm{Attribute: filter.Title, Op: op, Value: value})
			}
			matches(t, ix, m, filter.KeywordTerm{Value: value})
			if got := inOrder(ix, len(findings), nil, asc(filter.Title)); !slices.IsSortedFunc(got, func(a, b Doc) int {
				return bytes.Compare(m[a].values.Of(filter.Title)[0].Text, m[b].values.Of(filter.Title)[0].Text)
			}) {
				t.Errorf("not in order: %v", got)
			}
		}
	})
}

func matches(t *testing.T, ix *Index, m model, e filter.Expr) {
	t.Helper()
	want := m.matching(Query{Accounts: []string{"1"}, Regions: []string{"r"}, Filter: e})
	if got := selected(t, ix, e); !slices.Equal(got, want) {
		t.Errorf("%v: %v, want %v", e, got, want)
	}
}
