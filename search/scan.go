package search

import (
	"bytes"
	"cmp"
	"runtime"
	"slices"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"unicode"

	"github.com/findinghub/findinghub/filter"
)

// needle is a word to look for in a dictionary's chunks. The search jumps from one
// occurrence of its rarest byte to the next, which the processor does 32 bytes at a
// time, and compares the whole word only there.
type needle struct {
	text []byte
	// fold ignores the case of ASCII letters; text is in lower case then.
	fold bool
	// alone wants no ASCII letter or digit on either side.
	alone bool
	// at is the place of the rarest byte in text, which a sample has count times; lower
	// and upper are it, and it in upper case where case does not matter.
	at, count    int
	lower, upper byte
	grams        []uint32
}

// sampled is how many bytes of an attribute are counted to know which are rare in it.
const sampled = 1 << 10

// newNeedle makes a needle for a dictionary's chunks. text is not empty.
func newNeedle(d *dict, text []byte, fold bool) *needle {
	n := &needle{text: text, fold: fold, grams: gramsOf(text), count: 2*sampled + 1}
	var counts [256]int
	if len(d.chunks) > 0 {
		data := d.chunks[len(d.chunks)/2].data
		for _, b := range data[:min(len(data), sampled)] {
			counts[b]++
		}
	}
	for i, b := range text {
		c := counts[b]
		if fold && upper(b) != b {
			c += counts[upper(b)]
		}
		if c < n.count {
			n.count, n.at = c, i
		}
	}
	n.lower, n.upper = text[n.at], text[n.at]
	if fold {
		n.upper = upper(n.lower)
	}
	return n
}

// upper folds ASCII alone; other letters are not searched for by bytes.
func upper(b byte) byte {
	if 'a' <= b && b <= 'z' {
		return b - ('a' - 'A')
	}
	return b
}

// here says whether the needle lies at a place in the data.
func (n *needle) here(data []byte, at int) bool {
	if at+len(n.text) > len(data) {
		return false
	}
	data = data[at : at+len(n.text)]
	if !n.fold {
		return string(data) == string(n.text)
	}
	for i, b := range n.text {
		if folded[data[i]] != b {
			return false
		}
	}
	return true
}

// each calls f for the places where the needle lies; f gives the place to go on from.
func (n *needle) each(data []byte, f func(at int) int) {
	low, up := index(data, n.at, n.lower), len(data)
	if n.upper != n.lower {
		up = index(data, n.at, n.upper)
	}
	for low < len(data) || up < len(data) {
		at := min(low, up)
		next := at + 1
		if n.here(data, at-n.at) {
			next = f(at-n.at) + n.at
		}
		if low < next {
			low = index(data, next, n.lower)
		}
		if up < next {
			up = index(data, next, n.upper)
		}
	}
}

// index is bytes.IndexByte from a place on, and the end where there is none.
func index(data []byte, from int, b byte) int {
	if from < len(data) {
		if i := bytes.IndexByte(data[from:], b); i >= 0 {
			return from + i
		}
	}
	return len(data)
}

// hunt is the search for a needle in one chunk of one field.
type hunt struct {
	f      *field
	chunk  int
	needle *needle
	found  []uint32
}

// hunts prepares the search in all chunks of a field that may have the needle.
func hunts(dst []hunt, f *field, n *needle) []hunt {
	for c := range f.chunks {
		if f.chunks[c].grams.mayHave(n.grams) {
			dst = append(dst, hunt{f: f, chunk: c, needle: n})
		}
	}
	return dst
}

// run finds the texts that contain the needle. The bytes of neighbours make a word
// too, so a place counts only if it lies within one text.
func (h *hunt) run() {
	c := &h.f.chunks[h.chunk]
	laid := h.f.laid[c.first:h.f.after(h.chunk)]
	h.needle.each(c.data, func(at int) int {
		laid = h.f.upTo(laid, at)
		t := h.f.texts[laid[0]]
		from := int(t.at & offsetOf)
		end := from + int(t.size)
		if at+len(h.needle.text) > end || h.needle.alone && !alone(c.data[from:end], at-from, len(h.needle.text)) {
			return at + 1
		}
		h.found = append(h.found, laid[0])
		return end
	})
}

// upTo drops the texts that lie before the one at a place in their chunk.
func (f *field) upTo(laid []uint32, at int) []uint32 {
	behind := func(i int) bool { return int(f.texts[laid[i]].at&offsetOf) > at }
	// A common word is in the next text or the one after it.
	for i := 1; i <= 4; i++ {
		if i == len(laid) || behind(i) {
			return laid[i-1:]
		}
	}
	return laid[4+sort.Search(len(laid)-5, func(i int) bool { return behind(i + 5) }):]
}

// alone says whether no ASCII letter or digit touches a part of a text. What lies
// beyond ASCII is for the caller to judge.
func alone(text []byte, at, size int) bool {
	return (at == 0 || !wordByte(text[at-1])) && (at+size == len(text) || !wordByte(text[at+size]))
}

func wordByte(b byte) bool {
	return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9'
}

