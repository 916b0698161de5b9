package postgres_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
	"github.com/findinghub/findinghub/store/postgres"
	"github.com/findinghub/findinghub/store/postgres/pgtest"
)

// twoEngines opens two processes' worth of engines over one new database.
func twoEngines(t *testing.T, o postgres.Options) (url string, engines [2]*postgres.Engine) {
	t.Helper()
	url = pgtest.Database(t, t.TempDir())
	o.URL = url
	for i := range engines {
		engines[i] = openWith(t, o)
	}
	return url, engines
}

// TestTwoProcesses: increments through both are all there, none waits for another in a circle whatever
// the order of its findings, and what one acknowledged the other reads.
func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	url, engines := twoEngines(t, postgres.Options{Events: true})
	ctx := context.Background()
	const writers, rounds = 6, 25
	keys := []finding.Key{keyOf("a"), keyIn("222222222222", "b"), keyOf("c"), keyIn("222222222222", "d")}
	inParallel(writers, func(w int) {
		mine, other := engines[w%2], engines[1-w%2]
		own := keyOf(name("own-%d", w))
		for i := range rounds {
			ms := []store.Mutation{count(keys[(w+i)%4]), count(keys[(w+2*i+1)%4]), count(own), count(keyOf(name("new-%d", i)))}
			errs, err := mine.Apply(ctx, ms)
			if err = errors.Join(append(errs, err)...); err != nil {
				t.Errorf("Apply: %v", err)
				return
			}
			got, err := other.Get(ctx, []finding.Key{own})
			n, cerr := other.Count(ctx, everywhere(), filter.And{idOf(own), filter.NumberTerm{Attribute: filter.Confidence, Min: float64(i + 1), Max: float64(i + 1)}})
			if err != nil || cerr != nil || counter(got[0]) != i+1 || n != 1 {
				t.Errorf("after write %d the other process reads %d and counts %d, %v, %v", i+1, counter(got[0]), n, err, cerr)
				return
			}
		}
	})
	want := map[finding.Key]int{}
	for w := range writers {
		want[keyOf(name("own-%d", w))] = rounds
		for i := range rounds {
			want[keys[(w+i)%4]]++
			want[keys[(w+2*i+1)%4]]++
			want[keyOf(name("new-%d", i))]++
		}
	}
	for k, n := range want {
		checkCount(t, engines[0], k, n, n, true)
	}
	var deadlocks int
	if err := connect(t, url).QueryRow(ctx, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()").Scan(&deadlocks); err != nil || deadlocks != 0 {
		t.Errorf("%d deadlocks, %v", deadlocks, err)
	}
	if s, err := engines[1].Stats(ctx); err != nil || s.Findings != len(want) {
		t.Errorf("%d findings are counted, %v; want %d", s.Findings, err, len(want))
	}
}

// TestLockedFinding: a finding that somebody holds fails alone, and with the words of the API.
func TestLockedFinding(t *testing.T) {
	t.Parallel()
	url, engines := twoEngines(t, postgres.Options{LockWait: 100 * time.Millisecond})
	ctx := context.Background()
	apply(t, engines[0], count(keyOf("held")), count(keyOf("free")))
	conn := connect(t, url)
	run(t, conn, "BEGIN")
	run(t, conn, "SELECT FROM finding WHERE place LIKE '%held'::bytea FOR UPDATE")
	ms := []store.Mutation{count(keyOf("free")), count(keyOf("held")), count(keyOf("new")), count(keyOf("held"))}
	errs, err := engines[0].Apply(ctx, ms)
	want := []error{nil, finding.ErrConcurrentUpdate, nil, finding.ErrConcurrentUpdate}
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		if !errors.Is(errs[i], want[i]) || want[i] == nil && errs[i] != nil {
			t.Errorf("mutation %d: %v, want %v", i, errs[i], want[i])
		}
	}
	if _, err := engines[0].Erase(ctx, []finding.Key{keyOf("free")}, func(*finding.Stored) bool { return false }); err != nil {
		t.Errorf("erasing a neighbour: %v", err)
	}
	run(t, conn, "ROLLBACK")
	apply(t, engines[1], count(keyOf("held")))
	checkCount(t, engines[1], keyOf("held"), 2, 2, false)
	checkCount(t, engines[1], keyOf("free"), 2, 2, false)
	checkCount(t, engines[1], keyOf("new"), 1, 1, false)
}

// TestDeadlineOfLock: with a clock, a lock is waited for no longer than leaves the others their time.
func TestDeadlineOfLock(t *testing.T) {
	t.Parallel()
	url, engines := twoEngines(t, postgres.Options{LockWait: time.Hour, StatementTimeout: 2 * time.Hour, Now: time.Now})
	apply(t, engines[0], count(keyOf("held")))
	conn := connect(t, url)
	run(t, conn, "BEGIN")
	run(t, conn, "SELECT FROM finding FOR UPDATE")
	ctx, cancel := context.WithTimeout(context.Background(), 6*time.Second)
	defer cancel()
	errs, err := engines[0].Apply(ctx, []store.Mutation{count(keyOf("held")), count(keyOf("free"))})
	if err != nil || !errors.Is(errs[0], finding.ErrConcurrentUpdate) || errs[1] != nil {
		t.Errorf("Apply: %v, %v", errs, err)
	}
}

