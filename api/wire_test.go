package api

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/asff"
	"github.com/findinghub/findinghub/hub"
	"github.com/findinghub/findinghub/store"
	"github.com/findinghub/findinghub/store/memory"
)

// reply is an answer as it came over the wire.
type reply struct {
	status  int
	header  http.Header
	body    string
	code    string
	message string
}

// send sends a request as it stands. Headers are given as name, value, name, value.
func send(t *testing.T, s *httptest.Server, method, path, body string, headers ...string) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	r := reply{status: resp.StatusCode, header: resp.Header, body: string(text)}
	r.code, r.message = codeOf(text)
	return r
}

// codeOf is what an error's body says, "" for what is no error.
func codeOf(body []byte) (code, message string) {
	var e struct{ Code, Message string }
	if json.Unmarshal(body, &e) == nil {
		return e.Code, e.Message
	}
	return "", ""
}

// good is a finding of the account that unsigned requests have.
const good = `{"SchemaVersion":"2018-10-08","Id":"a","ProductArn":"arn:aws:securityhub:us-east-1:123456789012:product/123456789012/default",` +
	`"GeneratorId":"g","AwsAccountId":"123456789012","Types":["Effects"],"CreatedAt":"2026-01-01T00:00:00Z","UpdatedAt":"2026-01-01T00:00:00Z",` +
	`"Severity":{"Label":"LOW"},"Title":"t","Description":"d","Resources":[{"Type":"Other","Id":"r"}]}`

func TestErrorsOnTheWire(t *testing.T) {
	t.Parallel()
	s := server(t)
	manyFindings := `{"Findings":[` + strings.Repeat(good+",", 108) + good + `]}`
	tests := []struct {
		name, method, path, body string
		status                   int
		code, message            string
	}{
		{"an operation that is not built", "POST", "/securityControls/batchGet", `{}`, 501, "NotImplementedException", "BatchGetSecurityControls is not implemented"},
		{"an unknown path", "GET", "/nothing", ``, 404, "UnknownOperationException", "GET /nothing"},
		{"a known path, another method", "PUT", "/findings", `{}`, 404, "UnknownOperationException", "PUT /findings"},
		{"no JSON", "POST", "/findings", `{"Filters"`, 400, findinghub.CodeInvalidInput, "not valid JSON"},
		{"where it stops being JSON", "POST", "/findings", `{"MaxResults": x}`, 400, findinghub.CodeInvalidInput, "/MaxResults"},
		{"two JSON values", "POST", "/findings", `{}{}`, 400, findinghub.CodeInvalidInput, "data after the JSON value"},
		{"no UTF-8", "POST", "/findings", "{\"NextToken\":\"\xff\"}", 400, findinghub.CodeInvalidInput, "not valid JSON"},
		{"a member twice", "POST", "/findings", `{"MaxResults":1,"MaxResults":2}`, 400, findinghub.CodeInvalidInput, "MaxResults"},
		{"an array", "POST", "/findings", `[]`, 400, findinghub.CodeInvalidInput, "should be an object"},
		{"null", "POST", "/findings", `null`, 400, findinghub.CodeInvalidInput, "should be an object"},
		{"an unknown member", "POST", "/findings", `{"Filter":{}}`, 400, findinghub.CodeInvalidInput, "Invalid parameter 'Filter'. The request has no such member."},
		{"an unknown parameter", "GET", "/accounts?Hub=x", ``, 400, findinghub.CodeInvalidInput, "Invalid parameter 'Hub'"},
		{"a parameter twice", "GET", "/accounts?HubArn=x&HubArn=y", ``, 400, findinghub.CodeInvalidInput, "more than once"},
		{"a query that cannot be read", "GET", "/accounts?HubArn=%zz", ``, 400, findinghub.CodeInvalidInput, "query"},
		{"a number that is none", "GET", "/products?MaxResults=many", ``, 400, findinghub.CodeInvalidInput, "Invalid parameter 'MaxResults'. It should be an integer."},
		{"a number that is too large", "GET", "/products?MaxResults=101", ``, 400, findinghub.CodeInvalidInput, "Invalid parameter 'MaxResults'. Value '101' is greater than maximum value: 100."},
		// The one text of a request error that was seen in the wild (decision 4).
		{"too many findings", "POST", "/findings/import", manyFindings, 400, findinghub.CodeInvalidInput, "Invalid parameter 'Findings'. Size '109' is greater than maximum value: 100."},
		{"no findings", "POST", "/findings/import", `{"Findings":[]}`, 400, findinghub.CodeInvalidInput, "Invalid parameter 'Findings'. Size '0' is less than minimum value: 1."},
		{"no list of findings", "POST", "/findings/import", `{}`, 400, findinghub.CodeInvalidInput, "Invalid parameter 'Findings'. It is required."},
		{"no body", "POST", "/findings/import", ``, 400, findinghub.CodeInvalidInput, "Invalid parameter 'Findings'. It is required."},
		{"findings that are null", "POST", "/findings/import", `{"Findings":null}`, 400, findinghub.CodeInvalidInput, "Invalid parameter 'Findings'. It is required."},
		{"findings that are an object", "POST", "/findings/import", `{"Findings":` + good + `}`, 400, findinghub.CodeInvalidInput, "Invalid parameter 'Findings'. It should be an array."},
		{"findings beside something", "POST", "/findings/import", `{"Findings":[` + good + `],"DryRun":true}`, 400, findinghub.CodeInvalidInput, "'DryRun'"},
		{"findings twice", "POST", "/findings/import", `{"Findings":[` + good + `],"Findings":[]}`, 400, findinghub.CodeInvalidInput, "more than once"},
		{"findings in an array", "POST", "/findings/import", `[` + good + `]`, 400, findinghub.CodeInvalidInput, "should be an object"},
		{"findings cut short", "POST", "/findings/import", `{"Findings":[` + good, 400, findinghub.CodeInvalidInput, "not valid JSON"},
		{"findings and a tail", "POST", "/findings/import", `{"Findings":[` + good + `]} x`, 400, findinghub.CodeInvalidInput, "data after the JSON value"},
		{"findings and a parameter", "POST", "/findings/import?x=1", `{"Findings":[` + good + `]}`, 400, findinghub.CodeInvalidInput, "'x'"},
		{"too large a batch", "POST", "/findings/import", strings.Repeat(" ", asff.MaxBatchSize+1), 400, findinghub.CodeInvalidInput, "6291456 bytes"},
		{"too large a request", "POST", "/findings", strings.Repeat(" ", maxBody+1), 400, findinghub.CodeInvalidInput, "1048576 bytes"},
		{"an impossible date (31 September)", "POST", "/findingHistory/get", `{"FindingIdentifier":{"Id":"a","ProductArn":"b"},"EndTime":"2021-09-31T15:53:35.573Z"}`, 400, findinghub.CodeInvalidInput, "EndTime"},
		{"a time beyond all years", "POST", "/findingHistory/get", `{"FindingIdentifier":{"Id":"a","ProductArn":"b"},"EndTime":1e300}`, 400, findinghub.CodeInvalidInput, "EndTime"},
		{"a product nobody knows the place of", "POST", "/findings/import", strings.Replace(`{"Findings":[`+good+`]}`, "us-east-1", "", 1), 400, findinghub.CodeInvalidInput, `productArn: "arn:aws:securityhub::123456789012:product/123456789012/default"`},
		{"another account's finding", "POST", "/findings/import", strings.Replace(`{"Findings":[`+good+`]}`, `"AwsAccountId":"123456789012"`, `"AwsAccountId":"210987654321"`, 1), 403, findinghub.CodeAccessDenied, "is not authorized to perform: securityhub:BatchImportFindings on resource: arn:aws:securityhub:us-east-1:123456789012:product/123456789012/default"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := send(t, s, tt.method, tt.path, tt.body)
			if r.status != tt.status || r.code != tt.code || !strings.Contains(r.message, tt.message) {
				t.Errorf("got %d %s %q, want %d %s that says %q", r.status, r.code, r.message, tt.status, tt.code, tt.message)
			}
			wellFormed(t, r)
		})
	}
}

