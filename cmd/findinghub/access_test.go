package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// key is what a caller signs with.
type key struct{ id, secret string }

// startGuarded starts serve without --dev and gives what it printed up to its last line.
func startGuarded(t *testing.T, dir string, args ...string) (*running, string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	out := newLockedBuffer()
	r := &running{stop: cancel, ended: make(chan int, 1), stderr: newLockedBuffer(), client: newHTTPClient()}
	m := &Main{
		Args:  append([]string{"serve", "--listen", "127.0.0.1:0", "--data-dir", dir}, args...),
		Stdin: strings.NewReader(""), Stdout: out, Stderr: r.stderr, Getenv: func(string) string { return "" },
	}
	go func() { r.ended <- m.Run(ctx) }()
	out.waitFor(t, "with --endpoint-url")
	r.url = string(endpoint.Find([]byte(out.String())))
	t.Cleanup(func() {
		cancel()
		r.client.CloseIdleConnections()
		if code, ok := <-r.ended; ok && code != exitOK {
			t.Errorf("the hub ended with exit code %d\n%s", code, r.stderr)
		}
	})
	return r, out.String()
}

// call sends a signed request.
func (r *running) call(t *testing.T, k key, method, path, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequest(method, r.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	err = v4.NewSigner().SignHTTP(t.Context(), aws.Credentials{AccessKeyID: k.id, SecretAccessKey: k.secret}, req, hashOf([]byte(body)), "securityhub", "us-east-1", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	resp, err := r.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(answer)
}

var printedKey = regexp.MustCompile(`AWS_ACCESS_KEY_ID=(\S+) AWS_SECRET_ACCESS_KEY=(\S+)`)

// firstKey is the administrator's key that a first start printed.
func firstKey(t *testing.T, printed string) key {
	t.Helper()
	m := printedKey.FindStringSubmatch(printed)
	if m == nil {
		t.Fatalf("no key was printed: %s", printed)
	}
	return key{m[1], m[2]}
}

// TestFirstStart: the first start lets one administrator in and says so once; secrets are nowhere else.
func TestFirstStart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	hub, printed := startGuarded(t, dir, "--admin-account", alice)
	admin := firstKey(t, printed)
	if status, body := hub.call(t, admin, "GET", "/accounts", ""); status != http.StatusUnauthorized || !strings.Contains(body, "Account "+alice+" is not subscribed to AWS Security Hub") {
		t.Errorf("before it is enabled the hub answers %d %s", status, body)
	}
	hub.call(t, admin, "POST", "/accounts", `{}`)
	if status, body := hub.call(t, admin, "POST", "/findings/import", `{"Findings":[`+wholeFinding("a", alice, "us-east-1")+`]}`); status != http.StatusOK || !strings.Contains(body, `"SuccessCount":1`) {
		t.Errorf("importing answers %d %s", status, body)
	}
	if status, _ := hub.call(t, key{admin.id, "another-secret-than-it"}, "GET", "/accounts", ""); status != http.StatusForbidden {
		t.Errorf("a wrong secret gets %d", status)
	}
	if status, body := hub.get(t, "/accounts"); status != http.StatusForbidden || !strings.Contains(body, "Missing Authentication Token") {
		t.Errorf("no signature gets %d %s", status, body)
	}
	if status, body := hub.get(t, "/healthz"); status != http.StatusOK || !strings.Contains(body, `"dev":false`) {
		t.Errorf("/healthz answers %d %s", status, body)
	}
	if code := hub.end(); code != exitOK {
		t.Fatalf("exit code %d", code)
	}
	hub, printed = startGuarded(t, dir, "--admin-account", alice)
	if strings.Contains(printed, "SECRET") {
		t.Errorf("the second start prints %s", printed)
	}
	if status, _ := hub.call(t, admin, "GET", "/accounts", ""); status != http.StatusOK {
		t.Errorf("after a restart the key gets %d", status)
	}
	mustNotHold(t, dir, admin.secret)
	if strings.Contains(hub.stderr.String(), admin.secret) {
		t.Error("the log holds the secret")
	}
}

// mustNotHold looks for a secret in every file of a directory.
func mustNotHold(t *testing.T, dir, secret string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) < 4 {
		t.Fatalf("%v %v", files, err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), secret) {
			t.Errorf("%s holds the secret", name)
		}
		if info, err := os.Stat(name); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v, %v", name, info.Mode(), err)
		}
	}
}

