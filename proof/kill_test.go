package proof

import (
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"time"
)

// TestKilled: a hub is killed at random moments while several connections import and update. After each start every write that
// was acknowledged is there, whole, with its record and its event; of those whose answer was lost all is there or nothing.
func TestKilled(t *testing.T) {
	onEachEngine(t, func(t *testing.T, e engine) {
		args := append(e.place(t), "--event-stream")
		random := rand.New(rand.NewPCG(7, uint64(len(e.name))))
		l := newLedger(random.Uint64(), 6)
		n := rounds(3, 200)
		for round := range n {
			killUnderLoad(l, start(t, args...), int64(random.IntN(60)), time.Duration(random.IntN(5000))*time.Microsecond)
			e.settle(t, args)
			if random.IntN(4) == 0 {
				killWhileStarting(t, args, time.Duration(random.IntN(100))*time.Millisecond)
				e.settle(t, args)
			}
			p := start(t, args...)
			l.check(t, p, round == n-1)
			if t.Failed() {
				t.Fatalf("in round %d", round)
			}
			if round%2 == 0 {
				p.kill()
			} else {
				p.stop(t)
			}
			e.settle(t, args)
		}
		l.report(t, n)
	})
}

// killUnderLoad kills a hub a moment after so many writes were acknowledged.
func killUnderLoad(l *ledger, p *process, after int64, moment time.Duration) {
	target := l.acknowledged.Load() + after
	var killed atomic.Bool
	dead := make(chan struct{})
	l.load(func(int) *process { return p }, func(results []outcome) bool {
		if l.acknowledged.Load() >= target && killed.CompareAndSwap(false, true) {
			// The pause makes the moment random; nothing waits for it to be long enough.
			time.AfterFunc(moment, func() {
				p.kill()
				close(dead)
			})
		}
		return slices.Contains(results, unknown)
	})
	<-dead
}

// killWhileStarting kills a hub that is reading its store, or has just begun to serve.
func killWhileStarting(t testing.TB, args []string, moment time.Duration) {
	p := launch(t, args...)
	<-time.After(moment)
	p.kill()
}
