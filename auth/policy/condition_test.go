package policy_test

import (
	"strings"
	"testing"

	"github.com/findinghub/findinghub/auth/policy"
)

// conditionCase asks whether a condition block holds of a context. The context is written as
// key=value pairs; a key given twice has two values, "key" alone has none.
type conditionCase struct {
	condition string
	context   string
	want      bool
}

func (c conditionCase) name() string { return c.condition + " of " + c.context }

func context(pairs string) policy.Context {
	c := policy.Context{}
	for pair := range strings.SplitSeq(pairs, " ") {
		key, value, ok := strings.Cut(pair, "=")
		switch {
		case key == "":
		case ok:
			c[strings.ToLower(key)] = append(c[strings.ToLower(key)], value)
		default:
			c[strings.ToLower(key)] = []string{}
		}
	}
	return c
}

func checkConditions(t *testing.T, cases []conditionCase) {
	t.Helper()
	run(t, cases, conditionCase.name, func(t *testing.T, c conditionCase) {
		r := get(user)
		r.Context = context(c.context)
		statement := st("Allow", "securityhub:*", `"Condition":`+c.condition)
		if got := allows(t, statement, r); got != c.want {
			t.Errorf("an Allow applies: %t, want %t", got, c.want)
		}
		deny := policy.Policies{Identity: named(t, policy.Identity, st("Allow", "*"), strings.Replace(statement, "Allow", "Deny", 1))}
		if got := deny.Decide(r).Effect == policy.ExplicitDeny; got != c.want {
			t.Errorf("a Deny applies: %t, want %t", got, c.want)
		}
	})
}

// IAM User Guide, reference_policies_elements_condition_operators, String condition operators.
func TestStringOperators(t *testing.T) {
	t.Parallel()
	checkConditions(t, []conditionCase{
		{`{"StringEquals":{"a:b":"x"}}`, "a:b=x", true},
		{`{"StringEquals":{"a:b":"x"}}`, "a:b=X", false},
		{`{"StringEquals":{"a:b":"x*"}}`, "a:b=xy", false},
		{`{"StringEquals":{"a:b":"x*"}}`, "a:b=x*", true},
		{`{"StringEquals":{"a:b":"x"}}`, "", false},
		{`{"StringEquals":{"a:b":["x","y"]}}`, "a:b=y", true},
		{`{"StringEquals":{"a:b":""}}`, "a:b=", true},
		{`{"StringEquals":{"a:b":123456789012}}`, "a:b=123456789012", true},
		{`{"StringEquals":{"a:b":true}}`, "a:b=true", true},
		{`{"StringNotEquals":{"a:b":"x"}}`, "a:b=y", true},
		{`{"StringNotEquals":{"a:b":"x"}}`, "a:b=x", false},
		{`{"StringNotEquals":{"a:b":"x"}}`, "a:b=X", true},
		{`{"StringEqualsIgnoreCase":{"a:b":"Müller"}}`, "a:b=mÜLLER", true},
		{`{"StringEqualsIgnoreCase":{"a:b":"x"}}`, "a:b=xx", false},
		{`{"StringNotEqualsIgnoreCase":{"a:b":"x"}}`, "a:b=X", false},
		{`{"StringNotEqualsIgnoreCase":{"a:b":"x"}}`, "a:b=y", true},
		{`{"StringLike":{"a:b":"x*z"}}`, "a:b=xyz", true},
		{`{"StringLike":{"a:b":"x*z"}}`, "a:b=xz", true},
		{`{"StringLike":{"a:b":"x*z"}}`, "a:b=Xz", false},
		{`{"StringLike":{"a:b":"x?z"}}`, "a:b=xz", false},
		{`{"StringLike":{"a:b":"x?z"}}`, "a:b=xäz", true},
		{`{"StringLike":{"a:b":"*"}}`, "a:b=", true},
		{`{"StringLike":{"a:b":"*"}}`, "", false},
		{`{"StringLike":{"a:b":"a:*:c"}}`, "a:b=a:x:y:c", true},
		{`{"StringNotLike":{"a:b":"x*"}}`, "a:b=xy", false},
		{`{"StringNotLike":{"a:b":"x*"}}`, "a:b=y", true},
	})
}

