// Package events tells the world about changes of findings: at least once, and in order for each
// finding. Engines write one event for every change in the transaction of the change
// (store.Outbox); a Deliverer takes them from there to targets, a Stream to whoever reads along.
// Nothing of it lies on the way of a write: a slow or dead target costs lag, never an import.
//
// What a receiver can rely on:
//
//   - Every change of a finding that a target's selection wants arrives, or lies in the dead letters
//     with the reason; it may arrive more than once, always with the same id.
//   - The first arrivals of one finding's events are in the order of its changes. Only a dead
//     letter steps out of that line, and Replay, which sends it later.
//   - Events of different findings have no order.
package events

import (
	"context"
	"errors"
	"time"

	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
	"github.com/go-json-experiment/json/jsontext"
)

// What every event says of itself (behaviour.md section 6).
const (
	DetailType = "Security Hub Findings - Imported"
	Source     = "aws.securityhub"
)

// AppendEvent appends an event in EventBridge's shape (behaviour.md section 6). The finding is
// spliced in as it is stored; the result is compact JSON when the finding is. Times have seconds, as EventBridge's.
func AppendEvent(dst []byte, e *store.Event) []byte {
	return append(append(appendHead(dst, e), e.Finding...), tail...)
}

// tail is what follows the finding.
const tail = `]}}`

// appendHead appends what comes before the finding.
func appendHead(dst []byte, e *store.Event) []byte {
	dst = append(dst, `{"version":"0","id":`...)
	dst = appendText(dst, e.ID)
	dst = append(dst, `,"detail-type":"`+DetailType+`","source":"`+Source+`","account":`...)
	dst = appendText(dst, e.Key.Account)
	dst = append(dst, `,"time":"`...)
	dst = e.Time.UTC().AppendFormat(dst, time.RFC3339)
	dst = append(dst, `","region":`...)
	dst = appendText(dst, e.Key.Region)
	dst = append(dst, `,"resources":[`...)
	dst = appendText(dst, e.Key.ProductArn+"/"+e.Key.ID)
	return append(dst, `],"detail":{"findings":[`...)
}

// document is AppendEvent's, in the memory that the finding lies in where there is space for it: most documents
// are mostly their finding. head is scratch, and given back. The event's finding is part of the document then.
func document(e *store.Event, head []byte) (d, scratch []byte) {
	head = appendHead(head[:0], e)
	first, end := len(e.Space)-len(head), len(e.Space)+len(e.Finding)
	if first < 0 || end+len(tail) > cap(e.Space) {
		d = append(make([]byte, 0, len(head)+len(e.Finding)+len(tail)), head...)
		return append(append(d, e.Finding...), tail...), head
	}
	copy(e.Space[first:], head)
	return append(e.Space[first:end], tail...), head
}

// appendText appends a JSON string. What is not UTF-8 becomes U+FFFD, which AppendQuote also reports.
func appendText(dst []byte, text string) []byte {
	quoted, err := jsontext.AppendQuote(dst, text)
	if err != nil && quoted == nil {
		return append(dst, `""`...)
	}
	return quoted
}

// Message is an event on its way to a target.
type Message struct {
	// ID is the event's, the same at every try.
	ID string
	// Key is the finding's.
	Key finding.Key
	// Time is when the finding changed.
	Time time.Time
	// Body is the event's document; see AppendEvent.
	Body []byte
}

// Sender takes messages to one target. One goroutine uses it.
type Sender interface {
	// Send sends messages, no two of which are of one finding, and says of each what became of it, index by
	// index: nil once the target has it for good, a Refusal when no further try can help, any other
	// error when one may. It must not keep the messages after it returned.
	Send(ctx context.Context, batch []Message) []error
	// Close gives everything back. Nothing is sent after it.
	Close() error
}

// Refusal is why a target will never take a message: it goes to the dead letters at once.
type Refusal struct{ Err error }

// Error gives the reason.
func (r *Refusal) Error() string { return "refused: " + r.Err.Error() }

// Unwrap gives the cause.
func (r *Refusal) Unwrap() error { return r.Err }

// refused says whether trying again is of no use.
func refused(err error) bool {
	var r *Refusal
	return errors.As(err, &r)
}

// Records is the part of an engine that the deliverers keep their own state in. The records are
// of no account and no region.
type Records interface {
	store.RecordEditor
	// GetRecord reads one record's body; store.ErrNoRecord when there is none.
	GetRecord(ctx context.Context, collection, account, region, name string) ([]byte, error)
	// ListRecords lists a collection by name ascending, names greater than after, at most limit.
	ListRecords(ctx context.Context, collection, account, region, after string, limit int) ([]store.Record, error)
}
