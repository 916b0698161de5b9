package pattern

import (
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// The leaves. Comparisons of text hold for strings only.
type (
	// exact is a literal. Numbers compare as they are written: 300 is not 3.0e2.
	exact string
	// text compares a string with several values by one comparison, of which one must hold.
	text struct {
		holdsFor func(text, value string) bool
		values   []string
	}
	// but holds for every scalar that satisfies none of the leaves.
	but []leaf
	// numeric is a range; equality is a range of one number.
	numeric struct {
		min, max         float64
		minOpen, maxOpen bool
	}
	// cidr holds for addresses in a network.
	cidr netip.Prefix
	// exists holds for every scalar; what exists(false) means cannot be told from one.
	exists bool
)

func (l exact) holds(v scalar) bool {
	if v.isText() {
		return string(l) == `"`+v.text
	}
	return string(l) == string(v.raw)
}

func (l text) holds(v scalar) bool {
	if !v.isText() {
		return false
	}
	for _, value := range l.values {
		if l.holdsFor(v.text, value) {
			return true
		}
	}
	return false
}

func (l but) holds(v scalar) bool {
	for _, inner := range l {
		if inner.holds(v) {
			return false
		}
	}
	return true
}

func (l numeric) holds(v scalar) bool {
	if v.raw.Kind() != '0' {
		return false
	}
	n, err := strconv.ParseFloat(string(v.raw), 64)
	if err != nil || n < l.min || n > l.max {
		return false
	}
	return !(l.minOpen && n == l.min) && !(l.maxOpen && n == l.max)
}

func (l cidr) holds(v scalar) bool {
	addr, err := netip.ParseAddr(v.text)
	return v.isText() && err == nil && netip.Prefix(l).Contains(addr.WithZone(""))
}

func (l exists) holds(scalar) bool { return bool(l) }

// parseLeaves reads the array of a member's values and operators.
func parseLeaves(path string, v jsontext.Value) ([]leaf, error) {
	all, err := elementsOf(v)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s: the array must have an element at least", path)
	}
	leaves := make([]leaf, 0, len(all))
	for i, v := range all {
		l, err := parseLeaf(fmt.Sprintf("%s[%d]", path, i), v)
		if err != nil {
			return nil, err
		}
		leaves = append(leaves, l)
	}
	return leaves, nil
}

// parseLeaf reads a literal or an operator with its operand.
func parseLeaf(path string, v jsontext.Value) (leaf, error) {
	switch v.Kind() {
	case '[':
		return nil, fmt.Errorf("%s: an array within the array of values", path)
	case '{':
		name, operand, err := operator(path, v)
		if err != nil {
			return nil, err
		}
		return parseOperator(path+"."+name, name, operand)
	}
	return literal(path, v)
}

// literal makes a leaf of a scalar. Strings are told from the rest by their quote.
func literal(path string, v jsontext.Value) (leaf, error) {
	if v.Kind() != '"' {
		return exact(v), nil
	}
	t, err := textOf(path, v)
	return exact(`"` + t), err
}

// operator reads an object of one member.
func operator(path string, v jsontext.Value) (string, jsontext.Value, error) {
	members, err := membersOf(v)
	if err != nil || len(members) != 1 {
		return "", nil, fmt.Errorf("%s: it must be an object of one operator", path)
	}
	return members[0].name, members[0].value, nil
}

func parseOperator(path, name string, v jsontext.Value) (leaf, error) {
	switch name {
	case "prefix", "suffix", "equals-ignore-case", "wildcard":
		if v.Kind() == '[' {
			return nil, fmt.Errorf("%s: several values are only for anything-but", path)
		}
		return parseText(path, name, v)
	case "anything-but":
		return parseBut(path, v)
	case "numeric":
		return parseNumeric(path, v)
	case "cidr":
		return parseCidr(path, v)
	case "exists":
		if k := v.Kind(); k != 't' && k != 'f' {
			return nil, fmt.Errorf("%s: it must be true or false", path)
		}
		return exists(v.Kind() == 't'), nil
	}
	return nil, fmt.Errorf("%s: there is no such operator", path)
}

// parseText reads the operand of a comparison of text: a string, several, or for prefix and suffix
// {"equals-ignore-case": string}.
func parseText(path, name string, v jsontext.Value) (leaf, error) {
	if v.Kind() == '{' && (name == "prefix" || name == "suffix") {
		inner, operand, err := operator(path, v)
		if err != nil || inner != "equals-ignore-case" {
			return nil, fmt.Errorf("%s: only equals-ignore-case is known here", path)
		}
		name, v, path = name+" "+inner, operand, path+"."+inner
	}
	values, err := textsOf(path, v)
	if err != nil {
		return nil, err
	}
	if name == "wildcard" {
		for _, w := range values {
			if err := checkWildcard(w); err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
		}
	}
	return text{comparisons[name], values}, nil
}

// comparisons are those of text.
var comparisons = map[string]func(text, value string) bool{
	"prefix":                    strings.HasPrefix,
	"suffix":                    strings.HasSuffix,
	"equals-ignore-case":        strings.EqualFold,
	"wildcard":                  matchWildcard,
	"prefix equals-ignore-case": hasPrefixFold,
	"suffix equals-ignore-case": hasSuffixFold,
}

