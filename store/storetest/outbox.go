package storetest

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/findinghub/findinghub/asff"
	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
)

var outboxChecks = map[string]func(*testing.T, Opener){
	"Events":          eventsOfChanges,
	"EventsOff":       eventsOff,
	"EventPages":      eventPages,
	"EventPagesEnd":   eventPagesEnd,
	"EventTimes":      eventTimes,
	"EventCursors":    eventCursors,
	"EventsTrimmed":   eventsTrimmed,
	"EventsFollowed":  eventsFollowed,
	"EventsWhileTrim": eventsWhileTrimmed,
}

// readEvents reads all events after a cursor in pages of limit.
func readEvents(t testing.TB, e store.Engine, after string, limit int) (all []store.Event) {
	t.Helper()
	for {
		page, err := e.Events(context.Background(), after, limit)
		if err != nil {
			t.Fatalf("Events: %v", err)
		}
		if len(page) > limit || len(all) > 100_000 {
			t.Fatalf("Events: %d events, limit %d, after %d", len(page), limit, len(all))
		}
		all = append(all, page...)
		if len(page) == 0 {
			return all
		}
		after = page[len(page)-1].Cursor
	}
}

// eventCounter reads the counter of an event's finding, -1 when it has none that can be read.
func eventCounter(t testing.TB, ev store.Event) int {
	t.Helper()
	f, err := asff.ParseStored(slices.Clone(ev.Finding))
	if err != nil {
		t.Errorf("the event of %s is not a finding: %v", ev.Key.ID, err)
		return -1
	}
	s := finding.Stored{Finding: f}
	if s.Key() != ev.Key {
		t.Errorf("the event of %v has the finding %v", ev.Key, s.Key())
	}
	return counter(&s)
}

// told writes events as "id:counter", for comparing.
func told(t testing.TB, events []store.Event) (list []string) {
	t.Helper()
	for _, ev := range events {
		list = append(list, fmt.Sprint(ev.Key.ID, ":", eventCounter(t, ev)))
	}
	return list
}

// checkTold wants these events after a cursor, and that all that is asked about them agrees.
func checkTold(t *testing.T, e store.Engine, after string, want ...string) []store.Event {
	t.Helper()
	ctx := context.Background()
	events := readEvents(t, e, after, 3)
	if got := told(t, events); !slices.Equal(got, want) {
		t.Errorf("the events tell %v, want %v", got, want)
	}
	n, oldest, err := e.Backlog(ctx, after)
	if err != nil || n != len(events) || n > 0 && !oldest.Equal(events[0].Time) || n == 0 && !oldest.IsZero() {
		t.Errorf("the backlog of %d events is %d, the oldest of %v, %v", len(events), n, oldest, err)
	}
	for i := range len(events) + 1 {
		var want store.Event
		if i < len(events) {
			want = events[i]
		}
		if cursor, at, err := e.EventAt(ctx, after, i+1); err != nil || cursor != want.Cursor || !at.Equal(want.Time) {
			t.Errorf("event %d is at %q, of %v, %v; want %q, of %v", i+1, cursor, at, err, want.Cursor, want.Time)
		}
	}
	if last, err := e.LastEvent(ctx); err != nil || len(events) > 0 && last != events[len(events)-1].Cursor {
		t.Errorf("the last event is %q, %v", last, err)
	}
	return events
}

// eventsOfChanges: one for each mutation that changed something, as it left the finding, in
// order; none for others; no two with one ID or cursor, and all the same after opening again.
func eventsOfChanges(t *testing.T, open Opener) {
	e, dir := startAt(t, open, events)
	checkTold(t, e, "")
	a, b := keyOf("a"), keyOf("b")
	unchanged := store.Mutation{Key: a, Apply: func(*finding.Stored) (finding.Outcome, error) {
		return finding.Outcome{Stored: created(sample(a, "Title", `"other"`))}, nil
	}}
	wrong := put(sample(b))
	wrong.Key = a
	panics := store.Mutation{Key: b, Apply: func(*finding.Stored) (finding.Outcome, error) { panic("a mutation of the test suite") }}
	errs, err := e.Apply(context.Background(), []store.Mutation{
		increment(a), put(sample(a)), unchanged, increment(a), failing(a, finding.ErrDuplicate),
		put(sample(b)), increment(a), panics, wrong, increment(b), unchanged,
	})
	if err != nil || errs[1] != nil || errs[3] != nil || errs[5] != nil || errs[6] != nil || errs[9] != nil {
		t.Fatalf("Apply: %v, %v", errs, err)
	}
	// What one call does to several findings is at one moment; the order holds for each finding.
	first := readEvents(t, e, "", 100)
	for id, want := range map[string][]string{"a": {"a:0", "a:1", "a:2"}, "b": {"b:0", "b:1"}} {
		of := slices.DeleteFunc(told(t, first), func(s string) bool { return s[:1] != id })
		if !slices.Equal(of, want) || len(first) != 5 {
			t.Errorf("the events of %s among %d tell %v, want %v", id, len(first), of, want)
		}
	}
	apply(t, e, unchanged)
	apply(t, e, increment(a))
	apply(t, e, put(sample(b)), increment(b))
	if len(first) == 0 {
		t.Fatal("no events")
	}
	checkTold(t, e, first[len(first)-1].Cursor, "a:3", "b:0", "b:1")
	all := readEvents(t, e, "", 100)
	checkNames(t, all)
	for range 2 {
		e = reopen(t, open, e, dir, events)
		sameEvents(t, readEvents(t, e, "", 2), all)
	}
	apply(t, e, increment(a))
	checkTold(t, e, all[len(all)-1].Cursor, "a:4")
	checkNames(t, readEvents(t, e, "", 100))
}

