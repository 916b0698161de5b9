package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/audit"
)

// lines is a record of calls in memory.
type lines struct {
	mu   sync.Mutex
	b    bytes.Buffer
	fail error
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fail != nil {
		return 0, l.fail
	}
	return l.b.Write(p)
}

func (l *lines) breakDown(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fail = err
}

// records are the lines so far.
func (l *lines) records(t *testing.T) []audit.Record {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []audit.Record
	for line := range bytes.Lines(l.b.Bytes()) {
		var r audit.Record
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatalf("line %s: %v", line, err)
		}
		all = append(all, r)
	}
	return all
}

// recording makes a guarded hub whose calls are on record.
func recording(t *testing.T, mode audit.Mode) (*guarded, *lines) {
	t.Helper()
	l := &lines{}
	log, err := audit.Open(audit.Config{Path: "-", Stdout: l, Mode: mode, Logger: slog.New(slog.DiscardHandler), Now: time.Now, NewID: func() string { return "id" }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { log.Close() })
	return newGuarded(t, identities, func(c *Config) { c.Audit = log }), l
}

// Every call is one line: who, from where, what, on what, and how it went.
func TestCallsAreOnRecord(t *testing.T) {
	t.Parallel()
	g, l := recording(t, audit.FailWrites)
	g.mustSend(t, by(adminKey), "POST", "/accounts", `{}`)
	g.mustSend(t, by(adminKey), "POST", "/findings/import", `{"Findings":[`+good+`]}`)
	update := `{"FindingIdentifiers":[{"Id":"a","ProductArn":"` + ownProduct + `"}],"Workflow":{"Status":"SUPPRESSED"},"Note":{"Text":"a confidential note","UpdatedBy":"u"}}`
	g.send(t, by(deniedKey), "PATCH", "/findings/batchupdate", update)
	g.send(t, signature{}, "POST", "/findings", `{}`)
	stranger := by(adminKey)
	stranger.secret = "a-wrong-secret-of-it"
	g.send(t, stranger, "POST", "/findings", `{}`)
	g.send(t, by(adminKey), "GET", "/nothing", ``)
	g.sts(t, by(adminKey), assume())
	g.send(t, by(adminKey), "POST", "/securityControls/batchGet", `{}`)
	want := []struct {
		event, source, user, code string
		status                    int
		readOnly                  bool
		resource                  string
	}{
		{"EnableSecurityHub", "securityhub", "admin", "", 200, false, ownHub},
		{"BatchImportFindings", "securityhub", "admin", "", 200, false, ownProduct},
		{"BatchUpdateFindings", "securityhub", "denied", "AccessDeniedException", 403, false, ownHub},
		{"GetFindings", "securityhub", "", "MissingAuthenticationTokenException", 403, true, ""},
		{"GetFindings", "securityhub", "", "InvalidSignatureException", 403, true, ""},
		{"AssumeRole", "sts", "admin", "", 200, true, developer},
		{"BatchGetSecurityControls", "securityhub", "admin", "NotImplementedException", 501, true, ownHub},
	}
	got := l.records(t)
	if len(got) != len(want) {
		t.Fatalf("%d records, want %d", len(got), len(want))
	}
	for i, w := range want {
		r := got[i]
		if r.EventName != w.event || r.EventSource != w.source+".amazonaws.com" || r.UserIdentity.UserName != w.user || r.ErrorCode != w.code || r.AdditionalEventData.HTTPStatus != w.status || r.ReadOnly != w.readOnly {
			t.Errorf("record %d is %+v, want %+v", i, r, w)
		}
		resource := ""
		if len(r.Resources) > 0 {
			resource = r.Resources[0].ARN
		}
		if resource != w.resource || r.SourceIPAddress != "127.0.0.1" || r.AWSRegion == "" && w.code != "MissingAuthenticationTokenException" || len(r.RequestID) != 36 {
			t.Errorf("record %d is %+v", i, r)
		}
	}
	if got[4].UserIdentity.AccessKeyID != adminKey {
		t.Errorf("the record does not tell whose key was tried: %+v", got[4].UserIdentity)
	}
	if fmt.Sprint(got[1].RequestParameters) != "map[findings:1]" || fmt.Sprint(got[2].RequestParameters["fields"]) != "[note.text note.updatedby workflow.status]" {
		t.Errorf("got parameters %v and %v", got[1].RequestParameters, got[2].RequestParameters)
	}
	// Never a finding's body, never a secret.
	for _, secret := range []string{"a-secret-of-a-test", "confidential", `"Title"`, "SecretAccessKey", "FwoG"} {
		if strings.Contains(l.b.String(), secret) {
			t.Errorf("the record holds %s: %s", secret, l.b.String())
		}
	}
}

// What cannot be recorded is not done (fail closed); reads go on, or not, as configured.
func TestUnrecordedWritesAreRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		mode         audit.Mode
		write, reads int
	}{{audit.FailWrites, 503, 200}, {audit.FailAll, 503, 503}, {audit.Continue, 200, 200}} {
		g, l := recording(t, tt.mode)
		g.mustSend(t, by(adminKey), "POST", "/accounts", `{}`)
		l.breakDown(errors.New("the disk is full"))
		// The first call after it notices; what it did is on record later.
		g.send(t, by(adminKey), "POST", "/findings/import", `{"Findings":[`+strings.Replace(good, `"Id":"a"`, `"Id":"first"`, 1)+`]}`)
		write := g.send(t, by(adminKey), "POST", "/findings/import", `{"Findings":[`+good+`]}`)
		reads := g.send(t, by(adminKey), "POST", "/findings", `{"Filters":{"Id":[{"Value":"a","Comparison":"EQUALS"}]}}`)
		if write.status != tt.write || reads.status != tt.reads {
			t.Errorf("mode %v: writes answer %d, reads %d", tt.mode, write.status, reads.status)
		}
		if tt.write == 503 && (write.code != findinghub.CodeUnavailable || !strings.Contains(write.message, "not executed")) {
			t.Errorf("got %s %q", write.code, write.message)
		}
		if tt.write == 503 && tt.reads == 200 && reads.body != `{"Findings":[]}` {
			t.Errorf("a refused import was done: %s", reads.body)
		}
		l.breakDown(nil)
		g.mustSend(t, by(adminKey), "POST", "/findings/import", `{"Findings":[`+good+`]}`)
		if tt.mode == audit.FailWrites {
			checkComplete(t, l.records(t))
		}
	}
}

