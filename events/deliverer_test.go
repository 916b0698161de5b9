package events

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"pgregory.net/rapid"
)

var errDown = errors.New("down")

// Every event arrives, and in order for each finding, whatever share of the tries fails.
func TestOrderUnderFailures(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 300).Draw(rt, "events")
		findings := rapid.IntRange(1, 20).Draw(rt, "findings")
		failing := rapid.Float64Range(0, 0.6).Draw(rt, "failing")
		batch := rapid.IntRange(1, 50).Draw(rt, "batch")
		window := rapid.IntRange(1, 200).Draw(rt, "window")
		seed := rapid.Uint64().Draw(rt, "seed")
		problem := ""
		synctest.Test(t, func(*testing.T) {
			random := newDice(seed, 1)
			w, r := newWorld(), &receiver{}
			r.judge = func(context.Context, *Message) error {
				if random.Float64() < failing {
					return errDown
				}
				return nil
			}
			target := targetOf("t", r)
			target.Batch, target.Retry.Attempts = batch, 1000
			o := options(process{world: w}, "a", target)
			o.Window = window
			stop := start(deliverer(t, o))
			for range n {
				w.write(keyOf(fmt.Sprint("f", random.IntN(findings))))
				if random.IntN(10) == 0 {
					pass(time.Duration(random.IntN(3000)) * time.Millisecond)
				}
			}
			until(func() bool { return r.misses(w) == "" })
			stop()
			if problem = r.misses(w); problem == "" && r.count() != n {
				problem = fmt.Sprintf("%d arrived, of %d events, although nothing crashed", r.count(), n)
			}
		})
		if problem != "" {
			rt.Fatal(problem)
		}
	})
}

// crash is a process that dies at its nth call of the store or the target, before or after the call had its effect.
type crash struct {
	mu     sync.Mutex
	at     int
	after  bool
	calls  int
	over   bool // the second process does not die
	cancel context.CancelFunc
}

var errCrash = errors.New("crashed")

func (c *crash) fault(string) (before, after error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls++
	switch {
	case c.over:
		return nil, nil
	case c.calls == c.at && c.after:
		c.cancel()
		return nil, errCrash
	case c.calls >= c.at:
		c.cancel()
		return errCrash, nil
	}
	return nil, nil
}

// A process that dies between any two calls loses nothing, and the next one goes on in order.
func TestAtLeastOnceAcrossCrashes(t *testing.T) {
	t.Parallel()
	for _, after := range []bool{false, true} {
		for at := 1; ; at++ {
			calls, problem := crashAt(t, at, after)
			if problem != "" {
				t.Fatalf("dying at call %d, the call done: %v: %s", at, after, problem)
			}
			if calls < at {
				if at < 30 {
					t.Fatalf("the run has %d calls only", at)
				}
				break
			}
		}
	}
}

// crashAt delivers 12 events of 3 findings, of which one finding's are refused, dies once and starts again.
func crashAt(t *testing.T, at int, after bool) (calls int, problem string) {
	synctest.Test(t, func(t *testing.T) {
		w, r := newWorld(), &receiver{}
		for i := range 12 {
			w.write(keyOf(fmt.Sprint("f", i%3)))
		}
		ctx, cancel := context.WithCancel(context.Background())
		c := &crash{at: at, after: after, cancel: cancel}
		tries := map[string]int{}
		r.judge = func(_ context.Context, m *Message) error {
			if before, after := c.fault("Send"); before != nil || after != nil {
				if after != nil {
					r.arrive(m)
				}
				return errCrash
			}
			if tries[m.ID]++; m.Key.ID == "f1" && tries[m.ID] == 1 {
				return errDown
			}
			if m.ID == "f2-000005" {
				return &Refusal{errors.New("no")}
			}
			return nil
		}
		target := targetOf("t", r)
		target.Batch = 2
		ended := make(chan struct{})
		first := deliverer(t, options(process{w, c.fault}, "a", target))
		go func() { defer close(ended); _ = first.Run(ctx) }()
		pass(time.Minute)
		cancel()
		<-ended
		if calls = c.calls; r.open != 0 {
			problem = "a connection was left open"
		}
		c.mu.Lock()
		c.over = true
		c.mu.Unlock()
		problem += goOn(t, w, r, target)
	})
	return calls, problem
}

