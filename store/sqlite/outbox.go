package sqlite

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
)

// An event's place is its number. The one writer gives them out in the order of commits and
// takes them back when a commit fails, so there are no gaps: a count is a subtraction, and none
// ever appears behind one that has been read. A row has the place of its last event. docs/adr/0014-outbox.md weighs this against other ways.

// eventRange is the places of the events that are there: after < place <= last.
type eventRange struct{ after, last int64 }

// eventRange reads the range that is behind a cursor.
func (r *reader) eventRange(cursor string) (eventRange, error) {
	if _, err := r.eventEnds.Step(); err != nil {
		return eventRange{}, fmt.Errorf("store: reading events: %w", err)
	}
	last, trimmed := r.eventEnds.ColumnInt64(0), placeOf(appendColumn(nil, r.eventEnds, 1))
	if err := r.eventEnds.Reset(); err != nil {
		return eventRange{}, err
	}
	// With none left, what was trimmed says what has been.
	er := eventRange{trimmed, max(trimmed, last)}
	if cursor == "" {
		return er, nil
	}
	place, ok := placeIn(cursor)
	if !ok || place > er.last {
		return eventRange{}, fmt.Errorf("%w: %.40q", store.ErrCursor, cursor)
	}
	er.after = max(er.after, place)
	return er, nil
}

// placeIn is the place that a cursor says.
func placeIn(cursor string) (place int64, ok bool) {
	place, err := strconv.ParseInt(cursor, 10, 64)
	return place, err == nil && place > 0 && strconv.FormatInt(place, 10) == cursor
}

// placeOf reads a place from the meta table; 0 where there is none.
func placeOf(value []byte) int64 {
	if len(value) != 8 {
		return 0
	}
	return int64(binary.LittleEndian.Uint64(value))
}

// withEvents lends a connection and the range of events behind a cursor.
func (e *Engine) withEvents(ctx context.Context, cursor string, f func(*reader, eventRange) error) error {
	if err := e.enter(ctx); err != nil {
		return err
	}
	defer e.leave()
	return e.readers.with(ctx, func(r *reader) error {
		er, err := r.eventRange(cursor)
		if err != nil {
			return err
		}
		return f(r, er)
	})
}

// Events implements store.Outbox. It reads no more than rowsAtOnce at once.
func (e *Engine) Events(ctx context.Context, after string, limit int) (events []store.Event, err error) {
	limit = min(limit, rowsAtOnce)
	if place, ok := placeIn(after); ok {
		if events, known, err := e.fromTail(ctx, place, limit); known || err != nil {
			return events, err
		}
	}
	err = e.withEvents(ctx, after, func(r *reader, er eventRange) (err error) {
		events, err = e.readEvents(ctx, r, er.after, limit)
		return err
	})
	return events, err
}

// eventOf makes an event of what its row has behind the first bytes and of its record.
func (e *Engine) eventOf(place int64, head []byte, r *record) store.Event {
	return store.Event{
		Cursor: strconv.FormatInt(place, 10), ID: store.EventID(e.identity, uint64(place), head),
		Key: r.key, Time: getTime(head[bodyAt-crcAt:]), Finding: r.json, Space: r.space,
	}
}

// readEvents reads events after a place, at most limit, and no more when they have come to a page.
func (e *Engine) readEvents(ctx context.Context, r *reader, after int64, limit int) (events []store.Event, err error) {
	size, last := 0, finding.Key{}
	err = r.eachEvent(ctx, after, limit, func(place int64, row []byte) (bool, error) {
		rec, err := e.codec.event(row, place, &last)
		if err != nil {
			return false, err
		}
		events = append(events, e.eventOf(place, row[crcAt:historyHead], &rec))
		size, last = size+len(rec.json), rec.key
		return size < store.EventPage, nil
	})
	if err != nil {
		return nil, err
	}
	return events, nil
}

