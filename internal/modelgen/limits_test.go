package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/findinghub/findinghub/asff"
)

// TestLimitWords has a line for every word of limits.txt.
func TestLimitWords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		line string
		kind asff.Kind
		want asff.Shape
	}{
		{"len 1..5", asff.KindString, asff.Shape{Limits: asff.HasMin | asff.HasMax, Min: 1, Max: 5}},
		{"len ..5", asff.KindString, asff.Shape{Limits: asff.HasMax, Max: 5}},
		{"items 2..", asff.KindList, asff.Shape{Limits: asff.HasMin, Min: 2}},
		{"pairs 1..50", asff.KindMap, asff.Shape{Limits: asff.HasMin | asff.HasMax, Min: 1, Max: 50}},
		{"range 0..100", asff.KindInteger, asff.Shape{Limits: asff.HasMin | asff.HasMax, Max: 100}},
		{"enum a|b c", asff.KindString, asff.Shape{Enum: []string{"a", "b c"}}},
		{"time", asff.KindString, asff.Shape{Pattern: asff.PatternTime}},
		{"len 12..12, is Account", asff.KindString, asff.Shape{Limits: asff.HasMin | asff.HasMax, Min: 12, Max: 12, Pattern: asff.PatternAccount}},
	} {
		l, err := parseLimit(c.line)
		if err != nil {
			t.Fatal(err)
		}
		got := asff.Shape{Kind: c.kind}
		if err := l.apply(&got); err != nil {
			t.Errorf("%s: %v", c.line, err)
		}
		if got.Limits != c.want.Limits || got.Min != c.want.Min || got.Max != c.want.Max ||
			got.Pattern != c.want.Pattern || !slices.Equal(got.Enum, c.want.Enum) {
			t.Errorf("%s: %+v", c.line, got)
		}
	}
}

func TestLimitParts(t *testing.T) {
	t.Parallel()
	l, err := parseLimit("pairs 1..50, key 1..128, key is FieldName, value ..1024, value blank")
	if err != nil {
		t.Fatal(err)
	}
	key := asff.Shape{Kind: asff.KindString}
	value := asff.Shape{Kind: asff.KindString, Limits: asff.NonBlank}
	for p, s := range map[part]*asff.Shape{partKey: &key, partValue: &value} {
		if err := l.part(p).apply(s); err != nil {
			t.Fatal(err)
		}
	}
	if key.Max != 128 || key.Min != 1 || key.Pattern != asff.PatternFieldName {
		t.Errorf("key %+v", key)
	}
	if value.Max != 1024 || value.Limits != asff.HasMax {
		t.Errorf("value %+v", value)
	}
	var none *limit
	if none.part(partKey) != nil || l.part(partEach) != nil || none.String() != "" {
		t.Error("parts that nobody wrote")
	}
	other, err := parseLimit("pairs 1..50, key 1..127")
	if err != nil || other.String() == l.String() {
		t.Errorf("different limits look the same: %s, %v", other, err)
	}
}

func TestLimitMistakes(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"A.B len 1..5\nA.B len 1..5", "A.B", "A.B len 1..5,", "A.B len 1..5, , time"} {
		if ls, err := parseLimits(text); err == nil {
			t.Errorf("%q is %v", text, ls)
		}
	}
	for text, want := range map[string]string{
		"length 1..5": "no such limit", "items 1..5": "no such limit", "len 5": "want A..B", "len x..5": "invalid syntax",
		"len 0.5..5": "does not fit", "is Tidy": "no such pattern",
	} {
		l, err := parseLimit(text)
		if err != nil {
			t.Fatal(err)
		}
		if err := l.apply(&asff.Shape{Kind: asff.KindString}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
	ls, err := parseLimits("# a comment\n\nA.B len 1..5\nA.C time\n")
	if err != nil || ls.take("A.B") == nil || ls.take("A.D") != nil {
		t.Fatal(ls, err)
	}
	if got := ls.untaken(); !slices.Equal(got, []string{"A.C"}) {
		t.Errorf("nobody asked for %v", got)
	}
}
