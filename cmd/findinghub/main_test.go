package main

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/findinghub/findinghub/store/postgres/pgtest"
)

// asMain makes the test binary be the program, for tests that need a process to kill.
const asMain = "FINDINGHUB_TEST_AS_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(asMain) != "" {
		main()
		return
	}
	os.Exit(pgtest.Main(m)) // with a PostgreSQL server for those who need one
}

// result is what a run of the program left behind.
type result struct {
	stdout, stderr string
	code           int
}

// call is a run of the program to be made.
type call struct {
	args  []string
	stdin string
	env   map[string]string
	waits *[]time.Duration // takes the pauses, which no test makes
}

func (c call) main() (*Main, *bytes.Buffer, *bytes.Buffer) {
	var stdout, stderr bytes.Buffer
	return &Main{
		Args: c.args, Stdin: strings.NewReader(c.stdin), Stdout: &stdout, Stderr: &stderr,
		Getenv: func(name string) string { return c.env[name] },
		wait: func(ctx context.Context, d time.Duration) error {
			if c.waits != nil {
				*c.waits = append(*c.waits, d)
			}
			return ctx.Err()
		},
	}, &stdout, &stderr
}

func (c call) run(t *testing.T) result {
	t.Helper()
	m, stdout, stderr := c.main()
	code := m.Run(t.Context())
	return result{stdout.String(), stderr.String(), code}
}

// program runs findinghub with these arguments and nothing else.
func program(t *testing.T, args ...string) result {
	t.Helper()
	return call{args: args}.run(t)
}

// wants fails the test unless the run ended with the code and said all of the texts.
func (r result) wants(t *testing.T, code int, texts ...string) {
	t.Helper()
	if r.code != code {
		t.Errorf("exit code %d, want %d\nstdout: %s\nstderr: %s", r.code, code, r.stdout, r.stderr)
	}
	for _, text := range texts {
		if !strings.Contains(r.stdout+r.stderr, text) {
			t.Errorf("the output lacks %q\nstdout: %s\nstderr: %s", text, r.stdout, r.stderr)
		}
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--help"}, {"serve", "--help"}, {"import", "--help"}, {"export", "--help"}, {"validate", "--help"}} {
		r := program(t, args...)
		r.wants(t, exitOK, "Usage: findinghub")
		// Every help shows how the command is called, in a line of its own.
		if !strings.Contains(r.stdout, "\n    ") || !strings.Contains(r.stdout, "findinghub "+strings.TrimPrefix(args[0], "--help")) {
			t.Errorf("%q has no example:\n%s", args, r.stdout)
		}
	}
	// The variable's name is part of a flag's help.
	program(t, "serve", "--help").wants(t, exitOK, "$FINDINGHUB_DATA_DIR", "default 127.0.0.1:4590")
	program(t, "import", "--help").wants(t, exitOK, "$FINDINGHUB_IMPORT_CONNECTIONS", "$FINDINGHUB_ENDPOINT")
}

func TestUsageErrors(t *testing.T) {
	t.Parallel()
	cases := []struct {
		args []string
		says string
	}{
		{nil, "expected one of"},
		{[]string{"frobnicate"}, "frobnicate"},
		{[]string{"serve", "--lissten", "x"}, "--lissten"},
		{[]string{"serve", "--listen", "0.0.0.0:0"}, "--insecure-http"},
		{[]string{"serve", "--listen", ":0", "--insecure-dev-listen"}, "--insecure-http"},
		{[]string{"serve", "--listen", "127.0.0.1:0", "--tls-cert", "x"}, "--tls-key"},
		{[]string{"serve", "--admin-account", "12"}, "12 digits"},
		{[]string{"serve", "--trusted-proxy", "10.0.0.1"}, "10.0.0.0/8"},
		{[]string{"serve", "--audit-keep", "0"}, "--audit-keep"},
		{[]string{"serve", "--audit-max-size", "0"}, "--audit-max-size"},
		{[]string{"serve", "--dev", "--max-requests", "0"}, "--max-requests"},
		{[]string{"serve", "--dev", "--max-waiting=-1"}, "--max-waiting"},
		{[]string{"serve", "--audit-failure", "shrug"}, "shrug"},
		{[]string{"serve", "--dev", "--listen", "0.0.0.0:0"}, "--insecure-dev-listen"},
		{[]string{"serve", "--dev", "--listen", ":0"}, "--insecure-dev-listen"},
		{[]string{"serve", "--dev", "--listen", "4590"}, "HOST:PORT"},
		{[]string{"serve", "--dev", "--region", "Mars!"}, "Mars!"},
		{[]string{"serve", "--dev", "--log-format", "xml"}, "xml"},
		{[]string{"serve", "--dev", "--log-level", "LOUD"}, "LOUD"},
		{[]string{"import"}, "<file>"},
		{[]string{"import", "no-such-file"}, "no-such-file"},
		{[]string{"import", "."}, "not a file"},
		{[]string{"import", "--connections", "0", "-"}, "--connections"},
		{[]string{"import", "--endpoint", "localhost:4590", "-"}, "http://HOST:PORT"},
		{[]string{"export", "--filters", "[]"}, "--filters"},
		{[]string{"export", "--filters", "@no-such-file"}, "no-such-file"},
		{[]string{"export", "--sort", "Title:up"}, "--sort"},
		{[]string{"export", "--account", "12"}, "12 digits"},
		{[]string{"export", "--format", "xml"}, "xml"},
		{[]string{"export", "-o", "no-such-dir/file"}, "no-such-dir"},
		{[]string{"validate"}, "<file>"},
		{[]string{"validate", "no-such-file"}, "no such file"},
	}
	for _, c := range cases {
		r := program(t, c.args...)
		r.wants(t, exitUsage, c.says)
		if strings.Count(r.stderr, "\n") != 1 {
			t.Errorf("%q: an error is one line, not %q", c.args, r.stderr)
		}
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	program(t, "version").wants(t, exitOK, "findinghub ", "commit ", "built with go1.")
}
