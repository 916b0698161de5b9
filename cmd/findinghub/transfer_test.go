package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// Transfers between real hubs and files while something goes wrong.

// exportIDs gives the ids that a hub holds for an account; every finding once.
func exportIDs(t *testing.T, url, account string, args ...string) map[string]bool {
	t.Helper()
	r := program(t, append([]string{"export", "--endpoint", url, "--account", account, "-q"}, args...)...)
	r.wants(t, exitOK)
	ids := map[string]bool{}
	for line := range strings.Lines(r.stdout) {
		var f struct{ Id string }
		if err := json.Unmarshal([]byte(line), &f); err != nil {
			t.Fatal(err)
		}
		if ids[f.Id] {
			t.Errorf("%s was exported twice", f.Id)
		}
		ids[f.Id] = true
	}
	return ids
}

// TestImportOutlivesTheHub: the hub is killed and started again at the same address in
// the middle of an import, which goes on and ends well with everything stored.
func TestImportOutlivesTheHub(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := startProcess(t, dir)
	addr := strings.TrimPrefix(p.url, "http://")
	feed, fed := io.Pipe()
	m, stdout, stderr := call{args: []string{"import", "--endpoint", p.url, "--retries", "1000", stdin}}.main()
	m.Stdin = feed
	killed, paused, revived := make(chan struct{}), make(chan struct{}), make(chan struct{})
	once := sync.OnceFunc(func() { close(paused) })
	m.wait = func(ctx context.Context, _ time.Duration) error {
		select {
		case <-killed:
			once()
			<-revived
		default: // a hiccup before the kill is only tried again
		}
		return ctx.Err()
	}
	ended := make(chan int, 1)
	go func() { ended <- m.Run(t.Context()) }()
	write := func(text string) {
		if _, err := io.WriteString(fed, text); err != nil {
			t.Error(err)
		}
	}
	write(manyFindings(500, "a", alice))
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = p.cmd.Wait()
	close(killed)
	written := make(chan struct{})
	go func() {
		defer close(written)
		write(manyFindings(1000, "b", alice))
	}()
	<-paused
	startProcess(t, dir, "--listen", addr)
	close(revived)
	<-written
	write(manyFindings(10, "c", alice))
	fed.Close()
	if code := <-ended; code != exitOK || !strings.Contains(stdout.String(), "1,510 findings imported, 0 failed") {
		t.Fatalf("exit code %d\n%s%s", code, stdout, stderr)
	}
	if ids := exportIDs(t, p.url, alice); len(ids) != 1510 {
		t.Errorf("the hub holds %d findings, want 1510", len(ids))
	}
}

// TestImportKilled: an import that is killed goes on with --resume, and in the end every
// finding is there.
func TestImportKilled(t *testing.T) {
	t.Parallel()
	hub := startHub(t, t.TempDir())
	path := fileWith(t, manyFindings(1500, "a", alice))
	state := filepath.Join(t.TempDir(), "state.json")
	args := []string{"import", "--endpoint", hub.url, "--resume", state, path}
	for _, after := range []int{0, 100, 700} {
		cmd := exec.Command(os.Args[0], args...)
		cmd.Env = append(os.Environ(), asMain+"=1")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		waitUntilStored(t, hub, after)
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	program(t, args...).wants(t, exitOK, "0 failed")
	if ids := exportIDs(t, hub.url, alice); len(ids) != 1500 {
		t.Errorf("the hub holds %d findings, want 1500", len(ids))
	}
	// The state says so, too: there is nothing left to send.
	program(t, args...).wants(t, exitOK, "0 findings imported")
}

// waitUntilStored asks the hub's metrics until it holds n findings.
func waitUntilStored(t *testing.T, hub *running, n int) {
	t.Helper()
	for {
		_, metrics := hub.get(t, "/metrics")
		var stored float64
		_, rest, _ := strings.Cut(metrics, "\nfindinghub_findings_stored ")
		if _, err := fmt.Sscan(rest, &stored); err != nil {
			t.Fatal(err)
		}
		if int(stored) >= n || t.Failed() {
			return
		}
	}
}

// TestImportInterrupted: Ctrl-C ends an import in order; the state is on the disk.
func TestImportInterrupted(t *testing.T) {
	t.Parallel()
	hub := newFakeHub(t)
	state := filepath.Join(t.TempDir(), "state.json")
	ctx, interrupt := context.WithCancel(t.Context())
	hub.refuse = func(n int, _ []byte) (int, string) {
		if n == 2 {
			interrupt()
			return http.StatusServiceUnavailable, ""
		}
		return 0, ""
	}
	path := fileWith(t, lines(1000, "a", alice))
	m, stdout, stderr := call{args: []string{"import", "--endpoint", hub.URL, "--connections", "1", "--resume", state, path}}.main()
	code := m.Run(ctx)
	result{stdout.String(), stderr.String(), code}.wants(t, exitFailed, "200 findings imported", "interrupted")
	rest := newFakeHub(t)
	rest.run(t, "", "import", "--resume", state, path).wants(t, exitOK, "800 findings imported")
	rest.wantOnce(t, 800)
}

// TestExportWhileOthersWrite: pages go on from the last key seen, so that what does not
// change is exported once, whatever comes and goes in between (decision 14).
func TestExportWhileOthersWrite(t *testing.T) {
	t.Parallel()
	hub := startHub(t, t.TempDir())
	call{args: []string{"import", "--endpoint", hub.url, "-q", stdin}, stdin: manyFindings(700, "a", alice)}.run(t).wants(t, exitOK)
	stop := make(chan struct{})
	var writer sync.WaitGroup
	writer.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			newer := strings.ReplaceAll(wholeFinding(fmt.Sprint("b", i), alice, "us-east-1"), "2026-01-01", "2026-02-01")
			if status, answer, err := hub.tryPost(alice, "/findings/import", `{"Findings":[`+newer+`]}`); err != nil || status != http.StatusOK {
				t.Errorf("%d %s %v", status, answer, err)
				return
			}
		}
	})
	for range 3 {
		ids := exportIDs(t, hub.url, alice)
		for i := range 700 {
			if !ids[fmt.Sprint("a", i)] {
				t.Errorf("a%d was skipped", i)
			}
		}
	}
	close(stop)
	writer.Wait()
}

