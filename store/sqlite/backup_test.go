package sqlite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
)

// TestBackup: while others write, a copy is of one moment, has all that was acknowledged before, is
// sound, and opens as a database of its own that goes on counting where the other was.
func TestBackup(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	e := mustOpen(t, Options{Dir: t.TempDir(), Events: true, CheckpointPages: 20})
	mustApply(t, e, many(500, "title ")...)
	var written atomic.Int64
	var stop atomic.Bool
	var writers sync.WaitGroup
	for w := range 2 {
		writers.Go(func() {
			for i := 0; !stop.Load(); i++ {
				mustApply(t, e, testPut(fmt.Sprint("a", w), fmt.Sprint(i)), testPut(fmt.Sprint("b", w), fmt.Sprint(i)))
				written.Add(1)
			}
		})
	}
	for round := range 3 {
		dir := t.TempDir()
		file := filepath.Join(dir, fileName)
		before := written.Load()
		if err := e.Backup(ctx, file); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("the backup: %v, %v", info, err)
		}
		if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
			t.Errorf("the directory has %v, %v", files, err)
		}
		checkBackup(t, dir, before)
		t.Logf("round %d: %d writes before, %d after", round, before, written.Load())
	}
	stop.Store(true)
	writers.Wait()
	if e.checkpoints.pins.Load() != 0 {
		t.Error("checkpoints still wait for a backup")
	}
}

