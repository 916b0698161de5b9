package search

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
)

// choose offers the candidates to a selection, in an order that lets most of them be
// left out unseen.
func (ev *evaluator) choose(s *selection, candidates docset) {
	switch {
	case s.limit <= 0:
	case len(s.lenses) == 0:
		candidates.each(func(d Doc) bool {
			s.offer(0, d)
			return true
		})
	case s.lenses[0].column != nil:
		ev.byBlocks(s, candidates)
	case ev.worthWalking(&s.lenses[0], s.limit, candidates):
		ev.byTexts(s, candidates)
	default:
		l := &s.lenses[0]
		candidates.each(func(d Doc) bool {
			s.offer(l.ofDoc(d), d)
			return true
		})
	}
}

// byBlocks offers the blocks of a column from the one whose best value comes first on,
// and stops at the first that has nothing better than what has been chosen.
func (ev *evaluator) byBlocks(s *selection, candidates docset) {
	l := &s.lenses[0]
	type best struct {
		first uint64
		block int
	}
	var order []best
	for i, b := range l.column.blocks {
		if b == nil || !anyIn(b, i, candidates) {
			continue
		}
		top, bottom := l.ofInt(b.min), l.ofInt(b.max)
		if l.descending {
			top, bottom = bottom, top
		}
		if bottom >= s.after.first() {
			order = append(order, best{top, i})
		}
	}
	slices.SortFunc(order, func(a, b best) int { return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(a.block, b.block)) })
	for _, o := range order {
		if s.full() && o.first > s.heap[0].first {
			return
		}
		s.offerBlock(l, o.block, candidates)
	}
	if !s.full() {
		ev.offerAbsent(s, candidates)
	}
}

// anyIn says whether a block has values of candidates.
func anyIn(b *block, i int, candidates docset) bool {
	for w, present := range b.present {
		if present&candidates.word(i*blockWords+w) != 0 {
			return true
		}
	}
	return false
}

// offerBlock compares the values themselves with the worst that is still of interest
// before it makes anything of them.
func (s *selection) offerBlock(l *lens, i int, candidates docset) {
	b := l.column.blocks[i]
	for w, present := range b.present {
		want := present & candidates.word(i*blockWords+w)
		for ; want != 0; want &= want - 1 {
			bit := bits.TrailingZeros64(want)
			at := int(b.before[w]) + bits.OnesCount64(present&(1<<bit-1))
			n := l.ofInt(b.values[at])
			if s.full() && n > s.heap[0].first {
				continue
			}
			s.offer(n, Doc(i<<blockShift+w<<6+bit))
		}
	}
}

// offerAbsent offers the candidates that have no value for the first criterion.
func (ev *evaluator) offerAbsent(s *selection, candidates docset) {
	l := &s.lenses[0]
	candidates.each(func(d Doc) bool {
		if l.ofDoc(d) == absent {
			s.offer(absent, d)
		}
		return true
	})
}

// worthWalking says whether going through the texts in order meets enough candidates
// sooner than going through the candidates.
func (ev *evaluator) worthWalking(l *lens, limit int, candidates docset) bool {
	n := candidates.count()
	if n == 0 || len(l.perm) <= 64 {
		return n > 0
	}
	// A text has ix.n/len(perm) findings, of which n in ix.n are candidates; each step
	// costs as much as looking at a few candidates.
	const step = 8
	texts := float64(limit) * float64(len(l.perm)) / float64(n)
	return math.Min(texts, float64(len(l.perm)))*step < float64(n)
}

// byTexts goes through the texts in the sort's order until enough are chosen.
func (ev *evaluator) byTexts(s *selection, candidates docset) {
	l := &s.lenses[0]
	at, step := 0, 1
	if l.descending {
		at, step = len(l.perm)-1, -1
	}
	if s.after != nil {
		at = l.seek(s.after.first())
	}
	for ; at >= 0 && at < len(l.perm); at += step {
		id := l.perm[at]
		first := l.ofPlace(l.places[id])
		if s.full() && first > s.heap[0].first {
			return
		}
		ev.offerList(s, first, l.field.texts[id].list, candidates)
	}
	if !s.full() {
		ev.offerAbsent(s, candidates)
	}
}

// seek gives the index in perm from which on numbers are not less than first.
func (l *lens) seek(first uint64) int {
	at, _ := slices.BinarySearchFunc(l.perm, 0, func(id uint32, _ int) int {
		n := l.ofPlace(l.places[id])
		if l.descending && n > first || !l.descending && n < first {
			return -1
		}
		return 1
	})
	if l.descending {
		if at == len(l.perm) || l.ofPlace(l.places[l.perm[at]]) < first {
			at--
		}
	}
	return at
}

// offerList offers the candidates in a list, all of which have the same number.
func (ev *evaluator) offerList(s *selection, first uint64, l list, candidates docset) {
	var one [1]Doc
	docs, set := ev.ix.postings.sorted(l, &one)
	for _, d := range docs {
		if candidates.has(d) {
			s.offer(first, d)
		}
	}
	for i := range set[:min(len(set), len(candidates))] {
		for w := set[i] & candidates[i]; w != 0; w &= w - 1 {
			s.offer(first, Doc(i<<6+bits.TrailingZeros64(w)))
		}
	}
}