// goOn delivers with a new process, under another name as if on another machine, replays, and says what is wrong then.
func goOn(t *testing.T, w *world, r *receiver, target Target) string {
	second := deliverer(t, options(process{world: w}, "b", target))
	defer start(second)()
	for range 12 {
		w.write(keyOf("f0"))
	}
	letters := 0
	until(func() bool {
		n, _, err := second.Backlog(t.Context(), "t")
		return err == nil && n == 0
	})
	for _, l := range must(second.DeadLetters(t.Context(), "t", "", 10)) {
		letters++
		r.arrive(&Message{ID: l.ID, Key: l.Key})
	}
	if letters != 1 {
		return fmt.Sprintf("%d dead letters instead of 1", letters)
	}
	// Only the dead letter left the line.
	want := w.ids()
	for key, ids := range want {
		got := strings.ReplaceAll(strings.Join(r.firsts[key], " ")+" ", "f2-000005 ", "")
		if got != strings.ReplaceAll(strings.Join(ids, " ")+" ", "f2-000005 ", "") {
			return fmt.Sprintf("of %s arrived %v, written were %v", key.ID, r.firsts[key], ids)
		}
	}
	return ""
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// Faults of the store that pass are waited out, and nothing is lost by them.
func TestStoreFaults(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			random := newDice(seed, 2)
			w, r := newWorld(), &receiver{}
			fault := func(string) (before, after error) {
				switch random.IntN(6) {
				case 0:
					return errDown, nil
				case 1:
					return nil, errDown
				}
				return nil, nil
			}
			stop := start(deliverer(t, options(process{w, fault}, "a", targetOf("t", r))))
			defer stop()
			for range 100 {
				w.write(keyOf(fmt.Sprint("f", random.IntN(5))))
				pass(time.Duration(random.IntN(500)) * time.Millisecond)
			}
			if !until(func() bool { return r.misses(w) == "" }) {
				t.Errorf("seed %d: %s; trimmed %d; %s", seed, r.misses(w), w.trimmed, w.records)
			}
		})
	}
}

// A target that takes nothing, and one that takes its time, keep nobody else waiting.
func TestSlowTargetIsolated(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, quick := newWorld(), &receiver{}
		slow := &receiver{judge: func(ctx context.Context, _ *Message) error { <-ctx.Done(); return ctx.Err() }}
		dead := targetOf("dead", &receiver{})
		dead.Open = func(context.Context) (Sender, error) { return nil, errDown }
		d := deliverer(t, options(process{world: w}, "a", targetOf("slow", slow), targetOf("quick", quick), dead))
		defer start(d)()
		for i := range 500 {
			w.write(keyOf(fmt.Sprint(i)))
		}
		pass(2 * time.Second)
		if quick.count() != 500 {
			t.Errorf("%d of 500 arrived in 2 s beside a slow target", quick.count())
		}
		for _, name := range []string{"slow", "dead"} {
			if n, lag, err := d.Backlog(t.Context(), name); n != 500 || lag < 2*time.Second || err != nil {
				t.Errorf("%s: backlog %d of age %v, error %v", name, n, lag, err)
			}
		}
	})
}

// A dead target costs a window of memory, however many events wait behind it.
func TestDeadTargetBoundsMemory(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		for i := range 100_000 {
			w.write(keyOf(fmt.Sprint(i % 1000)))
		}
		dead := &receiver{judge: func(context.Context, *Message) error { return errDown }}
		target := targetOf("t", dead)
		target.Retry.Attempts = 1000
		d := deliverer(t, options(process{world: w}, "a", target))
		r := newRunner(d, &d.o.Targets[0])
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		before := heapBytes()
		go func() { defer close(done); r.run(ctx) }()
		pass(10 * time.Minute)
		grown := int64(heapBytes()) - int64(before)
		cancel()
		<-done
		held := len(r.window.entries)
		if held > d.o.Window+readAhead {
			t.Errorf("the window holds %d events, it should hold %d at most", held, d.o.Window+readAhead)
		}
		if grown > 16<<20 {
			t.Errorf("a dead target costs %d bytes", grown)
		}
	})
}

func heapBytes() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// Large findings fill the window by their bytes.
func TestWindowBoundsBytes(t *testing.T) {
	t.Parallel()
	w := newWindow("")
	for i := 0; !w.full(1000, 1<<20); i++ {
		w.add(fmt.Sprint(i), Message{Key: keyOf(fmt.Sprint(i)), Body: make([]byte, 240<<10)})
	}
	if len(w.entries) != 5 {
		t.Errorf("a window of 1 MiB takes %d documents of 240 KiB before it is full, 5 reach it", len(w.entries))
	}
}

// Stopping in the middle of a Send is no failure of the target's: no try is used up, no letter is written.
func TestStopIsNoFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.write(keyOf("f"))
		r := &receiver{judge: func(ctx context.Context, _ *Message) error { <-ctx.Done(); return ctx.Err() }}
		target := targetOf("t", r)
		target.Retry.Attempts = 1
		d := deliverer(t, options(process{world: w}, "a", target))
		stop := start(d)
		pass(time.Second)
		stop()
		if letters := must(d.DeadLetters(t.Context(), "t", "", 10)); len(letters) != 0 {
			t.Errorf("dead letters %v after a stop", letters)
		}
		if n := testutil.ToFloat64(d.metrics.failed.WithLabelValues("t")); n != 0 {
			t.Errorf("%v failures are counted after a stop", n)
		}
	})
}

// Who rings the bell need not wait for the next look.
func TestBellWakes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, r := newWorld(), &receiver{}
		o := options(process{world: w}, "a", targetOf("t", r))
		o.Poll, o.Bell = time.Hour, &Bell{}
		defer start(deliverer(t, o))()
		pass(time.Second)
		w.write(keyOf("f"))
		synctest.Wait()
		if r.count() != 0 {
			t.Fatal("the event arrived before the bell rang; the test shows nothing")
		}
		o.Bell.Ring()
		synctest.Wait()
		if r.count() != 1 {
			t.Error("the bell rang and nothing arrived")
		}
	})
}

