package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/auth"
	"github.com/findinghub/findinghub/auth/identity"
	"github.com/findinghub/findinghub/hub"
	"github.com/findinghub/findinghub/quota"
	"github.com/findinghub/findinghub/store/memory"
)

// fixedRand is randomness enough for tests, and the same in every run.
type fixedRand struct{ n byte }

func (r *fixedRand) Read(p []byte) (int, error) {
	for i := range p {
		r.n = r.n*109 + 89
		p[i] = r.n
	}
	return len(p), nil
}

// guarded is a hub that checks signatures.
type guarded struct {
	*httptest.Server
	file string // of the identities
	hub  *hub.Hub
}

// identities of most tests: an account with users of several rights, another account, and a role.
const identities = `
accounts:
  "123456789012":
    users:
      admin: {policies: [AdministratorAccess], access-keys: [{id: AKIAADMIN00000000001, secret: a-secret-of-a-test}]}
      reader: {policies: [AWSSecurityHubReadOnlyAccess], access-keys: [{id: AKIAREADER0000000001, secret: a-secret-of-a-test}]}
      nobody: {access-keys: [{id: AKIANOBODY0000000001, secret: a-secret-of-a-test}]}
      denied:
        policies: [AdministratorAccess]
        inline-policies: {No: {Version: "2012-10-17", Statement: {Effect: Deny, Action: "securityhub:*", Resource: "*"}}}
        access-keys: [{id: AKIADENIED0000000001, secret: a-secret-of-a-test}]
      gone: {policies: [AdministratorAccess], access-keys: [{id: AKIAGONE000000000001, secret: a-secret-of-a-test, status: inactive}]}
      office:
        inline-policies: {Office: {Version: "2012-10-17", Statement: {Effect: Allow, Action: "securityhub:*", Resource: "*", Condition: {IpAddress: {"aws:SourceIp": 198.51.100.0/24}, Bool: {"aws:SecureTransport": "true"}}}}}
        access-keys: [{id: AKIAOFFICE0000000001, secret: a-secret-of-a-test}]
    roles:
      Developer:
        policies: [Developer]
        trust-policy: {Version: "2012-10-17", Statement: {Effect: Allow, Principal: {AWS: "123456789012"}, Action: "sts:AssumeRole"}}
  "210987654321":
    users:
      admin: {policies: [AdministratorAccess], access-keys: [{id: AKIAOTHER00000000001, secret: a-secret-of-a-test}]}
`

// The keys of identities.
const (
	adminKey  = "AKIAADMIN00000000001"
	readerKey = "AKIAREADER0000000001"
	nobodyKey = "AKIANOBODY0000000001"
	deniedKey = "AKIADENIED0000000001"
	goneKey   = "AKIAGONE000000000001"
	officeKey = "AKIAOFFICE0000000001"
	otherKey  = "AKIAOTHER00000000001"
)

