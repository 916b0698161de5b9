package events

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

const (
	// trimStride is how many events are passed at once in looking for those that are old enough.
	trimStride = 4096
	// trimStep is how many events one step forgets.
	trimStep = 500
	// trimEvery is the pause between rounds.
	trimEvery = 30 * time.Second
	// recordPage is how many records are read at once.
	recordPage = 200
)

// trimmer forgets events that every target has passed and that are older than streams need. One
// goroutine runs it, in the one process that has the lease.
//
// Cursors cannot be compared, but events after them can be counted: a target has passed as many of the
// oldest events as there are all in all, less those after its cursor. All are counted first, so that what
// is written meanwhile makes the difference smaller, never larger.
type trimmer struct {
	o     *Options
	log   *slog.Logger
	lease *lease
}

func newTrimmer(d *Deliverer) *trimmer {
	return &trimmer{o: &d.o, log: d.o.Log, lease: d.newLease(trimmerRecords, "default")}
}

// run makes a round every now and then.
func (t *trimmer) run(ctx context.Context) {
	for ctx.Err() == nil {
		err := t.round(ctx)
		if err != nil && ctx.Err() == nil && !errors.Is(err, errLeaseLost) {
			t.log.Warn("old events are not trimmed", "error", err)
		}
		wait(ctx, nil, min(trimEvery, t.lease.term/3))
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closing)
	defer cancel()
	if err := t.lease.release(ctx, ""); err != nil && !errors.Is(err, errLeaseLost) {
		t.log.Warn("the trimmer's lease was not given back", "error", err)
	}
}

// round trims what can go now. The lease is written after the reads and before they are acted upon: a process
// that slept through a take-over notices before it forgets events that its count did not mean.
func (t *trimmer) round(ctx context.Context) error {
	if held, err := t.lease.acquire(ctx); err != nil || !held {
		return err
	}
	budget, err := t.passed(ctx)
	if err != nil {
		return err
	}
	upTo, err := t.old(ctx, budget)
	if err != nil || upTo == "" {
		return err
	}
	if needed, err := t.needed(ctx, upTo); err != nil || needed {
		return err
	}
	if err := t.lease.save(ctx, ""); err != nil {
		return err
	}
	return t.forget(ctx, upTo)
}

// needed says whether a target may still want an event up to a cursor: more lie behind the target's own than behind that. It is
// asked at the end, because a process that has lost the lease while it was trimming makes what was counted before too
// many. The cursor's are counted first, so that what is written meanwhile errs on the safe side.
func (t *trimmer) needed(ctx context.Context, upTo string) (bool, error) {
	behind, _, err := t.o.Outbox.Backlog(ctx, upTo)
	if err != nil {
		return false, err
	}
	cursors, err := t.cursors(ctx)
	if err != nil {
		return false, err
	}
	for _, c := range cursors {
		if n, _, err := t.o.Outbox.Backlog(ctx, c); err != nil || n > behind {
			return true, err
		}
	}
	return false, nil
}

// old is the cursor of the last of the n oldest events that streams need no more, "" for none. It leaps from event to event,
// in shorter steps where it comes upon a young one: of those between nothing but their number is read. Times rise with the
// order, but for what clocks of several processes differ by.
func (t *trimmer) old(ctx context.Context, n int) (upTo string, err error) {
	before := t.o.Now().Add(-t.o.Retention)
	for step := min(trimStride, n); step > 0; step = min(step, n) {
		cursor, at, err := t.o.Outbox.EventAt(ctx, upTo, step)
		if err != nil {
			return "", err
		}
		if cursor == "" || !at.Before(before) {
			step /= 2
			continue
		}
		upTo, n = cursor, n-step
	}
	return upTo, nil
}

// forget trims up to a cursor, in steps.
func (t *trimmer) forget(ctx context.Context, upTo string) error {
	for {
		n, err := t.o.Outbox.TrimEvents(ctx, upTo, trimStep)
		if err != nil || n < trimStep {
			return err
		}
	}
}

// passed is how many of the oldest events no target needs any more, at least.
func (t *trimmer) passed(ctx context.Context) (int, error) {
	total, _, err := t.o.Outbox.Backlog(ctx, "")
	if err != nil || total == 0 {
		return 0, err
	}
	cursors, err := t.cursors(ctx)
	if err != nil {
		return 0, err
	}
	passed := total
	for _, c := range cursors {
		n, _, err := t.o.Outbox.Backlog(ctx, c)
		if err != nil {
			return 0, err
		}
		passed = min(passed, total-n)
	}
	return passed, nil
}

// cursors are those of the targets configured here, delivered to yet or not, and of those that another process
// has delivered to not long ago: processes may be restarted with a new target one by one.
func (t *trimmer) cursors(ctx context.Context) ([]string, error) {
	of := map[string]string{}
	for i := range t.o.Targets {
		of[t.o.Targets[i].Name] = ""
	}
	for after := ""; ; {
		page, err := t.o.Records.ListRecords(ctx, targetRecords, "", "", after, recordPage)
		if err != nil {
			return nil, err
		}
		for _, r := range page {
			var p progress
			if err := json.Unmarshal(r.Body, &p); err != nil {
				return nil, fmt.Errorf("events: the record of target %s: %w", r.Name, err)
			}
			if _, ours := of[r.Name]; ours || t.o.Now().Sub(p.Time) < t.o.Abandoned {
				of[r.Name] = p.Cursor
			}
			after = r.Name
		}
		if len(page) < recordPage {
			break
		}
	}
	cursors := make([]string, 0, len(of))
	for _, c := range of {
		cursors = append(cursors, c)
	}
	return cursors, nil
}
