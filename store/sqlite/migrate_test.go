package sqlite

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
)

// unpackV1 writes the database of layout 1 that the released program wrote, and gives its directory. It has 40
// findings, of which every second has a change of round 1 and every third one of round 2, and 30 records.
func unpackV1(t *testing.T) string {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(read(t, "testdata/v1.db.gz")))
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, fileName), data, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// checkV1 wants all that the file of layout 1 had.
func checkV1(t *testing.T, e *Engine) {
	t.Helper()
	ctx := context.Background()
	for i := range 40 {
		last, changes := 0, 1
		for round := 1; round < 3; round++ {
			if i%(round+1) == 0 {
				last, changes = round, changes+1
			}
		}
		page, err := e.History(ctx, store.HistoryQuery{Key: testKey(fmt.Sprint(i)), Limit: 10})
		if want := fmt.Sprintf("title %d of round %d", i, last); err != nil || len(page.Changes) != changes || page.Stored.Finding.Text("Title") != want {
			t.Errorf("finding %d is %v with %d changes, %v; want %q with %d", i, page.Stored, len(page.Changes), err, want, changes)
		}
	}
	records, err := e.ScanRecords(ctx, nil, 100)
	if err != nil || len(records) != 30 {
		t.Fatalf("%d records, %v", len(records), err)
	}
	for _, r := range records {
		var i int
		if _, err := fmt.Sscanf(r.Name, "name %d", &i); err != nil || string(r.Body) != fmt.Sprintf("body %d \x00\xff", i) {
			t.Errorf("record %q is %q", r.Name, r.Body)
		}
		if body, err := e.GetRecord(ctx, r.Collection, r.Account, r.Region, r.Name); err != nil || !bytes.Equal(body, r.Body) {
			t.Errorf("record %q: %q, %v", r.Name, body, err)
		}
	}
}

// TestMigrate: a database of layout 1 is brought to layout 3 with all that it has, goes on from
// there, and keeps its number.
func TestMigrate(t *testing.T) {
	t.Parallel()
	dir := unpackV1(t)
	file := filepath.Join(dir, fileName)
	if r, err := Check(context.Background(), file); err != nil || r.Layout != 1 || r.Findings != 40 || r.Records != 30 || r.Changes != 40+20+14 {
		t.Fatalf("the fixture: %+v, %v", r, err)
	}
	var identity [16]byte
	for round := range 2 {
		e := mustOpen(t, Options{Dir: dir, Events: true})
		checkV1(t, e)
		if round == 0 {
			identity = e.identity
		}
		if e.identity != identity || identity == [16]byte{} {
			t.Errorf("the database's number is %x, was %x", e.identity, identity)
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
	e := mustOpen(t, Options{Dir: dir, Events: true})
	mustApply(t, e, testPut("0", "new"), testPut("40", "new"))
	if n, err := e.Erase(context.Background(), []finding.Key{testKey("1")}, func(*finding.Stored) bool { return true }); n != 1 || err != nil {
		t.Errorf("erased %d, %v", n, err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := Check(context.Background(), file)
	if want := (Report{Layout: 3, Findings: 40, Changes: 74 + 2 - 1, Records: 30, Events: 2}); err != nil || fmt.Sprint(r) != fmt.Sprint(want) {
		t.Errorf("after migration %+v, %v; want %+v", r, err, want)
	}
}

// TestCheckV1: rows of layout 1 do not know their numbers, so it is their keys that tell.
func TestCheckV1(t *testing.T) {
	t.Parallel()
	file := filepath.Join(unpackV1(t), fileName)
	withSQL("INSERT INTO findings SELECT 1000, body FROM findings WHERE doc=40")(t, file)
	r, err := Check(context.Background(), file)
	if !errors.Is(err, ErrDamaged) || !strings.Contains(r.Damage[0], "another with its key") {
		t.Errorf("%v, %v", r.Damage, err)
	}
}

// TestMigrationFails: what cannot be migrated stays of layout 1, as it was, and the next start tries again.
func TestMigrationFails(t *testing.T) {
	t.Parallel()
	dir := unpackV1(t)
	if e, err := Open(context.Background(), Options{Dir: dir, Random: bytes.NewReader([]byte("short"))}); err == nil {
		e.Close()
		t.Fatal("a database without a number opened")
	}
	if r, err := Check(context.Background(), filepath.Join(dir, fileName)); err != nil || r.Layout != 1 || r.Findings != 40 || r.Records != 30 {
		t.Errorf("after a migration that failed: %+v, %v", r, err)
	}
	checkV1(t, mustOpen(t, Options{Dir: dir}))
}

// TestIdentity: the number that the IDs of events follow from is the one that was passed in.
func TestIdentity(t *testing.T) {
	t.Parallel()
	e := mustOpen(t, Options{Dir: t.TempDir(), Events: true, Random: bytes.NewReader([]byte("0123456789abcdef"))})
	mustApply(t, e, testPut("a", "one"))
	events, err := e.Events(context.Background(), "", 10)
	if err != nil || len(events) != 1 {
		t.Fatalf("%v, %v", events, err)
	}
	var kept []byte // the sum and the time
	err = e.readers.with(context.Background(), func(r *reader) error {
		return r.eachEvent(context.Background(), 0, 1, func(_ int64, event []byte) (bool, error) {
			kept = bytes.Clone(event[crcAt:historyHead])
			return false, nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := store.EventID([16]byte([]byte("0123456789abcdef")), 1, kept); events[0].ID != want {
		t.Errorf("the event's ID is %s, want %s", events[0].ID, want)
	}
}
