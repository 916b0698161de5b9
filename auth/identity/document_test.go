package identity

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/findinghub/findinghub/auth/policy"
	"pgregory.net/rapid"
)

// whole uses everything that the format has.
const whole = `
organization:
  id: o-exampleorgid
  management-account: "111122223333"
  accounts: all
accounts:
  "111122223333":
    name: security
    users:
      scanner:
        policies: [FindingProvider, MyOwn]
        inline-policies:
          NoSuppress:
            Version: 2012-10-17
            Statement:
              - Effect: Deny
                Action: securityhub:BatchUpdateFindings
                Resource: "*"
                Condition:
                  StringEquals:
                    securityhub:ASFFSyntaxPath/Workflow.Status: SUPPRESSED
          AsText: '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"securityhub:Get*","Resource":"*"}}'
          AsBlock: |
            {"Version": "2012-10-17",
             "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*",
               "Condition": {"Bool": {"aws:SecureTransport": "true"}}}]}
        permissions-boundary: AdministratorAccess
        tags: {team: blue, Cost: 012}
        access-keys:
          - id: AKIAIOSFODNN7EXAMPLE
            status: inactive
            secret: wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY
          - id: AKIAIOSFODNN7EXAMPLF
            secret-env: SCANNER_SECRET
    roles:
      Developer:
        trust-policy:
          Version: "2012-10-17"
          Statement:
            Effect: Allow
            Principal: {AWS: 444455556666}
            Action: sts:AssumeRole
        policies: [Developer]
        max-session-duration: 2h
        sessions-not-before: 2026-01-02T03:04:05Z
  "044455556666": {}
policies:
  MyOwn: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: securityhub:GetFindings, Resource: "*"}]}
`

func TestDocument(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Getenv = func(name string) string {
		return map[string]string{"SCANNER_SECRET": "abcdefghijklmnopqrstuvwxyz0123456789ABCD"}[name]
	}
	f.declare(t, whole)
	s := f.open(t).Snapshot()

	user := s.User("arn:aws:iam::111122223333:user/scanner")
	if user == nil || user.Name != "scanner" || user.Account != alice || user.Managed || user.IsRole() {
		t.Fatalf("the user is %+v", user)
	}
	if got := len(user.Policies.Identity); got != 5 || user.Policies.Boundary == nil || user.Policies.Session != nil {
		t.Errorf("the user has %d policies and the boundary %v", got, user.Policies.Boundary)
	}
	if want := map[string]string{"team": "blue", "Cost": "012"}; !reflect.DeepEqual(user.Tags, want) {
		t.Errorf("the tags are %q, want %q", user.Tags, want)
	}
	if k := s.Key("AKIAIOSFODNN7EXAMPLE"); k == nil || k.Active || k.Secret() != testSecret || k.User != user {
		t.Errorf("the first key is %+v", k)
	}
	if k := s.Key("AKIAIOSFODNN7EXAMPLF"); k == nil || !k.Active || k.Secret() != "abcdefghijklmnopqrstuvwxyz0123456789ABCD" {
		t.Errorf("the second key is %+v", k)
	}
	role := s.Role("arn:aws-cn:iam::111122223333:role/Developer")
	if role == nil || !role.IsRole() || role.MaxSession != 2*time.Hour || !role.NotBefore.Equal(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)) {
		t.Errorf("the role is %+v", role)
	}
	if a := s.Account(alice); a == nil || a.Name != "security" || len(a.Users()) != 1 || len(a.Roles()) != 1 {
		t.Errorf("the account is %+v", a)
	}
	// An id that begins with a zero is digits, not a number.
	o := s.Organization("044455556666")
	if o == nil || o.ID != "o-exampleorgid" || !reflect.DeepEqual(o.Accounts, []string{"044455556666", alice}) {
		t.Errorf("the organisation is %+v", o)
	}
	if s.Organization(bob) != nil {
		t.Error("an account that is not declared is in the organisation")
	}
	if got := s.CustomerPolicies(); !reflect.DeepEqual(got, []string{"MyOwn"}) {
		t.Errorf("the policies are %q", got)
	}
}

