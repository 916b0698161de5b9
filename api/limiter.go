package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/findinghub/findinghub"
	"github.com/prometheus/client_golang/prometheus"
)

// Limits bound what a hub has under way, so that more load than it can take costs those who are turned away an
// answer, and nobody else anything. The zero value bounds nothing.
type Limits struct {
	// Requests is how many are executed at once, 0 for any number. One counts from before its body is
	// read until its answer is written, so that the memory of bodies and answers is bounded, too.
	Requests int
	// Waiting is how many more wait for their turn, first come first served; their bodies are not read yet.
	Waiting int
	// Wait is how long one waits at most. 0 is no time at all.
	Wait time.Duration
}

// limiter keeps the limits.
type limiter struct {
	Limits
	turns   chan struct{} // has a value for each request that is executed; nil without a bound
	waiting atomic.Int64
	shed    *prometheus.CounterVec
}

// Why requests are turned away.
const (
	shedFull = "full" // as many wait as may
	shedLate = "late" // its turn did not come in time
	shedGone = "gone" // its client left
)

// newLimiter makes a limiter and registers its metrics.
func newLimiter(l Limits, r *prometheus.Registry) *limiter {
	lim := &limiter{Limits: l, shed: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "findinghub_requests_shed_total", Help: "Requests that were turned away unread: too many waited, or it took too long.",
	}, []string{"reason"})}
	if l.Requests > 0 {
		lim.turns = make(chan struct{}, l.Requests)
	}
	for _, reason := range []string{shedFull, shedLate, shedGone} {
		lim.shed.WithLabelValues(reason)
	}
	r.MustRegister(lim.shed,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "findinghub_requests_executing", Help: "Requests that are executed at the moment."},
			func() float64 { return float64(len(lim.turns)) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "findinghub_requests_waiting", Help: "Requests that wait for their turn."},
			func() float64 { return float64(lim.waiting.Load()) }))
	return lim
}

// enter waits for a request's turn; leave ends it and must be called. The error is for the caller.
func (l *limiter) enter(ctx context.Context) (leave func(), err error) {
	if l.turns == nil {
		return func() {}, nil
	}
	select {
	case l.turns <- struct{}{}:
		return l.leave, nil
	default:
	}
	if l.waiting.Add(1) > int64(l.Waiting) {
		l.waiting.Add(-1)
		return nil, l.refuse(shedFull)
	}
	defer l.waiting.Add(-1)
	timer := time.NewTimer(l.Wait)
	defer timer.Stop()
	select {
	case l.turns <- struct{}{}:
		return l.leave, nil
	case <-timer.C:
		return nil, l.refuse(shedLate)
	case <-ctx.Done():
		return nil, l.refuse(shedGone)
	}
}

func (l *limiter) leave() { <-l.turns }

// refuse counts a request that is turned away.
func (l *limiter) refuse(reason string) error {
	l.shed.WithLabelValues(reason).Inc()
	return &findinghub.Error{Code: findinghub.CodeUnavailable, Message: "The hub has too many requests under way; try again later", Err: errShed}
}

// errShed is the cause of errors of requests that were turned away.
var errShed = errors.New("too many requests")

// turnAway answers a request that was not admitted. It is neither in the record of calls, because nothing was asked of
// the hub yet, nor in the log: what overload costs must not grow with the overload.
func (h *handler) turnAway(c *call, w http.ResponseWriter, r *http.Request, err error) {
	pass(w, r)
	w.Header().Set("Retry-After", "1")
	if c.sts {
		h.writeSTSError(c, w, err)
	} else {
		h.writeError(w, err)
	}
}

// The bounds of what is read, and thrown away, of the body of a request that is turned away.
const (
	maxPass  = 1 << 20
	passTime = 5 * time.Second
)

// pass lets a body pass by, without keeping it: clients that send theirs before they read the answer would else see a broken
// connection. It is not done for the largest, nor for the slow.
func pass(w http.ResponseWriter, r *http.Request) {
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(after(passTime))
	defer func() { _ = control.SetReadDeadline(time.Time{}) }()
	if r.Header.Get("Expect") == "" && r.ContentLength <= maxPass {
		_, _ = io.CopyN(io.Discard, r.Body, maxPass)
	}
}
