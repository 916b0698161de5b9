package sqlite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/asff"
	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
)

var testHub = store.Scope{Accounts: []string{"111111111111"}, Regions: []string{"us-east-1"}}

func testKey(id string) finding.Key {
	return finding.Key{Account: "111111111111", Region: "us-east-1", ProductArn: "arn:aws:securityhub:us-east-1::product/a/b", ID: id}
}

// testFinding has a title of its own, so that a row that is swapped for another is noticed.
func testFinding(k finding.Key, title string) asff.Finding {
	f := asff.Finding{}
	f.SetText("Id", k.ID)
	f.SetText("ProductArn", k.ProductArn)
	f.SetText("AwsAccountId", k.Account)
	f.SetText("Region", k.Region)
	f.SetText("Title", title)
	f.SetText("Description", title+", described")
	return f
}

// testPut stores a finding with this title and says so in its history.
func testPut(id, title string) store.Mutation {
	k := testKey(id)
	return store.Mutation{Key: k, Apply: func(old *finding.Stored) (finding.Outcome, error) {
		when := time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
		before := ""
		if old != nil {
			before = old.Finding.Text("Title")
		}
		return finding.Outcome{
			Changed: true,
			Stored:  finding.Stored{Finding: testFinding(k, title), CreatedTime: when},
			Change:  &finding.Change{Time: when, Updates: []finding.FieldUpdate{{Field: "Title", Old: before, New: title}}},
		}, nil
	}}
}

// many stores findings 0 to n-1, each with a title of its own.
func many(n int, title string) (ms []store.Mutation) {
	for i := range n {
		ms = append(ms, testPut(fmt.Sprint(i), fmt.Sprint(title, i)))
	}
	return ms
}

func mustOpen(t testing.TB, o Options) *Engine {
	t.Helper()
	e, err := Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return e
}

func mustApply(t testing.TB, e *Engine, ms ...store.Mutation) {
	t.Helper()
	errs, err := e.Apply(context.Background(), ms)
	if err = errors.Join(append(errs, err)...); err != nil {
		t.Fatal(err)
	}
}

// titleOf is "" for a finding that is not there.
func titleOf(t testing.TB, e *Engine, id string) string {
	t.Helper()
	got, err := e.Get(context.Background(), []finding.Key{testKey(id)})
	if err != nil {
		t.Fatal(err)
	}
	if got[0] == nil {
		return ""
	}
	return got[0].Finding.Text("Title")
}

// TestDirectoryInUse: two engines over one directory would each have half of an index.
func TestDirectoryInUse(t *testing.T) {
	dir := t.TempDir()
	e := mustOpen(t, Options{Dir: dir})
	if _, err := Open(context.Background(), Options{Dir: dir}); !errors.Is(err, ErrInUse) {
		t.Errorf("opening again: %v", err)
	}
	mustApply(t, e, testPut("a", "one"))
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if got := titleOf(t, mustOpen(t, Options{Dir: dir}), "a"); got != "one" {
		t.Errorf("after Close the finding is %q", got)
	}
}

// TestPrivateFiles: nobody else on the machine may read the findings.
func TestPrivateFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made")
	e := mustOpen(t, Options{Dir: dir})
	mustApply(t, e, testPut("a", "one"))
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestOpenRefuses: a file that this program must not touch is named and stays as it is.
func TestOpenRefuses(t *testing.T) {
	for _, c := range []struct {
		name, want string
		spoil      func(t *testing.T, file string)
	}{
		{"a later layout", "written by a later findinghub", withSQL("PRAGMA user_version=4")},
		{"an unknown layout", "does not know", withSQL("PRAGMA user_version=0")},
		{"another program's", "not a database of findinghub", withSQL("PRAGMA application_id=7")},
		{"no database", "not a database", overwritten(0, 100)},
		{"damaged pages", "", overwritten(20*4096, 10*4096)},
		{"a damaged row", "finding 7", damagedRow(7)},
		{"no dictionary", "dictionary", withSQL("DELETE FROM meta")},
		{"a file cut short", "", func(t *testing.T, file string) {
			if err := os.Truncate(file, 9*4096); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			e := mustOpen(t, Options{Dir: dir})
			mustApply(t, e, many(500, "title ")...)
			if err := e.Close(); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(dir, "findings.db")
			c.spoil(t, file)
			before, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			e, err = Open(context.Background(), Options{Dir: dir})
			if err == nil {
				e.Close()
				t.Fatal("the engine opened")
			}
			if !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), dir) {
				t.Errorf("the error is %q, want it to say %q and the directory", err, c.want)
			}
			if after, err := os.ReadFile(file); err != nil || !bytes.Equal(before, after) {
				t.Errorf("opening changed the file: %v", err)
			}
		})
	}
}

