package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// fakeHub answers like a hub and remembers what it was sent. What a real hub does is
// tested with one; the fake is for what a real one cannot be made to do.
type fakeHub struct {
	*httptest.Server
	dev bool
	// refuse gives the answer to a request in place of success: a status and a body, 0 for none.
	refuse func(n int, body []byte) (status int, answer string)
	pages  []string // what GetFindings answers, in order

	mu       sync.Mutex
	requests []sent
}

// sent is one request that the fake got.
type sent struct {
	path, credential string
	findings         []json.RawMessage
	body             []byte
}

func newFakeHub(t *testing.T) *fakeHub {
	f := &fakeHub{dev: true}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	return f
}

// ServeHTTP implements http.Handler.
func (f *fakeHub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/healthz" {
		writeJSON(w, http.StatusOK, health{Status: "ok", Dev: f.dev})
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	n, s := f.remember(r, body)
	if f.refuse != nil {
		if status, answer := f.refuse(n, body); status != 0 {
			w.Header().Set("Retry-After", "3")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, answer)
			return
		}
	}
	if r.URL.Path == "/findings" {
		_, _ = io.WriteString(w, f.pages[min(n, len(f.pages)-1)])
		return
	}
	_, _ = io.WriteString(w, judge(s.findings))
}

func (f *fakeHub) remember(r *http.Request, body []byte) (int, sent) {
	var batch struct{ Findings []json.RawMessage }
	_ = json.Unmarshal(body, &batch)
	_, credential, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	credential, _, _ = strings.Cut(credential, ",")
	s := sent{r.URL.Path, credential, batch.Findings, body}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests = append(f.requests, s)
	return len(f.requests) - 1, s
}

// judge refuses the findings whose Title is "bad".
func judge(findings []json.RawMessage) string {
	type failed struct{ Id, ErrorCode, ErrorMessage string }
	failures := []failed{}
	for i, raw := range findings {
		var head struct{ Id, Title string }
		_ = json.Unmarshal(raw, &head)
		if head.Title == "bad" {
			failures = append(failures, failed{head.Id, "InvalidInput", fmt.Sprintf("data.Resources[%d].Id is bad", i)})
		}
	}
	answer, _ := json.Marshal(map[string]any{
		"FailedCount": len(failures), "SuccessCount": len(findings) - len(failures), "FailedFindings": failures,
	})
	return string(answer)
}

// ids gives the ids of all findings that were sent, with repetitions.
func (f *fakeHub) ids() map[string]int {
	f.mu.Lock()
	defer f.mu.Unlock()
	ids := map[string]int{}
	for _, r := range f.requests {
		for _, raw := range r.findings {
			var head struct{ Id string }
			_ = json.Unmarshal(raw, &head)
			ids[head.Id]++
		}
	}
	return ids
}

func (f *fakeHub) sent() []sent {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.requests
}

// somebody's finding, as short as the fake takes it.
func fakeFinding(id, account, region, title string) string {
	return fmt.Sprintf(`{"Id":%q,"AwsAccountId":%q,"ProductArn":"arn:aws:securityhub:%s:%s:product/%s/default","Title":%q}`,
		id, account, region, account, account, title)
}

// lines are n findings of one account, a line each.
func lines(n int, prefix, account string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(fakeFinding(fmt.Sprintf("%s%d", prefix, i), account, "us-east-1", "good") + "\n")
	}
	return b.String()
}
