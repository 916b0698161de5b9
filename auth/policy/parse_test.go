package policy_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/findinghub/findinghub/auth/policy"
)

// refusal is a text that is no policy, and what the error must say.
type refusal struct {
	name, text string
	kind       policy.Kind
	line       int
	path       string
	message    string
}

func checkRefusals(t *testing.T, cases []refusal) {
	t.Helper()
	run(t, cases, func(c refusal) string { return c.name }, func(t *testing.T, c refusal) {
		d, err := policy.Parse([]byte(c.text), c.kind)
		var e *policy.SyntaxError
		if !errors.As(err, &e) {
			t.Fatalf("%v, %v: want a SyntaxError", d, err)
		}
		if e.Line != c.line || e.Path != c.path || !strings.Contains(e.Message, c.message) {
			t.Errorf("line %d, path %s: %s\nwant line %d, path %s: ...%s...", e.Line, e.Path, e.Message, c.line, c.path, c.message)
		}
		if text := e.Error(); !strings.HasPrefix(text, fmt.Sprintf("line %d: ", c.line)) || !strings.Contains(text, c.path) || !strings.HasSuffix(text, e.Message) {
			t.Errorf("the error reads %q", text)
		}
	})
}

// doc is a policy with one statement, each member on a line of its own from line 3 on.
func doc(lines ...string) string {
	return "{\"Version\": \"2012-10-17\",\n\"Statement\": [{\n" + strings.Join(lines, ",\n") + "\n}]}"
}

const (
	effect     = `"Effect": "Allow"`
	action     = `"Action": "securityhub:*"`
	everything = `"Resource": "*"`
	anyone     = `"Principal": "*"`
)

// IAM User Guide, reference_policies_grammar.
func TestRefusedDocuments(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("[", 20) + strings.Repeat("]", 20)
	checkRefusals(t, []refusal{
		{name: "nothing", text: "", line: 1, message: "ends too early"},
		{name: "cut off", text: "{\"Version\": \"2012-10-17\",\n\"Statement\": [", line: 2, path: "Statement", message: "ends too early"},
		{name: "no JSON", text: "{\n\n'Statement': 1}", line: 3, message: "not JSON"},
		{name: "YAML", text: "Version: 2012-10-17\n", line: 1, message: "not JSON"},
		{name: "a comma too many", text: "{\"Statement\": [\n{},\n]}", line: 2, path: "Statement", message: "not JSON: invalid character ','"},
		{name: "bad UTF-8", text: "{\"Id\":\n\"\xff\"}", line: 2, path: "Id", message: "not JSON"},
		{name: "two documents", text: "{\"Statement\":[" + st("Deny", "*") + "]}\n{}", line: 2, message: "follows the end"},
		{name: "a list", text: "[]", line: 1, message: "it is a list, not an object"},
		{name: "true", text: "true", line: 1, message: `it is "true", not an object`},
		{name: "a list that is cut off", text: "{\"Statement\": [{}\n", line: 2, path: "Statement", message: "ends too early"},
		{name: "an object without comma", text: "{\"Id\": \"a\"\n\"b\": 1}", line: 2, message: "not JSON"},
		{name: "a list closed as an object", text: "{\"Statement\": [1\n}", line: 2, path: "Statement", message: "not JSON"},
		{name: "null", text: "\nnull", line: 2, message: "it is null, not an object"},
		{name: "no statement", text: "\n{}", line: 2, message: `"Statement" is missing`},
		{name: "no statements", text: "{\n\"Statement\": []}", line: 2, path: "Statement", message: "the list is empty"},
		{name: "a statement of text", text: "{\"Statement\": [\n\"Allow\"]}", line: 2, path: "Statement[0]", message: "it is a string, not an object"},
		{name: "lists in lists", text: "{\"Statement\": [[]]}", line: 1, path: "Statement[0]", message: "it is a list"},
		{name: "an old version", text: "{\"Version\":\n\"2008-10-18\"}", line: 2, path: "Version", message: `"2008-10-18" is neither "2012-10-17" nor "2008-10-17"`},
		{name: "a version of numbers", text: `{"Version": 2012}`, line: 1, path: "Version", message: "it is a number, not a string"},
		{name: "an id of numbers", text: `{"Id": 1}`, line: 1, path: "Id", message: "it is a number, not a string"},
		{name: "an unknown member", text: "{\"Version\": \"2012-10-17\",\n\"Statements\": []}", line: 2, path: "Statements", message: "no such element; there are Version, Id, Statement"},
		{name: "another case", text: "{\n\"statement\": []}", line: 2, path: "statement", message: "no such element"},
		{name: "twice", text: "{\"Version\": \"2012-10-17\",\n\"Version\": \"2012-10-17\"}", line: 2, path: "Version", message: "there twice"},
		{name: "too deep", text: `{"Statement": ` + deep + `}`, line: 1, path: "Statement" + strings.Repeat("[0]", 7), message: "nested deeper than 8 levels"},
		{name: "too long", text: strings.Repeat(" ", policy.MaxSize+1), line: 1, message: "it has 32769 bytes, more than 32768"},
		{name: "names that spoil a terminal", text: `{"a\u001b[31m\n": 1}`, line: 1, path: `a\x1b[31m\n`, message: "no such element"},
		{name: "a name without end", text: `{"a` + strings.Repeat("é", 100) + `": 1}`, line: 1, path: "a" + strings.Repeat("é", 39) + "...", message: "no such element"},
	})
}

