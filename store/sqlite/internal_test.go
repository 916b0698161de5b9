package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"zombiezen.com/go/sqlite"

	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/search"
	"github.com/findinghub/findinghub/store"
)

func read(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.FromSlash(name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// appendTo is a mutation that adds to the title, and says when it is called.
func appendTo(id, more string, called func(n int)) store.Mutation {
	k := testKey(id)
	var calls atomic.Int32
	return store.Mutation{Key: k, Apply: func(old *finding.Stored) (finding.Outcome, error) {
		called(int(calls.Add(1)))
		title := more
		if old != nil {
			title = old.Finding.Text("Title") + more
		}
		return testPut(id, title).Apply(old)
	}}
}

func ignore(int) {}

// TestPreparedAnew: a mutation whose finding changes between its preparation and the
// commit is called again with the newer state. The first call is where others get ahead.
func TestPreparedAnew(t *testing.T) {
	for _, c := range []struct {
		name   string
		before []store.Mutation
		want   string
	}{
		{"a finding that changed", []store.Mutation{testPut("a", "old")}, "old+other+mine"},
		{"a finding that was made", nil, "+other+mine"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := mustOpen(t, Options{Dir: t.TempDir()})
			mustApply(t, e, c.before...)
			calls := 0
			mine := appendTo("a", "+mine", func(n int) {
				if calls = n; n == 1 {
					mustApply(t, e, appendTo("a", "+other", ignore))
				}
			})
			mustApply(t, e, mine, testPut("b", "bystander"))
			if got := titleOf(t, e, "a"); got != c.want || calls != 2 {
				t.Errorf("the title is %q after %d calls, want %q after 2", got, calls, c.want)
			}
			page, err := e.History(context.Background(), store.HistoryQuery{Key: testKey("a"), Limit: 10})
			if err != nil || len(page.Changes) != len(c.before)+2 {
				t.Errorf("%d history records, %v", len(page.Changes), err)
			}
			title := filter.TextTerm{Attribute: mustLookup(t, "Title"), Value: c.want}
			if n, err := e.Count(context.Background(), testHub, title); err != nil || n != 1 {
				t.Errorf("the index has %d of the title, %v", n, err)
			}
		})
	}
}

func mustLookup(t testing.TB, name string) filter.Attribute {
	t.Helper()
	a, ok := filter.Lookup(name)
	if !ok {
		t.Fatalf("no attribute %s", name)
	}
	return a
}

// TestPreparedAnewFails: the second call may fail, or find nothing to change, or panic in
// the writer; then its finding stays as the other left it and the rest is written.
func TestPreparedAnewFails(t *testing.T) {
	odd := errors.New("odd")
	for _, c := range []struct {
		name   string
		second func() (finding.Outcome, error)
		want   string
	}{
		{"fails", func() (finding.Outcome, error) { return finding.Outcome{}, odd }, "odd"},
		{"changes nothing", func() (finding.Outcome, error) { return finding.Outcome{}, nil }, "<nil>"},
		{"panics", func() (finding.Outcome, error) { panic("a mutation of the test") }, "store: a mutation panicked: a mutation of the test"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := mustOpen(t, Options{Dir: t.TempDir()})
			mustApply(t, e, testPut("a", "old"))
			calls := 0
			m := store.Mutation{Key: testKey("a"), Apply: func(old *finding.Stored) (finding.Outcome, error) {
				if calls++; calls > 1 {
					return c.second()
				}
				mustApply(t, e, testPut("a", "other"))
				return testPut("a", "mine").Apply(old)
			}}
			errs, err := e.Apply(context.Background(), []store.Mutation{m, testPut("b", "new")})
			if err != nil || fmt.Sprint(errs[0]) != c.want || errs[1] != nil {
				t.Errorf("errors %v, %v; want %s at 0", errs, err, c.want)
			}
			if a, b := titleOf(t, e, "a"), titleOf(t, e, "b"); a != "other" || b != "new" {
				t.Errorf("the titles are %q and %q", a, b)
			}
		})
	}
}

