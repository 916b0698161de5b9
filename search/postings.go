package search

import "slices"

// list refers to the findings that have one value. Most values are rare, and a slice or
// a bitmap object for each would cost more than what it holds: one finding is kept in
// the reference itself, a few in a block from a pool, only more in a slice or a bitmap.
type list uint32

const (
	noDocs list = 1<<32 - 1
	// noDoc fills the unused end of a block; it sorts after every finding.
	noDoc Doc = 1<<32 - 1

	kindShift = 30
	kindOne   = 0 // the finding itself
	kindFew   = 1 // size class and number of a block
	kindMany  = 2 // index into postings.many

	classShift = 26
	blockMask  = 1<<classShift - 1
	listMask   = 1<<kindShift - 1

	// maxFew is the largest block.
	maxFew = 64
	// minBits is the least number of findings for which a bitmap is thought about.
	minBits = 256
)

// fewSizes are the blocks' sizes. The steps are small because half of an index can be
// blocks and their empty ends are pure loss.
var fewSizes = [...]int{2, 3, 4, 6, 8, 12, 16, 24, 32, 48, maxFew}

// pool hands out blocks of one size from large chunks, which the garbage collector
// sees as one object each.
type pool struct {
	size   int
	chunks [][]Doc
	next   int
	free   []uint32
}

const chunkBlocks = 512

// block gives a block by number. Its capacity ends with it.
func (p *pool) block(i uint32) []Doc {
	at := int(i%chunkBlocks) * p.size
	return p.chunks[i/chunkBlocks][at : at+p.size : at+p.size]
}

// alloc gives a block with whatever it last held.
func (p *pool) alloc() uint32 {
	if n := len(p.free); n > 0 {
		i := p.free[n-1]
		p.free = p.free[:n-1]
		return i
	}
	if p.next == len(p.chunks)*chunkBlocks {
		p.chunks = append(p.chunks, make([]Doc, chunkBlocks*p.size))
	}
	p.next++
	return uint32(p.next - 1)
}

// many is a long list: sorted numbers or, where that is smaller, a bitmap.
type many struct {
	docs []Doc
	bits docset
	n    int
}

// postings keeps the lists of all attributes.
type postings struct {
	pools [len(fewSizes)]pool
	many  []many
	free  []uint32
}

// newPostings makes the store of lists that all attributes of an index share.
func newPostings() *postings {
	p := &postings{}
	for i, size := range fewSizes {
		p.pools[i].size = size
	}
	return p
}

// few gives the findings in a block.
func (p *postings) few(l list) []Doc {
	b := p.pools[l&listMask>>classShift].block(uint32(l & blockMask))
	n := len(b)
	for b[n-1] == noDoc {
		n--
	}
	return b[:n]
}

// newFew moves findings into a block of the size class.
func (p *postings) newFew(class int, docs ...Doc) list {
	i := p.pools[class].alloc()
	b := p.pools[class].block(i)
	n := copy(b, docs)
	for ; n < len(b); n++ {
		b[n] = noDoc
	}
	return list(kindFew<<kindShift | class<<classShift | int(i))
}

// freeFew gives a list's block back.
func (p *postings) freeFew(l list) {
	c := &p.pools[l&listMask>>classShift]
	c.free = append(c.free, uint32(l&blockMask))
}

// add gives the list with d in it; the old reference is void.
func (p *postings) add(l list, d Doc) list {
	switch {
	case l == noDocs:
		return list(d)
	case l>>kindShift == kindOne:
		if Doc(l) == d {
			return l
		}
		return p.newFew(0, min(Doc(l), d), max(Doc(l), d))
	case l>>kindShift == kindFew:
		return p.addFew(l, d)
	}
	p.many[l&listMask].add(d)
	return l
}

// addFew adds to a block, at its end as a rule: new findings have the greatest numbers.
func (p *postings) addFew(l list, d Doc) list {
	docs := p.few(l)
	at, found := len(docs), false
	if docs[at-1] >= d {
		at, found = slices.BinarySearch(docs, d)
	}
	if found {
		return l
	}
	class := int(l & listMask >> classShift)
	if len(docs) == p.pools[class].size {
		grown := p.grow(class, docs)
		p.freeFew(l)
		return p.add(grown, d)
	}
	docs = docs[:len(docs)+1] // the block has room
	copy(docs[at+1:], docs[at:])
	docs[at] = d
	return l
}

// grow moves a full block to the next size.
func (p *postings) grow(class int, docs []Doc) list {
	if class+1 < len(fewSizes) {
		return p.newFew(class+1, docs...)
	}
	m := many{docs: append(make([]Doc, 0, 2*maxFew), docs...), n: len(docs)}
	if n := len(p.free); n > 0 {
		i := p.free[n-1]
		p.free = p.free[:n-1]
		p.many[i] = m
		return list(kindMany<<kindShift | i)
	}
	p.many = append(p.many, m)
	return list(kindMany<<kindShift | len(p.many) - 1)
}

// remove gives the list without d; the old reference is void.
func (p *postings) remove(l list, d Doc) list {
	switch {
	case l == noDocs:
		return l
	case l>>kindShift == kindOne:
		if Doc(l) == d {
			return noDocs
		}
		return l
	case l>>kindShift == kindFew:
		return p.removeFew(l, d)
	}
	m := &p.many[l&listMask]
	if m.remove(d); m.n > 0 {
		return l
	}
	*m = many{}
	p.free = append(p.free, uint32(l&listMask))
	return noDocs
}