var uuid = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

// checkNames wants UUIDs and cursors, all different.
func checkNames(t *testing.T, events []store.Event) {
	t.Helper()
	seen := map[string]bool{"": true}
	for _, ev := range events {
		if !uuid.MatchString(ev.ID) || seen[ev.ID] || seen[ev.Cursor] {
			t.Errorf("an event has the ID %q and the cursor %q", ev.ID, ev.Cursor)
		}
		seen[ev.ID], seen[ev.Cursor] = true, true
	}
}

// sameEvents compares all of them.
func sameEvents(t *testing.T, got, want []store.Event) {
	t.Helper()
	same := slices.EqualFunc(got, want, func(a, b store.Event) bool {
		return a.Cursor == b.Cursor && a.ID == b.ID && a.Key == b.Key && a.Time.Equal(b.Time) && string(a.Finding) == string(b.Finding)
	})
	if !same {
		t.Errorf("the events are %v, want %v", got, want)
	}
}

// eventsOff: an engine opened without events makes none, nor forgets those that are there.
func eventsOff(t *testing.T, open Opener) {
	e, dir := startAt(t, open)
	apply(t, e, put(sample(keyOf("a"))), increment(keyOf("a")))
	checkTold(t, e, "")
	e = reopen(t, open, e, dir, events)
	checkTold(t, e, "")
	apply(t, e, increment(keyOf("a")))
	checkTold(t, e, "", "a:2")
	e = reopen(t, open, e, dir)
	apply(t, e, increment(keyOf("a")))
	before := checkTold(t, e, "", "a:2")
	e = reopen(t, open, e, dir, events)
	apply(t, e, increment(keyOf("a")))
	checkTold(t, e, "", "a:2", "a:4")
	checkTold(t, e, before[0].Cursor, "a:4")
}

// eventPages: pages of every size give the same, also while others wait behind them.
func eventPages(t *testing.T, open Opener) {
	e := start(t, open, events)
	const changes = 23
	apply(t, e, put(sample(keyOf("a"))))
	for range changes - 1 {
		apply(t, e, increment(keyOf("a")))
	}
	all := readEvents(t, e, "", 1000)
	if len(all) != changes {
		t.Fatalf("%d events, want %d", len(all), changes)
	}
	for limit := 1; limit <= changes+1; limit++ {
		sameEvents(t, readEvents(t, e, "", limit), all)
	}
	for i, ev := range all {
		sameEvents(t, readEvents(t, e, ev.Cursor, 7), all[i+1:])
		if n, _, err := e.Backlog(context.Background(), ev.Cursor); err != nil || n != changes-1-i {
			t.Errorf("the backlog after event %d is %d, %v", i, n, err)
		}
	}
	page, err := e.Events(context.Background(), "", changes)
	if err != nil {
		t.Fatal(err)
	}
	for i, ev := range page {
		if n := len(ev.Space); n > 0 && (cap(ev.Space) < n+len(ev.Finding) || &ev.Space[:n+1][n] != &ev.Finding[0]) {
			t.Errorf("the space of event %d is not before its finding", i)
		}
		clear(ev.Space[:cap(ev.Space)]) // the caller's, as is the finding
		clear(ev.Finding)
		for _, other := range page[i+1:] {
			if eventCounter(t, other) < 0 {
				t.Fatalf("event %d has its memory with another", i)
			}
		}
	}
	sameEvents(t, readEvents(t, e, "", 1000), all)
}

