package search

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestDict compares a dictionary with a map while texts come and are cleared away: with
// keys and without, held and not, with hashes that collide and chunks of a few texts.
func TestDict(t *testing.T) {
	t.Parallel()
	type entry struct {
		tag  uint32
		text string
	}
	rapid.Check(t, func(t *rapid.T) {
		l := tiny(t)
		d, want := newDict(&l), map[entry]uint32{}
		tagged := rapid.Bool().Draw(t, "tagged")
		if tagged {
			d.tags = make([]uint32, 1)
		}
		for range rapid.IntRange(1, 80).Draw(t, "steps") {
			e := entry{text: rapid.StringMatching(`[ab]{0,6}|long[ab]{30}`).Draw(t, "text")}
			if tagged {
				e.tag = uint32(rapid.IntRange(1, 3).Draw(t, "tag"))
			}
			h := d.hash(e.tag, []byte(e.text))
			id := d.find(h, e.tag, []byte(e.text))
			if id != want[e] {
				t.Fatalf("%v is number %d, want %d", e, id, want[e])
			}
			if id == 0 {
				want[e] = d.add(h, e.tag, []byte(e.text), true)
			}
			if rapid.IntRange(0, 20).Draw(t, "compact") == 0 {
				d.compact(func(id uint32) bool { return id%2 == 0 })
				for e, id := range want {
					if id%2 != 0 {
						delete(want, e)
					}
				}
			}
		}
		for e, id := range want {
			if string(d.of(id)) != e.text || !d.same(id, []byte(e.text)) || d.same(id, []byte(e.text+"a")) || d.same(0, nil) {
				t.Fatalf("number %d is %q, want %q", id, d.of(id), e.text)
			}
		}
		checkLaid(t, &d, len(want))
	})
}

// checkLaid holds that texts lie in the order in which the searches expect them.
func checkLaid(t *rapid.T, d *dict, texts int) {
	if len(d.laid) != texts {
		t.Fatalf("%d texts lie in chunks, want %d", len(d.laid), texts)
	}
	held := 0
	for i, id := range d.laid {
		held += int(d.texts[id].size)
		if i > 0 && d.texts[d.laid[i-1]].at > d.texts[id].at {
			t.Fatalf("text %d lies at %x, the one before at %x", i, d.texts[id].at, d.texts[d.laid[i-1]].at)
		}
	}
	for c := range d.chunks {
		for _, id := range d.laid[d.chunks[c].first:d.after(c)] {
			if int(d.texts[id].at>>16) != c {
				t.Fatalf("text %d is not in chunk %d", id, c)
			}
		}
	}
	if held != d.held {
		t.Fatalf("%d bytes held, want %d", d.held, held)
	}
}

// TestUnheld holds that a text which is not held is found by its hash, and that every
// text with that hash is taken for it.
func TestUnheld(t *testing.T) {
	t.Parallel()
	l := defaultLimits()
	d := newDict(&l)
	h := d.hash(0, []byte("a text"))
	id := d.add(h, 0, []byte("a text"), false)
	if d.texts[id].isHeld() || d.held != 0 || len(d.chunks) != 0 {
		t.Error("the text is held")
	}
	if got := d.find(h, 0, []byte("another that has the same hash")); got != id {
		t.Errorf("number %d, want %d", got, id)
	}
	if got := d.find(h^1, 0, []byte("a text")); got != 0 {
		t.Errorf("a hash that differs in its lower half finds number %d", got)
	}
	if got := d.find(h^1<<63, 0, []byte("a text")); got != 0 {
		t.Errorf("a hash that differs in its upper half finds number %d", got)
	}
}

// TestRoom holds that texts for which there is no place left are not held instead of
// overwriting others.
func TestRoom(t *testing.T) {
	t.Parallel()
	l := defaultLimits()
	d := newDict(&l)
	d.chunks = make([]chunk, maxChunks-1)
	id := d.add(d.hash(0, []byte("x")), 0, []byte("x"), true)
	if d.texts[id].isHeld() {
		t.Error("a text has a place beyond the last chunk")
	}
	if id := d.find(d.hash(0, []byte("x")), 0, []byte("x")); id == 0 {
		t.Error("it is not found by its hash")
	}
}

// TestCapacity holds that an attribute with one short text does not take a whole chunk.
func TestCapacity(t *testing.T) {
	t.Parallel()
	l := defaultLimits()
	d := newDict(&l)
	add := func(text string) { d.add(d.hash(0, []byte(text)), 0, []byte(text), true) }
	add("short")
	if n := d.bytes(); n > 1024 {
		t.Errorf("%d bytes for one text", n)
	}
	for i := range 10_000 {
		add(fmt.Sprintf("text %06d of many", i))
	}
	if n := d.bytes(); n > 10_000*(19+8+12*5/4+4*5/4+22) {
		t.Errorf("%d bytes for ten thousand texts of 19", n)
	}
	add(strings.Repeat("x", 3*chunkSize))
	add("after it")
	if got := d.of(d.laid[len(d.laid)-1]); string(got) != "after it" {
		t.Errorf("after a text larger than a chunk: %q", got)
	}
}

// TestUpTo holds the way from a place in a chunk to its text, with empty texts between.
func TestUpTo(t *testing.T) {
	t.Parallel()
	l := defaultLimits()
	f, _ := titles(&l, []string{"abc", "", "d", "efgh", "i", "j", "k", "l", "m", "n", "opq"})
	for at, want := range "abcdefghijklmnopq" {
		laid := f.upTo(f.laid, at)
		text := f.texts[laid[0]]
		if offset := at - int(text.at&offsetOf); offset < 0 || offset >= int(text.size) || rune(f.of(laid[0])[offset]) != want {
			t.Errorf("place %d is said to be in %q", at, f.of(laid[0]))
		}
		if !slices.Equal(f.upTo(laid, at), laid) {
			t.Errorf("place %d: going on from there drops more", at)
		}
	}
}
