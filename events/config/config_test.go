package config

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/findinghub/findinghub/events"
)

// world is what the section may ask for.
var world = Options{
	ReadFile: func(path string) ([]byte, error) {
		switch path {
		case "/secret":
			return []byte("0123456789abcdef\n"), nil
		case "/short":
			return []byte("hush"), nil
		case "/empty":
			return []byte("\n"), nil
		}
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	},
	Getenv: func(name string) string { return map[string]string{"HOOK": "fedcba9876543210"}[name] },
	Now:    time.Now,
}

const whole = `
retention: 2h
targets:
  - name: soc
    kind: webhook
    accounts: [012345678901, "111122223333"]
    regions: [eu-west-1]
    filters:
      SeverityLabel: [{Value: CRITICAL, Comparison: EQUALS}]
      UpdatedAt: [{DateRange: {Value: 7, Unit: DAYS}}]
    pattern: {detail: {findings: {RecordState: [ACTIVE], Confidence: [{numeric: [">", 50]}]}}}
    attempts: 7
    min-pause: 2s
    max-pause: 1m
    timeout: 3s
    batch: 50
    gather: 2s
    url: https://soc.example.com/hook
    secret-file: /secret
  - {name: hook-2, kind: webhook, url: "http://127.0.0.1:1/", secret-env: HOOK, array: true}
  - {name: bus, kind: nats, urls: ["nats://a:4222", "nats://b:4222"], subject: "f.{account}"}
  - {name: log, kind: kafka, brokers: ["a:9092"], topic: findings, mechanism: scram-sha-512, user: u, password-file: /secret, tls: true}
  - {name: disk, kind: file, path: /var/log/findings.jsonl, max-bytes: 1000, keep: 2}
  - name: json
    kind: file
    path: /x
    pattern: '{"source":["aws.securityhub"]}'
`

func TestParse(t *testing.T) {
	t.Parallel()
	c, err := Parse([]byte(whole), world)
	if err != nil {
		t.Fatal(err)
	}
	if c.Retention != 2*time.Hour || len(c.Targets) != 6 {
		t.Fatalf("retention %v, %d targets", c.Retention, len(c.Targets))
	}
	soc := c.Targets[0]
	if soc.Retry != (events.Retry{Attempts: 7, Min: 2 * time.Second, Max: time.Minute}) || soc.Timeout != 3*time.Second {
		t.Errorf("retry %+v, timeout %v", soc.Retry, soc.Timeout)
	}
	// Without array a batch is one wave of requests.
	if got := fmt.Sprint(soc.Selection.Accounts, soc.Selection.Regions, soc.Selection.Pattern != nil, soc.Batch); got != "[012345678901 111122223333] [eu-west-1] true 8" {
		t.Errorf("selection %s", got)
	}
	hook := c.Targets[1]
	if hook.Batch != 100 || hook.Retry.Attempts != 50 || hook.Timeout != 10*time.Second || hook.Selection.Pattern != nil {
		t.Errorf("defaults %+v", hook)
	}
	if soc.Gather != 2*time.Second || hook.Gather != 100*time.Millisecond {
		t.Errorf("gathering for %v and %v", soc.Gather, hook.Gather)
	}
	if disk := c.Targets[4]; disk.Batch != 1000 {
		t.Errorf("a file has batches of %d", disk.Batch)
	}
	if c.Targets[5].Selection.Pattern == nil {
		t.Error("a pattern in JSON text is not there")
	}
	for _, target := range c.Targets[:2] {
		sender, err := target.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_ = sender.Close()
	}
	// What config takes, events takes.
	if _, err := events.New(events.Options{Holder: "a", Targets: c.Targets}); err != nil {
		t.Error(err)
	}
}

// JSON is YAML; nothing is nothing.
func TestParseOtherForms(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]int{
		"": 0, "null": 0, "targets:": 0, "targets: []": 0, "# nothing": 0,
		`{"targets":[{"name":"a","kind":"file","path":"/x","filters":null}]}`: 1,
	} {
		if c, err := Parse([]byte(given), world); err != nil || len(c.Targets) != want {
			t.Errorf("%q: %v", given, err)
		}
	}
}

