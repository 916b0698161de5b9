package filter

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"
	"unicode"
)

// Match decides whether a finding with these values satisfies the expression.
func Match(e Expr, vs Values) bool {
	switch e := e.(type) {
	case And:
		for _, x := range e {
			if !Match(x, vs) {
				return false
			}
		}
		return true
	case Or:
		for _, x := range e {
			if Match(x, vs) {
				return true
			}
		}
		return false
	case Not:
		return !Match(e.X, vs)
	case Const:
		return bool(e)
	case KeywordTerm:
		return e.match(vs)
	case Term:
		return matchTerm(e, vs)
	}
	// The set is sealed: only a nil expression comes here, and only by a mistake of ours.
	panic(fmt.Sprintf("filter: Match of %T", e))
}

// Term is a leaf that is about one attribute: every term but KeywordTerm. Engines that keep
// a dictionary of an attribute's values ask Holds about each, and so cannot disagree with Match.
type Term interface {
	Expr
	// About gives the attribute.
	About() Attribute
	// Holds says whether one value of that attribute satisfies the term. It reads only the
	// fields that the attribute's kind uses, so that an index can ask it about a dictionary's values.
	Holds(v *Value) bool
}

// matchTerm wants one value that satisfies the term; negatives are a Not around it.
func matchTerm(t Term, vs Values) bool {
	of := vs.Of(t.About())
	for i := range of {
		if t.Holds(&of[i]) {
			return true
		}
	}
	return false
}

// About gives the attribute.
func (t TextTerm) About() Attribute { return t.Attribute }

// About gives the attribute.
func (t MapTerm) About() Attribute { return t.Attribute }

// About gives the attribute.
func (t NumberTerm) About() Attribute { return t.Attribute }

// About gives the attribute.
func (t DateTerm) About() Attribute { return t.Attribute }

// About gives the attribute.
func (t IPTerm) About() Attribute { return t.Attribute }

// About gives the attribute.
func (t BoolTerm) About() Attribute { return t.Attribute }

// Holds compares v.Text.
func (t TextTerm) Holds(v *Value) bool { return t.Op.holds(v.Text, t.Value) }

// Holds compares v.Key and v.Text.
func (t MapTerm) Holds(v *Value) bool {
	return string(v.Key) == t.Key && t.Op.holds(v.Text, t.Value)
}

// Holds compares v.Number.
func (t NumberTerm) Holds(v *Value) bool {
	if v.Number < t.Min || v.Number > t.Max {
		return false
	}
	return !(t.MinOpen && v.Number == t.Min) && !(t.MaxOpen && v.Number == t.Max)
}

// Holds compares v.Micros.
func (t DateTerm) Holds(v *Value) bool {
	from, to := t.From, t.To
	return (from.IsZero() || from.UnixMicro() <= v.Micros) && (to.IsZero() || v.Micros <= to.UnixMicro())
}

// Holds reads v.Text as an address. An IPv4 address that is written as an IPv6 one
// (::ffff:10.0.0.1) lies in the networks of both notations.
func (t IPTerm) Holds(v *Value) bool {
	addr, ok := parseAddr(v.Text)
	if !ok {
		return false
	}
	return t.Network.Contains(addr) || addr.Is4In6() && t.Network.Contains(addr.Unmap())
}

// Holds compares v.Number, 1 for true.
func (t BoolTerm) Holds(v *Value) bool { return (v.Number != 0) == t.Value }

// Holds says whether a text contains the word, both in lower case.
func (t KeywordTerm) Holds(text []byte) bool {
	return bytes.Contains(bytes.ToLower(text), []byte(strings.ToLower(t.Value)))
}

// match asks all texts: strings, addresses and the values (not the keys) of maps.
func (t KeywordTerm) match(vs Values) bool {
	for i := range vs {
		switch Attributes[vs[i].Attribute].Kind {
		case KindString, KindIP, KindMap:
			if t.Holds(vs[i].Text) {
				return true
			}
		}
	}
	return false
}

// holds compares bytes: the API's comparisons know no case and no locale.
func (op TextOp) holds(text []byte, value string) bool {
	switch op {
	case Equals:
		return string(text) == value
	case Prefix:
		return len(text) >= len(value) && string(text[:len(value)]) == value
	case Contains:
		return bytes.Contains(text, []byte(value))
	case ContainsWord:
		return containsWords(text, value)
	}
	return false
}

// containsWords says whether the words of value stand in text next to each other, in
// order and whole. What separates them does not matter. A value without words is nowhere.
func containsWords(text []byte, value string) bool {
	need := strings.FieldsFunc(value, notInWord)
	have := bytes.FieldsFunc(text, notInWord)
	for i := 0; len(need) > 0 && i+len(need) <= len(have); i++ {
		n := 0
		for n < len(need) && string(have[i+n]) == need[n] {
			n++
		}
		if n == len(need) {
			return true
		}
	}
	return false
}

// notInWord separates words. What is not valid UTF-8 does, too.
func notInWord(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }

// parseAddr reads an address without its zone, which names an interface of some machine
// and says nothing about networks.
func parseAddr(text []byte) (netip.Addr, bool) {
	addr, err := netip.ParseAddr(string(text))
	return addr.WithZone(""), err == nil
}
