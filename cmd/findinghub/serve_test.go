package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// running is a hub that a test has started in its own process.
type running struct {
	url    string
	client *http.Client
	stop   context.CancelFunc
	ended  chan int
	stderr *lockedBuffer
}

// lockedBuffer is written by the hub while the test reads.
type lockedBuffer struct {
	mu      sync.Mutex
	b       bytes.Buffer
	written chan struct{} // gets a value after a write; nil for nobody
}

// waitFor returns when the text has been written.
func (l *lockedBuffer) waitFor(t *testing.T, text string) {
	t.Helper()
	for !strings.Contains(l.String(), text) {
		select {
		case <-l.written:
		case <-time.After(time.Minute):
			t.Fatalf("%q was never written, but %s", text, l)
		}
	}
}

func newLockedBuffer() *lockedBuffer { return &lockedBuffer{written: make(chan struct{}, 1)} }

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case l.written <- struct{}{}:
	default: // a reader that has not yet looked will see this write too
	}
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

var endpoint = regexp.MustCompile(`https?://(127\.0\.0\.1:\d+)`)

// startHub starts serve --dev on a free port and waits until it says where.
func startHub(t *testing.T, dir string, args ...string) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	out, in := io.Pipe()
	r := &running{stop: cancel, ended: make(chan int, 1), stderr: newLockedBuffer(), client: newHTTPClient()}
	m := &Main{
		Args:  append([]string{"serve", "--dev", "--listen", "127.0.0.1:0", "--data-dir", dir}, args...),
		Stdin: strings.NewReader(""), Stdout: in, Stderr: r.stderr, Getenv: func(string) string { return "" },
	}
	go func() {
		code := m.Run(ctx)
		in.Close()
		r.ended <- code
	}()
	r.url = readEndpoint(t, out)
	t.Cleanup(func() {
		cancel()
		r.client.CloseIdleConnections()
		if code, ok := <-r.ended; ok && code != exitOK {
			t.Errorf("the hub ended with exit code %d\n%s", code, r.stderr)
		}
	})
	return r
}

// newHTTPClient is a client of one hub. Connections that it dialled and did not use keep
// a server that drains waiting, so that they are closed when the hub is to end.
func newHTTPClient() *http.Client { return &http.Client{Transport: &http.Transport{}} }

// end stops the hub as SIGTERM does and gives its exit code.
func (r *running) end() int {
	r.stop()
	r.client.CloseIdleConnections()
	code := <-r.ended
	close(r.ended)
	return code
}

// readEndpoint reads what serve prints up to its address, and the rest in the background.
func readEndpoint(t *testing.T, out io.Reader) string {
	t.Helper()
	var said []byte
	buf := make([]byte, 4096)
	for {
		n, err := out.Read(buf)
		said = append(said, buf[:n]...)
		if url := endpoint.Find(said); url != nil {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return string(url)
		}
		if err != nil {
			t.Fatalf("the hub ended before it was ready; it said %q", said)
		}
	}
}

// post sends one operation of the API as an account.
func (r *running) post(t *testing.T, account, path, body string) (int, string) {
	t.Helper()
	status, answer, err := r.tryPost(account, path, body)
	if err != nil {
		t.Fatal(err)
	}
	return status, answer
}

func (r *running) tryPost(account, path, body string) (int, string, error) {
	return r.trySend(http.MethodPost, account, path, body)
}

func (r *running) trySend(method, account, path, body string) (int, string, error) {
	req, err := http.NewRequest(method, r.url+path, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+account+"/20260101/us-east-1/securityhub/aws4_request, SignedHeaders=host, Signature=0")
	resp, err := r.client.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(answer), err
}

func (r *running) get(t *testing.T, path string) (int, string) {
	t.Helper()
	resp, err := r.client.Get(r.url + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// manyFindings are n whole findings of one account, a line each.
func manyFindings(n int, prefix, account string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(wholeFinding(fmt.Sprintf("%s%d", prefix, i), account, "us-east-1") + "\n")
	}
	return b.String()
}

// TestRoundTrip: what import sends, serve keeps over a restart and export gives back.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	hub := startHub(t, dir)
	text := manyFindings(250, "a", alice) + manyFindings(30, "b", bob) + strings.Replace(wholeFinding("x", alice, "us-east-1"), `"Title":"t",`, "", 1)
	call{args: []string{"import", "--endpoint", hub.url, stdin}, stdin: text}.run(t).
		wants(t, exitFailed, "280 findings imported, 1 failed", "data should have required property 'Title'", "(x)")
	if code := hub.end(); code != exitOK {
		t.Fatalf("exit code %d\n%s", code, hub.stderr)
	}

	hub = startHub(t, dir)
	r := program(t, "export", "--endpoint", hub.url, "--account", alice+","+bob)
	r.wants(t, exitOK, "280 findings exported")
	seen := map[string]bool{}
	for line := range strings.Lines(r.stdout) {
		var f struct{ Id, AwsAccountId, RecordState string }
		if err := json.Unmarshal([]byte(line), &f); err != nil || f.RecordState != "ACTIVE" {
			t.Fatalf("line %q: %v", line, err)
		}
		seen[f.Id] = true
	}
	if len(seen) != 280 || !seen["a249"] || !seen["b29"] {
		t.Errorf("%d different findings came back, want 280", len(seen))
	}
	// What was exported can be imported again whole.
	call{args: []string{"import", "--endpoint", hub.url, stdin}, stdin: r.stdout}.run(t).wants(t, exitOK, "280 findings imported, 0 failed")
	program(t, "export", "--endpoint", hub.url, "--account", bob, "--severity", "LOW").wants(t, exitOK, "0 findings exported")
}

