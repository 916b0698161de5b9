package main

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"

	"github.com/findinghub/findinghub/asff"
)

//go:embed limits.txt
var limitsText string

// limits are the documented limits by structure.member.
type limits map[string]*limit

// limit is what the documentation adds to one member: for the member itself and for
// the parts of a list or map.
type limit struct {
	text     string
	rules    []rule
	taken    bool
	children map[part]*limit
}

// part is a part of a list or map that may have limits of its own.
type part string

const (
	partEach  part = "each"
	partKey   part = "key"
	partValue part = "value"
)

// rule is one word of the table with its argument.
type rule struct{ word, arg string }

// String identifies equal limits, so that equal shapes are kept once.
func (l *limit) String() string {
	if l == nil {
		return ""
	}
	return l.text
}

// part gives the limits of a part, nil when there are none.
func (l *limit) part(p part) *limit {
	if l == nil {
		return nil
	}
	return l.children[p]
}

// take gives a member's limits and remembers that somebody asked.
func (ls limits) take(name string) *limit {
	l := ls[name]
	if l != nil {
		l.taken = true
	}
	return l
}

// untaken names the lines that no member of the model answers to: spelling mistakes.
func (ls limits) untaken() []string {
	var names []string
	for name, l := range ls {
		if !l.taken {
			names = append(names, name)
		}
	}
	return names
}

func parseLimits(text string) (limits, error) {
	ls := limits{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		name, rest, _ := strings.Cut(line, " ")
		if ls[name] != nil {
			return nil, fmt.Errorf("%s stands twice", name)
		}
		l, err := parseLimit(rest)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		ls[name] = l
	}
	return ls, nil
}

func parseLimit(text string) (*limit, error) {
	l := &limit{children: map[part]*limit{}}
	for _, clause := range strings.Split(text, ",") {
		words := strings.Fields(clause)
		if len(words) == 0 {
			return nil, fmt.Errorf("empty clause in %q", text)
		}
		target := l
		switch p := part(words[0]); p {
		case partEach, partKey, partValue:
			if l.children[p] == nil {
				l.children[p] = &limit{}
			}
			if target, words = l.children[p], words[1:]; len(words) == 1 && words[0] != "blank" {
				words = []string{"len", words[0]}
			}
		}
		target.rules = append(target.rules, rule{words[0], strings.Join(words[1:], " ")})
		target.text += strings.Join(words, " ") + ";"
	}
	for _, p := range []part{partEach, partKey, partValue} {
		if c := l.children[p]; c != nil {
			l.text += string(p) + "(" + c.text + ")"
		}
	}
	return l, nil
}

// apply puts the limits into a shape of the model.
func (l *limit) apply(s *asff.Shape) error {
	for _, r := range l.rules {
		if err := r.apply(s); err != nil {
			return fmt.Errorf("%s %s: %w", r.word, r.arg, err)
		}
	}
	return nil
}

// kindOf says which kind of shape each word bounds.
var kindOf = map[string]asff.Kind{
	"len": asff.KindString, "enum": asff.KindString, "time": asff.KindString, "is": asff.KindString,
	"blank": asff.KindString, "items": asff.KindList, "pairs": asff.KindMap, "range": asff.KindInteger,
}

func (r rule) apply(s *asff.Shape) error {
	if kind, ok := kindOf[r.word]; !ok || kind != s.Kind {
		return fmt.Errorf("a %s has no such limit", s.Kind)
	}
	switch r.word {
	case "enum":
		s.Enum = strings.Split(r.arg, "|")
	case "blank":
		s.Limits &^= asff.NonBlank
	case "time":
		s.Pattern, s.Limits = asff.PatternTime, s.Limits&^asff.NonBlank
	case "is":
		return r.pattern(s)
	default:
		return r.bounds(s)
	}
	return nil
}

// patternNames are the words that follow `is`.
var patternNames = map[string]asff.Pattern{
	"Type": asff.PatternType, "Account": asff.PatternAccount, "FieldName": asff.PatternFieldName, "MAC": asff.PatternMAC,
}

func (r rule) pattern(s *asff.Shape) error {
	p, ok := patternNames[r.arg]
	if !ok {
		return fmt.Errorf("there is no such pattern")
	}
	s.Pattern = p
	return nil
}

func (r rule) bounds(s *asff.Shape) error {
	low, high, ok := strings.Cut(r.arg, "..")
	if !ok {
		return fmt.Errorf("want A..B")
	}
	var b [2]*float64
	for i, text := range []string{low, high} {
		if text == "" {
			continue
		}
		n, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return err
		}
		b[i] = &n
	}
	return bounds(s, b[0], b[1])
}