// Each mistake is named with its line.
func TestParseRefuses(t *testing.T) {
	t.Parallel()
	const (
		file = "targets:\n  - name: a\n    kind: file\n    path: /x\n"
		hook = "targets:\n  - name: a\n    kind: webhook\n    url: https://x/?hush\n"
	)
	for given, want := range map[string]string{
		"targets: [":                   "",
		"a\n---\nb":                    "more than one document",
		"5":                            "1: expected keys and values",
		"retention: 2":                 `1: key "retention": it must be a time span from 1m0s to 720h0m0s`,
		"retention: 1s":                "from 1m0s",
		"reten: 2h":                    `1: unknown key "reten"`,
		"retention: 2h\nretention: 2h": "",
		"targets: 5":                   `1: key "targets": it must be a list`,
		"targets: [5]":                 "1: expected keys and values",
		"targets: [{kind: file}]":      `key "name" is missing`,
		"targets: [{name: a}]":         `key "kind" is missing`,
		"targets: [{name: A, kind: file, path: /x}]":                      `key "name": it must have 1 to 64 of a-z`,
		"targets: [{name: a, kind: pigeon}]":                              `key "kind": "pigeon" is none of`,
		file + "  - {name: a, kind: file, path: /y}":                      "5: two targets are called a",
		file + "    url: https://x":                                       `5: unknown key "url"`,
		file + "    accounts: 5":                                          `5: key "accounts": it must be a list`,
		file + "    accounts: [{}]":                                       `5: key "accounts": it must be a value`,
		file + "    accounts: [12]":                                       `key "accounts": "12" is no account`,
		file + "    attempts: 0":                                          `5: key "attempts": it must be a whole number from 1 to 1000`,
		file + "    attempts: 1.5":                                        "a whole number",
		file + "    attempts: [1]":                                        "a whole number",
		file + "    batch: 1001":                                          `5: key "batch": it must be a whole number from 1 to 1000`,
		file + "    gather: 11s":                                          `5: key "gather": it must be a time span from 0s to 10s`,
		file + "    timeout: 1m":                                          `key "timeout": it must be a time span from 100ms to 15s`,
		file + "    timeout: []":                                          "a time span",
		file + "    min-pause: 2m\n    max-pause: 1m":                     `key "max-pause": it must not be below min-pause`,
		file + "    filters: {Severity: []}":                              `5: key "filters": Invalid parameter 'Filters.Severity'`,
		file + "    filters:\n      Id: [{Value: 5, Comparison: EQUALS}]": `6: key "filters"`,
		file + "    filters: '{\"a\"'":                                    `5: key "filters": it is not valid JSON`,
		file + "    pattern: {a: x}":                                      `5: key "pattern": pattern.a: values are given as an array`,
		file + "    pattern: {a: &b [x]}":                                 "5: ",
		file + "    pattern: {a: [.inf, x], b: " + strings.Repeat("[", 120) + strings.Repeat("]", 120) + "}": "nested more than 100 deep",
		file + "    pattern: {a: [x], a: [y]}":                             "",
		file + "    max-bytes: 0":                                          `key "max-bytes"`,
		"targets: [{name: a, kind: file}]":                                 `key "path" is missing`,
		hook:                                                               `"secret-file" or "secret-env" is missing`,
		hook + "    secret-env: HOOK\n    secret: hush":                    `unknown key "secret"`,
		hook + "    secret-file: /missing":                                 "file does not exist",
		hook + "    secret-file: /short":                                   "secret: it has 4 bytes",
		hook + "    secret-file: /empty":                                   `the secret "secret" is empty`,
		hook + "    secret-env: NOTHING":                                   `the secret "secret" is empty`,
		hook + "    secret-env: HOOK\n    secret-file: /secret":            "only one may be given",
		hook + "    secret-env: HOOK\n    array: 5":                        `6: key "array": it must be true or false`,
		hook + "    secret-env: HOOK\n    ca-file: /missing":               `key "ca-file": open /missing`,
		hook + "    secret-env: HOOK\n    ca-file: /secret":                "it has no certificate",
		strings.ReplaceAll(hook, "https", "http") + "    secret-env: HOOK": "http is only for loopback",
		"targets: [{name: a, kind: nats}]":                                 "urls: there is none",
		"targets: [{name: a, kind: nats, urls: [x], subject: 'a b'}]":      "subject",
		"targets: [{name: a, kind: kafka, topic: x}]":                      "brokers: there is none",
		"targets: [{name: a, kind: kafka, topic: x, brokers: [y], mechanism: x, user: u, password-env: HOOK}]": "mechanism: it must be",
	} {
		_, err := Parse([]byte(given), world)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n%v does not say %q", given, err, want)
		}
		if err != nil && (strings.Contains(err.Error(), "hush") || strings.Contains(err.Error(), "fedcba")) {
			t.Errorf("the error shows a secret: %v", err)
		}
	}
}

// Parse ends without a panic, and what it takes makes targets that a deliverer takes.
func FuzzParse(f *testing.F) {
	f.Add([]byte(whole))
	f.Add([]byte("targets: [{name: a, kind: file, path: /x, filters: {Id: [{Value: x, Comparison: EQUALS}]}}]"))
	f.Add([]byte("retention: 1h\ntargets:\n  - &a {name: a}\n  - *a\n  - <<: *a\n"))
	f.Add([]byte("targets:\n  - name: !!binary aGk=\n    kind: |\n      file\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse(data, world)
		if err != nil {
			return
		}
		if _, err := events.New(events.Options{Holder: "a", Targets: c.Targets}); err != nil {
			t.Errorf("%q was taken, and then refused: %v", data, err)
		}
	})
}
