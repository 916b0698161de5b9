package migrate_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/findinghub/findinghub/filter/filtertest"
	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/migrate"
	"github.com/findinghub/findinghub/store"
	"github.com/findinghub/findinghub/store/memory"
	"github.com/findinghub/findinghub/store/postgres"
	"github.com/findinghub/findinghub/store/postgres/pgtest"
	"github.com/findinghub/findinghub/store/sqlite"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 678_901_000, time.UTC)

// wholes draws findings with histories.
func wholes(least, most int) *rapid.Generator[[]store.Whole] {
	return rapid.Custom(func(t *rapid.T) []store.Whole {
		var all []store.Whole
		for _, f := range filtertest.Findings(least, most).Draw(t, "findings") {
			s := finding.Stored{
				Finding: f, Owned: finding.Owned(rapid.Byte().Draw(t, "owned")), CreatedTime: drawTime(t), CreatedBy: drawSource(t),
			}
			all = append(all, store.Whole{Key: s.Key(), Stored: s, Changes: rapid.SliceOfN(rapid.Custom(drawChange), 0, 5).Draw(t, "changes")})
		}
		return all
	})
}

func drawTime(t *rapid.T) time.Time {
	return epoch.Add(time.Duration(rapid.Int64Range(0, 1e9).Draw(t, "time")) * time.Microsecond)
}

func drawSource(t *rapid.T) finding.Source {
	return finding.Source{
		Type:     rapid.SampledFrom([]finding.SourceType{finding.SourceImport, finding.SourceUpdate}).Draw(t, "type"),
		Identity: rapid.StringMatching(`arn:aws:iam::1{12}:user/[a-zäö]{1,5}`).Draw(t, "identity"),
	}
}

func drawChange(t *rapid.T) finding.Change {
	c := finding.Change{Time: drawTime(t), Source: drawSource(t)}
	for range rapid.IntRange(1, 3).Draw(t, "updates") {
		text := rapid.StringMatching(`[a-z"\\日本]{0,8}`)
		c.Updates = append(c.Updates, finding.FieldUpdate{Field: "Title", Old: text.Draw(t, "old"), New: text.Draw(t, "new")})
	}
	return c
}

// records draws records of a few places.
func records() *rapid.Generator[[]store.Record] {
	word := rapid.SampledFrom([]string{"a", "b", "hub", "日本"})
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) store.Record {
		return store.Record{Collection: word.Draw(t, "collection"), Account: word.Draw(t, "account"), Region: word.Draw(t, "region"),
			Name: word.Draw(t, "name"), Body: rapid.SliceOf(rapid.Byte()).Draw(t, "body")}
	}), 0, 10)
}