var uuid = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

// wellFormed checks what every answer has in common (behaviour.md section 1.5).
func wellFormed(t *testing.T, r reply) {
	t.Helper()
	if !uuid.MatchString(r.header.Get("x-amzn-RequestId")) || r.header.Get("Content-Type") != "application/json" {
		t.Errorf("got headers %v", r.header)
	}
	if r.status == http.StatusOK {
		if r.header.Get("x-amzn-ErrorType") != "" {
			t.Errorf("a success says it is a %s", r.header.Get("x-amzn-ErrorType"))
		}
		return
	}
	members := map[string]string{}
	if err := json.Unmarshal([]byte(r.body), &members); err != nil || len(members) != 2 || members["Code"] == "" || members["Message"] == "" {
		t.Errorf("got body %s", r.body)
	}
	if r.header.Get("x-amzn-ErrorType") != members["Code"] {
		t.Errorf("the header says %q, the body %q", r.header.Get("x-amzn-ErrorType"), members["Code"])
	}
}

func TestCredentialsOnTheWire(t *testing.T) {
	t.Parallel()
	s := server(t)
	hubOf := func(path string, headers ...string) string {
		r := send(t, s, "GET", path, "", headers...)
		wellFormed(t, r)
		var out struct{ HubArn string }
		_ = json.Unmarshal([]byte(r.body), &out)
		return out.HubArn + r.code
	}
	signed := "AWS4-HMAC-SHA256 Credential=111122223333/20260101/eu-west-1/securityhub/aws4_request, SignedHeaders=host, Signature=0"
	tests := []struct{ name, got, want string }{
		{"unsigned", hubOf("/accounts"), "arn:aws:securityhub:us-east-1:123456789012:hub/default"},
		{"signed", hubOf("/accounts", "Authorization", signed), "arn:aws:securityhub:eu-west-1:111122223333:hub/default"},
		{"presigned", hubOf("/accounts?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=111122223333%2F20260101%2Feu-west-1%2Fsecurityhub%2Faws4_request&X-Amz-Signature=0"), "arn:aws:securityhub:eu-west-1:111122223333:hub/default"},
		{"unreadable", hubOf("/accounts", "Authorization", "Basic abc"), "IncompleteSignatureException"},
	}
	for _, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, tt.got, tt.want)
		}
	}
	if r := send(t, s, "GET", "/accounts", "", "Authorization", "Basic abc"); r.status != http.StatusForbidden {
		t.Errorf("unreadable credentials: got %d, want 403", r.status)
	}
}

