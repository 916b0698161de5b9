package filter_test

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/filter/filtertest"
	"pgregory.net/rapid"
)

// The whole way of a request, Parse then Match, against a reading of section 4 that
// evaluates the filters as they are sent, without a tree.
func TestRequestsSelectAsDocumented(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		findings := filtertest.Findings(1, 3).Draw(t, "findings")
		filters := filtertest.Filters(findings).Draw(t, "filters")
		e, err := filter.Parse(filters, filter.Options{Now: filtertest.Now})
		if err != nil {
			t.Fatalf("%s: %v", filters, err)
		}
		var sent map[string][]wireEntry
		if err := json.Unmarshal(filters, &sent); err != nil {
			t.Fatal(err)
		}
		for _, f := range findings {
			values := decodeAll(t, f)
			if got, want := filter.Match(e, filter.Extract(f, nil)), selects(sent, values); got != want {
				t.Fatalf("%s\nparsed as %s\nmatches %s: %v, want %v", filters, e, f.AppendJSON(nil), got, want)
			}
		}
	})
}

type wireEntry struct {
	Key, Comparison, Cidr, Start, End string
	Value                             any
	Gte, Lte, Eq, Gt, Lt              *float64
	DateRange                         *struct {
		Value      int
		Comparison string
	}
}

func selects(filters map[string][]wireEntry, values filter.Values) bool {
	for name, entries := range filters {
		a, _ := filter.Lookup(name)
		of := slices.DeleteFunc(slices.Clone(values), func(v filter.Value) bool { return v.Attribute != a })
		if a == filter.Keyword {
			of = values
		}
		if !selectsAttribute(entries, of) {
			return false
		}
	}
	return true
}

// selectsAttribute: some positive entry if there are any, and no excluded value.
func selectsAttribute(entries []wireEntry, of filter.Values) bool {
	positives, selected := 0, false
	for _, e := range entries {
		matched := slices.ContainsFunc(of, func(v filter.Value) bool { return e.matches(v) })
		if strings.Contains(e.Comparison, "NOT") {
			if matched {
				return false
			}
			continue
		}
		positives++
		selected = selected || matched
	}
	return selected || positives == 0
}

func (e *wireEntry) matches(v filter.Value) bool {
	text := string(v.Text)
	kind := filter.Attributes[v.Attribute].Kind
	switch {
	case e.Comparison != "":
		return (kind != filter.KindMap || string(v.Key) == e.Key) && compares(e.Comparison, text, e.Value.(string))
	case e.Cidr != "":
		return contains(netip.MustParsePrefix(e.Cidr), netip.MustParseAddr(text))
	case kind == filter.KindDate && e.Value == nil:
		return e.within(v.Micros)
	case e.Value == nil:
		return (e.Eq == nil || v.Number == *e.Eq) && (e.Gt == nil || v.Number > *e.Gt) && (e.Gte == nil || v.Number >= *e.Gte) &&
			(e.Lt == nil || v.Number < *e.Lt) && (e.Lte == nil || v.Number <= *e.Lte)
	}
	if want, ok := e.Value.(bool); ok {
		return (v.Number == 1) == want
	}
	return strings.Contains(strings.ToLower(text), strings.ToLower(e.Value.(string)))
}

func compares(comparison, text, value string) bool {
	switch strings.TrimPrefix(comparison, "NOT_") {
	case "EQUALS":
		return text == value
	case "PREFIX", "PREFIX_NOT_EQUALS":
		return strings.HasPrefix(text, value)
	case "CONTAINS":
		return strings.Contains(text, value)
	}
	between := regexp.MustCompile(`[^\p{L}\p{Nd}]+`)
	words := func(s string) string { return " " + strings.TrimSpace(between.ReplaceAllString(s, " ")) + " " }
	return strings.Contains(words(text), words(value))
}

// within reads the bounds in microseconds, as values are kept.
func (e *wireEntry) within(micros int64) bool {
	bound := func(text string) int64 {
		at, _ := time.Parse(time.RFC3339Nano, text)
		return at.UnixMicro()
	}
	if r := e.DateRange; r != nil {
		at := filtertest.Now.Add(-time.Duration(r.Value) * 24 * time.Hour).UnixMicro()
		if r.Comparison == "OLDER_THAN" {
			return micros <= at
		}
		return at <= micros
	}
	return (e.Start == "" || bound(e.Start) <= micros) && (e.End == "" || micros <= bound(e.End))
}

// contains compares bit by bit in IPv6 notation, where IPv4 networks are /96 and longer.
func contains(network netip.Prefix, addr netip.Addr) bool {
	bits := network.Bits()
	if network.Addr().Is4() {
		bits += 96
	} else if addr.Is4() {
		return false
	}
	have, want := addr.As16(), network.Addr().As16()
	mask := make([]byte, 16)
	for i := range bits {
		mask[i/8] |= 0x80 >> (i % 8)
	}
	for i := range mask {
		have[i] &= mask[i]
		want[i] &= mask[i]
	}
	return bytes.Equal(have[:], want[:])
}
