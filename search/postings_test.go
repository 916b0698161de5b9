package search

import (
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestPostings compares lists with sets while findings come and go, in ranges that make
// them blocks, slices and bitmaps, and turn one into another.
func TestPostings(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := newPostings()
		lists := []list{noDocs, noDocs, noDocs}
		want := []map[Doc]bool{{}, {}, {}}
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			i := rapid.IntRange(0, 2).Draw(t, "list")
			from := Doc(rapid.IntRange(0, 70_000).Draw(t, "from"))
			step := Doc(rapid.SampledFrom([]int{1, 3, 40}).Draw(t, "step"))
			add := rapid.IntRange(0, 3).Draw(t, "add") > 0
			for d := from; d < from+step*Doc(rapid.SampledFrom([]int{1, 2, 70, 700}).Draw(t, "count")); d += step {
				if add {
					lists[i] = p.add(lists[i], d)
					want[i][d] = true
				} else {
					lists[i] = p.remove(lists[i], d)
					delete(want[i], d)
				}
			}
			for i := range lists {
				checkList(t, p, lists[i], want[i])
			}
		}
	})
}

func checkList(t *rapid.T, p *postings, l list, want map[Doc]bool) {
	var got []Doc
	p.each(l, func(d Doc) { got = append(got, d) })
	sorted := slices.Sorted(maps.Keys(want))
	if !slices.Equal(got, sorted) {
		t.Fatalf("list %x: %v, want %v", l, got, sorted)
	}
	set := make(docset, 200_000/64)
	p.orInto(l, set)
	if p.count(l) != len(want) || set.count() != len(want) || p.countIn(l, set) != len(want) || p.atMost(l) < len(want) {
		t.Fatalf("list %x: count %d, set %d, in set %d, at most %d, want %d", l, p.count(l), set.count(), p.countIn(l, set), p.atMost(l), len(want))
	}
	if len(want) > 0 {
		set.remove(got[0])
		if p.countIn(l, set) != len(want)-1 {
			t.Fatalf("countIn counts what the set has not")
		}
	}
}

// TestPostingsForm holds that a list takes the form that is small for it.
func TestPostingsForm(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name       string
		step, n    Doc
		bits, many bool
	}{
		{name: "one finding", step: 1, n: 1},
		{name: "few", step: 1000, n: maxFew},
		{name: "many that are far apart", step: 1000, n: 1000, many: true},
		{name: "many next to each other", step: 1, n: 1000, many: true, bits: true},
	}
	for _, c := range cases {
		p, l := newPostings(), noDocs
		for i := range c.n {
			l = p.add(l, i*c.step)
		}
		if got := l>>kindShift == kindMany; got != c.many {
			t.Errorf("%s: many %v, want %v", c.name, got, c.many)
		} else if got && (p.many[l&listMask].bits != nil) != c.bits {
			t.Errorf("%s: bitmap %v, want %v", c.name, !c.bits, c.bits)
		}
		for i := range c.n {
			l = p.remove(l, i*c.step)
		}
		if l != noDocs {
			t.Errorf("%s: list %x after all have gone", c.name, l)
		}
	}
}

// TestPostingsReuse holds that blocks and slices are used again: churn must not grow memory.
func TestPostingsReuse(t *testing.T) {
	t.Parallel()
	p := newPostings()
	churn := func() {
		l := noDocs
		for i := range Doc(300) {
			l = p.add(l, i*50)
		}
		for i := range Doc(300) {
			l = p.remove(l, i*50)
		}
	}
	churn()
	before := p.bytes()
	for range 1000 {
		churn()
	}
	if after := p.bytes(); after > before {
		t.Errorf("%d bytes after churn, %d before", after, before)
	}
}
