package search

import (
	"encoding/binary"
	"slices"

	"github.com/findinghub/findinghub/filter"
)

// field is the inverted index of one attribute: its distinct texts and the findings that
// have each. Dates and numbers of which a finding may have several are texts of 8 bytes
// that order like the values.
type field struct {
	dict
	attribute filter.Attribute
	info      *filter.Info
	postings  *postings
	// ids is the column of an attribute with one value, nil where there may be several.
	ids *idColumn
	// wide has the texts with bytes beyond ASCII, by text number: their letters fold by other rules.
	wide docset
	// dead counts texts that no finding has any more, deadBytes their bytes; unsure counts
	// texts in use that are not held.
	dead, deadBytes, unsure int
	// keys numbers a map's keys and keyHeld counts the bytes held under each.
	keys    *dict
	keyHeld []int
	// last has the text that was last interned under each key, and behind the key that was
	// last seen behind each: neighbours in an import are alike, and comparing is cheaper
	// than hashing. key is the key of the last text.
	last   []uint32
	behind []uint32
	key    uint32
	sorted sorted
}

// newField makes an empty field. Only attributes with one value have a column: what a
// finding has several values for cannot be sorted by (decision 19).
func newField(a filter.Attribute, p *postings, l *limits) *field {
	f := &field{dict: newDict(l), attribute: a, info: &filter.Attributes[a], postings: p, last: make([]uint32, 1)}
	if !f.info.Many {
		f.ids = &idColumn{}
	}
	if f.info.Kind == filter.KindMap {
		keys := newDict(l)
		f.keys, f.tags, f.keyHeld, f.behind = &keys, make([]uint32, 1), make([]int, 1), make([]uint32, 1)
	}
	return f
}

// textual says whether the field's texts are what a client sees, and keywords search.
func (f *field) textual() bool {
	switch f.info.Kind {
	case filter.KindString, filter.KindIP, filter.KindMap:
		return true
	}
	return false
}

// orderedBytes writes an integer so that bytes compare like integers.
func orderedBytes(b *[8]byte, n int64) []byte {
	binary.BigEndian.PutUint64(b[:], uint64(n)^1<<63)
	return b[:]
}

// orderedInt undoes orderedBytes.
func orderedInt(b []byte) int64 { return int64(binary.BigEndian.Uint64(b) ^ 1<<63) }

// integer gives a date, number or truth value as columns keep it.
func integer(kind filter.Kind, v *filter.Value) int64 {
	if kind == filter.KindDate {
		return v.Micros
	}
	return orderedFloat(v.Number)
}

// text gives the bytes by which the field knows a value.
func (f *field) text(v *filter.Value, b *[8]byte) []byte {
	if f.textual() {
		return v.Text
	}
	return orderedBytes(b, integer(f.info.Kind, v))
}

// lookup gives the number of a text under a map's key, 0 where there is none.
func (f *field) lookup(key, text []byte) uint32 {
	tag, ok := f.keyTag(key)
	if !ok {
		return 0
	}
	return f.find(f.hash(tag, text), tag, text)
}

// keyTag gives the number of a map's key; fields that are no maps have the key 0 alone.
func (f *field) keyTag(key []byte) (uint32, bool) {
	if f.keys == nil {
		return 0, true
	}
	tag := f.keys.find(f.keys.hash(0, key), 0, key)
	return tag, tag != 0
}

// intern gives the number of a text, a new one where it has none. findings is how many
// the index has, which the memory for long texts grows with.
func (f *field) intern(key, text []byte, findings int) uint32 {
	tag := uint32(0)
	if f.keys != nil {
		tag = f.internKey(key)
	}
	if id := f.last[tag]; f.same(id, text) {
		return id
	}
	h := f.hash(tag, text)
	id := f.find(h, tag, text)
	if id == 0 {
		id = f.add(h, tag, text, f.worth(tag, len(text), findings))
		f.began(id, tag, text)
	}
	f.last[tag] = id
	return id
}

// internKey gives the number of a map's key, a new one where it has none.
func (f *field) internKey(key []byte) uint32 {
	tag := f.behind[f.key]
	if !f.keys.same(tag, key) {
		h := f.keys.hash(0, key)
		if tag = f.keys.find(h, 0, key); tag == 0 {
			tag = f.keys.add(h, 0, key, true)
			if n := len(f.keys.texts) - len(f.keyHeld); n > 0 {
				f.keyHeld, f.last, f.behind = append(f.keyHeld, 0), append(f.last, 0), append(f.behind, 0)
			}
		}
		f.behind[f.key] = tag
	}
	f.key = tag
	return tag
}

