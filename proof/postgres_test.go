package proof

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/findinghub/findinghub/store/postgres/pgtest"
)

// server starts a PostgreSQL server that a test may break.
func server(t *testing.T) *pgtest.Server {
	t.Helper()
	s, err := pgtest.Start(context.Background(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

// pair is two hubs on one database.
func pair(t *testing.T, url string) []*process {
	t.Helper()
	var hubs []*process
	for range 2 {
		hubs = append(hubs, start(t, append(onDatabase(t, url), "--event-stream")...))
	}
	return hubs
}

// loadWhile lets owners write through both hubs while something breaks and is mended, and until each of them has had so
// many more batches acknowledged.
func loadWhile(l *ledger, hubs []*process, more int64, trouble func()) {
	var mended atomic.Bool
	done := make(chan struct{})
	go func() {
		defer close(done)
		trouble()
		mended.Store(true)
	}()
	var after atomic.Int64
	l.load(func(owner int) *process { return hubs[owner%2] }, func(results []outcome) bool {
		if mended.Load() && slices.Contains(results, applied) {
			after.Add(1)
		}
		return mended.Load() && after.Load() >= more
	})
	<-done
}

// acknowledge waits until so many more writes are acknowledged.
func (l *ledger) acknowledge(t testing.TB, more int64) {
	target := l.acknowledged.Load() + more
	await(t, "the load", func() bool { return l.acknowledged.Load() >= target })
}

// settle ends the hubs, waits until the database is quiet and checks everything with a new hub, after which it goes on with a new pair.
func settle(t *testing.T, l *ledger, hubs []*process, direct, url string) []*process {
	t.Helper()
	for _, p := range hubs {
		p.stop(t)
	}
	pgtest.Alone(t, direct)
	hubs = pair(t, url)
	l.check(t, hubs[1], true)
	if t.Failed() {
		t.FailNow()
	}
	return hubs
}

// TestServerKilled: the database server is killed and started again under load.
func TestServerKilled(t *testing.T) {
	t.Parallel()
	s := server(t)
	url := s.URL("postgres")
	hubs := pair(t, url)
	l := newLedger(31, 4)
	random := rand.New(rand.NewPCG(31, 37))
	n := rounds(1, 50)
	for range n {
		loadWhile(l, hubs, 10, func() {
			l.acknowledge(t, int64(random.IntN(30)))
			if err := s.Kill(); err != nil {
				t.Error(err)
			}
			if err := s.Restart(context.Background()); err != nil {
				t.Error(err)
			}
		})
		hubs = settle(t, l, hubs, url, url)
	}
	l.report(t, n)
}

// TestFailover: the primary is killed under load and its synchronous standby promoted; hubs that know both go on.
func TestFailover(t *testing.T) {
	t.Parallel()
	l := newLedger(41, 4)
	n := rounds(1, 20)
	for round := range n {
		primary := server(t)
		standby, err := primary.Standby(context.Background(), t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(standby.Stop)
		pgtest.Exec(t, primary.URL("postgres"), "ALTER SYSTEM SET synchronous_standby_names = '*'", "SELECT pg_reload_conf()")
		both := "postgres://postgres@127.0.0.1:" + primary.Port + ",127.0.0.1:" + standby.Port + "/postgres?sslmode=disable"
		one := newLedger(uint64(43+round), 4)
		hubs := pair(t, both)
		loadWhile(one, hubs, 10, func() {
			one.acknowledge(t, 40)
			if err := primary.Kill(); err != nil {
				t.Error(err)
			}
			if err := standby.Promote(context.Background()); err != nil {
				t.Error(err)
			}
		})
		for _, p := range settle(t, one, hubs, standby.URL("postgres"), both) {
			p.stop(t)
		}
		standby.Stop()
		l.acknowledged.Add(one.acknowledged.Load())
		l.lost.Add(one.lost.Load())
	}
	l.report(t, n)
}

// network is what happens between hubs and the database.
type network struct {
	random  atomic.Pointer[rand.Rand]
	trouble atomic.Int32 // one in so many pieces is cut or held up; 0 is none
	slow    bool
	turn    chan struct{}
}

// pass is a proxy's cut: it says whether the connection is cut at this piece, and holds up pieces of a slow network.
func (n *network) pass(bool, []byte) bool {
	one := n.trouble.Load()
	if one == 0 {
		return false
	}
	n.turn <- struct{}{}
	hit := n.random.Load().IntN(int(one)) == 0
	pause := time.Duration(n.random.Load().IntN(30)) * time.Millisecond
	<-n.turn
	if hit && n.slow {
		<-time.After(pause) // what the test is about: a piece that arrives late
	}
	return hit && !n.slow
}

// TestNetwork: the network between two hubs and their database is cut at random places, or slow.
func TestNetwork(t *testing.T) {
	t.Parallel()
	for name, n := range map[string]*network{"cut": {}, "slow": {slow: true}} {
		n.turn = make(chan struct{}, 1)
		n.random.Store(rand.New(rand.NewPCG(47, 53)))
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := server(t)
			proxy := pgtest.NewProxy(t, s.Port, n.pass)
			l := newLedger(59, 4)
			hubs := pair(t, proxy.URL("postgres"))
			rounds := rounds(1, 30)
			for range rounds {
				loadWhile(l, hubs, 1, func() {
					n.trouble.Store(20)
					l.acknowledge(t, 60)
					if !n.slow {
						proxy.CutAll()
					}
					n.trouble.Store(0)
				})
				hubs = settle(t, l, hubs, s.URL("postgres"), proxy.URL("postgres"))
			}
			l.report(t, rounds)
		})
	}
}
