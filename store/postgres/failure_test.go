package postgres_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
	"github.com/findinghub/findinghub/store/postgres"
	"github.com/findinghub/findinghub/store/postgres/pgtest"
)

// startServer starts a server of the test's own.
func startServer(t *testing.T, settings ...string) *pgtest.Server {
	t.Helper()
	s, err := pgtest.Start(context.Background(), t.TempDir(), settings...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

// load counts up findings through engines until it is stopped, and knows what was acknowledged.
type load struct {
	engines []*postgres.Engine
	acked   [4]atomic.Int32 // of own findings
	unknown [4]atomic.Int32 // calls that failed
	total   atomic.Int32
	stopped atomic.Bool
	work    sync.WaitGroup
}

func ownKey(w int) finding.Key { return keyOf(name("own-%d", w)) }

var sharedKey = keyOf("shared")

func startLoad(t *testing.T, engines ...*postgres.Engine) *load {
	l := &load{engines: engines}
	for w := range l.acked {
		l.work.Go(func() { l.write(t, w) })
	}
	return l
}

func (l *load) write(t *testing.T, w int) {
	e := l.engines[w%len(l.engines)]
	for !l.stopped.Load() {
		errs, err := e.Apply(context.Background(), []store.Mutation{count(ownKey(w)), count(sharedKey)})
		if err == nil {
			err = errors.Join(errs...)
		}
		var unavailable *findinghub.Error
		switch {
		case err == nil:
			l.acked[w].Add(1)
			l.total.Add(1)
		case errors.Is(err, finding.ErrConcurrentUpdate), errors.As(err, &unavailable) && unavailable.Code == findinghub.CodeUnavailable:
			l.unknown[w].Add(1)
		default:
			t.Errorf("Apply: %v", err)
			return
		}
	}
}

// await waits until so many more calls are acknowledged.
func (l *load) await(t *testing.T, more int32) {
	t.Helper()
	want := l.total.Load() + more
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for end := time.After(time.Minute); l.total.Load() < want && !t.Failed(); {
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("%d calls were acknowledged within a minute, want %d", l.total.Load(), want)
		}
	}
}

// check stops the load and wants everything that was acknowledged, nothing twice, and nothing half done.
func (l *load) check(t *testing.T, e *postgres.Engine) {
	t.Helper()
	l.stopped.Store(true)
	l.work.Wait()
	least, most := 0, 0
	for w := range l.acked {
		acked, unknown := int(l.acked[w].Load()), int(l.unknown[w].Load())
		checkCount(t, e, ownKey(w), acked, acked+unknown, true)
		least, most = least+acked, most+acked+unknown
	}
	checkCount(t, e, sharedKey, least, most, true)
	if err := e.Ready(context.Background()); err != nil {
		t.Errorf("after it is over: %v", err)
	}
}

// TestServerKilled: kill -9 of the server under load, several times, loses nothing that was acknowledged.
func TestServerKilled(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	o := postgres.Options{URL: s.URL("postgres"), Events: true, Patience: 30 * time.Second}
	a, b := openWith(t, o), openWith(t, o)
	l := startLoad(t, a, b)
	for range 3 {
		l.await(t, 40)
		if err := s.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := s.Restart(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	l.await(t, 20)
	l.check(t, b)
}

// TestServerStopped: a server that is shut down answers with words of its own; those are lost connections, too.
// While it is away the engine says so, and when it is back it works.
func TestServerStopped(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := startServer(t)
	e := openWith(t, postgres.Options{URL: s.URL("postgres"), Events: true, Patience: 300 * time.Millisecond})
	l := startLoad(t, e)
	l.await(t, 20)
	s.Stop()
	var unavailable *findinghub.Error
	if err := e.Ready(ctx); err == nil {
		t.Error("the engine is ready without a server")
	}
	if _, err := e.Get(ctx, []finding.Key{sharedKey}); !errors.As(err, &unavailable) || unavailable.Code != findinghub.CodeUnavailable {
		t.Errorf("Get without a server: %v", err)
	}
	if err := s.Restart(ctx); err != nil {
		t.Fatal(err)
	}
	l.await(t, 20)
	l.check(t, e)
}

// TestFailover: the primary dies under load and its synchronous standby takes over; who knows both goes on.
func TestFailover(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	primary := startServer(t)
	standby, err := primary.Standby(ctx, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(standby.Stop)
	conn := connect(t, primary.URL("postgres"))
	run(t, conn, "ALTER SYSTEM SET synchronous_standby_names = '*'")
	run(t, conn, "SELECT pg_reload_conf()")
	both := "postgres://postgres@127.0.0.1:" + primary.Port + ",127.0.0.1:" + standby.Port + "/postgres?sslmode=disable"
	e := openWith(t, postgres.Options{URL: both, Events: true, Patience: time.Minute})
	l := startLoad(t, e)
	l.await(t, 40)
	if err := primary.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := standby.Promote(ctx); err != nil {
		t.Fatal(err)
	}
	l.await(t, 40)
	l.check(t, e)
}

// TestAnswerLost: the network is cut when the answer to a commit passes. The transaction is done, and the call
// says so: once each. One connection that writes is enough to find that out, though it is the one that was lost.
func TestAnswerLost(t *testing.T) {
	t.Parallel()
	for _, o := range []postgres.Options{{}, {Writers: 1, Readers: 1}} {
		t.Run(fmt.Sprint(o.Writers), func(t *testing.T) {
			t.Parallel()
			answerLost(t, o)
		})
	}
}

func answerLost(t *testing.T, o postgres.Options) {
	t.Helper()
	var cuts atomic.Int32
	e := throughProxyWith(t, o, func(fromServer bool, data []byte) bool {
		if !fromServer || !bytes.Contains(data, []byte("COMMIT\x00")) || cuts.Load() >= 30 {
			return false
		}
		return cuts.Add(1)%2 == 1
	})
	for n := 1; n <= 25; n++ {
		apply(t, e, count(sharedKey))
		checkCount(t, e, sharedKey, n, n, true)
	}
	ctx := context.Background()
	for n := range 10 {
		if err := e.PutRecord(ctx, store.Record{Collection: "c", Name: name("%d", n)}, true); err != nil {
			t.Errorf("a record that is new: %v", err)
		}
	}
	if cuts.Load() < 30 {
		t.Errorf("only %d answers were looked at", cuts.Load())
	}
}

// TestNetworkCut: connections are cut at random places of both directions; every call succeeds, and counts once.
func TestNetworkCut(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	r := rand.New(rand.NewPCG(4, 4))
	var opened atomic.Bool
	e := throughProxy(t, func(bool, []byte) bool {
		mu.Lock()
		defer mu.Unlock()
		return opened.Load() && r.IntN(25) == 0
	})
	opened.Store(true)
	l := startLoad(t, e)
	l.await(t, 150)
	opened.Store(false)
	l.check(t, e)
	for w := range l.unknown {
		if n := l.unknown[w].Load(); n > 0 {
			t.Errorf("%d calls of writer %d failed", n, w)
		}
	}
}

// throughProxy opens an engine whose connections a test may cut.
func throughProxy(t *testing.T, cut func(fromServer bool, data []byte) bool) *postgres.Engine {
	t.Helper()
	return throughProxyWith(t, postgres.Options{}, cut)
}

func throughProxyWith(t *testing.T, o postgres.Options, cut func(fromServer bool, data []byte) bool) *postgres.Engine {
	t.Helper()
	u, err := url.Parse(pgtest.Database(t, t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	// The tables are made first, undisturbed.
	openWith(t, postgres.Options{URL: u.String()})
	p := pgtest.NewProxy(t, u.Port(), cut)
	o.URL, o.Events, o.Patience = p.URL(u.Path[1:]), true, 30*time.Second
	return openWith(t, o)
}

// TestNetworkSilent: a network that swallows everything does not hold a caller for ever.
func TestNetworkSilent(t *testing.T) {
	t.Parallel()
	silent := make(chan struct{})
	release := make(chan struct{})
	e := func() *postgres.Engine {
		u, err := url.Parse(pgtest.Database(t, t.TempDir()))
		if err != nil {
			t.Fatal(err)
		}
		p := pgtest.NewProxy(t, u.Port(), func(bool, []byte) bool {
			select {
			case <-silent:
				<-release
			default:
			}
			return false
		})
		return openWith(t, postgres.Options{URL: p.URL(u.Path[1:]), StatementTimeout: 2 * time.Second, ConnectTimeout: time.Second, Patience: time.Second})
	}()
	t.Cleanup(func() { close(release) })
	apply(t, e, count(sharedKey))
	close(silent)
	var unavailable *findinghub.Error
	if _, err := e.Get(context.Background(), []finding.Key{sharedKey}); !errors.As(err, &unavailable) {
		t.Errorf("Get: %v", err)
	}
	if _, err := e.Apply(context.Background(), []store.Mutation{count(sharedKey)}); !errors.As(err, &unavailable) {
		t.Errorf("Apply: %v", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	if _, err := e.Get(ctx, []finding.Key{sharedKey}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Get with a deadline: %v", err)
	}
}
