package search

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/findinghub/findinghub/filter"
	"pgregory.net/rapid"
)

// titles makes a field with texts that finding 0 has; ids are their numbers.
func titles(l *limits, texts []string) (f *field, ids []uint32) {
	f = newField(filter.Title, newPostings(), l)
	for _, text := range texts {
		id := f.intern(nil, []byte(text), 0)
		f.post(id, 0)
		ids = append(ids, id)
	}
	return f, ids
}

// awkward texts are each other's prefixes, hold zeros and letters of several bytes.
var awkward = rapid.SliceOf(rapid.OneOf(
	rapid.StringMatching(`[ab\x00é]{0,20}`),
	rapid.StringMatching(`arn:aws:(ec2|s3):{1,3}[0-9a]{0,30}`),
	rapid.SampledFrom([]string{"", "\x00", "a", "Kelvin \u212a", "ÉTÉ", "\xff\xfe", strings.Repeat("long ", 60)}),
))

// TestOrdered holds the order of texts to that of their bytes, when it is made and when
// texts are added, and the places to the order.
func TestOrdered(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		l := tiny(t)
		f, _ := titles(&l, awkward.Draw(t, "texts"))
		for range 3 {
			s := f.ordered()
			for i, id := range s.perm {
				if i > 0 && (bytes.Compare(f.of(s.perm[i-1]), f.of(id)) >= 0 || s.places[s.perm[i-1]] >= s.places[id]) {
					t.Fatalf("%q (place %d) before %q (%d)", f.of(s.perm[i-1]), s.places[s.perm[i-1]], f.of(id), s.places[id])
				}
			}
			if len(s.perm) != len(f.texts)-1 {
				t.Fatalf("%d texts in order, want %d", len(s.perm), len(f.texts)-1)
			}
			checkPlace(t, f, s, rapid.String().Draw(t, "any"))
			for _, text := range awkward.Draw(t, "more") {
				f.intern(nil, []byte(text), 0)
			}
		}
	})
}

// checkPlace holds that a text which the field may not have compares with those it has.
func checkPlace(t *rapid.T, f *field, s *sorted, text string) {
	place := f.placeOf(s, []byte(text))
	for _, id := range s.perm {
		if got, want := compareUint(place, s.places[id]), strings.Compare(text, string(f.of(id))); got != want {
			t.Fatalf("%q and %q compare as %d, want %d", text, f.of(id), got, want)
		}
	}
}

func compareUint(a, b uint64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// TestOrderedAtEnd adds texts at the end until the gaps there are used up.
func TestOrderedAtEnd(t *testing.T) {
	t.Parallel()
	l := defaultLimits()
	f, _ := titles(&l, []string{"a"})
	for i := range 200 {
		f.intern(nil, fmt.Appendf(nil, "b%04d", i), 0)
		s := f.ordered()
		if last := s.perm[len(s.perm)-1]; s.places[last] > lastPlace || s.places[last] <= s.places[s.perm[len(s.perm)-2]] {
			t.Fatalf("text %d: place %d after %d", i, s.places[last], s.places[s.perm[len(s.perm)-2]])
		}
	}
}

// TestOrderedMany sorts more texts than are compared whole, most of which agree in more
// than the eight bytes that are looked at together.
func TestOrderedMany(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	var texts []string
	for range 5000 {
		text := fmt.Sprintf("arn:aws:ec2:us-east-1:%d:instance/i-%0*x", r.IntN(3), 1+r.IntN(12), r.IntN(1<<20))
		texts = append(texts, text[:r.IntN(len(text))+1], text+"\x00")
	}
	l := defaultLimits()
	f, _ := titles(&l, texts)
	slices.Sort(texts)
	texts = slices.Compact(texts)
	for i, id := range f.ordered().perm {
		if string(f.of(id)) != texts[i] {
			t.Fatalf("text %d is %q, want %q", i, f.of(id), texts[i])
		}
	}
}

// TestContaining holds the search for a word to bytes.Contains, with and without case.
func TestContaining(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		l := tiny(t)
		f, _ := titles(&l, awkward.Draw(t, "texts"))
		word := rapid.OneOf(rapid.StringMatching(`[ab:é]{0,4}`), rapid.SampledFrom([]string{"arn", "ARN", "aws:", "long long", "\x00", "k"})).Draw(t, "word")
		fold := rapid.Bool().Draw(t, "fold")
		if fold {
			word = strings.Map(func(r rune) rune { return rune(folded[byte(r)]) }, strings.ToValidUTF8(word, ""))
		}
		ev := (&Index{limits: l}).evaluator()
		got := ev.containing(f, word, fold)
		slices.Sort(got)
		var want []uint32
		for _, id := range f.laid {
			text := slices.Clone(f.of(id))
			for i := range text {
				if fold {
					text[i] = folded[text[i]]
				}
			}
			if bytes.Contains(text, []byte(word)) {
				want = append(want, id)
			}
		}
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Fatalf("%q, fold %v: %d texts, want %d", word, fold, len(got), len(want))
		}
	})
}

