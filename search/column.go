package search

import (
	"math"
	"math/bits"
	"slices"
)

// Columns are cut into blocks of this many findings. Each block knows its least and
// greatest value, so that a range or a search for the newest skips most of them.
const (
	blockShift = 12
	blockSize  = 1 << blockShift
	blockWords = blockSize / 64
)

// column has one date, number or truth value for a finding, as an integer that orders
// like it: see orderedFloat.
type column struct {
	blocks []*block
}

// block packs the values of the findings that have one: an attribute that one finding
// in twenty has takes a twentieth of the memory.
type block struct {
	present [blockWords]uint64
	before  [blockWords]uint16 // how many values come before each word's first; up to top
	top     int                // the last word that has ever had a value
	values  []int64
	// min and max bound the values. They are loose once a value that was a bound has left;
	// left counts the values that have since they were found.
	min, max int64
	loose    bool
	left     int
}

// maxLeft is how many values may leave a block before loose bounds are found anew: few
// enough to stay useful, too many to cost.
const maxLeft = 256

// orderedFloat gives an integer that orders like the number. Both zeros are one.
func orderedFloat(f float64) int64 {
	if f == 0 {
		return 0
	}
	n := int64(math.Float64bits(f))
	if n < 0 {
		n ^= math.MaxInt64
	}
	return n
}

// floatOf undoes orderedFloat.
func floatOf(n int64) float64 {
	if n < 0 {
		n ^= math.MaxInt64
	}
	return math.Float64frombits(uint64(n))
}

// block gives a finding's block, nil where none of its findings has a value.
func (c *column) block(d Doc) *block {
	if i := int(d >> blockShift); i < len(c.blocks) {
		return c.blocks[i]
	}
	return nil
}

func (c *column) get(d Doc) (int64, bool) {
	b := c.block(d)
	if b == nil {
		return 0, false
	}
	return b.get(d % blockSize)
}

// set gives a finding its value. Imports come in the order of the numbers, so the last
// block grows at its end and no values move.
func (c *column) set(d Doc, v int64) {
	i := int(d >> blockShift)
	if i >= len(c.blocks) {
		c.blocks = append(c.blocks, make([]*block, i+1-len(c.blocks))...)
	}
	if c.blocks[i] == nil {
		c.blocks[i] = &block{min: v, max: v}
	}
	c.blocks[i].set(d%blockSize, v)
}

// clear takes a finding's value away, and the block with the last one.
func (c *column) clear(d Doc) {
	b := c.block(d)
	if b == nil {
		return
	}
	if b.clear(d % blockSize); len(b.values) == 0 {
		c.blocks[d>>blockShift] = nil
	}
}

func (b *block) has(i Doc) bool { return b.present[i>>6]>>(i&63)&1 != 0 }

// place gives where the value of finding i is, or would be.
func (b *block) place(i Doc) int {
	if len(b.values) == blockSize {
		return int(i)
	}
	return int(b.before[i>>6]) + bits.OnesCount64(b.present[i>>6]&(1<<(i&63)-1))
}

func (b *block) get(i Doc) (int64, bool) {
	if !b.has(i) {
		return 0, false
	}
	return b.values[b.place(i)], true
}

func (b *block) set(i Doc, v int64) {
	for ; b.top < int(i>>6); b.top++ {
		b.before[b.top+1] = uint16(len(b.values))
	}
	at := b.place(i)
	if b.has(i) {
		b.leave(b.values[at])
		b.values[at] = v
	} else {
		b.values = slices.Insert(b.values, at, v)
		b.present[i>>6] |= 1 << (i & 63)
		b.shift(i, 1)
	}
	b.min, b.max = min(b.min, v), max(b.max, v)
	b.refresh()
}

func (b *block) clear(i Doc) {
	if !b.has(i) {
		return
	}
	at := b.place(i)
	b.leave(b.values[at])
	b.values = slices.Delete(b.values, at, at+1)
	b.present[i>>6] &^= 1 << (i & 63)
	b.shift(i, -1)
	b.refresh()
}

// shift corrects the counts behind finding i.
func (b *block) shift(i Doc, by int) {
	for w := int(i>>6) + 1; w <= b.top; w++ {
		b.before[w] += uint16(by)
	}
}

// leave notes that a value goes.
func (b *block) leave(v int64) {
	b.left++
	b.loose = b.loose || v == b.min || v == b.max
}