// TestHealth: what load balancers, Prometheus and our own tools ask for.
func TestHealth(t *testing.T) {
	t.Parallel()
	hub := startHub(t, t.TempDir())
	if status, body := hub.get(t, "/healthz"); status != http.StatusOK || !strings.Contains(body, `"dev":true`) {
		t.Errorf("/healthz answers %d %q", status, body)
	}
	if status, body := hub.get(t, "/readyz"); status != http.StatusOK {
		t.Errorf("/readyz answers %d %q", status, body)
	}
	hub.post(t, alice, "/findings/import", `{"Findings":[`+wholeFinding("a", alice, "us-east-1")+`]}`)
	_, metrics := hub.get(t, "/metrics")
	for _, name := range []string{
		`findinghub_requests_total{code="OK",operation="BatchImportFindings"} 1`, `findinghub_findings_total{outcome="imported"} 1`,
		"findinghub_findings_stored 1", "findinghub_commit_findings_count", "findinghub_index_bytes", "go_goroutines",
	} {
		if !strings.Contains(metrics, name) {
			t.Errorf("/metrics lacks %q", name)
		}
	}
}

// TestDoor: a hub that is starting says so in words that clients wait for.
func TestDoor(t *testing.T) {
	t.Parallel()
	d := newDoor(true)
	server := (&fakeDoor{d}).start(t)
	check := func(path string, status int, says string) {
		t.Helper()
		resp, err := http.Get(server + path)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		if resp.StatusCode != status || !strings.Contains(string(body), says) {
			t.Errorf("%s answers %d %q, want %d and %q", path, resp.StatusCode, body, status, says)
		}
		if status == http.StatusServiceUnavailable && resp.Header.Get("Retry-After") != "1" {
			t.Errorf("%s: Retry-After is %q", path, resp.Header.Get("Retry-After"))
		}
	}
	check("/healthz", http.StatusServiceUnavailable, "starting")
	check("/readyz", http.StatusServiceUnavailable, "starting")
	check("/findings", http.StatusServiceUnavailable, `"Code":"ServiceUnavailable"`)
	d.open(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hub") }))
	check("/healthz", http.StatusOK, "ok")
	check("/readyz", http.StatusOK, "hub")
	check("/findings", http.StatusOK, "hub")
}

// TestOtherSites: a web page that its reader has open cannot make the browser change a
// hub in development.
func TestOtherSites(t *testing.T) {
	t.Parallel()
	hub := startHub(t, t.TempDir())
	for origin, want := range map[string]int{
		"":                         http.StatusOK,
		"http://localhost:3000":    http.StatusOK,
		"http://127.0.0.1:4590":    http.StatusOK,
		"http://[::1]:4590":        http.StatusOK,
		"https://evil.example":     http.StatusForbidden,
		"http://127.0.0.1.evil.io": http.StatusForbidden,
		"null":                     http.StatusForbidden,
		"http://%zz":               http.StatusForbidden,
	} {
		req, err := http.NewRequest(http.MethodPost, hub.url+"/findings", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		if origin != "" {
			req.Header.Set("Origin", origin)
		}
		resp, err := hub.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("a page of %q gets %d, want %d", origin, resp.StatusCode, want)
		}
	}
}

type fakeDoor struct{ *door }

func (f *fakeDoor) start(t *testing.T) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: f.door}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { server.Close() })
	return "http://" + listener.Addr().String()
}

// TestCannotServe: what is in the way is said in one line.
func TestCannotServe(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	hub := startHub(t, dir)
	addr := strings.TrimPrefix(hub.url, "http://")
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ listen, dir, says string }{
		{addr, t.TempDir(), addr + " is in use"},
		{"127.0.0.1:0", dir, dir + " is in use by another hub"},
		{"127.0.0.1:0", file, file},
		{"127.0.0.1:0", "/proc/nothing", "/proc/nothing"},
		{"127.0.0.1:99999", t.TempDir(), "99999"},
	} {
		r := program(t, "serve", "--dev", "--listen", c.listen, "--data-dir", c.dir)
		r.wants(t, exitFailed, c.says)
		if last := lastLine(r.stderr); !strings.HasPrefix(last, "findinghub: ") || !strings.Contains(last, c.says) {
			t.Errorf("the error is not one line of its own: %q", r.stderr)
		}
	}
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

