package sqlite

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// health knows whether writes work: what the last one came to.
type health struct {
	mu  sync.Mutex
	err error // why the last write failed, nil when it did not
	// resting is while it is too early to try again.
	resting *time.Timer
}

const (
	// probeRest is the least time between two tries.
	probeRest = time.Second
	// probeSize is how many bytes a try writes. It is more than one page, since the log may have
	// room for that on a disk that has none.
	probeSize = 64 << 10
)

// wrote is told what each commit came to. A row that is damaged says nothing about writing.
func (h *health) wrote(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !errors.Is(err, errCorrupt) {
		h.err = err
	}
}

// failed is why the last write failed, nil when it did not; try says that it is time to try again.
func (h *health) failed() (try bool, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.err == nil || h.resting != nil {
		return false, h.err
	}
	h.resting = time.AfterFunc(probeRest, h.rested)
	return true, h.err
}

func (h *health) rested() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.resting = nil
}

// stop ends the rest.
func (h *health) stop() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.resting != nil {
		h.resting.Stop()
		h.resting = nil
	}
}

// Ready implements store.Engine. While writes fail it writes something itself, at most once a second.
func (e *Engine) Ready(ctx context.Context) error {
	if err := e.enter(ctx); err != nil {
		return err
	}
	defer e.leave()
	if err := e.checkpoints.failing(); err != nil {
		e.health.wrote(err) // nobody has written since
	}
	try, err := e.health.failed()
	if try {
		err = e.writer.do(ctx, job{write: func(w *writer) error { return w.setMeta("probe", make([]byte, probeSize)) }})
	}
	if err != nil {
		return fmt.Errorf("store: writes fail: %w", err)
	}
	return nil
}