// TestChangedBetween: a mutation that was run on a state that is no more is run again on the one that is.
func TestChangedBetween(t *testing.T) {
	t.Parallel()
	_, engines := twoEngines(t, postgres.Options{})
	k, created := keyOf("a"), keyOf("b")
	apply(t, engines[0], count(k))
	var seen []int
	meddle := func(k finding.Key) store.Mutation {
		return store.Mutation{Key: k, Apply: func(old *finding.Stored) (finding.Outcome, error) {
			if seen = append(seen, counter(old)); len(seen) == 1 {
				apply(t, engines[1], count(k), count(k))
			}
			return count(k).Apply(old)
		}}
	}
	apply(t, engines[0], meddle(k))
	checkCount(t, engines[0], k, 4, 4, false)
	if len(seen) != 2 || seen[0] != 1 || seen[1] != 3 {
		t.Errorf("the mutation saw %v, want [1 3]", seen)
	}
	seen = nil
	apply(t, engines[0], meddle(created))
	checkCount(t, engines[0], created, 3, 3, false)
	if len(seen) != 2 || seen[0] != 0 || seen[1] != 2 {
		t.Errorf("the mutation of a new finding saw %v, want [0 2]", seen)
	}
}

// TestErasedBetween: a finding that is erased under a mutation is made anew.
func TestErasedBetween(t *testing.T) {
	t.Parallel()
	_, engines := twoEngines(t, postgres.Options{})
	k := keyOf("a")
	apply(t, engines[0], count(k), count(k))
	first := true
	apply(t, engines[0], store.Mutation{Key: k, Apply: func(old *finding.Stored) (finding.Outcome, error) {
		if first {
			first = false
			n, err := engines[1].Erase(context.Background(), []finding.Key{k}, func(*finding.Stored) bool { return true })
			if n != 1 || err != nil {
				t.Errorf("erased %d, %v", n, err)
			}
		}
		return count(k).Apply(old)
	}})
	checkCount(t, engines[0], k, 1, 1, false)
}

// TestEventsWait: events are told when nothing older can still come: a transaction that has written and runs on
// holds those behind it up, one of another database does not.
func TestEventsWait(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	url, engines := twoEngines(t, postgres.Options{Events: true})
	elsewhere := connect(t, pgtest.Database(t, t.TempDir()))
	run(t, elsewhere, "BEGIN")
	run(t, elsewhere, "SELECT pg_current_xact_id()")
	told := func() int {
		t.Helper()
		all, err := engines[1].Events(ctx, "", 100)
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	apply(t, engines[0], count(keyOf("a")))
	if n := told(); n != 1 {
		t.Errorf("%d events are told beside another database's transaction, want 1", n)
	}
	here := connect(t, url)
	run(t, here, "BEGIN")
	run(t, here, "SELECT pg_current_xact_id()")
	apply(t, engines[0], count(keyOf("a")))
	if n := told(); n != 1 {
		t.Errorf("%d events are told before an older transaction is over, want 1", n)
	}
	if n, _, err := engines[1].Backlog(ctx, ""); err != nil || n != 2 {
		t.Errorf("the backlog is %d, %v; want 2", n, err)
	}
	run(t, here, "COMMIT")
	if n := told(); n != 2 {
		t.Errorf("%d events are told when it is over, want 2", n)
	}
	checkCount(t, engines[0], keyOf("a"), 2, 2, true)
}

// TestUnstorable: accounts and regions that PostgreSQL cannot hold are refused where they are written and empty
// where they are read; everything else of a finding may be anything.
func TestUnstorable(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	e := open(t, t.TempDir(), false)
	for _, bad := range []string{"a\x00b", "a\xffb"} {
		k := keyIn(bad, "a")
		errs, err := e.Apply(ctx, []store.Mutation{count(k), count(keyOf("good"))})
		if err != nil || !errors.Is(errs[0], finding.ErrInvalidInput) || errs[1] != nil {
			t.Errorf("account %q: %v, %v", bad, errs, err)
		}
		got, err := e.Get(ctx, []finding.Key{k, keyOf("good")})
		if err != nil || got[0] != nil || got[1] == nil {
			t.Errorf("account %q: %v, %v", bad, got, err)
		}
		page, err := e.History(ctx, store.HistoryQuery{Key: k, Limit: 1})
		if err != nil || page.Stored != nil {
			t.Errorf("account %q: %v, %v", bad, page, err)
		}
		s := store.Scope{Accounts: []string{bad, account}, Regions: []string{region, bad}}
		if n, err := e.Count(ctx, s, filter.And{}); err != nil || n != 1 {
			t.Errorf("account %q: counted %d, %v", bad, n, err)
		}
		if err := e.PutRecord(ctx, store.Record{Collection: "c", Account: bad, Name: "n"}, false); err == nil {
			t.Errorf("account %q: a record was stored", bad)
		}
		if _, err := e.GetRecord(ctx, "c", bad, "", "n"); !errors.Is(err, store.ErrNoRecord) {
			t.Errorf("account %q: %v", bad, err)
		}
	}
}