// The first event is told at once. Of many that follow each is told soon, and they share few batches.
func TestGather(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const gather = 100 * time.Millisecond
		w, late := newWorld(), time.Duration(0)
		r := &receiver{judge: func(_ context.Context, m *Message) error { late = max(late, time.Since(m.Time)); return nil }}
		target := targetOf("t", r)
		target.Gather, target.Batch = gather, 100
		o := options(process{world: w}, "a", target)
		o.Poll, o.Bell = 10*time.Second, &Bell{} // the bell alone is in time
		defer start(deliverer(t, o))()
		pass(time.Second)
		write := func(i int) {
			w.write(keyOf(fmt.Sprint(i)))
			o.Bell.Ring()
		}
		write(0)
		synctest.Wait()
		if r.count() != 1 {
			t.Error("the first event had to wait")
		}
		for i := range 200 {
			pass(10 * time.Millisecond)
			write(1 + i)
		}
		pass(gather)
		if r.count() != 201 || late > gather {
			t.Errorf("%d of 201 events were told, after %v at most", r.count(), late)
		}
		if r.sends > 22 {
			t.Errorf("2 s of events were told in %d batches", r.sends)
		}
	})
}

// Whatever is gathered, all of it arrives, in order, also from an outbox that is long already.
func TestGatherOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed")
		gather := time.Duration(rapid.IntRange(0, int(maxGather)).Draw(rt, "gather"))
		batch, window := rapid.IntRange(1, 1000).Draw(rt, "batch"), rapid.IntRange(1, 5000).Draw(rt, "window")
		problem := ""
		synctest.Test(t, func(*testing.T) {
			random := newDice(seed, 7)
			w, r := newWorld(), &receiver{}
			target := targetOf("t", r)
			target.Gather, target.Batch = gather, batch
			o := options(process{world: w}, "a", target)
			o.Window, o.Bell = window, &Bell{}
			for i := range random.IntN(300) {
				w.write(keyOf(fmt.Sprint(i % 100)))
			}
			defer start(deliverer(t, o))()
			for i := range 50 {
				for range random.IntN(20) {
					w.write(keyOf(fmt.Sprint(i % 10)))
				}
				o.Bell.Ring()
				pass(time.Duration(random.IntN(1000)) * time.Millisecond)
			}
			pass(maxGather + time.Second)
			problem = r.misses(w)
		})
		if problem != "" {
			rt.Fatal(problem)
		}
	})
}

// A clock that is put back does not stop deliveries.
func TestGatherClockPutBack(t *testing.T) {
	t.Parallel()
	now := time.Unix(1000, 0)
	r := &runner{o: &Options{Now: func() time.Time { return now }}, target: &Target{Gather: time.Second}, next: now.Add(time.Second)}
	if p := r.pause(); p != time.Second {
		t.Errorf("the pause is %v", p)
	}
	if now = now.Add(-time.Hour); r.pause() != 0 {
		t.Errorf("an hour before, the pause is %v", r.pause())
	}
	if now = now.Add(2 * time.Hour); r.pause() > 0 {
		t.Errorf("an hour later, the pause is %v", r.pause())
	}
}

// What New refuses, with the reason.
func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*Options){
		"the holder has no name":            func(o *Options) { o.Holder = "" },
		"two targets are called t":          func(o *Options) { o.Targets = append(o.Targets, o.Targets[0]) },
		`target name "T"`:                   func(o *Options) { o.Targets[0].Name = "T" },
		"the batch is 0":                    func(o *Options) { o.Targets[0].Batch = 0 },
		"the timeout is 1m0s":               func(o *Options) { o.Targets[0].Timeout = time.Minute },
		"the timeout is 0s":                 func(o *Options) { o.Targets[0].Timeout = 0 },
		"it gathers for -1ns":               func(o *Options) { o.Targets[0].Gather = -1 },
		"it gathers for 11s":                func(o *Options) { o.Targets[0].Gather = 11 * time.Second },
		"there are 0 attempts":              func(o *Options) { o.Targets[0].Retry.Attempts = 0 },
		"pauses from 1m0s to 1s":            func(o *Options) { o.Targets[0].Retry.Min, o.Targets[0].Retry.Max = time.Minute, time.Second },
		"at most 1s":                        func(o *Options) { o.Term = 3 * time.Second },
		"pauses from 0s to 1m0s, they must": func(o *Options) { o.Targets[0].Retry.Min = 0 },
	} {
		o := options(process{world: newWorld()}, "a", targetOf("t", &receiver{}))
		change(&o)
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
}

// A sender that answers for too few messages is not believed.
func TestWrongNumberOfAnswers(t *testing.T) {
	t.Parallel()
	errs := sendAll(t.Context(), mute{}, make([]Message, 2))
	if len(errs) != 2 || errs[0] == nil || errs[1] == nil {
		t.Errorf("errors %v", errs)
	}
}

type mute struct{}

func (mute) Send(context.Context, []Message) []error { return nil }
func (mute) Close() error                            { return nil }
