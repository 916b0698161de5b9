package events

import (
	"context"
	"fmt"
	"time"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/store"
)

// Stream lets somebody read along. It keeps no state of its readers: the cursor of an event is all that is
// needed to go on after it. The zero value of Bell and Poll (1 s) is allowed.
type Stream struct {
	Outbox store.Outbox
	Bell   *Bell
	// Poll is how often to look for the events of other processes.
	Poll time.Duration
}

// StreamQuery says what a reader wants.
type StreamQuery struct {
	// After is the cursor to go on after; "" begins with what comes now, or with the oldest event kept
	// when FromOldest is set. After a cursor older than what is kept, reading goes on with the oldest.
	After      string
	FromOldest bool
	// Selection must name accounts and regions: whoever asks may not see all.
	Selection Selection
}

// streamPage is how many events a stream reads at once: there may be many streams.
const streamPage = 64

// Read calls emit for every event that the query selects, in the outbox's order, with the event's document and
// the cursor to go on after it; emit must not keep the document. It waits for new events until the
// context ends, whose error it returns, or emit fails, whose error it returns. It emits
// nothing in quiet times: heartbeats are the caller's. Memory is bounded by one read of 64 events; a
// reader that is slow to emit costs nothing but its own lag.
func (s *Stream) Read(ctx context.Context, q StreamQuery, emit func(cursor string, event []byte) error) error {
	if len(q.Selection.Accounts) == 0 || len(q.Selection.Regions) == 0 {
		return findinghub.Errorf(findinghub.CodeInvalidInput, "A stream is of one account and region at least.")
	}
	after, err := s.start(ctx, &q)
	if err != nil {
		return err
	}
	poll := s.Poll
	setDefault(&poll, time.Second)
	var document []byte
	for {
		rung := s.Bell.next()
		all, err := s.Outbox.Events(ctx, after, streamPage)
		if err != nil {
			return fmt.Errorf("events: the outbox: %w", err)
		}
		for i := range all {
			if document, err = s.tell(&q, &all[i], document, emit); err != nil {
				return err
			}
			after = all[i].Cursor
		}
		if len(all) == 0 {
			wait(ctx, rung, poll)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// start finds the cursor to begin after.
func (s *Stream) start(ctx context.Context, q *StreamQuery) (string, error) {
	if q.After != "" || q.FromOldest {
		return q.After, nil
	}
	last, err := s.Outbox.LastEvent(ctx)
	if err != nil {
		return "", fmt.Errorf("events: the outbox: %w", err)
	}
	return last, nil
}

// tell emits an event when the query selects it. What cannot be judged is emitted; see Selection.
func (s *Stream) tell(q *StreamQuery, e *store.Event, scratch []byte, emit func(string, []byte) error) ([]byte, error) {
	if !q.Selection.admits(e) {
		return scratch, nil
	}
	scratch = AppendEvent(scratch[:0], e)
	if wanted, _ := q.Selection.wants(e, scratch); !wanted {
		return scratch, nil
	}
	return scratch, emit(e.Cursor, scratch)
}
