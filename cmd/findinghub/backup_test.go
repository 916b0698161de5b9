package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
	"github.com/findinghub/findinghub/store/sqlite"
)

// filledDir is a data directory, not in use, with n findings, changed once each, records and identities.
func filledDir(t *testing.T, n int) string {
	t.Helper()
	dir := t.TempDir()
	e := openDir(t, dir)
	var all []store.Whole
	for i := range n {
		all = append(all, wholeOf(fmt.Sprint("finding", i), "first"))
	}
	loadInto(t, e, all...)
	for i := range 3 {
		r := store.Record{Collection: "hub", Account: alice, Region: "us-east-1", Name: fmt.Sprint(i), Body: []byte("a body of some length")}
		if err := e.PutRecord(t.Context(), r, true); err != nil {
			t.Fatal(err)
		}
	}
	closeDir(t, e)
	program(t, "identity", "create-account", alice, "--data-dir", dir).wants(t, exitOK)
	program(t, "identity", "create-user", alice, "scanner", "--data-dir", dir).wants(t, exitOK)
	program(t, "identity", "create-key", alice, "scanner", "--data-dir", dir).wants(t, exitOK)
	return dir
}

// wholeOf is a finding with one change in its history.
func wholeOf(id, title string) store.Whole {
	var s finding.Stored
	for _, m := range [][2]string{
		{"SchemaVersion", "2018-10-08"}, {"AwsAccountId", alice}, {"Region", "us-east-1"}, {"Id", id}, {"Title", title},
		{"ProductArn", "arn:aws:securityhub:us-east-1:" + alice + ":product/" + alice + "/default"}, {"UpdatedAt", "2026-01-02T03:04:05.000Z"},
	} {
		s.Finding.SetText(m[0], m[1])
	}
	return store.Whole{Key: s.Key(), Stored: s, Changes: []finding.Change{{Updates: []finding.FieldUpdate{{Field: "Title", Old: "", New: title}}}}}
}

func openDir(t *testing.T, dir string) *sqlite.Engine {
	t.Helper()
	e, err := sqlite.Open(context.Background(), sqlite.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeDir(t, e) })
	return e
}

func closeDir(t *testing.T, e store.Engine) {
	t.Helper()
	if err := e.Close(); err != nil {
		t.Error(err)
	}
}

func loadInto(t *testing.T, e store.Engine, all ...store.Whole) {
	t.Helper()
	if err := e.Load(context.Background(), all); err != nil {
		t.Fatal(err)
	}
}

// files are what a directory has, by name.
func files(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	found, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{}
	for _, f := range found {
		data, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all[f.Name()] = data
	}
	return all
}

// oneLine wants an error as the other commands print them.
func (r result) oneLine(t *testing.T) {
	t.Helper()
	if strings.Count(r.stderr, "\n") != 1 || !strings.HasPrefix(r.stderr, "findinghub: ") {
		t.Errorf("an error is one line, not %q", r.stderr)
	}
}

// TestBackupAndRestore: a backup has everything but the key, a directory restored from it is the same hub, and both
// commands say what there was.
func TestBackupAndRestore(t *testing.T) {
	t.Parallel()
	dir, to, restored := filledDir(t, 120), filepath.Join(t.TempDir(), "backup"), filepath.Join(t.TempDir(), "restored")
	counts := "120 findings, 120 history records, 0 events and 3 records, identity.json"
	program(t, "backup", "--data-dir", dir, to).wants(t, exitOK, counts, to)
	if got := files(t, to); len(got) != 3 || got[databaseFile] == nil || got[sumsFile] == nil || !bytes.Equal(got[managedFile], files(t, dir)[managedFile]) {
		t.Errorf("the backup has %d files", len(got))
	}
	before := files(t, to)
	program(t, "restore", to, "--data-dir", restored).wants(t, exitOK, counts, restored)
	for name, data := range files(t, to) {
		if !bytes.Equal(data, before[name]) {
			t.Errorf("restoring has changed %s of the backup", name)
		}
	}
	if info, err := os.Stat(restored); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the directory is %v, %v", info, err)
	}
	program(t, "migrate", "--verify", "--from", dir, "--to", restored).wants(t, exitOK, "hold the same", "120 findings")
	// Into a directory that is there and empty, with the key, without a word.
	withKey, empty := filepath.Join(t.TempDir(), "backup"), t.TempDir()
	if r := program(t, "backup", "--data-dir", dir, "--with-key", "-q", withKey); r.code != exitOK || r.stdout+r.stderr != "" {
		t.Errorf("%+v", r)
	}
	if r := program(t, "restore", withKey, "--data-dir", empty, "-q"); r.code != exitOK || r.stdout+r.stderr != "" {
		t.Errorf("%+v", r)
	}
	if got := files(t, empty); len(got) != 3 || !bytes.Equal(got[sealKeyFile], files(t, dir)[sealKeyFile]) {
		t.Errorf("the restored directory has %d files", len(got))
	}
	program(t, "identity", "list", "--data-dir", empty).wants(t, exitOK, "scanner")
}

