package search

import (
	"bytes"
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/findinghub/findinghub/filter"
)

// evaluator answers one query. Its sets go back to the index's pool when it is done.
type evaluator struct {
	ix    *Index
	words int
	used  []*docset
}

// evaluator begins a query. The index is locked for reading until it is done.
func (ix *Index) evaluator() *evaluator {
	return &evaluator{ix: ix, words: len(ix.live)}
}

// set gives an empty set with room for all findings.
func (ev *evaluator) set() docset {
	s, _ := ev.ix.sets.Get().(*docset)
	if s == nil || cap(*s) < ev.words {
		s = new(docset)
		*s = make(docset, ev.words, ev.words+ev.words/8)
	}
	*s = (*s)[:ev.words]
	clear(*s)
	ev.used = append(ev.used, s)
	return *s
}

// copy gives a set that may be changed.
func (ev *evaluator) copy(s docset) docset {
	c := ev.set()
	copy(c, s)
	return c
}

// done gives the sets back. Nothing that a caller gets may refer to them.
func (ev *evaluator) done() {
	for _, s := range ev.used {
		ev.ix.sets.Put(s)
	}
	ev.used = nil
}

// verdict bounds what an expression selects among the findings asked about: sure are
// selected, those outside maybe are not. Neither set may be changed; they are one set
// when the verdict is exact.
type verdict struct{ sure, maybe docset }

func exactly(s docset) verdict { return verdict{s, s} }

// exact says whether nothing is unsure. Most questions never touch a text that is not
// held, and theirs cost half.
func (v verdict) exact() bool { return v.sure.same(v.maybe) }

// answer collects what terms select, without regard to who is asked about. unsure is
// nil as long as nothing is.
type answer struct{ within, sure, unsure docset }

// answer begins to collect what terms select among the findings asked about.
func (ev *evaluator) answer(within docset) *answer {
	return &answer{within: within, sure: ev.set()}
}

// verdict limits what was collected to the findings asked about.
func (ev *evaluator) verdict(a *answer) verdict {
	a.sure.and(a.within)
	if a.unsure == nil {
		return exactly(a.sure)
	}
	a.unsure.or(a.sure)
	a.unsure.and(a.within)
	return verdict{a.sure, a.unsure}
}

// eval decides an expression for the findings in within.
func (ev *evaluator) eval(e filter.Expr, within docset) verdict {
	switch e := e.(type) {
	case filter.And:
		return ev.and(e, within)
	case filter.Or:
		return ev.or(e, within)
	case filter.Not:
		return ev.not(ev.eval(e.X, within), within)
	case filter.Const:
		if e {
			return exactly(within)
		}
		return exactly(ev.set())
	}
	a := ev.answer(within)
	ev.term(e, a)
	return ev.verdict(a)
}

// and asks each operand only about what the ones before have left, the cheap ones first.
func (ev *evaluator) and(e filter.And, within docset) verdict {
	operands := slices.Clone(e)
	slices.SortStableFunc(operands, func(x, y filter.Expr) int { return cmp.Compare(cost(x), cost(y)) })
	v := exactly(within)
	for _, x := range operands {
		if v.maybe.empty() {
			break
		}
		next := ev.eval(x, v.maybe)
		if !v.exact() {
			sure := ev.copy(next.sure)
			sure.and(v.sure)
			next.sure = sure
		}
		v = next
	}
	return v
}

// or lets leaves add to one set, since twenty values of an attribute are twenty leaves.
func (ev *evaluator) or(e filter.Or, within docset) verdict {
	a := ev.answer(within)
	for _, x := range e {
		switch x.(type) {
		case filter.And, filter.Or, filter.Not, filter.Const:
			v := ev.eval(x, within)
			a.sure.or(v.sure)
			if !v.exact() {
				ev.unsure(a).or(v.maybe)
			}
		default:
			ev.term(x, a)
		}
	}
	return ev.verdict(a)
}

// not turns the bounds around: what may be selected is what the operand does not surely select.
func (ev *evaluator) not(v verdict, within docset) verdict {
	sure := ev.copy(within)
	sure.andNot(v.maybe)
	if v.exact() {
		return exactly(sure)
	}
	maybe := ev.copy(within)
	maybe.andNot(v.sure)
	return verdict{sure, maybe}
}

