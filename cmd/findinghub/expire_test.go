package main

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/hub"
	"github.com/findinghub/findinghub/store"
	"github.com/findinghub/findinghub/store/memory"
)

// TestAge: days or what Go calls a duration, from 0 to a hundred years.
func TestAge(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"0": 0, "0d": 0, "90d": 90 * 24 * time.Hour, "12h": 12 * time.Hour, "1h30m": 90 * time.Minute, "36500d": maxAge,
	} {
		var a age
		if err := a.UnmarshalText([]byte(text)); err != nil || time.Duration(a) != want {
			t.Errorf("%q is %v, %v", text, a, err)
		}
		var again age
		if err := again.UnmarshalText([]byte(a.String())); err != nil || again != a {
			t.Errorf("%q prints as %q, which is %v, %v", text, a, again, err)
		}
	}
	for _, text := range []string{"", "d", "90", "-1d", "-1h", "1.5d", "36501d", "99999999999d", "90 d", "x", "1d12h", "900000h"} {
		r := program(t, "serve", "--retention="+text)
		r.wants(t, exitUsage, "--retention")
		r.oneLine(t)
	}
	program(t, "serve", "--archived-retention=9x").wants(t, exitUsage, "no length of time", "90d or 12h")
}

// TestServeExpires: a hub with a limit deletes what is older and says how many; one without deletes nothing.
func TestServeExpires(t *testing.T) {
	t.Parallel()
	dir := filledDir(t, 700)
	e := openDir(t, dir)
	young := wholeOf("young", "t")
	young.Stored.Finding.SetText("UpdatedAt", time.Now().UTC().Format(time.RFC3339))
	loadInto(t, e, young)
	closeDir(t, e)
	keeps := startHub(t, dir, "--archived-retention", "1d")
	if _, metrics := keeps.get(t, "/metrics"); !strings.Contains(metrics, "findinghub_expired_total 0") {
		t.Error("there is no metric")
	}
	if ids := exportIDs(t, keeps.url, alice); len(ids) != 701 {
		t.Errorf("%d findings are left without a limit", len(ids))
	}
	keeps.end()
	forget(t, dir)
	deletes := startHub(t, dir, "--retention", "1d")
	deletes.stderr.waitFor(t, "findings=700")
	if ids := exportIDs(t, deletes.url, alice); len(ids) != 1 || !ids["young"] {
		t.Errorf("%d findings are left", len(ids))
	}
	if _, metrics := deletes.get(t, "/metrics"); !strings.Contains(metrics, "findinghub_expired_total 700") {
		t.Error("the metric does not say 700")
	}
}

// forget lets the next pass be due at once.
func forget(t *testing.T, dir string) {
	t.Helper()
	e := openDir(t, dir)
	if err := e.DeleteRecord(context.Background(), "expiry", "", "", "expiry"); err != nil {
		t.Fatal(err)
	}
	closeDir(t, e)
}

// TestExpiryLoop: it looks every few minutes, makes a pass each hour, and goes on after a failure until its context ends.
func TestExpiryLoop(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	engine := &failing{Engine: memory.New()}
	h, err := hub.New(t.Context(), hub.Config{Store: engine, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	log := newLockedBuffer()
	ctx, cancel := context.WithCancel(t.Context())
	var waits []time.Duration
	e := &expiry{
		hub: h, log: slog.New(slog.NewTextHandler(log, nil)), gone: prometheus.NewCounter(prometheus.CounterOpts{Name: "x"}),
		limit: hub.Retention{Active: 90 * 24 * time.Hour},
	}
	e.wait = func(ctx context.Context, d time.Duration) error {
		waits = append(waits, d)
		now = now.Add(d)
		switch len(waits) {
		case 6:
			loadInto(t, engine.Engine, wholeOf("a", "t"), wholeOf("b", "t"))
		case 14:
			engine.err = errors.New("no disk")
		case 30:
			engine.err = nil
			loadInto(t, engine.Engine, wholeOf("c", "t"))
		case 50:
			cancel()
		}
		return ctx.Err()
	}
	e.run(ctx)
	if len(waits) != 50 || slices.Max(waits) != expireLook || slices.Min(waits) != expireLook {
		t.Errorf("it waited %v", waits)
	}
	if got := testutil.ToFloat64(e.gone); got != 3 {
		t.Errorf("%v findings were deleted, want 3", got)
	}
	if engine.scans < 4 || engine.scans > 12 {
		t.Errorf("the hubs were walked %d times in four hours", engine.scans)
	}
	if text := log.String(); strings.Count(text, "no disk") != 1 || strings.Count(text, "findings=2") != 1 {
		t.Errorf("the log is %s", text)
	}
}

// failing is an engine whose walk may fail.
type failing struct {
	store.Engine
	err   error
	scans int
}

func (f *failing) Scan(ctx context.Context, after *finding.Key, limit int) ([]store.Whole, error) {
	f.scans++
	if f.err != nil {
		return nil, f.err
	}
	return f.Engine.Scan(ctx, after, limit)
}

// TestExpiryEndsWithTheHub: a hub that stops does not wait for a pass.
func TestExpiryEndsWithTheHub(t *testing.T) {
	t.Parallel()
	dir := filledDir(t, 1200)
	h := startHub(t, dir, "--retention", "1d")
	if code := h.end(); code != exitOK {
		t.Errorf("exit code %d\n%s", code, h.stderr)
	}
	// What is left is whole.
	program(t, "backup", "-q", "--data-dir", dir, filepath.Join(t.TempDir(), "b")).wants(t, exitOK)
}