// TestBackupOfRunningHub: while imports go on, a backup has everything that was acknowledged before it began, and a
// hub serves what is restored from it.
func TestBackupOfRunningHub(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	hub := startHub(t, dir)
	var stop atomic.Bool
	var acknowledged [2]atomic.Int64
	var importers sync.WaitGroup
	for i := range acknowledged {
		importers.Go(func() {
			for n := 0; !stop.Load(); n++ {
				status, answer, err := hub.tryPost(alice, "/findings/import", `{"Findings":[`+wholeFinding(fmt.Sprintf("w%d-%d", i, n), alice, "us-east-1")+`]}`)
				if err != nil || status != 200 || !strings.Contains(answer, `"SuccessCount":1`) {
					t.Errorf("%d %s %v", status, answer, err)
					return
				}
				acknowledged[i].Store(int64(n + 1))
			}
		})
	}
	for range 3 {
		var before [2]int64
		for i := range before {
			before[i] = acknowledged[i].Load()
		}
		to, restored := filepath.Join(t.TempDir(), "b"), filepath.Join(t.TempDir(), "r")
		program(t, "backup", "--data-dir", dir, to).wants(t, exitOK)
		program(t, "restore", to, "--data-dir", restored).wants(t, exitOK)
		ids := exportIDs(t, startHub(t, restored).url, alice)
		for i, n := range before {
			for id := range n {
				if !ids[fmt.Sprintf("w%d-%d", i, id)] {
					t.Fatalf("w%d-%d is not in the backup; %d were acknowledged before", i, id, n)
				}
			}
		}
	}
	stop.Store(true)
	importers.Wait()
}

