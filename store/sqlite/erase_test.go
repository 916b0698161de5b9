package sqlite

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/search"
	"github.com/findinghub/findinghub/store"
)

func always(*finding.Stored) bool { return true }

// mustErase erases test findings by their ids.
func mustErase(t testing.TB, e *Engine, ids ...string) {
	t.Helper()
	var keys []finding.Key
	for _, id := range ids {
		keys = append(keys, testKey(id))
	}
	if n, err := e.Erase(context.Background(), keys, always); err != nil || n != len(ids) {
		t.Fatalf("erased %d of %d, %v", n, len(ids), err)
	}
}

// docOf is a finding's number.
func docOf(t testing.TB, e *Engine, id string) search.Doc {
	t.Helper()
	doc, ok := e.index.Lookup(testKey(id))
	if !ok {
		t.Fatalf("no finding %s", id)
	}
	return doc
}

// TestNumbersOfErased: they are not given again while anybody may have one in hand, but
// after the next start, all of them, before new ones.
func TestNumbersOfErased(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	e := mustOpen(t, Options{Dir: dir})
	const findings = 3 * scanDocs
	mustApply(t, e, many(findings, "title ")...)
	free := []search.Doc{}
	for _, id := range []int{0, 1, 7, scanDocs - 1, scanDocs, scanDocs + 1, findings - 1} {
		free = append(free, docOf(t, e, fmt.Sprint(id)))
		mustErase(t, e, fmt.Sprint(id))
	}
	mustApply(t, e, testPut("new", "x"))
	if doc := docOf(t, e, "new"); doc != findings {
		t.Errorf("a new finding has the number %d while the engine is open, want %d", doc, findings)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	e = mustOpen(t, Options{Dir: dir})
	var got []search.Doc
	for i := range free {
		id := fmt.Sprint("again ", i)
		mustApply(t, e, testPut(id, "title again"))
		got = append(got, docOf(t, e, id))
	}
	slices.Sort(free)
	if !slices.Equal(got, free) {
		t.Errorf("new findings have the numbers %v, want %v", got, free)
	}
	mustApply(t, e, testPut("more", "x"))
	if doc := docOf(t, e, "more"); doc != findings+1 {
		t.Errorf("with no numbers left a finding has %d, want %d", doc, findings+1)
	}
}

// TestHoles compares with a list of numbers; a copy goes on by itself.
func TestHoles(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var h holes
		var want []search.Doc
		for next := search.Doc(0); len(want) < 30; {
			from := next + search.Doc(rapid.IntRange(0, 3).Draw(t, "gap"))
			to := from + search.Doc(rapid.IntRange(0, 5).Draw(t, "size"))
			h.add(span{from, to})
			for d := from; d < to; d++ {
				want = append(want, d)
			}
			next = to
			if rapid.IntRange(0, 9).Draw(t, "end") == 0 {
				break
			}
		}
		back := h
		for range rapid.IntRange(0, len(want)).Draw(t, "taken and given back") {
			h.take()
		}
		h = back
		var got []search.Doc
		for doc, ok := h.take(); ok; doc, ok = h.take() {
			got = append(got, doc)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("took %v, want %v", got, want)
		}
	})
}

// TestErasedInHand: whoever learned of a finding before it was erased and reads it
// afterwards finds none; a row that is missing without that is damage.
func TestErasedInHand(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	e := mustOpen(t, Options{Dir: t.TempDir()})
	mustApply(t, e, testPut("a", "x1"), testPut("b", "x2"), testPut("c", "x3"))
	before, doc := e.settled.Load(), docOf(t, e, "b")
	f := &finder{Engine: e, q: store.Query{Filter: filter.And{}, Limit: 5}, stable: -1, before: before}
	hits := e.index.Find(search.Query{Accounts: testHub.Accounts, Regions: testHub.Regions, Filter: filter.And{}, Limit: 5}).Hits
	s := stretch{before: before, docs: []search.Doc{0, doc, 2}}
	c := newCall([]store.Mutation{testPut("b", "made anew")})
	c.base = before
	c.changes[0].doc, c.changes[0].exists = doc, true
	mustErase(t, e, "b")

	read := func(f func(r *reader) error) error { return e.readers.with(ctx, f) }
	if err := read(func(r *reader) error { return f.take(ctx, r, hits) }); err != nil || len(f.page.Keys) != 2 {
		t.Errorf("found %v, %v", f.page.Keys, err)
	}
	n := 0
	if err := e.matching(ctx, filter.And{}, before, s.docs, func(*record, filter.Values) { n++ }); err != nil || n != 2 {
		t.Errorf("%d match, %v", n, err)
	}
	var wholes []store.Whole
	if last, err := e.readWholes(ctx, s, 3, &wholes); err != nil || len(wholes) != 2 || last.ID != "c" {
		t.Errorf("read %v up to %v, %v", wholes, last, err)
	}
	if err := read(func(r *reader) error { return c.readOld(ctx, r, e.stripe) }); err != nil || c.changes[0].exists {
		t.Errorf("the change still has a finding to start from, %v", err)
	}

	now := e.settled.Load()
	if err := e.matching(ctx, filter.And{}, now, s.docs, func(*record, filter.Values) {}); !errors.Is(err, errNoRow) || !errors.Is(err, errCorrupt) {
		t.Errorf("a row that is missing: %v", err)
	}
}

