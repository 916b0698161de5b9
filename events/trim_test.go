package events

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// Events go once every target has passed them and streams have had their time.
func TestTrim(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, r, down := newWorld(), &receiver{}, &flag{}
		slow := &receiver{judge: func(context.Context, *Message) error {
			if down.on() {
				return errDown
			}
			return nil
		}}
		o := options(process{world: w}, "a", targetOf("quick", r), targetOf("slow", slow))
		o.Targets[1].Retry.Attempts = 1000
		defer start(deliverer(t, o))()
		for i := range 1000 {
			w.write(keyOf(fmt.Sprint(i)))
		}
		pass(2 * time.Hour)
		if w.left() != 1000 {
			t.Fatalf("%d of 1000 are left, one target has none of them", w.left())
		}
		down.set(false)
		if !until(func() bool { return slow.count() == 1000 }) {
			t.Fatal("the slow target did not catch up")
		}
		w.write(keyOf("new"))
		pass(2 * trimEvery)
		if w.left() != 1 {
			t.Errorf("%d are left, of which streams need 1", w.left())
		}
		pass(time.Hour + 2*trimEvery)
		if w.left() != 0 {
			t.Errorf("%d are left after the retention", w.left())
		}
	})
}

// Without targets the retention alone decides.
func TestTrimWithoutTargets(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		defer start(deliverer(t, options(process{world: w}, "a")))()
		w.write(keyOf("old"))
		pass(30 * time.Minute)
		w.write(keyOf("new"))
		pass(31 * time.Minute)
		if w.left() != 1 {
			t.Errorf("%d are left", w.left())
		}
	})
}

// A target that only another process has holds its events, until nobody has delivered to it for long.
func TestTrimForeignTarget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		body := must(json.Marshal(progress{Holder: "z", Time: time.Now()}))
		w.records[[2]string{targetRecords, "foreign"}] = body
		o := options(process{world: w}, "a")
		o.Abandoned = 3 * time.Hour
		defer start(deliverer(t, o))()
		w.write(keyOf("f"))
		pass(3*time.Hour - time.Minute)
		if w.left() != 1 {
			t.Fatal("the other process's event is gone")
		}
		pass(2 * time.Minute)
		if w.left() != 0 {
			t.Error("a forgotten target still holds events")
		}
	})
}

// The last event that is old enough is found, wherever it is, and in few leaps.
func TestTrimOld(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(0, trimStride+trimStride/8).Draw(rt, "events")
		old := rapid.IntRange(0, n).Draw(rt, "old")
		budget := rapid.IntRange(0, n).Draw(rt, "passed by all")
		w, now := newWorld(), time.Date(2026, 6, 30, 0, 0, 0, 0, time.UTC)
		for i := range n {
			w.write(keyOf("f"))
			w.events[i].Time = now.Add(-time.Hour)
			if i < old {
				w.events[i].Time = now.Add(-time.Hour - 1)
			}
		}
		calls := 0
		o := options(process{w, func(string) (before, after error) { calls++; return nil, nil }}, "a")
		o.Now = func() time.Time { return now }
		upTo, err := newTrimmer(deliverer(t, o)).old(t.Context(), budget)
		want := ""
		if last := min(old, budget); last > 0 {
			want = w.events[last-1].Cursor
		}
		if err != nil || upTo != want {
			rt.Errorf("up to %q, %v; want %q", upTo, err, want)
		}
		if calls > 30 {
			rt.Errorf("%d events were looked at, of %d", calls, n)
		}
	})
}

// Whatever fails and whoever trims, no event goes that a target has not passed.
func TestTrimNeverTooMuch(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed")
		problem := ""
		synctest.Test(t, func(t *testing.T) {
			random := newDice(seed, 4)
			w := newWorld()
			var trimmers []*trimmer
			nested, running := false, 0
			fault := func(string) (before, after error) {
				switch random.IntN(12) {
				case 0:
					return errDown, nil
				case 1:
					return nil, errDown
				case 2: // somebody writes in between
					w.write(keyOf("f"))
				case 3: // this process sleeps for so long that another one takes over in between
					if nested {
						break
					}
					nested = true
					other := trimmers[1-running]
					_ = other.round(t.Context())
					pass(50 * time.Second)
					_ = other.round(t.Context())
					nested = false
				}
				return nil, nil
			}
			targets := func() []Target {
				return []Target{targetOf("t0", nil), targetOf("t1", nil)}
			}
			for _, holder := range []string{"a", "b"} {
				o := options(process{w, fault}, holder, targets()...)
				o.Retention = time.Nanosecond
				trimmers = append(trimmers, newTrimmer(deliverer(t, o)))
			}
			at := []int{-1, -1} // places of the targets
			for range 40 {
				for range random.IntN(100) {
					w.write(keyOf("f"))
				}
				i := random.IntN(2)
				if at[i] = min(at[i]+random.IntN(150), len(w.events)-1); at[i] >= 0 {
					w.records[[2]string{targetRecords, fmt.Sprint("t", i)}] = must(json.Marshal(progress{Cursor: w.events[at[i]].Cursor}))
				}
				pass(time.Duration(random.IntN(60)) * time.Second)
				running = random.IntN(2)
				_ = trimmers[running].round(t.Context())
				if w.trimmed > min(at[0], at[1])+1 {
					problem = fmt.Sprintf("%d events are gone, the targets are at %v", w.trimmed, at)
				}
			}
			running = 0
			trimmers[0].o.Outbox, trimmers[0].o.Records = process{world: w}, process{world: w}
			trimmers[0].lease.records = process{world: w}
			until(func() bool { return trimmers[0].round(t.Context()) == nil && w.trimmed > min(at[0], at[1]) })
			if want := min(at[0], at[1]) + 1; w.trimmed != want {
				problem += fmt.Sprintf("%d events are gone in the end, %d could be", w.trimmed, want)
			}
		})
		if problem != "" {
			rt.Fatal(problem)
		}
	})
}

// A process that lost the lease in the middle of trimming trims on while another one counts: what that one then takes for
// passed by all is more than it is.
func TestTrimBesideAnother(t *testing.T) {
	t.Parallel()
	w, now := newWorld(), time.Date(2026, 6, 30, 0, 0, 0, 0, time.UTC)
	for range 100 {
		w.write(keyOf("f"))
		w.events[len(w.events)-1].Time = now.Add(-2 * time.Hour)
	}
	w.records[[2]string{targetRecords, "t"}] = must(json.Marshal(progress{Holder: "z", Cursor: w.events[49].Cursor, Time: now}))
	counts := 0
	o := options(process{w, func(call string) (before, after error) {
		if call == "Backlog" {
			if counts++; counts == 2 { // all are counted, those of the target are not
				_, err := process{world: w}.TrimEvents(context.Background(), w.events[29].Cursor, trimStep)
				return err, nil
			}
		}
		return nil, nil
	}}, "b", targetOf("t", nil))
	o.Now = func() time.Time { return now }
	trimmer := newTrimmer(deliverer(t, o))
	for range 3 {
		if err := trimmer.round(t.Context()); err != nil {
			t.Fatal(err)
		}
		if w.left() < 50 {
			t.Fatalf("%d events are left of 50 that the target has not seen", w.left())
		}
	}
	if w.left() != 50 {
		t.Errorf("%d events are left, want the 50 that the target has not seen", w.left())
	}
}
