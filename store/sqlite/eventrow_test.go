package sqlite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
	"pgregory.net/rapid"
)

// someEvents collects n events, of places up to last.
func someEvents(t testing.TB, n int, last int64) *eventRow {
	t.Helper()
	row := &eventRow{}
	row.reset()
	c, scratch := testCodec(t), []byte(nil)
	for i := range n {
		k := testKey(fmt.Sprint(i))
		event := appendEvent(nil, c.appendFinding(nil, k, &finding.Stored{Finding: testFinding(k, "title")}, &scratch), time.Unix(int64(i), 0))
		bind(event, last-int64(n-1-i))
		row.add(event)
	}
	return row
}

// TestEventRow: what is put into a row comes out, after any place, and as far as is asked.
func TestEventRow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		events := rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 1, 300), 1, severalEvents).Draw(t, "events")
		row := &eventRow{}
		row.reset()
		for i, event := range events {
			event[0] = boundFormat
			row.add(event)
			if row.full() != (i+1 == severalEvents) {
				t.Fatalf("with %d events it is full: %v", i+1, row.full())
			}
		}
		first := rapid.Int64Range(1, 1<<40).Draw(t, "first place")
		last := first + int64(len(events)) - 1
		after := first - 1 + rapid.Int64Range(-1, int64(len(events))-1).Draw(t, "after")
		most := rapid.IntRange(1, severalEvents).Draw(t, "most")
		var got [][]byte
		more, err := eachOf(row.row(), last, after, func(place int64, event []byte) (bool, error) {
			if want := max(after+1, first) + int64(len(got)); place != want {
				t.Fatalf("event %d, want %d", place, want)
			}
			got = append(got, bytes.Clone(event))
			return len(got) < most, nil
		})
		want := events[max(after+1-first, 0):]
		if more != (len(want) < most) || err != nil || !slices.EqualFunc(got, want[:min(most, len(want))], bytes.Equal) {
			t.Fatalf("more: %v, %v; %x of %x", more, err, got, want)
		}
	})
}

// TestEventRowFull: large events make a row full by their size.
func TestEventRowFull(t *testing.T) {
	t.Parallel()
	row := &eventRow{}
	row.reset()
	for row.n == 0 || !row.full() {
		row.add(make([]byte, 30<<10))
	}
	if row.n != 3 {
		t.Errorf("a row has %d events of 30 KiB", row.n)
	}
	if row.reset(); row.n != 0 || row.full() {
		t.Error("it is not empty again")
	}
}

// TestEventRowDamaged: whatever byte is another, cut off or too many, some event of the row cannot be read.
func TestEventRowDamaged(t *testing.T) {
	t.Parallel()
	c := testCodec(t)
	readAll := func(row []byte, last int64) (n int, err error) {
		_, err = eachOf(row, last, 0, func(place int64, event []byte) (bool, error) {
			n++
			_, err := c.event(event, place, &finding.Key{})
			return true, err
		})
		return n, err
	}
	for _, n := range []int{1, 2, 5} {
		row := bytes.Clone(someEvents(t, n, 100).row())
		if got, err := readAll(row, 100); got != n || err != nil {
			t.Fatalf("%d of %d events, %v", got, n, err)
		}
		for i := range row {
			spoilt := bytes.Clone(row)
			for bit := range 8 {
				spoilt[i] = row[i] ^ 1<<bit
				if _, err := readAll(spoilt, 100); err == nil {
					t.Errorf("%d events: byte %d is %x instead of %x, and nobody noticed", n, i, spoilt[i], row[i])
				}
			}
			if _, err := readAll(row[:i], 100); err == nil {
				t.Errorf("%d events: the row ends at byte %d, and nobody noticed", n, i)
			}
		}
		if _, err := readAll(append(row, 0), 100); err == nil {
			t.Errorf("%d events: a byte more, and nobody noticed", n)
		}
		if _, err := readAll(row, 101); err == nil {
			t.Errorf("%d events: the row is of other places, and nobody noticed", n)
		}
	}
	if _, err := readAll([]byte{severalFormat, 0}, 100); !errors.Is(err, errCorrupt) {
		t.Errorf("a row of none: %v", err)
	}
}

// FuzzEventRow: a row that is anything makes no panic.
func FuzzEventRow(f *testing.F) {
	f.Add(someEvents(f, 3, 3).row(), int64(3))
	f.Add([]byte{severalFormat, 255, 0}, int64(-1<<63))
	f.Add([]byte{severalFormat, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}, int64(1<<63-1))
	c := testCodec(f)
	f.Fuzz(func(t *testing.T, row []byte, last int64) {
		n := 0
		_, _ = eachOf(row, last, last-2, func(place int64, event []byte) (bool, error) {
			if n++; n > 255 {
				t.Fatal("more events than a row can have")
			}
			_, err := c.event(event, place, &finding.Key{})
			return true, err
		})
	})
}

