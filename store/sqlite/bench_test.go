//go:build unix

package sqlite_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/findinghub/findinghub/asff"
	"github.com/findinghub/findinghub/bench"
	"github.com/findinghub/findinghub/events"
	"github.com/findinghub/findinghub/events/file"
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
	return openWith(tb, sqlite.Options{Dir: dir})
}

func openWith(tb testing.TB, o sqlite.Options) *sqlite.Engine {
	tb.Helper()
	e, err := sqlite.Open(context.Background(), o)
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
	before := processorTime(b)
	return func() {
		n := float64(b.N * findings)
		b.ReportMetric(n/b.Elapsed().Seconds(), "findings/s")
		b.ReportMetric(float64((processorTime(b)-before).Microseconds())/n, "cpu-µs/finding")
	}
}

func processorTime(tb testing.TB) time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
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

// BenchmarkEvents is what events cost an import: the same findings, new and again, into two engines by
// turns, of which one keeps events; told are those that a deliverer writes to a file and forgets meanwhile. It reports
// the ratios of the times and of the processor times; an operation is a finding in each. The turns are
// short, so that what else the machine does strikes both.
func BenchmarkEvents(b *testing.B) {
	all := fleet(b, 10_000)
	for _, c := range []struct {
		name        string
		again, told bool
	}{{"kept/new", false, false}, {"kept/again", true, false}, {"told/new", false, true}, {"told/again", true, true}} {
		b.Run(c.name, func(b *testing.B) {
			const stored, turn = 20_000, 5_000
			first := 0
			if c.again {
				first = stored
			}
			silent, telling := newTeller(b, all, false, false, first), newTeller(b, all, true, c.told, first)
			tellers := []*teller{silent, telling}
			b.ResetTimer()
			for from := 0; from < b.N; from += turn {
				// Who begins changes, as does what the other left to the disk to do.
				for i := range tellers {
					t := tellers[(i+from/turn)%2]
					if c.again {
						at := from % stored
						t.turn(b, all, at, at+min(turn, b.N-from), 1+from/stored)
					} else {
						t.turn(b, all, from, min(from+turn, b.N), 0)
					}
				}
			}
			b.ReportMetric(float64(telling.took)/float64(silent.took), "time-ratio")
			b.ReportMetric(float64(telling.used)/float64(silent.used), "cpu-ratio")
			b.ReportMetric(float64(silent.used.Microseconds())/float64(b.N), "cpu-µs/off")
			b.ReportMetric(float64(telling.used.Microseconds())/float64(b.N), "cpu-µs/on")
		})
	}
}

// teller is an engine, with a deliverer where its events are told, and what importing took.
type teller struct {
	engine     *sqlite.Engine
	deliverer  *events.Deliverer // nil where nobody is told
	took, used time.Duration
}

// newTeller opens an engine with some findings in it. The benchmark's end closes it.
func newTeller(b *testing.B, all []asff.Finding, keeps, tells bool, stored int) *teller {
	dir, bell := b.TempDir(), &events.Bell{}
	t := &teller{engine: openWith(b, sqlite.Options{Dir: dir, Events: keeps, OnCommit: func(sqlite.Commit) { bell.Ring() }})}
	b.Cleanup(func() { t.engine.Close() })
	if tells {
		t.deliver(b, bell, filepath.Join(dir, "events.jsonl"))
	}
	applyFleet(b, t.engine, all, 0, stored, 0)
	t.wait(b)
	return t
}

// deliver tells a file, as a hub does, but forgets at once.
func (t *teller) deliver(b *testing.B, bell *events.Bell, path string) {
	target := events.Target{
		Name: "lines", Batch: 1000, Timeout: 10 * time.Second, Gather: 100 * time.Millisecond,
		Retry: events.Retry{Attempts: 1, Min: time.Second, Max: time.Second},
		Open: func(context.Context) (events.Sender, error) {
			return file.Open(file.Settings{Path: path, MaxBytes: 100 << 20, Keep: 1})
		},
	}
	var err error
	t.deliverer, err = events.New(events.Options{
		Outbox: t.engine, Records: t.engine, Targets: []events.Target{target}, Holder: "benchmark", Bell: bell, Retention: time.Nanosecond,
		Now: time.Now, Chance: func() float64 { return 0 }, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- t.deliverer.Run(ctx) }()
	b.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			b.Error(err)
		}
	})
}

// turn imports some findings. What is told after the last answer counts as processor time and not as time.
func (t *teller) turn(b *testing.B, all []asff.Finding, from, to, round int) {
	start, cpu := time.Now(), processorTime(b)
	applyFleet(b, t.engine, all, from, to, round)
	t.took += time.Since(start)
	t.wait(b)
	t.used += processorTime(b) - cpu
}

// wait waits until everything is told.
func (t *teller) wait(b *testing.B) {
	for t.deliverer != nil {
		n, _, err := t.deliverer.Backlog(context.Background(), "lines")
		if err != nil {
			b.Fatal(err)
		}
		if n == 0 {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
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
