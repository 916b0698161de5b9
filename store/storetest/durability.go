package storetest

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
)

var durabilityChecks = map[string]func(*testing.T, Opener){
	"Reopen":          reopened,
	"Crash":           func(t *testing.T, open Opener) { crash(t, open, Options{}) },
	"CrashWithEvents": func(t *testing.T, open Opener) { crash(t, open, events) },
}

// reopened: findings, records and numbers are the same after Close, and writing goes on.
func reopened(t *testing.T, open Opener) {
	e, dir := startAt(t, open)
	const findings = 30
	for round := range 3 {
		var ms []store.Mutation
		for i := range findings {
			ms = append(ms, createOrIncrement(sample(keyOf(fmt.Sprint(i)))), put(sample(keyOf(fmt.Sprint("round ", round, " ", i)))))
		}
		apply(t, e, ms...)
		e = reopen(t, open, e, dir)
		page := findAll(t, e, store.Query{Scope: hub(account, region), Filter: everything, Limit: 100})
		if want := findings * (round + 2); len(page.Keys) != want {
			t.Fatalf("round %d: %d findings, want %d", round, len(page.Keys), want)
		}
		for i := range findings {
			if got := get(t, e, keyOf(fmt.Sprint(i))); counter(got) != round {
				t.Errorf("round %d: finding %d is %s", round, i, show(got))
			}
			checkCounterHistory(t, e, keyOf(fmt.Sprint(i)), round)
		}
	}
}

const (
	// crashDir is the variable that tells a child which directory to load.
	crashDir = "STORETEST_CRASH_DIR"
	// crashEvents is set when the child is to open it with events.
	crashEvents = "STORETEST_CRASH_EVENTS"
	// loaders is how many goroutines load the child's engine.
	loaders = 4
	// created at each step of a loader, besides the increments.
	perStep = 3
)

// A step of loader w increments the counters of own(w) and of shared, and makes made(w, step, 0) and so on.
func own(w int) finding.Key           { return keyOf(fmt.Sprint("own-", w)) }
func made(w, step, i int) finding.Key { return keyOf(fmt.Sprintf("made-%d-%d-%d", w, step, i)) }

var shared = keyOf("shared")

// crash kills a process that writes, several times over, and looks at what it left.
func crash(t *testing.T, open Opener, o Options) {
	dir := t.TempDir()
	l := &loading{doubtful: map[finding.Key]bool{}}
	for round, acks := range []int{1, 40, 200} {
		runAndKill(t, dir, o, acks, l)
		e := open(t, dir, o)
		l.check(t, e)
		l.checkEvents(t, e, o)
		if t.Failed() {
			t.Fatalf("after round %d", round)
		}
		closeEngine(t, e)
	}
}

// loading is what is known of the loaders. Engines promise each finding by itself, so of a step that was not acknowledged any
// findings may have changed, each of them wholly.
type loading struct {
	steps   [loaders]int // the last ones that were acknowledged, or that own says have been
	acks    int          // steps that were acknowledged
	crashes int
	// doubtful are findings that were being made in a step that was not acknowledged.
	doubtful map[finding.Key]bool
}

// runAndKill starts a child over dir, kills it when it has acknowledged some steps, and
// adds what it acknowledged by then.
func runAndKill(t *testing.T, dir string, o Options, acks int, l *loading) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run="+exactly(t.Name()[:strings.LastIndexByte(t.Name(), '/')]), "-test.count=1")
	cmd.Env = append(os.Environ(), crashDir+"="+dir)
	if o.Events {
		cmd.Env = append(cmd.Env, crashEvents+"=1")
	}
	cmd.Stderr = os.Stderr
	// The child ends by itself when we are gone: its input does.
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stdout)
	n := 0
	for lines.Scan() {
		var w, step int
		if _, err := fmt.Sscanf(lines.Text(), "ack %d %d", &w, &step); err != nil {
			t.Logf("the child says: %s", lines.Text())
			continue
		}
		l.steps[w] = max(l.steps[w], step)
		// What was in the pipe when it died was acknowledged, too.
		if n++; n == acks {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); n < acks {
		t.Fatalf("the child ended after %d steps: %v", n, err)
	}
	l.acks += n
	l.crashes++
}

// exactly is the -test.run pattern for one test and what is inside it.
func exactly(name string) string {
	parts := strings.Split(name, "/")
	for i, p := range parts {
		parts[i] = "^" + regexp.QuoteMeta(p) + "$"
	}
	return strings.Join(parts, "/")
}

