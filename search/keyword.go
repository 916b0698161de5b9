package search

import (
	"cmp"
	"slices"
	"strings"

	"github.com/findinghub/findinghub/filter"
)

// keywordTerm looks through all texts of all attributes, the small ones first: a word
// that is common is often in one of those for every finding, such as the product's ARN,
// and then nobody has to read the large ones.
func (ev *evaluator) keywordTerm(t filter.KeywordTerm, a *answer) {
	k := keyword{t, strings.ToLower(t.Value)}
	fields := ev.ix.textual()
	small, held := 0, 0
	for small < len(fields) && held < ev.ix.limits.parallel {
		held += fields[small].held
		small++
	}
	ev.keywordIn(fields[:small], k, a)
	for _, f := range fields[small:] {
		rest := ev.rest(a)
		if rest.empty() {
			return
		}
		if ev.fewer(f, size(k.hunts(nil, f)), rest) {
			ev.candidates(f, func(v *filter.Value) bool { return t.Holds(v.Text) }, rest, a)
			continue
		}
		ev.keywordIn([]*field{f}, k, a)
	}
	ev.aliasKeyword(k, a)
}

type keyword struct {
	filter.KeywordTerm
	word string // in lower case
}

// textual gives the fields that keywords search, those with the fewest bytes first.
func (ix *Index) textual() []*field {
	var fields []*field
	for _, f := range ix.fields {
		if f != nil && f.textual() && len(f.texts) > 1 {
			fields = append(fields, f)
		}
	}
	slices.SortFunc(fields, func(a, b *field) int { return cmp.Compare(a.held, b.held) })
	return fields
}

// rest gives the findings asked about that are not yet selected for sure.
func (ev *evaluator) rest(a *answer) docset {
	s := ev.copy(a.within)
	s.andNot(a.sure)
	return s
}

// hunts adds the search for the word in a field's texts. Texts of ASCII have no other word.
func (k keyword) hunts(dst []hunt, f *field) []hunt {
	if k.word == "" || !ascii([]byte(k.word)) {
		return dst
	}
	return hunts(dst, f, newNeedle(&f.dict, []byte(k.word), true))
}

// keywordIn looks through the texts of some fields. Letters beyond ASCII fold by rules
// that bytes do not show, so texts with such are asked one by one.
func (ev *evaluator) keywordIn(fields []*field, k keyword, a *answer) {
	var hs []hunt
	for _, f := range fields {
		ev.addUnheld(f, 0, a)
		if k.word == "" {
			ev.addAll(f, ev.everything(f), a)
			continue
		}
		hs = k.hunts(hs, f)
		f.wide.each(func(id Doc) bool {
			if f.texts[id].list != noDocs && k.Holds(f.of(uint32(id))) {
				ev.add(f, uint32(id), a)
			}
			return true
		})
	}
	ev.runAll(hs)
	for i := range hs {
		ev.addAll(hs[i].f, hs[i].found, a)
	}
}
