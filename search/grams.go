package search

// grams is a Bloom filter with one hash of the four-byte sequences in a chunk of texts,
// ASCII letters folded. A search for a word skips the chunks that cannot contain it:
// most of them, unless the word is made of what every text is made of.
type grams []uint64

// Four KB to a chunk of 64 KB. Random hexadecimal ids, the worst that is common, fill
// half of it, so that one chunk in 32 seems to have eight digits that it has not. With
// three bytes instead of four every chunk would have all sequences of digits.
const (
	gramBits  = 15
	gramBytes = 1 << (gramBits - 3)
	// minGrammed is the least chunk worth a filter.
	minGrammed = 4 * gramBytes
)

var folded = func() (t [256]byte) {
	for i := range t {
		t[i] = byte(i)
		if 'A' <= i && i <= 'Z' {
			t[i] += 'a' - 'A'
		}
	}
	return t
}()

// gramSlot spreads sequences over the filter; a multiplication is all that 65,536 of them
// to a chunk can afford.
func gramSlot(four uint32) uint32 { return four * 0x9e3779b1 >> (32 - gramBits) }

// seal makes the filter of a chunk that is full.
func (c *chunk) seal() {
	if len(c.data) < minGrammed {
		return
	}
	g := make(grams, gramBytes/8)
	var four uint32
	for i, b := range c.data {
		four = four<<8 | uint32(folded[b])
		if i >= 3 {
			slot := gramSlot(four)
			g[slot>>6] |= 1 << (slot & 63)
		}
	}
	c.grams = g
}

// gramsOf gives the slots that a chunk with the needle has set; none for a short needle.
func gramsOf(needle []byte) []uint32 {
	var slots []uint32
	var four uint32
	for i, b := range needle {
		four = four<<8 | uint32(folded[b])
		if i >= 3 {
			slots = append(slots, gramSlot(four))
		}
	}
	return slots
}

// mayHave is true for a chunk without a filter.
func (g grams) mayHave(slots []uint32) bool {
	if g == nil {
		return true
	}
	for _, s := range slots {
		if g[s>>6]>>(s&63)&1 == 0 {
			return false
		}
	}
	return true
}