// rowsOfEvents counts the rows of the outbox.
func rowsOfEvents(t *testing.T, e *Engine) (n int64) {
	t.Helper()
	err := e.readers.with(context.Background(), func(r *reader) (err error) {
		n, err = ask(r.conn, "SELECT count(*) FROM outbox")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// allEvents reads all events after a cursor.
func allEvents(t *testing.T, e *Engine, after string) (all []store.Event) {
	t.Helper()
	all, err := e.Events(context.Background(), after, 1000)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// sameIDs compares events by what nobody else has.
func sameIDs(a, b []store.Event) bool {
	return slices.EqualFunc(a, b, func(a, b store.Event) bool { return a.ID == b.ID && a.Cursor == b.Cursor })
}

// TestEventRowsTrimmed: a row of which some events are trimmed tells the others, also after a start, and goes with its last.
func TestEventRowsTrimmed(t *testing.T) {
	t.Parallel()
	o := Options{Dir: t.TempDir(), Events: true}
	e := mustOpen(t, o)
	const n = 2*severalEvents + 10
	mustApply(t, e, many(n, "title ")...)
	all := allEvents(t, e, "")
	if rows := rowsOfEvents(t, e); rows != 3 || len(all) != n {
		t.Fatalf("%d events in %d rows", len(all), rows)
	}
	trimmed := 0
	for _, c := range []struct {
		upTo int
		rows int64
	}{{0, 3}, {severalEvents - 2, 3}, {severalEvents - 1, 2}, {severalEvents, 2}, {n - 2, 1}, {n - 1, 0}} {
		want := c.upTo + 1 - trimmed
		if got, err := e.TrimEvents(context.Background(), all[c.upTo].Cursor, n); got != want || err != nil {
			t.Fatalf("trimmed %d, %v; want %d", got, err, want)
		}
		trimmed = c.upTo + 1
		if rows := rowsOfEvents(t, e); rows != c.rows {
			t.Errorf("%d rows are left of event %d, want %d", rows, c.upTo, c.rows)
		}
		for range 2 {
			for _, after := range []string{"", all[0].Cursor, all[c.upTo].Cursor} {
				if got := allEvents(t, e, after); !sameIDs(got, all[trimmed:]) {
					t.Errorf("%d events are told after %q, want %d", len(got), after, n-trimmed)
				}
			}
			e.Close()
			if r, err := Check(context.Background(), filepath.Join(o.Dir, fileName)); err != nil || r.Events != n-trimmed {
				t.Errorf("%d events left: %+v, %v", n-trimmed, r, err)
			}
			e = mustOpen(t, o)
		}
	}
	mustApply(t, e, testPut("a", "one"))
	if more := allEvents(t, e, all[n-1].Cursor); len(more) != 1 || more[0].Cursor != fmt.Sprint(n+1) {
		t.Errorf("then came %v", more)
	}
}

// TestEventsAfterFailedCommit: the events of a commit that failed are not in the next one's row.
func TestEventsAfterFailedCommit(t *testing.T) {
	t.Parallel()
	e := mustOpen(t, Options{Dir: t.TempDir(), Events: true})
	mustApply(t, e, many(2, "title ")...)
	failed := errors.New("no")
	err := e.writer.do(context.Background(), job{write: func(w *writer) error {
		w.lastEvent++
		w.told.add([]byte("of the commit that fails"))
		return failed
	}})
	if !errors.Is(err, failed) {
		t.Fatal(err)
	}
	mustApply(t, e, many(3, "again ")...)
	if all := allEvents(t, e, ""); len(all) != 5 || all[4].Cursor != "5" {
		t.Errorf("%d events", len(all))
	}
}

// TestMigrateFrom2: rows of one event each, as layout 2 has them, are told as before, beside new ones.
func TestMigrateFrom2(t *testing.T) {
	t.Parallel()
	o := Options{Dir: t.TempDir(), Events: true}
	file := filepath.Join(o.Dir, fileName)
	e := mustOpen(t, o)
	for i := range 5 {
		mustApply(t, e, testPut(fmt.Sprint(i), "one"))
	}
	before := allEvents(t, e, "")
	if rows := rowsOfEvents(t, e); rows != 5 {
		t.Fatalf("5 events lie in %d rows", rows)
	}
	e.Close()
	withSQL("PRAGMA user_version=2")(t, file)
	if r, err := Check(context.Background(), file); err != nil || r.Layout != 2 || r.Events != 5 {
		t.Fatalf("%+v, %v", r, err)
	}
	e = mustOpen(t, o)
	mustApply(t, e, many(3, "two ")...)
	if all := allEvents(t, e, ""); !sameIDs(all[:5], before) || len(all) != 8 {
		t.Errorf("%d events, that begin with %v, want %v", len(all), all[:5], before)
	}
	e.Close()
	if r, err := Check(context.Background(), file); err != nil || r.Layout != schemaVersion || r.Events != 8 {
		t.Errorf("%+v, %v", r, err)
	}
}