// The same page, Numeric condition operators.
func TestNumericOperators(t *testing.T) {
	t.Parallel()
	checkConditions(t, []conditionCase{
		{`{"NumericEquals":{"a:b":"10"}}`, "a:b=10", true},
		{`{"NumericEquals":{"a:b":10}}`, "a:b=10.0", true},
		{`{"NumericEquals":{"a:b":"10"}}`, "a:b=ten", false},
		{`{"NumericEquals":{"a:b":"16"}}`, "a:b=0x10", false},
		{`{"NumericNotEquals":{"a:b":"10"}}`, "a:b=11", true},
		{`{"NumericNotEquals":{"a:b":"10"}}`, "a:b=10", false},
		{`{"NumericNotEquals":{"a:b":"10"}}`, "a:b=ten", true},
		{`{"NumericLessThan":{"a:b":"10"}}`, "a:b=9.5", true},
		{`{"NumericLessThan":{"a:b":"10"}}`, "a:b=10", false},
		{`{"NumericLessThanEquals":{"a:b":"10"}}`, "a:b=10", true},
		{`{"NumericLessThanEquals":{"a:b":"10"}}`, "a:b=11", false},
		{`{"NumericLessThanEquals":{"a:b":"10"}}`, "a:b=none", false},
		{`{"NumericGreaterThan":{"a:b":"-1"}}`, "a:b=0", true},
		{`{"NumericGreaterThan":{"a:b":"-1"}}`, "a:b=-1", false},
		{`{"NumericGreaterThanEquals":{"a:b":"1e2"}}`, "a:b=100", true},
		{`{"NumericGreaterThanEquals":{"a:b":"1e2"}}`, "a:b=99.9", false},
		{`{"NumericGreaterThanEquals":{"a:b":"1"}}`, "a:b=NaN", false},
		// As text 9 is greater than 10.
		{`{"NumericLessThan":{"a:b":"10"}}`, "a:b=9", true},
	})
}

// The same page, Date condition operators.
func TestDateOperators(t *testing.T) {
	t.Parallel()
	checkConditions(t, []conditionCase{
		{`{"DateEquals":{"a:b":"2026-01-02T03:04:05Z"}}`, "a:b=2026-01-02T04:04:05+01:00", true},
		{`{"DateEquals":{"a:b":"2026-01-02T03:04:05Z"}}`, "a:b=1767323045", true},
		{`{"DateEquals":{"a:b":1767323045}}`, "a:b=2026-01-02T03:04:05Z", true},
		{`{"DateEquals":{"a:b":"2026-01-02"}}`, "a:b=2026-01-02T00:00Z", true},
		{`{"DateEquals":{"a:b":"2026-01"}}`, "a:b=2026-01-01", true},
		{`{"DateEquals":{"a:b":"2026"}}`, "a:b=2026-01-01T00:00:00Z", true},
		{`{"DateEquals":{"a:b":"2026"}}`, "a:b=2026-01-01T00:00:00.001Z", false},
		{`{"DateNotEquals":{"a:b":"2026"}}`, "a:b=2027", true},
		{`{"DateNotEquals":{"a:b":"2026"}}`, "a:b=2026", false},
		{`{"DateNotEquals":{"a:b":"2026"}}`, "a:b=yesterday", true},
		{`{"DateLessThan":{"a:b":"2026-07-01T00:00:00Z"}}`, "a:b=2026-06-30T23:59:59.999Z", true},
		{`{"DateLessThan":{"a:b":"2026-07-01T00:00:00Z"}}`, "a:b=2026-07-01T00:00:00Z", false},
		{`{"DateLessThanEquals":{"a:b":"2026-07-01T00:00:00Z"}}`, "a:b=2026-07-01T00:00:00Z", true},
		{`{"DateLessThanEquals":{"a:b":"2026-07-01T00:00:00Z"}}`, "a:b=2026-07-01T00:00:01Z", false},
		{`{"DateGreaterThan":{"a:b":"2026-07-01T00:00:00Z"}}`, "a:b=2026-07-01T02:00:00+03:00", false},
		{`{"DateGreaterThan":{"a:b":"2026-07-01T00:00:00Z"}}`, "a:b=2026-07-01T02:00:00+01:00", true},
		{`{"DateGreaterThanEquals":{"a:b":"2026"}}`, "a:b=2026", true},
		{`{"DateGreaterThanEquals":{"a:b":"2026"}}`, "a:b=2025-12-31T23:59:59Z", false},
		{`{"DateGreaterThanEquals":{"a:b":"2026"}}`, "", false},
		// Milliseconds since 1970 are no date: they would be the year 57976.
		{`{"DateGreaterThan":{"a:b":"2026"}}`, "a:b=1767323045000", false},
		// A period, as people write it.
		{`{"DateGreaterThan":{"a:b":"2026-01-01"},"DateLessThan":{"a:b":"2026-02-01"}}`, "a:b=2026-01-15", true},
		{`{"DateGreaterThan":{"a:b":"2026-01-01"},"DateLessThan":{"a:b":"2026-02-01"}}`, "a:b=2026-02-15", false},
	})
}

