package search

import (
	"hash/maphash"
	"slices"
)

// dict numbers the distinct texts of one attribute from 1 on. The bytes lie one after
// another in chunks, so that a search for a word reads memory in order and the garbage
// collector has nothing to follow.
type dict struct {
	limits *limits
	texts  []text
	// tags tells equal texts apart, nil where there is nothing to tell: the number of a map's key.
	tags []uint32
	// slots is an open-addressing table: the upper half of a hash, then the text's number.
	slots []uint64
	used  int
	// chunks hold the bytes; laid are the texts' numbers in the order of their bytes.
	chunks []chunk
	laid   []uint32
	free   []uint32
	held   int // bytes in chunks
}

// text says where a text's bytes are: the chunk in the upper 16 bits of at, the offset
// in the lower. A text that is not held has the lower half of its hash there instead.
type text struct {
	at   uint32
	size uint32
	list list // of the findings that have it; here and not elsewhere to be in the cache with the rest
}

const (
	// unheld marks a text of which only the hash is known.
	unheld = 1 << 31
	// derived marks a text that follows from the finding's key and is written nowhere.
	derived = 1 << 30

	chunkSize = 1 << 16
	maxChunks = 1 << 16
	offsetOf  = chunkSize - 1
)

// chunk is a run of texts' bytes.
type chunk struct {
	data  []byte
	first int   // place in laid of its first text
	grams grams // nil until the chunk is full
}

// newDict makes an empty dictionary. Number 0 is taken, so that columns can mean "none" by it.
func newDict(l *limits) dict {
	return dict{limits: l, texts: []text{{list: noDocs}}}
}

func (t text) isHeld() bool { return t.size&(unheld|derived) == 0 }

// hash of a text under a tag. Only the bits that limits allow are used, so that a test
// can make texts collide.
func (d *dict) hash(tag uint32, b []byte) uint64 {
	h := maphash.Bytes(d.limits.seed, b)
	h ^= uint64(tag) * 0x9e3779b97f4a7c15
	h ^= h >> 29
	return h & d.limits.hashMask
}

// of gives a held text; it may not be changed.
func (d *dict) of(id uint32) []byte {
	t := d.texts[id]
	at := t.at & offsetOf
	return d.chunks[t.at>>16].data[at : at+t.size : at+t.size]
}

// tag gives the number of the map's key that a text is under, 0 for texts of no map.
func (d *dict) tag(id uint32) uint32 {
	if d.tags == nil {
		return 0
	}
	return d.tags[id]
}

// same says whether a number is that of a text, which is held. Texts of an attribute are
// apt to begin alike and differ at the end, so that is looked at first.
func (d *dict) same(id uint32, b []byte) bool {
	t := d.texts[id]
	if id == 0 || !t.isHeld() || int(t.size) != len(b) {
		return false
	}
	held := d.of(id)
	if n := len(b); n > 0 && held[n-1] != b[n-1] {
		return false
	}
	return string(held) == string(b)
}

// find gives a text's number, 0 where it has none.
func (d *dict) find(h uint64, tag uint32, b []byte) uint32 {
	if len(d.slots) == 0 {
		return 0
	}
	mask := uint64(len(d.slots) - 1)
	for i := h >> 32 & mask; d.slots[i] != 0; i = (i + 1) & mask {
		if d.slots[i]>>32 == h>>32 {
			if id := uint32(d.slots[i]); d.is(id, h, tag, b) {
				return id
			}
		}
	}
	return 0
}

// is compares a candidate of equal upper half. A text that is not held is taken for
// every text with its hash; what is found through it is unsure.
func (d *dict) is(id uint32, h uint64, tag uint32, b []byte) bool {
	t := d.texts[id]
	switch {
	case d.tag(id) != tag || t.size&derived != 0:
		return false
	case t.size&unheld != 0:
		return t.at == uint32(h)
	}
	return int(t.size) == len(b) && string(d.of(id)) == string(b)
}

// add numbers a text that find does not know.
func (d *dict) add(h uint64, tag uint32, b []byte, hold bool) uint32 {
	id := d.next()
	if d.tags != nil {
		d.tags[id] = tag
	}
	d.texts[id] = text{at: uint32(h), size: unheld, list: noDocs}
	if hold && d.room(len(b)) {
		d.texts[id] = text{at: d.lay(id, b), size: uint32(len(b)), list: noDocs}
	}
	d.insert(h>>32<<32 | uint64(id))
	return id
}