// IAM User Guide, reference_policies_elements and the page of each element below it.
func TestRefusedStatements(t *testing.T) {
	t.Parallel()
	checkRefusals(t, []refusal{
		{name: "unknown", text: doc(effect, action, everything, `"Actions": "*"`), line: 6, path: "Statement[0].Actions", message: "no such element; there are Sid, Effect"},
		{name: "twice", text: doc(effect, action, everything, action), line: 6, path: "Statement[0].Action", message: "there twice"},
		{name: "sid of numbers", text: doc(`"Sid": 1`, effect, action, everything), line: 3, path: "Statement[0].Sid", message: "it is a number"},
		{name: "sid with a space", text: doc(`"Sid": "a b"`, effect, action, everything), line: 3, path: "Statement[0].Sid", message: `"a b" has other characters than letters and digits`},
		{name: "same sid", text: "{\"Statement\": [" + st("Allow", "*", `"Sid":"A"`) + ",\n" + st("Deny", "*", `"Sid":"A"`) + "]}", line: 2, path: "Statement[1].Sid", message: "another statement's, too"},
		{name: "no effect", text: doc(action, everything), line: 2, path: "Statement[0]", message: `"Effect" is missing`},
		{name: "effect", text: doc(`"Effect": "allow"`, action, everything), line: 3, path: "Statement[0].Effect", message: `"allow" is neither "Allow" nor "Deny"`},
		{name: "effects", text: doc(`"Effect": ["Allow"]`, action, everything), line: 3, path: "Statement[0].Effect", message: "it is a list, not a string"},
		{name: "no action", text: doc(effect, everything), line: 2, path: "Statement[0]", message: `"Action" or "NotAction" is missing`},
		{name: "both actions", text: doc(effect, action, `"NotAction": "*"`, everything), line: 5, path: "Statement[0].NotAction", message: `"Action" is there, too`},
		{name: "empty actions", text: doc(effect, `"Action": []`, everything), line: 4, path: "Statement[0].Action", message: "the list is empty"},
		{name: "action of numbers", text: doc(effect, "\"Action\": [\"a:b\",\n1]", everything), line: 5, path: "Statement[0].Action[1]", message: "it is a number"},
		{name: "no service", text: doc(effect, `"Action": "GetFindings"`, everything), line: 4, path: "Statement[0].Action", message: `"GetFindings" is neither "*" nor of the form service:action`},
		{name: "empty service", text: doc(effect, `"Action": ":Get"`, everything), line: 4, path: "Statement[0].Action", message: "of the form"},
		{name: "empty action", text: doc(effect, `"Action": "securityhub:"`, everything), line: 4, path: "Statement[0].Action", message: "of the form"},
		{name: "wildcard in the service", text: doc(effect, `"Action": "sec*:Get"`, everything), line: 4, path: "Statement[0].Action", message: "in the service"},
		{name: "variable in the action", text: doc(effect, `"NotAction": "a:${b:c}"`, everything), line: 4, path: "Statement[0].NotAction", message: "in the action"},
		{name: "no resource", text: doc(effect, action), line: 2, path: "Statement[0]", message: `"Resource" or "NotResource" is missing`},
		{name: "both resources", text: doc(effect, action, everything, `"NotResource": "*"`), line: 6, path: "Statement[0].NotResource", message: `"Resource" is there, too`},
		{name: "a name", text: doc(effect, action, `"Resource": ["*", "hub/default"]`), line: 5, path: "Statement[0].Resource[1]", message: `"hub/default" is neither "*" nor an ARN`},
		{name: "no resources", text: doc(effect, action, `"NotResource": []`), line: 5, path: "Statement[0].NotResource", message: "the list is empty"},
		{name: "nothing it could match", text: doc(effect, action, `"Resource": "arn:aws:securityhub:*:hub/default"`), line: 5, path: "Statement[0].Resource", message: "fewer than six parts"},
		{name: "variable in the account", text: doc(effect, action, `"Resource": "arn:aws:securityhub:*:${aws:PrincipalAccount}:*"`), line: 5, path: "Statement[0].Resource", message: "before the fifth colon"},
		{name: "variable without end", text: doc(effect, action, `"Resource": "arn:aws:s3:::${aws:username"`), line: 5, path: "Statement[0].Resource", message: `has no "}"`},
		{name: "variable without service", text: doc(effect, action, `"Resource": "arn:aws:s3:::${username}"`), line: 5, path: "Statement[0].Resource", message: "${username} does not name a condition key"},
		{name: "default without quotes", text: doc(effect, action, `"Resource": "arn:aws:s3:::${aws:username, x}"`), line: 5, path: "Statement[0].Resource", message: "not in single quotes"},
		{name: "default with half a quote", text: doc(effect, action, `"Resource": "arn:aws:s3:::${aws:username, '}"`), line: 5, path: "Statement[0].Resource", message: "not in single quotes"},
		{name: "principal of an identity", text: doc(effect, anyone, action, everything), line: 4, path: "Statement[0].Principal", message: "has none"},
		{name: "not principal of an identity", text: doc(effect, `"NotPrincipal": "*"`, action, everything), line: 4, path: "Statement[0].NotPrincipal", message: "has none"},
	})
}

