package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/findinghub/findinghub/filter"
)

func TestRepeatable(t *testing.T) {
	t.Parallel()
	cases := []struct {
		err  error
		want bool
	}{
		{&apiError{status: 429}, true},
		{&apiError{status: 500}, true},
		{&apiError{status: 502}, true},
		{&apiError{status: 503}, true},
		{&apiError{status: 504}, true},
		{&apiError{status: 400}, false},
		{&apiError{status: 401}, false},
		{&apiError{status: 403}, false},
		{&apiError{status: 404}, false},
		{&apiError{status: 413}, false},
		// An operation that is not there will not be there in a second.
		{&apiError{status: 501}, false},
		{io.ErrUnexpectedEOF, true},
		{&net.OpError{Op: "dial", Err: errors.New("refused")}, true},
		{errors.New("the certificate is not valid"), false},
		{context.Canceled, false},
	}
	for _, c := range cases {
		if got := repeatable(c.err); got != c.want {
			t.Errorf("%v: repeatable is %t", c.err, got)
		}
	}
}

// TestAnswerError: the API's errors, a proxy's page, and Retry-After in its two forms,
// of which only seconds are understood.
func TestAnswerError(t *testing.T) {
	t.Parallel()
	cases := []struct {
		status           int
		header           http.Header
		body, says, code string
		after            time.Duration
	}{
		{400, nil, `{"Message":"no","Code":"InvalidInputException"}`, "InvalidInputException: no", "InvalidInputException", 0},
		{400, http.Header{"X-Amzn-Errortype": {"ValidationException"}}, `{"message":"no"}`, "ValidationException: no", "ValidationException", 0},
		{503, http.Header{"Retry-After": {"7"}}, `{"Code":"ServiceUnavailable"}`, "ServiceUnavailable", "ServiceUnavailable", 7 * time.Second},
		{502, http.Header{"Retry-After": {"Sat, 21 Nov 2026 10:00:00 GMT"}}, "<html>", "HTTP 502", "HTTP 502", 0},
		{502, http.Header{"Retry-After": {"-1"}}, "", "HTTP 502", "HTTP 502", 0},
	}
	for _, c := range cases {
		var e *apiError
		err := answerError(&http.Response{StatusCode: c.status, Header: c.header}, []byte(c.body))
		if !errors.As(err, &e) || e.Error() != c.says || codeOf(e) != c.code || e.after != c.after {
			t.Errorf("%d %v %q is %+v", c.status, c.header, c.body, err)
		}
	}
}

func TestBackoffIsBounded(t *testing.T) {
	t.Parallel()
	if d := backoff(0, &apiError{status: 503, after: time.Hour}); d != maxPause {
		t.Errorf("a hub that asks for an hour is given %s", d)
	}
}

func TestSleepEndsWithTheContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := sleep(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("sleep ends with %v", err)
	}
	if err := sleep(t.Context(), 0); err != nil {
		t.Errorf("sleep ends with %v", err)
	}
}

// TestDialWaits: a tool that is started together with the hub waits for it.
func TestDialWaits(t *testing.T) {
	t.Parallel()
	hub := newFakeHub(t)
	hub.pages = []string{`{"Findings":[]}`}
	down := 3
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if down > 0 {
			down--
			conn, _, _ := w.(http.Hijacker).Hijack()
			conn.Close()
			return
		}
		hub.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	call{args: []string{"export", "--endpoint", server.URL}}.run(t).wants(t, exitOK)
	if down != 0 {
		t.Errorf("the hub was asked too seldom: %d", down)
	}
}

// TestConveniencesAreFilters: the hub understands every flag, in strict mode too.
func TestConveniencesAreFilters(t *testing.T) {
	t.Parallel()
	q := queryFlags{UpdatedWithin: 3, Sort: []string{"SeverityLabel:desc", "Title"}}
	values := []string{"x", "y"}
	q.Severity, q.RecordState, q.WorkflowStatus, q.ComplianceStatus = values, values, values, values
	q.Product, q.Type, q.Resource = values, values, values
	r, err := q.request()
	if err != nil || len(r.Filters) != 8 {
		t.Fatalf("%d filters, error %v; want 8", len(r.Filters), err)
	}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	if _, err := filter.Parse([]byte(marshal(r.Filters)), filter.Options{Now: now, Strict: true}); err != nil {
		t.Error(err)
	}
	if _, err := filter.ParseSort([]byte(marshal(r.SortCriteria))); err != nil {
		t.Error(err)
	}
}

func TestBuildOf(t *testing.T) {
	t.Parallel()
	setting := func(pairs ...string) *debug.BuildInfo {
		info := &debug.BuildInfo{GoVersion: "go1.26"}
		for i := 0; i < len(pairs); i += 2 {
			info.Settings = append(info.Settings, debug.BuildSetting{Key: pairs[i], Value: pairs[i+1]})
		}
		return info
	}
	cases := []struct {
		info *debug.BuildInfo
		want build
	}{
		{&debug.BuildInfo{}, build{"(devel)", "unknown", ""}},
		{setting("vcs.revision", "abc"), build{"(devel)", "abc", "go1.26"}},
		{setting("vcs.revision", "abc", "vcs.modified", "false"), build{"(devel)", "abc", "go1.26"}},
		{setting("vcs.revision", "abc", "vcs.modified", "true"), build{"(devel)", "abc (with local changes)", "go1.26"}},
	}
	for _, c := range cases {
		if got := buildOf(c.info); got != c.want {
			t.Errorf("%+v is %+v, want %+v", c.info, got, c.want)
		}
	}
}

// TestBar: what a person at a terminal sees, and that nobody else does.
func TestBar(t *testing.T) {
	t.Parallel()
	m, _, stderr := call{}.main()
	p := m.importBar([]*source{{name: "a", size: 10}}, false)
	p.read(5)
	p.done(newLedger(discard{}))
	p.count(3)
	p.finish()
	if stderr.Len() != 0 {
		t.Errorf("what is no terminal got %q", stderr)
	}
	p = newProgress(m.bar(100, "importing"))
	ledger := newLedger(discard{})
	s := &source{name: "a", size: 100}
	ledger.settle(&batch{items: []item{{source: s}, {source: s, index: 1}}}, map[int]failure{1: {Code: "c"}})
	p.read(40)
	p.done(ledger)
	p.finish()
	if text := stderr.String(); !strings.Contains(text, "1 imported, 1 failed") || !strings.Contains(text, "%") {
		t.Errorf("the terminal shows %q", text)
	}
}
