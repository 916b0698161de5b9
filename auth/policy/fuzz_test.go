package policy_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/findinghub/findinghub/auth/policy"
)

// Whatever a text is, it is a policy that can be decided by or refused with a line and in
// words that are fit to print.
func FuzzParse(f *testing.F) {
	files, err := os.ReadDir("managed")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile("managed/" + file.Name())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text, uint8(policy.Identity))
	}
	for _, seed := range []string{
		``, `{`, `[]`, `{"Statement":[]}`, "{\n\"Statement\":{\"Effect\":1}}", `{"Statement":` + rst("Deny", `{"AWS":["`+alice+`","*"],"Service":"x"}`) + `}`,
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","NotAction":["a:*b?"],"NotResource":"arn:aws:s3:::${a:b, 'c'}/${*}*","Condition":{"ForAnyValue:StringLikeIfExists":{"a:b":["${a:b}*"]},"DateLessThan":{"a:c":2026},"NotIpAddress":{"aws:SourceIp":"::/0"},"NumericEquals":{"a:d":1e3},"Bool":{"a:e":true},"BinaryEquals":{"a:f":"AA=="},"ArnLike":{"a:g":"arn:*"},"Null":{"a:h":false}}}}`,
	} {
		f.Add([]byte(seed), uint8(policy.Resource))
	}
	f.Fuzz(func(t *testing.T, text []byte, kind uint8) {
		k := policy.Kind(kind % 3)
		d, err := policy.Parse(text, k)
		if err != nil {
			checkSyntaxError(t, text, err)
			return
		}
		n := []policy.Named{{Name: "fuzzed", Document: d}}
		r := policy.Request{Principal: role, Action: "securityhub:GetFindings", Resource: hubARN, Context: policy.Context{"a:b": {"x", "*"}, "a:c": {"2025"}, "aws:sourceip": {"::1"}, "a:d": {"1000"}, "a:g": {alice}}}
		for _, p := range []policy.Policies{{Identity: n}, {Identity: n, Boundary: &n[0], Session: n, Resource: n}} {
			decision := p.Decide(r)
			if len(p.Trace(r)) == 0 {
				t.Error("a policy without statements")
			}
			if decision.Allowed() && decision.Statement == 0 {
				t.Errorf("allowed by nothing: %+v", decision)
			}
		}
	})
}

func checkSyntaxError(t *testing.T, text []byte, err error) {
	t.Helper()
	var e *policy.SyntaxError
	if !errors.As(err, &e) {
		t.Fatalf("%T: %v", err, err)
	}
	if lines := 1 + strings.Count(string(text), "\n"); e.Line < 1 || e.Line > lines {
		t.Errorf("line %d of %d", e.Line, lines)
	}
	message := e.Error()
	if len(message) > 4000 || !utf8.ValidString(message) {
		t.Errorf("message of %d bytes: %q", len(message), message)
	}
	for _, r := range message {
		if r < ' ' || r == 0x7f {
			t.Errorf("control character in %q", message)
		}
	}
}