// derive numbers a text that is written nowhere and never found.
func (d *dict) derive(tag uint32) uint32 {
	id := d.next()
	d.tags[id] = tag
	d.texts[id].size = derived
	return id
}

// next gives a free number, rather an old one than a new: columns are as wide as the largest.
func (d *dict) next() uint32 {
	if n := len(d.free); n > 0 {
		id := d.free[n-1]
		d.free = d.free[:n-1]
		return id
	}
	d.texts = append(d.texts, text{list: noDocs})
	if d.tags != nil {
		d.tags = append(d.tags, 0)
	}
	return uint32(len(d.texts) - 1)
}

// insert puts a slot into the table, which it keeps at most three quarters full. The
// upper half of the hash is all that a larger table needs, so growing reads no texts.
func (d *dict) insert(slot uint64) {
	if d.used*4 >= len(d.slots)*3 {
		old := d.slots
		d.slots = make([]uint64, max(8, 2*len(old)))
		for _, s := range old {
			if s != 0 {
				d.place(s)
			}
		}
	}
	d.place(slot)
	d.used++
}

// place puts a slot where it belongs in a table with room.
func (d *dict) place(slot uint64) {
	mask := uint64(len(d.slots) - 1)
	i := slot >> 32 & mask
	for d.slots[i] != 0 {
		i = (i + 1) & mask
	}
	d.slots[i] = slot
}

// room says whether a text's place can still be written in 32 bits.
func (d *dict) room(size int) bool { return len(d.chunks) < maxChunks-1 && size < derived }

// lay writes a text's bytes and gives their place.
func (d *dict) lay(id uint32, b []byte) uint32 {
	n := len(d.chunks)
	if n == 0 || len(d.chunks[n-1].data)+len(b) > d.limits.chunk || len(d.chunks[n-1].data) >= chunkSize {
		if n > 0 {
			d.chunks[n-1].seal()
		}
		d.chunks = append(d.chunks, chunk{first: len(d.laid)})
		n++
	}
	c := &d.chunks[n-1]
	if len(c.data)+len(b) > cap(c.data) {
		c.data = append(make([]byte, 0, d.capacity(len(c.data)+len(b))), c.data...)
	}
	at := uint32(n-1)<<16 | uint32(len(c.data))
	c.data = append(c.data, b...)
	d.laid = append(d.laid, id)
	d.held += len(b)
	return at
}

// capacity of a chunk: small for an attribute with few texts, of which there are many.
func (d *dict) capacity(need int) int {
	size := d.limits.chunk
	if len(d.chunks) == 1 {
		size = min(size, max(512, 4*need))
	}
	return max(size, need)
}

// after gives the place in laid that follows a chunk's last text.
func (d *dict) after(c int) int {
	if c+1 < len(d.chunks) {
		return d.chunks[c+1].first
	}
	return len(d.laid)
}

// compact forgets all texts but those that live says are in use and frees the others'
// numbers. Numbers that are in use do not change.
func (d *dict) compact(live func(id uint32) bool) {
	old := *d
	d.chunks, d.held = nil, 0
	d.laid = make([]uint32, 0, len(old.laid))
	for _, id := range old.laid {
		if live(id) {
			d.texts[id].at = d.layFrom(&old, id)
		}
	}
	d.slots, d.used = nil, 0
	for _, s := range old.slots {
		if id := uint32(s); s != 0 && live(id) {
			d.insert(s)
		} else if s != 0 {
			d.texts[id] = text{size: unheld, list: noDocs}
			d.free = append(d.free, id)
		}
	}
	d.laid = slices.Clip(d.laid)
}

// layFrom copies a text out of the old chunks; old.texts is still d.texts.
func (d *dict) layFrom(old *dict, id uint32) uint32 { return d.lay(id, old.of(id)) }

// bytes is what the dictionary occupies.
func (d *dict) bytes() int64 {
	n := int64(cap(d.texts))*12 + int64(cap(d.tags)+cap(d.laid)+cap(d.free))*4 + int64(cap(d.slots))*8
	for i := range d.chunks {
		n += int64(cap(d.chunks[i].data)) + int64(cap(d.chunks[i].grams))*8 + 56
	}
	return n
}
