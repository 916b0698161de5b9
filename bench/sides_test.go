package bench

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"
)

// scripted is a side whose rounds go at given rates, each taking a second of a participant's processor time.
func scripted(rates ...float64) *side {
	used := 0.0
	return &side{
		meters: []meter{{"hub", func() float64 { return used }}, {"client", func() float64 { return used / 4 }}},
		run: func(_ context.Context, round int) (float64, error) {
			used++
			return rates[round], nil
		},
	}
}

// TestCompare: sides take turns, the first round does not count, and the figures are the medians and sums of the others.
func TestCompare(t *testing.T) {
	t.Parallel()
	b := &Bench{Options: Options{Rounds: 3, Log: io.Discard}}
	one, two := scripted(1, 1000, 3000, 2000), scripted(1, 500, 400, 600)
	var turns []string
	one.prepare = func(context.Context, int) error { turns = append(turns, "one"); return nil }
	two.prepare = func(context.Context, int) error { turns = append(turns, "two"); return nil }
	if err := b.compare(t.Context(), one, two); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(turns, " "); got != "one two one two one two one two" {
		t.Errorf("turns: %s", got)
	}
	if one.rate() != 2000 || two.rate() != 500 {
		t.Errorf("rates %v and %v", one.rate(), two.rate())
	}
	// A second for each of three rounds of 10,000 findings is 100 us a finding.
	if one.each("hub") != 100 || one.each() != 125 || one.each("nobody") != 0 {
		t.Errorf("processor time each: %v, %v, %v", one.each("hub"), one.each(), one.each("nobody"))
	}
	if want := "2000/s; CPU each: hub 100 us, client 25 us"; one.String() != want {
		t.Errorf("got %s, want %s", one, want)
	}
}

// TestCompareEnds: what goes wrong in a round or before it ends the comparison.
func TestCompareEnds(t *testing.T) {
	t.Parallel()
	b := &Bench{Options: Options{Rounds: 1, Log: io.Discard}}
	broken := errors.New("broken")
	for name, s := range map[string]*side{
		"round":   {run: func(context.Context, int) (float64, error) { return 0, broken }},
		"prepare": {prepare: func(context.Context, int) error { return broken }, run: func(context.Context, int) (float64, error) { return 1, nil }},
	} {
		if err := b.compare(t.Context(), s); !errors.Is(err, broken) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// TestProcessorTime: a process has used some, one that is not there none, and the machine no less than a process.
func TestProcessorTime(t *testing.T) {
	t.Parallel()
	spun := 0
	for end := time.Now().Add(50 * time.Millisecond); time.Now().Before(end); {
		spun++
	}
	if spun == 0 {
		t.Error("nothing was done")
	}
	own, _ := processorTime(os.Getpid())
	if own <= 0 || client().cpu() <= 0 || machineTime() < own {
		t.Errorf("this process has used %v, or %v, the machine %v", own, client().cpu(), machineTime())
	}
	if own, ended := processorTime(1 << 30); own != 0 || ended != 0 {
		t.Errorf("nobody has used %v and %v", own, ended)
	}
}

// TestOwnShapes: each is asked of one account on both sides, and of the one that its finding is in.
func TestOwnShapes(t *testing.T) {
	t.Parallel()
	b := &Bench{Options: Options{Size: 100_000, Rounds: 1, Now: time.Date(2024, 5, 6, 0, 0, 0, 0, time.UTC)}}
	own := ownShapes(b.sample(0))
	if len(own) < 5 {
		t.Fatalf("only %d", len(own))
	}
	for _, s := range own {
		for i := range 3 {
			sample := b.sample(i)
			q := s.ask(sample)
			account := sample.f.Text("AwsAccountId")
			if len(q.accounts) != 1 || q.accounts[0] != account || !strings.HasPrefix(q.sql, "account='"+account+"' AND ") {
				t.Errorf("%s: accounts %v, SQL %s", s.name, q.accounts, q.sql)
			}
		}
	}
}

// TestParts: no part has the name of another, and all can be asked for.
func TestParts(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, p := range (&Bench{}).parts() {
		if names[p.name] || p.run == nil {
			t.Errorf("part %q is there twice or does nothing", p.name)
		}
		names[p.name] = true
	}
	for _, name := range []string{"postgres-import", "postgres-query", "events"} {
		if !names[name] {
			t.Errorf("no part %q", name)
		}
	}
}
