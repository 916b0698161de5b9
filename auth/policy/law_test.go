package policy_test

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/findinghub/findinghub/auth/policy"
	"pgregory.net/rapid"
)

// holds decides a single condition through the front door.
func holds(t tb, operator, key string, values []string, ctx policy.Context) bool {
	t.Helper()
	block, err := json.Marshal(map[string]any{operator: map[string]any{key: values}})
	if err != nil {
		t.Fatalf("%v", err)
	}
	r := get(user)
	r.Context = ctx
	return allows(t, st("Allow", "*", `"Condition":`+string(block)), r)
}

// opposites are operators of which the second negates the first, with values for both sides.
var opposites = []struct {
	yes, no         string
	policy, request []string
}{
	{"StringEquals", "StringNotEquals", []string{"x", "y", "X", "${a:v}"}, []string{"x", "y", "z", ""}},
	{"StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", []string{"x", "Y"}, []string{"X", "y", "z"}},
	{"StringLike", "StringNotLike", []string{"x*", "?", "${a:v}*"}, []string{"x", "xx", "yz", ""}},
	{"NumericEquals", "NumericNotEquals", []string{"1", "2.0"}, []string{"1.0", "2", "3", "none"}},
	{"DateEquals", "DateNotEquals", []string{"2026", "2027"}, []string{"2026-01-01", "2028", "none"}},
	{"IpAddress", "NotIpAddress", []string{"10.0.0.0/8", "2001:db8::/32"}, []string{"10.1.1.1", "2001:db8::1", "192.0.2.1", "none"}},
	{"ArnLike", "ArnNotLike", []string{"arn:aws:iam::*:user/*", triageRole}, []string{alice, triageRole, triageBob, "none"}},
	{"ArnEquals", "ArnNotEquals", []string{alice, "arn:aws:sts*"}, []string{alice, triageRole, triageBob}},
}

// reference_policies_condition-logic-multiple-context-keys-or-values: a negated operator holds
// exactly when the other does not; with a set operator, all values fit exactly when it is not
// so that any does not.
func TestNegatedOperatorsAreOpposites(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o := rapid.SampledFrom(opposites).Draw(t, "operators")
		want := sample(t, "policy", o.policy, 2)
		have := rapid.SliceOfN(rapid.SampledFrom(o.request), 0, 3).Draw(t, "request")
		ctx := policy.Context{"a:v": {"x"}}
		if rapid.Bool().Draw(t, "present") {
			ctx["a:k"] = have
		}
		if yes, no := holds(t, o.yes, "a:k", want, ctx), holds(t, o.no, "a:k", want, ctx); yes == no {
			t.Fatalf("%s is %t and so is %s", o.yes, yes, o.no)
		}
		if all, anyNot := holds(t, "ForAllValues:"+o.yes, "a:k", want, ctx), holds(t, "ForAnyValue:"+o.no, "a:k", want, ctx); all == anyNot {
			t.Fatalf("ForAllValues:%s is %t and so is ForAnyValue:%s", o.yes, all, o.no)
		}
		if anyOf, allNot := holds(t, "ForAnyValue:"+o.yes, "a:k", want, ctx), holds(t, "ForAllValues:"+o.no, "a:k", want, ctx); anyOf == allNot {
			t.Fatalf("ForAnyValue:%s is %t and so is ForAllValues:%s", o.yes, anyOf, o.no)
		}
	})
}

// IfExists changes nothing for a key that is present, and with Null it can be written out.
func TestIfExistsIsNullOr(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o := rapid.SampledFrom(opposites).Draw(t, "operators")
		name := rapid.SampledFrom([]string{o.yes, o.no}).Draw(t, "operator")
		want := sample(t, "policy", o.policy, 2)
		ctx := policy.Context{"a:v": {"x"}, "a:k": rapid.SliceOfN(rapid.SampledFrom(o.request), 0, 2).Draw(t, "request")}
		got := holds(t, name+"IfExists", "a:k", want, ctx)
		if or := holds(t, "Null", "a:k", []string{"true"}, ctx) || holds(t, name, "a:k", want, ctx); got != or {
			t.Fatalf("%sIfExists is %t, want %t", name, got, or)
		}
	})
}

// Of two numbers or dates exactly one of less, equal and greater holds, and the operators with
// Equals in their name are the union with it.
func TestOrderOperatorsAreAnOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		prefix := rapid.SampledFrom([]string{"Numeric", "Date"}).Draw(t, "type")
		a, b := rapid.IntRange(-3, 3).Draw(t, "a"), rapid.IntRange(-3, 3).Draw(t, "b")
		write := strconv.Itoa
		if prefix == "Date" {
			zone := time.FixedZone("", 3600*rapid.IntRange(-12, 12).Draw(t, "zone"))
			write = func(n int) string { return time.Unix(int64(n), 0).In(zone).Format(time.RFC3339) }
		}
		is := func(name string) bool {
			return holds(t, prefix+name, "a:k", []string{write(b)}, policy.Context{"a:k": {write(a)}})
		}
		for name, want := range map[string]bool{"Equals": a == b, "NotEquals": a != b, "LessThan": a < b, "LessThanEquals": a <= b, "GreaterThan": a > b, "GreaterThanEquals": a >= b} {
			if is(name) != want {
				t.Fatalf("%s%s of %s and %s: %t, want %t", prefix, name, write(a), write(b), !want, want)
			}
		}
	})
}