// checkBackup wants each writer's two findings to agree, and at least so many writes.
func checkBackup(t *testing.T, dir string, writes int64) {
	t.Helper()
	r, err := Check(context.Background(), filepath.Join(dir, fileName))
	if err != nil || r.Changes != r.Events || r.Findings < 500 {
		t.Errorf("checked %+v, %v", r, err)
	}
	copied := mustOpen(t, Options{Dir: dir, Events: true})
	defer copied.Close()
	total := int64(0)
	for w := range 2 {
		a, b := titleOf(t, copied, fmt.Sprint("a", w)), titleOf(t, copied, fmt.Sprint("b", w))
		page, err := copied.History(context.Background(), store.HistoryQuery{Key: testKey(fmt.Sprint("a", w)), Limit: 1_000_000})
		if a != b || err != nil || a != "" && a != fmt.Sprint(len(page.Changes)-1) {
			t.Errorf("a is %q and b is %q after %d changes, %v", a, b, len(page.Changes), err)
		}
		total += int64(len(page.Changes))
	}
	if total < writes {
		t.Errorf("the copy has %d writes, %d were acknowledged before", total, writes)
	}
	before, err := copied.LastEvent(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	mustApply(t, copied, testPut("more", "x"))
	if events, err := copied.Events(context.Background(), before, 10); err != nil || len(events) != 1 || before != fmt.Sprint(r.Events) {
		t.Errorf("after the event %s there are %d, %v", before, len(events), err)
	}
}

// TestBackupRefuses: what is there stays, what cannot be written is an error that leaves nothing behind.
func TestBackupRefuses(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	e := mustOpen(t, Options{Dir: t.TempDir()})
	mustApply(t, e, testPut("a", "one"))
	dir := t.TempDir()
	file := filepath.Join(dir, "backup.db")
	if err := os.WriteFile(file, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := e.Backup(ctx, file); !errors.Is(err, os.ErrExist) {
		t.Errorf("over a file that exists: %v", err)
	}
	if got := read(t, file); string(got) != "mine" {
		t.Errorf("the file is %q", got)
	}
	if err := e.Backup(ctx, filepath.Join(dir, "nowhere", "backup.db")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("into a directory that is not: %v", err)
	}
	over, cancel := context.WithCancel(ctx)
	cancel()
	if err := e.Backup(over, filepath.Join(dir, "other.db")); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that is over: %v", err)
	}
	// One that ends on the way: nobody may keep a file that is not complete.
	if err := createNew(filepath.Join(dir, "late.db")); err != nil {
		t.Fatal(err)
	}
	if err := copyDatabase(over, e.path, filepath.Join(dir, "late.db")); !errors.Is(err, context.Canceled) {
		t.Errorf("a copy that was called off: %v", err)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 2 {
		t.Errorf("the directory has %v, %v", files, err)
	}
	e.Close()
	if err := e.Backup(ctx, filepath.Join(dir, "closed.db")); !errors.Is(err, store.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

// TestPinned: while a backup reads, commits do not wait for a log that cannot be begun anew.
func TestPinned(t *testing.T) {
	t.Parallel()
	e := mustOpen(t, Options{Dir: t.TempDir(), CheckpointPages: 10})
	e.checkpoints.pin(1)
	if err := e.readers.with(context.Background(), func(r *reader) error {
		if _, err := r.ends.Step(); err != nil { // holds the log
			return err
		}
		for i := range 60 {
			mustApply(t, e, testPut("a", fmt.Sprint(i)))
		}
		return r.ends.Reset()
	}); err != nil {
		t.Fatal(err)
	}
	if e.writer.logPages < 40 {
		t.Errorf("the log has %d pages: it was begun anew under a reader", e.writer.logPages)
	}
	e.checkpoints.pin(-1)
	if err := e.checkpoints.check(); err != nil {
		t.Fatal(err)
	}
	mustApply(t, e, testPut("a", "last"))
	if e.writer.logPages > 30 {
		t.Errorf("the log has %d pages, want it begun anew", e.writer.logPages)
	}
}

// TestReadElsewhere: while another process reads for long, writers do not wait in vain with every commit; later
// the log is begun anew.
func TestReadElsewhere(t *testing.T) {
	t.Parallel()
	e := mustOpen(t, Options{Dir: t.TempDir(), CheckpointPages: 10})
	mustApply(t, e, testPut("a", "first"))
	r, err := openReader(e.path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.conn.Close()
	if _, err := ask(r.conn, "BEGIN"); err != nil {
		t.Fatal(err)
	}
	if _, err := ask(r.conn, "SELECT count(*) FROM findings"); err != nil {
		t.Fatal(err)
	}
	for e.checkpoints.blocked.Load() == 0 {
		mustApply(t, e, testPut("a", fmt.Sprint(e.writer.logPages)))
	}
	blocked := e.checkpoints.blocked.Load()
	if err := e.checkpoints.check(); err != nil || e.checkpoints.blocked.Load() != blocked {
		t.Errorf("it was tried again before %d pages: %d, %v", blocked, e.checkpoints.blocked.Load(), err)
	}
	if err := runSQL(r.conn, "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	// Where all had been copied before, the next commit begins the log anew by itself; then the next checkpoint finds out that it can.
	for i := 0; e.writer.logPages >= 10 || e.checkpoints.blocked.Load() != 0; i++ {
		mustApply(t, e, testPut("a", fmt.Sprint(i)))
		if e.writer.logPages > 10*blocked || i > 10_000 {
			t.Fatalf("after %d commits the log has %d pages and is blocked up to %d, want it begun anew", i, e.writer.logPages, e.checkpoints.blocked.Load())
		}
	}
}

// TestBackupOfDirectory: a directory is copied from outside, while an engine writes and when there is none;
// what is no database is refused and stays.
func TestBackupOfDirectory(t *testing.T) {
	t.Parallel()
	ctx, dir := context.Background(), t.TempDir()
	e := mustOpen(t, Options{Dir: dir, CheckpointPages: 20})
	mustApply(t, e, many(100, "title ")...)
	var stop atomic.Bool
	var acknowledged atomic.Int64
	var writer sync.WaitGroup
	writer.Go(func() {
		for i := 1; !stop.Load(); i++ {
			mustApply(t, e, testPut("a", fmt.Sprint(i)))
			acknowledged.Store(int64(i))
		}
	})
	for range 3 {
		before, copied := acknowledged.Load(), t.TempDir()
		if err := Backup(ctx, dir, filepath.Join(copied, fileName)); err != nil {
			t.Fatal(err)
		}
		c := mustOpen(t, Options{Dir: copied})
		at, _ := strconv.ParseInt(titleOf(t, c, "a"), 10, 64) // none yet is 0
		if at < before {
			t.Errorf("the copy has write %d, %d was acknowledged before", at, before)
		}
	}
	stop.Store(true)
	writer.Wait()
	e.Close()
	if err := Backup(ctx, dir, filepath.Join(t.TempDir(), "quiet.db")); err != nil {
		t.Errorf("without an engine: %v", err)
	}
	if err := Backup(ctx, t.TempDir(), filepath.Join(t.TempDir(), "none.db")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("of a directory without a database: %v", err)
	}
	strange := t.TempDir()
	if err := os.WriteFile(filepath.Join(strange, fileName), []byte("not a database, but longer than a header of one would be, which has a hundred bytes at the least"), 0o600); err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(t.TempDir(), "x.db")
	if err := Backup(ctx, strange, to); err == nil {
		t.Error("something else was backed up")
	}
	if _, err := os.Stat(to); err == nil {
		t.Error("a backup that failed left its file")
	}
}

// sound makes a closed database with everything in it.
func sound(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	e := mustOpen(t, Options{Dir: dir, Events: true})
	mustApply(t, e, many(60, "title ")...)
	mustApply(t, e, many(30, "again ")...)
	mustErase(t, e, "7", "8")
	if err := e.PutRecord(context.Background(), store.Record{Collection: "c", Account: "a", Region: "r", Name: "n", Body: []byte("the record's body")}, true); err != nil {
		t.Fatal(err)
	}
	events, err := e.Events(context.Background(), "", 10)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := e.TrimEvents(context.Background(), events[4].Cursor, 10); n != 5 || err != nil {
		t.Fatal(n, err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// patch replaces a byte of a column's blob.
func patch(table, column, where string, at int) string {
	return fmt.Sprintf("UPDATE %s SET %s=CAST(substr(%s, 1, %d) || x'A5' || substr(%s, %d) AS BLOB) WHERE %s",
		table, column, column, at-1, column, at+1, where)
}

// TestCheck: whatever is not as it was written is found, and said where; the file stays as it is.
func TestCheck(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, want string
		spoil      func(*testing.T, string)
	}{
		{"a finding's owned flags", "finding 5", withSQL(patch("findings", "body", "doc=5", 2))},
		{"a finding's sum", "finding 5", withSQL(patch("findings", "body", "doc=5", 4))},
		{"a finding's head", "finding 5", withSQL(patch("findings", "body", "doc=5", 12))},
		{"a finding's JSON", "finding 5", withSQL(patch("findings", "body", "doc=5", 60))},
		{"a finding that is empty", "finding 5", withSQL("UPDATE findings SET body=x'' WHERE doc=5")},
		{"a finding that is lost", "history", withSQL("DELETE FROM findings WHERE doc=5")},
		{"a finding that is there twice", "finding 1000", withSQL("INSERT INTO findings SELECT 1000, body FROM findings WHERE doc=60")},
		{"a finding in another's place", "finding 3", withSQL("UPDATE findings SET body=(SELECT body FROM findings WHERE doc=4) WHERE doc=3")},
		{"a change's text", "history 70", withSQL(patch("history", "body", "id=70", 20))},
		{"a change's time", "history 70", withSQL(patch("history", "body", "id=70", 9))},
		{"a change's finding", "history 70", withSQL("UPDATE history SET doc=3 WHERE id=70")},
		{"a change's place in the history", "history 70", withSQL("UPDATE history SET prev=0 WHERE id=70")},
		{"a change that is lost", "missing", withSQL("DELETE FROM history WHERE id=70")},
		{"a change that is nobody's", "some finding's", withSQL("INSERT INTO history SELECT 1000, doc, prev, body FROM history WHERE id=70")},
		{"an event's finding", "event 61", withSQL(patch("outbox", "body", "place=90", 40))},
		{"an event's time", "event 61", withSQL(patch("outbox", "body", "place=90", 11))},
		{"an event's length", "event 61", withSQL(patch("outbox", "body", "place=90", 3))},
		{"how many events there are", "event ", withSQL(patch("outbox", "body", "place=90", 2))},
		{"events in others' places", "event 31", withSQL("UPDATE outbox SET body=(SELECT body FROM outbox WHERE place=90) WHERE place=60")},
		{"events that are lost", "event 61: it follows event 5", withSQL("DELETE FROM outbox WHERE place=60")},
		{"events that were trimmed", "event 61: it follows event 0", func(t *testing.T, file string) {
			withSQL("DELETE FROM outbox WHERE place=60")(t, file)
			withSQL("DELETE FROM meta WHERE name='trimmed'")(t, file)
		}},
		{"a record's body", "record c/n", withSQL(patch("records", "body", "1", 3))},
		{"a record's name", "record c/m", withSQL("UPDATE records SET name='m'")},
		{"a record's account", "record c/n", withSQL("UPDATE records SET account='b'")},
		{"the dictionary", "dictionary", withSQL("DELETE FROM meta WHERE name='dictionary'")},
		{"the dictionary's text", "dictionary", withSQL(patch("meta", "value", "name='dictionary'", 40_000))},
		{"the dictionary's sum", "dictionary", withSQL("DELETE FROM meta WHERE name='dictionary sum'")},
		{"the database's number", "number", withSQL("UPDATE meta SET value=x'0102030405060708090a0b0c0d0e0f101112' WHERE name='identity'")},
		{"a table", "findings", withSQL("DROP TABLE findings")},
		{"the structure", "", overwritten(22*4096, 4096)},
		{"the end", "", func(t *testing.T, file string) {
			if err := os.Truncate(file, 20*4096); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := sound(t)
			file := filepath.Join(dir, fileName)
			r, err := Check(context.Background(), file)
			if want := (Report{Layout: 3, Findings: 58, Changes: 90 - 4, Records: 1, Events: 85}); err != nil || fmt.Sprint(r) != fmt.Sprint(want) {
				t.Fatalf("a sound file: %+v, %v; want %+v", r, err, want)
			}
			c.spoil(t, file)
			before := read(t, file)
			r, err = Check(context.Background(), file)
			if !errors.Is(err, ErrDamaged) || r.Damaged == 0 && c.want != "" || !strings.Contains(strings.Join(r.Damage, "\n"), c.want) {
				t.Errorf("found %v, %v; want %q", r.Damage, err, c.want)
			}
			if files, err := os.ReadDir(dir); err != nil || len(files) != 2 || !bytes.Equal(read(t, file), before) {
				t.Errorf("checking left %v, %v", files, err)
			}
		})
	}
}

// TestCheckRefuses: what is no database of ours says so, and is no damage.
func TestCheckRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) string {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return filepath.Join(dir, name)
	}
	later := filepath.Join(sound(t), fileName)
	withSQL("PRAGMA user_version=4")(t, later)
	over, cancel := context.WithCancel(context.Background())
	cancel()
	for name, c := range map[string]struct {
		ctx        context.Context
		file, want string
	}{
		"nothing":       {context.Background(), filepath.Join(dir, "none"), "no such file"},
		"an empty file": {context.Background(), write("empty ?#%", ""), "empty"},
		"a text":        {context.Background(), write("text", strings.Repeat("text ", 1000)), "not a database"},
		"a later one":   {context.Background(), later, "later findinghub"},
		"a context":     {over, filepath.Join(sound(t), fileName), "canceled"},
	} {
		if _, err := Check(c.ctx, c.file); err == nil || errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// TestCheckWithLog: what a crash left in the log belongs to the database.
func TestCheckWithLog(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	e := mustOpen(t, Options{Dir: dir})
	mustApply(t, e, many(20, "title ")...)
	crashed := t.TempDir()
	copyFile(t, dir, crashed, fileName, 0)
	copyFile(t, dir, crashed, fileName+"-wal", 0)
	if r, err := Check(context.Background(), filepath.Join(crashed, fileName)); err != nil || r.Findings != 20 {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestDamageIsNeverServed: with a byte anywhere in the file flipped, what an engine answers is what
// was written, or an error; it may well not open.
func TestDamageIsNeverServed(t *testing.T) {
	t.Parallel()
	dir := sound(t)
	pristine := read(t, filepath.Join(dir, fileName))
	e := mustOpen(t, Options{Dir: dir, Events: true})
	want := answers(t, e)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	served, refused := 0, 0
	for at := 0; at < len(pristine); at += 2011 {
		bad := bytes.Clone(pristine)
		bad[at] ^= 0x41
		spoilt := t.TempDir()
		if err := os.WriteFile(filepath.Join(spoilt, fileName), bad, 0o600); err != nil {
			t.Fatal(err)
		}
		e, err := Open(context.Background(), Options{Dir: spoilt, Events: true})
		if err != nil {
			refused++
			continue
		}
		for what, got := range answers(t, e) {
			if got == want[what] {
				served++
			} else if strings.HasPrefix(got, "error: ") {
				refused++
			} else if got != "" && got != "[]" {
				t.Errorf("with byte %d flipped %s is %s, want %s", at, what, got, want[what])
			}
		}
		e.Close()
	}
	if served == 0 || refused == 0 {
		t.Errorf("%d answers were right and %d refused", served, refused)
	}
}

// answers asks for everything there is, one by one. What is not there is "".
func answers(t *testing.T, e *Engine) map[string]string {
	t.Helper()
	ctx := context.Background()
	all := map[string]string{}
	for i := range 60 {
		id := fmt.Sprint(i)
		got, err := e.Get(ctx, []finding.Key{testKey(id)})
		all["finding "+id] = answer(got, err)
		if err == nil && got[0] != nil {
			all["finding "+id] = answer(string(got[0].Finding.AppendJSON(nil))+fmt.Sprint(got[0].Owned, got[0].CreatedTime, got[0].CreatedBy), nil)
		} else if err == nil {
			all["finding "+id] = ""
		}
		page, err := e.History(ctx, store.HistoryQuery{Key: testKey(id), Limit: 10})
		all["history "+id] = answer(page.Changes, err)
	}
	body, err := e.GetRecord(ctx, "c", "a", "r", "n")
	if all["record"] = answer(string(body), err); errors.Is(err, store.ErrNoRecord) {
		all["record"] = ""
	}
	for at := 6; at <= 90; at++ {
		events, err := e.Events(ctx, fmt.Sprint(at-1), 1)
		if all[fmt.Sprint("event ", at)] = answer(events, err); err == nil && len(events) == 1 && events[0].Cursor != fmt.Sprint(at) {
			all[fmt.Sprint("event ", at)] = ""
		}
	}
	return all
}

func answer(v any, err error) string {
	if err != nil {
		return "error: " + err.Error()
	}
	return fmt.Sprint(v)
}