// put stores findings and records.
func put(t rapid.TB, e store.Engine, all []store.Whole, rs []store.Record) {
	t.Helper()
	for some := range slices.Chunk(all, 100) {
		if err := e.Load(context.Background(), some); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range rs {
		if err := e.PutRecord(context.Background(), r, false); err != nil {
			t.Fatal(err)
		}
	}
}

// contents are an engine's findings and records as text, by their keys: what the digests are to notice, said otherwise.
func contents(t rapid.TB, e store.Engine) (all, rs map[string]string) {
	t.Helper()
	found, err := e.Scan(context.Background(), nil, 1_000_000)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := e.ScanRecords(context.Background(), nil, 1_000_000)
	if err != nil {
		t.Fatal(err)
	}
	all, rs = map[string]string{}, map[string]string{}
	for i := range found {
		w := &found[i]
		text := fmt.Sprintf("%s %d %v %v", w.Stored.Finding.AppendJSON(nil), w.Stored.Owned, w.Stored.CreatedTime.UTC(), w.Stored.CreatedBy)
		for _, c := range w.Changes {
			text += fmt.Sprintf("\n%v %v %q", c.Time.UTC(), c.Source, c.Updates)
		}
		all[fmt.Sprint(w.Key)] = text
	}
	for _, r := range kept {
		rs[fmt.Sprintf("%s/%s/%s/%s", r.Collection, r.Account, r.Region, r.Name)] = string(r.Body)
	}
	return all, rs
}

// difference counts what is to be written to make b what a is, and what only b has.
func difference(a, b map[string]string) (write, extra int) {
	for k, v := range a {
		if was, ok := b[k]; !ok || was != v {
			write++
		}
	}
	for k := range b {
		if _, ok := a[k]; !ok {
			extra++
		}
	}
	return write, extra
}

func mustRun(t rapid.TB, from, to migrate.Engine, o migrate.Options) migrate.Result {
	t.Helper()
	r, err := migrate.Run(context.Background(), from, to, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestRandom: whatever both sides have, the target is what the source is afterwards, nothing else was written, and
// what only the target has goes if it is to go.
func TestRandom(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := memory.New(), memory.New()
		mine := wholes(0, 12).Draw(t, "source")
		put(t, a, mine, records().Draw(t, "records"))
		put(t, b, wholes(0, 12).Draw(t, "target"), records().Draw(t, "records"))
		for _, w := range mine {
			if rapid.Bool().Draw(t, "both") {
				put(t, b, []store.Whole{w}, nil)
			}
		}
		findings, rs := contents(t, a)
		theirs, theirRecords := contents(t, b)
		write, extra := difference(findings, theirs)
		writeRecords, extraRecords := difference(rs, theirRecords)
		o := migrate.Options{Page: rapid.IntRange(1, 5).Draw(t, "page"), VerifyOnly: true}

		r := mustRun(t, a, b, o)
		if r.Findings.Missing+r.Findings.Differing != write || r.Findings.Extra != extra ||
			r.Records.Missing+r.Records.Differing != writeRecords || r.Records.Extra != extraRecords ||
			r.Same() != (write+extra+writeRecords+extraRecords == 0) {
			t.Fatalf("verifying says %+v, want %d and %d, %d and %d", r, write, extra, writeRecords, extraRecords)
		}
		if now, nowRecords := contents(t, b); fmt.Sprint(now, nowRecords) != fmt.Sprint(theirs, theirRecords) {
			t.Fatal("verifying has changed the target")
		}

		o.VerifyOnly = false
		r = mustRun(t, a, b, o)
		if r.WrittenFindings != write || r.WrittenRecords != writeRecords || r.DeletedFindings+r.DeletedRecords != 0 {
			t.Fatalf("copying says %+v, want %d findings and %d records", r, write, writeRecords)
		}
		if r.Findings.Missing+r.Findings.Differing != 0 || r.Findings.Extra != extra || r.Same() != (extra+extraRecords == 0) {
			t.Fatalf("after copying it says %+v, want %d and %d extra", r, extra, extraRecords)
		}

		o.Delete = true
		r = mustRun(t, a, b, o)
		if !r.Same() || r.DeletedFindings != extra || r.DeletedRecords != extraRecords || r.WrittenFindings+r.WrittenRecords != 0 {
			t.Fatalf("deleting says %+v, want %d and %d", r, extra, extraRecords)
		}
		now, nowRecords := contents(t, b)
		if fmt.Sprint(now) != fmt.Sprint(findings) || fmt.Sprint(nowRecords) != fmt.Sprint(rs) {
			t.Fatalf("the target has %v, want %v", now, findings)
		}
		if r.Findings.Source.Count != len(findings) || r.Records.Target.Count != len(rs) {
			t.Fatalf("it counted %+v", r)
		}
	})
}

// TestEngines: from each engine to the next and back to the first kind, everything stays what it was.
func TestEngines(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	first := memory.New()
	for seed := range 4 {
		put(t, first, wholes(20, 60).Example(seed), records().Example(seed))
	}
	opens := []func() (store.Engine, error){
		func() (store.Engine, error) { return sqlite.Open(ctx, sqlite.Options{Dir: t.TempDir()}) },
		func() (store.Engine, error) {
			return postgres.Open(ctx, postgres.Options{URL: pgtest.Database(t, t.TempDir()), Readers: 4, Writers: 4})
		},
		func() (store.Engine, error) { return sqlite.Open(ctx, sqlite.Options{Dir: t.TempDir()}) },
		func() (store.Engine, error) { return memory.New(), nil },
	}
	var from store.Engine = first
	for _, open := range opens {
		to, err := open()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { to.Close() })
		r := mustRun(t, from, to, migrate.Options{Page: 7})
		if !r.Same() || r.WrittenFindings == 0 || r.Findings.Source.Count != r.WrittenFindings {
			t.Errorf("%T to %T: %+v", from, to, r)
		}
		if again := mustRun(t, from, to, migrate.Options{}); !again.Same() || again.WrittenFindings+again.WrittenRecords != 0 {
			t.Errorf("%T to %T, again: %+v", from, to, again)
		}
		from = to
	}
	want, wantRecords := contents(t, first)
	got, gotRecords := contents(t, from)
	if w, extra := difference(want, got); w+extra != 0 || fmt.Sprint(gotRecords) != fmt.Sprint(wantRecords) {
		t.Errorf("%d findings differ, %d are too many of %d", w, extra, len(want))
	}
}