// removeFew takes a finding out of a block.
func (p *postings) removeFew(l list, d Doc) list {
	docs := p.few(l)
	at, found := slices.BinarySearch(docs, d)
	if !found {
		return l
	}
	copy(docs[at:], docs[at+1:])
	last := len(docs) - 1
	docs[last] = noDoc
	class := int(l & listMask >> classShift)
	switch {
	case last == 1:
		p.freeFew(l)
		return list(docs[0])
	// A size is left only when the findings fill the one two steps below, so that a
	// value whose count goes to and fro is not moved each time.
	case class >= 2 && last <= fewSizes[class-2]:
		shrunk := p.newFew(class-2, docs[:last]...)
		p.freeFew(l)
		return shrunk
	}
	return l
}

// count gives the number of findings.
func (p *postings) count(l list) int {
	switch {
	case l == noDocs:
		return 0
	case l>>kindShift == kindOne:
		return 1
	case l>>kindShift == kindFew:
		return len(p.few(l))
	}
	return p.many[l&listMask].n
}

// atMost bounds the count without reading the list.
func (p *postings) atMost(l list) int {
	switch {
	case l == noDocs:
		return 0
	case l>>kindShift == kindOne:
		return 1
	case l>>kindShift == kindFew:
		return fewSizes[l&listMask>>classShift]
	}
	return p.many[l&listMask].n
}

// sorted gives the findings of a list in ascending order, or the bitmap where it is one.
// one is where the only finding of a list is put. Neither may be changed.
func (p *postings) sorted(l list, one *[1]Doc) (docs []Doc, bits docset) {
	switch {
	case l == noDocs:
		return nil, nil
	case l>>kindShift == kindOne:
		one[0] = Doc(l)
		return one[:], nil
	case l>>kindShift == kindFew:
		return p.few(l), nil
	}
	m := &p.many[l&listMask]
	return m.docs, m.bits
}

// each calls f for the findings in ascending order.
func (p *postings) each(l list, f func(Doc)) {
	var one [1]Doc
	docs, bits := p.sorted(l, &one)
	for _, d := range docs {
		f(d)
	}
	bits.each(func(d Doc) bool {
		f(d)
		return true
	})
}

// orInto adds the findings to a set, which has room for all findings.
func (p *postings) orInto(l list, s docset) {
	var one [1]Doc
	docs, bits := p.sorted(l, &one)
	for _, d := range docs {
		s.add(d)
	}
	s.or(bits)
}

// countIn counts the findings that are in the set.
func (p *postings) countIn(l list, s docset) int {
	var one [1]Doc
	docs, bits := p.sorted(l, &one)
	n := 0
	for _, d := range docs {
		n += int(s[d>>6] >> (d & 63) & 1)
	}
	return n + bits.countBoth(s)
}

// add adds a finding to the form that the list has.
func (m *many) add(d Doc) {
	if m.bits != nil {
		m.addBit(d)
		return
	}
	last := m.docs[len(m.docs)-1]
	if d > last {
		m.docs = append(m.docs, d)
	} else {
		at, found := slices.BinarySearch(m.docs, d)
		if found {
			return
		}
		m.docs = slices.Insert(m.docs, at, d)
	}
	m.n++
	// Four bytes a finding in the list, one bit for each up to the last in the bitmap.
	if last = max(last, d); m.n >= minBits && m.n*32 > int(last) {
		m.toBits()
	}
}

// toBits makes a bitmap as long as the last finding needs.
func (m *many) toBits() {
	m.bits = make(docset, m.docs[len(m.docs)-1]>>6+1)
	for _, d := range m.docs {
		m.bits.add(d)
	}
	m.docs = nil
}

// addBit adds to a bitmap, or gives the bitmap up where it would be mostly empty.
func (m *many) addBit(d Doc) {
	if m.bits.has(d) {
		return
	}
	if int(d>>6) >= len(m.bits) && int(d>>6) > m.n {
		// The value has become rare since: the bitmap would be twice as large as the list.
		m.toDocs()
		m.add(d)
		return
	}
	m.bits.put(d)
	m.n++
}

// toDocs makes a slice with some room to grow.
func (m *many) toDocs() {
	m.docs = make([]Doc, 0, m.n+m.n/4)
	m.bits.each(func(d Doc) bool {
		m.docs = append(m.docs, d)
		return true
	})
	m.bits = nil
}

// remove takes a finding out; a bitmap is given up only when it is four times the size of
// the slice, so that a list at the border is not turned over and over.
func (m *many) remove(d Doc) {
	if m.bits == nil {
		if at, found := slices.BinarySearch(m.docs, d); found {
			m.docs = slices.Delete(m.docs, at, at+1)
			m.n--
		}
		return
	}
	if !m.bits.has(d) {
		return
	}
	m.bits.remove(d)
	m.n--
	if len(m.bits) > 2*m.n { // four times the list
		m.toDocs()
	}
}

// bytes is what the lists occupy.
func (p *postings) bytes() int64 {
	const slice = 24
	n := int64(cap(p.many))*(2*slice+8) + int64(cap(p.free))*4
	for i := range p.pools {
		n += int64(len(p.pools[i].chunks))*(chunkBlocks*int64(p.pools[i].size)*4+slice) + int64(cap(p.pools[i].free))*4
	}
	for i := range p.many {
		n += int64(cap(p.many[i].docs))*4 + int64(cap(p.many[i].bits))*8
	}
	return n
}
