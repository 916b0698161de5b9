//go:build unix

package sqlite_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/findinghub/findinghub/asff"
	"github.com/findinghub/findinghub/bench"
	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
	"github.com/findinghub/findinghub/store/sqlite"
)

const batch = 100

var source = finding.Source{Type: finding.SourceImport, Identity: "arn:aws:securityhub:us-east-1::product/aws/securityhub"}

// fleet is parsed findings of the benchmarks' generator, as an import would store them.
func fleet(tb testing.TB, n int) []asff.Finding {
	g := bench.NewGenerator(1, 1_000_000, time.Date(2024, 5, 6, 0, 0, 0, 0, time.UTC))
	all := make([]asff.Finding, n)
	for i := range all {
		f, err := asff.Parse(g.Append(nil, i, 0))
		if err != nil {
			tb.Fatal(err)
		}
		f.SetText("Region", "us-east-1")
		all[i] = f
	}
	return all
}

// imported is the mutation that stores finding n of an endless fleet; round tells re-imports apart.
func imported(fleet []asff.Finding, n, round int) store.Mutation {
	f := fleet[n%len(fleet)].Clone()
	f.SetText("Id", fmt.Sprintf("%s/%d", f.Text("Id"), n))
	when := time.Date(2024, 5, 6, 0, 0, round, 0, time.UTC)
	f.SetText("UpdatedAt", when.Format(time.RFC3339))
	s := finding.Stored{Finding: f, CreatedTime: when, CreatedBy: source}
	return store.Mutation{Key: s.Key(), Apply: func(old *finding.Stored) (finding.Outcome, error) {
		out := finding.Outcome{Changed: true, Stored: s}
		if old != nil {
			out.Change = &finding.Change{Time: when, Source: source, Updates: []finding.FieldUpdate{
				{Field: "UpdatedAt", Old: old.Finding.Text("UpdatedAt"), New: f.Text("UpdatedAt")}, {Field: "Compliance.Status", Old: "PASSED", New: "FAILED"},
			}}
		}
		return out, nil
	}}
}

func open(tb testing.TB, dir string) *sqlite.Engine {
	tb.Helper()
	e, err := sqlite.Open(context.Background(), sqlite.Options{Dir: dir})
	if err != nil {
		tb.Fatal(err)
	}
	return e
}

// applyFleet stores findings from..to in batches, four at a time.
func applyFleet(tb testing.TB, e store.Engine, fleet []asff.Finding, from, to, round int) {
	var next atomic.Int64
	next.Store(int64(from))
	var writers sync.WaitGroup
	for range 4 {
		writers.Go(func() {
			ms := make([]store.Mutation, 0, batch)
			for {
				first := int(next.Add(batch)) - batch
				if first >= to {
					return
				}
				ms = ms[:0]
				for n := first; n < min(first+batch, to); n++ {
					ms = append(ms, imported(fleet, n, round))
				}
				if _, err := e.Apply(context.Background(), ms); err != nil {
					tb.Error(err)
					return
				}
			}
		})
	}
	writers.Wait()
}

// measure is told how many findings an operation is about. It gives what reports findings per second, and the processor time of each, which
// says more on a machine that others use too.
func measure(b *testing.B, findings int) (report func()) {
	cpu := func() time.Duration {
		var u unix.Rusage
		if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	before := cpu()
	return func() {
		n := float64(b.N * findings)
		b.ReportMetric(n/b.Elapsed().Seconds(), "findings/s")
		b.ReportMetric(float64((cpu()-before).Microseconds())/n, "cpu-µs/finding")
	}
}

// BenchmarkApplyNew stores new findings; an operation is one finding.
func BenchmarkApplyNew(b *testing.B) {
	all := fleet(b, 10_000)
	e := open(b, b.TempDir())
	defer e.Close()
	b.ResetTimer()
	report := measure(b, 1)
	applyFleet(b, e, all, 0, b.N, 0)
	report()
}

// BenchmarkApplyAgain imports stored findings anew, in another order than they lie in.
func BenchmarkApplyAgain(b *testing.B) {
	all := fleet(b, 10_000)
	e := open(b, b.TempDir())
	defer e.Close()
	const stored = 50_000
	applyFleet(b, e, all, 0, stored, 0)
	b.ResetTimer()
	report := measure(b, 1)
	for done, round := 0, 1; done < b.N; done, round = done+stored, round+1 {
		applyFleet(b, e, all, 0, min(stored, b.N-done), round)
	}
	report()
}

// BenchmarkOpen opens a database of 50,000 findings.
func BenchmarkOpen(b *testing.B) {
	all := fleet(b, 10_000)
	dir := b.TempDir()
	e := open(b, dir)
	const stored = 50_000
	applyFleet(b, e, all, 0, stored, 0)
	e.Close()
	b.ResetTimer()
	report := measure(b, stored)
	for range b.N {
		open(b, dir).Close()
	}
	report()
}