// TestEraseInGroup: erasing among other writes of one commit: what the group made goes, what it
// erased is made anew with another number, and the index ends with the last.
func TestEraseInGroup(t *testing.T) {
	t.Parallel()
	for _, before := range []bool{false, true} {
		e := mustOpen(t, Options{Dir: t.TempDir(), Events: true})
		if before {
			mustApply(t, e, testPut("a", "old"))
		}
		put := func(title string) job {
			c := newCall([]store.Mutation{appendTo("a", title, ignore)})
			if err := e.prepare(context.Background(), c); err != nil {
				t.Fatal(err)
			}
			return job{call: c, done: make(chan error, 1)}
		}
		erased := 0
		erase := func() job {
			return job{done: make(chan error, 1), write: func(w *writer) error {
				n, answer, err := w.erase([]finding.Key{testKey("a"), testKey("a")}, always)
				erased += n
				return errors.Join(answer, err)
			}}
		}
		// All prepared from the same state, then written as one: in place of the writer, who is idle.
		group := []job{put("+1"), erase(), put("+2"), put("+3"), erase(), put("+4")}
		e.writer.write(group)
		for _, j := range group {
			if err := <-j.done; err != nil {
				t.Error(err)
			}
		}
		if got := titleOf(t, e, "a"); got != "+4" || erased != 2 {
			t.Errorf("the title is %q and %d were erased, want +4 and 2", got, erased)
		}
		page, err := e.History(context.Background(), store.HistoryQuery{Key: testKey("a"), Limit: 10})
		if err != nil || len(page.Changes) != 1 {
			t.Errorf("%d history records, %v; want 1", len(page.Changes), err)
		}
		for title, n := range map[string]int{"old": 0, "+1": 0, "old+1": 0, "+2": 0, "+2+3": 0, "+4": 1} {
			is := filter.TextTerm{Attribute: mustLookup(t, "Title"), Value: title}
			if got, err := e.Count(context.Background(), testHub, is); err != nil || got != n {
				t.Errorf("the index has %d of %q, %v; want %d", got, title, err, n)
			}
		}
		if rows, err := ask(e.writer.conn, "SELECT count(*) FROM history"); err != nil || rows != 1 {
			t.Errorf("%d history rows, %v", rows, err)
		}
	}
}

// TestEraseDamaged: a row that cannot be read is not erased; its caller is told and nobody else harmed.
func TestEraseDamaged(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	e := mustOpen(t, Options{Dir: dir})
	mustApply(t, e, testPut("a", "one"), testPut("b", "two"), testPut("c", "three"))
	damagedRow(2)(t, e.path)
	n, err := e.Erase(context.Background(), []finding.Key{testKey("a"), testKey("b"), testKey("c")}, always)
	if n != 1 || !errors.Is(err, errCorrupt) {
		t.Errorf("erased %d, %v; want 1 and that b is damaged", n, err)
	}
	if a, c := titleOf(t, e, "a"), titleOf(t, e, "c"); a != "" || c != "three" {
		t.Errorf("a is %q, c is %q", a, c)
	}
	if err := e.Ready(context.Background()); err != nil {
		t.Errorf("damage is not a matter of writing: %v", err)
	}
}

// TestScanAhead: what the index said before is used again while it is true, and only then.
func TestScanAhead(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	e := mustOpen(t, Options{Dir: t.TempDir()})
	mustApply(t, e, testPut("a", "x"), testPut("b", "x"), testPut("d", "x"), testPut("e", "x"))
	scan := func(after string, limit int) (got string) {
		t.Helper()
		k := testKey(after)
		all, err := e.Scan(ctx, &k, limit)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range all {
			got += w.Key.ID
		}
		return got
	}
	expect := func(got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("scanned %q, want %q", got, want)
		}
	}
	expect(scan("", 1), "a")
	if left := e.ahead.docs; len(left) != 3 {
		t.Errorf("%d findings are kept for the next page, want 3", len(left))
	}
	mustErase(t, e, "b")
	expect(scan("a", 1), "d")
	expect(scan("", 1), "a")
	mustApply(t, e, testPut("c", "x"))
	expect(scan("a", 2), "cd")
	mustErase(t, e, "e")
	expect(scan("d", 2), "")
	expect(scan("b", 9), "cd")
}
