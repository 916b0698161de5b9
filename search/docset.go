package search

import "math/bits"

// docset is a set of findings as one bit each. At a million findings it is 125 KB, which
// the operations below run through in microseconds; that is why results are kept so and
// only what is stored (postings) is kept smaller.
type docset []uint64

// has is false for findings beyond the end: sets are as long as their last member needs.
func (s docset) has(d Doc) bool {
	w := int(d >> 6)
	return w < len(s) && s[w]>>(d&63)&1 != 0
}

// add wants room for d.
func (s docset) add(d Doc) { s[d>>6] |= 1 << (d & 63) }

// put is add for a set that grows.
func (s *docset) put(d Doc) {
	if w := int(d >> 6); w >= len(*s) {
		*s = append(*s, make(docset, w+1-len(*s))...)
	}
	s.add(d)
}

func (s docset) remove(d Doc) {
	if w := int(d >> 6); w < len(s) {
		s[w] &^= 1 << (d & 63)
	}
}

func (s docset) count() int {
	n := 0
	for _, w := range s {
		n += bits.OnesCount64(w)
	}
	return n
}

// atMost says whether the set has at most n members; it stops looking when it has more.
func (s docset) atMost(n int) bool {
	for _, w := range s {
		if n -= bits.OnesCount64(w); n < 0 {
			return false
		}
	}
	return true
}

func (s docset) empty() bool {
	for _, w := range s {
		if w != 0 {
			return false
		}
	}
	return true
}

// word is the bits of 64 findings, 0 beyond the end.
func (s docset) word(i int) uint64 {
	if i < len(s) {
		return s[i]
	}
	return 0
}

// each calls f for every member in ascending order until it says no.
func (s docset) each(f func(Doc) bool) {
	for i, w := range s {
		for ; w != 0; w &= w - 1 {
			if !f(Doc(i<<6 + bits.TrailingZeros64(w))) {
				return
			}
		}
	}
}

// or adds t's members; s is not shorter than t.
func (s docset) or(t docset) {
	s = s[:len(t)]
	for i, w := range t {
		s[i] |= w
	}
}

// and drops what t has not.
func (s docset) and(t docset) {
	n := min(len(s), len(t))
	for i, w := range t[:n] {
		s[i] &= w
	}
	clear(s[n:])
}

// andNot drops what t has.
func (s docset) andNot(t docset) {
	n := min(len(s), len(t))
	for i, w := range t[:n] {
		s[i] &^= w
	}
}

// countBoth counts the members that both have.
func (s docset) countBoth(t docset) int {
	n := 0
	for i, w := range s[:min(len(s), len(t))] {
		n += bits.OnesCount64(w & t[i])
	}
	return n
}

// same says whether two sets are one: the mark of a result that is exact.
func (s docset) same(t docset) bool {
	return len(s) == len(t) && (len(s) == 0 || &s[0] == &t[0])
}