// eventTimes: see store.EventTime.
func eventTimes(t *testing.T, open Opener) {
	e := start(t, open, events)
	a := keyOf("a")
	quiet := func(f asff.Finding) store.Mutation {
		return store.Mutation{Key: a, Apply: func(old *finding.Stored) (finding.Outcome, error) {
			s := *old
			s.Finding = f
			return finding.Outcome{Changed: true, Stored: s}, nil
		}}
	}
	apply(t, e, put(sample(a)), increment(a), quiet(sample(a, "ProcessedAt", `"2024-06-07T08:09:10.123Z"`)),
		quiet(sample(a, "ProcessedAt", `"soon"`)), quiet(sample(a, "ProcessedAt", `7`)), quiet(sample(a)))
	want := []time.Time{epoch, epoch.Add(time.Minute), time.Date(2024, 6, 7, 8, 9, 10, 123e6, time.UTC), epoch, epoch, epoch}
	for i, ev := range readEvents(t, e, "", 100) {
		if i >= len(want) || !ev.Time.Equal(want[i]) {
			t.Errorf("event %d is of %v, want %v", i, ev.Time, want)
		}
	}
}

// eventCursors: what no event had is refused, by every call, and forgets nothing.
func eventCursors(t *testing.T, open Opener) {
	ctx := context.Background()
	e := start(t, open, events)
	apply(t, e, put(sample(keyOf("a"))))
	for _, cursor := range []string{"nonsense", "0", "-1", "1.5", " 1", "99999999999999999999999999", "'; DROP TABLE events"} {
		_, err := e.Events(ctx, cursor, 1)
		_, _, berr := e.Backlog(ctx, cursor)
		_, _, aerr := e.EventAt(ctx, cursor, 1)
		_, terr := e.TrimEvents(ctx, cursor, 1)
		if !errors.Is(err, store.ErrCursor) || !errors.Is(berr, store.ErrCursor) || !errors.Is(aerr, store.ErrCursor) || !errors.Is(terr, store.ErrCursor) {
			t.Errorf("the cursor %q: %v, %v, %v, %v", cursor, err, berr, aerr, terr)
		}
	}
	checkTold(t, e, "", "a:0")
}

// eventsTrimmed: the oldest go first, no more than asked for; cursors from before go on with
// what is left, also after opening again, and when nothing is left.
func eventsTrimmed(t *testing.T, open Opener) {
	ctx := context.Background()
	e, dir := startAt(t, open, events)
	a := keyOf("a")
	trim := func(upTo string, limit, want int) {
		t.Helper()
		if n, err := e.TrimEvents(ctx, upTo, limit); err != nil || n != want {
			t.Errorf("trimmed %d, %v; want %d", n, err, want)
		}
	}
	apply(t, e, put(sample(a)), increment(a), increment(a), increment(a), increment(a))
	all := checkTold(t, e, "", "a:0", "a:1", "a:2", "a:3", "a:4")
	trim("", 10, 0)
	trim(all[2].Cursor, 2, 2)
	checkTold(t, e, "", "a:2", "a:3", "a:4")
	trim(all[2].Cursor, 2, 1)
	trim(all[2].Cursor, 2, 0)
	trim(all[0].Cursor, 2, 0)
	for range 2 {
		checkTold(t, e, "", "a:3", "a:4")
		checkTold(t, e, all[0].Cursor, "a:3", "a:4")
		checkTold(t, e, all[2].Cursor, "a:3", "a:4")
		checkTold(t, e, all[3].Cursor, "a:4")
		checkTold(t, e, all[4].Cursor)
		e = reopen(t, open, e, dir, events)
	}
	trim(all[4].Cursor, 10, 2)
	for range 2 {
		checkTold(t, e, all[1].Cursor)
		if last, err := e.LastEvent(ctx); err != nil || last != "" {
			t.Errorf("with none left the last event is %q, %v", last, err)
		}
		e = reopen(t, open, e, dir, events)
	}
	apply(t, e, increment(a))
	checkTold(t, e, "", "a:5")
	checkTold(t, e, all[1].Cursor, "a:5")
	more := checkTold(t, e, all[4].Cursor, "a:5")
	checkNames(t, append(all, more...))
}

// follower reads events as they come, until nothing is to come.
type follower struct {
	after string
	seen  []store.Event
}

// follow reads on until writers is 0 and nothing is left; page sizes vary.
func (f *follower) follow(t *testing.T, e store.Engine, writers *atomic.Int32) {
	for i := 0; ; i++ {
		over := writers.Load() == 0
		page, err := e.Events(context.Background(), f.after, 1+i%17)
		if err != nil {
			t.Errorf("Events: %v", err)
			return
		}
		if len(page) == 0 {
			if over {
				return
			}
			continue
		}
		f.seen = append(f.seen, page...)
		f.after = page[len(page)-1].Cursor
	}
}

