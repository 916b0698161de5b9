package search

import (
	"bytes"
	"strings"

	"github.com/findinghub/findinghub/filter"
)

// aliasKey is the product field that the hub itself fills with the product's ARN, a
// slash and the finding's id. It would be the largest text of most findings, so it is
// held as one derived text that all of them have; a value that is anything else is held
// like any other.
const aliasKey = "aws/securityhub/FindingId"

func (ix *Index) addAlias() {
	f := ix.fields[filter.ProductFields]
	ix.alias = f.derive(f.internKey([]byte(aliasKey)))
	f.lists = append(f.lists, noDocs)
}

func (ix *Index) isAlias(e *Entry, v *filter.Value) bool {
	return v.Attribute == filter.ProductFields && string(v.Key) == aliasKey &&
		spells(v.Text, e.Key.ProductArn, e.Key.ID)
}

// spells says whether text is the product, a slash and the id.
func spells(text []byte, product, id string) bool {
	return len(text) == len(product)+1+len(id) && text[len(product)] == '/' &&
		string(text[:len(product)]) == product && string(text[len(product)+1:]) == id
}

// aliasTerm adds the findings whose derived text satisfies a term on the alias key.
func (ev *evaluator) aliasTerm(t filter.MapTerm, a *answer) {
	if t.Op == filter.Equals {
		ev.aliasEquals(t.Value, a)
		return
	}
	v := filter.Value{Attribute: t.Attribute, Key: []byte(aliasKey)}
	ev.aliasHolding(needed(t), false, func(text []byte) bool {
		v.Text = text
		return t.Holds(&v)
	}, a)
}

// aliasEquals tries each slash as the one between product and id.
func (ev *evaluator) aliasEquals(value string, a *answer) {
	k := ev.ix.keys
	aliased := ev.aliased()
	for i := range len(value) {
		if value[i] != '/' {
			continue
		}
		k.eachWith(value[i+1:], func(d Doc) {
			if aliased.has(d) && k.groups[k.groupOf[d]].product == value[:i] {
				a.sure.add(d)
			}
		})
	}
}

func (ev *evaluator) aliased() docset {
	s := ev.set()
	ev.ix.postings.orInto(ev.ix.fields[filter.ProductFields].lists[ev.ix.alias], s)
	return s
}

// aliasHolding adds the findings whose derived text satisfies a predicate. The text must
// contain word, which is folded when letters' case does not matter. The word lies in the
// id, or in the product and its slash, or across: the first two are searches that do
// not look at each finding, the third is asked of the groups where it can be.
func (ev *evaluator) aliasHolding(word string, fold bool, holds func(text []byte) bool, a *answer) {
	k := ev.ix.keys
	aliased := ev.aliased()
	ask := ev.set()
	for _, f := range [...]*field{k.ids, k.odd} {
		for _, id := range ev.containing(f, word, fold) {
			ev.ix.postings.orInto(f.lists[id], ask)
		}
	}
	products := map[string]crossing{}
	for g := range k.groups {
		name := k.groups[g].product
		c, known := products[name]
		if !known {
			c = newCrossing(name+"/", word, fold)
			products[name] = c
		}
		if c.into(k.groups[g].shared, fold) {
			k.eachMember(uint32(g), ask.add)
		}
	}
	ask.and(aliased)
	ask.and(a.within)
	ev.spell(ask, holds, a)
}

// spell writes out the derived texts of findings and asks about each.
func (ev *evaluator) spell(ask docset, holds func(text []byte) bool, a *answer) {
	k := ev.ix.keys
	var text []byte
	ask.each(func(d Doc) bool {
		text = append(text[:0], k.groups[k.groupOf[d]].product...)
		text = append(append(text, '/'), k.id(d)...)
		if holds(text) {
			a.sure.add(d)
		}
		return true
	})
}

// crossing says how a word can lie in a text that begins with a product and its slash.
type crossing struct {
	whole bool     // it lies in the beginning
	rests []string // or the beginning ends with some of it, and this is the rest
}

func newCrossing(begin, word string, fold bool) crossing {
	if fold {
		begin = strings.ToLower(begin)
	}
	c := crossing{whole: strings.Contains(begin, word)}
	for i := 1; i < len(word); i++ {
		if strings.HasSuffix(begin, word[:i]) {
			c.rests = append(c.rests, word[i:])
		}
	}
	return c
}

// into says whether an id that begins with shared may continue the word.
func (c crossing) into(shared []byte, fold bool) bool {
	if c.whole {
		return true
	}
	if fold {
		if !ascii(shared) {
			return len(c.rests) > 0
		}
		shared = bytes.ToLower(shared)
	}
	for _, rest := range c.rests {
		if n := min(len(rest), len(shared)); rest[:n] == string(shared[:n]) {
			return true
		}
	}
	return false
}