// The same page, Boolean, Binary and IP address condition operators.
func TestOtherTypedOperators(t *testing.T) {
	t.Parallel()
	checkConditions(t, []conditionCase{
		{`{"Bool":{"aws:SecureTransport":"true"}}`, "aws:securetransport=true", true},
		{`{"Bool":{"aws:SecureTransport":true}}`, "aws:securetransport=true", true},
		{`{"Bool":{"aws:SecureTransport":"false"}}`, "aws:securetransport=true", false},
		{`{"Bool":{"aws:SecureTransport":"False"}}`, "aws:securetransport=FALSE", true},
		{`{"Bool":{"aws:SecureTransport":"false"}}`, "aws:securetransport=no", false},
		{`{"Bool":{"aws:SecureTransport":"false"}}`, "", false},
		{`{"BinaryEquals":{"a:b":"QmluYXJ5VmFsdWVJbkJhc2U2NA=="}}`, "a:b=QmluYXJ5VmFsdWVJbkJhc2U2NA==", true},
		{`{"BinaryEquals":{"a:b":"QmluYXJ5"}}`, "a:b=QmluYXJ6", false},
		{`{"BinaryEquals":{"a:b":"QmluYXJ5"}}`, "a:b=!", false},
		{`{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}`, "aws:sourceip=203.0.113.9", true},
		{`{"IpAddress":{"aws:SourceIp":"203.0.113.7/24"}}`, "aws:sourceip=203.0.113.9", true},
		{`{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}`, "aws:sourceip=203.0.114.9", false},
		{`{"IpAddress":{"aws:SourceIp":"203.0.113.9"}}`, "aws:sourceip=203.0.113.9", true},
		{`{"IpAddress":{"aws:SourceIp":"203.0.113.9"}}`, "aws:sourceip=203.0.113.8", false},
		{`{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}`, "aws:sourceip=::ffff:203.0.113.9", true},
		{`{"IpAddress":{"aws:SourceIp":"::ffff:203.0.113.0/120"}}`, "aws:sourceip=203.0.113.9", true},
		{`{"IpAddress":{"aws:SourceIp":["203.0.113.0/24","2001:DB8:1234:5678::/64"]}}`, "aws:sourceip=2001:db8:1234:5678:9::1", true},
		{`{"IpAddress":{"aws:SourceIp":["203.0.113.0/24","2001:DB8:1234:5678::/64"]}}`, "aws:sourceip=2001:db8:1234:5679::1", false},
		{`{"IpAddress":{"aws:SourceIp":"fe80::/10"}}`, "aws:sourceip=fe80::1%eth0", true},
		{`{"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}}`, "aws:sourceip=::1", false},
		{`{"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}}`, "aws:sourceip=here", false},
		{`{"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}}`, "", false},
		{`{"NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"}}`, "aws:sourceip=203.0.113.9", false},
		{`{"NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"}}`, "aws:sourceip=198.51.100.1", true},
		{`{"NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"}}`, "", true},
		{`{"NotIpAddress":{"aws:SourceIp":["203.0.113.0/24","198.51.100.0/24"]}}`, "aws:sourceip=198.51.100.1", false},
	})
}