// flaky is an engine whose calls may fail or be seen.
type flaky struct {
	store.Engine
	mu sync.Mutex // a target is read and written at once
	// left is how many calls succeed, negative for all.
	left   int
	onScan func(scans int)
	scans  int
	loads  int
	most   int // the largest limit or batch
}

var errFlaky = errors.New("flaky")

func (f *flaky) call(size int) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.most = max(f.most, size)
	if f.left == 0 {
		return errFlaky
	}
	f.left--
	return nil
}

func (f *flaky) Scan(ctx context.Context, after *finding.Key, limit int) ([]store.Whole, error) {
	if err := f.call(limit); err != nil {
		return nil, err
	}
	f.scans++
	all, err := f.Engine.Scan(ctx, after, limit)
	if f.onScan != nil {
		f.onScan(f.scans)
	}
	return all, err
}

func (f *flaky) ScanRecords(ctx context.Context, after *store.Record, limit int) ([]store.Record, error) {
	if err := f.call(limit); err != nil {
		return nil, err
	}
	return f.Engine.ScanRecords(ctx, after, limit)
}

func (f *flaky) Load(ctx context.Context, all []store.Whole) error {
	if err := f.call(len(all)); err != nil {
		return err
	}
	f.loads += len(all)
	return f.Engine.Load(ctx, all)
}

func (f *flaky) PutRecord(ctx context.Context, r store.Record, create bool) error {
	if err := f.call(1); err != nil {
		return err
	}
	return f.Engine.PutRecord(ctx, r, create)
}

func (f *flaky) Erase(ctx context.Context, keys []finding.Key, sure func(*finding.Stored) bool) (int, error) {
	if err := f.call(len(keys)); err != nil {
		return 0, err
	}
	return f.Engine.Erase(ctx, keys, sure)
}

// TestCutShort: a migration that stops at any call of either side leaves only what is right and nothing deleted
// that the source has; going on writes only the rest.
func TestCutShort(t *testing.T) {
	t.Parallel()
	source, old := wholes(40, 40).Example(1), wholes(60, 60).Example(2)
	rs, oldRecords := records().Example(3), records().Example(4)
	for _, side := range []string{"source", "target"} {
		for calls := 0; ; calls++ {
			a, b := &flaky{Engine: memory.New(), left: -1}, &flaky{Engine: memory.New(), left: -1}
			put(t, a.Engine, source, rs)
			put(t, b.Engine, old, oldRecords)
			mine, _ := contents(t, a)
			theirs, _ := contents(t, b)
			failing := map[string]*flaky{"source": a, "target": b}[side]
			failing.left = calls
			r, err := migrate.Run(context.Background(), a, b, migrate.Options{Page: 7, Delete: true})
			a.left, b.left = -1, -1
			if err == nil {
				if calls < 10 || !r.Same() {
					t.Errorf("%s: a migration was over after %d calls: %+v", side, calls, r)
				}
				break
			}
			if !errors.Is(err, errFlaky) {
				t.Fatal(err)
			}
			now, _ := contents(t, b)
			for k, v := range now {
				if v != mine[k] && v != theirs[k] {
					t.Fatalf("%s, %d calls: %s is neither old nor new", side, calls, k)
				}
			}
			for k := range mine {
				if _, had := theirs[k]; had && now[k] == "" {
					t.Fatalf("%s, %d calls: %s is gone", side, calls, k)
				}
			}
			rest, extra := difference(mine, now)
			if r := mustRun(t, a, b, migrate.Options{Page: 7, Delete: true}); !r.Same() || r.WrittenFindings != rest || r.DeletedFindings != extra {
				t.Fatalf("%s, %d calls: going on says %+v, want %d and %d", side, calls, r, rest, extra)
			}
		}
	}
}

