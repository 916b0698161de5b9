package store

import (
	"context"
	"time"

	"github.com/findinghub/findinghub/finding"
)

// Event is one change of a finding, as it waits to be told to the world (behaviour.md section 6).
type Event struct {
	// Cursor is the event's place in the order; see Outbox.Events.
	Cursor string
	// ID is unique, and the same however often the event is read.
	ID string
	// Key is the finding's.
	Key finding.Key
	// Time is when the change was made.
	Time time.Time
	// Finding is the whole finding as the change left it, as compact JSON.
	Finding []byte
}

// Outbox is the part of an engine that keeps events. An engine that was opened with events
// writes one for every mutation that changed a finding, in the transaction of the change: both are
// there or neither is. Without them it writes none, and imports cost nothing more.
type Outbox interface {
	// Events reads events after a cursor, "" for the oldest, at most limit. Their order is one
	// total order that ends with what is newest; events of one finding are in the order of its
	// changes. A reader that goes on from the last cursor it got sees every event once: none is
	// committed behind a cursor that was handed out. A cursor whose event has been trimmed goes on with
	// the oldest that is left.
	Events(ctx context.Context, after string, limit int) ([]Event, error)
	// LastEvent is the cursor of the newest event that Events would tell, "" for none.
	LastEvent(ctx context.Context) (string, error)
	// Backlog counts the events after a cursor and gives the time of the oldest of them.
	Backlog(ctx context.Context, after string) (n int, oldest time.Time, err error)
	// TrimEvents forgets events up to and including a cursor, in small steps of at most limit
	// events; it returns how many it forgot.
	TrimEvents(ctx context.Context, upTo string, limit int) (int, error)
}

// Eraser is the part of an engine that removes findings, for retention.
type Eraser interface {
	// Erase removes findings with their history, those for which sure (which is pure) still says so
	// when the engine looks at them; keys without a finding are passed over. It makes no
	// events. It returns how many findings are gone; they are gone durably.
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
	// the start), at most limit. Findings that change meanwhile are read as they were or as they are.
	Scan(ctx context.Context, after *finding.Key, limit int) ([]Whole, error)
	// Load writes findings as they are, history included, in place of what was there under their
	// keys. It makes no events. Loading the same again changes nothing.
	Load(ctx context.Context, all []Whole) error
	// ScanRecords reads records of all collections by collection, account, region and name ascending,
	// after a record's place (nil: from the start), at most limit.
	ScanRecords(ctx context.Context, after *Record, limit int) ([]Record, error)
}

// RecordEditor is the part of an engine that changes records under concurrency.
type RecordEditor interface {
	// EditRecord replaces one record's body by what edit makes of it, atomically: of edits of the same
	// record at the same time, by any process, each sees the result of the one before. old is nil
	// where there is no record; a nil result removes the record, or leaves none. edit is pure and
	// may run more than once; its error leaves the record as it was and is returned as it is.
	EditRecord(ctx context.Context, collection, account, region, name string, edit func(old []byte) ([]byte, error)) error
}