// newGuarded starts a hub with identities in a file.
func newGuarded(t testing.TB, document string, change ...func(*Config)) *guarded {
	t.Helper()
	file := filepath.Join(t.TempDir(), "identity.yaml")
	if err := os.WriteFile(file, []byte(document), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := identity.Open(identity.Config{
		DeclaredFile: file, TokenKey: make([]byte, 32), Random: &fixedRand{}, Now: time.Now, Getenv: func(string) string { return "" },
	})
	if err != nil {
		t.Fatal(err)
	}
	a, err := identity.NewAuthenticator(d)
	if err != nil {
		t.Fatal(err)
	}
	h, err := hub.New(t.Context(), hub.Config{Store: memory.New(), Organizations: func(account string) *auth.Organization { return d.Snapshot().Organization(account) }})
	if err != nil {
		t.Fatal(err)
	}
	c := Config{Hub: h, Identity: a}
	for _, f := range change {
		f(&c)
	}
	g := &guarded{Server: httptest.NewServer(New(c)), file: file, hub: h}
	t.Cleanup(g.Close)
	return g
}

// signature is what a request is signed with.
type signature struct {
	key, secret, token string
	service, region    string
	at                 time.Time
}

// by is a good signature of a key for the hub in us-east-1.
func by(key string) signature {
	return signature{key: key, secret: "a-secret-of-a-test", service: "securityhub", region: "us-east-1", at: time.Now()}
}

// request makes a signed request; no key, no signature.
func (g *guarded) request(t testing.TB, s signature, method, path, body string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, g.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if s.key == "" {
		return req
	}
	sum := sha256.Sum256([]byte(body))
	err = v4.NewSigner().SignHTTP(t.Context(), aws.Credentials{AccessKeyID: s.key, SecretAccessKey: s.secret, SessionToken: s.token}, req, hex.EncodeToString(sum[:]), s.service, s.region, s.at)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

// send sends a signed request.
func (g *guarded) send(t testing.TB, s signature, method, path, body string) reply {
	t.Helper()
	return g.do(t, g.request(t, s, method, path, body))
}

func (g *guarded) do(t testing.TB, req *http.Request) reply {
	t.Helper()
	resp, err := g.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return read(resp.StatusCode, resp.Header, text)
}

// read takes an answer apart, whether it is the hub's or the token service's.
func read(status int, header http.Header, body []byte) reply {
	r := reply{status: status, header: header, body: string(body)}
	var e struct {
		Code    string `xml:"Error>Code"`
		Message string `xml:"Error>Message"`
	}
	if xml.Unmarshal(body, &e) == nil {
		r.code, r.message = e.Code, e.Message
	}
	if r.code == "" {
		r.code, r.message = codeOf(body)
	}
	return r
}

// Who does not sign, or not well, is told so in the service's codes, and learns no more.
func TestSignaturesOnTheWire(t *testing.T) {
	t.Parallel()
	g := newGuarded(t, identities)
	wrong := func(change func(*signature)) signature {
		s := by(adminKey)
		change(&s)
		return s
	}
	tests := []struct {
		name       string
		s          signature
		status     int
		code, says string
	}{
		{"a good one", by(adminKey), 401, findinghub.CodeInvalidAccess, "Account 123456789012 is not subscribed to AWS Security Hub"},
		{"none", signature{}, 403, auth.CodeMissingToken, "Missing Authentication Token"},
		{"a wrong secret", wrong(func(s *signature) { s.secret = "Secret" }), 403, auth.CodeInvalidSignature, "The request signature we calculated does not match"},
		{"an unknown key", by("AKIAUNKNOWN000000001"), 403, auth.CodeUnrecognizedClient, "The security token included in the request is invalid"},
		{"an inactive key", by(goneKey), 403, auth.CodeUnrecognizedClient, "The security token included in the request is invalid"},
		{"a token that nobody gave out", wrong(func(s *signature) { s.token = "token" }), 403, auth.CodeUnrecognizedClient, "security token"},
		{"an old one", wrong(func(s *signature) { s.at = s.at.Add(-6 * time.Minute) }), 403, auth.CodeInvalidSignature, "Signature expired"},
		{"one of the future", wrong(func(s *signature) { s.at = s.at.Add(6 * time.Minute) }), 403, auth.CodeInvalidSignature, "Signature not yet current"},
		{"a clock that is a little late", wrong(func(s *signature) { s.at = s.at.Add(-4 * time.Minute) }), 401, findinghub.CodeInvalidAccess, ""},
		{"another service", wrong(func(s *signature) { s.service = "s3" }), 403, auth.CodeInvalidSignature, "securityhub"},
		{"a user without policies", by(nobodyKey), 403, findinghub.CodeAccessDenied, "User: arn:aws:iam::123456789012:user/nobody is not authorized to perform: securityhub:GetFindings on resource: arn:aws:securityhub:us-east-1:123456789012:hub/default because no identity-based policy allows the securityhub:GetFindings action"},
		{"an explicit deny", by(deniedKey), 403, findinghub.CodeAccessDenied, "with an explicit deny in an identity-based policy"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := g.send(t, tt.s, "POST", "/findings", `{}`)
			if r.status != tt.status || r.code != tt.code || !strings.Contains(r.message, tt.says) {
				t.Errorf("got %d %s %q, want %d %s that says %q", r.status, r.code, r.message, tt.status, tt.code, tt.says)
			}
			wellFormed(t, r)
		})
	}
}

// What was signed is what is done: nothing of a request can be changed on its way.
func TestRequestsCannotBeChanged(t *testing.T) {
	t.Parallel()
	g := newGuarded(t, identities)
	g.mustSend(t, by(adminKey), "POST", "/accounts", `{}`)
	tests := []struct {
		name   string
		change func(*http.Request)
		code   string
	}{
		{"another body", func(r *http.Request) {
			r.Body = io.NopCloser(strings.NewReader(`{"MaxResults":1}`))
			r.ContentLength = 16
		}, auth.CodeInvalidSignature},
		{"another operation with the same body", func(r *http.Request) { r.URL.Path = "/findings/import" }, auth.CodeInvalidSignature},
		{"another method", func(r *http.Request) { r.Method = "PATCH" }, auth.CodeInvalidSignature},
		{"a query", func(r *http.Request) { r.URL.RawQuery = "x=1" }, auth.CodeInvalidSignature},
		{"the same path with an empty segment", func(r *http.Request) { r.URL.Path = "//findings" }, ""},
		{"the same path by way of another", func(r *http.Request) { r.URL.Opaque = "/accounts/../findings" }, ""},
		{"another host", func(r *http.Request) { r.Host = "elsewhere" }, auth.CodeInvalidSignature},
		{"a header of the service that was not signed", func(r *http.Request) { r.Header.Set("X-Amz-Security-Token", "t") }, auth.CodeIncompleteSignature},
		{"two signatures", func(r *http.Request) { r.Header.Add("Authorization", r.Header.Get("Authorization")) }, auth.CodeIncompleteSignature},
		{"nothing", func(*http.Request) {}, "OK"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := g.request(t, by(adminKey), "POST", "/findings", `{}`)
			tt.change(req)
			r := g.do(t, req)
			switch {
			case tt.code == "OK" && r.status != http.StatusOK, tt.code != "OK" && r.status == http.StatusOK:
				t.Errorf("got %d %s", r.status, r.body)
			case tt.code != "" && tt.code != "OK" && r.code != tt.code:
				t.Errorf("got %d %s %q, want %s", r.status, r.code, r.message, tt.code)
			}
		})
	}
}