// refresh finds the bounds anew when they are loose and enough has changed to pay for it.
func (b *block) refresh() {
	if !b.loose || b.left < maxLeft || len(b.values) == 0 {
		return
	}
	b.min, b.max, b.loose, b.left = slices.Min(b.values), slices.Max(b.values), false, 0
}

// within adds the findings of a set whose value lies in [lo, hi] to dst.
func (c *column) within(lo, hi int64, set, dst docset) {
	for i, b := range c.blocks {
		from := i * blockWords
		if b == nil || b.max < lo || b.min > hi || from >= len(set) {
			continue
		}
		all := lo <= b.min && b.max <= hi
		for w := range min(blockWords, len(set)-from) {
			want := set[from+w] & b.present[w]
			if want == 0 {
				continue
			}
			if !all {
				want = b.wordWithin(w, lo, hi, want)
			}
			dst[from+w] |= want
		}
	}
}

// wordWithin tests 64 findings. The comparison is one subtraction without a branch,
// because whether a value is in the range is as good as random.
func (b *block) wordWithin(w int, lo, hi int64, want uint64) uint64 {
	span, hits := uint64(hi-lo), uint64(0)
	values := b.values[b.before[w]:]
	if b.present[w] == math.MaxUint64 {
		for i, v := range values[:64] {
			if uint64(v-lo) <= span {
				hits |= 1 << i
			}
		}
		return hits & want
	}
	for present, n := b.present[w], 0; present != 0; present, n = present&(present-1), n+1 {
		if uint64(values[n]-lo) <= span {
			hits |= present & -present
		}
	}
	return hits & want
}

// bytes is what the column occupies.
func (c *column) bytes() int64 {
	n := int64(cap(c.blocks)) * 8
	for _, b := range c.blocks {
		if b != nil {
			n += blockWords*10 + 64 + int64(cap(b.values))*8
		}
	}
	return n
}

// idColumn has the number of the one text that a finding has for an attribute, 0 for
// none. Each block is as wide as its greatest number needs.
type idColumn struct {
	blocks []idBlock
}

// idBlock has one of its fields, or none when no finding in it has a text.
type idBlock struct {
	narrow *[blockSize]uint8
	middle *[blockSize]uint16
	wide   *[blockSize]uint32
}

func (c *idColumn) get(d Doc) uint32 {
	i := int(d >> blockShift)
	if i >= len(c.blocks) {
		return 0
	}
	return c.blocks[i].get(d % blockSize)
}

func (b *idBlock) get(i Doc) uint32 {
	switch {
	case b.narrow != nil:
		return uint32(b.narrow[i])
	case b.middle != nil:
		return uint32(b.middle[i])
	case b.wide != nil:
		return b.wide[i]
	}
	return 0
}

// set gives a finding its text; 0 takes it away. Blocks are never narrowed: numbers are
// given in ascending order, and a block that once had a large one gets one again.
func (c *idColumn) set(d Doc, id uint32) {
	i := int(d >> blockShift)
	if i >= len(c.blocks) {
		if id == 0 {
			return
		}
		c.blocks = append(c.blocks, make([]idBlock, i+1-len(c.blocks))...)
	}
	c.blocks[i].set(d%blockSize, id)
}

func (b *idBlock) set(i Doc, id uint32) {
	switch {
	case b.narrow != nil && id <= math.MaxUint8:
		b.narrow[i] = uint8(id)
	case b.middle != nil && id <= math.MaxUint16:
		b.middle[i] = uint16(id)
	case b.wide != nil:
		b.wide[i] = id
	case id != 0:
		b.widen(id)
		b.set(i, id)
	}
}

// widen makes a block hold numbers up to id; narrower numbers move over.
func (b *idBlock) widen(id uint32) {
	old := *b
	switch {
	case id <= math.MaxUint8:
		b.narrow = new([blockSize]uint8)
		return
	case id <= math.MaxUint16:
		*b = idBlock{middle: new([blockSize]uint16)}
	default:
		*b = idBlock{wide: new([blockSize]uint32)}
	}
	if old.narrow == nil && old.middle == nil {
		return
	}
	for i := range Doc(blockSize) {
		b.set(i, old.get(i))
	}
}

// bytes is what the column occupies.
func (c *idColumn) bytes() int64 {
	n := int64(cap(c.blocks)) * 24
	for _, b := range c.blocks {
		switch {
		case b.narrow != nil:
			n += blockSize
		case b.middle != nil:
			n += 2 * blockSize
		case b.wide != nil:
			n += 4 * blockSize
		}
	}
	return n
}