// Operations without an answer have an empty body (behaviour.md section 9), and lists
// are there when they are empty.
func TestSuccessOnTheWire(t *testing.T) {
	t.Parallel()
	s := server(t)
	tests := []struct{ name, method, path, body, want string }{
		{"enable", "POST", "/accounts", ``, ``},
		{"configure", "PATCH", "/accounts", `{"AutoEnableControls":false}`, ``},
		{"import", "POST", "/findings/import", `{"Findings":[` + good + `]}`, `{"FailedCount":0,"SuccessCount":1,"FailedFindings":[]}`},
		{"import with null beside it", "POST", "/findings/import", ` {"Findings":[` + good + `] } `, `{"FailedCount":0,"SuccessCount":1,"FailedFindings":[]}`},
		{"update", "PATCH", "/findings/batchupdate", `{"FindingIdentifiers":[{"Id":"a","ProductArn":"arn:aws:securityhub:us-east-1:123456789012:product/123456789012/default"}],"Confidence":5}`,
			`{"ProcessedFindings":[{"Id":"a","ProductArn":"arn:aws:securityhub:us-east-1:123456789012:product/123456789012/default"}],"UnprocessedFindings":[]}`},
		{"find nothing", "POST", "/findings", `{"Filters":{"Id":[{"Value":"<x>","Comparison":"EQUALS"}]}}`, `{"Findings":[]}`},
		{"no history", "POST", "/findingHistory/get", `{"FindingIdentifier":{"Id":"x","ProductArn":"y"},"StartTime":1735689600.5}`, `{"Records":[]}`},
		{"legacy update", "PATCH", "/findings", `{"Filters":{},"RecordState":"ARCHIVED","Note":null}`, ``},
		{"tag", "POST", "/tags/arn:aws:securityhub:us-east-1:123456789012:hub%2Fdefault", `{"Tags":{"a":"<b>"}}`, ``},
		{"tags", "GET", "/tags/arn%3Aaws%3Asecurityhub%3Aus-east-1%3A123456789012%3Ahub/default", ``, `{"Tags":{"a":"<b>"}}`},
		{"untag", "DELETE", "/tags/arn:aws:securityhub:us-east-1:123456789012:hub/default?tagKeys=a&tagKeys=b", ``, ``},
		{"no tags", "GET", "/tags/arn:aws:securityhub:us-east-1:123456789012:hub/default", ``, `{"Tags":{}}`},
		{"disable", "DELETE", "/accounts", ``, ``},
	}
	for _, tt := range tests {
		r := send(t, s, tt.method, tt.path, tt.body)
		if r.status != http.StatusOK || r.body != tt.want {
			t.Errorf("%s: got %d %s, want %s", tt.name, r.status, r.body, tt.want)
		}
		wellFormed(t, r)
	}
}

func TestContentEncodingIsRefused(t *testing.T) {
	t.Parallel()
	r := send(t, server(t), "POST", "/findings", `{}`, "Content-Encoding", "gzip")
	if r.status != http.StatusUnsupportedMediaType || !strings.Contains(r.message, "gzip") {
		t.Errorf("got %d %q", r.status, r.message)
	}
	wellFormed(t, r)
}

// A mistake in an operation ends the request, not the process.
func TestPanicsAreAnswered(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	h, err := hub.New(t.Context(), hub.Config{Store: panicking{memory.New()}, Dev: true})
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(New(Config{Hub: h, Logger: slog.New(slog.NewTextHandler(&log, nil))}))
	t.Cleanup(s.Close)
	r := send(t, s, "POST", "/findings", `{}`)
	if r.status != http.StatusInternalServerError || r.code != findinghub.CodeInternal || strings.Contains(r.body, "leaked") {
		t.Errorf("got %d %s", r.status, r.body)
	}
	wellFormed(t, r)
	s.Close()
	if !strings.Contains(log.String(), "leaked") || !strings.Contains(log.String(), "wire_test.go") {
		t.Errorf("the log does not tell where: %s", log.String())
	}
}

// panicking is an engine with a mistake in it.
type panicking struct{ store.Engine }

func (panicking) Find(context.Context, store.Query) (store.Page, error) { panic("leaked") }
