package events

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/findinghub/findinghub"
)

// picky refuses the messages of some findings for good, as long as it is told to.
func picky(refuse *flag, findings ...string) *receiver {
	return &receiver{judge: func(_ context.Context, m *Message) error {
		if refuse.on() && slices.Contains(findings, m.Key.ID) {
			return fmt.Errorf("sending: %w", &Refusal{errors.New("not " + m.Key.ID)})
		}
		return nil
	}}
}

// What is refused goes to the dead letters at once, with the reason; what follows of that finding goes on.
func TestDeadLettersAndReplay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, refuse := newWorld(), &flag{}
		r := picky(refuse, "f0", "f1")
		d := deliverer(t, options(process{world: w}, "a", targetOf("t", r)))
		defer start(d)()
		var f0, f1 []string
		for range 3 {
			f1 = append(f1, w.write(keyOf("f1")))
			f0 = append(f0, w.write(keyOf("f0")))
			w.write(keyOf("f2"))
		}
		pass(5 * time.Second)
		letters := must(d.DeadLetters(t.Context(), "t", "", 100))
		if len(letters) != 6 || r.count() != 3 {
			t.Fatalf("%d dead letters, %d arrived", len(letters), r.count())
		}
		l := letters[0]
		if l.ID != f0[0] || l.Target != "t" || l.Tries != 1 || !strings.Contains(l.Reason, "not f0") || l.Key != keyOf("f0") || !strings.Contains(string(l.Event), `"n":1`) {
			t.Errorf("the letter says %+v", l)
		}
		// Another page.
		if rest := must(d.DeadLetters(t.Context(), "t", f0[2], 100)); len(rest) != 3 || rest[0].ID != f1[0] {
			t.Errorf("after %s: %v", f0[2], rest)
		}
		replays(t, d, r, refuse, f0, f1)
	})
}

// replays goes on from six dead letters, three of each finding.
func replays(t *testing.T, d *Deliverer, r *receiver, refuse *flag, f0, f1 []string) {
	if n, err := d.Replay(t.Context(), "t", "f0-9"); n != 0 || findinghub.AsError(err).Code != findinghub.CodeResourceNotFound {
		t.Errorf("replay of an unknown id: %d, %v", n, err)
	}
	// While the target still refuses, each finding's first letter is tried and the others wait for it.
	if n, err := d.Replay(t.Context(), "t"); n != 0 || strings.Count(fmt.Sprint(err), "refused") != 2 {
		t.Errorf("replay to a target that refuses: %d, %v", n, err)
	}
	refuse.set(false)
	if n, err := d.Replay(t.Context(), "t", f1[2], f1[0]); n != 2 || err != nil {
		t.Errorf("replay of two: %d, %v", n, err)
	}
	if got := r.got[len(r.got)-2:]; !slices.Equal(got, []string{f1[0], f1[2]}) {
		t.Errorf("replayed %v, they died the other way round", got)
	}
	if n, err := d.Replay(t.Context(), "t"); n != 4 || err != nil {
		t.Errorf("replay of the rest: %d, %v", n, err)
	}
	want := []string{f0[0], f1[1], f0[1], f0[2]}
	slices.Sort(want)
	got := slices.Sorted(slices.Values(r.got[len(r.got)-4:]))
	if !slices.Equal(got, want) || !slices.Equal(r.firsts[keyOf("f0")], f0) {
		t.Errorf("replayed %v", r.got)
	}
	if letters := must(d.DeadLetters(t.Context(), "t", "", 1)); len(letters) != 0 {
		t.Errorf("left: %v", letters)
	}
	if n, err := d.Replay(t.Context(), "t"); n != 0 || err != nil {
		t.Errorf("replay of nothing: %d, %v", n, err)
	}
}

// A letter is given up after as many tries as are configured, with pauses between that keep to their bounds.
func TestAttempts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		var tries []time.Time
		r := &receiver{judge: func(context.Context, *Message) error {
			tries = append(tries, time.Now())
			return errDown
		}}
		target := targetOf("t", r)
		target.Retry = Retry{Attempts: 5, Min: time.Second, Max: 3 * time.Second}
		d := deliverer(t, options(process{world: w}, "a", target))
		defer start(d)()
		w.write(keyOf("f"))
		pass(time.Minute)
		var pauses []string
		for i := 1; i < len(tries); i++ {
			pauses = append(pauses, tries[i].Sub(tries[i-1]).String())
		}
		// Three quarters of 1, 2, 3 and 3 seconds, with a chance of 0.5.
		if got := strings.Join(pauses, " "); got != "750ms 1.5s 2.25s 2.25s" {
			t.Errorf("pauses %s", got)
		}
		if l := must(d.DeadLetters(t.Context(), "t", "", 10)); len(l) != 1 || l[0].Tries != 5 || l[0].Reason != "down" {
			t.Errorf("letters %v", l)
		}
	})
}