// eachEvent reads the events after a place, until limit or until f has enough. What f is given is good until it returns.
func (r *reader) eachEvent(ctx context.Context, after int64, limit int, f func(place int64, event []byte) (more bool, err error)) error {
	s, n := r.selectEvents, 0
	counted := func(place int64, event []byte) (more bool, err error) {
		n++
		if more, err = f(place, event); err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return false, fmt.Errorf("event %d: %w", place, err)
		}
		return more && n < limit, nil
	}
	s.BindInt64(1, after)
	for more := n < limit; more; {
		found, err := s.Step()
		if err != nil {
			return fmt.Errorf("store: reading events: %w", err)
		}
		if !found {
			break
		}
		r.row = appendColumn(r.row[:0], s, 1)
		if more, err = eachOf(r.row, s.ColumnInt64(0), after, counted); err != nil {
			return errors.Join(fmt.Errorf("store: %w", err), s.Reset())
		}
	}
	return s.Reset()
}

// eventTime reads the time of the event after a place, and nothing else of it.
func (r *reader) eventTime(ctx context.Context, after int64) (at time.Time, err error) {
	err = r.eachEvent(ctx, after, 1, func(place int64, row []byte) (bool, error) {
		if err := check(row, historyHead, place); err != nil {
			return false, err
		}
		at = getTime(row[bodyAt:])
		return false, nil
	})
	return at, err
}

// EventAt implements store.Outbox. There are no gaps, so the nth is n places on.
func (e *Engine) EventAt(ctx context.Context, after string, n int) (cursor string, at time.Time, err error) {
	err = e.withEvents(ctx, after, func(r *reader, er eventRange) (err error) {
		if n < 1 || int64(n) > er.last-er.after {
			return nil
		}
		place := er.after + int64(n)
		if at, err = r.eventTime(ctx, place-1); err == nil {
			cursor = strconv.FormatInt(place, 10)
		}
		return err
	})
	return cursor, at, err
}

// LastEvent implements store.Outbox.
func (e *Engine) LastEvent(ctx context.Context) (cursor string, err error) {
	err = e.withEvents(ctx, "", func(_ *reader, er eventRange) error {
		if er.last > er.after {
			cursor = strconv.FormatInt(er.last, 10)
		}
		return nil
	})
	return cursor, err
}

// Backlog implements store.Outbox.
func (e *Engine) Backlog(ctx context.Context, after string) (n int, oldest time.Time, err error) {
	err = e.withEvents(ctx, after, func(r *reader, er eventRange) (err error) {
		if n = int(er.last - er.after); n > 0 {
			oldest, err = r.eventTime(ctx, er.after)
		}
		return err
	})
	return n, oldest, err
}

// trimStep is how many events are forgotten in one commit, which others wait for.
const trimStep = 500

// TrimEvents implements store.Outbox.
func (e *Engine) TrimEvents(ctx context.Context, upTo string, limit int) (n int, err error) {
	var last int64
	err = e.withEvents(ctx, upTo, func(r *reader, er eventRange) error {
		all, err := r.eventRange("")
		if err == nil && er.after > all.after {
			last = er.after
		}
		return err
	})
	// Who asks when there is nothing to forget does not bother the writer.
	for err == nil && n < limit && last > 0 {
		step := 0
		err = e.write(ctx, func(w *writer) (err error) {
			step, err = w.trim(last, min(limit-n, trimStep))
			return err
		})
		if err != nil || step == 0 {
			break
		}
		n += step
	}
	return n, err
}

// trim forgets events up to a place, at most limit. How far it came is written down, so that
// places are not given again when none is left.
func (w *writer) trim(upTo int64, limit int) (int, error) {
	to := min(upTo, w.trimmed+int64(limit))
	n := int(to - w.trimmed)
	if n <= 0 {
		return 0, nil
	}
	w.dropEvents.BindInt64(1, to)
	if err := run(w.dropEvents); err != nil {
		return 0, fmt.Errorf("store: trimming events: %w", err)
	}
	w.trimmed = to
	return n, w.setMeta("trimmed", binary.LittleEndian.AppendUint64(nil, uint64(to)))
}
