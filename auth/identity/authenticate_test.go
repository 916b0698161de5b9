package identity

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/auth"
	"github.com/findinghub/findinghub/auth/sigv4"
)

const people = `
organization: {id: o-exampleorgid, management-account: 111122223333}
accounts:
  111122223333:
    users:
      scanner:
        policies: [FindingProvider]
        permissions-boundary: AdministratorAccess
        tags: {Team: blue}
        access-keys:
        - {id: AKIAIOSFODNN7EXAMPLE, secret: wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY}
        - {id: AKIAIOSFODNN7INACTIV, secret: wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY, status: inactive}
      chief:
        policies: [AdministratorAccess]
        access-keys: [{id: AKIAIOSFODNN7EXAMPLF, secret: abcdefghijklmnopqrstuvwxyz0123456789ABCD}]
    roles:
      Developer:
        policies: [Developer]
        tags: {Team: green}
        max-session-duration: 2h
        trust-policy: {Statement: {Effect: Allow, Principal: {AWS: 111122223333}, Action: "sts:AssumeRole"}}
`

var env = Environment{SourceIP: netip.MustParseAddr("192.0.2.7"), Secure: true, UserAgent: "test/1", Now: noon}

// signed is a request as the official signer makes it.
func signed(t *testing.T, c aws.Credentials, service, region string, at time.Time) *sigv4.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://hub.example/findings", bytes.NewReader(nil))
	if err != nil {
		t.Fatal(err)
	}
	if err := v4.NewSigner().SignHTTP(context.Background(), c, r, hashOf("{}"), service, region, at); err != nil {
		t.Fatal(err)
	}
	return &sigv4.Request{Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.RawQuery, Host: r.Host, Header: r.Header}
}

func hashOf(body string) string {
	sum := sha256.Sum256([]byte(body))
	return hex.EncodeToString(sum[:])
}

func plainBody() (string, error) { return hashOf("{}"), nil }

func authenticator(t *testing.T, text string) (*Authenticator, *fixture) {
	t.Helper()
	f := newFixture(t)
	f.declare(t, text)
	a, err := NewAuthenticator(f.open(t))
	if err != nil {
		t.Fatal(err)
	}
	return a, f
}

var scannerKey = aws.Credentials{AccessKeyID: keyID, SecretAccessKey: string(testSecret)}

func TestAuthenticate(t *testing.T) {
	t.Parallel()
	a, _ := authenticator(t, people)
	p, err := a.Authenticate(signed(t, scannerKey, "securityhub", "cn-north-1", noon), auth.ServiceHub, env, plainBody)
	if err != nil {
		t.Fatal(err)
	}
	const caller = "arn:aws-cn:iam::111122223333:user/scanner"
	if p.Account != alice || p.ARN != caller || p.Region != "cn-north-1" || p.AccessKeyID != keyID || !strings.HasPrefix(p.UserID, "AIDA") || len(p.UserID) != 21 {
		t.Errorf("the caller is %+v", p)
	}
	want := map[string][]string{
		"aws:principalarn": {caller}, "aws:principalaccount": {alice}, "aws:principaltype": {"User"}, "aws:userid": {p.UserID},
		"aws:username": {"scanner"}, "aws:principaltag/team": {"blue"}, "aws:principalorgid": {"o-exampleorgid"},
		"aws:sourceip": {"192.0.2.7"}, "aws:currenttime": {"2026-03-01T12:00:00Z"}, "aws:epochtime": {"1772366400"},
		"aws:requestedregion": {"cn-north-1"}, "aws:securetransport": {"true"}, "aws:useragent": {"test/1"},
	}
	if got := map[string][]string(p.Rights.Context); !reflect.DeepEqual(got, want) {
		t.Errorf("the context is %q, want %q", got, want)
	}
	if r := p.Rights; r.Principal.ARN != caller || r.Principal.RoleARN != "" || r.Principal.Account != alice ||
		len(r.Policies.Identity) != 1 || r.Policies.Boundary == nil || r.Policies.Session != nil {
		t.Errorf("the rights are %+v", r)
	}
	// What one request adds to its context is not there in the next.
	p.Rights.Context["aws:username"] = []string{"other"}
	again, err := a.Authenticate(signed(t, scannerKey, "sts", "cn-north-1", noon), auth.ServiceSTS, env, plainBody)
	if err != nil || again.Rights.Context["aws:username"][0] != "scanner" || again.UserID != p.UserID {
		t.Errorf("the caller is %+v, %v", again, err)
	}
}

