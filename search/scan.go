package search

import (
	"bytes"
	"runtime"
	"slices"
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
	// at is the place of the rarest byte in text; lower and upper are it, and it in
	// upper case where case does not matter.
	at           int
	lower, upper byte
	grams        []uint32
}

// sampled is how many bytes of an attribute are counted to know which are rare in it.
const sampled = 1 << 10

// newNeedle makes a needle for a dictionary's chunks. text is not empty.
func newNeedle(d *dict, text []byte, fold bool) *needle {
	n := &needle{text: text, fold: fold, grams: gramsOf(text)}
	var count [256]int
	if len(d.chunks) > 0 {
		data := d.chunks[len(d.chunks)/2].data
		for _, b := range data[:min(len(data), sampled)] {
			count[b]++
		}
	}
	least := sampled + 1
	for i, b := range text {
		c := count[b]
		if fold {
			c += count[upper(b)]
		}
		if c < least {
			least, n.at = c, i
		}
	}
	n.lower, n.upper = text[n.at], text[n.at]
	if fold {
		n.upper = upper(n.lower)
	}
	return n
}

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
		i, found := slices.BinarySearchFunc(laid, at, func(id uint32, at int) int { return int(h.f.texts[id].at&offsetOf) - at })
		if !found {
			i--
		}
		for i+1 < len(laid) && int(h.f.texts[laid[i+1]].at&offsetOf) == at {
			i++ // empty texts lie at the place of the text behind them
		}
		t := h.f.texts[laid[i]]
		end := int(t.at&offsetOf + t.size)
		if at+len(h.needle.text) > end {
			return at + 1
		}
		h.found = append(h.found, laid[i])
		laid = laid[i:]
		return end
	})
}

// runAll runs hunts, on several processors when there is much to read.
func (ev *evaluator) runAll(hs []hunt) {
	size := 0
	for i := range hs {
		size += len(hs[i].f.chunks[hs[i].chunk].data)
	}
	share(len(hs), size >= ev.ix.limits.parallel, func(i int) { hs[i].run() })
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
			if f.lists[id] != noDocs && holds(id) {
				found[task] = append(found[task], id)
			}
		}
	})
	return slices.Concat(found...)
}

// containing gives the held texts that contain a word, and with fold those that do when
// the case of ASCII letters does not matter; the word is in lower case then.
func (ev *evaluator) containing(f *field, word string, fold bool) []uint32 {
	if word == "" {
		return ev.walk(f, func(uint32) bool { return true })
	}
	hs := hunts(nil, f, newNeedle(&f.dict, []byte(word), fold))
	ev.runAll(hs)
	var ids []uint32
	for i := range hs {
		ids = append(ids, hs[i].found...)
	}
	return ids
}

// holding gives the held texts for which a term holds: those that contain what the term
// cannot do without, each then looked at.
func (ev *evaluator) holding(f *field, t filter.Term) []uint32 {
	ids := ev.containing(f, needed(t), false)
	return slices.DeleteFunc(ids, func(id uint32) bool {
		v := filter.Value{Attribute: f.attribute, Text: f.of(id)}
		if f.keys != nil {
			v.Key = f.keys.of(f.tags[id])
		}
		return !t.Holds(&v)
	})
}

// needed gives a word that every text has for which the term holds.
func needed(t filter.Term) string {
	op, value := filter.Equals, ""
	switch t := t.(type) {
	case filter.TextTerm:
		op, value = t.Op, t.Value
	case filter.MapTerm:
		op, value = t.Op, t.Value
	}
	if op != filter.ContainsWord {
		return value
	}
	longest := ""
	for word := range strings.FieldsFuncSeq(value, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if len(word) > len(longest) {
			longest = word
		}
	}
	return longest
}

// keywordTerm looks through all texts of all attributes. Letters beyond ASCII fold by
// rules that bytes do not show, so texts with such are asked one by one.
func (ev *evaluator) keywordTerm(t filter.KeywordTerm, a *answer) {
	word := strings.ToLower(t.Value)
	var hs []hunt
	for _, f := range ev.ix.fields {
		if f == nil || !f.textual() {
			continue
		}
		ev.addUnheld(f, 0, a)
		switch {
		case word == "":
			ev.addAll(f, ev.walk(f, func(uint32) bool { return true }), a)
			continue
		case ascii([]byte(word)):
			hs = hunts(hs, f, newNeedle(&f.dict, []byte(word), true))
		}
		f.wide.each(func(id Doc) bool {
			if f.lists[id] != noDocs && t.Holds(f.of(uint32(id))) {
				ev.add(f, uint32(id), a)
			}
			return true
		})
	}
	ev.runAll(hs)
	for i := range hs {
		ev.addAll(hs[i].f, hs[i].found, a)
	}
	ev.aliasHolding(word, true, t.Holds, a)
}
