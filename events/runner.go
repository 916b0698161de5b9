package events

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

const (
	// readAhead is how many events one read asks for; engines end it at store.EventPage. A batch takes several: what
	// is read is made a document while it is still in the processor's cache.
	readAhead = 128
	// sendBytes ends a batch: what a target has not taken is in memory twice while it is sent.
	sendBytes = 4 << 20
	// saveEvery spaces the writes of a cursor that moves: each is a transaction of the store. After a crash
	// as many events come twice as were delivered in that time.
	saveEvery = time.Second
	// closing bounds what is done after the context has ended.
	closing = 5 * time.Second
)

// storePause is how long to wait when the store or a connection fails.
var storePause = Retry{Min: 100 * time.Millisecond, Max: 30 * time.Second}

// runner delivers to one target. One goroutine runs it.
type runner struct {
	o       *Options
	target  *Target
	metrics *metrics
	log     *slog.Logger
	lease   *lease
	letters letterbox

	sender    Sender // nil until opened
	window    *window
	read      string          // cursor of the last event read
	end       bool            // the last read came to the end of the outbox
	rung      <-chan struct{} // since before the last read
	next      time.Time       // not to be read before
	fails     int             // of the store, in a row
	openFails int             // of Open, in a row
	head      []byte          // scratch
}

func newRunner(d *Deliverer, t *Target) *runner {
	return &runner{
		o: &d.o, target: t, metrics: d.metrics, log: d.o.Log.With("target", t.Name),
		lease:   d.newLease(targetRecords, t.Name),
		letters: letterbox{records: d.o.Records, target: t.Name, bound: d.o.DeadLetters},
	}
}

// run holds the lease and delivers, or waits for the lease, until the context ends.
func (r *runner) run(ctx context.Context) {
	for ctx.Err() == nil {
		held, err := r.lease.acquire(ctx)
		if err == nil && held {
			r.begin()
			err = r.deliver(ctx)
		}
		switch {
		case errors.Is(err, errLeaseLost) || ctx.Err() != nil:
		case err != nil:
			r.recover(ctx, "events are not delivered", err)
		case !held:
			r.shut()
			wait(ctx, nil, r.lease.term/3)
		}
	}
	r.shut()
	r.leave(ctx)
}

// begin goes on from the record, unless what is in memory is newer: a store that fails now and then must not
// make a target start over each time.
func (r *runner) begin() {
	if r.window != nil && !r.lease.lost {
		return
	}
	r.shut()
	r.window, r.read, r.lease.lost = newWindow(r.lease.seen.Cursor), r.lease.seen.Cursor, false
	r.end, r.next = false, time.Time{}
}

// recover logs a failure and waits, the longer the more there were.
func (r *runner) recover(ctx context.Context, message string, err error) {
	r.fails++
	r.log.Warn(message, "error", err, "failures", r.fails)
	wait(ctx, nil, storePause.pause(r.fails, r.o.Chance()))
}

// shut closes the connection.
func (r *runner) shut() {
	if r.sender == nil {
		return
	}
	if err := r.sender.Close(); err != nil {
		r.log.Warn("the connection of a target did not close", "error", err)
	}
	r.sender = nil
}

// leave writes the last cursor and gives the lease back.
func (r *runner) leave(ctx context.Context) {
	if r.window == nil || r.lease.lost {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closing)
	defer cancel()
	if err := r.lease.release(ctx, r.window.cursor); err != nil && !errors.Is(err, errLeaseLost) {
		r.log.Warn("the last place of a target was not saved", "error", err)
	}
}

// deliver goes on until the lease is lost, the store fails or the context ends.
func (r *runner) deliver(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := r.keep(ctx); err != nil {
			return err
		}
		if err := r.fill(ctx); err != nil {
			return err
		}
		r.fails = 0
		if r.lease.due() { // reading took long: what is sent now must still be ours to send
			continue
		}
		if r.sender == nil && len(r.window.entries) > 0 {
			r.open(ctx)
			continue
		}
		if batch := r.window.take(r.o.Now(), r.target.Batch); len(batch) > 0 {
			r.send(ctx, batch)
			continue
		}
		if r.end || r.window.full(r.o.Window, r.o.WindowBytes) {
			r.idle(ctx)
		}
	}
	return nil
}

// keep renews the lease and writes the cursor, when it is time for either.
func (r *runner) keep(ctx context.Context) error {
	moved := r.window.cursor != r.lease.seen.Cursor && r.o.Now().Sub(r.lease.renewed) >= saveEvery
	if !moved && !r.lease.due() {
		return nil
	}
	return r.lease.save(ctx, r.window.cursor)
}

// fill reads events until there is a batch of them, as long as there is room. From the end of the outbox it does not
// come back before the target's Gather is over: what many small commits bring is read, sent and made durable at once.
func (r *runner) fill(ctx context.Context) error {
	if r.pause() > 0 {
		return nil
	}
	began := r.o.Now()
	for !r.window.full(r.o.Window, r.o.WindowBytes) {
		r.rung = r.o.Bell.next() // before looking, so that nothing is missed
		n, err := r.readOn(ctx)
		if err != nil {
			return err
		}
		if r.end = n == 0; r.end {
			r.next = began.Add(r.target.Gather)
		}
		if r.end || len(r.window.entries) >= r.target.Batch || r.lease.due() {
			break
		}
	}
	return nil
}

