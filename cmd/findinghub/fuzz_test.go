package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/go-json-experiment/json/jsontext"
)

// FuzzReadPage: whatever an endpoint answers, reading it ends, and what is taken for a
// page is a JSON object whose findings come out as they went in.
func FuzzReadPage(f *testing.F) {
	for _, seed := range []string{
		`{"Findings":[{"Id":"a"},{"Id":"b"}],"NextToken":"x"}`, `{"NextToken":"\u0041","Findings":[]}`, `{}`, `[]`, ``, `{"Findings":[`,
		`{"Findings":[1,"x",null]}`, `{"Findings":{"a":1}}`, `{"NextToken":1}`, `{"Findings":[{}],"Findings":[{"Id":"c"}]}`, "<html>", `{"Other":[[[[]]]]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		p, err := readPage(answer)
		if err != nil {
			return
		}
		value := jsontext.NewDecoder(strings.NewReader(string(answer)), jsontext.AllowDuplicateNames(true))
		if v, err := value.ReadValue(); err != nil || v.Kind() != '{' {
			t.Fatalf("%q is taken for a page: %v", answer, err)
		}
		for _, v := range p.findings {
			if !strings.Contains(string(answer), string(v)) || !v.IsValid(jsontext.AllowDuplicateNames(true)) {
				t.Fatalf("%q came out of %q", v, answer)
			}
		}
	})
}

// FuzzReadAddress: no finding is so broken that it cannot be sent somewhere, to a hub
// that may exist.
func FuzzReadAddress(f *testing.F) {
	for _, seed := range []string{
		fakeFinding("a", alice, "eu-west-1", "t"), `{"AwsAccountId":1,"ProductArn":{},"Id":[]}`, `{"Id":"\ud800"}`, `[]`, `"x"`, `{`, ``, `{"Id"`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		as := readAddress(raw).caller("")
		if as.account != "" && len(as.account) != 12 || as.region == "" || strings.ContainsAny(as.region, "/ ,=\r\n") {
			t.Fatalf("%q goes to %+v", raw, as)
		}
	})
}

// FuzzConfig: a configuration file is taken or refused in one line; what is taken has
// only keys that flags answer to.
func FuzzConfig(f *testing.F) {
	for _, seed := range []string{
		"serve:\n  dev: true\n", "{serve: {region: eu-west-1}}", "export:\n  account: [\"012345678901\"]\n", "a: &x 1\nb: *x\n", "? x\n: y\n",
		"serve: !!map {}\n", "- - -", "\t", "%YAML 1.2\n---\nserve:\n", "serve:\n  <<: {dev: true}\n", "serve: |\n  text\n", "{", "\"serve\": {\"dev\": true}",
	} {
		f.Add([]byte(seed))
	}
	var app commands
	parser, err := kong.New(&app, defaults)
	if err != nil {
		f.Fatal(err)
	}
	known := map[string]bool{}
	flagsOf(parser.Model, func(command string, flag *kong.Flag) {
		known[strings.TrimPrefix(command+"."+flag.Name, ".")] = true
	})
	f.Fuzz(func(t *testing.T, text []byte) {
		path := filepath.Join(t.TempDir(), "c.yaml")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := readConfig(path, parser.Model)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Fatalf("%q is refused in several lines: %q", text, err)
			}
			return
		}
		for key, value := range c {
			if !known[key] {
				t.Fatalf("%q sets %q", text, key)
			}
			if _, err := json.Marshal(value); err != nil {
				t.Fatal(err)
			}
		}
	})
}