func withSQL(sql string) func(*testing.T, string) {
	return func(t *testing.T, file string) {
		t.Helper()
		c, err := sqlite.OpenConn(file, sqlite.OpenReadWrite)
		if err == nil {
			err = errors.Join(runSQL(c, sql), c.Close())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func overwritten(at, n int64) func(*testing.T, string) {
	return func(t *testing.T, file string) {
		t.Helper()
		f, err := os.OpenFile(file, os.O_WRONLY, 0)
		if err == nil {
			_, err = f.WriteAt(bytes.Repeat([]byte{0xa5}, int(n)), at)
			err = errors.Join(err, f.Close())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// damagedRow changes a byte of a row in a way that SQLite cannot notice.
func damagedRow(id int) func(*testing.T, string) {
	return withSQL(fmt.Sprintf("UPDATE findings SET body=CAST(substr(body, 1, 40) || x'00' || substr(body, 42) AS BLOB) WHERE doc=%d", id))
}

// TestDamageWhileRunning: a row that goes bad is an error for who asks for it, never
// another finding, and nobody else's problem.
func TestDamageWhileRunning(t *testing.T) {
	dir := t.TempDir()
	e := mustOpen(t, Options{Dir: dir})
	mustApply(t, e, testPut("a", "one"), testPut("b", "two"))
	damagedRow(1)(t, filepath.Join(dir, "findings.db"))
	if _, err := e.Get(context.Background(), []finding.Key{testKey("a")}); !errors.Is(err, errCorrupt) {
		t.Errorf("Get: %v", err)
	}
	if _, err := e.Apply(context.Background(), []store.Mutation{testPut("a", "three")}); !errors.Is(err, errCorrupt) {
		t.Errorf("Apply: %v", err)
	}
	q := store.Query{Scope: testHub, Filter: filter.And{}, Limit: 10}
	if _, err := e.Find(context.Background(), q); !errors.Is(err, errCorrupt) {
		t.Errorf("Find: %v", err)
	}
	mustApply(t, e, testPut("b", "four"))
	if got := titleOf(t, e, "b"); got != "four" {
		t.Errorf("the other finding is %q", got)
	}
}

// TestFullDatabase: when there is no room, callers are told so, nothing of what they sent
// is there, and it goes on when there is room again.
func TestFullDatabase(t *testing.T) {
	dir := t.TempDir()
	e := mustOpen(t, Options{Dir: dir, maxPages: 25})
	stored := 0
	var err error
	for ; err == nil && stored < 10_000; stored++ {
		_, err = e.Apply(context.Background(), []store.Mutation{testPut(fmt.Sprint(stored), fmt.Sprint("title ", stored))})
	}
	stored--
	var public *findinghub.Error
	if !errors.As(err, &public) || public.Code != findinghub.CodeUnavailable || strings.Contains(public.Message, "sqlite") {
		t.Fatalf("a full database: %v", err)
	}
	if n, err := e.Count(context.Background(), testHub, filter.And{}); err != nil || n != stored {
		t.Errorf("%d findings, %v; %d were acknowledged", n, err, stored)
	}
	if n := int(e.writer.nextDoc); n != stored {
		t.Errorf("the next finding is number %d, want %d: the index wants them dense", n, stored)
	}
	if got := titleOf(t, e, fmt.Sprint(stored)); got != "" {
		t.Errorf("what was refused is there: %q", got)
	}
	// The writer is idle, so its connection is free.
	if err := runSQL(e.writer.conn, "PRAGMA max_page_count=100000"); err != nil {
		t.Fatal(err)
	}
	mustApply(t, e, many(2*stored, "again ")...)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	e = mustOpen(t, Options{Dir: dir})
	for i := range 2 * stored {
		if got, want := titleOf(t, e, fmt.Sprint(i)), fmt.Sprint("again ", i); got != want {
			t.Fatalf("finding %d is %q, want %q", i, got, want)
		}
	}
}

// TestTornLog: whatever part of the log's end a power failure leaves, what is found is a
// state that there was, and whole.
func TestTornLog(t *testing.T) {
	dir := t.TempDir()
	e := mustOpen(t, Options{Dir: dir})
	const commits = 40
	for i := range commits {
		mustApply(t, e, testPut("a", fmt.Sprint(i)), testPut(fmt.Sprint("b-", i), fmt.Sprint(i)))
	}
	wal, err := os.Stat(filepath.Join(dir, "findings.db-wal"))
	if err != nil {
		t.Fatal(err)
	}
	last := commits
	for _, missing := range []int64{0, 1, 100, 4096, 5000, 20_000, wal.Size() / 2, wal.Size() - 100_000} {
		torn := t.TempDir()
		copyFile(t, dir, torn, "findings.db", 0)
		copyFile(t, dir, torn, "findings.db-wal", missing)
		e := mustOpen(t, Options{Dir: torn})
		n, err := e.Count(context.Background(), testHub, filter.And{})
		if err != nil {
			t.Fatal(err)
		}
		n-- // but for a
		if n > last || missing == 0 && n != commits {
			t.Errorf("without %d bytes there are %d commits, with fewer missing %d", missing, n, last)
		}
		last = n
		page, err := e.History(context.Background(), store.HistoryQuery{Key: testKey("a"), Limit: 1000})
		if err != nil || len(page.Changes) != n || titleOf(t, e, "a") != fmt.Sprint(n-1) {
			t.Errorf("without %d bytes: %d commits, a is %q with %d records, %v", missing, n, titleOf(t, e, "a"), len(page.Changes), err)
		}
		mustApply(t, e, testPut("a", "more"))
	}
	if last == commits {
		t.Error("cutting the log cut nothing")
	}
}

func copyFile(t *testing.T, from, to, name string, missing int64) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(from, name))
	if err == nil {
		err = os.WriteFile(filepath.Join(to, name), data[:int64(len(data))-missing], 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestLogIsBounded: however much is written, the log is begun anew again and again.
func TestLogIsBounded(t *testing.T) {
	dir := t.TempDir()
	const limit = 200
	e := mustOpen(t, Options{Dir: dir, CheckpointPages: limit})
	noise := rand.New(rand.NewPCG(1, 2))
	for range 120 {
		title := make([]byte, 600)
		for i := range title {
			title[i] = 'a' + byte(noise.IntN(26))
		}
		mustApply(t, e, many(100, string(title))...)
	}
	wal, err := os.Stat(filepath.Join(dir, "findings.db-wal"))
	if err != nil {
		t.Fatal(err)
	}
	// 120 commits of 50 pages or more would be 24 MB without checkpoints.
	if most := int64((worst + 2) * limit * 4096); wal.Size() > most {
		t.Errorf("the log has %d bytes, want at most %d", wal.Size(), most)
	}
	db, err := os.Stat(filepath.Join(dir, "findings.db"))
	if err != nil || db.Size() < 2000*4096 {
		t.Errorf("the database has %d bytes, %v", db.Size(), err)
	}
}

// TestCloseLeavesOneFile: after Close everything is in the database itself, to copy or to move.
func TestCloseLeavesOneFile(t *testing.T) {
	dir := t.TempDir()
	e := mustOpen(t, Options{Dir: dir})
	mustApply(t, e, testPut("a", "one"))
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "findings.db-wal")); !os.IsNotExist(err) {
		t.Errorf("the log after Close: %v", err)
	}
	moved := t.TempDir()
	copyFile(t, dir, moved, "findings.db", 0)
	if got := titleOf(t, mustOpen(t, Options{Dir: moved}), "a"); got != "one" {
		t.Errorf("the copy has %q", got)
	}
}

// TestOpenCancelled: a start that is called off lets go of everything.
func TestOpenCancelled(t *testing.T) {
	dir := t.TempDir()
	e := mustOpen(t, Options{Dir: dir})
	mustApply(t, e, testPut("a", "one"))
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Open(ctx, Options{Dir: dir}); !errors.Is(err, context.Canceled) {
		t.Errorf("Open: %v", err)
	}
	if got := titleOf(t, mustOpen(t, Options{Dir: dir}), "a"); got != "one" {
		t.Errorf("the finding is %q", got)
	}
}

// TestOpenDirectory: a directory that cannot be made or used is an error.
func TestOpenDirectory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{file, filepath.Join(file, "below")} {
		if e, err := Open(context.Background(), Options{Dir: dir}); err == nil {
			e.Close()
			t.Errorf("%s opened", dir)
		}
	}
}

// TestInterruptedCreation: a start that died before its first commit is begun anew.
func TestInterruptedCreation(t *testing.T) {
	dir := t.TempDir()
	f, err := os.Create(filepath.Join(dir, "findings.db"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(f, ""); err != nil || f.Close() != nil {
		t.Fatal(err)
	}
	mustApply(t, mustOpen(t, Options{Dir: dir}), testPut("a", "one"))
}