func (g *guarded) mustSend(t testing.TB, s signature, method, path, body string) reply {
	t.Helper()
	r := g.send(t, s, method, path, body)
	if r.status != http.StatusOK {
		t.Fatalf("%s %s: got %d %s", method, path, r.status, r.body)
	}
	return r
}

// A body that is not signed is taken where it cannot be changed on the way: over TLS, and on this machine.
func TestUnsignedBodies(t *testing.T) {
	t.Parallel()
	g := newGuarded(t, identities, func(c *Config) { c.TrustedProxies = loopback })
	g.mustSend(t, by(adminKey), "POST", "/accounts", `{}`)
	for _, tt := range []struct{ name, forwarded, proto, code string }{
		{"on this machine", "", "", ""},
		{"over TLS", "203.0.113.9", "https", ""},
		{"over a network without TLS", "203.0.113.9", "http", auth.CodeInvalidSignature},
	} {
		req := g.request(t, signature{}, "POST", "/findings", `{"MaxResults":1}`)
		req.Header.Set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")
		if err := v4.NewSigner().SignHTTP(t.Context(), aws.Credentials{AccessKeyID: adminKey, SecretAccessKey: "a-secret-of-a-test"}, req, "UNSIGNED-PAYLOAD", "securityhub", "us-east-1", time.Now()); err != nil {
			t.Fatal(err)
		}
		if tt.forwarded != "" {
			req.Header.Set("X-Forwarded-For", tt.forwarded)
			req.Header.Set("X-Forwarded-Proto", tt.proto)
		}
		if r := g.do(t, req); r.code != tt.code {
			t.Errorf("%s: got %d %s %q, want %q", tt.name, r.status, r.code, r.message, tt.code)
		}
	}
}

// A presigned request is good for a GET in a browser, until it is not.
func TestPresignedRequests(t *testing.T) {
	t.Parallel()
	g := newGuarded(t, identities)
	g.mustSend(t, by(adminKey), "POST", "/accounts", `{}`)
	presign := func(secret string, expires int, at time.Time) string {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, fmt.Sprintf("%s/products?MaxResults=3&X-Amz-Expires=%d", g.URL, expires), http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(nil)
		signed, _, err := v4.NewSigner().PresignHTTP(t.Context(), aws.Credentials{AccessKeyID: adminKey, SecretAccessKey: secret}, req, hex.EncodeToString(sum[:]), "securityhub", "us-east-1", at)
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimPrefix(signed, g.URL)
	}
	for _, tt := range []struct {
		name, path string
		code       string
	}{
		{"a good one", presign("a-secret-of-a-test", 600, time.Now().Add(-9*time.Minute)), ""},
		{"one that has expired", presign("a-secret-of-a-test", 600, time.Now().Add(-11*time.Minute)), auth.CodeInvalidSignature},
		{"a wrong secret", presign("Secret", 600, time.Now()), auth.CodeInvalidSignature},
		{"one for eight days", presign("a-secret-of-a-test", 8*24*3600, time.Now()), auth.CodeIncompleteSignature},
		{"another size of page", strings.Replace(presign("a-secret-of-a-test", 600, time.Now()), "MaxResults=3", "MaxResults=4", 1), auth.CodeInvalidSignature},
	} {
		if r := g.send(t, signature{}, "GET", tt.path, ""); r.code != tt.code || (r.status == http.StatusOK) != (tt.code == "") {
			t.Errorf("%s: got %d %s %q, want %q", tt.name, r.status, r.code, r.message, tt.code)
		}
	}
}

