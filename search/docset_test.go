package search

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// drawSet draws a set as a sorted list and as bits, which may be longer than need be.
func drawSet(t *rapid.T, name string) ([]Doc, docset) {
	members := rapid.SliceOfDistinct(rapid.Custom(func(t *rapid.T) Doc { return Doc(rapid.IntRange(0, 400).Draw(t, "finding")) }), rapid.ID).Draw(t, name)
	slices.Sort(members)
	s := make(docset, rapid.IntRange(0, 3).Draw(t, name+" length"))
	for _, d := range members {
		s.put(d)
	}
	return members, s
}

func members(s docset) []Doc {
	ds := []Doc{}
	s.each(func(d Doc) bool {
		ds = append(ds, d)
		return true
	})
	return ds
}

// TestDocset holds each operation on bits to the same on lists, for sets of different lengths.
func TestDocset(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		as, a := drawSet(t, "a")
		bs, b := drawSet(t, "b")
		in := func(list []Doc) func(Doc) bool { return func(d Doc) bool { return slices.Contains(list, d) } }
		out := func(list []Doc) func(Doc) bool { return func(d Doc) bool { return !slices.Contains(list, d) } }
		keep := func(list []Doc, f func(Doc) bool) []Doc {
			return slices.DeleteFunc(slices.Clone(list), func(d Doc) bool { return !f(d) })
		}
		same := func(what string, got docset, want []Doc) {
			if !slices.Equal(members(got), want) {
				t.Fatalf("%v %s %v: %v, want %v", as, what, bs, members(got), want)
			}
		}
		both := slices.Clone(a)
		both.and(b)
		same("and", both, keep(as, in(bs)))
		less := slices.Clone(a)
		less.andNot(b)
		same("and not", less, keep(as, out(bs)))
		either := append(slices.Clone(a), make(docset, len(b))...)
		either.or(b)
		union := append(slices.Clone(as), keep(bs, out(as))...)
		slices.Sort(union)
		same("or", either, union)
		if got, want := a.countBoth(b), len(keep(as, in(bs))); got != want {
			t.Fatalf("%v and %v share %d, want %d", as, bs, got, want)
		}
		checkOne(t, as, a)
	})
}

// checkOne asks about a set alone.
func checkOne(t *rapid.T, list []Doc, s docset) {
	if s.count() != len(list) || s.empty() != (len(list) == 0) {
		t.Fatalf("%v: count %d, empty %v", list, s.count(), s.empty())
	}
	for n := 0; n <= len(list)+1; n++ {
		if got := s.atMost(n); got != (len(list) <= n) {
			t.Fatalf("%v has at most %d: %v", list, n, got)
		}
	}
	for d := range Doc(500) {
		if s.has(d) != slices.Contains(list, d) || s.word(int(d>>6))>>(d&63)&1 != 0 != s.has(d) {
			t.Fatalf("%v has %d: %v", list, d, s.has(d))
		}
	}
	if len(list) > 0 {
		seen := 0
		s.each(func(Doc) bool { seen++; return false })
		if seen != 1 {
			t.Fatalf("each went on %d times after it was told to stop", seen-1)
		}
		s.remove(list[0])
		s.remove(10_000) // beyond the end
		if !slices.Equal(members(s), list[1:]) {
			t.Fatalf("%v without the first: %v", list, members(s))
		}
	}
}

// TestSame holds that sets are one only if a change of one is a change of the other.
func TestSame(t *testing.T) {
	t.Parallel()
	a := make(docset, 2)
	if !a.same(a) || a.same(slices.Clone(a)) || a.same(a[:1]) || !docset(nil).same(docset{}) {
		t.Error("sets are confused with their copies")
	}
}
