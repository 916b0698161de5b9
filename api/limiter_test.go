package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/hub"
	"github.com/findinghub/findinghub/store/memory"
)

// shedFor is how many requests a limiter has turned away for a reason.
func shedFor(l *limiter, reason string) int {
	return int(testutil.ToFloat64(l.shed.WithLabelValues(reason)))
}

// TestLimiter: so many are executed, so many wait, in order, and for so long; the others are refused at once.
func TestLimiter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(Limits{Requests: 2, Waiting: 3, Wait: time.Second}, prometheus.NewRegistry())
		var leaves []func()
		for range 2 {
			leave, err := l.enter(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			leaves = append(leaves, leave)
		}
		turns := make(chan int, 3)
		errs := make(chan error, 3)
		for i := range 3 {
			go func() {
				leave, err := l.enter(t.Context())
				if err != nil {
					errs <- err
					return
				}
				turns <- i
				_ = leave // it keeps its turn
			}()
			synctest.Wait()
		}
		began := time.Now()
		var public *findinghub.Error
		if _, err := l.enter(t.Context()); !errors.As(err, &public) || public.Code != findinghub.CodeUnavailable {
			t.Errorf("one too many: %v", err)
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("it was refused after %s", took)
		}
		for i, leave := range leaves {
			leave()
			if got := <-turns; got != i {
				t.Errorf("turn %d went to caller %d", i, got)
			}
		}
		if err := <-errs; time.Since(began) != time.Second {
			t.Errorf("the last waited for %s: %v", time.Since(began), err)
		}
		if full, late := shedFor(l, shedFull), shedFor(l, shedLate); full != 1 || late != 1 || l.waiting.Load() != 0 {
			t.Errorf("%d refused at once, %d late, %d wait", full, late, l.waiting.Load())
		}
	})
}

// TestLimiterGone: who leaves waits no longer, and takes no turn from others.
func TestLimiterGone(t *testing.T) {
	t.Parallel()
	l := newLimiter(Limits{Requests: 1, Waiting: 1, Wait: time.Hour}, prometheus.NewRegistry())
	leave, err := l.enter(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.enter(ctx); err == nil || shedFor(l, shedGone) != 1 {
		t.Errorf("who has gone gets %v", err)
	}
	leave()
	if leave, err = l.enter(t.Context()); err != nil {
		t.Fatal(err)
	}
	leave()
}

// TestLimiterOff: without limits nobody waits.
func TestLimiterOff(t *testing.T) {
	t.Parallel()
	l := newLimiter(Limits{}, prometheus.NewRegistry())
	for range 1000 {
		if _, err := l.enter(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// TestLimiterNeverMore: however many come, never more than the limit are executed, and every one is accounted for.
func TestLimiterNeverMore(t *testing.T) {
	t.Parallel()
	const requests, callers = 3, 50
	l := newLimiter(Limits{Requests: requests, Waiting: 5, Wait: time.Minute}, prometheus.NewRegistry())
	var executing, admitted, most atomic.Int64
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for range 100 {
				leave, err := l.enter(t.Context())
				if err != nil {
					continue
				}
				admitted.Add(1)
				for n := executing.Add(1); ; {
					if m := most.Load(); n <= m || most.CompareAndSwap(m, n) {
						break
					}
				}
				executing.Add(-1)
				leave()
			}
		})
	}
	wg.Wait()
	if n := most.Load(); n > requests || n == 0 {
		t.Errorf("%d were executed at once, want at most %d", n, requests)
	}
	if got := int(admitted.Load()) + shedFor(l, shedFull) + shedFor(l, shedLate); got != 100*callers {
		t.Errorf("%d of %d requests are accounted for", got, 100*callers)
	}
	if len(l.turns) != 0 || l.waiting.Load() != 0 {
		t.Errorf("%d turns are lost, %d wait", len(l.turns), l.waiting.Load())
	}
}

// busy is a hub whose only turn is taken by a request that sends its body slowly; end lets it finish.
func busy(t *testing.T) (s *httptest.Server, end func()) {
	t.Helper()
	h, err := hub.New(t.Context(), hub.Config{Store: memory.New(), Dev: true})
	if err != nil {
		t.Fatal(err)
	}
	registry := prometheus.NewRegistry()
	s = httptest.NewServer(New(Config{Hub: h, Registry: registry, Limits: Limits{Requests: 1}}))
	t.Cleanup(s.Close)
	body, in := io.Pipe()
	answered := make(chan error, 1)
	go func() {
		resp, err := s.Client().Post(s.URL+"/findings", "application/json", body)
		if err == nil {
			resp.Body.Close()
		}
		answered <- err
	}()
	// The hub takes the first byte when it has given the request its turn.
	if _, err := in.Write([]byte("{")); err != nil {
		t.Fatal(err)
	}
	for !strings.Contains(send(t, s, "GET", "/metrics", "").body, "findinghub_requests_executing 1\n") {
		continue // the request is on its way
	}
	return s, func() {
		t.Helper()
		_, _ = in.Write([]byte("}"))
		in.Close()
		if err := <-answered; err != nil {
			t.Error(err)
		}
	}
}

// TestTurnedAway: a hub that is busy says so in every protocol it speaks, still answers who watches it, and has not
// done what it turned away.
func TestTurnedAway(t *testing.T) {
	t.Parallel()
	s, end := busy(t)
	for _, r := range []reply{
		send(t, s, "POST", "/findings/import", `{"Findings":[`+good+`]}`),
		send(t, s, "POST", "/findings/import", strings.Repeat(" ", maxPass)), // its client sends all before it reads
		send(t, s, "POST", "/findings/import", strings.Repeat(" ", 3*maxPass)),
		send(t, s, "GET", "/no/such/path", ""),
		send(t, s, "POST", "/events/dead-letters", "{}"),
	} {
		if r.status != http.StatusServiceUnavailable || r.code != findinghub.CodeUnavailable || r.header.Get("Retry-After") == "" || r.header.Get("X-Amzn-Errortype") != r.code {
			t.Errorf("got %d %s %v", r.status, r.body, r.header)
		}
	}
	if r := send(t, s, "POST", "/", "Action=GetCallerIdentity&Version=2011-06-15"); r.status != http.StatusServiceUnavailable || !strings.Contains(r.body, "<Code>ServiceUnavailable</Code>") || r.header.Get("Retry-After") == "" {
		t.Errorf("the token service: %d %s", r.status, r.body)
	}
	for _, path := range []string{"/healthz", "/readyz", "/metrics"} {
		if r := send(t, s, "GET", path, ""); r.status != http.StatusOK {
			t.Errorf("%s: %d", path, r.status)
		}
	}
	if r := send(t, s, "GET", "/events", ""); r.status != http.StatusNotImplemented {
		t.Errorf("a stream waits for its turn: %d %s", r.status, r.body)
	}
	end()
	if r := send(t, s, "POST", "/findings", "{}"); r.status != http.StatusOK || strings.Contains(r.body, `"Id"`) {
		t.Errorf("afterwards: %d %s", r.status, r.body)
	}
	text := send(t, s, "GET", "/metrics", "").body
	for _, line := range []string{`findinghub_requests_shed_total{reason="late"} 0`, `findinghub_requests_shed_total{reason="full"} 6`, "findinghub_requests_executing 0"} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("the metrics lack %s", line)
		}
	}
}