// checkComplete wants every import that was done on record.
func checkComplete(t *testing.T, records []audit.Record) {
	t.Helper()
	done := 0
	for _, r := range records {
		if r.EventName == "BatchImportFindings" && r.ErrorCode == "" {
			done++
		}
	}
	if done != 2 {
		t.Errorf("%d imports that were done are on record, want 2", done)
	}
}

// Whoever cannot sign cannot push everything else out of the record.
func TestStrangersCannotFloodTheRecord(t *testing.T) {
	t.Parallel()
	g, l := recording(t, audit.FailWrites)
	const many = strangersBurst + 150
	for range many {
		g.send(t, signature{}, "POST", "/findings", `{}`)
	}
	n := len(l.records(t))
	_, text, _ := strings.Cut(g.send(t, signature{}, "GET", "/metrics", "").body, "\nfindinghub_audit_strangers_total ")
	counted := 0
	if _, err := fmt.Sscan(text, &counted); err != nil {
		t.Fatal(err)
	}
	if n < strangersBurst || n >= many || n+counted != many {
		t.Errorf("%d of %d requests are on record and %d are counted", n, many, counted)
	}
}

// Each call has one line also under load, and into a file.
func TestRecordUnderLoad(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	log, err := audit.Open(audit.Config{Path: path, Logger: slog.New(slog.DiscardHandler), Now: time.Now, NewID: func() string { return "id" }})
	if err != nil {
		t.Fatal(err)
	}
	g := newGuarded(t, identities, func(c *Config) { c.Audit = log })
	g.mustSend(t, by(adminKey), "POST", "/accounts", `{}`)
	ids := make(chan string, 200)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 25 {
				req := g.request(t, by(adminKey), "POST", "/findings", `{}`)
				resp, err := g.Client().Do(req.WithContext(context.Background()))
				if err != nil || resp.StatusCode != http.StatusOK {
					t.Errorf("%v %v", resp, err)
					return
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
				ids <- resp.Header.Get("x-amzn-RequestId")
			}
		})
	}
	wg.Wait()
	close(ids)
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for id := range ids {
		if strings.Count(string(text), `"requestID":"`+id+`"`) != 1 {
			t.Errorf("call %s is not on record once", id)
		}
		n++
	}
	if n != 200 {
		t.Errorf("%d calls were made", n)
	}
}
