package bench

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/findinghub/findinghub/asff"
)

func TestGenerator(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	g, again := NewGenerator(1, 5_000, now), NewGenerator(1, 5_000, now)
	total := 0
	ids := map[string]bool{}
	for n := range 5_000 {
		f := g.Append(nil, n, 0)
		if string(f) != string(again.Append(nil, n, 0)) {
			t.Fatalf("finding %d differs between two generators of one seed", n)
		}
		if _, problems, err := new(asff.Validator).Check(f); err != nil || len(problems) > 0 {
			t.Fatalf("finding %d: %v %v", n, err, problems)
		}
		var v struct{ Id, AwsAccountId string }
		if err := json.Unmarshal(f, &v); err != nil {
			t.Fatalf("finding %d is not JSON: %v\n%s", n, err, f)
		}
		if ids[v.Id] {
			t.Fatalf("finding %d repeats the id %s", n, v.Id)
		}
		ids[v.Id] = true
		if v.AwsAccountId != g.AccountOf(n) {
			t.Fatalf("finding %d is of account %s, not %s", n, v.AwsAccountId, g.AccountOf(n))
		}
		total += len(f)
	}
	if mean := total / 5_000; mean < 3_500 || mean > 4_100 {
		t.Errorf("the mean size is %d bytes; the design's is 3,800", mean)
	}
}

func BenchmarkGenerator(b *testing.B) {
	g := NewGenerator(1, 1_000_000, time.Unix(1_800_000_000, 0))
	var buf []byte
	for n := 0; b.Loop(); n++ {
		buf = g.Append(buf[:0], n, 0)
	}
	b.SetBytes(int64(len(buf)))
}