// TestGroupCommit: calls that come while the writer is busy are committed together, each
// answered for itself, and a finding that several of them change ends with all changes.
func TestGroupCommit(t *testing.T) {
	var mu sync.Mutex
	var commits []Commit
	e := mustOpen(t, Options{Dir: t.TempDir(), OnCommit: func(c Commit) {
		mu.Lock()
		defer mu.Unlock()
		commits = append(commits, c)
	}})
	// The writer cannot begin while a checkpoint holds it.
	e.checkpoints.hold.Lock()
	const callers = 20
	var all sync.WaitGroup
	for i := range callers {
		all.Go(func() {
			mustApply(t, e, testPut(fmt.Sprint("own-", i), "x"), appendTo("shared", "x", ignore))
		})
	}
	e.checkpoints.hold.Unlock()
	all.Wait()
	if got := titleOf(t, e, "shared"); len(got) != callers {
		t.Errorf("the shared title is %q, want %d letters", got, callers)
	}
	calls, findings := 0, 0
	for _, c := range commits {
		calls, findings = calls+c.Calls, findings+c.Findings
	}
	if calls != callers || findings < callers+1 || findings > 2*callers {
		t.Errorf("commits %v, want %d calls", commits, callers)
	}
}

// TestOneGroupOneFinding: calls of one group that were all prepared from the same state of a
// finding, there or not, end with all their changes, and the index with the last.
func TestOneGroupOneFinding(t *testing.T) {
	for _, before := range []string{"", "old"} {
		e := mustOpen(t, Options{Dir: t.TempDir()})
		if before != "" {
			mustApply(t, e, testPut("a", before))
		}
		var group []job
		for _, more := range []string{"+1", "+2", "+3"} {
			c := newCall([]store.Mutation{appendTo("a", more, ignore), testPut("b"+more, "x")})
			if err := e.prepare(context.Background(), c); err != nil {
				t.Fatal(err)
			}
			group = append(group, job{call: c, done: make(chan error, 1)})
		}
		e.writer.write(group) // in place of the writer, who is idle
		for _, j := range group {
			if err := <-j.done; err != nil {
				t.Error(err)
			}
		}
		want := before + "+1+2+3"
		if got := titleOf(t, e, "a"); got != want {
			t.Errorf("the title is %q, want %q", got, want)
		}
		for title, n := range map[string]int{before: 0, before + "+1": 0, before + "+1+2": 0, want: 1} {
			is := filter.TextTerm{Attribute: mustLookup(t, "Title"), Value: title}
			if got, err := e.Count(context.Background(), testHub, is); err != nil || got != n {
				t.Errorf("the index has %d of %q, %v; want %d", got, title, err, n)
			}
		}
		if n := e.index.Len(); n != 4 || int(e.writer.nextDoc) != n {
			t.Errorf("%d findings and the next is number %d, want 4", n, e.writer.nextDoc)
		}
	}
}

// TestDurable: what makes a commit wait for the disk is switched on.
func TestDurable(t *testing.T) {
	e := mustOpen(t, Options{Dir: t.TempDir()})
	for _, c := range []struct {
		conn *sqlite.Conn
		sql  string
		want int64
	}{
		{e.writer.conn, "PRAGMA synchronous", 2}, // FULL
		{e.writer.conn, "PRAGMA fullfsync", 1},
		{e.writer.conn, "PRAGMA wal_autocheckpoint", 0},
		{e.checkpoints.conn, "PRAGMA synchronous", 2},
		{e.checkpoints.conn, "PRAGMA checkpoint_fullfsync", 1},
	} {
		if got, err := ask(c.conn, c.sql); err != nil || got != c.want {
			t.Errorf("%s is %d, %v; want %d", c.sql, got, err, c.want)
		}
	}
	// Below this a checkpoint and a commit at the same time could damage the database (docs/adr/0002-sqlite-driver.md).
	if sqlite.VersionNumber < 3051003 {
		t.Errorf("SQLite is %s, want 3.51.3 or later", sqlite.Version)
	}
}

// TestWithdrawn: a call whose context ends before the writer takes it has not happened;
// one that was taken is waited for, since it will.
func TestWithdrawn(t *testing.T) {
	w := &writer{jobs: make(chan job)} // and nobody who takes
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := w.do(ctx, job{}); !errors.Is(err, context.Canceled) {
		t.Errorf("a call that nobody took: %v", err)
	}
	odd := errors.New("odd")
	ctx, cancel = context.WithCancel(context.Background())
	go func() {
		j := <-w.jobs
		cancel()
		j.done <- odd
	}()
	if err := w.do(ctx, job{}); !errors.Is(err, odd) {
		t.Errorf("a call that was taken: %v", err)
	}
}

