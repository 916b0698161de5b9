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

// addAlias numbers the derived text before any other, so that it is there for good: it is
// in no table and compacting passes it over.
func (ix *Index) addAlias() {
	f := ix.fields[filter.ProductFields]
	ix.alias = f.derive(f.internKey([]byte(aliasKey)))
}

// isAlias says whether a value is the one that follows from the key. The hub writes no
// other, but the index is told of keys and values separately and must not assume it.
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
	v := filter.Value{Attribute: t.Attribute, Key: []byte(aliasKey)}
	holds := func(text []byte) bool {
		v.Text = text
		return t.Holds(&v)
	}
	switch t.Op {
	case filter.Equals:
		ev.aliasEquals(t.Value, a)
	case filter.Contains:
		k := ev.ix.keys
		within := ev.set()
		for _, id := range ev.containing(k.ids, t.Value, false) {
			ev.ix.postings.orInto(k.ids.texts[id].list, within)
		}
		within.andNot(ev.odd())
		within.and(ev.aliased())
		a.sure.or(within)
		ev.aliasContaining(t.Value, false, holds, a)
	default: // not made by Parse
		ev.spell(ev.aliased(), holds, a)
	}
}

// aliasKeyword adds the findings that have a word in the derived text only: words in the
// product or the id are in ProductArn and Id as well.
func (ev *evaluator) aliasKeyword(k keyword, a *answer) {
	ev.aliasContaining(k.word, true, k.Holds, a)
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

// aliased gives the findings that have the derived text.
func (ev *evaluator) aliased() docset {
	s := ev.set()
	ev.ix.postings.orInto(ev.ix.fields[filter.ProductFields].texts[ev.ix.alias].list, s)
	return s
}

// odd gives the findings whose key has an id that is not their Id attribute.
func (ev *evaluator) odd() docset {
	s := ev.set()
	for _, t := range ev.ix.keys.odd.texts {
		ev.ix.postings.orInto(t.list, s)
	}
	return s
}

// aliasContaining adds the findings whose derived text contains a word, but for those
// that have it in their Id. It looks at the text of a finding only where the word may
// begin in the product and end in the id.
func (ev *evaluator) aliasContaining(word string, fold bool, holds func(text []byte) bool, a *answer) {
	k := ev.ix.keys
	ask, sure := ev.odd(), ev.set()
	products := map[string]crossing{}
	for g := range k.groups {
		name := k.groups[g].product
		c, known := products[name]
		if !known {
			c = newCrossing(name+"/", word, fold)
			products[name] = c
		}
		switch c.into(k.groups[g].shared, fold) {
		case surely:
			k.eachMember(uint32(g), sure.add)
		case maybe:
			k.eachMember(uint32(g), ask.add)
		}
	}
	aliased := ev.aliased()
	sure.and(aliased)
	a.sure.or(sure)
	ask.and(aliased)
	ask.and(a.within)
	ask.andNot(a.sure)
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

// newCrossing cuts the word at every place where the beginning could run out.
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

// chance is how far a group's ids are known to continue a word.
type chance int

const (
	never chance = iota
	maybe
	surely
)

// into says whether ids that begin with shared continue the word.
func (c crossing) into(shared []byte, fold bool) chance {
	if c.whole {
		return surely
	}
	if fold {
		if !ascii(shared) {
			shared = nil // its letters may fold to others of another length
		}
		shared = bytes.ToLower(shared)
	}
	best := never
	for _, rest := range c.rests {
		n := min(len(rest), len(shared))
		switch {
		case rest[:n] != string(shared[:n]):
		case n == len(rest):
			return surely
		default:
			best = maybe
		}
	}
	return best
}
