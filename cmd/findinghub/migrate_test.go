package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/findinghub/findinghub/migrate"
	"github.com/findinghub/findinghub/store"
	"github.com/findinghub/findinghub/store/postgres/pgtest"
)

// TestMigrateAround: from a directory into a database and back out of it, everything is the same in the end; a second
// run writes nothing.
func TestMigrateAround(t *testing.T) {
	t.Parallel()
	dir, out, database := filledDir(t, 230), filepath.Join(t.TempDir(), "out"), pgtest.Database(t, t.TempDir())
	r := program(t, "migrate", "--from", dir, "--to", database)
	r.wants(t, exitOK, "230 findings and 3 records written, 0 and 0 deleted", "hold the same: 230 findings", "reads identity.json and identity.key in its own")
	program(t, "migrate", "--from", dir, "--to", database).wants(t, exitOK, "0 findings and 0 records written", "hold the same: 230 findings")
	program(t, "migrate", "--from", database, "--to", out).wants(t, exitOK, "230 findings and 3 records written", "hold the same")
	program(t, "migrate", "--verify", "--from", dir, "--to", out).wants(t, exitFailed, "identity.json is not the same", "0 missing, 0 differing, 0 only")
	if r := program(t, "migrate", "--verify", "-q", "--from", database, "--to", out); r.code != exitOK || r.stdout+r.stderr != "" {
		t.Errorf("%+v", r)
	}
	program(t, "migrate", "--from", dir, "--to", out, "--with-key").wants(t, exitOK, "0 findings and 0 records written", "hold the same")
	program(t, "identity", "list", "--data-dir", out).wants(t, exitOK, "scanner")
}

// TestMigrateFromRunningHub: a hub goes on serving and importing while it is copied; the run after its end takes over
// the rest.
func TestMigrateFromRunningHub(t *testing.T) {
	t.Parallel()
	dir, to := t.TempDir(), filepath.Join(t.TempDir(), "to")
	hub := startHub(t, dir)
	send := func(from, n int) {
		var all []string
		for i := range n {
			all = append(all, wholeFinding(fmt.Sprint("f", from+i), alice, "us-east-1"))
		}
		if status, answer := hub.post(t, alice, "/findings/import", `{"Findings":[`+strings.Join(all, ",")+`]}`); status != 200 {
			t.Fatal(answer)
		}
	}
	send(0, 50)
	program(t, "migrate", "--from", dir, "--to", to).wants(t, exitOK, "is in use; reading a copy", "50 findings and", "hold the same")
	send(50, 20)
	program(t, "migrate", "--verify", "--from", dir, "--to", to).wants(t, exitFailed, "20 missing, 0 differing, 0 only in the target")
	if status, _ := hub.get(t, "/readyz"); status != 200 {
		t.Errorf("the hub answers %d", status)
	}
	if code := hub.end(); code != exitOK {
		t.Errorf("the hub ended with %d", code)
	}
	program(t, "migrate", "--from", dir, "--to", to).wants(t, exitOK, "20 findings and 0 records written", "hold the same: 70 findings")
	if ids := exportIDs(t, startHub(t, to).url, alice); len(ids) != 70 {
		t.Errorf("the new hub has %d findings", len(ids))
	}
}

// TestMigrateDelete: what only the target has is deleted when that is asked for, and said to differ otherwise.
func TestMigrateDelete(t *testing.T) {
	t.Parallel()
	from, to := filledDir(t, 10), filledDir(t, 12)
	source := openDir(t, from)
	loadInto(t, source, wholeOf("finding3", "second"))
	if err := source.DeleteRecord(t.Context(), "hub", alice, "us-east-1", "2"); err != nil {
		t.Fatal(err)
	}
	closeDir(t, source)
	target := openDir(t, to)
	// Where a deliverer is in its own outbox stays as it is.
	if err := target.PutRecord(t.Context(), store.Record{Collection: "event-target", Name: "siem", Body: []byte("place")}, true); err != nil {
		t.Fatal(err)
	}
	closeDir(t, target)
	program(t, "migrate", "--from", from, "--to", to).wants(t, exitFailed,
		"1 findings and 0 records written, 0 and 0 deleted", "0 missing, 0 differing, 2 only in the target", "0 missing, 0 differing, 1 only", "--delete", "identity.json.before")
	program(t, "migrate", "--from", from, "--to", to, "--delete").wants(t, exitOK, "0 findings and 0 records written, 2 and 1 deleted", "hold the same: 10 findings")
	target = openDir(t, to)
	if body, err := target.GetRecord(t.Context(), "event-target", "", "", "siem"); string(body) != "place" {
		t.Errorf("the deliverer's place is %q, %v", body, err)
	}
}