// load is what the child does: it writes and tells what was acknowledged, until it is killed.
func load(t *testing.T, e store.Engine) {
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // ends with the parent
		os.Exit(1)
	}()
	var mu sync.Mutex
	inParallel(loaders, func(w int) {
		for step := counterOf(t, e, own(w)) + 1; ; step++ {
			ms := []store.Mutation{createOrIncrementFrom1(own(w)), createOrIncrementFrom1(shared)}
			for i := range perStep {
				ms = append(ms, put(sample(made(w, step, i))))
			}
			if errs, err := e.Apply(context.Background(), ms); err != nil || errs[0] != nil || errs[1] != nil {
				t.Errorf("Apply: %v, %v", errs, err)
				return
			}
			mu.Lock()
			fmt.Printf("ack %d %d\n", w, step)
			mu.Unlock()
		}
	})
}

// createOrIncrementFrom1 leaves a new finding with a counter of 1 and one record.
func createOrIncrementFrom1(k finding.Key) store.Mutation {
	inc := increment(k)
	return store.Mutation{Key: k, Apply: func(old *finding.Stored) (finding.Outcome, error) {
		if old == nil {
			s := created(sample(k))
			old = &s
		}
		return inc.Apply(old)
	}}
}

// counterOf is 0 for a finding that is not there.
func counterOf(t testing.TB, e store.Engine, k finding.Key) int {
	t.Helper()
	got := get(t, e, k)
	if got == nil {
		return 0
	}
	return counter(got)
}

// check wants all that was acknowledged, at most one step more of each loader for each crash, and no finding that is half there.
func (l *loading) check(t *testing.T, e store.Engine) {
	t.Helper()
	findings := 0
	for w := range loaders {
		steps := counterOf(t, e, own(w))
		if steps != l.steps[w] && steps != l.steps[w]+1 {
			t.Errorf("loader %d is at step %d, acknowledged was %d", w, steps, l.steps[w])
		}
		if steps > 0 {
			findings++
		}
		checkCounterHistory(t, e, own(w), steps)
		for i := range perStep {
			l.doubtful[made(w, l.steps[w]+1, i)] = true
		}
		for step := 1; step <= l.steps[w]+1; step++ {
			findings += l.checkMade(t, e, w, step)
		}
		l.steps[w] = steps
	}
	n := counterOf(t, e, shared)
	if n < l.acks || n > l.acks+l.crashes*loaders {
		t.Errorf("the shared counter is %d after %d acknowledged steps and %d crashes", n, l.acks, l.crashes)
	}
	checkCounterHistory(t, e, shared, n)
	if n > 0 {
		findings++
	}
	if n, err := e.Count(context.Background(), hub(account, region), everything); err != nil || n != findings {
		t.Errorf("the index knows %d findings, %v; want %d", n, err, findings)
	}
}

// checkMade counts the findings that a step made.
func (l *loading) checkMade(t *testing.T, e store.Engine, w, step int) (findings int) {
	t.Helper()
	for i := range perStep {
		k := made(w, step, i)
		want := created(sample(k))
		switch got := get(t, e, k); {
		case sameStored(got, &want):
			findings++
		case got != nil || !l.doubtful[k]:
			t.Errorf("after the crash %s is %s", k.ID, show(got))
		}
	}
	return findings
}

// checkEvents wants an event for each change that is there and no other, in the order of
// each finding's changes.
func (l *loading) checkEvents(t *testing.T, e store.Engine, o Options) {
	t.Helper()
	told := map[finding.Key]int{}
	for _, ev := range readEvents(t, e, "", 100) {
		if n := eventCounter(t, ev); !strings.HasPrefix(ev.Key.ID, "made-") && n != told[ev.Key]+1 {
			t.Errorf("the event of %s tells change %d after %d", ev.Key.ID, n, told[ev.Key])
		}
		told[ev.Key]++
	}
	want := map[finding.Key]int{}
	expect := func(k finding.Key, n int) {
		if n > 0 && o.Events {
			want[k] = n
		}
	}
	expect(shared, counterOf(t, e, shared))
	for w := range loaders {
		expect(own(w), l.steps[w])
		for step := 1; step <= l.steps[w]+1; step++ {
			for i := range perStep {
				switch k := made(w, step, i); {
				case get(t, e, k) == nil:
				case l.doubtful[k]: // if its step was begun anew, it was made once more
					expect(k, max(1, told[k]))
				default:
					expect(k, 1)
				}
			}
		}
	}
	if !maps.Equal(told, want) {
		t.Errorf("there are events of %d findings, want of %d: %v, want %v", len(told), len(want), told, want)
	}
}