// TestDocumentJSON: JSON is read as it is, with tabs and escapes.
func TestDocumentJSON(t *testing.T) {
	t.Parallel()
	doc, err := Parse("x.json", []byte("{\n\t\"accounts\": {\n\t\t\"111122223333\": {\"name\": \"a\\u00e9\\/b\", \"users\": {\"u\": null}}\n\t}\n}\n"))
	if err != nil || doc.Accounts[alice].Name != "aé/b" || doc.Accounts[alice].Users["u"] == nil {
		t.Errorf("got %+v, %v", doc, err)
	}
	for _, text := range []string{"", "# nothing\n", "accounts:\n", "{}"} {
		if doc, err := Parse("x", []byte(text)); err != nil || len(doc.Accounts) != 0 {
			t.Errorf("%q is not empty but %+v, %v", text, doc, err)
		}
	}
}

const role = "accounts:\n  \"111122223333\":\n    roles:\n      R:\n        "
const user = "accounts:\n  \"111122223333\":\n    users:\n      u:\n        "
const trust = "trust-policy: {Version: 2012-10-17, Statement: {Effect: Allow, Principal: {AWS: 444455556666}, Action: 'sts:AssumeRole'}}\n"

// TestDocumentMistakes: each is named with the line it is on.
func TestDocumentMistakes(t *testing.T) {
	t.Parallel()
	longName := strings.Repeat("n", 65)
	cases := []struct {
		name, text string
		line       int
		says       string
	}{
		{"unknown key at the top", "\naccount: {}\n", 2, `unknown key "account"`},
		{"unknown key of an account", "accounts:\n  \"111122223333\":\n    user: {}\n", 3, `unknown key "accounts.111122223333.user"`},
		{"unknown key of a user", user + "policy: []\n", 5, `unknown key "accounts.111122223333.users.u.policy"`},
		{"unknown key of a key", user + "access-keys:\n        - id: AKIAIOSFODNN7EXAMPLE\n          sealed: x\n", 7, "access-keys[0].sealed"},
		{"a role's key on a user", user + "trust-policy: {}\n", 5, "trust-policy"},
		{"a key twice", "accounts:\n  \"111122223333\": {}\n  '111122223333': {}\n", 3, "111122223333"},
		{"a key as a number and as text", "accounts: {111122223333: {}, \"111122223333\": {}}\n", 1, "111122223333"},
		{"a user twice", user + "tags: {}\n      u: {}\n", 6, `"u"`},
		{"not an account", "accounts:\n  \"1111\": {}\n", 2, `"1111" is not an account id`},
		{"an account called root", "accounts:\n  \"111122223333\":\n    name: Root\n", 3, "cannot be called root"},
		{"a long name of an account", "accounts:\n  \"111122223333\":\n    name: " + strings.Repeat("x", 51) + "\n", 3, "at most 50 characters"},
		{"a user called root", "accounts:\n  \"111122223333\":\n    users:\n      root: {}\n", 4, "cannot be called root"},
		{"a user with a slash", "accounts:\n  \"111122223333\":\n    users:\n      a/b: {}\n", 4, `"a/b"`},
		{"a long name", "accounts:\n  \"111122223333\":\n    users:\n      " + longName + ": {}\n", 4, "1 to 64"},
		{"a policy with a space", "policies:\n\n  a b: {}\n", 3, `"a b"`},
		{"a list of users", "accounts:\n  \"111122223333\":\n    users: [u]\n", 3, "expected keys and values"},
		{"a policy that is no list", user + "policies: Developer\n", 5, "expected a list"},
		{"a policy attached twice", user + "policies:\n        - Developer\n        - Developer\n", 7, "given twice"},
		{"a mapping as a tag", user + "tags:\n          a: {b: c}\n", 6, "expected a plain value"},
		{"tags that differ in capitals", user + "tags:\n          a: 1\n          A: 2\n", 7, "capitals"},
		{"an alias", "policies: &p {}\naccounts: *p\n", 1, "expected keys and values"},
		{"a merge", "accounts:\n  <<: {\"111122223333\": {}}\n", 2, "plain word"},
		{"two documents", "accounts: {}\n---\naccounts: {}\n", 0, "more than one document"},
		{"not YAML", "accounts:\n  a: b: c\n", 2, ""},
		{"a role without trust", role + "policies: []\n", 4, "no trust-policy"},
		{"a short session", role + trust + "        max-session-duration: 14m\n", 6, "15m to 12h"},
		{"a long session", role + trust + "        max-session-duration: 12h1s\n", 6, "15m to 12h"},
		{"a session of a part of a second", role + trust + "        max-session-duration: 16m0.5s\n", 6, "whole seconds"},
		{"a time that is none", role + trust + "        sessions-not-before: yesterday\n", 6, `"yesterday"`},
		{"an organisation without id", "\norganization:\n  management-account: 111122223333\n", 2, "organization.id"},
		{"an organisation without management", "organization:\n  id: o-exampleorgid\n", 1, "management-account"},
		{"an organisation of something", "organization: {id: o-exampleorgid, management-account: 111122223333,\n  accounts: some}\n", 2, `"all"`},
		{"an organisation with a bad account", "organization:\n  id: o-exampleorgid\n  management-account: 111122223333\n  accounts:\n  - 111122223333\n  - 12\n", 6, `"12"`},
		{"a short key id", user + "access-keys: [{id: AKIA, secret: x}]\n", 5, `"AKIA" is not 16 to 128`},
		{"a session's key id", user + "access-keys: [{id: ASIAIOSFODNN7EXAMPLE, secret-env: x}]\n", 5, "begins with ASIA"},
		{"a status", user + "access-keys: [{id: AKIAIOSFODNN7EXAMPLE, status: on, secret-env: x}]\n", 5, `"on"`},
		{"a key without a secret", user + "access-keys:\n        -  id: AKIAIOSFODNN7EXAMPLE\n", 6, "exactly one of"},
		{"a key with two secrets", user + "access-keys:\n        - {id: AKIAIOSFODNN7EXAMPLE, secret-env: a, secret: b}\n", 6, "exactly one of"},
		{"a policy's mistake, in YAML", user + "inline-policies:\n          P:\n            Version: 2012-10-17\n            Statement:\n            - Effect: Allow\n              Action: '*'\n              Resource: '*'\n            - Effect: Permit\n              Action: '*'\n              Resource: '*'\n", 12, "inline-policies.P.Statement[1].Effect"},
		{"a policy's mistake, in a block", user + "inline-policies:\n          P: |\n            {\"Version\": \"2012-10-17\",\n             \"Statement\": [\n               {\"Effect\": \"Permit\", \"Action\": \"*\", \"Resource\": \"*\"}]}\n", 9, "Statement[0].Effect"},
		{"a policy's mistake, in a string", user + "inline-policies:\n          P: '{\"Statement\": {\"Effect\": \"Permit\", \"Action\": \"*\", \"Resource\": \"*\"}}'\n", 6, "Statement.Effect"},
		{"a policy that is not JSON", user + "inline-policies:\n          P: '{'\n", 6, "JSON"},
		{"a trust policy with a resource", role + "trust-policy:\n          Statement:\n            Effect: Allow\n            Principal: '*'\n            Action: 'sts:AssumeRole'\n            Resource: '*'\n", 10, "Resource"},
		{"a managed policy with a principal", "policies:\n  P:\n    Statement:\n      Effect: Allow\n      Action: '*'\n      Resource: '*'\n      Principal: '*'\n", 7, "Principal"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse("f.yaml", []byte(c.text))
			var placed *FileError
			if !errors.As(err, &placed) {
				t.Fatalf("the error is %v", err)
			}
			if placed.File != "f.yaml" || placed.Line != c.line || !strings.Contains(placed.Message, c.says) {
				t.Errorf("got %q, want line %d and %q\n%s", err, c.line, c.says, c.text)
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("the error has more than one line: %q", err)
			}
		})
	}
}

