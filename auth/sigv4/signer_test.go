package sigv4

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"pgregory.net/rapid"

	"github.com/findinghub/findinghub"
)

var signedAt = time.Date(2026, 1, 2, 15, 4, 5, 0, time.UTC)

const (
	testKey    = "AKIAIOSFODNN7EXAMPLE"
	testSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
)

func hashOf(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// overTheWire makes of a client's request what a server gets to see, by writing and reading it.
func overTheWire(t rapid.TB, r *http.Request, body []byte) *Request {
	t.Helper()
	r.Body = io.NopCloser(bytes.NewReader(body))
	var wire bytes.Buffer
	if err := r.Write(&wire); err != nil {
		t.Fatalf("the request cannot be written: %v", err)
	}
	got, err := http.ReadRequest(bufio.NewReader(&wire))
	if err != nil {
		t.Fatalf("the request cannot be read: %v", err)
	}
	path, query, _ := strings.Cut(got.RequestURI, "?")
	return &Request{Method: got.Method, Path: path, Query: query, Host: got.Host, Header: got.Header}
}

// clone copies a request so that a test may change it.
func (r *Request) clone() *Request {
	c := *r
	c.Header = make(map[string][]string, len(r.Header))
	for name, values := range r.Header {
		c.Header[name] = slices.Clone(values)
	}
	return &c
}

// check is what a server does with a request.
func check(r *Request, now time.Time, secret string, body []byte) error {
	s, err := Parse(r)
	if err != nil {
		return err
	}
	if err := s.CheckTime(now); err != nil {
		return err
	}
	return s.Verify(r, secret, hashOf(body))
}

// codeOf gives the code and message of an error, or fails.
func codeOf(t rapid.TB, err error) (code, message string) {
	t.Helper()
	var e *findinghub.Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want an error with a code", err)
	}
	return e.Code, e.Message
}

// sent is one request that the official signer signed.
type sent struct {
	*Request
	body     []byte
	token    string
	unsigned bool
}

// Segments of paths: as the API has them, and as bad as the SDKs may be given.
var segments = rapid.OneOf(
	rapid.SampledFrom([]string{"findings", "import", "arn:aws:securityhub:us-east-1:123456789012:hub/default", "a b", "ünï", "100%", "%41", "a+b", "~_-.", "x;y=z", "日本", "a*b", "$&,@!'()", "q?r#s"}),
	rapid.StringMatching(`[ -~]{1,12}`),
	rapid.StringN(1, 6, -1),
)

// drawURL makes an address whose path is escaped as Go does by itself, or as the SDKs do.
func drawURL(t *rapid.T) *url.URL {
	u := &url.URL{Scheme: "https", Host: rapid.SampledFrom([]string{"hub.example.com", "hub.example.com:4590", "[::1]:4590", "127.0.0.1:4590"}).Draw(t, "host")}
	strict := rapid.Bool().Draw(t, "strict")
	for _, segment := range rapid.SliceOfN(segments, 0, 4).Draw(t, "segments") {
		u.Path += "/" + segment
		if strict {
			u.RawPath += "/" + escapeAll(segment)
		}
	}
	if u.Path == "" {
		u.Path, u.RawPath = "/", ""
	}
	values := url.Values{}
	for range rapid.IntRange(0, 4).Draw(t, "parameters") {
		name := rapid.OneOf(rapid.SampledFrom([]string{"MaxResults", "a", "a-b", "A", "é", ""}), rapid.String()).Draw(t, "parameter")
		values.Add("p"+name, rapid.OneOf(rapid.SampledFrom([]string{"", "a/b", "a-b", "a b", "a+b", "a=b", "a&b;c"}), rapid.String()).Draw(t, "value"))
	}
	u.RawQuery = values.Encode()
	return u
}

// drawRequest makes a request that is not signed yet.
func drawRequest(t *rapid.T) (*http.Request, []byte) {
	body := []byte(rapid.OneOf(rapid.Just(""), rapid.StringN(0, 200, -1)).Draw(t, "body"))
	r := &http.Request{
		Method: rapid.SampledFrom([]string{"GET", "POST", "PUT", "PATCH", "DELETE"}).Draw(t, "method"),
		URL:    drawURL(t), Header: http.Header{}, ContentLength: int64(len(body)),
	}
	for range rapid.IntRange(0, 4).Draw(t, "headers") {
		name := rapid.StringMatching(`X-(Amz-)?[A-Z][a-z]{1,8}`).Draw(t, "header") + "-Test"
		r.Header.Add(name, rapid.StringMatching(`[ -~]{0,12}(  [a-z]{1,3}){0,2} ?`).Draw(t, "value"))
	}
	if rapid.Bool().Draw(t, "json") {
		r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	}
	return r, body
}

