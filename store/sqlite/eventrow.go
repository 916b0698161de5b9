package sqlite

import (
	"encoding/binary"
	"fmt"
)

// The events of one commit share rows, for a row costs about as much as the event that is in it. A row of several
// is found by the place of its last:
//
//	3, n | n times a length and an event as codec.go has it
//
// Each event has its own sum, over its own place. A row of one is the event alone, as layout 2 has them all.
const (
	severalFormat = 3
	severalHead   = 2
	// What a row has at most. Who wants one event of it reads it to there.
	severalEvents = 64
	severalBytes  = 64 << 10
)

// eventRow collects events for a row. The zero value is ready for use.
type eventRow struct {
	body []byte
	n    int
}

// reset forgets what is there.
func (r *eventRow) reset() { r.body, r.n = append(r.body[:0], severalFormat, 0), 0 }

// add takes in the event of the next place.
func (r *eventRow) add(event []byte) {
	r.body = appendTexts(r.body, event)
	r.n++
}

// full says that the row must be written before it takes another.
func (r *eventRow) full() bool { return r.n >= severalEvents || len(r.body) >= severalBytes }

// row is what is to be written.
func (r *eventRow) row() []byte {
	if r.n == 1 {
		_, size := binary.Uvarint(r.body[severalHead:])
		return r.body[severalHead+size:]
	}
	r.body[1] = byte(r.n)
	return r.body
}

// eachOf calls f for the events of a row that lie after a place, until it wants no more.
func eachOf(row []byte, last, after int64, f func(place int64, event []byte) (more bool, err error)) (more bool, err error) {
	if len(row) < severalHead || row[0] != severalFormat {
		return f(last, row)
	}
	t, n := texts{rest: row[severalHead:]}, int64(row[1])
	for place := last - n + 1; place <= last; place++ {
		event := t.bytes()
		if t.err != nil {
			return false, fmt.Errorf("event %d: %w", place, t.err)
		}
		if place <= after {
			continue
		}
		if more, err := f(place, event); err != nil || !more {
			return false, err
		}
	}
	if n == 0 || len(t.rest) > 0 {
		return false, fmt.Errorf("event %d: %w", last, errCorrupt)
	}
	return true, nil
}

// tellAll writes the events that are collected.
func (w *writer) tellAll() error {
	if w.told.n == 0 {
		return nil
	}
	w.insertEvent.BindInt64(1, w.lastEvent)
	w.insertEvent.BindBytes(2, w.told.row())
	w.told.reset()
	if err := run(w.insertEvent); err != nil {
		return fmt.Errorf("store: writing event %d: %w", w.lastEvent, err)
	}
	return nil
}