// TestBackupRefuses: nothing is overwritten, nothing but a data directory is backed up, nothing is left behind.
func TestBackupRefuses(t *testing.T) {
	t.Parallel()
	dir, place := filledDir(t, 1), t.TempDir()
	there := filepath.Join(place, "there")
	if err := os.WriteFile(there, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	broken, keyless := t.TempDir(), t.TempDir()
	for name, data := range files(t, dir) {
		if name == sealKeyFile || name == databaseFile {
			continue
		}
		if err := os.WriteFile(filepath.Join(keyless, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	closeDir(t, openDir(t, keyless))
	if err := os.WriteFile(filepath.Join(broken, databaseFile), bytes.Repeat([]byte("no database "), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"--data-dir", dir, there}, exitUsage, "is there already"},
		{[]string{"--data-dir", dir, place}, exitUsage, "is there already"},
		{[]string{"--data-dir", t.TempDir(), filepath.Join(place, "x")}, exitUsage, "no data directory"},
		{[]string{"--data-dir", filepath.Join(place, "none"), filepath.Join(place, "x")}, exitUsage, "no data directory"},
		{[]string{"--data-dir", dir, filepath.Join(place, "none", "x")}, exitUsage, "no such file"},
		{[]string{"--data-dir", keyless, "--with-key", filepath.Join(place, "x")}, exitUsage, "kept elsewhere"},
		{[]string{"--data-dir", broken, filepath.Join(place, "x")}, exitFailed, "there is no backup"},
	} {
		r := program(t, append([]string{"backup"}, c.args...)...)
		r.wants(t, c.code, c.says)
		r.oneLine(t)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	m, _, _ := call{args: []string{"backup", "--data-dir", dir, filepath.Join(place, "x")}}.main()
	if code := m.Run(over); code != exitFailed {
		t.Errorf("interrupted: exit code %d", code)
	}
	if got := files(t, place); len(got) != 1 || string(got["there"]) != "mine" {
		t.Errorf("the place has %v", got)
	}
}

// TestRestoreRefuses: what is not a whole and sound backup is refused with what is wrong, and only an empty
// directory is restored to; the directory is as it was.
func TestRestoreRefuses(t *testing.T) {
	t.Parallel()
	dir := filledDir(t, 60)
	whole := filepath.Join(t.TempDir(), "backup")
	program(t, "backup", "--data-dir", dir, whole).wants(t, exitOK)
	write := func(name string, change func([]byte) []byte) func(map[string][]byte) {
		return func(all map[string][]byte) { all[name] = change(bytes.Clone(all[name])) }
	}
	flip := func(at int) func([]byte) []byte { return func(b []byte) []byte { b[at%len(b)] ^= 1; return b } }
	for _, c := range []struct {
		name, says string
		code       int
		change     func(map[string][]byte)
	}{
		{"no sums", "it has no SHA256SUMS", exitUsage, func(all map[string][]byte) { delete(all, sumsFile) }},
		{"no database", "findings.db", exitFailed, func(all map[string][]byte) { delete(all, databaseFile) }},
		{"no identities", "identity.json", exitFailed, func(all map[string][]byte) { delete(all, managedFile) }},
		{"a byte of the identities", "identity.json is damaged", exitFailed, write(managedFile, flip(20))},
		{"a byte of the database's head", "findings.db is damaged", exitFailed, write(databaseFile, flip(3))},
		{"a byte of its middle", "findings.db is damaged", exitFailed, write(databaseFile, flip(9000))},
		{"its last byte", "findings.db is damaged", exitFailed, write(databaseFile, func(b []byte) []byte { return flip(len(b) - 1)(b) })},
		{"its end", "findings.db is damaged", exitFailed, write(databaseFile, func(b []byte) []byte { return b[:len(b)-1] })},
		{"a byte of a sum", "is damaged", exitFailed, write(sumsFile, flip(0))},
		{"a byte of a name", "which no backup has", exitFailed, write(sumsFile, flip(70))},
		{"a sum less", "does not name findings.db", exitFailed, write(sumsFile, func([]byte) []byte { return nil })},
		{"a strange file", "../x", exitFailed, write(sumsFile, func(b []byte) []byte { return append([]byte(strings.Repeat("0", 64)+"  ../x\n"), b...) })},
		{"a file twice", "again", exitFailed, write(sumsFile, func(b []byte) []byte { return append(b, b...) })},
	} {
		bad, to := t.TempDir(), t.TempDir()
		all := files(t, whole)
		c.change(all)
		for name, data := range all {
			if err := os.WriteFile(filepath.Join(bad, name), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		r := program(t, "restore", bad, "--data-dir", to)
		r.wants(t, c.code, c.says)
		r.oneLine(t)
		if got := files(t, to); len(got) != 0 {
			t.Errorf("%s: the directory has %d files", c.name, len(got))
		}
	}
	program(t, "restore", filepath.Join(dir, "none"), "--data-dir", t.TempDir()).wants(t, exitUsage, "is no backup")
	before := files(t, dir)
	program(t, "restore", whole, "--data-dir", dir).wants(t, exitUsage, "is not empty")
	for name, data := range files(t, dir) {
		if !bytes.Equal(data, before[name]) {
			t.Errorf("%s has changed", name)
		}
	}
}

// TestRestoreChecksRows: sums that are right do not make a database sound.
func TestRestoreChecksRows(t *testing.T) {
	t.Parallel()
	dir, to := filledDir(t, 60), filepath.Join(t.TempDir(), "backup")
	program(t, "backup", "--data-dir", dir, to).wants(t, exitOK)
	file := filepath.Join(to, databaseFile)
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(data, []byte("a body of some length"))
	data[at] = 'A'
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := writeSums(t.Context(), to, []string{databaseFile}); err != nil {
		t.Fatal(err)
	}
	r := program(t, "restore", to, "--data-dir", filepath.Join(t.TempDir(), "r"))
	r.wants(t, exitFailed, "damaged", "record")
	r.oneLine(t)
}

// TestRestoreLeavesNothing: what was copied before a failure goes again, what somebody else made stays.
func TestRestoreLeavesNothing(t *testing.T) {
	t.Parallel()
	dir, to := filledDir(t, 5), filepath.Join(t.TempDir(), "backup")
	program(t, "backup", "--data-dir", dir, to).wants(t, exitOK)
	sums, err := readSums(to)
	if err != nil {
		t.Fatal(err)
	}
	taken := t.TempDir()
	if err := os.WriteFile(filepath.Join(taken, databaseFile), []byte("another hub's"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := &restoreCommand{From: to, DataDir: taken}
	if err := c.copy(t.Context(), sums); err == nil || !strings.Contains(err.Error(), "meanwhile") {
		t.Errorf("over a database that was made meanwhile: %v", err)
	}
	if got := files(t, taken); len(got) != 1 || string(got[databaseFile]) != "another hub's" {
		t.Errorf("the directory has %d files", len(got))
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	c.DataDir = t.TempDir()
	if err := c.copy(over, sums); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
	if got := files(t, c.DataDir); len(got) != 0 {
		t.Errorf("the directory has %d files", len(got))
	}
}

// FuzzParseSums: whatever a file of sums says, what is taken from it are files that a backup may have.
func FuzzParseSums(f *testing.F) {
	line := strings.Repeat("0a", 32) + "  findings.db\n"
	for _, seed := range []string{"", line, line + line, strings.ToUpper(line[:64]) + line[64:], line[:40], "x" + line} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		sums, err := parseSums(data)
		if err != nil {
			return
		}
		seen := map[string]bool{}
		for _, s := range sums {
			if seen[s.name] || len(s.hash) != 64 || strings.ToLower(s.hash) != s.hash || filepath.Base(s.name) != s.name {
				t.Errorf("taken was %+v", sums)
			}
			seen[s.name] = true
		}
		if !seen[databaseFile] {
			t.Error("there is no database")
		}
	})
}
