package events

import (
	"context"
	"sync"
	"time"
)

// Bell wakes those who wait for events as soon as there are some. It is a hint: without it, and for
// the events of other processes, they look every now and then. The zero value is ready for use.
type Bell struct {
	mu   sync.Mutex
	rung chan struct{} // nil while nobody waits
}

// Ring says that there are new events. It never blocks and costs little, so that whoever
// writes findings may ring after every commit.
func (b *Bell) Ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.rung != nil {
		close(b.rung)
		b.rung = nil
	}
}

// next gives a channel that the next ring closes. Whoever takes it before looking for events misses none.
func (b *Bell) next() <-chan struct{} {
	if b == nil {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.rung == nil {
		b.rung = make(chan struct{})
	}
	return b.rung
}

// wait waits until the channel is closed, the time has passed or the context has ended. It says whether it was the channel.
func wait(ctx context.Context, rung <-chan struct{}, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-rung:
		return true
	case <-t.C:
	}
	return false
}