// The same page, ARN condition operators: each of the six parts is compared by itself, and
// ArnEquals does what ArnLike does.
func TestARNOperators(t *testing.T) {
	t.Parallel()
	var cases []conditionCase
	for _, name := range []string{"ArnEquals", "ArnLike"} {
		for _, c := range []struct {
			pattern, arn string
			want         bool
		}{
			{alice, alice, true},
			{"arn:aws:iam::111111111111:user/*", alice, true},
			{"arn:aws:iam::*:user/alice", alice, true},
			{"arn:aws:iam::1111????1111:user/alice", alice, true},
			{"arn:aws:iam::111111111111:USER/alice", alice, false},
			{"arn:aws:iam::111111111111:user/ali", alice, false},
			// A wildcard in one part does not reach into the next.
			{"arn:aws:*:user/alice:x:y", "arn:aws:iam::111111111111:user/alice:x:y", false},
			{"arn:aws:sns:*:123456789012:t", "arn:aws:sns:eu:999999999999:123456789012:t", false},
			// The last part has colons of its own.
			{"arn:aws:sns:eu:1:a:*", "arn:aws:sns:eu:1:a:b:c", true},
			// What ends with * may be short.
			{"arn:aws:iam::111111111111*", alice, true},
			{"arn:aws:iam:*", alice, true},
			{"*", alice, true},
			{"arn:aws:iam::111111111111:user/*", "alice", false},
		} {
			not := strings.Replace(name, "Arn", "ArnNot", 1)
			cases = append(cases, conditionCase{`{"` + name + `":{"a:b":"` + c.pattern + `"}}`, "a:b=" + c.arn, c.want},
				conditionCase{`{"` + not + `":{"a:b":"` + c.pattern + `"}}`, "a:b=" + c.arn, !c.want})
		}
	}
	checkConditions(t, append(cases, conditionCase{`{"ArnLike":{"a:b":"*"}}`, "", false}, conditionCase{`{"ArnNotLike":{"a:b":"*"}}`, "", true}))
}

// The same page, Null: true asks for a key that is absent, false for one that has a value.
func TestNull(t *testing.T) {
	t.Parallel()
	checkConditions(t, []conditionCase{
		{`{"Null":{"a:b":"true"}}`, "", true},
		{`{"Null":{"a:b":"true"}}`, "a:b=x", false},
		{`{"Null":{"a:b":"false"}}`, "", false},
		{`{"Null":{"a:b":"false"}}`, "a:b=x", true},
		{`{"Null":{"a:b":false}}`, "a:b=x", true},
		{`{"Null":{"a:b":"false"}}`, "a:b=", true},
		// A key without values is null.
		{`{"Null":{"a:b":"true"}}`, "a:b", true},
		{`{"Null":{"a:b":"false"}}`, "a:b", false},
		{`{"Null":{"a:b":["true","false"]}}`, "a:b", true},
		{`{"Null":{"a:b":["true","false"]}}`, "a:b=x", true},
		// The name of a key has no case (reference_policies_elements_condition).
		{`{"Null":{"securityhub:ASFFSyntaxPath/Workflow.Status":"false"}}`, "SecurityHub:asffsyntaxpath/workflow.status=NEW", true},
	})
}

// The same page, IfExists: a condition on a key that is absent holds; on one that is present
// it is decided as without.
func TestIfExists(t *testing.T) {
	t.Parallel()
	values := map[string][2]string{ // the policy's value, and one of the request that it does not hold of
		"StringEquals": {"x", "y"}, "StringNotEquals": {"x", "x"}, "StringEqualsIgnoreCase": {"x", "y"},
		"StringNotEqualsIgnoreCase": {"x", "X"}, "StringLike": {"x*", "y"}, "StringNotLike": {"x*", "xy"},
		"NumericEquals": {"1", "2"}, "NumericNotEquals": {"1", "1"}, "NumericLessThan": {"1", "1"},
		"NumericLessThanEquals": {"1", "2"}, "NumericGreaterThan": {"1", "1"}, "NumericGreaterThanEquals": {"1", "0"},
		"DateEquals": {"2026", "2027"}, "DateNotEquals": {"2026", "2026"}, "DateLessThan": {"2026", "2026"},
		"DateLessThanEquals": {"2026", "2027"}, "DateGreaterThan": {"2026", "2026"}, "DateGreaterThanEquals": {"2026", "2025"},
		"Bool": {"true", "false"}, "BinaryEquals": {"AAAA", "BBBB"},
		"IpAddress": {"10.0.0.0/8", "11.0.0.1"}, "NotIpAddress": {"10.0.0.0/8", "10.0.0.1"},
		"ArnEquals": {alice, triageRole}, "ArnLike": {alice, triageRole}, "ArnNotEquals": {alice, alice}, "ArnNotLike": {alice, alice},
	}
	var cases []conditionCase
	for name, v := range values {
		with := `{"` + name + `IfExists":{"a:b":"` + v[0] + `"}}`
		cases = append(cases, conditionCase{with, "", true}, conditionCase{with, "a:b", true}, conditionCase{with, "a:b=" + v[1], false})
		negated := strings.Contains(name, "Not")
		cases = append(cases, conditionCase{strings.Replace(with, "IfExists", "", 1), "", negated}, conditionCase{strings.Replace(with, "IfExists", "", 1), "a:b", negated})
		for _, prefix := range []string{"ForAllValues:", "ForAnyValue:"} {
			set := strings.Replace(with, name, prefix+name, 1)
			cases = append(cases, conditionCase{set, "", true}, conditionCase{set, "a:b=" + v[1], false})
			set = strings.Replace(set, "IfExists", "", 1)
			cases = append(cases, conditionCase{set, "", prefix == "ForAllValues:"}, conditionCase{set, "a:b=" + v[1], false})
		}
	}
	checkConditions(t, cases)
}

