package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// threePages is a hub with five findings.
func threePages(t *testing.T) *fakeHub {
	hub := newFakeHub(t)
	hub.pages = []string{
		`{"Findings":[{"Id":"a"},{"Id":"b"}],"NextToken":"one\"2"}`,
		`{"NextToken":"three","Findings":[{"Id":"c"},{"Id":"d"}]}`,
		`{"Findings":[{"Id":"e"}]}`,
	}
	return hub
}

func TestExportPages(t *testing.T) {
	t.Parallel()
	hub := threePages(t)
	r := hub.run(t, "", "export")
	r.wants(t, exitOK, "5 findings exported")
	if want := `{"Id":"a"}` + "\n" + `{"Id":"b"}` + "\n" + `{"Id":"c"}` + "\n" + `{"Id":"d"}` + "\n" + `{"Id":"e"}` + "\n"; r.stdout != want {
		t.Errorf("the export is %q, want %q", r.stdout, want)
	}
	var tokens []string
	for _, s := range hub.sent() {
		var body struct{ NextToken string }
		if err := json.Unmarshal(s.body, &body); err != nil {
			t.Fatal(err)
		}
		tokens = append(tokens, body.NextToken)
	}
	if fmt.Sprint(tokens) != `[ one"2 three]` {
		t.Errorf("the tokens were %q", tokens)
	}
}

func TestExportArray(t *testing.T) {
	t.Parallel()
	for n, hub := range map[int]*fakeHub{5: threePages(t), 0: newFakeHub(t)} {
		if n == 0 {
			hub.pages = []string{`{"Findings":[]}`}
		}
		r := hub.run(t, "", "export", "--format", "json", "-q")
		var findings []struct{ Id string }
		if err := json.Unmarshal([]byte(r.stdout), &findings); err != nil || len(findings) != n {
			t.Errorf("%q has %d findings, want %d: %v", r.stdout, len(findings), n, err)
		}
		if r.stderr != "" || r.code != exitOK {
			t.Errorf("exit code %d, errors %q", r.code, r.stderr)
		}
	}
}