// TestMigrateRefuses: what cannot be read or written is said in a line, and no password with it.
func TestMigrateRefuses(t *testing.T) {
	t.Parallel()
	dir, used, empty := filledDir(t, 1), t.TempDir(), t.TempDir()
	openDir(t, used)
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"--from", dir, "--to", dir}, exitUsage, "same place"},
		{[]string{"--from", dir, "--to", link}, exitUsage, "same place"},
		{[]string{"--from", empty, "--to", filepath.Join(empty, "x")}, exitUsage, "no data directory"},
		{[]string{"--from", dir, "--to", used}, exitUsage, "in use by a hub"},
		{[]string{"--from", dir, "--to", filepath.Join(empty, "x"), "--verify"}, exitUsage, "no data directory"},
		{[]string{"--from", dir}, exitUsage, "--to"},
		{[]string{"--from", dir, "--to", "postgres://u:hunter2@127.0.0.1:1/x?connect_timeout=1"}, exitFailed, "postgres://u:xxxxx@127.0.0.1:1/x"},
		{[]string{"--from", "postgres://u:hunter2@127.0.0.1:bad/x", "--to", dir}, exitFailed, "the database"},
	} {
		r := program(t, append([]string{"migrate"}, c.args...)...)
		r.wants(t, c.code, c.says)
		r.oneLine(t)
		if strings.Contains(r.stderr+r.stdout, "hunter2") {
			t.Errorf("a password is told: %s", r.stderr)
		}
	}
	if got := files(t, empty); len(got) != 0 {
		t.Errorf("something was made: %d files", len(got))
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	m, _, stderr := call{args: []string{"migrate", "--from", dir, "--to", filepath.Join(empty, "x")}}.main()
	if code := m.Run(over); code != exitFailed {
		t.Errorf("interrupted: exit code %d, %s", code, stderr)
	}
}

// TestMigrateKeys: the sealing key is copied only on demand and never replaces another.
func TestMigrateKeys(t *testing.T) {
	t.Parallel()
	from, to, other := filledDir(t, 1), filepath.Join(t.TempDir(), "to"), filledDir(t, 1)
	program(t, "migrate", "--from", from, "--to", to).wants(t, exitOK)
	if got := files(t, to); got[sealKeyFile] != nil || string(got[managedFile]) != string(files(t, from)[managedFile]) {
		t.Error("the identities or the key are not what was asked for")
	}
	program(t, "migrate", "--from", from, "--to", to, "--with-key").wants(t, exitOK)
	if got := files(t, to); string(got[sealKeyFile]) != string(files(t, from)[sealKeyFile]) {
		t.Error("the key was not copied")
	}
	key := files(t, other)[sealKeyFile]
	program(t, "migrate", "--from", from, "--to", other, "--with-key").wants(t, exitFailed, "is another key")
	if got := files(t, other)[sealKeyFile]; string(got) != string(key) {
		t.Error("a key was replaced")
	}
}

// TestPlaceHidesPasswords: however a password stands in a URL, it is not shown.
func TestPlaceHidesPasswords(t *testing.T) {
	t.Parallel()
	for p, want := range map[place]string{
		"/var/lib/findinghub":                     "/var/lib/findinghub",
		"postgres://u@h/db":                       "postgres://u@h/db",
		"postgres://u:hunter2@h/db":               "postgres://u:xxxxx@h/db",
		"postgres://h/db?user=u&password=hunter2": "postgres://h/db",
		"postgres://u:hunter2@h:x/db":             "the database",
	} {
		if got := p.String(); got != want {
			t.Errorf("%q is shown as %q, want %q", p, got, want)
		}
	}
	if got := place("postgresql://u:hunter2@h:1,g:2/db").String(); strings.Contains(got, "hunter2") {
		t.Errorf("of several hosts the password is shown: %s", got)
	}
}

// TestMigrateBar: the bar says how far it is, and there is none where nobody looks.
func TestMigrateBar(t *testing.T) {
	t.Parallel()
	m, _, stderr := call{}.main()
	m.migrateBar(false).migrated(migrate.Progress{Findings: 1}, 2)
	if stderr.Len() != 0 {
		t.Errorf("drawn where nobody looks: %q", stderr)
	}
	bar := newProgress(m.bar(-1, "comparing"))
	bar.migrated(migrate.Progress{Findings: 1200, Written: 7}, 3400)
	bar.migrated(migrate.Progress{Findings: 3400, Written: 7, Verifying: true}, 3400)
	bar.finish()
	if !strings.Contains(stderr.String(), "3,400 of 3,400 verified") && !strings.Contains(stderr.String(), "1,200 of 3,400 compared, 7 written") {
		t.Errorf("the bar says %q", stderr)
	}
}