// IAM User Guide, reference_policies_condition-single-vs-multi-valued-context-keys and
// reference_policies_condition_examples-multi-valued-context-keys.
func TestSetOperators(t *testing.T) {
	t.Parallel()
	all, anyOf := `{"ForAllValues:StringEquals":{"a:b":["x","y"]}}`, `{"ForAnyValue:StringEquals":{"a:b":["x","y"]}}`
	notAll, notAny := `{"ForAllValues:StringNotEquals":{"a:b":["x","y"]}}`, `{"ForAnyValue:StringNotEquals":{"a:b":["x","y"]}}`
	checkConditions(t, []conditionCase{
		{all, "a:b=x", true},
		{all, "a:b=x a:b=y", true},
		{all, "a:b=x a:b=z", false},
		{all, "a:b=z", false},
		{all, "", true},
		{all, "a:b", true},
		{all, "a:b=", true},
		{anyOf, "a:b=x", true},
		{anyOf, "a:b=x a:b=z", true},
		{anyOf, "a:b=z", false},
		{anyOf, "", false},
		{anyOf, "a:b", false},
		{anyOf, "a:b=", false},
		{notAll, "a:b=z", true},
		{notAll, "a:b=z a:b=x", false},
		{notAll, "a:b=x a:b=y", false},
		{notAll, "", true},
		{notAny, "a:b=z a:b=x", true},
		{notAny, "a:b=x a:b=y", false},
		{notAny, "a:b=z", true},
		{notAny, "", false},
		{`{"ForAllValues:StringLike":{"a:b":["x*"]}}`, "a:b=x1 a:b=x2", true},
		{`{"ForAllValues:StringLike":{"a:b":["x*"]}}`, "a:b=x1 a:b=y2", false},
		{`{"ForAnyValue:IpAddress":{"a:b":"10.0.0.0/8"}}`, "a:b=11.0.0.1 a:b=10.0.0.1", true},
		{`{"ForAllValues:NumericLessThan":{"a:b":"5"}}`, "a:b=1 a:b=6", false},
		// With Null an absent key can be told from one whose values all fit.
		{`{"ForAllValues:StringEquals":{"a:b":["x"]},"Null":{"a:b":"false"}}`, "", false},
		{`{"ForAllValues:StringEquals":{"a:b":["x"]},"Null":{"a:b":"false"}}`, "a:b=x", true},
	})
}

// reference_policies_condition-logic-multiple-context-keys-or-values: operators and keys are
// joined by AND, the values of one key by OR and of a negated operator by NOR. Of a plain
// operator on a key of several values the guide says nothing: any of them may fit.
func TestSeveralKeysAndValues(t *testing.T) {
	t.Parallel()
	checkConditions(t, []conditionCase{
		{`{"StringEquals":{"a:b":"x","a:c":"y"}}`, "a:b=x a:c=y", true},
		{`{"StringEquals":{"a:b":"x","a:c":"y"}}`, "a:b=x a:c=z", false},
		{`{"StringEquals":{"a:b":"x"},"StringLike":{"a:c":"y*"}}`, "a:b=x a:c=yy", true},
		{`{"StringEquals":{"a:b":"x"},"StringLike":{"a:c":"y*"}}`, "a:b=x", false},
		{`{"StringNotEquals":{"a:b":["x","y"]}}`, "a:b=x", false},
		{`{"StringNotEquals":{"a:b":["x","y"]}}`, "a:b=y", false},
		{`{"StringNotEquals":{"a:b":["x","y"]}}`, "a:b=z", true},
		{`{"StringNotLike":{"a:b":["x*","y*"]}}`, "a:b=yes", false},
		{`{"StringEquals":{"a:b":"x"}}`, "a:b=z a:b=x", true},
		{`{"StringEquals":{"a:b":"x"}}`, "a:b=z a:b=y", false},
		{`{"StringNotEquals":{"a:b":"x"}}`, "a:b=z a:b=x", false},
		{`{"StringNotEquals":{"a:b":"x"}}`, "a:b=z a:b=y", true},
		{`{"NumericLessThan":{"a:b":["1","5"]}}`, "a:b=3", true},
		{`{"DateNotEquals":{"a:b":["2025","2026"]}}`, "a:b=2026", false},
	})
}

