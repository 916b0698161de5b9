package postgres

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/findinghub/findinghub/asff"
	"github.com/findinghub/findinghub/bench"
	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
	"github.com/findinghub/findinghub/store/postgres/pgtest"
)

// perCall is how many findings a call of a benchmark imports: as many as a request takes.
const perCall = 100

// generated makes the findings of one request.
func generated(b testing.TB, g *bench.Generator, call, round int) []finding.Stored {
	all := make([]finding.Stored, perCall)
	for i := range all {
		f, err := asff.Parse(g.Append(nil, call*perCall+i, round))
		if err != nil {
			b.Fatal(err)
		}
		f.SetText("Region", bench.Region)
		all[i] = finding.Stored{Finding: f, CreatedTime: time.Unix(1, 0)}
	}
	return all
}

func newGenerator() *bench.Generator {
	return bench.NewGenerator(1, 1_000_000, time.Date(2024, 5, 6, 0, 0, 0, 0, time.UTC))
}

func openForBench(b *testing.B, events bool) *Engine {
	e, err := Open(context.Background(), Options{URL: pgtest.Database(b, b.TempDir()), Events: events})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = e.Close() })
	return e
}

func mutations(all []finding.Stored) []store.Mutation {
	ms := make([]store.Mutation, len(all))
	for i, s := range all {
		ms[i] = store.Mutation{Key: s.Key(), Apply: func(*finding.Stored) (finding.Outcome, error) {
			return finding.Outcome{Changed: true, Stored: s}, nil
		}}
	}
	return ms
}

// BenchmarkImport measures the engine with new findings, BenchmarkBare a batch of pgx that writes the same rows.
func BenchmarkImport(b *testing.B) {
	for _, events := range []bool{false, true} {
		b.Run(fmt.Sprintf("events=%t", events), func(b *testing.B) {
			e, g := openForBench(b, events), newGenerator()
			for call := 0; b.Loop(); call++ {
				b.StopTimer()
				ms := mutations(generated(b, g, call, 0))
				b.StartTimer()
				errs, err := e.Apply(context.Background(), ms)
				if err = errors.Join(append(errs, err)...); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N*perCall)/b.Elapsed().Seconds(), "findings/s")
		})
	}
}

// BenchmarkReimport measures findings that are there.
func BenchmarkReimport(b *testing.B) {
	e, g := openForBench(b, false), newGenerator()
	const calls = 50
	for call := range calls {
		if _, err := e.Apply(context.Background(), mutations(generated(b, g, call, 0))); err != nil {
			b.Fatal(err)
		}
	}
	for n := 0; b.Loop(); n++ {
		b.StopTimer()
		ms := mutations(generated(b, g, n%calls, 1+n/calls))
		b.StartTimer()
		if _, err := e.Apply(context.Background(), ms); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*perCall)/b.Elapsed().Seconds(), "findings/s")
}

const bareInsert = `INSERT INTO finding (account, region, place, ` + rowColumns + `)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)
ON CONFLICT (account, region, place) DO UPDATE SET (` + rowColumns + `) = ROW(excluded.revision, excluded.severity, excluded.workflow, excluded.record_state,
  excluded.compliance, excluded.product_name, excluded.title, excluded.created, excluded.updated,
  excluded.first_observed, excluded.last_observed, excluded.normalized, excluded.confidence, excluded.criticality,
  excluded.odd, excluded.body, excluded.types, excluded.resources, excluded.resource_types, excluded.terms)`

func BenchmarkBare(b *testing.B) {
	for _, again := range []bool{false, true} {
		b.Run(fmt.Sprintf("again=%t", again), func(b *testing.B) { bare(b, again) })
	}
}

func bare(b *testing.B, again bool) {
	e, g := openForBench(b, false), newGenerator()
	conn, err := e.writers.Acquire(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Release()
	send := func(call, round int) {
		b.StopTimer()
		batch := &pgx.Batch{}
		for _, s := range generated(b, g, call, round) {
			k := s.Key()
			r := e.codec.newRow(k, &s, 1, newDigester(hubOf(k)))
			batch.Queue(bareInsert, k.Account, k.Region, r.place, r.revision, r.severity, r.texts[0], r.texts[1], r.texts[2], r.texts[3], r.texts[4],
				r.dates[0], r.dates[1], r.dates[2], r.dates[3], r.numbers[0], r.numbers[1], r.numbers[2], r.odd, r.body,
				flat(r.lists[0]), flat(r.lists[1]), flat(r.lists[2]), r.terms)
		}
		b.StartTimer()
		if err := conn.SendBatch(context.Background(), batch).Close(); err != nil {
			b.Fatal(err)
		}
	}
	const calls = 50
	if again {
		for call := range calls {
			send(call, 0)
		}
	}
	for n := 0; b.Loop(); n++ {
		if again {
			send(n%calls, 1+n/calls)
		} else {
			send(n, 0)
		}
	}
	b.ReportMetric(float64(b.N*perCall)/b.Elapsed().Seconds(), "findings/s")
}
