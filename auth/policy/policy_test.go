package policy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/findinghub/findinghub/auth/policy"
)

// Who asks in the tests.
const (
	ours   = "111111111111"
	theirs = "222222222222"

	alice       = "arn:aws:iam::111111111111:user/alice"
	triageRole  = "arn:aws:iam::111111111111:role/triage"
	triageBob   = "arn:aws:sts::111111111111:assumed-role/triage/bob"
	hubARN      = "arn:aws:securityhub:eu-west-1:111111111111:hub/default"
	theirHubARN = "arn:aws:securityhub:eu-west-1:222222222222:hub/default"
)

var (
	user    = policy.Principal{ARN: alice, Account: ours}
	role    = policy.Principal{ARN: triageBob, RoleARN: triageRole, Account: ours}
	root    = policy.Principal{ARN: "arn:aws:iam::111111111111:root", Account: ours}
	foreign = policy.Principal{ARN: "arn:aws:iam::222222222222:user/eve", Account: theirs}
)

// tb is what *testing.T and *rapid.T have in common.
type tb interface {
	Helper()
	Fatalf(format string, args ...any)
}

func parse(t tb, kind policy.Kind, text string) *policy.Document {
	t.Helper()
	d, err := policy.Parse([]byte(text), kind)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return d
}

// named makes policies of statements, each in a document of its own called p1, p2, ...
func named(t tb, kind policy.Kind, statements ...string) []policy.Named {
	t.Helper()
	var all []policy.Named
	for i, s := range statements {
		all = append(all, policy.Named{Name: fmt.Sprintf("p%d", i+1), Document: parse(t, kind, `{"Version":"2012-10-17","Statement":[`+s+`]}`)})
	}
	return all
}

// boundary makes a boundary of one document.
func boundary(t tb, statements ...string) *policy.Named {
	t.Helper()
	n := named(t, policy.Identity, strings.Join(statements, ","))[0]
	return &n
}

// st writes a statement about every resource; more are further members.
func st(effect, action string, more ...string) string {
	return fmt.Sprintf(`{"Effect":%q,"Action":%q,"Resource":"*"%s}`, effect, action, members(more))
}

// rst writes a statement of a resource's policy.
func rst(effect, principal string, more ...string) string {
	return fmt.Sprintf(`{"Effect":%q,"Principal":%s,"Action":"securityhub:*","Resource":"*"%s}`, effect, principal, members(more))
}

func members(more []string) string {
	if len(more) == 0 {
		return ""
	}
	return "," + strings.Join(more, ",")
}

// aws is a Principal of one AWS entry.
func aws(entry string) string { return fmt.Sprintf(`{"AWS":%q}`, entry) }

func get(who policy.Principal) policy.Request {
	return policy.Request{Principal: who, Action: "securityhub:GetFindings", Resource: hubARN}
}

// allows decides one request by one statement of an identity.
func allows(t tb, statement string, r policy.Request) bool {
	t.Helper()
	return policy.Policies{Identity: named(t, policy.Identity, statement)}.Decide(r).Allowed()
}

// describe is a decision as a line, for messages and comparisons.
func describe(d policy.Decision) string {
	effect := [...]string{"implicit", "explicit", "allow"}[d.Effect]
	text := fmt.Sprintf("%s %s", effect, d.Source)
	if d.Statement > 0 {
		text += fmt.Sprintf(" %s/%d", d.Policy, d.Statement)
	}
	if d.Sid != "" {
		text += " " + d.Sid
	}
	if len(d.Keys) > 0 {
		text += " " + strings.Join(d.Keys, ",")
	}
	return text
}

// run runs a table in parallel.
func run[C any](t *testing.T, cases []C, name func(C) string, check func(*testing.T, C)) {
	t.Helper()
	for _, c := range cases {
		t.Run(name(c), func(t *testing.T) {
			t.Parallel()
			check(t, c)
		})
	}
}
