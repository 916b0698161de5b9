package events

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/finding"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

var mine = Selection{Accounts: []string{account}, Regions: []string{region}}

// reading collects what a stream emits, by event id.
type reading struct {
	ids     []string
	cursors []string
	err     error
	done    chan struct{}
}

func read(ctx context.Context, s *Stream, q StreamQuery) *reading {
	r := &reading{done: make(chan struct{})}
	go func() {
		defer close(r.done)
		r.err = s.Read(ctx, q, func(cursor string, event []byte) error {
			_, rest, _ := strings.Cut(string(event), `"id":"`)
			id, _, _ := strings.Cut(rest, `"`)
			r.ids, r.cursors = append(r.ids, id), append(r.cursors, cursor)
			return nil
		})
	}()
	return r
}

// A reader gets what comes from now on, as it comes, and can go on after any cursor.
func TestStream(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		s := &Stream{Outbox: process{world: w}, Bell: &Bell{}, Poll: time.Hour}
		var ids []string
		for range 100 {
			ids = append(ids, w.write(keyOf("f")))
		}
		ctx, cancel := context.WithCancel(t.Context())
		now := read(ctx, s, StreamQuery{Selection: mine})
		all := read(ctx, s, StreamQuery{Selection: mine, FromOldest: true})
		synctest.Wait()
		for range 100 {
			ids = append(ids, w.write(keyOf("f")))
			s.Bell.Ring()
			synctest.Wait()
		}
		if !slices.Equal(now.ids, ids[100:]) || !slices.Equal(all.ids, ids) {
			t.Errorf("read %v and %v", now.ids, all.ids)
		}
		again := read(ctx, s, StreamQuery{Selection: mine, After: all.cursors[150]})
		synctest.Wait()
		if !slices.Equal(again.ids, ids[151:]) {
			t.Errorf("after a cursor: %v", again.ids)
		}
		cancel()
		for _, r := range []*reading{now, all, again} {
			if <-r.done; !errors.Is(r.err, context.Canceled) {
				t.Errorf("error %v", r.err)
			}
		}
	})
}

// Without a bell a reader looks every now and then; of what it does not want it hears nothing.
func TestStreamSelects(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		ctx, cancel := context.WithCancel(t.Context())
		q := StreamQuery{Selection: mine}
		if err := q.Selection.SetFilters(jsontext.Value(`{"Id":[{"Value":"g","Comparison":"EQUALS"}]}`)); err != nil {
			t.Fatal(err)
		}
		r := read(ctx, &Stream{Outbox: process{world: w}}, q)
		synctest.Wait()
		other := keyOf("g")
		other.Account = "999999999999"
		elsewhere := finding.Key{Account: account, Region: "us-east-1", ID: "g"}
		for _, key := range []finding.Key{keyOf("f"), other, elsewhere} {
			w.write(key)
		}
		want := w.write(keyOf("g"))
		pass(2 * time.Second)
		cancel()
		<-r.done
		if !slices.Equal(r.ids, []string{want}) {
			t.Errorf("read %v, want %s", r.ids, want)
		}
	})
}

// A cursor whose event was trimmed goes on with the oldest.
func TestStreamTrimmed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		for range 10 {
			w.write(keyOf("f"))
		}
		w.trimmed = 5
		ctx, cancel := context.WithCancel(t.Context())
		r := read(ctx, &Stream{Outbox: process{world: w}}, StreamQuery{Selection: mine, After: w.events[1].Cursor})
		synctest.Wait()
		cancel()
		if <-r.done; len(r.ids) != 5 {
			t.Errorf("read %v", r.ids)
		}
	})
}

// What ends a stream is what its reader gets.
func TestStreamErrors(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.write(keyOf("f"))
	s := &Stream{Outbox: process{world: w}}
	gone := errors.New("the reader is gone")
	emit := func(string, []byte) error { return gone }
	if err := s.Read(t.Context(), StreamQuery{Selection: mine, FromOldest: true}, emit); !errors.Is(err, gone) {
		t.Errorf("error %v", err)
	}
	for _, open := range []Selection{{}, {Accounts: []string{account}}, {Regions: []string{region}}} {
		if err := s.Read(t.Context(), StreamQuery{Selection: open}, emit); findinghub.AsError(err).Code != findinghub.CodeInvalidInput {
			t.Errorf("a stream of everything: %v", err)
		}
	}
	s.Outbox = process{w, func(string) (before, after error) { return errDown, nil }}
	for _, oldest := range []bool{false, true} {
		if err := s.Read(t.Context(), StreamQuery{Selection: mine, FromOldest: oldest}, emit); !errors.Is(err, errDown) {
			t.Errorf("error %v", err)
		}
	}
}

// The metrics count what became of messages and tell the lag, whoever delivers.
func TestMetrics(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, refuse := newWorld(), &flag{}
		registry := prometheus.NewRegistry()
		r := picky(refuse, "f1")
		dead := targetOf("dead", &receiver{})
		dead.Open = func(context.Context) (Sender, error) { return nil, errDown }
		o := options(process{world: w}, "a", targetOf("t", r), dead)
		o.Registry = registry
		stop := start(deliverer(t, o))
		for i := range 4 {
			w.write(keyOf(fmt.Sprint("f", i)))
		}
		pass(100 * time.Millisecond)
		pass(10 * time.Second)
		stop()
		const want = `
# HELP findinghub_event_backlog Events that the target has not passed, wanted or not.
# TYPE findinghub_event_backlog gauge
findinghub_event_backlog{target="dead"} 4
findinghub_event_backlog{target="t"} 0
# HELP findinghub_event_dead_lettered_total Events that went to the dead letters.
# TYPE findinghub_event_dead_lettered_total counter
findinghub_event_dead_lettered_total{target="dead"} 0
findinghub_event_dead_lettered_total{target="t"} 1
# HELP findinghub_event_delivered_total Events that the target took.
# TYPE findinghub_event_delivered_total counter
findinghub_event_delivered_total{target="dead"} 0
findinghub_event_delivered_total{target="t"} 3
# HELP findinghub_event_lag_seconds Age of the oldest event that the target has not passed, 0 when there is none.
# TYPE findinghub_event_lag_seconds gauge
findinghub_event_lag_seconds{target="dead"} 10.1
findinghub_event_lag_seconds{target="t"} 0
`
		err := testutil.GatherAndCompare(registry, strings.NewReader(want), "findinghub_event_backlog", "findinghub_event_dead_lettered_total",
			"findinghub_event_delivered_total", "findinghub_event_lag_seconds")
		if err != nil {
			t.Error(err)
		}
	})
}

// A store that does not answer shows as a metric that cannot be had, not as a lag of zero.
func TestMetricsWithoutStore(t *testing.T) {
	t.Parallel()
	o := options(process{newWorld(), func(string) (before, after error) { return errDown, nil }}, "a", targetOf("t", nil))
	registry := prometheus.NewRegistry()
	o.Registry = registry
	deliverer(t, o)
	if _, err := registry.Gather(); err == nil {
		t.Error("no error")
	}
}
