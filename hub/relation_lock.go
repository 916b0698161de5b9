package hub

import (
	"context"
	"errors"
	"time"

	"github.com/findinghub/findinghub"
)

const (
	// lockTerm is for how long a holder may be silent before another process takes its lock. It decides
	// only who waits how long: that a change which lost its lock does no harm is the seals' doing.
	lockTerm = 10 * time.Second
	// lockPoll is how often whoever waits for another process asks.
	lockPoll = 5 * time.Millisecond
)

// errLockHeld says that somebody else is changing relations in the region.
var errLockHeld = errors.New("hub: relations in the region are being changed")

// lockRecord says who may change the relations of a region, of all hubs on one store.
type lockRecord struct {
	// Seq numbers the holders. It only ever grows.
	Seq    uint64
	Holder string    `json:",omitempty"` // the Hub that has it, "" for none
	Until  time.Time `json:",omitzero"`  // by the holder's clock
	// Targets are the records that the last change writes or wrote, until all of it is known to be done.
	Targets []target `json:",omitempty"`
}

// target is a record of the region.
type target struct{ Collection, Account, Name string }

// free says whether a hub may have the lock. What it left behind itself it may have at once, for its
// own callers take turns. A holder whose clock is far ahead is as good as gone.
func (r *lockRecord) free(hub string, now time.Time) bool {
	return r.Holder == "" || r.Holder == hub || !now.Before(r.Until) || r.Until.After(now.Add(2*lockTerm))
}

// relationLock is the right to change relations in one region. While it is held nobody else
// changes any, so that what was read stays true until it is written about.
type relationLock struct {
	h      *Hub
	region string
	seq    uint64
	// unsure says that writes were declared which are not known to have been made, or to be impossible.
	unsure bool
	turn   chan struct{}
}

// turnIn is where this hub's callers wait for each other: asking the store is for other processes.
func (h *Hub) turnIn(region string) chan struct{} {
	turn, _ := h.turns.LoadOrStore(region, make(chan struct{}, 1))
	return turn.(chan struct{})
}

// lockRelations waits for the right to change relations in a region, as long as the context lets it.
func (h *Hub) lockRelations(ctx context.Context, region string) (*relationLock, error) {
	turn := h.turnIn(region)
	select {
	case turn <- struct{}{}:
	case <-ctx.Done():
		return nil, failed(ctx.Err())
	}
	for {
		l, err := h.takeLock(ctx, region, turn)
		if !errors.Is(err, errLockHeld) {
			return l, err
		}
		timer := time.NewTimer(lockPoll)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			<-turn
			return nil, failed(ctx.Err())
		}
	}
}

// tryLockRelations does not wait: it fails with errLockHeld.
func (h *Hub) tryLockRelations(ctx context.Context, region string) (*relationLock, error) {
	turn := h.turnIn(region)
	select {
	case turn <- struct{}{}:
	default:
		return nil, errLockHeld
	}
	l, err := h.takeLock(ctx, region, turn)
	if errors.Is(err, errLockHeld) {
		<-turn
	}
	return l, err
}

// takeLock takes the lock for whoever has the turn, which it gives back with every error but errLockHeld.
func (h *Hub) takeLock(ctx context.Context, region string, turn chan struct{}) (*relationLock, error) {
	now := h.now()
	var taken lockRecord
	err := edit(ctx, h, at("", region), lockRecords, defaultHub, func(r lockRecord, _ bool) (*lockRecord, error) {
		if !r.free(h.id, now) {
			return nil, errLockHeld
		}
		taken = lockRecord{Seq: r.Seq + 1, Holder: h.id, Until: now.Add(lockTerm), Targets: r.Targets}
		return &taken, nil
	})
	if errors.Is(err, errLockHeld) {
		return nil, errLockHeld
	}
	l := &relationLock{h: h, region: region, seq: taken.Seq, unsure: len(taken.Targets) > 0, turn: turn}
	if err == nil {
		err = l.sealAll(ctx, taken.Targets)
	}
	if err != nil {
		if taken.Seq == 0 {
			<-turn // nothing was taken that could be given back
			return nil, err
		}
		l.release(ctx)
		return nil, err
	}
	return l, nil
}

// sealAll seals the records that a change before was about to write: from then on its writes are
// there, or never will be.
func (l *relationLock) sealAll(ctx context.Context, targets []target) error {
	for _, t := range targets {
		err := l.h.store.EditRecord(ctx, t.Collection, t.Account, l.region, t.Name, func(stored []byte) ([]byte, error) {
			body, by, err := unseal(stored)
			return seal(body, max(by, l.seq)), err
		})
		if err != nil {
			return failed(err)
		}
	}
	l.unsure = false
	return nil
}

// declare says which records are about to be written. Nothing is written that was not declared. It
// renews the lock, and fails when that was lost.
func (l *relationLock) declare(ctx context.Context, targets []target) error {
	until := l.h.now().Add(lockTerm)
	l.unsure = true
	return edit(ctx, l.h, at("", l.region), lockRecords, defaultHub, func(r lockRecord, _ bool) (*lockRecord, error) {
		if r.Seq != l.seq || r.Holder != l.h.id {
			return nil, lockLost()
		}
		return &lockRecord{Seq: r.Seq, Holder: r.Holder, Until: until, Targets: targets}, nil
	})
}

// write edits a record that was declared, unless somebody else has taken the lock since.
func (l *relationLock) write(ctx context.Context, t target, f func(old []byte) ([]byte, error)) error {
	return l.h.editBody(ctx, at(t.Account, l.region), t.Collection, t.Name, func(old []byte, by uint64) ([]byte, error) {
		if by > l.seq {
			return nil, lockLost()
		}
		return f(old)
	})
}

// release gives the lock back, also for a caller who is gone. Where a change was cut off the
// next holder is told its targets.
func (l *relationLock) release(ctx context.Context) {
	defer func() { <-l.turn }()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lockTerm)
	defer cancel()
	err := edit(ctx, l.h, at("", l.region), lockRecords, defaultHub, func(r lockRecord, _ bool) (*lockRecord, error) {
		if r.Seq != l.seq || r.Holder != l.h.id {
			return nil, errLockHeld // by somebody else by now
		}
		free := lockRecord{Seq: r.Seq}
		if l.unsure {
			free.Targets = r.Targets
		}
		return &free, nil
	})
	if err != nil && !errors.Is(err, errLockHeld) {
		l.h.log.Warn("relations cannot be changed by other processes for a while", "region", l.region, "seconds", lockTerm.Seconds(), "error", err)
	}
}

// lockLost is what a change fails with that took so long that another process took its lock. What it
// has written stays, as if it had been cut off; asking again completes it.
func lockLost() error {
	return &findinghub.Error{Code: findinghub.CodeUnavailable, Message: "Another process changed members in this region meanwhile; try again"}
}