// unsure gives the set of what may be selected, a new one at the first need.
func (ev *evaluator) unsure(a *answer) docset {
	if a.unsure == nil {
		a.unsure = ev.set()
	}
	return a.unsure
}

// cost ranks expressions by what deciding them takes, roughly a power of ten a step:
// a look into a table, a column, the distinct texts, all bytes of an attribute, of all attributes.
func cost(e filter.Expr) int {
	switch e := e.(type) {
	case filter.And:
		return costs(e)
	case filter.Or:
		return costs(e)
	case filter.Not:
		return cost(e.X)
	case filter.TextTerm:
		return textCost(e.Op)
	case filter.MapTerm:
		return textCost(e.Op)
	case filter.NumberTerm, filter.DateTerm, filter.BoolTerm:
		return 1
	case filter.IPTerm:
		return 2
	case filter.KeywordTerm:
		return 4
	}
	return 0
}

// costs is that of the dearest operand, for it may have to be decided.
func costs(operands []filter.Expr) int {
	most := 0
	for _, x := range operands {
		most = max(most, cost(x))
	}
	return most
}

// textCost ranks the comparisons of text.
func textCost(op filter.TextOp) int {
	switch op {
	case filter.Equals:
		return 0
	case filter.Prefix:
		return 2
	}
	return 3
}

// term adds what a leaf selects.
func (ev *evaluator) term(e filter.Expr, a *answer) {
	switch e := e.(type) {
	case filter.TextTerm:
		ev.textTerm(e, a)
	case filter.MapTerm:
		ev.mapTerm(e, a)
	case filter.NumberTerm:
		lo, hi := numberBounds(e)
		ev.between(e.Attribute, filter.KindNumber, lo, hi, a)
	case filter.DateTerm:
		lo, hi := dateBounds(e)
		ev.between(e.Attribute, filter.KindDate, lo, hi, a)
	case filter.BoolTerm:
		is := orderedFloat(0)
		if e.Value {
			is = orderedFloat(1)
		}
		ev.between(e.Attribute, filter.KindBoolean, is, is, a)
	case filter.IPTerm:
		ev.ipTerm(e, a)
	case filter.KeywordTerm:
		ev.keywordTerm(e, a)
	}
}

// numberBounds are both inclusive.
func numberBounds(t filter.NumberTerm) (lo, hi int64) {
	lo, hi = orderedFloat(t.Min), orderedFloat(t.Max)
	if t.MinOpen {
		lo++
	}
	if t.MaxOpen {
		hi--
	}
	return lo, hi
}

// dateBounds are both inclusive, as the API's are (decision 15); an absent bound is a zero time.
func dateBounds(t filter.DateTerm) (lo, hi int64) {
	lo, hi = math.MinInt64, math.MaxInt64
	if !t.From.IsZero() {
		lo = micros(t.From)
	}
	if !t.To.IsZero() {
		hi = micros(t.To)
	}
	return lo, hi
}

// micros is how filter.DateTerm compares: whole microseconds, what is below is cut off.
func micros(t time.Time) int64 { return t.UnixMicro() }

// between adds the findings with a date, number or truth value in [lo, hi].
func (ev *evaluator) between(at filter.Attribute, kind filter.Kind, lo, hi int64, a *answer) {
	if lo > hi || filter.Attributes[at].Kind != kind {
		return
	}
	if c := ev.ix.columns[at]; c != nil {
		c.within(lo, hi, a.within, a.sure)
		return
	}
	f := ev.ix.fields[at]
	ev.addAll(f, ev.walk(f, func(id uint32) bool {
		v := orderedInt(f.of(id))
		return lo <= v && v <= hi
	}), a)
}

// ipTerm asks the term itself about each distinct address: what counts as lying in a
// network is decided in one place, and addresses recur.
func (ev *evaluator) ipTerm(t filter.IPTerm, a *answer) {
	f := ev.ix.fields[t.Attribute]
	if f == nil || f.info.Kind != filter.KindIP {
		return
	}
	ev.addAll(f, ev.walk(f, func(id uint32) bool { return t.Holds(&filter.Value{Text: f.of(id)}) }), a)
}

// add adds the findings that have a text. One that is not held stands for all texts
// with its hash.
func (ev *evaluator) add(f *field, id uint32, a *answer) {
	if f.texts[id].size&unheld != 0 {
		ev.ix.postings.orInto(f.texts[id].list, ev.unsure(a))
		return
	}
	ev.ix.postings.orInto(f.texts[id].list, a.sure)
}