// reference_policies_variables, in values of conditions.
func TestVariablesInConditions(t *testing.T) {
	t.Parallel()
	checkConditions(t, []conditionCase{
		{`{"StringEquals":{"a:b":"${aws:username}"}}`, "a:b=alice aws:username=alice", true},
		{`{"StringEquals":{"a:b":"${aws:username}"}}`, "a:b=bob aws:username=alice", false},
		{`{"StringEquals":{"a:b":"${AWS:UserName}"}}`, "a:b=alice aws:username=alice", true},
		{`{"StringEquals":{"a:b":"u-${aws:username}-${a:c}"}}`, "a:b=u-alice-x aws:username=alice a:c=x", true},
		{`{"StringEqualsIgnoreCase":{"a:b":"${aws:username}"}}`, "a:b=ALICE aws:username=alice", true},
		{`{"StringLike":{"a:b":"${aws:username}/*"}}`, "a:b=alice/x aws:username=alice", true},
		{`{"ArnLike":{"a:b":"arn:aws:iam::${aws:PrincipalAccount}:user/*"}}`, "a:b=" + alice + " aws:principalaccount=" + ours, true},
		{`{"ArnEquals":{"a:b":"${aws:PrincipalArn}"}}`, "a:b=" + alice + " aws:principalarn=" + alice, true},
		{`{"ArnEquals":{"a:b":"${aws:PrincipalArn}"}}`, "a:b=" + triageRole + " aws:principalarn=" + alice, false},
		// A value is taken literally: it brings no wildcards and no variables.
		{`{"StringLike":{"a:b":"${aws:username}"}}`, "a:b=bob aws:username=*", false},
		{`{"StringLike":{"a:b":"${aws:username}"}}`, "a:b=* aws:username=*", true},
		{`{"StringEquals":{"a:b":"${a:c}"}}`, "a:b=x a:c=${a:d} a:d=x", false},
		{`{"ArnLike":{"a:b":"arn:aws:iam::${a:c}:user/alice"}}`, "a:b=" + alice + " a:c=111111111111:user/alice", false},
		// Defaults stand in for what is absent, and only for that.
		{`{"StringEquals":{"a:b":"${aws:PrincipalTag/team, 'company-wide'}"}}`, "a:b=company-wide", true},
		{`{"StringEquals":{"a:b":"${aws:PrincipalTag/team, 'company-wide'}"}}`, "a:b=red aws:principaltag/team=red", true},
		{`{"StringEquals":{"a:b":"${aws:PrincipalTag/team,'company-wide'}"}}`, "a:b=company-wide aws:principaltag/team=red", false},
		{`{"StringEquals":{"a:b":"${a:c, ''}"}}`, "a:b=", true},
		{`{"StringLike":{"a:b":"${a:c, '*'}"}}`, "a:b=x", false},
		// Special characters that stand for themselves.
		{`{"StringLike":{"a:b":"${*}${?}${$}"}}`, "a:b=*?$", true},
		{`{"StringLike":{"a:b":"${*}"}}`, "a:b=x", false},
		{`{"StringEquals":{"a:b":"${$}{aws:username}"}}`, "a:b=${aws:username}", true},
		{`{"StringEquals":{"a:b":"5$"}}`, "a:b=5$", true},
		// Without a value a variable is equal to nothing, so negated operators hold
		// (policy variables with no value). A key of several values has none.
		{`{"StringEquals":{"a:b":"${aws:username}"}}`, "a:b=alice", false},
		{`{"StringNotEquals":{"a:b":"${aws:username}"}}`, "a:b=alice", true},
		{`{"StringNotLike":{"a:b":"${aws:username}*"}}`, "a:b=alice", true},
		{`{"StringEquals":{"a:b":"${a:c}"}}`, "a:b=x a:c=x a:c=y", false},
		{`{"StringEquals":{"a:b":["${aws:username}","bob"]}}`, "a:b=bob", true},
	})
}