// pause is how long nothing is to be read. A clock that was put back does not make it longer than Gather.
func (r *runner) pause() time.Duration {
	if p := r.next.Sub(r.o.Now()); p <= r.target.Gather {
		return p
	}
	return 0
}

// readOn reads a page of events into the window and says how many there were.
func (r *runner) readOn(ctx context.Context) (int, error) {
	all, err := r.o.Outbox.Events(ctx, r.read, readAhead)
	if err != nil {
		return 0, fmt.Errorf("the outbox: %w", err)
	}
	for i := range all {
		e := &all[i]
		r.read = e.Cursor
		if !r.target.Selection.admits(e) {
			r.window.skip(e.Cursor)
			continue
		}
		var body []byte
		body, r.head = document(e, r.head)
		wanted, err := r.target.Selection.wants(e, body)
		if err != nil {
			r.log.Warn("an event could not be judged and is sent", "event", e.ID, "error", err)
		}
		if !wanted {
			r.window.skip(e.Cursor)
			continue
		}
		r.window.add(e.Cursor, Message{ID: e.ID, Key: e.Key, Time: e.Time, Body: body})
	}
	return len(all), nil
}

// open connects. While it cannot, nothing else is to be done for the target, and no message's tries are used up.
func (r *runner) open(ctx context.Context) {
	opening, cancel := context.WithTimeout(ctx, r.target.Timeout)
	defer cancel()
	sender, err := r.target.Open(opening)
	if err == nil {
		r.sender, r.openFails = sender, 0
		return
	}
	r.openFails++
	r.log.Warn("a target cannot be reached", "error", err, "failures", r.openFails)
	r.metrics.failed.WithLabelValues(r.target.Name).Inc()
	wait(ctx, nil, min(r.target.Retry.pause(r.openFails, r.o.Chance()), r.lease.term/3))
}

// send sends a batch and sees to what became of each message.
func (r *runner) send(ctx context.Context, batch []*entry) {
	messages := make([]Message, len(batch))
	for i, e := range batch {
		messages[i] = e.message
	}
	sending, cancel := context.WithTimeout(ctx, min(r.target.Timeout, r.lease.left()))
	errs := sendAll(sending, r.sender, messages)
	cancel()
	delivered := 0
	for i, e := range batch {
		switch {
		case errs[i] == nil:
			delivered++
			r.window.settle(e)
		case ctx.Err() != nil: // stopping is no failure of the target's
			r.window.retry(e, r.o.Now())
		default:
			r.failed(ctx, e, errs[i])
		}
	}
	r.metrics.delivered.WithLabelValues(r.target.Name).Add(float64(delivered))
}

// failed decides between another try and the dead letters.
func (r *runner) failed(ctx context.Context, e *entry, err error) {
	e.tries++
	r.metrics.failed.WithLabelValues(r.target.Name).Inc()
	if e.tries >= r.target.Retry.Attempts || refused(err) {
		m := &e.message
		kept := r.letters.add(ctx, DeadLetter{ID: m.ID, Reason: err.Error(), Tries: e.tries, Key: m.Key, Changed: m.Time, Event: m.Body}, r.o.Now())
		if kept == nil {
			r.log.Warn("an event went to the dead letters", "event", m.ID, "tries", e.tries, "error", err)
			r.metrics.deadLettered.WithLabelValues(r.target.Name).Inc()
			r.window.settle(e)
			return
		}
		r.log.Error("an event could not be put to the dead letters and is tried again", "event", m.ID, "error", kept)
	}
	r.window.retry(e, r.o.Now().Add(r.target.Retry.pause(e.tries, r.o.Chance())))
}

// idle waits until something may have changed: new events, a message whose time comes, the lease.
func (r *runner) idle(ctx context.Context) {
	rung, d := r.rung, r.o.Poll
	if r.window.full(r.o.Window, r.o.WindowBytes) {
		rung, d = nil, r.lease.term/3 // nothing can be read, rung or not
	}
	if due, ok := r.window.nextDue(); ok {
		d = min(d, due.Sub(r.o.Now()))
	}
	d = max(min(d, r.lease.term/3-r.o.Now().Sub(r.lease.renewed)), time.Millisecond)
	if !wait(ctx, rung, d) {
		return
	}
	if p := r.pause(); p > 0 { // rung, but more is to gather first
		wait(ctx, nil, min(p, d))
	}
}

// sendAll calls Send and holds it to its word: one answer for each message.
func sendAll(ctx context.Context, s Sender, messages []Message) []error {
	errs := s.Send(ctx, messages)
	if len(errs) == len(messages) {
		return errs
	}
	errs = make([]error, len(messages))
	for i := range errs {
		errs[i] = errors.New("events: the sender gave the wrong number of answers")
	}
	return errs
}
