package api

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"
)

// FuzzHTTP sends anything to anywhere. Whatever it is, the answer is one of the API's own, never an
// internal error, and a refused import leaves nothing behind.
func FuzzHTTP(f *testing.F) {
	for _, op := range operations {
		if sample, ok := specimens[op.Name]; ok {
			f.Add(op.Method, op.target(sample.params), "", []byte(sample.body))
		}
	}
	f.Add("POST", "/findings/import", "AWS4-HMAC-SHA256 Credential=111122223333/d/eu-west-1/securityhub/aws4_request", []byte(`{"Findings":[`+good+`,7,null,{}]}`))
	f.Add("POST", "/findings", "", []byte(`{"NextToken":"AAAA","MaxResults":1e2,"SortCriteria":[{"Field":"SeverityLabel"}]}`))
	f.Add("POST", "/findingHistory/get", "Basic", []byte(`{"StartTime":-1e17}`))
	f.Add("GET", "/tags/%2F%00%ff", "", []byte(nil))
	f.Add("GET", "/products?MaxResults=1&NextToken=%00", "", []byte("{}"))
	f.Fuzz(func(t *testing.T, method, target, authorization string, body []byte) {
		u, err := url.ParseRequestURI(target)
		if err != nil || !slices.Contains([]string{"GET", "POST", "PATCH", "DELETE", "PUT", "HEAD", "OPTIONS"}, method) {
			return // the server refuses it before we see it
		}
		h := handlerInDev(t)
		r := httptest.NewRequest(method, "/", bytes.NewReader(body))
		r.URL = u
		if authorization != "" {
			r.Header.Set("Authorization", authorization)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		// The hub's own paths, and the token service, which speaks XML.
		if own := []string{"/healthz", "/readyz", "/metrics", "/", ""}; slices.Contains(own, u.Path) {
			return
		}
		code := w.Header().Get("x-amzn-ErrorType")
		if code != "" && statusOf(code) != w.Code || code == "" && w.Code != http.StatusOK || w.Code == http.StatusInternalServerError {
			t.Fatalf("%s %s: got %d %s: %s", method, target, w.Code, code, w.Body)
		}
		wellFormed(t, reply{status: w.Code, header: w.Header(), body: w.Body.String()})
		if code != "" {
			if left := findings.ask(h, "/findings", nil); left.body != `{"Findings":[]}` && left.status == http.StatusOK {
				t.Errorf("%s %s failed with %s and left %s", method, target, code, left.body)
			}
		}
	})
}

// findings is the operation GetFindings.
var findings = func() *operation {
	op, _ := newRouter(operations[:]).find(http.MethodPost, "/findings")
	return op
}()
