package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// wholeFinding takes what a finding needs and nothing more.
func wholeFinding(id, account, region string) string {
	return `{"SchemaVersion":"2018-10-08","Id":"` + id + `","ProductArn":"arn:aws:securityhub:` + region + `:` + account + `:product/` + account + `/default",` +
		`"GeneratorId":"g","AwsAccountId":"` + account + `","Types":["Software and Configuration Checks"],"CreatedAt":"2026-01-01T00:00:00Z",` +
		`"UpdatedAt":"2026-01-01T00:00:00Z","Severity":{"Label":"HIGH"},"Title":"t","Description":"d","Resources":[{"Type":"Other","Id":"r"}]}`
}

func TestValidate(t *testing.T) {
	t.Parallel()
	good := wholeFinding("a", alice, "us-east-1")
	noTitle := strings.Replace(good, `"Title":"t",`, "", 1)
	unknown := strings.Replace(good, `"Title":"t",`, `"Title":"t","Extra":1,`, 1)
	badArn := strings.Replace(good, `arn:aws:securityhub:us-east-1:`, `arn:aws:securityhub::`, 1)
	cases := []struct {
		name, text string
		args       []string
		code       int
		says       []string
	}{
		{"one", good, nil, exitOK, []string{"1 findings, 0 failed"}},
		{"lines", good + "\n" + good, nil, exitOK, []string{"2 findings, 0 failed"}},
		{"envelope", `{"Findings":[` + good + `]}`, nil, exitOK, []string{"1 findings"}},
		{"nothing", "", nil, exitOK, []string{"0 findings"}},
		// behaviour.md section 1.4, message 1.
		{"missing member", good + noTitle, nil, exitFailed, []string{":#2 (a): Finding does not adhere to Amazon Finding Format. data should have required property 'Title'.", "2 findings, 1 failed"}},
		// decision 6: unknown members are kept unless strict.
		{"unknown member", unknown, nil, exitOK, nil},
		{"unknown member, strict", unknown, []string{"--strict"}, exitFailed, []string{"data.Extra should NOT have additional properties"}},
		{"product ARN", badArn, nil, exitFailed, []string{`product/` + alice}},
		{"not a finding", "[1]", nil, exitFailed, []string{"data should be object"}},
		{"not JSON", good + "{", nil, exitUsage, []string{"finding 2", "1 findings"}},
		{"quiet", noTitle, []string{"-q"}, exitFailed, []string{"'Title'"}},
	}
	for _, c := range cases {
		path := fileWith(t, c.text)
		r := program(t, append(append([]string{"validate"}, c.args...), path)...)
		r.wants(t, c.code, c.says...)
		fromStdin := call{args: append(append([]string{"validate"}, c.args...), stdin), stdin: c.text}.run(t)
		if strings.ReplaceAll(r.stdout, path, stdin) != fromStdin.stdout || r.code != fromStdin.code {
			t.Errorf("%s: from standard input %q, from a file %q", c.name, fromStdin.stdout, r.stdout)
		}
		if t.Failed() {
			t.Fatalf("case: %s", c.name)
		}
	}
}

func TestValidateQuiet(t *testing.T) {
	t.Parallel()
	if r := program(t, "validate", "-q", fileWith(t, wholeFinding("a", alice, "us-east-1"))); r.stdout+r.stderr != "" {
		t.Errorf("it says %q %q", r.stdout, r.stderr)
	}
}

func TestValidateJSON(t *testing.T) {
	t.Parallel()
	path := fileWith(t, wholeFinding("", alice, "us-east-1")+wholeFinding("b", alice, "us-east-1"))
	r := program(t, "validate", "--format", "json", path)
	r.wants(t, exitFailed)
	lines := strings.Split(strings.TrimSpace(r.stdout), "\n")
	var f failure
	if err := json.Unmarshal([]byte(lines[0]), &f); err != nil || f.File != path || f.Number != 1 || !strings.Contains(f.Message, "data.Id") {
		t.Errorf("the failure is %q: %v", lines[0], err)
	}
	if want := `{"findings":2,"failed":1}`; len(lines) != 2 || lines[1] != want {
		t.Errorf("the lines are %q, the last should be %s", lines, want)
	}
}

// TestValidateGoesOn: one unreadable file does not keep the others from being checked.
func TestValidateGoesOn(t *testing.T) {
	t.Parallel()
	good := fileWith(t, wholeFinding("a", alice, "us-east-1"))
	program(t, "validate", fileWith(t, "{"), good, good).wants(t, exitUsage, "2 findings, 0 failed")
}

// TestValidateCorpus: real findings of many tools; those that fail do so for reasons
// that were looked at one by one (package asff tests them), none for a crash.
func TestValidateCorpus(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../../shared/corpus/asff/*.json")
	if err != nil || len(files) < 100 {
		t.Fatalf("the corpus has %d files: %v", len(files), err)
	}
	for _, file := range files {
		if _, err := os.Stat(file); err != nil {
			t.Fatal(err)
		}
	}
	r := program(t, append([]string{"validate", "-q"}, files...)...)
	if r.code == exitOK || r.stdout == "" {
		t.Error("the corpus holds findings that the service refuses; none was found")
	}
}
