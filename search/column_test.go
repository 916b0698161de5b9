package search

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestColumn compares a column with a map, and its ranges with looking at every value.
func TestColumn(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c, want := &column{}, map[Doc]int64{}
		value := rapid.SampledFrom([]int64{math.MinInt64, -1, 0, 1, 2, 3, 50, 51, math.MaxInt64})
		for range rapid.IntRange(1, 10).Draw(t, "steps") {
			from := Doc(rapid.IntRange(0, 3*blockSize).Draw(t, "from"))
			step := Doc(rapid.SampledFrom([]int{1, 2, 65}).Draw(t, "step"))
			n := Doc(rapid.SampledFrom([]int{1, 60, 5000}).Draw(t, "count"))
			v, gone := value.Draw(t, "value"), rapid.IntRange(0, 3).Draw(t, "clear") == 0
			for i := range n {
				d := from + i*step
				if gone {
					c.clear(d)
					delete(want, d)
				} else {
					c.set(d, v+int64(i%3))
					want[d] = v + int64(i%3)
				}
			}
		}
		for d := range Doc(5 * blockSize) {
			v, ok := c.get(d)
			if w, had := want[d]; v != w || ok != had {
				t.Fatalf("finding %d: %d, %v, want %d, %v", d, v, ok, w, had)
			}
		}
		lo, hi := value.Draw(t, "lo"), value.Draw(t, "hi")
		checkWithin(t, c, want, min(lo, hi), max(lo, hi))
	})
}

// checkWithin asks for every other finding.
func checkWithin(t *rapid.T, c *column, want map[Doc]int64, lo, hi int64) {
	words := 400_000 / 64
	set, got, expected := make(docset, words), make(docset, words), make(docset, words)
	for d := Doc(0); int(d) < 64*words; d += 2 {
		set.add(d)
	}
	for d, v := range want {
		if d%2 == 0 && lo <= v && v <= hi {
			expected.add(d)
		}
	}
	c.within(lo, hi, set, got)
	if !slices.Equal(got, expected) {
		t.Fatalf("[%d, %d]: %d findings, want %d", lo, hi, got.count(), expected.count())
	}
}

// TestColumnBounds holds that a block's bounds follow its values when those move on, as
// the times of findings do that are imported again and again.
func TestColumnBounds(t *testing.T) {
	t.Parallel()
	c := &column{}
	for round := range int64(3) {
		for d := range Doc(blockSize) {
			c.set(d, round*1_000_000+int64(d))
		}
	}
	b := c.blocks[0]
	if b.max != 2_000_000+blockSize-1 || b.min < 2_000_000-1_000_000+blockSize-2*maxLeft {
		t.Errorf("bounds %d and %d of values from 2000000 on", b.min, b.max)
	}
}

// TestOrderedFloat holds that the integers order like the numbers.
func TestOrderedFloat(t *testing.T) {
	t.Parallel()
	ascending := []float64{math.Inf(-1), -math.MaxFloat64, -2.5, -1, -math.SmallestNonzeroFloat64, 0, math.SmallestNonzeroFloat64, 0.1, 1, 9007199254740992, math.MaxFloat64, math.Inf(1)}
	for i, f := range ascending {
		if got := floatOf(orderedFloat(f)); got != f {
			t.Errorf("%g comes back as %g", f, got)
		}
		if i > 0 && orderedFloat(f) <= orderedFloat(ascending[i-1]) {
			t.Errorf("%g does not come after %g", f, ascending[i-1])
		}
	}
	if orderedFloat(math.Copysign(0, -1)) != orderedFloat(0) {
		t.Error("zeros differ")
	}
}

// TestIDColumn compares with a map, with numbers that widen blocks.
func TestIDColumn(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c, want := &idColumn{}, map[Doc]uint32{}
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			d := Doc(rapid.IntRange(0, 2*blockSize).Draw(t, "finding"))
			id := rapid.SampledFrom([]uint32{0, 1, 255, 256, 65535, 65536, 1 << 30}).Draw(t, "id")
			c.set(d, id)
			want[d] = id
			for d, id := range want {
				if got := c.get(d); got != id {
					t.Fatalf("finding %d: %d, want %d", d, got, id)
				}
			}
		}
		if got := c.get(5 * blockSize); got != 0 {
			t.Fatalf("beyond the end: %d", got)
		}
	})
}