// TestAuthenticateRefuses: whatever is wrong with a key, the answer is the same; the body of
// a stranger's request is not read.
func TestAuthenticateRefuses(t *testing.T) {
	t.Parallel()
	a, _ := authenticator(t, people)
	with := func(id, secret, token string) aws.Credentials {
		return aws.Credentials{AccessKeyID: id, SecretAccessKey: secret, SessionToken: token}
	}
	cases := []struct {
		name    string
		request *sigv4.Request
		code    string
		reads   bool
	}{
		{"no such key", signed(t, with("AKIAIOSFODNN7UNKNOWN", string(testSecret), ""), "securityhub", "us-east-1", noon), auth.CodeUnrecognizedClient, false},
		{"an inactive key", signed(t, with("AKIAIOSFODNN7INACTIV", string(testSecret), ""), "securityhub", "us-east-1", noon), auth.CodeUnrecognizedClient, false},
		{"a user's key with a token", signed(t, with(keyID, string(testSecret), "token"), "securityhub", "us-east-1", noon), auth.CodeUnrecognizedClient, false},
		{"a session's key without a token", signed(t, with("ASIAIOSFODNN7EXAMPLE", "x", ""), "securityhub", "us-east-1", noon), auth.CodeUnrecognizedClient, false},
		{"a session's key with a token of somebody's", signed(t, with("ASIAIOSFODNN7EXAMPLE", "x", "FwoGZXIvYXdzEXAMPLE"), "securityhub", "us-east-1", noon), auth.CodeUnrecognizedClient, false},
		{"another service", signed(t, scannerKey, "s3", "us-east-1", noon), auth.CodeInvalidSignature, false},
		{"STS on the way of findings", signed(t, scannerKey, "sts", "us-east-1", noon), auth.CodeInvalidSignature, false},
		{"an old signature", signed(t, scannerKey, "securityhub", "us-east-1", noon.Add(-6*time.Minute)), auth.CodeInvalidSignature, false},
		{"a wrong secret", signed(t, with(keyID, "wrong", ""), "securityhub", "us-east-1", noon), auth.CodeInvalidSignature, true},
		{"no signature", &sigv4.Request{Method: "GET", Path: "/", Host: "h"}, auth.CodeMissingToken, false},
	}
	for _, c := range cases {
		read := false
		_, err := a.Authenticate(c.request, auth.ServiceHub, env, func() (string, error) { read = true; return plainBody() })
		var e *findinghub.Error
		if !errors.As(err, &e) || e.Code != c.code || read != c.reads {
			t.Errorf("%s: %v, body read: %v; want %s, %v", c.name, err, read, c.code, c.reads)
		}
		if c.code == auth.CodeUnrecognizedClient && e != nil && e.Message != "The security token included in the request is invalid." {
			t.Errorf("%s: the message is %q", c.name, e.Message)
		}
	}
	path := signed(t, scannerKey, "securityhub", "us-east-1", noon)
	path.Path = "/findings/../findings"
	_, err := a.Authenticate(path, auth.ServiceHub, env, plainBody)
	wantError(t, "a path with dots", err, auth.CodeInvalidSignature)
	tooLarge := errors.New("too large")
	if _, err := a.Authenticate(signed(t, scannerKey, "securityhub", "us-east-1", noon), auth.ServiceHub, env, func() (string, error) { return "", tooLarge }); !errors.Is(err, tooLarge) {
		t.Errorf("the body's error became %v", err)
	}
}