// TestTogetherMistakes are those that only show when everything is read.
func TestTogetherMistakes(t *testing.T) {
	t.Parallel()
	key := "access-keys: [{id: AKIAIOSFODNN7EXAMPLE, secret: wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY}]\n"
	cases := []struct{ name, text, says string }{
		{"no such policy", user + "policies:\n        - Developer\n        - Nobody\n", `declared.yaml:7: there is no policy "Nobody"`},
		{"no such boundary", user + "permissions-boundary: Nobody\n", `declared.yaml:5: there is no policy "Nobody"`},
		{"a built-in name", "policies:\n  Developer: {Version: 2012-10-17, Statement: {Effect: Allow, Action: '*', Resource: '*'}}\n", "declared.yaml:2: policy Developer is built in"},
		{"a key of two users", user + key + "      v:\n        " + key, "declared.yaml:7: access key AKIAIOSFODNN7EXAMPLE is also at"},
		{"users that differ in capitals", user + "tags: {}\n      U: {}\n", "is also at"},
		{"an organisation of strangers", "organization: {id: o-exampleorgid, management-account: 444455556666}\naccounts: {111122223333: {}}\n", "declared.yaml:1: the organization names account 444455556666"},
		{"a variable that is not set", user + "access-keys: [{id: AKIAIOSFODNN7EXAMPLE, secret-env: NOT_SET}]\n", "declared.yaml:5: access key AKIAIOSFODNN7EXAMPLE: the variable NOT_SET is empty"},
		{"a secret file that is not there", user + "access-keys: [{id: AKIAIOSFODNN7EXAMPLE, secret-file: nowhere}]\n", "nowhere"},
		{"a short secret", user + "access-keys: [{id: AKIAIOSFODNN7EXAMPLE, secret: short}]\n", "has 5 characters"},
		{"a secret with a space", user + "access-keys: [{id: AKIAIOSFODNN7EXAMPLE, secret: a secret with a space}]\n", "neither a letter"},
		{"sealed without a key", user + "access-keys: [{id: AKIAIOSFODNN7EXAMPLE, sealed-secret: AAAA}]\n", "no key to open"},
	}
	for _, c := range cases {
		f := newFixture(t)
		f.declare(t, c.text)
		_, err := Open(f.Config)
		wantError(t, c.name, err, c.says)
	}
}

