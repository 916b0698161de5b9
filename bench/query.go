package bench

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"time"

	"github.com/findinghub/findinghub/asff"
	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/store"
	"github.com/findinghub/findinghub/store/sqlite"
)

// asked is how often each shape is asked; percentiles are over these.
const asked = 40

// querying opens the store that importing left, weighs the index and times each shape,
// beside PostgreSQL where that is to be had. Both are asked by a client in the same
// machine that takes whole findings; the hub's engine is in process, as in the hub.
func (b *Bench) querying(ctx context.Context) error {
	before := heap()
	e, err := sqlite.Open(ctx, sqlite.Options{Dir: b.dataDir(), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	defer e.Close()
	stats, err := e.Stats(ctx)
	if err != nil {
		return err
	}
	b.row("memory", fmt.Sprintf("heap per finding at %d", stats.Findings), fmt.Sprintf("%d B", (heap()-before)/int64(stats.Findings)), "", "")
	var pg *postgres
	if b.wants("postgres") {
		if pg, err = b.startPostgres(ctx); err != nil {
			b.logf("SKIP postgres: %v", err)
			b.row("query", "PostgreSQL side by side", "", "skipped: "+err.Error(), "")
			pg = nil
		} else {
			defer pg.stop()
		}
	}
	for _, s := range shapes() {
		t, err := b.time(ctx, e, pg, s)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		row := []string{"query", t.what(), percentiles("", t.hub), "", ""}
		if len(t.peer) > 0 {
			row[3] = percentiles("PostgreSQL ", t.peer)
			row[4] = fmt.Sprintf("%.1f", percentile(t.peer, 50)/percentile(t.hub, 50))
		}
		b.row(row...)
	}
	return nil
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// times are what a shape took on both sides, in milliseconds.
type times struct {
	shape     string
	hub, peer []float64 // peer is empty where it was not asked
	found     []float64
}

// what is the shape with how much it found.
func (t *times) what() string { return fmt.Sprintf("%s (%.0f found)", t.shape, median(t.found)) }

func percentiles(who string, ms []float64) string {
	return fmt.Sprintf("%sp50 %.2f / p95 %.2f ms", who, percentile(ms, 50), percentile(ms, 95))
}

// time asks one shape of both sides in turn.
func (b *Bench) time(ctx context.Context, e store.Engine, pg *postgres, s shape) (*times, error) {
	t := &times{shape: s.name}
	for i := range asked + 2 {
		q := s.ask(b.sample(i))
		ms, n, err := b.askHub(ctx, e, s, q)
		if err != nil {
			return nil, err
		}
		t.found = append(t.found, float64(n))
		if i >= 2 { // the first two warm both sides up
			t.hub = append(t.hub, ms)
		}
		if pg == nil || q.sql == "" {
			continue
		}
		if ms, err = pg.ask(ctx, s, q); err != nil {
			return nil, err
		}
		if i >= 2 {
			t.peer = append(t.peer, ms)
		}
	}
	return t, nil
}

// sample picks a stored finding, another for every i.
func (b *Bench) sample(i int) sample {
	n := (i*7_919*101 + 13) % (b.Size - (b.Rounds+1)*slice)
	f, err := asff.Parse(NewGenerator(1, b.Size, b.Now).Append(nil, n, 0))
	if err != nil {
		panic("bench: the generator writes JSON: " + err.Error())
	}
	return sample{n: n, now: b.Now, f: f, vs: filter.Extract(f, nil)}
}

// walk pages to where a shape is asked from, once for each engine: its filters do not change.
func (b *Bench) walk(ctx context.Context, e store.Engine, s shape, q store.Query) (*store.Cursor, error) {
	if b.walked.engine != e || b.walked.shape != s.name {
		b.walked.engine, b.walked.shape, b.walked.to = e, s.name, nil
		for range s.page {
			q.After = b.walked.to
			p, err := e.Find(ctx, q)
			if err != nil {
				return nil, err
			}
			b.walked.to = p.Next
		}
	}
	return b.walked.to, nil
}

// askHub gives the milliseconds that a question takes and how many findings, or groups,
// the answer has.
func (b *Bench) askHub(ctx context.Context, e store.Engine, s shape, q question) (ms float64, n int, err error) {
	expr, err := filter.Parse([]byte(q.filters), filter.Options{Now: b.Now})
	if err != nil {
		return 0, 0, err
	}
	scope := store.Scope{Accounts: q.accounts, Regions: []string{Region}}
	if scope.Accounts == nil {
		for i := range Accounts {
			scope.Accounts = append(scope.Accounts, Account(i))
		}
	}
	sort, err := filter.ParseSort(nil)
	if err != nil {
		return 0, 0, err
	}
	query := store.Query{Scope: scope, Filter: filter.Simplify(expr), Sort: sort, Limit: 100}
	if query.After, err = b.walk(ctx, e, s, query); err != nil {
		return 0, 0, err
	}
	begin := time.Now()
	for _, by := range s.group {
		buckets, err := e.GroupBy(ctx, scope, query.Filter, by, s.limit)
		if err != nil {
			return 0, 0, err
		}
		n += len(buckets)
	}
	if s.group == nil {
		page, err := e.Find(ctx, query)
		if err != nil {
			return 0, 0, err
		}
		n = len(page.Findings)
	}
	return float64(time.Since(begin).Microseconds()) / 1000, n, nil
}