// runAll runs hunts, on several processors when there is much to read.
func (ev *evaluator) runAll(hs []hunt) {
	share(len(hs), size(hs) >= ev.ix.limits.parallel, func(i int) { hs[i].run() })
}

// share runs tasks, in parallel or one after another, and returns when all are done.
func share(tasks int, parallel bool, run func(task int)) {
	workers := min(tasks, runtime.GOMAXPROCS(0))
	if !parallel || workers < 2 {
		for i := range tasks {
			run(i)
		}
		return
	}
	var next atomic.Int64
	var done sync.WaitGroup
	for range workers {
		done.Go(func() {
			for i := int(next.Add(1)) - 1; i < tasks; i = int(next.Add(1)) - 1 {
				run(i)
			}
		})
	}
	done.Wait()
}

// walkStep is how many texts a task of walk looks at.
const walkStep = 1 << 13

// walk gives the texts in use and held that a predicate holds for.
func (ev *evaluator) walk(f *field, holds func(id uint32) bool) []uint32 {
	tasks := (len(f.laid) + walkStep - 1) / walkStep
	found := make([][]uint32, tasks)
	share(tasks, len(f.laid)*32 >= ev.ix.limits.parallel, func(task int) {
		for _, id := range f.laid[task*walkStep : min(len(f.laid), (task+1)*walkStep)] {
			if f.texts[id].list != noDocs && holds(id) {
				found[task] = append(found[task], id)
			}
		}
	})
	return slices.Concat(found...)
}

// search is the search for a value in the texts of a field.
type search struct {
	op filter.TextOp
	// needles are the value, or its words with those first that promise the fewest places
	// to look at; none when the value has no words and so is nowhere.
	needles []*needle
	all     bool   // the value is empty: every text has it
	hunts   []hunt // for the first needle
	bytes   int    // that the hunts read
}

// newSearch prepares a search and says what it would read, before anything is read.
func newSearch(f *field, op filter.TextOp, value string) *search {
	s := &search{op: op}
	switch {
	case op == filter.ContainsWord:
		s.needles = rarestFirst(&f.dict, value)
	case value == "":
		s.all, s.bytes = true, f.held
	default:
		s.needles = []*needle{newNeedle(&f.dict, []byte(value), false)}
	}
	if len(s.needles) > 0 {
		s.hunts = hunts(nil, f, s.needles[0])
		s.bytes = size(s.hunts)
	}
	return s
}

// size is how many bytes hunts read.
func size(hs []hunt) int {
	n := 0
	for i := range hs {
		n += len(hs[i].f.chunks[hs[i].chunk].data)
	}
	return n
}

// containing gives the held texts that contain a word, and with fold those that do when
// the case of ASCII letters does not matter; the word is in lower case then.
func (ev *evaluator) containing(f *field, word string, fold bool) []uint32 {
	if word == "" {
		return ev.everything(f)
	}
	return ev.found(hunts(nil, f, newNeedle(&f.dict, []byte(word), fold)))
}

// everything gives all held texts in use.
func (ev *evaluator) everything(f *field) []uint32 {
	return ev.walk(f, func(uint32) bool { return true })
}

// found runs hunts and gives the texts in which they find their needles.
func (ev *evaluator) found(hs []hunt) []uint32 {
	ev.runAll(hs)
	var ids []uint32
	for i := range hs {
		ids = append(ids, hs[i].found...)
	}
	return ids
}

// holding gives the held texts for which a term holds.
func (ev *evaluator) holding(f *field, t filter.Term, s *search) []uint32 {
	ids := ev.candidateTexts(f, s)
	if s.op == filter.Contains && f.keys == nil {
		return ids
	}
	return slices.DeleteFunc(ids, func(id uint32) bool {
		v := filter.Value{Attribute: f.attribute, Text: f.of(id)}
		if f.keys != nil {
			v.Key = f.keys.of(f.tags[id])
		}
		return !t.Holds(&v)
	})
}

// candidateTexts gives the texts that have all needles, or some more: telling whether
// words follow each other takes longer than finding them, so the other words are
// searched for as long as many texts have the ones before.
func (ev *evaluator) candidateTexts(f *field, s *search) []uint32 {
	if s.all {
		return ev.everything(f)
	}
	ids := ev.found(s.hunts)
	for i := 1; i < len(s.needles) && len(ids) > ev.ix.limits.few; i++ {
		also := make(docset, len(f.texts)/64+1)
		for _, id := range ev.found(hunts(nil, f, s.needles[i])) {
			also.add(Doc(id))
		}
		ids = slices.DeleteFunc(ids, func(id uint32) bool { return !also.has(Doc(id)) })
	}
	return ids
}

// rarestFirst makes needles of a value's words.
func rarestFirst(d *dict, value string) []*needle {
	var needles []*needle
	for word := range strings.FieldsFuncSeq(value, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		n := newNeedle(d, []byte(word), false)
		n.alone = true
		chunks := 0
		for i := range d.chunks {
			if d.chunks[i].grams.mayHave(n.grams) {
				chunks++
			}
		}
		n.count = (n.count + 1) * chunks
		needles = append(needles, n)
	}
	slices.SortStableFunc(needles, func(a, b *needle) int { return cmp.Compare(a.count, b.count) })
	return needles
}
