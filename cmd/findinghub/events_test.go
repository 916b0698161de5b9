package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// eventsFile writes a file of targets.
func eventsFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "events.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// await waits until something holds.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !holds(); {
		if time.Now().After(deadline) {
			t.Fatalf("%s never happened", what)
		}
		<-time.After(10 * time.Millisecond)
	}
}

// TestEventsReachTargets: what is imported is told to a file, and over a restart everything is told.
func TestEventsReachTargets(t *testing.T) {
	t.Parallel()
	dir, out := t.TempDir(), filepath.Join(t.TempDir(), "events.jsonl")
	targets := eventsFile(t, "targets:\n  - name: lines\n    kind: file\n    path: "+out+"\n")
	told := func() string {
		text, _ := os.ReadFile(out)
		return string(text)
	}
	hub := startHub(t, dir, "--events", targets)
	hub.post(t, alice, "/findings/import", `{"Findings":[`+wholeFinding("first", alice, "us-east-1")+`]}`)
	await(t, "the first event", func() bool { return strings.Contains(told(), `"Id":"first"`) })
	await(t, "the metrics of the target", func() bool {
		_, metrics := hub.get(t, "/metrics")
		return strings.Contains(metrics, `findinghub_event_delivered_total{target="lines"} 1`) && strings.Contains(metrics, `findinghub_event_lag_seconds{target="lines"}`)
	})
	if code := hub.end(); code != exitOK {
		t.Fatalf("exit code %d\n%s", code, hub.stderr)
	}
	hub = startHub(t, dir, "--events", targets)
	hub.post(t, alice, "/findings/import", `{"Findings":[`+wholeFinding("second", alice, "us-east-1")+`]}`)
	await(t, "the second event", func() bool { return strings.Contains(told(), `"Id":"second"`) })
	if n := strings.Count(told(), `"Id":"first"`); n != 1 {
		t.Errorf("the first event was told %d times", n)
	}
}

// TestDeadLetters: what a target refuses is listed with the reason, and sent again on demand.
func TestDeadLetters(t *testing.T) {
	t.Parallel()
	var well atomic.Bool
	var got atomic.Int32
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if !well.Load() {
			w.WriteHeader(http.StatusGone)
			return
		}
		got.Add(1)
	}))
	t.Cleanup(receiver.Close)
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("a-secret-of-thirty-two-characters"), 0o600); err != nil {
		t.Fatal(err)
	}
	hub := startHub(t, t.TempDir(), "--events", eventsFile(t, "targets:\n  - name: siem\n    kind: webhook\n    url: "+receiver.URL+"\n    secret-file: "+secret+"\n"))
	hub.post(t, alice, "/findings/import", `{"Findings":[`+wholeFinding("a", alice, "us-east-1")+`]}`)
	await(t, "the dead letter", func() bool {
		r := program(t, "events", "letters", "siem", "--endpoint", hub.url)
		return strings.Contains(r.stderr, "1 events were not taken") && strings.Contains(r.stdout, "410")
	})
	program(t, "events", "replay", "siem", "--endpoint", hub.url).wants(t, exitFailed, "0 events sent")
	well.Store(true)
	program(t, "events", "replay", "siem", "--endpoint", hub.url).wants(t, exitOK, "1 events sent")
	if got.Load() != 1 {
		t.Errorf("the target got %d events", got.Load())
	}
	program(t, "events", "letters", "siem", "--json", "--endpoint", hub.url).wants(t, exitOK, "0 events")
	program(t, "events", "letters", "nobody", "--endpoint", hub.url).wants(t, exitFailed, "nobody")
}

// TestCannotServeEvents: what is wrong with targets is said with its line.
func TestCannotServeEvents(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{"targets:\n  - name: x\n    kind: pigeon\n": "pigeon", "targets: 7\n": "1"} {
		program(t, "serve", "--dev", "--listen", "127.0.0.1:0", "--data-dir", t.TempDir(), "--events", eventsFile(t, text)).wants(t, exitFailed, says)
	}
	program(t, "serve", "--dev", "--listen", "127.0.0.1:0", "--data-dir", t.TempDir(), "--events", "no-such-file").wants(t, exitFailed, "no-such-file")
}