// TestExportIncomplete: nothing that is not whole can be taken for an export.
func TestExportIncomplete(t *testing.T) {
	t.Parallel()
	breaks := map[string]func(hub *fakeHub){
		"refused": func(hub *fakeHub) {
			hub.refuse = onSecond(http.StatusForbidden, `{"Message":"no","Code":"AccessDeniedException"}`)
		},
		"lost":      func(hub *fakeHub) { hub.refuse = onSecond(http.StatusServiceUnavailable, "") },
		"truncated": func(hub *fakeHub) { hub.pages[1] = `{"Findings":[{"Id":"c"},{"Id":` },
		"unclosed":  func(hub *fakeHub) { hub.pages[1] = `{"Findings":[{"Id":"c"}]` },
		"nonsense":  func(hub *fakeHub) { hub.pages[1] = "<html>" },
		"no list":   func(hub *fakeHub) { hub.pages[1] = `{"Findings":{}}` },
	}
	for name, broken := range breaks {
		hub := threePages(t)
		broken(hub)
		r := hub.run(t, "", "export", "--retries", "1", "--format", "json")
		r.wants(t, exitFailed, "the export is not complete")
		if json.Valid([]byte(r.stdout)) && r.stdout != "" {
			t.Errorf("%s: a part of an export is a whole array: %q", name, r.stdout)
		}
		out := filepath.Join(t.TempDir(), "out.jsonl")
		if err := os.WriteFile(out, []byte("old\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		hub = threePages(t)
		broken(hub)
		hub.run(t, "", "export", "--retries", "1", "-o", out).wants(t, exitFailed, "the export is not complete")
		if data, _ := os.ReadFile(out); string(data) != "old\n" {
			t.Errorf("%s: the file is now %q", name, data)
		}
		if left, _ := filepath.Glob(out + "?*"); len(left) > 0 {
			t.Errorf("%s: left behind: %q", name, left)
		}
	}
}

// onSecond refuses every request but the first.
func onSecond(status int, answer string) func(int, []byte) (int, string) {
	return func(n int, _ []byte) (int, string) {
		if n > 0 {
			return status, answer
		}
		return 0, ""
	}
}

// TestExportToFullDisk: what could not be written is no success.
func TestExportToFullDisk(t *testing.T) {
	t.Parallel()
	hub := threePages(t)
	m, _, stderr := call{args: []string{"export", "--endpoint", hub.URL}}.main()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	m.Stdout = full
	if code := m.Run(t.Context()); code != exitFailed || !strings.Contains(stderr.String(), "not complete") {
		t.Errorf("exit code %d, errors %q", code, stderr)
	}
	// A name that is taken by a directory is only found out at the end.
	dir := filepath.Join(t.TempDir(), "taken")
	if err := os.MkdirAll(filepath.Join(dir, "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	threePages(t).run(t, "", "export", "-o", dir).wants(t, exitFailed, "taken")
	if left, _ := filepath.Glob(dir + ".partial*"); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

func TestExportToFile(t *testing.T) {
	t.Parallel()
	out := filepath.Join(t.TempDir(), "out.jsonl")
	r := threePages(t).run(t, "", "export", "-o", out)
	r.wants(t, exitOK, "5 findings exported")
	data, err := os.ReadFile(out)
	if err != nil || strings.Count(string(data), "\n") != 5 || r.stdout != "" {
		t.Errorf("the file is %q, standard output %q, error %v", data, r.stdout, err)
	}
}

// TestExportQuery: what the flags become on the wire.
func TestExportQuery(t *testing.T) {
	t.Parallel()
	file := fileWith(t, `{"Title":[{"Value":"x","Comparison":"PREFIX"}]}`)
	cases := []struct {
		args []string
		want string
	}{
		{nil, `{"MaxResults":100}`},
		{[]string{"--severity", "HIGH,CRITICAL"}, `{"Filters":{"SeverityLabel":[{"Value":"HIGH","Comparison":"EQUALS"},{"Value":"CRITICAL","Comparison":"EQUALS"}]},"MaxResults":100}`},
		{[]string{"--record-state", "ACTIVE", "--workflow-status", "NEW"}, `{"Filters":{"RecordState":[{"Value":"ACTIVE","Comparison":"EQUALS"}],"WorkflowStatus":[{"Value":"NEW","Comparison":"EQUALS"}]},"MaxResults":100}`},
		{[]string{"--compliance-status", "FAILED", "--product", "Prowler"}, `{"Filters":{"ComplianceStatus":[{"Value":"FAILED","Comparison":"EQUALS"}],"ProductName":[{"Value":"Prowler","Comparison":"EQUALS"}]},"MaxResults":100}`},
		{[]string{"--type", "TTPs/", "--resource", "r"}, `{"Filters":{"ResourceId":[{"Value":"r","Comparison":"EQUALS"}],"Type":[{"Value":"TTPs/","Comparison":"PREFIX"}]},"MaxResults":100}`},
		{[]string{"--updated-within", "7"}, `{"Filters":{"UpdatedAt":[{"DateRange":{"Value":7,"Unit":"DAYS"}}]},"MaxResults":100}`},
		{[]string{"--filters", "@" + file, "--product", "x"}, `{"Filters":{"ProductName":[{"Value":"x","Comparison":"EQUALS"}],"Title":[{"Value":"x","Comparison":"PREFIX"}]},"MaxResults":100}`},
		{[]string{"--sort", "SeverityLabel:desc", "--sort", "Title"}, `{"SortCriteria":[{"Field":"SeverityLabel","SortOrder":"desc"},{"Field":"Title","SortOrder":"asc"}],"MaxResults":100}`},
	}
	for _, c := range cases {
		hub := newFakeHub(t)
		hub.pages = []string{`{"Findings":[]}`}
		hub.run(t, "", append([]string{"export"}, c.args...)...).wants(t, exitOK)
		if got := string(hub.sent()[0].body); got != c.want {
			t.Errorf("%q asks\n%s, want\n%s", c.args, got, c.want)
		}
	}
	for _, args := range [][]string{
		{"--filters", `{"SeverityLabel":[]}`, "--severity", "LOW"},
		{"--filters", `{"UpdatedAt":[]}`, "--updated-within", "1"},
	} {
		hub := newFakeHub(t)
		hub.run(t, "", append([]string{"export"}, args...)...).wants(t, exitUsage, "both filter by")
	}
}

// TestExportHubs: a hub in development keeps accounts and regions apart, so each is asked.
func TestExportHubs(t *testing.T) {
	t.Parallel()
	hub := newFakeHub(t)
	hub.pages = []string{`{"Findings":[{"Id":"a"}]}`}
	hub.run(t, "", "export", "--account", alice+","+bob, "--region", "us-east-1,eu-west-1").wants(t, exitOK, "4 findings exported")
	var scopes []string
	for _, s := range hub.sent() {
		parts := strings.Split(s.credential, "/")
		scopes = append(scopes, parts[0]+" "+parts[2])
	}
	want := []string{alice + " us-east-1", alice + " eu-west-1", bob + " us-east-1", bob + " eu-west-1"}
	if fmt.Sprint(scopes) != fmt.Sprint(want) {
		t.Errorf("the hubs asked are %q, want %q", scopes, want)
	}
}

// TestAccountIsAFilterElsewhere: a hub that checks signatures decides whose findings we see.
func TestAccountIsAFilterElsewhere(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	hub := newFakeHub(t)
	hub.dev = false
	hub.pages = []string{`{"Findings":[]}`}
	hub.run(t, "", "export", "--account", alice+","+bob).wants(t, exitOK)
	if len(hub.sent()) != 1 {
		t.Fatalf("%d requests, want 1", len(hub.sent()))
	}
	s := hub.sent()[0]
	if !strings.HasPrefix(s.credential, "AKIDEXAMPLE/") || !strings.Contains(string(s.body), `"AwsAccountId":[{"Value":"`+alice+`"`) {
		t.Errorf("credential %q, body %s", s.credential, s.body)
	}
}

func TestNoCredentials(t *testing.T) {
	dir := t.TempDir()
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_PROFILE": "", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_CONFIG_FILE": filepath.Join(dir, "none"), "AWS_SHARED_CREDENTIALS_FILE": filepath.Join(dir, "none"),
	} {
		t.Setenv(name, value)
	}
	hub := newFakeHub(t)
	hub.dev = false
	hub.run(t, "", "export").wants(t, exitUsage, "no AWS credentials", "--dev")
}