// Values are alternatives: more of them hold of no less, and of no more when negated. Keys and
// operators are demands: more of them hold of no more.
func TestValuesAndKeysAreMonotonous(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o := rapid.SampledFrom(opposites).Draw(t, "operators")
		ctx := policy.Context{"a:v": {"x"}, "a:k": rapid.SliceOfN(rapid.SampledFrom(o.request), 0, 2).Draw(t, "request")}
		few := sample(t, "policy", o.policy, 1)
		more := append([]string{few[0]}, rapid.SampledFrom(o.policy).Draw(t, "another"))
		for _, prefix := range []string{"", "ForAllValues:", "ForAnyValue:"} {
			if holds(t, prefix+o.yes, "a:k", few, ctx) && !holds(t, prefix+o.yes, "a:k", more, ctx) {
				t.Fatalf("%s%s holds of %q and not of %q", prefix, o.yes, few, more)
			}
			if holds(t, prefix+o.no, "a:k", more, ctx) && !holds(t, prefix+o.no, "a:k", few, ctx) {
				t.Fatalf("%s%s holds of %q and not of %q", prefix, o.no, more, few)
			}
		}
		both := astStatement{actions: []string{"*"}, resources: []string{"*"}, conditions: drawConditions(t, 2, 2)}
		one := both
		one.conditions = both.conditions[:1]
		r := drawRequest(t)
		r.ResourceAccount = ""
		applies := func(s astStatement) bool {
			return policy.Policies{Identity: compile(t, policy.Identity, [][]astStatement{{s}})}.Decide(r).Allowed()
		}
		if applies(both) && !applies(one) {
			t.Fatal("a condition more holds of more")
		}
	})
}

// An ARN matches itself with its special characters escaped, and with * for any of its parts;
// another account's ARN matches neither.
func TestARNsMatchThemselves(t *testing.T) {
	t.Parallel()
	escape := strings.NewReplacer("*", "${*}", "?", "${?}", "$", "${$}")
	rapid.Check(t, func(t *rapid.T) {
		parts := []string{"arn", "aws", "securityhub", "eu-west-1", ours, rapid.StringMatching(`[a-z/:*?$]{1,12}`).Draw(t, "resource")}
		r := get(user)
		r.Resource = strings.Join(parts, ":")
		pattern := append([]string{}, parts...)
		pattern[5] = escape.Replace(parts[5])
		if i := rapid.IntRange(1, 5).Draw(t, "wildcard"); i != 4 {
			pattern[i] = "*"
		}
		statement := fmt.Sprintf(`{"Effect":"Allow","Action":"*","Resource":%q}`, strings.Join(pattern, ":"))
		if !allows(t, statement, r) {
			t.Fatalf("%s does not cover %s", statement, r.Resource)
		}
		parts[4] = theirs
		if r.Resource = strings.Join(parts, ":"); allows(t, statement, r) {
			t.Fatalf("%s covers %s", statement, r.Resource)
		}
	})
}

// However a policy is indented it is the same policy, and a mistake in it is found on its line.
func TestErrorsHaveTheLine(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		all := drawPolicies(t, policy.Identity, 1, 1)[0]
		at := rapid.IntRange(0, len(all)-1).Draw(t, "statement")
		var written []map[string]any
		for _, s := range all {
			written = append(written, write(s))
		}
		encode := func() string {
			text, err := json.MarshalIndent(map[string]any{"Version": "2012-10-17", "Statement": written}, "", rapid.SampledFrom([]string{"", " ", "\t"}).Draw(t, "indent"))
			if err != nil {
				t.Fatal(err)
			}
			return string(text)
		}
		r := drawRequest(t)
		same := policy.Policies{Identity: []policy.Named{{Document: parse(t, policy.Identity, encode())}}}.Decide(r)
		if d := (policy.Policies{Identity: compile(t, policy.Identity, [][]astStatement{all})}).Decide(r); describe(d) != describe(same) {
			t.Fatalf("indented %s, else %s", describe(same), describe(d))
		}
		mistake := rapid.SampledFrom([]string{"Effekt", "Sid", "Effect"}).Draw(t, "mistake")
		written[at][mistake] = "not/valid"
		text := encode()
		_, err := policy.Parse([]byte(text), policy.Identity)
		want := fmt.Sprintf("line %d: Statement[%d].%s: ", 1+strings.Count(text[:strings.Index(text, "not/valid")], "\n"), at, mistake)
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Fatalf("%v\nwant %s", err, want)
		}
	})
}

// No part of a policy is a policy: a file that was cut off is refused.
func TestCutOffPoliciesAreRefused(t *testing.T) {
	t.Parallel()
	text := doc(`"Sid": "S"`, effect, `"Action": ["a:b", "c:*"]`, everything, `"Condition": {"StringLike": {"a:b": ["x", "${c:d, 'é'}"]}, "Null": {"a:e": true}}`)
	parse(t, policy.Identity, text)
	for i := range len(text) {
		_, err := policy.Parse([]byte(text[:i]), policy.Identity)
		if err == nil {
			t.Fatalf("accepted: %s", text[:i])
		}
		checkSyntaxError(t, []byte(text[:i]), err)
	}
}

// A large policy of many statements is read and decided by; the last statement counts.
func TestLargePolicy(t *testing.T) {
	t.Parallel()
	var statements []string
	for i := range 300 {
		statements = append(statements, st("Deny", fmt.Sprintf("other%d:*", i)))
	}
	statements = append(statements, st("Allow", "securityhub:*", `"Sid":"Last"`))
	p := policy.Policies{Identity: named(t, policy.Identity, strings.Join(statements, ","))}
	if got := describe(p.Decide(get(user))); got != "allow identity-based policy p1/301 Last" {
		t.Error(got)
	}
}