// worth says whether a new text is held. Long free text is, while there is memory for
// it: all of it, but the second half not to a map's key that had much already.
func (f *field) worth(tag uint32, size, findings int) bool {
	if !f.info.Text && f.keys == nil || size <= f.limits.short {
		return true
	}
	budget := f.limits.freeText + findings*f.limits.freeTextPerFinding
	if f.held+size <= budget/2 {
		return true
	}
	return f.held+size <= budget && (f.keys == nil || f.keyHeld[tag] <= budget/16)
}

// began enters a text that is new into everything that knows texts by number.
func (f *field) began(id, tag uint32, text []byte) {
	f.dead++
	if !f.texts[id].isHeld() {
		return
	}
	f.deadBytes += len(text)
	if f.keys != nil {
		f.keyHeld[tag] += len(text)
	}
	if !ascii(text) {
		f.wide.put(Doc(id))
	}
	if f.sorted.built {
		f.sorted.fresh = append(f.sorted.fresh, id)
	}
}

func ascii(text []byte) bool {
	for _, b := range text {
		if b >= 0x80 {
			return false
		}
	}
	return true
}

// post adds a finding to a text's list.
func (f *field) post(id uint32, d Doc) {
	was := f.texts[id].list
	if was == noDocs {
		f.revive(id, -1)
	}
	f.texts[id].list = f.postings.add(was, d)
}

// unpost removes it.
func (f *field) unpost(id uint32, d Doc) {
	was := f.texts[id].list
	f.texts[id].list = f.postings.remove(was, d)
	if was != noDocs && f.texts[id].list == noDocs {
		f.revive(id, 1)
	}
}

// revive counts a text among the dead (by 1) or takes it from them (by -1).
func (f *field) revive(id uint32, by int) {
	switch t := f.texts[id]; {
	case t.size&derived != 0:
		return // there is one, and it stays
	case t.size&unheld != 0:
		f.unsure -= by
	default:
		f.deadBytes += by * int(t.size)
	}
	f.dead += by
}

// setOne gives a finding its text for an attribute of which it has at most one; 0 is none.
func (f *field) setOne(d Doc, id uint32) {
	old := f.ids.get(d)
	if old == id {
		return
	}
	if old != 0 {
		f.unpost(old, d)
	}
	if id != 0 {
		f.post(id, d)
	}
	f.ids.set(d, id)
}

// setMany replaces a finding's texts by others. Both lists are reordered.
func (f *field) setMany(d Doc, olds, news []uint32) {
	olds, news = distinct(olds), distinct(news)
	for _, id := range olds {
		if _, kept := slices.BinarySearch(news, id); !kept {
			f.unpost(id, d)
		}
	}
	for _, id := range news {
		if _, had := slices.BinarySearch(olds, id); !had {
			f.post(id, d)
		}
	}
}

// distinct drops values that a finding has twice, such as a tag of two of its resources.
func distinct(ids []uint32) []uint32 {
	slices.Sort(ids)
	return slices.Compact(ids)
}

// minDead is the least number of dead texts worth clearing away.
const minDead = 1 << 10

// tidy drops dead texts when they are half as many, or half as large, as those in use.
func (f *field) tidy() {
	live, liveBytes := len(f.texts)-1-len(f.free)-f.dead, f.held-f.deadBytes
	tooMany := f.dead > f.limits.minDead && f.dead > live/2
	if !tooMany && (f.deadBytes <= f.limits.minDead*64 || f.deadBytes <= liveBytes/2) {
		return
	}
	f.compact(func(id uint32) bool { return f.texts[id].list != noDocs })
	f.dead, f.deadBytes = 0, 0
	if f.keys != nil {
		f.tidyKeys()
	}
	f.recount()
	if f.sorted.built {
		f.sorted.drop(func(id uint32) bool { return f.texts[id].list == noDocs })
	}
}

// tidyKeys forgets a map's keys under which no text is left.
func (f *field) tidyKeys() {
	used := make(docset, len(f.keys.texts)/64+1)
	for id, t := range f.texts {
		if t.list != noDocs || t.size&derived != 0 {
			used.add(Doc(f.tags[id]))
		}
	}
	f.keys.compact(func(tag uint32) bool { return used.has(Doc(tag)) })
	clear(f.last)
}

// recount counts anew what compacting has changed.
func (f *field) recount() {
	clear(f.keyHeld)
	clear(f.wide)
	for _, id := range f.laid {
		text := f.of(id)
		if f.keys != nil {
			f.keyHeld[f.tags[id]] += len(text)
		}
		if !ascii(text) {
			f.wide.put(Doc(id))
		}
	}
}

// bytes is what the field occupies, but for its lists, which the postings count.
func (f *field) bytes() int64 {
	n := f.dict.bytes() + int64(cap(f.sorted.perm)+cap(f.sorted.fresh))*4 +
		int64(cap(f.sorted.places)+cap(f.wide)+cap(f.keyHeld)+cap(f.last))*8
	if f.ids != nil {
		n += f.ids.bytes()
	}
	if f.keys != nil {
		n += f.keys.bytes()
	}
	return n
}
