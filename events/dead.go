package events

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
)

// DeadLetter is an event that a target did not take, with the reason.
type DeadLetter struct {
	ID     string // the event's
	Target string
	Reason string // of the last try, at most 1,000 bytes
	Tries  int
	// Time is when it was given up; letters of one target have different times, in their order.
	Time time.Time
	// Key is the finding's, Changed the time of its change, Event the document.
	Key     finding.Key
	Changed time.Time
	Event   json.RawMessage
}

// maxReason bounds a dead letter's reason in bytes.
const maxReason = 1000

// letterPage is how many letters are read at once: each may be as large as a finding.
const letterPage = 20

// recountAfter is how long a list that was found full is taken to be full.
const recountAfter = time.Minute

// errDeadLettersFull keeps an event in the outbox rather than lose it.
var errDeadLettersFull = errors.New("events: the dead letters are full: replay or discard some")

// letterbox is the bounded, durable list of one target's dead letters.
type letterbox struct {
	records Records
	target  string
	bound   int

	count   int       // at least as many as there are: replays take some away behind our back
	counted time.Time // when they were counted
	last    time.Time // of the newest letter
}

// add keeps a letter; the same event again takes its place. The letter's time is set here.
func (b *letterbox) add(ctx context.Context, l DeadLetter, now time.Time) error {
	if err := b.room(ctx, now); err != nil {
		return err
	}
	if !now.After(b.last) {
		now = b.last.Add(1)
	}
	l.Target, l.Time = b.target, now.UTC()
	l.Reason = l.Reason[:min(len(l.Reason), maxReason)]
	body, err := json.Marshal(l)
	if err != nil {
		return fmt.Errorf("events: the dead letter %s: %w", l.ID, err)
	}
	fresh := false
	err = b.records.EditRecord(ctx, deadRecords+b.target, "", "", l.ID, func(old []byte) ([]byte, error) {
		fresh = old == nil
		return body, nil
	})
	if err != nil {
		return err
	}
	b.last = now
	if fresh {
		b.count++
	}
	return nil
}

// room fails when the list is full. It counts at the first letter and, now and then, when it seems full.
func (b *letterbox) room(ctx context.Context, now time.Time) error {
	if b.counted.IsZero() || b.count >= b.bound && now.Sub(b.counted) >= recountAfter {
		n := 0
		err := eachLetter(ctx, b.records, b.target, func(*DeadLetter) error { n++; return nil })
		if err != nil {
			return err
		}
		b.count, b.counted = n, now
	}
	if b.count >= b.bound {
		return errDeadLettersFull
	}
	return nil
}

// eachLetter reads a target's letters by id, a page at a time.
func eachLetter(ctx context.Context, r Records, target string, f func(*DeadLetter) error) error {
	for after := ""; ; {
		page, err := r.ListRecords(ctx, deadRecords+target, "", "", after, letterPage)
		if err != nil {
			return err
		}
		for i := range page {
			l, err := parseLetter(page[i].Body)
			if err != nil {
				return err
			}
			if err := f(l); err != nil {
				return err
			}
			after = page[i].Name
		}
		if len(page) < letterPage {
			return nil
		}
	}
}

func parseLetter(body []byte) (*DeadLetter, error) {
	var l DeadLetter
	if err := json.Unmarshal(body, &l); err != nil {
		return nil, fmt.Errorf("events: a dead letter: %w", err)
	}
	return &l, nil
}

// DeadLetters lists a target's dead letters by event id ascending, ids greater than after, at
// most limit. CodeResourceNotFound for a target that is not configured.
func (d *Deliverer) DeadLetters(ctx context.Context, target, after string, limit int) ([]DeadLetter, error) {
	if _, err := d.target(target); err != nil {
		return nil, err
	}
	page, err := d.o.Records.ListRecords(ctx, deadRecords+target, "", "", after, limit)
	if err != nil {
		return nil, findinghub.Internal(err)
	}
	letters := make([]DeadLetter, 0, len(page))
	for i := range page {
		l, err := parseLetter(page[i].Body)
		if err != nil {
			return nil, findinghub.Internal(err)
		}
		letters = append(letters, *l)
	}
	return letters, nil
}

