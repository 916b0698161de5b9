package main

import (
	"errors"
	"fmt"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"pgregory.net/rapid"

	"github.com/findinghub/findinghub/asff"
)

// TestBatcherKeepsEverything: whatever the mix of callers and sizes, every finding
// leaves once, in its caller's order, within the API's bounds, and none is held back for long.
func TestBatcherKeepsEverything(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		left := map[string][]int{}
		var b *batcher
		b = newBatcher(func(full batch) error {
			if len(full.items) == 0 || len(full.items) > asff.MaxBatch || len(full.body()) > asff.MaxBatchSize {
				t.Fatalf("a batch of %d findings, %d bytes", len(full.items), len(full.body()))
			}
			if lag := b.read - full.first; lag > maxLag+lagInterval {
				t.Fatalf("a finding was held back while %d others were read", lag)
			}
			for _, it := range full.items {
				left[full.as.account] = append(left[full.as.account], it.index)
			}
			return nil
		})
		callers := rapid.IntRange(1, 300).Draw(t, "callers")
		size := rapid.SampledFrom([]int{10, 1000, 100_000}).Draw(t, "size")
		n := rapid.IntRange(0, 40_000_000/size/20).Draw(t, "n")
		raw := jsontext.Value(fmt.Sprintf("%0*d", size, 0))
		for i := range min(n, 25_000) {
			as := caller{account: fmt.Sprint(i * i % callers)}
			if err := b.add(as, item{index: i, raw: raw}); err != nil {
				t.Fatal(err)
			}
			if b.held > maxHeld {
				t.Fatalf("%d bytes are held back", b.held)
			}
		}
		if err := b.flush(); err != nil {
			t.Fatal(err)
		}
		total := 0
		for account, indexes := range left {
			for i := 1; i < len(indexes); i++ {
				if indexes[i] <= indexes[i-1] {
					t.Fatalf("account %s: finding %d after %d", account, indexes[i], indexes[i-1])
				}
			}
			total += len(indexes)
		}
		if total != min(n, 25_000) || b.held != 0 {
			t.Fatalf("%d findings left of %d, %d bytes held", total, n, b.held)
		}
	})
}

// TestBatcherDoesNotHoldBack: an account with one finding among many of another's gets
// its batch sent while the others are still coming.
func TestBatcherDoesNotHoldBack(t *testing.T) {
	t.Parallel()
	sentAt := -1
	var b *batcher
	b = newBatcher(func(full batch) error {
		if full.as.account == bob {
			sentAt = b.read
		}
		return nil
	})
	add := func(account string, i int) {
		if err := b.add(caller{account: account}, item{index: i, raw: jsontext.Value("{}")}); err != nil {
			t.Fatal(err)
		}
	}
	add(bob, 0)
	for i := range 2 * maxLag {
		add(alice, i+1)
	}
	if sentAt < 0 || sentAt > maxLag+lagInterval {
		t.Errorf("the finding was sent after %d others", sentAt)
	}
}

// TestBatcherBoundsMemory: many accounts with large findings are sent before their
// batches are full.
func TestBatcherBoundsMemory(t *testing.T) {
	t.Parallel()
	batches := 0
	b := newBatcher(func(batch) error { batches++; return nil })
	raw := jsontext.Value(`"` + string(make([]byte, 1<<20)) + `"`)
	for i := range 200 {
		if err := b.add(caller{account: fmt.Sprint(i)}, item{index: i, raw: raw}); err != nil {
			t.Fatal(err)
		}
		if b.held > maxHeld {
			t.Fatalf("%d bytes are held", b.held)
		}
	}
	if batches == 0 {
		t.Error("nothing was sent")
	}
}

// TestBatcherStops: an error of whoever takes the batches ends the reading.
func TestBatcherStops(t *testing.T) {
	t.Parallel()
	stopped := errors.New("stopped")
	b := newBatcher(func(batch) error { return stopped })
	var err error
	n := 0
	for ; err == nil && n < 1000; n++ {
		err = b.add(caller{account: alice}, item{index: n, raw: jsontext.Value("{}")})
	}
	if !errors.Is(err, stopped) || n != asff.MaxBatch {
		t.Errorf("after %d findings: %v", n, err)
	}
	_ = b.add(caller{account: alice}, item{raw: jsontext.Value("{}")})
	if err := b.flush(); !errors.Is(err, stopped) {
		t.Errorf("flush gives %v", err)
	}
}

// TestSourceAnswered: the mark only ever passes findings that are answered, whatever
// the order of the answers.
func TestSourceAnswered(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 100).Draw(t, "n")
		indexes := make([]int, n)
		for i := range indexes {
			indexes[i] = i
		}
		order := rapid.Permutation(indexes).Draw(t, "order")
		s, done := &source{}, map[int]bool{}
		for _, i := range order {
			s.answered(i, i%3 == 0)
			done[i] = true
			failed := 0
			for j := range s.acknowledged {
				if !done[j] {
					t.Fatalf("the mark is %d, but %d is not answered", s.acknowledged, j)
				}
				if j%3 == 0 {
					failed++
				}
			}
			if done[s.acknowledged] || failed != s.failed {
				t.Fatalf("the mark stays at %d with %d failed, want %d", s.acknowledged, s.failed, failed)
			}
		}
		if s.acknowledged != n || len(s.ahead) != 0 {
			t.Fatalf("the mark ends at %d of %d", s.acknowledged, n)
		}
	})
}

func TestReadAddress(t *testing.T) {
	t.Parallel()
	good := fakeFinding("a", alice, "eu-west-1", "x")
	for _, c := range []struct {
		raw    string
		region string
		want   caller
	}{
		{good, "", caller{alice, "eu-west-1"}},
		{good, "us-west-2", caller{alice, "us-west-2"}},
		{`{"AwsAccountId":"` + alice + `"}`, "", caller{alice, "us-east-1"}},
		{`{"AwsAccountId":"12","ProductArn":"nonsense"}`, "", caller{"", "us-east-1"}},
		{`{"AwsAccountId":111122223333,"ProductArn":["x"]}`, "", caller{"", "us-east-1"}},
		{`{"Title":{"AwsAccountId":"` + bob + `"},"AwsAccountId":"` + alice + `"}`, "", caller{alice, "us-east-1"}},
		{`[]`, "", caller{"", "us-east-1"}},
		{`null`, "", caller{"", "us-east-1"}},
	} {
		if got := readAddress(jsontext.Value(c.raw)).caller(c.region); got != c.want {
			t.Errorf("%s goes to %v, want %v", c.raw, got, c.want)
		}
	}
}

func TestThousands(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		if got := thousands(n); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
}