// IAM User Guide, reference_policies_elements_principal and _notprincipal.
func TestRefusedPrincipals(t *testing.T) {
	t.Parallel()
	in := func(name, principal, path, message string) refusal {
		path = strings.TrimSuffix("Statement[0].Principal."+path, ".")
		return refusal{name: name, kind: policy.Resource, text: doc(effect, `"Principal": `+principal, action, everything), line: 4, path: path, message: message}
	}
	checkRefusals(t, []refusal{
		{name: "missing", kind: policy.Resource, text: doc(effect, action, everything), line: 2, path: "Statement[0]", message: `"Principal" or "NotPrincipal" is missing`},
		{name: "missing in a trust policy", kind: policy.Trust, text: doc(effect, action), line: 2, path: "Statement[0]", message: `"Principal" or "NotPrincipal" is missing`},
		{name: "missing resource", kind: policy.Resource, text: doc(effect, anyone, action), line: 2, path: "Statement[0]", message: `"Resource" or "NotResource" is missing`},
		{name: "resource of a trust policy", kind: policy.Trust, text: doc(effect, anyone, action, everything), line: 6, path: "Statement[0].Resource", message: "is about its role"},
		{name: "other resources of a trust policy", kind: policy.Trust, text: doc(effect, anyone, action, `"NotResource": "*"`), line: 6, path: "Statement[0].NotResource", message: "is about its role"},
		{name: "everyone but", kind: policy.Resource, text: doc(effect, `"NotPrincipal": {"AWS": "111111111111"}`, action, everything), line: 4, path: "Statement[0].NotPrincipal", message: `use "Principal"`},
		{name: "both", kind: policy.Resource, text: doc(`"Effect": "Deny"`, anyone, `"NotPrincipal": "*"`, action, everything), line: 5, path: "Statement[0].NotPrincipal", message: `"Principal" is there, too`},
		in("a bare account", `"111111111111"`, "", `is neither "*" nor an object`),
		in("a number", `1`, "", "it is a number, not an object"),
		in("nobody", `{}`, "", "it names nobody"),
		in("an unknown type", `{"Aws": "*"}`, "Aws", "no such element; there are AWS, Service, Federated"),
		in("an empty list", `{"AWS": []}`, "AWS", "the list is empty"),
		in("an empty service", `{"Service": []}`, "Service", "the list is empty"),
		in("a service of numbers", `{"Service": 1}`, "Service", "it is a number"),
		in("a short account", `{"AWS": ["*", "12345678901"]}`, "AWS[1]", `"12345678901" is neither "*"`),
		in("a number that is an account", `{"AWS": 111111111111}`, "AWS", "it is a number, not a string"),
		in("letters", `{"AWS": "11111111111a"}`, "AWS", "is neither"),
		in("a wildcard in an ARN", `{"AWS": "arn:aws:iam::111111111111:user/*"}`, "AWS", "in full"),
		in("a variable", `{"AWS": "arn:aws:iam::111111111111:user/${aws:username}"}`, "AWS", "in full"),
		in("no account", `{"AWS": "arn:aws:iam:::user/alice"}`, "AWS", "in full"),
		in("a region", `{"AWS": "arn:aws:iam:eu-west-1:111111111111:user/alice"}`, "AWS", "in full"),
		in("a group", `{"AWS": "arn:aws:iam::111111111111:group/all"}`, "AWS", "is not the ARN of an account, user, role or session"),
		in("a user without a name", `{"AWS": "arn:aws:iam::111111111111:user/"}`, "AWS", "is not the ARN"),
		in("a role without a session", `{"AWS": "arn:aws:sts::111111111111:assumed-role/triage"}`, "AWS", "is not the ARN"),
		in("a bucket", `{"AWS": "arn:aws:s3::111111111111:bucket"}`, "AWS", "is not the ARN"),
	})
}