// place is what Replay remembers of each letter, so that it need not hold them all.
type place struct {
	id   string
	key  finding.Key
	time time.Time
}

// Replay sends dead letters again, those with the ids or all, in the order in which they died, and forgets
// those that arrive; it returns how many. A letter that fails stays, and so do later ones of its
// finding. It may run in any process, beside deliveries: a receiver that got newer
// events of the finding meanwhile sees an old one late. The error joins what failed, by id.
func (d *Deliverer) Replay(ctx context.Context, target string, ids ...string) (int, error) {
	t, err := d.target(target)
	if err != nil {
		return 0, err
	}
	places, err := d.places(ctx, target, ids)
	if err != nil || len(places) == 0 {
		return 0, err
	}
	sender, err := t.Open(ctx)
	if err != nil {
		return 0, fmt.Errorf("events: target %s: %w", target, err)
	}
	sent, err := d.resendAll(ctx, t, sender, places)
	return sent, errors.Join(err, sender.Close())
}

// resendAll sends letters in order and joins what failed.
func (d *Deliverer) resendAll(ctx context.Context, t *Target, sender Sender, places []place) (sent int, err error) {
	blocked, failures := map[finding.Key]bool{}, []error{}
	for _, p := range places {
		if ctx.Err() != nil {
			return sent, ctx.Err()
		}
		if blocked[p.key] {
			continue
		}
		if err := d.resend(ctx, t, sender, p.id); err != nil {
			blocked[p.key] = true
			failures = append(failures, fmt.Errorf("%s: %w", p.id, err))
			continue
		}
		sent++
	}
	return sent, errors.Join(failures...)
}

// places finds the letters to replay, in order.
func (d *Deliverer) places(ctx context.Context, target string, ids []string) ([]place, error) {
	var places []place
	found := map[string]bool{}
	err := eachLetter(ctx, d.o.Records, target, func(l *DeadLetter) error {
		if len(ids) == 0 || slices.Contains(ids, l.ID) {
			places = append(places, place{l.ID, l.Key, l.Time})
			found[l.ID] = true
		}
		return nil
	})
	if err != nil {
		return nil, findinghub.Internal(err)
	}
	for _, id := range ids {
		if !found[id] {
			return nil, findinghub.Errorf(findinghub.CodeResourceNotFound, "Target %s has no dead letter %.100q.", target, id)
		}
	}
	slices.SortFunc(places, func(a, b place) int { return cmp.Or(a.time.Compare(b.time), cmp.Compare(a.id, b.id)) })
	return places, nil
}

// resend sends one letter and forgets it. One that is gone has been replayed by somebody else.
func (d *Deliverer) resend(ctx context.Context, t *Target, sender Sender, id string) error {
	body, err := d.o.Records.GetRecord(ctx, deadRecords+t.Name, "", "", id)
	if errors.Is(err, store.ErrNoRecord) {
		return nil
	}
	if err != nil {
		return err
	}
	l, err := parseLetter(body)
	if err != nil {
		return err
	}
	sending, cancel := context.WithTimeout(ctx, t.Timeout)
	defer cancel()
	if err := sendAll(sending, sender, []Message{{ID: l.ID, Key: l.Key, Time: l.Changed, Body: l.Event}})[0]; err != nil {
		return err
	}
	return d.Discard(ctx, t.Name, id)
}

// Discard forgets a dead letter without sending it; one that is gone already is no error.
func (d *Deliverer) Discard(ctx context.Context, target, id string) error {
	if _, err := d.target(target); err != nil {
		return err
	}
	return d.o.Records.EditRecord(ctx, deadRecords+target, "", "", id, func([]byte) ([]byte, error) { return nil, nil })
}