// TestFindAfterChange: hits whose rows were written after the index was asked are
// judged as they are now, and the next page starts from one that was not.
func TestFindAfterChange(t *testing.T) {
	e := mustOpen(t, Options{Dir: t.TempDir()})
	title := mustLookup(t, "Title")
	mustApply(t, e, testPut("a", "x1"), testPut("b", "x2"), testPut("c", "x3"), testPut("d", "x4"))
	q := store.Query{Scope: testHub, Filter: filter.TextTerm{Attribute: title, Op: filter.Prefix, Value: "x"},
		Sort: []filter.Order{{Attribute: title}}, Limit: 2}
	asked := search.Query{Accounts: testHub.Accounts, Regions: testHub.Regions, Filter: q.Filter, Sort: q.Sort, Limit: 10}

	take := func(change ...store.Mutation) *finder {
		t.Helper()
		f := &finder{Engine: e, q: q, stable: -1, before: e.settled.Load()}
		hits := e.index.Find(asked).Hits
		mustApply(t, e, change...)
		err := e.readers.with(context.Background(), func(r *reader) error { return f.take(context.Background(), r, hits) })
		if err == nil {
			err = f.cursor()
		}
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	names := func(f *finder) (names []string) {
		for _, k := range f.page.Keys {
			names = append(names, k.ID)
		}
		return names
	}
	// a no longer matches: b and c are the page, and it is c where the next begins.
	if f := take(testPut("a", "y1")); !slices.Equal(names(f), []string{"b", "c"}) || f.page.Next.Key.ID != "c" || !f.more {
		t.Errorf("page %v, next %v, more %t", names(f), f.page.Next, f.more)
	}
	// c still matches but has moved to the end: the page has it, but the next begins after b.
	if f := take(testPut("c", "x9")); !slices.Equal(names(f), []string{"b", "c"}) || f.page.Next.Key.ID != "b" {
		t.Errorf("page %v, next %v", names(f), f.page.Next)
	}
}

// TestMatchingInParallel: more findings than one processor is given, and an error or a context that ends among them.
func TestMatchingInParallel(t *testing.T) {
	dir := t.TempDir()
	e := mustOpen(t, Options{Dir: dir})
	const findings = 2*rowsAtOnce + 100
	mustApply(t, e, many(findings, "title ")...)
	docs := make([]search.Doc, findings)
	for i := range docs {
		docs[i] = search.Doc(i)
	}
	fives := filter.TextTerm{Attribute: mustLookup(t, "Title"), Op: filter.Contains, Value: "5"}
	seen := map[string]int{}
	if err := e.matching(context.Background(), fives, 0, docs, func(rec *record, _ filter.Values) { seen[rec.key.ID]++ }); err != nil {
		t.Fatal(err)
	}
	for i := range findings {
		id, want := fmt.Sprint(i), 0
		if strings.Contains(id, "5") {
			want = 1
		}
		if seen[id] != want {
			t.Fatalf("finding %s was given %d times, want %d", id, seen[id], want)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	err := e.matching(ctx, filter.And{}, 0, docs, func(*record, filter.Values) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("a context that ended: %v", err)
	}
	damagedRow(findings-5)(t, filepath.Join(dir, "findings.db"))
	if err := e.matching(context.Background(), filter.And{}, 0, docs, func(*record, filter.Values) {}); !errors.Is(err, errCorrupt) {
		t.Errorf("a damaged row: %v", err)
	}
}

// TestForeignPosition: a history position that is another finding's or nobody's has
// nothing after it.
func TestForeignPosition(t *testing.T) {
	e := mustOpen(t, Options{Dir: t.TempDir()})
	mustApply(t, e, testPut("a", "one"), testPut("b", "one"), testPut("a", "two"))
	for _, position := range []int64{3, 99, -1} {
		page, err := e.History(context.Background(), store.HistoryQuery{Key: testKey("a"), Limit: 10, After: position})
		if err != nil || len(page.Changes) != 0 || page.Next != 0 || page.Stored == nil {
			t.Errorf("after position %d: %+v, %v", position, page, err)
		}
	}
}
