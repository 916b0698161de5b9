package proof

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// written is a database with findings that are known to the last byte, as a hub left it.
type written struct {
	dir      string
	findings map[string]string // whole findings
	records  map[string][2]int
}

// write makes a database of so many findings.
func writeDatabase(t *testing.T, n int) *written {
	t.Helper()
	w := &written{dir: t.TempDir(), findings: map[string]string{}, records: map[string][2]int{}}
	p := start(t, "--data-dir", w.dir)
	var ids []string
	for i := range n {
		ids = append(ids, fmt.Sprint("f", i))
	}
	for version := 1; version <= 3; version++ {
		for i := 0; i < n; i += 20 {
			p.importAll(ids[i:i+20], version)
			p.updateAll(ids[i:i+10], version)
		}
	}
	for i := 0; i < n; i += 20 {
		found, err := p.get(ids[i : i+20]...)
		if err != nil || len(found) != 20 {
			t.Fatalf("%d findings, %v", len(found), err)
		}
		for id, raw := range found {
			w.findings[id] = string(raw)
		}
	}
	for _, id := range ids {
		imports, updates, err := p.records(id)
		if err != nil || imports != 3 {
			t.Fatalf("%d, %v", imports, err)
		}
		w.records[id] = [2]int{imports, updates}
	}
	p.stop(t)
	return w
}

// clone copies the database, and lets a test spoil the copy.
func (w *written) clone(t *testing.T, spoil func(data []byte)) (dir string) {
	t.Helper()
	dir = t.TempDir()
	data, err := os.ReadFile(filepath.Join(w.dir, "findings.db"))
	if err != nil {
		t.Fatal(err)
	}
	spoil(data)
	if err := os.WriteFile(filepath.Join(dir, "findings.db"), data, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestFlippedBytes: bytes of a database's file are flipped. The hub refuses to start and says why, or whatever it answers is
// what was written, or an error.
func TestFlippedBytes(t *testing.T) {
	t.Parallel()
	w := writeDatabase(t, 200)
	random := rand.New(rand.NewPCG(23, 29))
	refusals, errors, unharmed := 0, 0, 0
	n := rounds(8, 300)
	for round := range n {
		var flips []int
		dir := w.clone(t, func(data []byte) {
			for range 1 + random.IntN(4) {
				at := random.IntN(len(data))
				data[at] ^= byte(1 + random.IntN(255))
				flips = append(flips, at)
			}
		})
		p := launch(t, "--data-dir", dir)
		if !p.ready() {
			if said := p.stderr.String(); p.cmd.ProcessState.ExitCode() != 1 || !strings.Contains(said, "findings.db") && !strings.Contains(said, dir) {
				t.Errorf("round %d, bytes %d: exit code %d, it says %s", round, flips, p.cmd.ProcessState.ExitCode(), said)
			}
			refusals++
			continue
		}
		n, err := w.compare(p)
		if err != nil {
			t.Errorf("round %d, bytes %d: %v", round, flips, err)
		}
		if n > 0 {
			errors++
		} else {
			unharmed++
		}
		p.kill()
	}
	t.Logf("%d rounds: %d starts refused, %d with errors to callers, %d unharmed", n, refusals, errors, unharmed)
	if refusals+errors == 0 {
		t.Error("no damage was noticed")
	}
}

// compare reads everything. Errors are counted; an answer that is wrong is an error of its own.
func (w *written) compare(p *process) (failed int, err error) {
	for id, want := range w.findings {
		found, err := p.get(id)
		switch {
		case err != nil:
			failed++
		case string(found[id]) != want:
			return failed, fmt.Errorf("%s is served as %s, was written as %s", id, found[id], want)
		}
		imports, updates, err := p.records(id)
		if err != nil {
			failed++
		} else if got := [2]int{imports, updates}; got != w.records[id] {
			return failed, fmt.Errorf("%s has %v records, was written with %v", id, got, w.records[id])
		}
	}
	return failed, nil
}

// TestSpoiltRow: a row changes behind the back of a hub that runs, in a way that SQLite cannot notice. Who asks for it gets an
// error, and so does who changes it; the next start is refused; nobody is shown it.
func TestSpoiltRow(t *testing.T) {
	t.Parallel()
	w := writeDatabase(t, 20)
	p := start(t, "--data-dir", w.dir)
	conn, err := sqlite.OpenConn(filepath.Join(w.dir, "findings.db"), sqlite.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	err = sqlitex.ExecuteTransient(conn, "UPDATE findings SET body=CAST(substr(body, 1, 40) || x'00' || substr(body, 42) AS BLOB) WHERE doc=7", nil)
	if err != nil || conn.Changes() != 1 || conn.Close() != nil {
		t.Fatalf("spoiling a row: %v", err)
	}
	failed, err := w.compare(p)
	if err != nil || failed == 0 {
		t.Errorf("%d answers are errors, %v", failed, err)
	}
	if a := p.send("POST", "/findings", `{"MaxResults":100}`); a.status != http.StatusInternalServerError || strings.Contains(string(a.body), "checksum") {
		t.Errorf("a search over the row: %d %s", a.status, a.body)
	}
	spoilt := ""
	for id := range w.findings {
		if _, err := p.get(id); err != nil {
			spoilt = id
		}
	}
	if a := p.send("POST", "/findings/import", `{"Findings":[`+document(spoilt, 9)+`]}`); a.status == http.StatusOK && strings.Contains(string(a.body), `"SuccessCount":1`) {
		t.Errorf("an import over the row: %d %s", a.status, a.body)
	}
	if !strings.Contains(p.stderr.String(), "row is damaged") {
		t.Errorf("the log says %s", p.stderr)
	}
	p.stop(t)
	if p := launch(t, "--data-dir", w.dir); p.ready() || !strings.Contains(p.stderr.String(), "row is damaged") {
		t.Errorf("the next start: %s", p.stderr)
	}
}
