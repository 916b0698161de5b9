package memory

import (
	"bytes"
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
)

// outbox is the events, oldest first. Their places count up from 1 and have no gaps, so a place
// is an offset into the list.
type outbox struct {
	on       bool
	database [16]byte
	events   []store.Event
	trimmed  uint64 // the last place that is gone
}

// NewWithEvents makes an empty engine that keeps events. The events' IDs follow from the
// number, which should be random.
func NewWithEvents(database [16]byte) *Engine {
	e := New()
	e.outbox.on, e.outbox.database = true, database
	return e
}

// KeepEvents says whether changes make events from now on.
func (e *Engine) KeepEvents(on bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.outbox.on = on
}

// add appends the event of a change.
func (o *outbox) add(k finding.Key, isNew bool, out *finding.Outcome) {
	if !o.on {
		return
	}
	place := o.last() + 1
	json := out.Stored.Finding.AppendJSON(nil)
	o.events = append(o.events, store.Event{
		Cursor: strconv.FormatUint(place, 10), ID: store.EventID(o.database, place, json),
		Key: k, Time: store.EventTime(isNew, out), Finding: json,
	})
}

// last is the newest place that was ever given, 0 for none.
func (o *outbox) last() uint64 { return o.trimmed + uint64(len(o.events)) }

// after gives the events behind a cursor.
func (o *outbox) after(cursor string) ([]store.Event, error) {
	if cursor == "" {
		return o.events, nil
	}
	place, err := strconv.ParseUint(cursor, 10, 64)
	if err != nil || place == 0 || place > o.last() {
		return nil, store.ErrCursor
	}
	return o.events[max(place, o.trimmed)-o.trimmed:], nil
}

// Events implements store.Outbox.
func (e *Engine) Events(ctx context.Context, after string, limit int) ([]store.Event, error) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	if err := e.usable(ctx); err != nil {
		return nil, err
	}
	events, err := e.outbox.after(after)
	if err != nil {
		return nil, err
	}
	some := slices.Clone(events[:min(limit, len(events))])
	size := 0
	for i := range some {
		some[i].Finding = bytes.Clone(some[i].Finding)
		if size += len(some[i].Finding); size >= store.EventPage {
			return some[:i+1], nil
		}
	}
	return some, nil
}

// EventAt implements store.Outbox.
func (e *Engine) EventAt(ctx context.Context, after string, n int) (cursor string, at time.Time, err error) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	if err := e.usable(ctx); err != nil {
		return "", time.Time{}, err
	}
	events, err := e.outbox.after(after)
	if err != nil || n < 1 || n > len(events) {
		return "", time.Time{}, err
	}
	return events[n-1].Cursor, events[n-1].Time, nil
}

// LastEvent implements store.Outbox.
func (e *Engine) LastEvent(ctx context.Context) (string, error) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	if err := e.usable(ctx); err != nil || len(e.outbox.events) == 0 {
		return "", err
	}
	return e.outbox.events[len(e.outbox.events)-1].Cursor, nil
}

// Backlog implements store.Outbox.
func (e *Engine) Backlog(ctx context.Context, after string) (n int, oldest time.Time, err error) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	if err := e.usable(ctx); err != nil {
		return 0, time.Time{}, err
	}
	events, err := e.outbox.after(after)
	if err != nil || len(events) == 0 {
		return 0, time.Time{}, err
	}
	return len(events), events[0].Time, nil
}

// TrimEvents implements store.Outbox.
func (e *Engine) TrimEvents(ctx context.Context, upTo string, limit int) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.usable(ctx); err != nil || upTo == "" {
		return 0, err
	}
	left, err := e.outbox.after(upTo)
	if err != nil {
		return 0, err
	}
	n := min(limit, len(e.outbox.events)-len(left))
	// A copy, so that the memory of what is gone goes, too.
	e.outbox.events = slices.Clone(e.outbox.events[n:])
	e.outbox.trimmed += uint64(n)
	return n, nil
}