// drawSent lets the official signer sign a request in the header or in the query.
func drawSent(t *rapid.T, presigned bool) sent {
	r, body := drawRequest(t)
	s := sent{body: body, token: rapid.SampledFrom([]string{"", "FwoGZXIvYXdzEBYaD+/=token"}).Draw(t, "token")}
	hash := hashOf(body)
	switch rapid.SampledFrom([]string{"", "hash", "unsigned"}).Draw(t, "content hash") {
	case "hash":
		r.Header.Set("X-Amz-Content-Sha256", hash)
	case "unsigned":
		s.unsigned, hash = true, "UNSIGNED-PAYLOAD"
		r.Header.Set("X-Amz-Content-Sha256", hash)
	}
	keys := aws.Credentials{AccessKeyID: testKey, SecretAccessKey: testSecret, SessionToken: s.token}
	if !presigned {
		if err := v4.NewSigner().SignHTTP(context.Background(), keys, r, hash, "securityhub", "eu-west-1", signedAt); err != nil {
			t.Fatal(err)
		}
		s.Request = overTheWire(t, r, body)
		return s
	}
	r.URL.RawQuery = strings.TrimPrefix(r.URL.RawQuery+"&X-Amz-Expires=900", "&")
	signed, header, err := v4.NewSigner().PresignHTTP(context.Background(), keys, r, hash, "securityhub", "eu-west-1", signedAt)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(signed)
	if err != nil {
		t.Fatal(err)
	}
	header.Del("Host")
	s.Request = overTheWire(t, &http.Request{Method: r.Method, URL: u, Header: header, ContentLength: r.ContentLength}, body)
	return s
}

func TestOfficialSignerVerifies(t *testing.T) {
	t.Parallel()
	for name, presigned := range map[string]bool{"header": false, "query": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(rt *rapid.T) {
				want := drawSent(rt, presigned)
				s, err := Parse(want.Request)
				if err != nil {
					rt.Fatalf("%v of %+v", err, want.Request)
				}
				if s.AccessKeyID != testKey || s.Region != "eu-west-1" || s.Service != "securityhub" || !s.Time.Equal(signedAt) ||
					s.SessionToken != want.token || s.Presigned != presigned || s.Unsigned != want.unsigned || presigned && s.Expires != 15*time.Minute {
					rt.Fatalf("read %+v", s)
				}
				if err := s.CheckTime(signedAt); err != nil {
					rt.Fatal(err)
				}
				if err := s.Verify(want.Request, testSecret, hashOf(want.body)); err != nil {
					rt.Fatalf("%v of %+v", err, want.Request)
				}
			})
		})
	}
}

func TestAnotherBodyOrSecretFails(t *testing.T) {
	t.Parallel()
	for name, presigned := range map[string]bool{"header": false, "query": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(rt *rapid.T) {
				good := drawSent(rt, presigned)
				err := check(good.Request, signedAt, testSecret, append(good.body, '!'))
				if (err == nil) != good.unsigned {
					rt.Fatalf("another body: %v; unsigned: %v", err, good.unsigned)
				}
				i := rapid.IntRange(0, len(testSecret)-1).Draw(rt, "at")
				secret := testSecret[:i] + another(testSecret[i]) + testSecret[i+1:]
				code, message := codeOf(rt, check(good.Request, signedAt, secret, good.body))
				if code != "InvalidSignatureException" || !strings.HasPrefix(message, "The request signature we calculated does not match") {
					rt.Fatalf("another secret: %s: %s", code, message)
				}
			})
		})
	}
}