// eventsFollowed: readers that poll while others write get every event, none twice, all in
// one order, each finding's in the order of its history.
func eventsFollowed(t *testing.T, open Opener) {
	e := start(t, open, events)
	const writers, rounds, keys = 6, 30, 4
	var writing atomic.Int32
	writing.Store(writers)
	followers := make([]follower, 2)
	var following sync.WaitGroup
	for i := range followers {
		following.Go(func() { followers[i].follow(t, e, &writing) })
	}
	inParallel(writers, func(w int) {
		defer writing.Add(-1)
		for i := range rounds {
			ms := []store.Mutation{createOrIncrementFrom1(keyOf(fmt.Sprint((w + i) % keys))), createOrIncrementFrom1(keyOf(fmt.Sprint("own-", w)))}
			if i%3 == 0 {
				ms = append(ms, createOrIncrementFrom1(ms[0].Key))
			}
			if errs, err := e.Apply(context.Background(), ms); err != nil || errors.Join(errs...) != nil {
				t.Errorf("Apply: %v, %v", errs, err)
				return
			}
		}
	})
	following.Wait()
	all := readEvents(t, e, "", 1000)
	checkNames(t, all)
	for i := range followers {
		sameEvents(t, followers[i].seen, all)
	}
	checkPerFinding(t, e, all)
	if want := writers*rounds*2 + writers*rounds/3; len(all) != want {
		t.Errorf("%d events, want %d", len(all), want)
	}
}

// checkPerFinding wants the events of each finding to tell 1, 2, 3 up to what it is now, at the
// times that its history has.
func checkPerFinding(t *testing.T, e store.Engine, all []store.Event) {
	t.Helper()
	last := map[finding.Key]int{}
	for _, ev := range all {
		n := eventCounter(t, ev)
		if n != last[ev.Key]+1 || !ev.Time.Equal(epoch.Add(time.Duration(n)*time.Minute)) {
			t.Fatalf("%s: an event tells change %d of %v after %d", ev.Key.ID, n, ev.Time, last[ev.Key])
		}
		last[ev.Key] = n
	}
	for k, n := range last {
		if got := get(t, e, k); counter(got) != n {
			t.Errorf("the events of %s end with %d, it is %s", k.ID, n, show(got))
		}
		checkCounterHistory(t, e, k, n)
	}
}

// eventsWhileTrimmed: a follower loses nothing to who trims what it has read, in steps.
func eventsWhileTrimmed(t *testing.T, open Opener) {
	e := start(t, open, events)
	const writers, rounds = 4, 40
	var writing atomic.Int32
	writing.Store(writers)
	var read atomic.Pointer[string]
	var others sync.WaitGroup
	trimmed := 0
	stop := make(chan struct{})
	others.Go(func() {
		for over := false; ; {
			upTo := ""
			if at := read.Load(); at != nil {
				upTo = *at
			}
			n, err := e.TrimEvents(context.Background(), upTo, 7)
			if trimmed += n; err != nil || n > 7 || over && n == 0 {
				if err != nil || n > 7 {
					t.Errorf("trimmed %d of 7, %v", n, err)
				}
				return
			}
			select {
			case <-stop:
				over = true
			default:
			}
		}
	})
	var seen []store.Event
	others.Go(func() {
		defer close(stop)
		// In small pages, so that there is mostly something that it has not read.
		for after := ""; ; {
			over := writing.Load() == 0
			page, err := e.Events(context.Background(), after, 5)
			if err != nil {
				t.Errorf("Events: %v", err)
				return
			}
			if len(page) == 0 && over {
				return
			}
			if len(page) > 0 {
				seen = append(seen, page...)
				cursor := page[len(page)-1].Cursor
				after = cursor
				read.Store(&cursor)
			}
		}
	})
	inParallel(writers, func(w int) {
		defer writing.Add(-1)
		for range rounds {
			ms := []store.Mutation{createOrIncrementFrom1(shared), createOrIncrementFrom1(own(w))}
			if errs, err := e.Apply(context.Background(), ms); err != nil || errors.Join(errs...) != nil {
				t.Errorf("Apply: %v, %v", errs, err)
				return
			}
		}
	})
	others.Wait()
	if n := 2 * writers * rounds; len(seen) != n || trimmed != n {
		t.Errorf("%d events were read and %d trimmed, want %d", len(seen), trimmed, n)
	}
	checkNames(t, seen)
	next := map[finding.Key]int{}
	for _, ev := range seen {
		if next[ev.Key]++; eventCounter(t, ev) != next[ev.Key] {
			t.Errorf("%s: an event tells %d, want %d", ev.Key.ID, eventCounter(t, ev), next[ev.Key])
		}
	}
	checkTold(t, e, "")
}