// TestExportSortAndFilter: the flags mean on a real hub what they say.
func TestExportSortAndFilter(t *testing.T) {
	t.Parallel()
	hub := startHub(t, t.TempDir())
	var text bytes.Buffer
	for i, label := range []string{"LOW", "CRITICAL", "HIGH", "INFORMATIONAL"} {
		text.WriteString(strings.Replace(wholeFinding(fmt.Sprint(i), alice, "us-east-1"), "HIGH", label, 1))
	}
	call{args: []string{"import", "--endpoint", hub.url, "-q", stdin}, stdin: text.String()}.run(t).wants(t, exitOK)
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--sort", "SeverityLabel:desc"}, "CRITICAL HIGH LOW INFORMATIONAL"},
		{[]string{"--sort", "SeverityLabel", "--severity", "LOW,HIGH"}, "LOW HIGH"},
		{[]string{"--record-state", "ARCHIVED"}, ""},
		{[]string{"--sort", "Id:desc", "--filters", `{"Id":[{"Value":"2","Comparison":"NOT_EQUALS"}]}`}, "INFORMATIONAL CRITICAL LOW"},
	} {
		r := program(t, append([]string{"export", "-q", "--endpoint", hub.url, "--account", alice}, c.args...)...)
		r.wants(t, exitOK)
		var labels []string
		for line := range strings.Lines(r.stdout) {
			var f struct{ Severity struct{ Label string } }
			if err := json.Unmarshal([]byte(line), &f); err != nil {
				t.Fatal(err)
			}
			labels = append(labels, f.Severity.Label)
		}
		if got := strings.Join(labels, " "); got != c.want {
			t.Errorf("%q gives %q, want %q", c.args, got, c.want)
		}
	}
	program(t, "export", "--endpoint", hub.url, "--filters", `{"Nonsense":[]}`).wants(t, exitFailed, "InvalidInputException", "Nonsense")
	program(t, "export", "--endpoint", hub.url, "--sort", "Type").wants(t, exitFailed, "InvalidInputException", "Type")
}

// TestValidateAgreesWithTheHub: on every finding of the corpus, in both modes, the
// words of validate are those of the hub.
func TestValidateAgreesWithTheHub(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../../shared/corpus/asff/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no corpus: %v", err)
	}
	for _, strict := range []string{"--strict=false", "--strict=true"} {
		hub := startHub(t, t.TempDir(), strict)
		offline := failuresOf(t, program(t, append([]string{"validate", "--format", "json", strict}, files...)...).stdout)
		written := filepath.Join(t.TempDir(), "failed.jsonl")
		program(t, append([]string{"import", "--endpoint", hub.url, "--failures", written}, files...)...)
		data, err := os.ReadFile(written)
		if err != nil {
			t.Fatal(err)
		}
		online := failuresOf(t, string(data))
		for place, says := range online {
			// Whose account it is, a file does not know.
			if offline[place] != says && !strings.HasPrefix(says, "User: ") {
				t.Errorf("%s %s: the hub says %q, validate %q", strict, place, says, offline[place])
			}
			delete(offline, place)
		}
		for place, says := range offline {
			t.Errorf("%s %s: validate says %q, the hub takes it", strict, place, says)
		}
		if len(online) < 20 {
			t.Errorf("%s: only %d findings were refused", strict, len(online))
		}
	}
}

// failuresOf reads failures as JSON lines by where they are.
func failuresOf(t *testing.T, text string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for line := range strings.Lines(text) {
		var f failure
		if err := json.Unmarshal([]byte(line), &f); err != nil {
			t.Fatal(err)
		}
		if f.File != "" {
			all[fmt.Sprintf("%s#%d", f.File, f.Number)] = f.Message
		}
	}
	return all
}