// TestIdentityWhileServing: what the command line does to identities, the next request feels.
func TestIdentityWhileServing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	hub, printed := startGuarded(t, dir, "--admin-account", alice)
	hub.call(t, firstKey(t, printed), "POST", "/accounts", `{}`)
	manage := func(args ...string) string {
		t.Helper()
		r := program(t, append([]string{"identity", "--data-dir", dir}, args...)...)
		r.wants(t, exitOK)
		return r.stdout
	}
	manage("create-user", alice, "scanner")
	var made struct{ AccessKeyID, SecretAccessKey string }
	if err := json.Unmarshal([]byte(manage("create-key", alice, "scanner", "--json")), &made); err != nil || made.AccessKeyID == "" {
		t.Fatalf("%+v: %v", made, err)
	}
	scanner := key{made.AccessKeyID, made.SecretAccessKey}
	importing := func() (int, string) {
		return hub.call(t, scanner, "POST", "/findings/import", `{"Findings":[`+wholeFinding("a", alice, "us-east-1")+`]}`)
	}
	if status, body := importing(); status != http.StatusForbidden || !strings.Contains(body, "because no identity-based policy allows") {
		t.Errorf("without a policy: %d %s", status, body)
	}
	manage("attach-policy", alice, "user/scanner", "FindingProvider")
	if status, body := importing(); status != http.StatusOK {
		t.Errorf("with a policy: %d %s", status, body)
	}
	program(t, "identity", "--data-dir", dir, "explain", "--as", "arn:aws:iam::"+alice+":user/scanner", "--action", "securityhub:BatchUpdateFindings").
		wants(t, exitFailed, "Deny: securityhub:BatchUpdateFindings")
	manage("revoke-key", scanner.id)
	if status, body := importing(); status != http.StatusForbidden || !strings.Contains(body, "UnrecognizedClientException") {
		t.Errorf("after revoking: %d %s", status, body)
	}
}

// TestRecordOfCalls: calls are on record by default, not with off, and on the output with a dash.
func TestRecordOfCalls(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	hub, printed := startGuarded(t, dir)
	hub.call(t, firstKey(t, printed), "POST", "/accounts", `{}`)
	text, err := os.ReadFile(filepath.Join(dir, auditFile))
	if err != nil || !strings.Contains(string(text), `"eventName":"EnableSecurityHub"`) || !strings.Contains(string(text), `"userName":"admin"`) {
		t.Errorf("the record is %s, %v", text, err)
	}
	off := t.TempDir()
	hub, printed = startGuarded(t, off, "--audit", "off", "--aws-quotas", "--trusted-proxy", "127.0.0.0/8")
	hub.call(t, firstKey(t, printed), "POST", "/accounts", `{}`)
	if _, err := os.Stat(filepath.Join(off, auditFile)); err == nil {
		t.Error("there is a record with --audit off")
	}
	// --dev has none unless it is asked for.
	dev := t.TempDir()
	path := filepath.Join(t.TempDir(), "calls.jsonl")
	startHub(t, dev, "--audit", path).post(t, alice, "/findings", `{}`)
	if text, err := os.ReadFile(path); err != nil || !strings.Contains(string(text), `"accountId":"`+alice+`"`) {
		t.Errorf("the record is %s, %v", text, err)
	}
}

// TestCannotServeIdentities: what is wrong with identities is said in one line, before anybody is served.
func TestCannotServeIdentities(t *testing.T) {
	t.Parallel()
	bad := filepath.Join(t.TempDir(), "bad.yaml")
	if err := os.WriteFile(bad, []byte("accounts:\n  \"12\": {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		args []string
		says string
	}{
		{[]string{"--identity", bad}, "bad.yaml:2"},
		{[]string{"--identity", bad + "x"}, "no such file"},
		{[]string{"--audit", filepath.Join(bad, "x")}, "audit"},
	} {
		r := program(t, append([]string{"serve", "--listen", "127.0.0.1:0", "--data-dir", t.TempDir()}, tt.args...)...)
		r.wants(t, exitFailed, tt.says)
	}
	// Another sealing key than the one that this directory began with.
	dir := t.TempDir()
	hub, _ := startGuarded(t, dir)
	hub.end()
	if err := os.Remove(filepath.Join(dir, sealKeyFile)); err != nil {
		t.Fatal(err)
	}
	program(t, "serve", "--listen", "127.0.0.1:0", "--data-dir", dir).wants(t, exitFailed, "key")
}