// TestGrams searches texts that fill several chunks of full size, each with its filter,
// for words at their ends and middles, and one that is nowhere.
func TestGrams(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	var texts []string
	for i := range 4000 {
		texts = append(texts, fmt.Sprintf("Finding %08x of Run-%d", r.Uint32(), i))
	}
	texts = append(texts, strings.Repeat("oversize ", 20_000)+"tail")
	l := defaultLimits()
	f, ids := titles(&l, texts)
	filtered := 0
	for _, c := range f.chunks {
		if c.grams != nil {
			filtered++
		}
	}
	if filtered < 2 {
		t.Fatalf("%d chunks have filters", filtered)
	}
	ev := (&Index{limits: l}).evaluator()
	for i, text := range texts {
		if i%100 != 0 && i < 4000 {
			continue
		}
		for _, part := range []string{text, text[len(text)-4:], text[8:16]} {
			if !slices.Contains(ev.containing(f, part, false), ids[i]) || !slices.Contains(ev.containing(f, strings.ToLower(part), true), ids[i]) {
				t.Fatalf("%q is not found in text %d", part, i)
			}
		}
	}
	if hs := hunts(nil, f, newNeedle(&f.dict, []byte("cryptominer"), true)); len(hs) > 1 {
		t.Errorf("%d chunks of %d may have a word that none has", len(hs), len(f.chunks))
	}
}

// TestCompact holds that texts nobody has any more leave the memory, and that those in
// use keep their numbers and are found.
func TestCompact(t *testing.T) {
	t.Parallel()
	l := defaultLimits()
	l.minDead = 10
	f := newField(filter.ResourceId, newPostings(), &l)
	keep := f.intern(nil, []byte("kept"), 0)
	f.post(keep, 7)
	most := int64(0)
	for i := range 100_000 {
		id := f.intern(nil, fmt.Appendf(nil, "resource that goes %d", i), 0)
		f.post(id, 1)
		f.unpost(id, 1)
		f.tidy()
		most = max(most, f.bytes())
	}
	if most > 64<<10 {
		t.Errorf("%d bytes for texts of which one is in use", most)
	}
	if got := f.lookup(nil, []byte("kept")); got != keep || string(f.of(got)) != "kept" {
		t.Errorf("number %d, want %d", got, keep)
	}
	if got := f.lookup(nil, []byte("resource that goes 5")); got != 0 {
		t.Errorf("a text that has gone is number %d", got)
	}
}

// TestCompactKeys holds that a map's keys leave the memory with their values, and that
// the others stay what they were.
func TestCompactKeys(t *testing.T) {
	t.Parallel()
	l := defaultLimits()
	l.minDead = 10
	f := newField(filter.ResourceTags, newPostings(), &l)
	keep := f.intern([]byte("team"), []byte("blue"), 0)
	f.post(keep, 7)
	most := int64(0)
	for i := range 50_000 {
		id := f.intern(fmt.Appendf(nil, "key that goes %d", i), []byte("blue"), 0)
		f.post(id, 1)
		f.unpost(id, 1)
		f.tidy()
		most = max(most, f.bytes())
	}
	if most > 64<<10 {
		t.Errorf("%d bytes for keys of which one is in use", most)
	}
	if got := f.lookup([]byte("team"), []byte("blue")); got != keep {
		t.Errorf("number %d, want %d", got, keep)
	}
	if again := f.intern([]byte("new"), []byte("blue"), 0); again == keep || f.lookup([]byte("new"), []byte("blue")) != again {
		t.Errorf("a new key's value is number %d", again)
	}
}

// TestBudget holds that long text beyond the memory for it is not held, and what is
// short, or no free text, always is.
func TestBudget(t *testing.T) {
	t.Parallel()
	l := defaultLimits()
	l.freeText, l.freeTextPerFinding, l.short = 10_000, 0, 10
	p := newPostings()
	text, tags, title := newField(filter.Description, p, &l), newField(filter.ResourceTags, p, &l), newField(filter.Title, p, &l)
	for i := range 1000 {
		long := fmt.Appendf(nil, "%0100d", i)
		text.intern(nil, long, 0)
		title.intern(nil, long, 0)
		tags.intern([]byte("greedy"), long, 0)
	}
	if text.held > 10_000 || text.held < 9_000 {
		t.Errorf("Description holds %d bytes", text.held)
	}
	if title.held != 100_000 {
		t.Errorf("Title holds %d bytes", title.held)
	}
	if tags.held > 5_100 {
		t.Errorf("one key holds %d bytes", tags.held)
	}
	id := tags.intern([]byte("modest"), []byte("a value that is long"), 0)
	short := text.intern(nil, []byte("short"), 0)
	if !tags.texts[id].isHeld() || !text.texts[short].isHeld() {
		t.Error("the value of a key that has little, or a short text, is not held")
	}
}