// TestStrict: the flag reaches the format and the filters (decisions 6 and 18).
func TestStrict(t *testing.T) {
	t.Parallel()
	finding := strings.Replace(wholeFinding("a", alice, "us-east-1"), `"Title":"t",`, `"Title":"t","Extra":1,`, 1)
	query := `{"Filters":{"Title":[{"Value":"t","Comparison":"CONTAINS"}]}}`
	for _, strict := range []bool{false, true} {
		hub := startHub(t, t.TempDir(), fmt.Sprintf("--strict=%t", strict))
		_, answer := hub.post(t, alice, "/findings/import", `{"Findings":[`+finding+`]}`)
		if refused := strings.Contains(answer, "additional properties"); refused != strict {
			t.Errorf("strict %t: the import answers %s", strict, answer)
		}
		if status, answer := hub.post(t, alice, "/findings", query); (status == http.StatusBadRequest) != strict {
			t.Errorf("strict %t: the search answers %d %s", strict, status, answer)
		}
	}
}

// TestRegion: the flag is the region of requests that name none.
func TestRegion(t *testing.T) {
	t.Parallel()
	hub := startHub(t, t.TempDir(), "--region", "eu-west-3")
	if _, body := hub.get(t, "/accounts"); !strings.Contains(body, "arn:aws:securityhub:eu-west-3:123456789012:hub/default") {
		t.Errorf("DescribeHub answers %s", body)
	}
}

// TestLogs: JSON on request, and never what was in a finding.
func TestLogs(t *testing.T) {
	t.Parallel()
	hub := startHub(t, t.TempDir(), "--log-format", "json", "--log-level", "DEBUG")
	hub.post(t, alice, "/findings/import", `{"Findings":[`+strings.Replace(wholeFinding("a", alice, "us-east-1"), `"Title":"t"`, `"Title":"a secret thing"`, 1)+`]}`)
	if code := hub.end(); code != exitOK {
		t.Fatalf("exit code %d", code)
	}
	ready := false
	for line := range strings.Lines(hub.stderr.String()) {
		var entry struct{ Msg string }
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Errorf("line %q: %v", line, err)
		}
		ready = ready || entry.Msg == "ready"
	}
	if !ready || strings.Contains(hub.stderr.String(), "secret") || !strings.Contains(hub.stderr.String(), "BatchImportFindings") {
		t.Errorf("the log is %s", hub.stderr)
	}
}

// TestDrain: a stop under load ends with every answered finding stored and no request
// answered with anything but success.
func TestDrain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	hub := startHub(t, dir)
	acknowledged := loadUntilStopped(t, hub, 4, func(n int) {
		if n == 20 {
			hub.stop()
		}
	})
	if code := hub.end(); code != exitOK {
		t.Fatalf("exit code %d\n%s", code, hub.stderr)
	}
	mustHold(t, dir, acknowledged)
}

// loadUntilStopped imports from several connections until the hub is gone and gives the
// ids that were acknowledged. each is told after every answer how many there were.
func loadUntilStopped(t *testing.T, hub *running, connections int, each func(n int)) map[string]bool {
	t.Helper()
	var mu sync.Mutex
	acknowledged := map[string]bool{}
	answers := 0
	var wg sync.WaitGroup
	for c := range connections {
		wg.Go(func() {
			for i := 0; ; i++ {
				id := fmt.Sprintf("c%d-%d", c, i)
				status, answer, err := hub.tryPost(alice, "/findings/import", `{"Findings":[`+wholeFinding(id, alice, "us-east-1")+`]}`)
				if err != nil {
					return // the connection is gone, hence nothing was acknowledged
				}
				if status == http.StatusServiceUnavailable {
					return
				}
				if status != http.StatusOK || !strings.Contains(answer, `"SuccessCount":1`) {
					t.Errorf("the hub answers %d %s", status, answer)
					return
				}
				mu.Lock()
				acknowledged[id] = true
				answers++
				n := answers
				mu.Unlock()
				each(n)
			}
		})
	}
	wg.Wait()
	hub.client.CloseIdleConnections()
	return acknowledged
}

// mustHold starts a hub on the directory and looks for the findings.
func mustHold(t *testing.T, dir string, ids map[string]bool) {
	t.Helper()
	hub := startHub(t, dir)
	r := program(t, "export", "--endpoint", hub.url, "--account", alice, "-q")
	r.wants(t, exitOK)
	stored := map[string]bool{}
	for line := range strings.Lines(r.stdout) {
		var f struct{ Id string }
		if err := json.Unmarshal([]byte(line), &f); err != nil {
			t.Fatal(err)
		}
		stored[f.Id] = true
	}
	for id := range ids {
		if !stored[id] {
			t.Errorf("%s was acknowledged and is not there", id)
		}
	}
	if len(ids) == 0 {
		t.Error("nothing was acknowledged; the test says nothing")
	}
	if code := hub.end(); code != exitOK {
		t.Errorf("exit code %d\n%s", code, hub.stderr)
	}
}