// TestPlainSecretNeedsPrivateFile: a secret in plain text is only taken from a file that
// nobody else can read.
func TestPlainSecretNeedsPrivateFile(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.declare(t, user+"access-keys: [{id: AKIAIOSFODNN7EXAMPLE, secret: wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY}]\n")
	d := f.open(t)
	for _, mode := range []os.FileMode{0o640, 0o604} {
		if err := os.Chmod(f.DeclaredFile, mode); err != nil {
			t.Fatal(err)
		}
		_, err := Open(f.Config)
		wantError(t, mode.String(), err, "declared.yaml:5", "0600")
		// The directory that was open sees the mode change, too.
		wantError(t, mode.String(), d.Err(), "0600")
	}
}

func TestSecretFile(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	write(t, f.dir+"/scanner.secret", string(testSecret)+"\r\n")
	f.declare(t, user+"access-keys: [{id: AKIAIOSFODNN7EXAMPLE, secret-file: scanner.secret}]\n")
	if k := f.open(t).Snapshot().Key("AKIAIOSFODNN7EXAMPLE"); k.Secret() != testSecret {
		t.Errorf("the secret has %d characters", len(k.Secret()))
	}
}

// TestWrittenReadsBack: whatever names and texts a document has, what is written of it is
// read as the same.
func TestWrittenReadsBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(rapid.RuneFrom([]rune("abc \"'\\:#-{}[]*&!|>%@`~\u00e9\u2028\U0001f600/,?01")), 0, 30, -1)
		doc := &Document{}
		doc.account(alice).Name = rapid.StringMatching(`[a-z: #-]{0,20}`).Draw(t, "name")
		u := &User{Permissions: Permissions{Tags: map[string]string{"k" + text.Draw(t, "key"): text.Draw(t, "value")}}}
		doc.Accounts[alice].Users[rapid.StringMatching(`[\w+=,.@-]{1,20}`).Filter(func(s string) bool { return !strings.EqualFold(s, "root") }).Draw(t, "user")] = u
		resource := "arn:" + text.Draw(t, "resource")
		parsed, err := policy.Parse(fmt.Appendf(nil, `{"Statement":{"Effect":"Allow","Action":"*","Resource":%q}}`, "*"), policy.Identity)
		if err != nil {
			t.Fatal(err)
		}
		u.InlinePolicies = map[string]*Policy{"P": {Text: []byte(`{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Sid":"a"}}`), Document: parsed}}
		doc.Accounts[bob] = &Account{Name: strings.ReplaceAll(resource, "\u2028", "")}
		data, err := encode(doc)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse("x", data)
		if err != nil {
			t.Fatalf("%v\n%s", err, data)
		}
		if back, err := encode(again); err != nil || string(back) != string(data) {
			t.Fatalf("written %s\nread %s, %v", data, back, err)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(whole))
	f.Add([]byte(`{"accounts": {"111122223333": {"users": {"u": {"policies": ["Developer"]}}}}}`))
	f.Add([]byte("accounts:\n  <<: *a\n? [x]\n: y\n"))
	f.Add([]byte(user + "inline-policies: {P: |\n  {}\n}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		doc, err := Parse("f", data)
		if err != nil {
			var placed *FileError
			if !errors.As(err, &placed) || placed.Line < 0 {
				t.Fatalf("the error has no place: %v", err)
			}
			return
		}
		written, err := encode(doc)
		if err != nil {
			t.Fatal(err)
		}
		// What reads otherwise after it was written, Update refuses; it must not fail worse.
		_, _ = Parse("f", written)
	})
}