// What does not change the meaning of a request may change on the way.
func TestHarmlessChangesVerify(t *testing.T) {
	t.Parallel()
	r := vanilla()
	r.Header["X-Many"] = []string{"a", "b  c"}
	r.Query = "b=2&a=x%20y%2Fz&a=%41"
	signWith(t, r, testSecret, "")
	changes := map[string]func(*Request){
		"parameters in another order":   func(r *Request) { r.Query = "a=%41&b=2&a=x%20y%2Fz" },
		"a plus for a space":            func(r *Request) { r.Query = "b=2&a=x+y%2Fz&a=%41" },
		"unreserved characters escaped": func(r *Request) { r.Query = "%62=2&a=x%20y%2Fz&a=A" },
		"lower-case escapes":            func(r *Request) { r.Query = "b=2&a=x%20y%2fz&a=%41" },
		"empty parameters":              func(r *Request) { r.Query = "&b=2&&a=x%20y%2Fz&a=%41&" },
		"blanks in a header":            func(r *Request) { r.Header["X-Many"] = []string{"  a ", "\tb   c"} },
		"values of a header joined":     func(r *Request) { r.Header["X-Many"] = []string{"a,b c"} },
		"a header that is not signed":   func(r *Request) { r.Header["Via"] = []string{"proxy"} },
		"a number of Amazon's CDN":      func(r *Request) { r.Header["X-Amz-Cf-Id"] = []string{"x"} },
		"a tracing number":              func(r *Request) { r.Header["X-Amzn-Trace-Id"] = []string{"x"} },
		"commas without spaces": func(r *Request) {
			r.Header["Authorization"] = []string{strings.ReplaceAll(r.Header["Authorization"][0], ", ", ",")}
		},
		"the parts in another order": func(r *Request) {
			parts := strings.Split(strings.TrimPrefix(r.Header["Authorization"][0], algorithm+" "), ", ")
			slices.Reverse(parts)
			r.Header["Authorization"] = []string{algorithm + " " + strings.Join(parts, ",  ")}
		},
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := r.clone()
			change(c)
			if err := check(c, signedAt, testSecret, nil); err != nil {
				t.Error(err)
			}
		})
	}
}

// vanilla is a request that is not signed yet, with what every signature must cover.
func vanilla() *Request {
	return &Request{Method: "POST", Path: "/findings/import", Host: "hub.example.com", Header: map[string][]string{"X-Amz-Date": {stamp(signedAt)}}}
}

// signWith signs all headers of a request by this package's own means, for what no SDK
// would sign; where an SDK would, it is the oracle instead.
func signWith(t testing.TB, r *Request, secret, body string) {
	t.Helper()
	s := &Signature{AccessKeyID: testKey, Region: "eu-west-1", Service: "securityhub", Time: signedAt, signed: []string{"host"}}
	for name := range r.Header {
		s.signed = append(s.signed, strings.ToLower(name))
	}
	slices.Sort(s.signed)
	hash := hashOf([]byte(body))
	if said := r.Header["X-Amz-Content-Sha256"]; len(said) == 1 {
		hash = said[0]
	}
	canonical, err := s.canonical(r, hash)
	if err != nil {
		t.Fatal(err)
	}
	key := deriveKey(s, secret)
	mac := sign(key[:], s.stringToSign(canonical))
	r.Header["Authorization"] = []string{algorithm + " Credential=" + testKey + "/" + s.scope() + ", SignedHeaders=" + strings.Join(s.signed, ";") +
		", Signature=" + hex.EncodeToString(mac[:])}
}

// A length that the client signed is read off the request.
func TestSignedContentLength(t *testing.T) {
	t.Parallel()
	body := []byte(`{"Findings":[]}`)
	r, err := http.NewRequest(http.MethodPost, "https://hub.example.com/findings/import", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	keys := aws.Credentials{AccessKeyID: testKey, SecretAccessKey: testSecret}
	if err := v4.NewSigner().SignHTTP(context.Background(), keys, r, hashOf(body), "securityhub", "eu-west-1", signedAt); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(r.Header.Get("Authorization"), "SignedHeaders=content-length;host;") {
		t.Fatalf("the signer does not sign the length: %s", r.Header.Get("Authorization"))
	}
	got := overTheWire(t, r, body)
	if err := check(got, signedAt, testSecret, body); err != nil {
		t.Error(err)
	}
	got.Header["Content-Length"] = []string{strconv.Itoa(len(body) + 1)}
	if err := check(got, signedAt, testSecret, body); err == nil {
		t.Error("accepted another length")
	}
}
