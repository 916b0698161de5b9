package events

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/findinghub/findinghub/store"
)

// The collections of the deliverers' records, which are of no account and no region.
const (
	targetRecords  = "event-target"  // a progress for each target
	trimmerRecords = "event-trimmer" // one progress, named default
	deadRecords    = "event-dead-letter/"
)

// IsPlace says whether a collection's records are places in the outbox of one store, which mean nothing in
// another; dead letters are not.
func IsPlace(collection string) bool {
	return collection == targetRecords || collection == trimmerRecords
}

// errLeaseLost says that another process has taken over.
var errLeaseLost = errors.New("events: the lease is another process's now")

// progress is what is kept of a target: how far it is and which process delivers. One record has
// both, so that a process that has lost its lease cannot move the cursor.
type progress struct {
	Cursor string `json:",omitempty"`
	// Holder is the process that delivers, "" when none does.
	Holder string `json:",omitempty"`
	// Beat changes whenever the holder writes.
	Beat int64
	// Time is the holder's clock when it wrote. It only tells targets in use from forgotten ones.
	Time time.Time
}

// lease is a process's hold on a record. Expiry is judged without comparing the clocks of two
// processes: whoever wants a lease watches the beat, and takes over when it has not changed for a whole term
// of its own clock; the holder stops at two thirds of a term after it last began to write.
type lease struct {
	records    Records
	collection string
	name       string
	holder     string
	term       time.Duration
	now        func() time.Time

	seen    progress  // as last read or written
	since   time.Time // when this beat was first seen
	renewed time.Time // when the last write that succeeded began
	// lost says that somebody else may have had the lease since this was last false: what is known in memory
	// of the target is stale. Edits note it even when their outcome is unknown.
	lost bool
}

// acquire tries to get the lease; seen is then the state to go on from. The holder's own name gets
// through at once: after a restart nobody has to wait for a process that is gone.
func (l *lease) acquire(ctx context.Context) (bool, error) {
	at := l.now()
	var found, mine progress
	err := l.edit(ctx, func(p progress) (progress, error) {
		found, mine = p, p
		l.lost = l.lost || p.Holder != l.holder
		expired := p.Beat == l.seen.Beat && p.Holder == l.seen.Holder && !l.since.IsZero() && at.Sub(l.since) >= l.term
		if p.Holder != "" && p.Holder != l.holder && !expired {
			return p, errLeaseLost
		}
		mine.Holder, mine.Beat, mine.Time = l.holder, p.Beat+1, at
		return mine, nil
	})
	if errors.Is(err, errLeaseLost) {
		if l.since.IsZero() || found.Beat != l.seen.Beat || found.Holder != l.seen.Holder {
			l.seen, l.since = found, at
		}
		return false, nil
	}
	if err != nil {
		return false, err
	}
	l.seen, l.since, l.renewed = mine, at, at
	return true, nil
}

// save writes the cursor and renews the lease; errLeaseLost when it is no longer held. After
// any other error the record may have been written or not.
func (l *lease) save(ctx context.Context, cursor string) error {
	at := l.now()
	if err := l.write(ctx, progress{Cursor: cursor, Holder: l.holder, Time: at}); err != nil {
		return err
	}
	l.renewed = at
	return nil
}

// release writes the cursor and lets go, so that another process need not wait.
func (l *lease) release(ctx context.Context, cursor string) error {
	return l.write(ctx, progress{Cursor: cursor, Time: l.now()})
}

func (l *lease) write(ctx context.Context, next progress) error {
	err := l.edit(ctx, func(p progress) (progress, error) {
		if p.Holder != l.holder {
			l.lost = true
			return p, errLeaseLost
		}
		next.Beat = p.Beat + 1
		return next, nil
	})
	if err == nil {
		l.seen, l.since = next, next.Time
	}
	return err
}

// left is for how long the holder may still act without writing.
func (l *lease) left() time.Duration { return l.term*2/3 - l.now().Sub(l.renewed) }

// due says that it is time to renew.
func (l *lease) due() bool { return l.now().Sub(l.renewed) >= l.term/3 }

// edit changes the record by a pure function of what it says.
func (l *lease) edit(ctx context.Context, change func(progress) (progress, error)) error {
	return l.records.EditRecord(ctx, l.collection, "", "", l.name, func(old []byte) ([]byte, error) {
		var p progress
		if old != nil {
			if err := json.Unmarshal(old, &p); err != nil {
				return nil, fmt.Errorf("events: the record %s/%s: %w", l.collection, l.name, err)
			}
		}
		next, err := change(p)
		if err != nil {
			return nil, err
		}
		return json.Marshal(next)
	})
}

// loadProgress reads where a target is; the zero value when no process ever delivered to it.
func loadProgress(ctx context.Context, r Records, name string) (p progress, err error) {
	body, err := r.GetRecord(ctx, targetRecords, "", "", name)
	if errors.Is(err, store.ErrNoRecord) {
		return p, nil
	}
	if err != nil {
		return p, err
	}
	if err := json.Unmarshal(body, &p); err != nil {
		return p, fmt.Errorf("events: the record of target %s: %w", name, err)
	}
	return p, nil
}