// IAM User Guide, reference_policies_elements_condition_operators.
func TestRefusedConditions(t *testing.T) {
	t.Parallel()
	in := func(name, condition, path, message string) refusal {
		path = strings.TrimSuffix("Statement[0].Condition."+path, ".")
		return refusal{name: name, text: doc(effect, action, everything, `"Condition": `+condition), line: 6, path: path, message: message}
	}
	value := func(operator, value, message string) refusal {
		return in(operator+" "+value, fmt.Sprintf("{%q: {\"a:b\": %s}}", operator, value), operator+".a:b", message)
	}
	checkRefusals(t, []refusal{
		in("a list", `[]`, "", "it is a list, not an object"),
		in("nothing", `{}`, "", "it is empty"),
		in("no keys", `{"Bool": {}}`, "Bool", "it is empty"),
		in("keys of text", `{"Bool": "a:b"}`, "Bool", "it is a string, not an object"),
		in("an unknown operator", `{"StringMatches": {"a:b": "x"}}`, "StringMatches", "no such condition operator"),
		in("a type alone", `{"Numeric": {"a:b": "1"}}`, "Numeric", "no such condition operator"),
		in("another case", `{"stringequals": {"a:b": "x"}}`, "stringequals", "no such condition operator"),
		in("another prefix", `{"ForSomeValues:StringEquals": {"a:b": "x"}}`, "ForSomeValues:StringEquals", "no such condition operator"),
		in("two prefixes", `{"ForAnyValue:ForAllValues:StringEquals": {"a:b": "x"}}`, "ForAnyValue:ForAllValues:StringEquals", "no such condition operator"),
		in("binary not", `{"BinaryNotEquals": {"a:b": "AAAA"}}`, "BinaryNotEquals", "no such condition operator"),
		in("null if exists", `{"NullIfExists": {"a:b": "true"}}`, "NullIfExists", "no such condition operator"),
		in("null of all", `{"ForAllValues:Null": {"a:b": "true"}}`, "ForAllValues:Null", "no such condition operator"),
		in("suffix alone", `{"IfExists": {"a:b": "true"}}`, "IfExists", "no such condition operator"),
		in("no service", `{"Bool": {"SecureTransport": "true"}}`, "Bool.SecureTransport", "named service:key"),
		in("twice", `{"Bool": {"a:b": "true", "A:B": "true"}}`, "Bool.A:B", "it is there twice"),
		value("StringEquals", `[]`, "the list is empty"),
		value("StringEquals", `null`, "it is null, not a string, number or boolean"),
		value("StringEquals", `{}`, "it is an object"),
		in("a list in a list", `{"StringEquals": {"a:b": ["x", ["y"]]}}`, "StringEquals.a:b[1]", "it is a list"),
		value("StringEquals", `"${x}"`, "does not name a condition key"),
		value("StringLike", `"${aws:x"`, `has no "}"`),
		value("Bool", `"yes"`, `"yes" is neither true nor false`),
		value("Bool", `1`, "is neither true nor false"),
		value("Null", `""`, `"" is neither true nor false`),
		value("NumericEquals", `"ten"`, `"ten" is not a number`),
		value("NumericLessThanIfExists", `"0x10"`, "is not a number"),
		value("ForAnyValue:NumericEquals", `"1_000"`, "is not a number"),
		value("NumericEquals", `"Inf"`, "is not a number"),
		value("NumericEquals", `"1e999"`, "is not a number"),
		value("NumericEquals", `""`, "is not a number"),
		value("NumericEquals", `"${a:b}"`, "is not a number"),
		value("DateEquals", `"yesterday"`, `"yesterday" is neither an ISO 8601 date nor seconds since 1970`),
		value("DateEquals", `"2026-13-01"`, "is neither an ISO 8601 date"),
		value("DateLessThan", `"2026-01-01T00:00:00"`, "is neither an ISO 8601 date"),
		value("DateLessThan", `1767323045000`, "is neither an ISO 8601 date"),
		value("BinaryEquals", `"%"`, `"%" is not base64`),
		value("IpAddress", `"203.0.113.0/33"`, "is neither an IP address nor a network"),
		value("IpAddress", `"203.0.113"`, "is neither an IP address nor a network"),
		value("IpAddress", `"fe80::1%eth0"`, "is neither an IP address nor a network"),
		value("NotIpAddress", `"*"`, "is neither an IP address nor a network"),
		value("ArnLike", `"alice"`, `"alice" is not an ARN`),
		value("ArnEquals", `"arn:aws:iam::111111111111"`, "fewer than six parts"),
	})
}