// addAll adds the findings that have any of the texts.
func (ev *evaluator) addAll(f *field, ids []uint32, a *answer) {
	for _, id := range ids {
		ev.add(f, id, a)
	}
}

// addUnheld adds, as unsure, the findings with texts that are not held; under a map's
// key alone when tag is not 0.
func (ev *evaluator) addUnheld(f *field, tag uint32, a *answer) {
	if f.unsure == 0 {
		return
	}
	for id := range f.texts {
		if f.texts[id].size&unheld != 0 && f.texts[id].list != noDocs && (tag == 0 || f.tags[id] == tag) {
			ev.add(f, uint32(id), a)
		}
	}
}

// textTerm adds what a term about a string selects. Attributes of other kinds have no
// such terms; for them it selects nothing.
func (ev *evaluator) textTerm(t filter.TextTerm, a *answer) {
	f := ev.ix.fields[t.Attribute]
	switch {
	case f == nil || !f.textual() || f.keys != nil:
	case t.Op == filter.Equals:
		ev.add(f, f.lookup(nil, []byte(t.Value)), a)
	case t.Op == filter.Prefix:
		ev.prefix(f, t, a)
	default:
		ev.searchTerm(f, t, t.Op, t.Value, a)
	}
}

// searchTerm searches all texts of an attribute for a word, or asks the findings one by
// one where that is less to read.
func (ev *evaluator) searchTerm(f *field, t filter.Term, op filter.TextOp, value string, a *answer) {
	s := newSearch(f, op, value)
	if ev.fewer(f, s.bytes, a.within) {
		ev.candidates(f, t.Holds, a.within, a)
		return
	}
	ev.addUnheld(f, 0, a)
	ev.addAll(f, ev.holding(f, t, s), a)
}

// fewer says whether asking the findings one by one takes less than reading so many bytes
// of their texts. A finding costs about two cache misses.
func (ev *evaluator) fewer(f *field, bytes int, within docset) bool {
	return f.ids != nil && within.atMost(bytes/ev.ix.limits.perFinding)
}

// candidates asks findings one by one.
func (ev *evaluator) candidates(f *field, holds func(v *filter.Value) bool, within docset, a *answer) {
	within.each(func(d Doc) bool {
		switch id := f.ids.get(d); {
		case id == 0:
		case f.texts[id].size&unheld != 0:
			ev.unsure(a).add(d)
		case holds(&filter.Value{Text: f.of(id)}):
			a.sure.add(d)
		}
		return true
	})
}

// prefix reads the order of the texts where a sort has made one. Making it takes a
// hundred times longer than reading all texts, and that is needed only when the filters
// of the chunks do not tell most of them apart.
func (ev *evaluator) prefix(f *field, t filter.TextTerm, a *answer) {
	ev.addUnheld(f, 0, a)
	p := []byte(t.Value)
	if s := f.orderedBefore(); s != nil {
		for _, id := range s.perm[f.lowerBound(s.perm, p):] {
			if !bytes.HasPrefix(f.of(id), p) {
				break
			}
			ev.add(f, id, a)
		}
		return
	}
	if s := newSearch(f, t.Op, t.Value); s.bytes <= f.held/8 {
		ev.addAll(f, ev.holding(f, t, s), a)
		return
	}
	ev.addAll(f, ev.walk(f, func(id uint32) bool { return bytes.HasPrefix(f.of(id), p) }), a)
}

// mapTerm adds what a term about a map selects. All keys' values lie in one dictionary,
// so a search reads those of other keys too and drops them.
func (ev *evaluator) mapTerm(t filter.MapTerm, a *answer) {
	f := ev.ix.fields[t.Attribute]
	if f == nil || f.keys == nil {
		return
	}
	tag, ok := f.keyTag([]byte(t.Key))
	if !ok {
		return
	}
	if t.Attribute == filter.ProductFields && t.Key == aliasKey {
		ev.aliasTerm(t, a)
	}
	if t.Op == filter.Equals {
		ev.add(f, f.lookup([]byte(t.Key), []byte(t.Value)), a)
		return
	}
	ev.addUnheld(f, tag, a)
	ev.addAll(f, ev.holding(f, t, newSearch(f, t.Op, t.Value)), a)
}
