package store

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"time"

	"github.com/findinghub/findinghub/finding"
)

// Event is one change of a finding, as it waits to be told to the world (behaviour.md section 6).
type Event struct {
	// Cursor is the event's place in the order; see Outbox.Events. It is never "".
	Cursor string
	// ID is a UUID in lower case: unique, and the same however often the event is read.
	ID string
	// Key is the finding's.
	Key finding.Key
	// Time is when the change was made; see EventTime.
	Time time.Time
	// Finding is the whole finding as the change left it, as compact JSON.
	Finding []byte
	// Space, where there is any, is memory right before Finding, in one array with it and the reader's, too: who makes a
	// document of the finding need not copy it.
	Space []byte
}

// EventPage bounds a page of Outbox.Events, in bytes of findings, so that who reads may ask for many events
// where they are small.
const EventPage = 4 << 20

// Outbox is the part of an engine that keeps events. An engine that was opened with events
// writes one for every mutation that changed a finding, in the transaction of the change: both
// are there or neither is. Of several mutations of one finding in one call each has its own event,
// with the finding as that mutation left it. An engine opened without events writes none, and
// imports cost nothing more; what is there from before can still be read and trimmed.
type Outbox interface {
	// Events reads events after a cursor, "" for the oldest, at most limit; fewer may come though
	// there are more, and none is the end. A page ends with the event that brings its findings to
	// EventPage bytes. Their order is one total order that ends with what is
	// newest; events of one finding are in the order of its changes. A reader that goes on from the
	// last cursor it got sees every event once: none is committed behind a cursor that was handed
	// out. A cursor whose event has been trimmed goes on with the oldest that is left. Cursors
	// stay good across restarts; what is not one is ErrCursor.
	Events(ctx context.Context, after string, limit int) ([]Event, error)
	// LastEvent is the cursor of the newest event that Events would tell, "" for none.
	LastEvent(ctx context.Context) (string, error)
	// Backlog counts the events after a cursor and gives the time of the oldest of them, zero for
	// none. It may be asked every few seconds, whatever waits: it does not read the events.
	Backlog(ctx context.Context, after string) (n int, oldest time.Time, err error)
	// EventAt gives the cursor and the time of the nth event (1 or more) after a cursor, "" where there are
	// fewer. It reads none of those before it: who has to know where events have a certain age leaps.
	EventAt(ctx context.Context, after string, n int) (cursor string, at time.Time, err error)
	// TrimEvents forgets the oldest events, up to and including a cursor ("" forgets none), at most
	// limit of them; it returns how many. Who wants all of them gone calls again until it is
	// fewer than limit. However large the limit, writers never wait for more than a few milliseconds.
	TrimEvents(ctx context.Context, upTo string, limit int) (int, error)
}

// Eraser is the part of an engine that removes findings, for retention.
type Eraser interface {
	// Erase removes findings with their history, those for which sure (which is pure, and may be
	// called more than once) still says so when the engine looks at them; keys without a finding are
	// passed over. It makes no events; those that wait stay. It returns how many findings are gone;
	// they are gone durably, also where an error tells why the rest is not. A panic of sure is such
	// an error. A finding that is imported afterwards is a new one.
	Erase(ctx context.Context, keys []finding.Key, sure func(*finding.Stored) bool) (int, error)
}

// Whole is everything that an engine keeps of one finding.
type Whole struct {
	Key     finding.Key
	Stored  finding.Stored
	Changes []finding.Change // oldest first
}

// Carrier is the part of an engine that gives everything away and takes everything in, for
// moving between engines.
type Carrier interface {
	// Scan reads findings of all hubs in the order of finding.Key.Compare, after a key (nil: from
	// the start; no finding need have it), at most limit; fewer mean that there are no more. Each is
	// of one moment, history and all: as it was or as it is, where it changes meanwhile.
	Scan(ctx context.Context, after *finding.Key, limit int) ([]Whole, error)
	// Load writes findings as they are, history included, in place of what was there under their
	// keys: all of them, durably, or with an error none. It makes no events. Loading the same
	// again changes nothing. A finding whose own members do not say its key is an error.
	Load(ctx context.Context, all []Whole) error
	// ScanRecords reads records of all collections by collection, account, region and name ascending,
	// after a record's place (nil: from the start; its body does not matter), at most limit; fewer
	// mean that there are no more.
	ScanRecords(ctx context.Context, after *Record, limit int) ([]Record, error)
}

// RecordEditor is the part of an engine that changes records under concurrency.
type RecordEditor interface {
	// EditRecord replaces one record's body by what edit makes of it, atomically: of edits of the same
	// record at the same time, by any process, each sees the result of the one before. old is nil
	// where there is no record, and never where there is one, however empty; a nil result removes the
	// record, or leaves none. edit is pure and may run more than once; its error leaves the record as
	// it was and is returned as it is, and a panic is an error. It must not call the engine.
	EditRecord(ctx context.Context, collection, account, region, name string, edit func(old []byte) ([]byte, error)) error
}

// EventTime is the time of the event for an outcome: that of the history record; of a new finding
// that of its creation; of a change that the history does not mention the finding's ProcessedAt, and
// without one its creation again. So engines need no clock, and all give the same answer.
func EventTime(isNew bool, o *finding.Outcome) time.Time {
	switch {
	case o.Change != nil:
		return o.Change.Time
	case isNew:
		return o.Stored.CreatedTime
	}
	if t, err := time.Parse(time.RFC3339, o.Stored.Finding.Text("ProcessedAt")); err == nil {
		return t.UTC()
	}
	return o.Stored.CreatedTime
}

// EventID makes an event's ID from what does not change: the database's own random number, the event's place
// there and what tells its content from another's, the content itself or its sum and its time. That matters where
// a database is restored from a backup and counts the same places again for other events. It is a UUID of version 8 (RFC 9562).
func EventID(database [16]byte, place uint64, content []byte) string {
	h := sha256.New()
	h.Write(database[:])
	h.Write(binary.BigEndian.AppendUint64(nil, place))
	h.Write(content)
	id := h.Sum(nil)[:16]
	id[6] = id[6]&0x0f | 0x80
	id[8] = id[8]&0x3f | 0x80
	text := hex.AppendEncode(make([]byte, 0, 36), id[:4])
	for _, part := range [][]byte{id[4:6], id[6:8], id[8:10], id[10:]} {
		text = hex.AppendEncode(append(text, '-'), part)
	}
	return string(text)
}
