package filtertest

import (
	"encoding/json"
	"math"
	"strings"
	"time"

	"github.com/findinghub/findinghub/asff"
	"github.com/findinghub/findinghub/filter"
	"github.com/go-json-experiment/json/jsontext"
	"pgregory.net/rapid"
)

// Now is what the date ranges of Filters are near to when Parse counts back from it.
var Now = time.Date(2024, 3, 2, 0, 0, 0, 0, time.UTC)

// Filters generates the Filters member of requests about the findings, all of which
// Parse accepts unless it is strict.
func Filters(findings []asff.Finding) *rapid.Generator[jsontext.Value] {
	values := Harvest(findings)
	return rapid.Custom(func(t *rapid.T) jsontext.Value {
		filters := map[string][]entry{}
		for range rapid.IntRange(0, 3).Draw(t, "attributes") {
			a := attribute(t, values)
			filters[a.String()] = entries(t, a, values)
		}
		v, err := json.Marshal(filters)
		if err != nil {
			t.Fatal(err)
		}
		return v
	})
}

// entry is one filter as it is sent.
type entry map[string]any

// mixes are the comparisons that may stand together on one attribute (behaviour.md section 4).
var mixes = [][]string{
	{"EQUALS", "PREFIX"}, {"NOT_EQUALS", "PREFIX_NOT_EQUALS"}, {"PREFIX", "NOT_EQUALS", "PREFIX_NOT_EQUALS"},
	{"CONTAINS"}, {"NOT_CONTAINS"}, {"CONTAINS_WORD"},
}

var mapMixes = [][]string{{"EQUALS"}, {"NOT_EQUALS"}, {"CONTAINS"}, {"NOT_CONTAINS"}}

// wordOps are the operators of the comparisons, for values that they find.
var wordOps = map[string]filter.TextOp{
	"EQUALS": filter.Equals, "NOT_EQUALS": filter.Equals, "PREFIX": filter.Prefix, "PREFIX_NOT_EQUALS": filter.Prefix,
	"CONTAINS": filter.Contains, "NOT_CONTAINS": filter.Contains, "CONTAINS_WORD": filter.ContainsWord,
}

// entries draws filters of one attribute that may stand together.
func entries(t *rapid.T, a filter.Attribute, values filter.Values) []entry {
	words := pick(t, mixes)
	if filter.Attributes[a].Kind == filter.KindMap {
		words = pick(t, mapMixes)
	}
	list := make([]entry, rapid.IntRange(1, 3).Draw(t, "entries"))
	for i := range list {
		list[i] = entryOf(t, a, pick(t, words), values)
	}
	return list
}

// entryOf writes one filter. For text the word says what the value is for; every other
// kind writes down a term.
func entryOf(t *rapid.T, a filter.Attribute, word string, values filter.Values) entry {
	switch term := termOf(t, a, values).(type) {
	case filter.TextTerm:
		return entry{"Value": valueFor(t, word, near(t, a, values)), "Comparison": word}
	case filter.MapTerm:
		return entry{"Key": term.Key, "Value": valueFor(t, word, near(t, a, values)), "Comparison": word}
	case filter.NumberTerm:
		return numberEntry(term)
	case filter.DateTerm:
		return dateEntry(t, term)
	case filter.IPTerm:
		return entry{"Cidr": term.Network.String()}
	case filter.BoolTerm:
		return entry{"Value": term.Value}
	case filter.KeywordTerm:
		return entry{"Value": term.Value}
	}
	return nil
}

// near gives the text of some finding's value for the attribute.
func near(t *rapid.T, a filter.Attribute, values filter.Values) string {
	if of := values.Of(a); len(of) > 0 {
		return string(pick(t, of).Text)
	}
	return pick(t, texts)
}

// valueFor draws what a comparison may find in the text. Requests must not have blank values.
func valueFor(t *rapid.T, word, text string) string {
	if strings.TrimSpace(text) == "" {
		text = pick(t, texts)
	}
	switch wordOps[word] {
	case filter.Prefix:
		return cut(t, text, true)
	case filter.Contains:
		return cut(t, text, false)
	case filter.ContainsWord:
		return words(t, text)
	}
	return text
}

// numberEntry writes an interval down with as many members as it has bounds.
func numberEntry(n filter.NumberTerm) entry {
	if n.Min == n.Max && !n.MinOpen && !n.MaxOpen {
		return entry{"Eq": n.Min}
	}
	e := entry{}
	if !math.IsInf(n.Min, 0) {
		e[map[bool]string{true: "Gt", false: "Gte"}[n.MinOpen]] = n.Min
	}
	if !math.IsInf(n.Max, 0) {
		e[map[bool]string{true: "Lt", false: "Lte"}[n.MaxOpen]] = n.Max
	}
	return e
}

// dateEntry writes an interval down, or, since it would hardly come out in whole days, some
// DateRange instead of it.
func dateEntry(t *rapid.T, d filter.DateTerm) entry {
	if chance(t, 3) {
		r := entry{"Value": rapid.IntRange(0, 3).Draw(t, "days"), "Unit": "DAYS"}
		if i := rapid.IntRange(0, 2).Draw(t, "comparison"); i > 0 {
			r["Comparison"] = []string{"WITHIN", "OLDER_THAN"}[i-1]
		}
		return entry{"DateRange": r}
	}
	e := entry{}
	if !d.From.IsZero() {
		e["Start"] = d.From.Format(time.RFC3339Nano)
	}
	if !d.To.IsZero() {
		e["End"] = d.To.Format(time.RFC3339Nano)
	}
	return e
}
