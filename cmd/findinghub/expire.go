package main

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/findinghub/findinghub/hub"
)

// retentionFlags are how long findings are kept.
type retentionFlags struct {
	Retention         age `default:"0" placeholder:"AGE" help:"Delete findings whose last update is so long ago, such as 90d or 12h; 0 keeps them for ever."`
	ArchivedRetention age `default:"0" placeholder:"AGE" help:"The same for findings that are archived."`
}

// age is a length of time that may be said in days.
type age time.Duration

// maxAge is a hundred years.
const maxAge = 36_500 * 24 * time.Hour

// UnmarshalText reads 90d, or what time.ParseDuration does.
func (a *age) UnmarshalText(text []byte) error {
	d, err := parseAge(string(text))
	if err != nil || d < 0 || d > maxAge {
		return fmt.Errorf("%q is no length of time from 0 to 36500d, such as 90d or 12h", text)
	}
	*a = age(d)
	return nil
}

func parseAge(text string) (time.Duration, error) {
	days, ok := strings.CutSuffix(text, "d")
	if !ok {
		return time.ParseDuration(text)
	}
	n, err := strconv.ParseUint(days, 10, 16)
	return time.Duration(n) * 24 * time.Hour, err
}

// String gives days where they are whole.
func (a age) String() string {
	const day = 24 * time.Hour
	if d := time.Duration(a); d%day != 0 {
		return d.String()
	}
	return strconv.Itoa(int(time.Duration(a)/day)) + "d"
}

const (
	// expireEvery is how often findings are looked through for what has expired.
	expireEvery = time.Hour
	// expireLook is how often it is asked whether it is time for that: another process may have died.
	expireLook = 5 * time.Minute
	// expireRest is the pause after each step.
	expireRest = 100 * time.Millisecond
)

// expiry removes findings whose time is over, as long as the hub runs.
type expiry struct {
	hub   *hub.Hub
	limit hub.Retention
	wait  func(context.Context, time.Duration) error
	log   *slog.Logger
	gone  prometheus.Counter
}

// startExpiry begins the work, if there is any, and gives what ends it.
func (s *serving) startExpiry(ctx context.Context, h *hub.Hub, registry *prometheus.Registry) (stop func()) {
	gone := prometheus.NewCounter(prometheus.CounterOpts{
		Name: "findinghub_expired_total", Help: "Findings deleted because their time was over, by this process.",
	})
	registry.MustRegister(gone)
	if s.Retention == 0 && s.ArchivedRetention == 0 {
		return func() {}
	}
	wait := s.main.wait
	if wait == nil {
		wait = sleep
	}
	e := &expiry{
		hub: h, wait: wait, log: s.log, gone: gone,
		limit: hub.Retention{
			Active: time.Duration(s.Retention), Archived: time.Duration(s.ArchivedRetention),
			Rest: func(ctx context.Context) error { return wait(ctx, expireRest) },
		},
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		e.run(ctx)
	}()
	return func() { cancel(); <-ended }
}

// run makes passes until the context ends.
func (e *expiry) run(ctx context.Context) {
	for ctx.Err() == nil {
		if err := e.pass(ctx); err != nil && ctx.Err() == nil {
			e.log.Error("findings whose time is over could not be deleted", "error", err)
		}
		if e.wait(ctx, expireLook) != nil {
			return
		}
	}
}

// pass removes what has expired if it is time for that and no other process does.
func (e *expiry) pass(ctx context.Context) error {
	due, err := e.hub.ExpiryDue(ctx, expireEvery)
	if err != nil || !due {
		return err
	}
	n, err := e.hub.Expire(ctx, e.limit)
	e.gone.Add(float64(n))
	if n > 0 {
		e.log.Info("findings were deleted whose time was over", "findings", n)
	}
	return err
}
