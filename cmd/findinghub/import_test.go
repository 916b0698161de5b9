package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const (
	alice = "111122223333"
	bob   = "444455556666"
)

func fileWith(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "findings.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// importing runs import against a fake.
func (f *fakeHub) run(t *testing.T, stdin string, args ...string) result {
	t.Helper()
	return call{args: append(args, "--endpoint", f.URL), stdin: stdin}.run(t)
}

// wantOnce fails the test unless the fake got n findings, each once.
func (f *fakeHub) wantOnce(t *testing.T, n int) {
	t.Helper()
	ids := f.ids()
	if len(ids) != n {
		t.Errorf("the hub got %d findings, want %d", len(ids), n)
	}
	for id, times := range ids {
		if times != 1 {
			t.Errorf("the hub got %q %d times", id, times)
		}
	}
}

func TestImportShapes(t *testing.T) {
	t.Parallel()
	a, b := fakeFinding("a", alice, "us-east-1", "good"), fakeFinding("b", alice, "us-east-1", "good")
	for shape, c := range map[string]struct {
		text string
		n    int
	}{
		"one finding": {a, 1},
		"array":       {"[" + a + "," + b + "]", 2},
		"envelope":    {`{"Findings":[` + a + "," + b + `]}`, 2},
		"JSON lines":  {a + "\n" + b + "\n", 2},
		"pretty":      {strings.ReplaceAll("["+a+","+b+"]", ",", ",\n    "), 2},
		"nothing":     {"", 0},
	} {
		hub := newFakeHub(t)
		hub.run(t, "", "import", fileWith(t, c.text)).wants(t, exitOK, fmt.Sprintf("%d findings imported", c.n))
		hub.wantOnce(t, c.n)
		hub = newFakeHub(t)
		hub.run(t, c.text, "import", stdin).wants(t, exitOK)
		hub.wantOnce(t, c.n)
		if t.Failed() {
			t.Fatalf("shape: %s", shape)
		}
	}
}

// TestImportTrims: what was printed for people travels without its white space.
func TestImportTrims(t *testing.T) {
	t.Parallel()
	hub := newFakeHub(t)
	hub.run(t, strings.ReplaceAll(fakeFinding("a", alice, "us-east-1", "two  words"), ",", ",\n      "), "import", stdin).wants(t, exitOK)
	if got, want := string(hub.sent()[0].body), `{"Findings":[`+fakeFinding("a", alice, "us-east-1", "two  words")+`]}`; got != want {
		t.Errorf("the request is %s, want %s", got, want)
	}
}

// TestImportBatches: at most 100 findings and 6 MB a request (behaviour.md section 1.1),
// and the findings of an account under its own name.
func TestImportBatches(t *testing.T) {
	t.Parallel()
	hub := newFakeHub(t)
	text := ""
	for i := range 250 {
		text += fakeFinding(fmt.Sprintf("a%d", i), alice, "us-east-1", "good") + fakeFinding(fmt.Sprintf("b%d", i), bob, "eu-west-1", "good")
	}
	hub.run(t, text, "import", stdin).wants(t, exitOK, "500 findings imported", "250 in the hub of "+alice+" in us-east-1", "250 in the hub of "+bob+" in eu-west-1")
	hub.wantOnce(t, 500)
	if n := len(hub.sent()); n != 6 {
		t.Errorf("%d requests, want 6: three for each account", n)
	}
	for _, r := range hub.sent() {
		account, region, _ := strings.Cut(r.credential, "/")
		region = strings.Split(region, "/")[1]
		want := map[string]string{alice: "us-east-1", bob: "eu-west-1"}[account]
		if region != want || len(r.findings) > 100 || !strings.Contains(string(r.findings[0]), account) {
			t.Errorf("request with credential %q, %d findings, first %s", r.credential, len(r.findings), r.findings[0])
		}
	}
}

func TestImportBatchBytes(t *testing.T) {
	t.Parallel()
	hub := newFakeHub(t)
	text := ""
	for i := range 60 {
		text += fakeFinding(fmt.Sprint(i), alice, "us-east-1", strings.Repeat("x", 200<<10))
	}
	hub.run(t, text, "import", stdin).wants(t, exitOK, "60 findings imported")
	hub.wantOnce(t, 60)
	for _, r := range hub.sent() {
		if len(r.body) > 6<<20 {
			t.Errorf("a request of %d bytes, more than 6 MB", len(r.body))
		}
	}
	if n := len(hub.sent()); n != 2 {
		t.Errorf("%d requests, want 2: 12 MB fill two", n)
	}
}

func TestImportRegionFlag(t *testing.T) {
	t.Parallel()
	hub := newFakeHub(t)
	hub.run(t, fakeFinding("a", alice, "eu-west-1", "good"), "import", stdin, "--region", "ap-south-1").wants(t, exitOK)
	if c := hub.sent()[0].credential; !strings.Contains(c, "/ap-south-1/securityhub/") {
		t.Errorf("the credential is %q", c)
	}
}

func TestImportUnsigned(t *testing.T) {
	t.Parallel()
	hub := newFakeHub(t)
	hub.run(t, fakeFinding("a", alice, "eu-west-1", "good"), "import", stdin, "--no-sign-request").wants(t, exitOK)
	if c := hub.sent()[0].credential; c != "" {
		t.Errorf("the credential is %q", c)
	}
}

// TestImportRepeats: what is answered with 429 or 5xx is sent again, after a pause that
// grows and that Retry-After lengthens.
func TestImportRepeats(t *testing.T) {
	t.Parallel()
	hub := newFakeHub(t)
	hub.refuse = func(n int, _ []byte) (int, string) {
		return []int{429, 503, 500, 502, 0}[min(n, 4)], `{"Message":"later","Code":"TooManyRequestsException"}`
	}
	var waits []time.Duration
	call{args: []string{"import", stdin, "--endpoint", hub.URL}, stdin: lines(3, "a", alice), waits: &waits}.
		run(t).wants(t, exitOK, "3 findings imported, 0 failed")
	if len(waits) != 4 {
		t.Fatalf("%d pauses, want 4", len(waits))
	}
	for _, d := range waits {
		if d < 3*time.Second || d > maxPause {
			t.Errorf("a pause of %s, though Retry-After asked for 3 s", d)
		}
	}
}

func TestBackoffGrows(t *testing.T) {
	t.Parallel()
	for try := range 20 {
		low := min(maxPause, firstPause<<min(try, 10)) / 2
		for range 50 {
			if d := backoff(try, nil); d < low || d > 2*low {
				t.Fatalf("the pause after try %d is %s, want %s to %s", try, d, low, 2*low)
			}
		}
	}
}

func TestImportGivesUp(t *testing.T) {
	t.Parallel()
	hub := newFakeHub(t)
	hub.refuse = func(int, []byte) (int, string) { return http.StatusServiceUnavailable, "" }
	hub.run(t, lines(3, "a", alice), "import", stdin, "--retries", "2").wants(t, exitFailed, "the hub cannot take findings")
	if n := len(hub.sent()); n != 3 {
		t.Errorf("%d requests, want 3: one and two repetitions", n)
	}
	hub.Close()
	hub.run(t, lines(3, "a", alice), "import", stdin, "--retries", "1").wants(t, exitFailed, "cannot be reached", hub.URL)
}

// TestImportFailures: failures are counted by reason whatever the list position in the
// message, and written down one by one.
func TestImportFailures(t *testing.T) {
	t.Parallel()
	hub := newFakeHub(t)
	path := fileWith(t, lines(150, "a", alice)+fakeFinding("x", alice, "us-east-1", "bad")+fakeFinding("y", alice, "us-east-1", "bad"))
	failures := filepath.Join(t.TempDir(), "failed.jsonl")
	hub.run(t, "", "import", path, "--failures", failures).wants(t, exitFailed,
		"150 findings imported, 2 failed", "2 failed: InvalidInput: data.Resources[].Id is bad", path+":#151 (x)")
	data, err := os.ReadFile(failures)
	if err != nil {
		t.Fatal(err)
	}
	var numbers []int
	for line := range strings.Lines(string(data)) {
		var f failure
		if err := json.Unmarshal([]byte(line), &f); err != nil || f.File != path || f.Code != "InvalidInput" {
			t.Errorf("line %q: %v", line, err)
		}
		numbers = append(numbers, f.Number)
	}
	if fmt.Sprint(numbers) != "[151 152]" {
		t.Errorf("failures are %v, want 151 and 152", numbers)
	}
}

// TestImportSameIDTwice: the answer names failures by id only.
func TestImportSameIDTwice(t *testing.T) {
	t.Parallel()
	hub := newFakeHub(t)
	text := strings.Repeat(fakeFinding("same", alice, "us-east-1", "bad"), 2)
	hub.run(t, text, "import", stdin).wants(t, exitFailed, "0 findings imported, 2 failed")
}

// TestImportFindsTheGuilty: the service refuses a whole request for one product ARN
// (behaviour.md section 1.1); the other 249 findings are stored all the same.
func TestImportFindsTheGuilty(t *testing.T) {
	t.Parallel()
	for status, code := range map[int]string{400: "InvalidInputException", 403: "AccessDeniedException"} {
		hub := newFakeHub(t)
		hub.refuse = func(_ int, body []byte) (int, string) {
			if strings.Contains(string(body), "guilty") {
				return status, fmt.Sprintf(`{"Message":"no","Code":%q}`, code)
			}
			return 0, ""
		}
		text := lines(100, "a", alice) + fakeFinding("guilty", alice, "us-east-1", "good") + lines(149, "b", alice)
		hub.run(t, text, "import", stdin).wants(t, exitFailed, "249 findings imported, 1 failed", code+": no", "(guilty)")
	}
}

// TestImportAccountRefused: what concerns the caller is not looked for in the findings.
func TestImportAccountRefused(t *testing.T) {
	t.Parallel()
	hub := newFakeHub(t)
	hub.refuse = func(_ int, body []byte) (int, string) {
		if strings.Contains(string(body), bob) {
			return http.StatusUnauthorized, `{"Message":"Account is not subscribed","Code":"InvalidAccessException"}`
		}
		return 0, ""
	}
	hub.run(t, lines(10, "a", alice)+lines(10, "b", bob), "import", stdin).
		wants(t, exitFailed, "10 findings imported, 10 failed", "InvalidAccessException: Account is not subscribed")
	if n := len(hub.sent()); n != 2 {
		t.Errorf("%d requests, want 2", n)
	}
}

// TestImportBrokenFile: what is before the break and other files are sent.
func TestImportBrokenFile(t *testing.T) {
	t.Parallel()
	hub := newFakeHub(t)
	broken := fileWith(t, lines(3, "a", alice)+`{"Id":`)
	hub.run(t, "", "import", broken, fileWith(t, lines(2, "b", alice))).wants(t, exitFailed, "5 findings imported", broken+": finding 4")
	hub.wantOnce(t, 5)
}

func TestImportNotAHub(t *testing.T) {
	t.Parallel()
	hub := newFakeHub(t)
	hub.refuse = func(int, []byte) (int, string) { return http.StatusOK, "<html>" }
	hub.run(t, lines(1, "a", alice), "import", stdin).wants(t, exitFailed, "not a hub's")
	hub.refuse = func(int, []byte) (int, string) { return http.StatusOK, `{"FailedFindings":[{"Id":"other"}]}` }
	hub.run(t, lines(1, "a", alice), "import", stdin).wants(t, exitFailed, `"other"`)
	hub.refuse = func(int, []byte) (int, string) { return http.StatusBadGateway, "<html>" }
	hub.run(t, lines(1, "a", alice), "import", stdin, "--retries", "0").wants(t, exitFailed, "HTTP 502")
}

// TestImportResume: a hub that goes away in the middle, then the rest.
func TestImportResume(t *testing.T) {
	t.Parallel()
	hub := newFakeHub(t)
	path := fileWith(t, lines(450, "a", alice)+fakeFinding("x", alice, "us-east-1", "bad"))
	state := filepath.Join(t.TempDir(), "state.json")
	hub.refuse = func(n int, _ []byte) (int, string) {
		if n >= 3 {
			return http.StatusServiceUnavailable, ""
		}
		return 0, ""
	}
	args := []string{"import", path, "--resume", state, "--retries", "0", "--connections", "1"}
	hub.run(t, "", args...).wants(t, exitFailed, "300 findings imported", "cannot take findings")

	rest := newFakeHub(t)
	rest.run(t, "", args...).wants(t, exitFailed, "150 findings imported, 1 failed")
	rest.wantOnce(t, 151)

	// Nothing is left to do, and what failed has not been forgotten.
	last := newFakeHub(t)
	last.run(t, "", args...).wants(t, exitFailed, "0 findings imported, 0 failed")
	last.wantOnce(t, 0)

	// A file that has grown goes on; one that was replaced must not.
	appendTo(t, path, fakeFinding("y", alice, "us-east-1", "good"))
	last.run(t, "", args...).wants(t, exitFailed, "1 findings imported")
	if err := os.WriteFile(path, []byte(lines(500, "b", alice)), 0o600); err != nil {
		t.Fatal(err)
	}
	last.run(t, "", args...).wants(t, exitUsage, "not the file that the import began with")
}

func appendTo(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

func TestImportResumeOfStdin(t *testing.T) {
	t.Parallel()
	hub := newFakeHub(t)
	state := filepath.Join(t.TempDir(), "state.json")
	hub.run(t, lines(10, "a", alice), "import", stdin, "--resume", state).wants(t, exitOK, "10 findings imported")
	hub.run(t, lines(12, "a", alice), "import", stdin, "--resume", state).wants(t, exitOK, "2 findings imported")
	hub.wantOnce(t, 12)
}

func TestImportStateOfAnotherKind(t *testing.T) {
	t.Parallel()
	hub := newFakeHub(t)
	for _, text := range []string{"{}", "[]", "nonsense", `{"version":2,"files":{}}`} {
		hub.run(t, "", "import", stdin, "--resume", fileWith(t, text)).wants(t, exitUsage, "not a state file")
	}
}

// TestImportCannotWrite: files that cannot be written are found out before the import or,
// where they fill up, said after it.
func TestImportCannotWrite(t *testing.T) {
	t.Parallel()
	hub := newFakeHub(t)
	nowhere := filepath.Join(t.TempDir(), "none", "file")
	hub.run(t, lines(1, "a", alice), "import", stdin, "--resume", nowhere).wants(t, exitUsage, "none")
	hub.run(t, lines(1, "a", alice), "import", stdin, "--failures", nowhere).wants(t, exitUsage, "none")
	hub.wantOnce(t, 0)
	text := lines(1, "a", alice) + fakeFinding("x", alice, "us-east-1", "bad")
	hub.run(t, text, "import", stdin, "--failures", "/dev/full").wants(t, exitFailed, "1 findings imported, 1 failed", "/dev/full")
}

// TestReasonsAreBounded: a file in which every finding fails for another reason does not
// fill the memory with reasons.
func TestReasonsAreBounded(t *testing.T) {
	t.Parallel()
	l := newLedger(nil)
	s := &source{name: "a"}
	for i := range maxReasons + 500 {
		l.settle(&batch{items: []item{{source: s, index: i}}}, map[int]failure{0: {Code: "c", Message: strings.Repeat("x", i)}})
	}
	if len(l.reasons) > maxReasons+1 || l.reasons["other reasons"].count != 500 {
		t.Errorf("%d reasons, %+v", len(l.reasons), l.reasons["other reasons"])
	}
}

// TestReport: the most frequent reason comes first, hubs in order.
func TestReport(t *testing.T) {
	t.Parallel()
	l := newLedger(nil)
	s := &source{name: "file"}
	settle := func(as caller, index int, message string) {
		failures := map[int]failure{}
		if message != "" {
			failures[0] = failure{Code: "C", Message: message}
		}
		l.settle(&batch{as: as, items: []item{{source: s, index: index, id: fmt.Sprint("id", index)}}}, failures)
	}
	settle(caller{bob, "us-east-1"}, 0, "")
	settle(caller{alice, "us-east-1"}, 1, "")
	settle(caller{alice, "eu-west-1"}, 2, "")
	settle(caller{"", "eu-west-1"}, 3, "")
	settle(caller{alice, "eu-west-1"}, 4, "seldom")
	settle(caller{alice, "eu-west-1"}, 5, "data.Resources[3] is bad")
	settle(caller{alice, "eu-west-1"}, 6, "data.Resources[4] is bad")
	var b strings.Builder
	l.report(&b)
	want := `  1 in the hub of the caller's account in eu-west-1
  1 in the hub of 111122223333 in eu-west-1
  1 in the hub of 111122223333 in us-east-1
  1 in the hub of 444455556666 in us-east-1
  2 failed: C: data.Resources[] is bad
    first: file:#6 (id5)
  1 failed: C: seldom
    first: file:#5 (id4)
`
	if b.String() != want {
		t.Errorf("the report is\n%s\nwant\n%s", b.String(), want)
	}
}

// TestImportQuiet: nothing is said of success.
func TestImportQuiet(t *testing.T) {
	t.Parallel()
	hub := newFakeHub(t)
	if r := hub.run(t, lines(1, "a", alice), "import", "-q", stdin); r.code != exitOK || r.stdout+r.stderr != "" {
		t.Errorf("exit code %d, output %q %q", r.code, r.stdout, r.stderr)
	}
	hub.run(t, fakeFinding("x", alice, "us-east-1", "bad"), "import", "-q", stdin).wants(t, exitFailed, "1 failed")
}
