package api

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/findinghub/findinghub/hub"
	"github.com/findinghub/findinghub/store"
	"github.com/findinghub/findinghub/store/memory"
)

// Requests count by operation and code, findings by what became of them.
func TestMetrics(t *testing.T) {
	t.Parallel()
	s := server(t)
	send(t, s, "POST", "/findings/import", `{"Findings":[`+good+`,`+good+`,7]}`)
	send(t, s, "PATCH", "/findings/batchupdate", `{"FindingIdentifiers":[{"Id":"a","ProductArn":"`+ownProduct+`"},{"Id":"x","ProductArn":"y"}],"Confidence":5}`)
	send(t, s, "POST", "/findings", `{"MaxResults":0}`)
	send(t, s, "GET", "/no/such/path", ``)
	text := send(t, s, "GET", "/metrics", "").body
	for _, line := range []string{
		`findinghub_requests_total{code="OK",operation="BatchImportFindings"} 1`,
		`findinghub_requests_total{code="OK",operation="BatchUpdateFindings"} 1`,
		`findinghub_requests_total{code="InvalidInputException",operation="GetFindings"} 1`,
		`findinghub_requests_total{code="UnknownOperationException",operation="UnknownOperation"} 1`,
		`findinghub_request_duration_seconds_count{operation="BatchImportFindings"} 1`,
		`findinghub_findings_total{outcome="imported"} 1`,
		`findinghub_findings_total{outcome="unchanged"} 1`,
		`findinghub_findings_total{outcome="failed"} 1`,
		`findinghub_findings_total{outcome="updated"} 1`,
		`findinghub_findings_total{outcome="unprocessed"} 1`,
		`findinghub_findings_stored 1`,
		`findinghub_index_bytes 0`,
	} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("the metrics lack %s", line)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	engine := memory.New()
	s := server(t, func(c *hub.Config) { c.Store = engine })
	for _, path := range []string{"/healthz", "/readyz"} {
		if r := send(t, s, "GET", path, ""); r.status != http.StatusOK {
			t.Errorf("%s: got %d", path, r.status)
		}
	}
	if err := engine.Close(); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 503, "/metrics": 200} {
		if r := send(t, s, "GET", path, ""); r.status != want {
			t.Errorf("%s without a store: got %d, want %d", path, r.status, want)
		}
	}
	// A hub that is stopping says so, and that asking again may help.
	if r := send(t, s, "POST", "/findings", `{}`); r.status != http.StatusServiceUnavailable || r.code != "ServiceUnavailable" {
		t.Errorf("got %d %s", r.status, r.code)
	}
	if r := send(t, s, "POST", "/healthz", ""); r.status != http.StatusMethodNotAllowed {
		t.Errorf("POST /healthz: got %d", r.status)
	}
}

// The log tells of every request who asked for what and how it went, and never what was in it.
func TestAccessLog(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	h, err := hub.New(t.Context(), hub.Config{Store: broken{memory.New()}, Dev: true})
	if err != nil {
		t.Fatal(err)
	}
	api := New(Config{Hub: h, Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	ask := func(method, path, body string) string {
		log.Reset()
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=111122223333/20260101/us-east-1/securityhub/aws4_request, Signature=topsecret")
		w := httptest.NewRecorder()
		api.ServeHTTP(w, r)
		if !strings.Contains(log.String(), "request="+w.Header().Get("x-amzn-RequestId")) {
			t.Errorf("the log does not have the request's id: %s", log.String())
		}
		return log.String()
	}
	mine := strings.ReplaceAll(good, "123456789012", "111122223333")
	tests := []struct{ name, line, level, code string }{
		{"success", ask("POST", "/findings/import", `{"Findings":[`+strings.Replace(mine, `"t"`, `"private title"`, 1)+`]}`), "DEBUG", "code=OK"},
		{"the caller's mistake", ask("POST", "/findings/import", `{"Findings":"private"}`), "INFO", "code=InvalidInputException"},
		{"not built", ask("POST", "/insights", `{"Name":"private"}`), "INFO", "code=NotImplementedException"},
		{"ours", ask("POST", "/findings", `{}`), "ERROR", "code=InternalException"},
	}
	for _, tt := range tests {
		if !strings.Contains(tt.line, "level="+tt.level) || !strings.Contains(tt.line, tt.code) || !strings.Contains(tt.line, "account=111122223333") {
			t.Errorf("%s: the log says %s", tt.name, tt.line)
		}
		if strings.Contains(tt.line, "private") || strings.Contains(tt.line, "topsecret") {
			t.Errorf("%s: the log tells secrets: %s", tt.name, tt.line)
		}
	}
	if !strings.Contains(tests[3].line, "sector 7") {
		t.Errorf("the log hides the cause: %s", tests[3].line)
	}
}

// broken is an engine whose disk is.
type broken struct{ store.Engine }

func (broken) Find(context.Context, store.Query) (store.Page, error) {
	return store.Page{}, errors.New("sector 7 is gone")
}

// A client that waits for leave to send too much is refused before it sends anything.
func TestTooLargeIsRefusedUnsent(t *testing.T) {
	t.Parallel()
	s := server(t)
	body := &counted{Reader: strings.NewReader(strings.Repeat(" ", 20<<20))}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/findings/import", body)
	if err != nil {
		t.Fatal(err)
	}
	req.ContentLength = 20 << 20
	req.Header.Set("Expect", "100-continue")
	c := &http.Client{Transport: &http.Transport{ExpectContinueTimeout: 1 << 40}}
	t.Cleanup(c.CloseIdleConnections)
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusBadRequest || body.n.Load() != 0 {
		t.Errorf("got %d after %d reads", resp.StatusCode, body.n.Load())
	}
}

// counted counts how often it is read.
type counted struct {
	*strings.Reader
	n atomic.Int64
}

func (c *counted) Read(p []byte) (int, error) {
	c.n.Add(1)
	return c.Reader.Read(p)
}