// TestNothingIsLostToAFailure: where the source's end is not reached, what the target has beyond is not extra.
func TestNothingIsLostToAFailure(t *testing.T) {
	t.Parallel()
	all := wholes(50, 50).Example(1)
	for calls := range 5 {
		a, b := &flaky{Engine: memory.New(), left: calls}, memory.New()
		put(t, a.Engine, all, nil)
		put(t, b, all, nil)
		if _, err := migrate.Run(context.Background(), a, b, migrate.Options{Page: 10, Delete: true}); !errors.Is(err, errFlaky) {
			t.Fatal(err)
		}
		if now, _ := contents(t, b); len(now) != len(all) {
			t.Errorf("%d calls: the target has %d findings, want %d", calls, len(now), len(all))
		}
	}
}

// TestSourceChanges: a source that is written to meanwhile is said to differ, and the next run takes over only what
// has changed.
func TestSourceChanges(t *testing.T) {
	t.Parallel()
	a, b := &flaky{Engine: memory.New(), left: -1}, &flaky{Engine: memory.New(), left: -1}
	all := wholes(50, 50).Example(1)
	put(t, a.Engine, all, nil)
	slices.SortFunc(all, func(x, y store.Whole) int { return x.Key.Compare(y.Key) })
	change := func(w store.Whole, by string) {
		w.Stored.Finding = w.Stored.Finding.Clone()
		w.Stored.Finding.SetText("Title", by)
		put(t, a.Engine, []store.Whole{w}, nil)
	}
	a.onScan = func(scans int) {
		if scans == 3 {
			change(all[0], "changed behind the reader's back")
			change(all[49], "changed before the reader came")
		}
	}
	r := mustRun(t, a, b, migrate.Options{Page: 10})
	if r.Same() || r.WrittenFindings != 50 || r.Findings.Differing != 1 {
		t.Errorf("while the source changes: %+v", r)
	}
	b.loads = 0
	if r := mustRun(t, a, b, migrate.Options{Page: 10}); !r.Same() || r.WrittenFindings != 1 || b.loads != 1 {
		t.Errorf("afterwards: %+v, %d loaded", r, b.loads)
	}
	if a.most > 10 || b.most > 10 {
		t.Errorf("%d and %d findings were asked for or written at once", a.most, b.most)
	}
}

// TestOptions: collections that stay where they are, progress, and a context that ends.
func TestOptions(t *testing.T) {
	t.Parallel()
	a, b := memory.New(), memory.New()
	put(t, a, wholes(30, 30).Example(1), []store.Record{{Collection: "moves", Name: "x"}, {Collection: "stays", Name: "mine"}})
	put(t, b, nil, []store.Record{{Collection: "stays", Name: "theirs"}})
	var told []migrate.Progress
	r := mustRun(t, a, b, migrate.Options{
		Page: 10, Delete: true, Skip: func(c string) bool { return c == "stays" },
		Progress: func(p migrate.Progress) { told = append(told, p) },
	})
	_, rs := contents(t, b)
	if !r.Same() || len(rs) != 2 || rs["stays///theirs"] != "" || r.Records.Source.Count != 1 {
		t.Errorf("the records are %v, %+v", rs, r)
	}
	if _, ok := rs["stays///mine"]; ok {
		t.Error("a record of a collection that stays was copied")
	}
	if last := told[len(told)-1]; last != (migrate.Progress{Verifying: true, Findings: 30, Written: 30}) || told[0].Verifying {
		t.Errorf("the progress was %v", told)
	}
	over, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := migrate.Run(over, a, memory.New(), migrate.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that is over: %v", err)
	}
}