// What the guide's grammar allows is accepted: see the cited pages for each.
func TestAccepted(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		kind policy.Kind
		text string
	}{
		{"one statement without a list", policy.Identity, `{"Version":"2012-10-17","Id":"x","Statement":` + st("Allow", "*") + `}`},
		{"the older version", policy.Identity, `{"Version":"2008-10-17","Statement":` + st("Allow", "*") + `}`},
		{"no version", policy.Identity, `{"Statement":[` + st("Allow", "*", `"Sid":""`) + "," + st("Deny", "*", `"Sid":""`) + `]}`},
		{"no variables in the older version", policy.Identity, `{"Statement":{"Effect":"Allow","Action":"a:b","Resource":"arn:aws:s3:::${x"}}`},
		{"a service of another product", policy.Identity, `{"Statement":` + st("Allow", "*:*") + `}`},
		{"a service with a dash", policy.Identity, `{"Statement":` + st("Allow", "resource-groups:List?ags*") + `}`},
		{"an open ARN", policy.Identity, `{"Statement":{"Effect":"Allow","NotAction":"a:b","NotResource":["arn:aws:securityhub:*"]}}`},
		{"all principals", policy.Resource, `{"Statement":` + rst("Allow", `{"AWS":["*","111111111111","arn:aws-cn:iam::111111111111:root","`+alice+`","`+triageRole+`","`+triageBob+`","arn:aws:sts::111111111111:federated-user/x"],"Service":"events.amazonaws.com","Federated":["cognito-identity.amazonaws.com"]}`, `"Sid":"with a space"`) + `}`},
		{"a trust policy", policy.Trust, `{"Statement":{"Effect":"Allow","Principal":{"AWS":"111111111111"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"x"}}}}`},
		{"everything allowed in depth", policy.Identity, `{"Statement":[` + st("Allow", "*", `"Condition":{"ForAnyValue:StringLikeIfExists":{"accounts.google.com:aud":["x"]}}`) + `]}`},
		{"the longest", policy.Identity, `{"Statement":` + st("Allow", "*") + `}` + strings.Repeat(" ", policy.MaxSize-len(`{"Statement":`+st("Allow", "*")+`}`))},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			parse(t, c.kind, c.text)
		})
	}
}