// TestRevocationIsSeenByTheNextRequest, whoever made it.
func TestRevocationIsSeenByTheNextRequest(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	d := f.open(t)
	a, err := NewAuthenticator(d)
	if err != nil {
		t.Fatal(err)
	}
	id, secret, _, err := d.Bootstrap(alice)
	if err != nil {
		t.Fatal(err)
	}
	try := func() error {
		r := signed(t, aws.Credentials{AccessKeyID: id, SecretAccessKey: string(secret)}, "securityhub", "us-east-1", noon)
		_, err := a.Authenticate(r, auth.ServiceHub, env, plainBody)
		return err
	}
	if err := try(); err != nil {
		t.Fatal(err)
	}
	elsewhere := f.open(t)
	status := func(to string) func(*Document) error {
		return func(doc *Document) error {
			k, _, _, err := doc.Key(id)
			if err == nil {
				k.Status = to
			}
			return err
		}
	}
	update(t, elsewhere, status(KeyInactive))
	wantError(t, "inactive", try(), auth.CodeUnrecognizedClient)
	update(t, elsewhere, status(KeyActive))
	if err := try(); err != nil {
		t.Errorf("active again: %v", err)
	}
	update(t, elsewhere, func(doc *Document) error { return doc.DeleteUser(alice, firstUser) })
	wantError(t, "deleted", try(), auth.CodeUnrecognizedClient)
}

func TestNewAuthenticatorNeedsAKey(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.TokenKey = f.TokenKey[:16]
	_, err := NewAuthenticator(f.open(t))
	wantError(t, "a short key", err, "16 bytes instead of 32")
}

// TestUniqueIDs: ids follow from kind, account and name, and from nothing else.
func TestUniqueIDs(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, of := range [][3]string{{userIDPrefix, alice, "a"}, {userIDPrefix, bob, "a"}, {userIDPrefix, alice, "b"}, {roleIDPrefix, alice, "a"}} {
		id := uniqueID(of[0], of[1], of[2])
		if seen[id[4:]] || id != uniqueID(of[0], of[1], of[2]) || len(id) != 21 {
			t.Errorf("the id of %q is %q", of, id)
		}
		seen[id[4:]] = true
	}
}

// TestSnapshotPrincipal: explain asks as a user, a session, or a role.
func TestSnapshotPrincipal(t *testing.T) {
	t.Parallel()
	a, _ := authenticator(t, people)
	s := a.directory.Snapshot()
	for arn, want := range map[string]string{
		"arn:aws:iam::111122223333:user/scanner":                  "arn:aws:iam::111122223333:user/scanner",
		"arn:aws:iam::111122223333:role/Developer":                "arn:aws:sts::111122223333:assumed-role/Developer/session",
		"arn:aws:sts::111122223333:assumed-role/Developer/jo@x.y": "arn:aws:sts::111122223333:assumed-role/Developer/jo@x.y",
	} {
		p, ok := s.Principal(arn, "us-east-1", env)
		if !ok || p.ARN != want {
			t.Errorf("%s calls as %q, %v", arn, p.ARN, ok)
		}
	}
	for _, arn := range []string{
		"", "scanner", "arn:aws:iam::111122223333:user/nobody", "arn:aws:iam::111122223333:role/scanner", "arn:aws:iam::444455556666:user/scanner",
		"arn:aws:iam::111122223333:user/path/scanner", "arn:aws:iam::111122223333:root", "arn:aws:s3::111122223333:user/scanner", "arn:aws:iam:x:111122223333:user/scanner",
	} {
		if p, ok := s.Principal(arn, "us-east-1", env); ok {
			t.Errorf("%q is %+v", arn, p)
		}
	}
}

func BenchmarkAuthenticate(b *testing.B) {
	path := filepath.Join(b.TempDir(), "declared.yaml")
	if err := os.WriteFile(path, []byte(people), 0o600); err != nil {
		b.Fatal(err)
	}
	d, err := Open(Config{DeclaredFile: path, TokenKey: make([]byte, 32), Getenv: func(string) string { return "" }})
	if err != nil {
		b.Fatal(err)
	}
	a, err := NewAuthenticator(d)
	if err != nil {
		b.Fatal(err)
	}
	r, err := http.NewRequestWithContext(b.Context(), http.MethodPost, "http://hub.example/findings", nil)
	if err != nil {
		b.Fatal(err)
	}
	if err := v4.NewSigner().SignHTTP(b.Context(), scannerKey, r, hashOf("{}"), "securityhub", "us-east-1", noon); err != nil {
		b.Fatal(err)
	}
	request := &sigv4.Request{Method: r.Method, Path: r.URL.EscapedPath(), Host: r.Host, Header: r.Header}
	for b.Loop() {
		if _, err := a.Authenticate(request, auth.ServiceHub, env, plainBody); err != nil {
			b.Fatal(err)
		}
	}
}