// A key that is revoked in the file is refused by the next request; a file that is bad changes nothing.
func TestRevocationIsImmediate(t *testing.T) {
	t.Parallel()
	g := newGuarded(t, identities)
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(g.file+".new", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(g.file+".new", g.file); err != nil {
			t.Fatal(err)
		}
	}
	g.mustSend(t, by(adminKey), "POST", "/accounts", `{}`)
	write("accounts: [")
	g.mustSend(t, by(adminKey), "POST", "/findings", `{}`)
	write(strings.Replace(identities, "AKIAADMIN00000000001, secret: a-secret-of-a-test", "AKIAADMIN00000000001, secret: a-secret-of-a-test, status: inactive", 1))
	if r := g.send(t, by(adminKey), "POST", "/findings", `{}`); r.code != auth.CodeUnrecognizedClient {
		t.Errorf("got %d %s", r.status, r.code)
	}
}

// Where a request comes from counts, and only a trusted proxy's word on it.
func TestSourceConditions(t *testing.T) {
	t.Parallel()
	from := func(g *guarded, forwarded, proto string) reply {
		req := g.request(t, by(officeKey), "POST", "/findings", `{}`)
		req.Header.Set("X-Forwarded-For", forwarded)
		req.Header.Set("X-Forwarded-Proto", proto)
		return g.do(t, req)
	}
	open, proxied := newGuarded(t, identities), newGuarded(t, identities, func(c *Config) { c.TrustedProxies = loopback })
	for _, tt := range []struct {
		name             string
		g                *guarded
		forwarded, proto string
		want             string
	}{
		{"the office, by way of the proxy", proxied, "198.51.100.9", "https", findinghub.CodeInvalidAccess}, // allowed; the hub is off
		{"the office, without TLS", proxied, "198.51.100.9", "http", findinghub.CodeAccessDenied},
		{"elsewhere", proxied, "203.0.113.9", "https", findinghub.CodeAccessDenied},
		{"nobody's proxy", open, "198.51.100.9", "https", findinghub.CodeAccessDenied},
	} {
		if r := from(tt.g, tt.forwarded, tt.proto); r.code != tt.want {
			t.Errorf("%s: got %s %q, want %s", tt.name, r.code, r.message, tt.want)
		}
	}
}

// With quotas a caller who asks too often is told to slow down, after it is known who calls and for this
// operation alone (behaviour.md section 8).
func TestQuotasOnTheWire(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	g := newGuarded(t, identities, func(c *Config) { c.Quotas = quota.New(quota.Config{Now: func() time.Time { return at }}) })
	g.mustSend(t, by(adminKey), "POST", "/accounts", `{}`)
	for range 6 {
		g.mustSend(t, by(adminKey), "POST", "/findings", `{}`)
	}
	r := g.send(t, by(adminKey), "POST", "/findings", `{}`)
	if r.status != http.StatusTooManyRequests || r.code != "TooManyRequestsException" || r.message != "Too Many Requests" {
		t.Errorf("got %d %s %q", r.status, r.code, r.message)
	}
	g.mustSend(t, by(adminKey), "GET", "/accounts", ``)
	other := by(adminKey)
	other.region = "eu-west-1"
	if r := g.send(t, other, "POST", "/findings", `{}`); r.code != findinghub.CodeInvalidAccess {
		t.Errorf("another region: got %s", r.code)
	}
	if r := g.send(t, by("AKIAUNKNOWN000000001"), "POST", "/findings", `{}`); r.code != auth.CodeUnrecognizedClient {
		t.Errorf("a stranger: got %s", r.code)
	}
}

// A stranger cannot make the hub read a large body.
func TestStrangersBodiesAreNotRead(t *testing.T) {
	t.Parallel()
	g := newGuarded(t, identities)
	h := g.Config.Handler
	body := &counting{Reader: bytes.NewReader(make([]byte, 6<<20))}
	req := g.request(t, by("AKIAUNKNOWN000000001"), "POST", "/findings/import", "")
	in := httptest.NewRequest(http.MethodPost, "/findings/import", body)
	in.Header, in.Host = req.Header, req.Host
	w := httptest.NewRecorder()
	h.ServeHTTP(w, in)
	if w.Code != http.StatusForbidden || body.n != 0 {
		t.Errorf("got %d after reading %d bytes", w.Code, body.n)
	}
}

type counting struct {
	io.Reader
	n int
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += n
	return n, err
}

// sts sends a form to the token service.
func (g *guarded) sts(t testing.TB, s signature, form url.Values) reply {
	t.Helper()
	s.service = "sts"
	form.Set("Version", "2011-06-15")
	return g.send(t, s, "POST", "/", form.Encode())
}
