package filter

import (
	"slices"
	"strings"
)

// comparison is one of the API's words for how text is compared.
type comparison struct {
	word     string
	op       TextOp
	negative bool
	// alone is true for those that mix with no other on one attribute.
	alone bool
}

// The API's order, which errors list. Maps have all but those on words and prefixes.
var comparisons = []comparison{
	{word: "EQUALS", op: Equals},
	{word: "PREFIX", op: Prefix},
	{word: "NOT_EQUALS", op: Equals, negative: true},
	{word: "PREFIX_NOT_EQUALS", op: Prefix, negative: true},
	{word: "CONTAINS", op: Contains, alone: true},
	{word: "NOT_CONTAINS", op: Contains, negative: true, alone: true},
	{word: "CONTAINS_WORD", op: ContainsWord, alone: true},
}

// comparisonsOf lists what a kind's filters may ask for. With strict it is what the
// service honours in GetFindings (decision 18).
func comparisonsOf(kind Kind, strict bool) []comparison {
	return slices.DeleteFunc(slices.Clone(comparisons), func(c comparison) bool {
		return strict && c.alone || kind == KindMap && (c.op == Prefix || c.op == ContainsWord)
	})
}

// comparisons combines the filters of a string or map attribute (behaviour.md section 4):
// positive ones are OR-ed, negative ones are AND-ed, and where both are given the positive
// ones select and the negative ones exclude from that. What may not be mixed is an error.
// The rules are per attribute: entries of a map attribute are combined whatever their keys are.
func (l attributeEntries) comparisons(kind Kind, strict bool) (Expr, error) {
	allowed := comparisonsOf(kind, strict)
	var positive Or
	var all And
	used := make([]comparison, 0, len(l.entries))
	for i := range l.entries {
		c, x, err := l.entries[i].comparison(l.attribute, kind, allowed)
		if err != nil {
			return nil, err
		}
		if clash := findClash(used, c); clash != "" {
			return nil, invalid(l.entries[i].path+".Comparison",
				"'%s' cannot be combined with '%s' on one attribute.", c.word, clash)
		}
		used = append(used, c)
		if c.negative {
			all = append(all, Not{x})
		} else {
			positive = append(positive, x)
		}
	}
	if len(positive) > 0 {
		all = append(And{positive}, all...)
	}
	return all, nil
}

// comparison reads one filter of text: how it compares, and the term without its negation.
func (e *entry) comparison(a Attribute, kind Kind, allowed []comparison) (comparison, Expr, error) {
	c, err := e.comparisonWord(allowed)
	if err != nil {
		return c, nil, err
	}
	value, err := e.text("Value")
	if err != nil {
		return c, nil, err
	}
	if c.op == ContainsWord && !strings.ContainsFunc(value, func(r rune) bool { return !notInWord(r) }) {
		return c, nil, invalid(e.path+".Value", "It must hold at least one letter or digit.")
	}
	if kind == KindString {
		return c, TextTerm{a, c.op, value}, nil
	}
	key, err := e.text("Key")
	return c, MapTerm{a, key, c.op, value}, err
}

// comparisonWord reads Comparison. The service documents no default, so that there is none.
func (e *entry) comparisonWord(allowed []comparison) (comparison, error) {
	words := make([]string, len(allowed))
	for i := range allowed {
		words[i] = allowed[i].word
	}
	i, err := e.enum("Comparison", words)
	if err != nil {
		return comparison{}, err
	}
	return allowed[i], nil
}

// findClash gives the comparison among those used that c cannot stand beside, "" if there is none.
func findClash(used []comparison, c comparison) string {
	for _, u := range used {
		switch {
		case u.word == c.word:
		case u.alone, c.alone, excludes(u, c), excludes(c, u):
			return u.word
		}
	}
	return ""
}

// excludes says whether c is EQUALS and d a negative: there is nothing to exclude from an
// exact value. PREFIX is the one positive that exclusions may follow.
func excludes(c, d comparison) bool { return c.op == Equals && !c.negative && d.negative }
