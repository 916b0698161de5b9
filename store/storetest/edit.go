package storetest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/store"
)

var editChecks = map[string]func(*testing.T, Opener){
	"EditRecord":      editRecord,
	"EditErrors":      editErrors,
	"EditRaces":       editRaces,
	"EditWhileReads":  editWhileReads,
	"ReadyFromStart":  readyFromStart,
	"EditIsCancelled": editCancelled,
}

func filterTitle(t testing.TB, title string) filter.Expr {
	return filter.TextTerm{Attribute: attribute(t, "Title"), Op: filter.Equals, Value: title}
}

// edit edits the usual record.
func edit(e store.Engine, f func(old []byte) ([]byte, error)) error {
	return e.EditRecord(context.Background(), "hubs", account, region, "default", f)
}

// body reads the usual record, "none" when there is none.
func body(t testing.TB, e store.Engine) string {
	t.Helper()
	b, err := e.GetRecord(context.Background(), "hubs", account, region, "default")
	if errors.Is(err, store.ErrNoRecord) {
		return "none"
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// editRecord: from none to one, from one to another, to an empty one, which is not none, and to none.
func editRecord(t *testing.T, open Opener) {
	e, dir := startAt(t, open)
	for _, step := range []struct {
		old  string
		new  []byte
		want string
	}{
		{"none", nil, "none"}, {"none", []byte("one"), "one"}, {"one", []byte("\x00two\xff"), "\x00two\xff"},
		{"\x00two\xff", []byte{}, ""}, {"", []byte{}, ""}, {"", nil, "none"}, {"none", []byte("again"), "again"},
	} {
		seen := "none"
		err := edit(e, func(old []byte) ([]byte, error) {
			if old != nil {
				seen = string(old)
				clear(old) // the caller's
			}
			return step.new, nil
		})
		if err != nil || seen != step.old {
			t.Errorf("the edit saw %q, %v; want %q", seen, err, step.old)
		}
		if len(step.new) > 0 {
			clear(step.new)
		}
		if got := body(t, e); got != step.want {
			t.Errorf("the record is %q, want %q", got, step.want)
		}
		e = reopen(t, open, e, dir)
		if got := body(t, e); got != step.want {
			t.Errorf("after opening again the record is %q, want %q", got, step.want)
		}
	}
	if err := e.PutRecord(context.Background(), recordIn("hubs", account, region, "other", "x"), true); err != nil {
		t.Errorf("the record's neighbour: %v", err)
	}
}

// editErrors: an edit that fails, or panics, leaves the record; its error comes back itself.
func editErrors(t *testing.T, open Opener) {
	e := start(t, open)
	odd := errors.New("odd")
	fails := func([]byte) ([]byte, error) { return []byte("no"), odd }
	for _, want := range []string{"none", "one"} {
		if err := edit(e, fails); err != odd { //nolint:errorlint // itself, not one that wraps it
			t.Errorf("the edit's error came back as %v", err)
		}
		for _, err := range []error{store.ErrExists, store.ErrNoRecord, context.Canceled} {
			if got := edit(e, func([]byte) ([]byte, error) { return nil, err }); got != err { //nolint:errorlint // the same
				t.Errorf("the edit's error %v came back as %v", err, got)
			}
		}
		if err := edit(e, func([]byte) ([]byte, error) { panic("an edit of the test suite") }); err == nil {
			t.Error("an edit that panics is no error")
		}
		if got := body(t, e); got != want {
			t.Errorf("after edits that failed the record is %q, want %q", got, want)
		}
		if err := edit(e, func([]byte) ([]byte, error) { return []byte("one"), nil }); err != nil {
			t.Fatal(err)
		}
	}
}

// editCancelled: with a context that is over nothing is edited.
func editCancelled(t *testing.T, open Opener) {
	e := start(t, open)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	err := e.EditRecord(ctx, "hubs", account, region, "default", func([]byte) ([]byte, error) { return []byte("no"), nil })
	if got := body(t, e); !errors.Is(err, context.Canceled) || got != "none" {
		t.Errorf("the record is %q, %v", got, err)
	}
}

// editRaces: of edits at the same time each sees the one before: none is lost, also where the
// record comes and goes, and among writes of findings.
func editRaces(t *testing.T, open Opener) {
	e, dir := startAt(t, open)
	const editors, rounds = 8, 30
	inParallel(editors, func(w int) {
		for i := range rounds {
			err := edit(e, func(old []byte) ([]byte, error) {
				n, err := strconv.Atoi(string(old))
				if old != nil && err != nil {
					return nil, err
				}
				return []byte(strconv.Itoa(n + 1)), nil
			})
			if err != nil {
				t.Errorf("EditRecord: %v", err)
				return
			}
			if i%5 == 0 {
				if _, err := e.Apply(context.Background(), []store.Mutation{createOrIncrement(sample(keyOf(fmt.Sprint(w))))}); err != nil {
					t.Errorf("Apply: %v", err)
				}
			}
			// One that is removed by every second edit, by whomever.
			err = e.EditRecord(context.Background(), "hubs", account, region, "blinking", func(old []byte) ([]byte, error) {
				if old != nil {
					return nil, nil
				}
				return []byte{}, nil
			})
			if err != nil {
				t.Errorf("EditRecord: %v", err)
			}
		}
	})
	for range 2 {
		if got, want := body(t, e), strconv.Itoa(editors*rounds); got != want {
			t.Errorf("%s edits are there, want %s", got, want)
		}
		if _, err := e.GetRecord(context.Background(), "hubs", account, region, "blinking"); !errors.Is(err, store.ErrNoRecord) {
			t.Errorf("after an even number of edits: %v", err)
		}
		e = reopen(t, open, e, dir)
	}
}

// editWhileReads: a reader sees a record before an edit or after it, never less than it saw.
func editWhileReads(t *testing.T, open Opener) {
	e := start(t, open)
	text := func(n int) []byte { return []byte(fmt.Sprintf("%d,%d", n, n)) }
	if err := edit(e, func([]byte) ([]byte, error) { return text(0), nil }); err != nil {
		t.Fatal(err)
	}
	var done atomic.Bool
	var reader sync.WaitGroup
	reader.Go(func() {
		for last := 0; !done.Load(); {
			b, err := e.GetRecord(context.Background(), "hubs", account, region, "default")
			var n, again int
			if _, serr := fmt.Sscanf(string(b), "%d,%d", &n, &again); err != nil || serr != nil || n != again || n < last {
				t.Errorf("read %q after %d, %v", b, last, err)
				return
			}
			last = n
		}
	})
	for n := 1; n <= 80; n++ {
		if err := edit(e, func([]byte) ([]byte, error) { return text(n), nil }); err != nil {
			t.Errorf("EditRecord: %v", err)
		}
		if got := body(t, e); got != string(text(n)) {
			t.Errorf("after edit %d the record is %q", n, got)
		}
	}
	done.Store(true)
	reader.Wait()
}

// readyFromStart: an engine that has nothing to complain of says so, before and after a write.
func readyFromStart(t *testing.T, open Opener) {
	e := start(t, open)
	for range 3 {
		if err := e.Ready(context.Background()); err != nil {
			t.Errorf("a healthy engine: %v", err)
		}
		apply(t, e, createOrIncrement(sample(keyOf("a"))))
	}
}