// hasPrefixFold compares rune by rune: letters that differ in case may differ in length.
func hasPrefixFold(text, value string) bool {
	t, v := []rune(text), []rune(value)
	return len(t) >= len(v) && strings.EqualFold(string(t[:len(v)]), value)
}

func hasSuffixFold(text, value string) bool {
	t, v := []rune(text), []rune(value)
	return len(t) >= len(v) && strings.EqualFold(string(t[len(t)-len(v):]), value)
}

// parseBut reads anything-but: a literal, several of one type, or a comparison of text.
func parseBut(path string, v jsontext.Value) (leaf, error) {
	switch v.Kind() {
	case '{':
		name, operand, err := operator(path, v)
		if err != nil {
			return nil, err
		}
		if comparisons[name] == nil || strings.Contains(name, " ") {
			return nil, fmt.Errorf("%s.%s: anything-but does not know it", path, name)
		}
		inner, err := parseText(path+"."+name, name, operand)
		return but{inner}, err
	case '[':
		return parseButAll(path, v)
	case '"', '0':
		inner, err := literal(path, v)
		return but{inner}, err
	}
	return nil, fmt.Errorf("%s: it must be a string, a number, several of either or a comparison of text", path)
}

func parseButAll(path string, v jsontext.Value) (leaf, error) {
	all, err := elementsOf(v)
	if err != nil || len(all) == 0 {
		return nil, fmt.Errorf("%s: the array must have an element at least", path)
	}
	inner := make(but, 0, len(all))
	for _, e := range all {
		if k := e.Kind(); k != all[0].Kind() || k != '"' && k != '0' {
			return nil, fmt.Errorf("%s: the array must have strings only or numbers only", path)
		}
		l, err := literal(path, e)
		if err != nil {
			return nil, err
		}
		inner = append(inner, l)
	}
	return inner, nil
}

// maxNumber bounds the numbers of numeric on both sides.
const maxNumber = 5e9

// parseNumeric reads one comparison or the two that bound a range: [">", 0, "<=", 5].
func parseNumeric(path string, v jsontext.Value) (leaf, error) {
	all, err := elementsOf(v)
	if err != nil || len(all) != 2 && len(all) != 4 {
		return nil, fmt.Errorf("%s: it must be an array of one or two comparisons, each an operator and a number", path)
	}
	r := numeric{min: math.Inf(-1), max: math.Inf(1)}
	for i := 0; i < len(all); i += 2 {
		if err := r.bound(path, all[i], all[i+1], len(all) == 2); err != nil {
			return nil, err
		}
	}
	if len(all) == 4 && (math.IsInf(r.min, 0) || math.IsInf(r.max, 0) || r.min > r.max) {
		return nil, fmt.Errorf("%s: two comparisons must bound a range from below and from above", path)
	}
	return r, nil
}

// bound narrows the range by one comparison; equality stands alone.
func (l *numeric) bound(path string, op, number jsontext.Value, alone bool) error {
	n, err := strconv.ParseFloat(string(number), 64)
	if number.Kind() != '0' || err != nil || math.Abs(n) > maxNumber {
		return fmt.Errorf("%s: after an operator there must be a number from -5e9 to 5e9", path)
	}
	switch name := string(op); {
	case name == `"="` && alone:
		l.min, l.max = n, n
	case name == `">"` || name == `">="`:
		l.min, l.minOpen = n, name == `">"`
	case name == `"<"` || name == `"<="`:
		l.max, l.maxOpen = n, name == `"<"`
	default:
		return fmt.Errorf("%s: operators are <, <=, > and >=, or = alone", path)
	}
	return nil
}

// parseCidr reads a network, 10.0.0.0/8 or 2001:db8::/32.
func parseCidr(path string, v jsontext.Value) (leaf, error) {
	t, err := textOf(path, v)
	if err != nil {
		return nil, err
	}
	network, err := netip.ParsePrefix(t)
	if err != nil {
		return nil, fmt.Errorf("%s: it must be a network in CIDR notation", path)
	}
	return cidr(network.Masked()), nil
}

// textOf reads a string.
func textOf(path string, v jsontext.Value) (string, error) {
	if v.Kind() != '"' {
		return "", fmt.Errorf("%s: it must be a string", path)
	}
	t, err := jsontext.AppendUnquote(nil, v)
	if err != nil {
		return "", fmt.Errorf("%s: it is not a valid string", path)
	}
	return string(t), nil
}

// textsOf reads a string or an array of one at least.
func textsOf(path string, v jsontext.Value) ([]string, error) {
	if v.Kind() != '[' {
		t, err := textOf(path, v)
		return []string{t}, err
	}
	all, err := elementsOf(v)
	if err != nil || len(all) == 0 {
		return nil, fmt.Errorf("%s: the array must have an element at least", path)
	}
	texts := make([]string, 0, len(all))
	for i, e := range all {
		t, err := textOf(fmt.Sprintf("%s[%d]", path, i), e)
		if err != nil {
			return nil, err
		}
		texts = append(texts, t)
	}
	return texts, nil
}
