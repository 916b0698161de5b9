package search

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"
	"sync"
)

// sorted is the order of a field's texts, made when a query first needs it.
type sorted struct {
	// mu is for readers that find the order out of date at the same time.
	mu    sync.Mutex
	built bool
	// perm has the numbers of the texts in order, places the place of each by number: even
	// numbers with gaps, so that a new text is placed without moving the others.
	perm   []uint32
	places []uint64
	// fresh are texts that came since.
	fresh []uint32
}

// lastPlace is behind all texts.
const lastPlace = 1 << 62

// ordered gives the texts' order, up to date. It is called with the index locked for
// reading, so that no text can come while the order is in use.
func (f *field) ordered() *sorted {
	s := &f.sorted
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case !s.built:
		s.perm = slices.Clone(f.laid)
		f.sortTexts(s.perm)
		s.built = true
		s.spread(len(f.texts))
	case len(s.fresh) > 0:
		f.mergeFresh()
	}
	return s
}

// orderedBefore gives the order if a query has needed it before, else nil.
func (f *field) orderedBefore() *sorted {
	f.sorted.mu.Lock()
	built := f.sorted.built
	f.sorted.mu.Unlock()
	if !built {
		return nil
	}
	return f.ordered()
}

// spread gives all texts new places, as far from each other as can be.
func (s *sorted) spread(texts int) {
	s.places = slices.Grow(s.places[:0], texts)[:texts]
	step := uint64(lastPlace) / uint64(len(s.perm)+1) &^ 1
	for i, id := range s.perm {
		s.places[id] = uint64(i+1) * step
	}
}

// mergeFresh takes the new texts into the order, moving the others from the back so
// that no second array is needed.
func (f *field) mergeFresh() {
	s := &f.sorted
	f.sortTexts(s.fresh)
	if n := len(f.texts) - len(s.places); n > 0 {
		s.places = append(s.places, make([]uint64, n)...)
	}
	end := len(s.perm)
	s.perm = append(s.perm, s.fresh...)
	for i := len(s.fresh) - 1; i >= 0; i-- {
		at := f.lowerBound(s.perm[:end], f.of(s.fresh[i]))
		copy(s.perm[at+i+1:], s.perm[at:end])
		s.perm[at+i] = s.fresh[i]
		s.places[s.fresh[i]] = 0
		end = at
	}
	s.fresh = s.fresh[:0]
	if !s.fill() {
		s.spread(len(f.texts))
	}
}

// fill gives places to the texts that have none (0), between their neighbours; it fails
// where the gap is too small.
func (s *sorted) fill() bool {
	for i := 0; i < len(s.perm); i++ {
		if s.places[s.perm[i]] != 0 {
			continue
		}
		left, right, to := uint64(0), uint64(lastPlace), i
		if i > 0 {
			left = s.places[s.perm[i-1]]
		}
		for to < len(s.perm) && s.places[s.perm[to]] == 0 {
			to++
		}
		if to < len(s.perm) {
			right = s.places[s.perm[to]]
		}
		step := (right - left) / uint64(to-i+1) &^ 1
		if step == 0 {
			return false
		}
		for ; i < to; i++ {
			left += step
			s.places[s.perm[i]] = left
		}
	}
	return true
}

// drop forgets texts.
func (s *sorted) drop(gone func(id uint32) bool) {
	s.perm = slices.DeleteFunc(s.perm, gone)
	s.fresh = slices.DeleteFunc(s.fresh, gone)
}

// lowerBound gives how many of the ordered texts are less than b.
func (f *field) lowerBound(perm []uint32, b []byte) int {
	at, _ := slices.BinarySearchFunc(perm, b, func(id uint32, b []byte) int { return bytes.Compare(f.of(id), b) })
	return at
}

// placeOf gives the place of any text: an odd number for one that the field has not, so
// that it compares with those it has.
func (f *field) placeOf(s *sorted, b []byte) uint64 {
	at := f.lowerBound(s.perm, b)
	switch {
	case at == len(s.perm):
		return lastPlace + 1
	case bytes.Equal(f.of(s.perm[at]), b):
		return s.places[s.perm[at]]
	}
	return s.places[s.perm[at]] - 1
}

// keyed is a text's number with eight of its bytes, so that sorting seldom goes to the text.
type keyed struct {
	key uint64
	id  uint32
}

// sortTexts orders texts by their bytes.
func (f *field) sortTexts(ids []uint32) {
	items := make([]keyed, len(ids))
	for i, id := range ids {
		items[i].id = id
	}
	f.sortFrom(items, 0)
	for i := range items {
		ids[i] = items[i].id
	}
}

// fewTexts are sorted by comparing them whole.
const fewTexts = 16

// sortFrom orders texts that agree up to depth: by the eight bytes that follow what all
// of them share, then each group that agrees in those as well.
func (f *field) sortFrom(items []keyed, depth int) {
	if len(items) <= fewTexts {
		f.sortWhole(items)
		return
	}
	depth = f.shared(items, depth)
	for i := range items {
		items[i].key = head(f.of(items[i].id)[depth:])
	}
	slices.SortFunc(items, func(a, b keyed) int { return cmp.Compare(a.key, b.key) })
	for from := 0; from < len(items); {
		to := from + 1
		for to < len(items) && items[to].key == items[from].key {
			to++
		}
		if run := items[from:to]; len(run) > 1 {
			f.sortRun(run, depth+8)
		}
		from = to
	}
}

// sortRun orders texts whose heads before depth are equal. A text that ends there has
// been padded with zeros, which another may really have.
func (f *field) sortRun(run []keyed, depth int) {
	for i := range run {
		if int(f.texts[run[i].id].size) < depth {
			f.sortWhole(run)
			return
		}
	}
	f.sortFrom(run, depth)
}

// sortWhole compares texts from their first byte.
func (f *field) sortWhole(items []keyed) {
	slices.SortFunc(items, func(a, b keyed) int { return bytes.Compare(f.of(a.id), f.of(b.id)) })
}

// shared gives how many bytes all of the texts share; it is known that depth are.
func (f *field) shared(items []keyed, depth int) int {
	first := f.of(items[0].id)
	n := len(first)
	for i := range items[1:] {
		if n = min(n, depth+sharedPrefix(first[depth:n], f.of(items[i+1].id)[depth:])); n == depth {
			break
		}
	}
	return n
}

// sharedPrefix counts the leading bytes that two texts share.
func sharedPrefix(a, b []byte) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// head gives the first eight bytes as a number that orders like them, padded with zeros.
func head(b []byte) uint64 {
	if len(b) >= 8 {
		return binary.BigEndian.Uint64(b)
	}
	var eight [8]byte
	copy(eight[:], b)
	return binary.BigEndian.Uint64(eight[:])
}