// When the list is full, events wait in the outbox; room made by a replay or a discard lets them go on.
func TestDeadLettersFull(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, refuse := newWorld(), &flag{}
		r := picky(refuse, "f0", "f1", "f2", "f3", "f4")
		o := options(process{world: w}, "a", targetOf("t", r))
		o.DeadLetters = 3
		d := deliverer(t, o)
		defer start(d)()
		for i := range 5 {
			w.write(keyOf(fmt.Sprint("f", i)))
		}
		w.write(keyOf("f5"))
		pass(10 * time.Minute)
		letters := must(d.DeadLetters(t.Context(), "t", "", 10))
		if n, _, _ := d.Backlog(t.Context(), "t"); len(letters) != 3 || n != 3 || r.count() != 1 {
			t.Fatalf("%d letters, %d in the outbox, %d arrived", len(letters), n, r.count())
		}
		if err := d.Discard(t.Context(), "t", letters[0].ID); err != nil {
			t.Fatal(err)
		}
		pass(10 * time.Minute)
		if n, _, _ := d.Backlog(t.Context(), "t"); n != 2 {
			t.Errorf("%d in the outbox after room was made for one", n)
		}
		refuse.set(false)
		must(d.Replay(t.Context(), "t"))
		pass(10 * time.Minute)
		if r.count() != 5 {
			t.Errorf("%d arrived, all but the discarded one should", r.count())
		}
	})
}

// A letter that cannot be written keeps its event in the outbox.
func TestDeadLetterNotWritten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, refuse, broken := newWorld(), &flag{}, &flag{}
		fault := func(call string) (before, after error) {
			if broken.on() && strings.HasPrefix(call, "EditRecord "+deadRecords) {
				return errDown, nil
			}
			return nil, nil
		}
		d := deliverer(t, options(process{w, fault}, "a", targetOf("t", picky(refuse, "f"))))
		defer start(d)()
		w.write(keyOf("f"))
		pass(10 * time.Minute)
		if n, _, _ := d.Backlog(t.Context(), "t"); n != 1 {
			t.Fatalf("the event left the outbox for nowhere")
		}
		broken.set(false)
		pass(10 * time.Minute)
		if l := must(d.DeadLetters(t.Context(), "t", "", 10)); len(l) != 1 {
			t.Errorf("letters %v", l)
		}
	})
}

// Reasons are bounded, and letters of one target die one after the other.
func TestLetterbox(t *testing.T) {
	t.Parallel()
	p := process{world: newWorld()}
	b := letterbox{records: p, target: "t", bound: 100}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range 50 {
		if err := b.add(t.Context(), DeadLetter{ID: fmt.Sprint(i), Reason: strings.Repeat("x", 5000), Event: []byte("{}")}, now); err != nil {
			t.Fatal(err)
		}
	}
	last := map[time.Time]bool{}
	err := eachLetter(t.Context(), p, "t", func(l *DeadLetter) error {
		if last[l.Time] = true; len(l.Reason) != maxReason {
			return fmt.Errorf("a reason of %d bytes", len(l.Reason))
		}
		return nil
	})
	if err != nil || len(last) != 50 || b.count != 50 {
		t.Errorf("%d times of 50 letters, count %d, error %v", len(last), b.count, err)
	}
	// The same again is no further letter.
	if err := b.add(t.Context(), DeadLetter{ID: "7", Event: []byte("{}")}, now); err != nil || b.count != 50 {
		t.Errorf("count %d, error %v", b.count, err)
	}
}

// Operations on targets that there are not say so.
func TestUnknownTarget(t *testing.T) {
	t.Parallel()
	d := deliverer(t, options(process{world: newWorld()}, "a"))
	_, listing := d.DeadLetters(t.Context(), "x", "", 1)
	_, replaying := d.Replay(t.Context(), "x")
	_, _, counting := d.Backlog(t.Context(), "x")
	discarding := d.Discard(t.Context(), "x", "id")
	for _, err := range []error{listing, replaying, counting, discarding} {
		if findinghub.AsError(err).Code != findinghub.CodeResourceNotFound {
			t.Errorf("error %v", err)
		}
	}
}
