package events

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

func leaseOf(p process, holder string) *lease {
	return &lease{records: p, collection: targetRecords, name: "t", holder: holder, term: 45 * time.Second, now: time.Now}
}

// A lease changes hands only after its holder was silent for a whole term, or gave it back.
func TestLease(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := process{world: newWorld()}
		a, b := leaseOf(p, "a"), leaseOf(p, "b")
		acquire := func(l *lease, want bool) {
			t.Helper()
			if held := must(l.acquire(t.Context())); held != want {
				t.Fatalf("%s holds the lease: %v", l.holder, held)
			}
		}
		acquire(a, true)
		acquire(a, true) // its own is its own
		acquire(b, false)
		pass(44 * time.Second)
		acquire(b, false)
		if err := a.save(t.Context(), "x"); err != nil {
			t.Fatal(err)
		}
		pass(2 * time.Second) // 46 s after b first saw it, but it has changed since
		acquire(b, false)
		pass(45 * time.Second)
		acquire(b, true)
		if b.seen.Cursor != "x" {
			t.Errorf("the cursor is %q", b.seen.Cursor)
		}
		if err := a.save(t.Context(), "y"); !errors.Is(err, errLeaseLost) || !a.lost {
			t.Errorf("a wrote after it had lost the lease: %v", err)
		}
		if err := b.release(t.Context(), "z"); err != nil {
			t.Fatal(err)
		}
		acquire(a, true)
		if a.seen.Cursor != "z" || a.seen.Beat == 0 {
			t.Errorf("a goes on from %+v", a.seen)
		}
	})
}

// The holder stops before anybody else may start, however the two look at the record.
func TestLeaseExclusive(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed")
		problem := ""
		synctest.Test(t, func(t *testing.T) {
			random := newDice(seed, 3)
			fault := func(string) (before, after error) {
				if random.IntN(4) == 0 {
					return nil, errDown
				}
				return nil, nil
			}
			w := newWorld()
			all := []*lease{leaseOf(process{w, fault}, "a"), leaseOf(process{w, fault}, "b"), leaseOf(process{w, fault}, "c")}
			holds := make([]bool, len(all))
			for range 300 {
				i := random.IntN(len(all))
				l := all[i]
				switch held := holds[i] && l.left() > 0; {
				case random.IntN(3) == 0:
					pass(time.Duration(random.IntN(40)) * time.Second)
				case held && random.IntN(2) == 0:
					holds[i] = !errors.Is(l.save(t.Context(), ""), errLeaseLost)
				case held && random.IntN(8) == 0:
					holds[i] = false
					_ = l.release(t.Context(), "")
				case !held:
					got, err := l.acquire(t.Context())
					holds[i] = got && err == nil
				}
				n := 0
				for i := range all {
					if holds[i] && all[i].left() > 0 {
						n++
					}
				}
				if n > 1 {
					problem = "two processes hold one lease"
				}
			}
		})
		if problem != "" {
			rt.Fatal(problem)
		}
	})
}

// A record that is not ours is an error, not a new start.
func TestLeaseCorruptRecord(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.records[[2]string{targetRecords, "t"}] = []byte("{")
	if held, err := leaseOf(process{world: w}, "a").acquire(t.Context()); held || err == nil {
		t.Errorf("held %v, error %v", held, err)
	}
	if _, err := loadProgress(t.Context(), process{world: w}, "t"); err == nil {
		t.Error("no error")
	}
}

// Two processes: one delivers at a time; when it stops the other goes on at once, when it dies after a term.
func TestHandOver(t *testing.T) {
	t.Parallel()
	for name, die := range map[string]bool{"stopped": false, "died": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld()
				alive := &flag{}
				p := process{w, func(string) (before, after error) {
					if !alive.on() {
						return errCrash, nil
					}
					return nil, nil
				}}
				a, b := &receiver{}, &receiver{}
				stopA := start(deliverer(t, options(p, "a", targetOf("t", a))))
				pass(time.Second)
				stopB := start(deliverer(t, options(process{world: w}, "b", targetOf("t", b))))
				defer stopB()
				for i := range 30 {
					w.write(keyOf(fmt.Sprint("f", i%3)))
				}
				pass(time.Minute)
				if a.count() != 30 || b.count() != 0 {
					t.Fatalf("a got %d, b got %d of 30 events", a.count(), b.count())
				}
				alive.set(!die)
				stopA()
				w.write(keyOf("f9"))
				pass(20 * time.Second)
				if got := b.count(); !die && got != 1 {
					t.Errorf("b got %d events 20 s after a stopped", got)
				}
				pass(50 * time.Second)
				if got := b.count(); got != 1 {
					t.Errorf("b got %d events 70 s after a was gone, it should get the one that a did not deliver", got)
				}
			})
		})
	}
}

// A process that sleeps through its own take-over, with a message under way, does not go back in order.
func TestZombie(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, r := newWorld(), &receiver{}
		asleep := make(chan struct{})
		stuck := &receiver{judge: func(_ context.Context, m *Message) error {
			<-asleep // deaf to its context
			r.arrive(m)
			return nil
		}}
		for range 3 {
			w.write(keyOf("f"))
		}
		a := deliverer(t, options(process{world: w}, "a", targetOf("t", stuck)))
		stopA := start(a)
		pass(time.Second)
		stopB := start(deliverer(t, options(process{world: w}, "b", targetOf("t", r))))
		pass(3 * time.Minute)
		if r.count() != 3 {
			t.Fatalf("b delivered %d of 3", r.count())
		}
		w.write(keyOf("f"))
		close(asleep)
		pass(time.Minute)
		stopA()
		stopB()
		if problem := r.misses(w); problem != "" || r.count() != 5 {
			t.Errorf("%s; %v arrived", problem, r.got)
		}
	})
}
