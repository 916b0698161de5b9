package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// security is the account of the tests of identities.
const security = "111122223333"

// keeper runs identity commands on one data directory.
type keeper struct {
	dir string
	env map[string]string
	out *strings.Builder // all that was printed but what shows a new key
}

func newKeeper(t *testing.T) *keeper {
	t.Helper()
	return &keeper{dir: t.TempDir(), out: &strings.Builder{}}
}

// run calls findinghub identity with these arguments.
func (k *keeper) run(t *testing.T, args ...string) result { return k.reads(t, "", args...) }

// reads is run with something on the standard input.
func (k *keeper) reads(t *testing.T, text string, args ...string) result {
	t.Helper()
	r := call{args: append([]string{"identity", "--data-dir", k.dir}, args...), stdin: text, env: k.env}.run(t)
	if args[0] != "create-key" && args[0] != "rotate-key" {
		k.out.WriteString(r.stdout)
	}
	k.out.WriteString(r.stderr)
	return r
}

// does runs a command that must succeed.
func (k *keeper) does(t *testing.T, args ...string) {
	t.Helper()
	k.run(t, args...).wants(t, exitOK)
}

const (
	trustSecurity = "Version: 2012-10-17\nStatement:\n  Effect: Allow\n  Principal: {AWS: 111122223333}\n  Action: sts:AssumeRole\n"
	allowRead     = `{"Version": "2012-10-17", "Statement": {"Sid": "Read", "Effect": "Allow", "Action": "securityhub:Get*", "Resource": "*"}}`
	allowHome     = `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "securityhub:List*", "Resource": "*", "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}}`
)

// exported are the key and the secret that create-key prints for a shell.
var exported = regexp.MustCompile(`^export AWS_ACCESS_KEY_ID=(AKIA[A-Z2-7]{16})\nexport AWS_SECRET_ACCESS_KEY=([A-Za-z0-9+/]{40})\n$`)

// newKeyOf reads what create-key or rotate-key printed.
func newKeyOf(t *testing.T, r result) (id, secret string) {
	t.Helper()
	r.wants(t, exitOK)
	found := exported.FindStringSubmatch(r.stdout)
	if found == nil {
		t.Fatalf("this is not what a shell takes: %q", r.stdout)
	}
	return found[1], found[2]
}

// TestIdentityLife makes one of everything and takes it away again, and looks for secrets
// in all that was printed and written beside.
func TestIdentityLife(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	k.does(t, "create-account", security, "--name", "sec")
	k.does(t, "create-user", security, "scanner")
	k.reads(t, trustSecurity, "create-role", security, "Dev", "--trust", "-", "--max-session-duration", "2h").wants(t, exitOK)
	k.reads(t, allowRead, "put-policy", "Reader", "-").wants(t, exitOK)
	k.does(t, "attach-policy", security, "user/scanner", "Reader")
	k.does(t, "attach-policy", security, "role/Dev", "Developer")
	k.does(t, "put-inline-policy", security, "user/scanner", "Home", fileWith(t, allowHome))
	first, firstSecret := newKeyOf(t, k.run(t, "create-key", security, "scanner"))
	second, secondSecret := newKeyOf(t, k.run(t, "rotate-key", first))
	k.run(t, "list").wants(t, exitOK, "account 111122223333 sec\n", "  user scanner: Reader, Home\n",
		"    key "+first+" active\n    key "+second+" active\n", "  role Dev: Developer\n", "policy Reader\n")
	third, thirdSecret := newKeyOf(t, k.run(t, "rotate-key", second, "--deactivate-old"))
	k.run(t, "list").wants(t, exitOK, "    key "+second+" inactive\n", "    key "+third+" active\n")
	k.does(t, "revoke-key", first)
	k.does(t, "revoke-sessions", security, "Dev")
	k.run(t, "revoke-key", first).wants(t, exitFailed, "there is no access key "+first)
	k.run(t, "delete-account", security).wants(t, exitFailed, "still has 2 users and roles")
	k.run(t, "delete-policy", "Reader").wants(t, exitFailed, `there is no policy "Reader"`)
	listed := k.run(t, "list", "--json")

	k.does(t, "detach-policy", security, "user/scanner", "Reader")
	k.does(t, "detach-policy", security, "user/scanner", "Home")
	k.does(t, "delete-policy", "Reader")
	k.does(t, "delete-user", security, "scanner")
	k.does(t, "delete-role", security, "Dev")
	k.does(t, "delete-account", security)
	if r := k.run(t, "list"); r.stdout != "" {
		t.Errorf("what is left is %q", r.stdout)
	}

	if strings.Contains(listed.stdout, first) || !strings.Contains(listed.stdout, third) {
		t.Errorf("the list has the wrong keys:\n%s", listed.stdout)
	}
	var shown listing
	if err := json.Unmarshal([]byte(listed.stdout), &shown); err != nil || len(shown.Accounts) != 1 || shown.Accounts[0].Users[0].Keys[1].ID != third {
		t.Errorf("the list is %+v, %v", shown, err)
	}
	for _, secret := range []string{firstSecret, secondSecret, thirdSecret} {
		if strings.Contains(k.out.String(), secret) {
			t.Errorf("a secret was printed where none should be:\n%s", k.out)
		}
	}
}

func TestIdentityNewKeyJSON(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	k.does(t, "create-account", security)
	k.does(t, "create-user", security, "u")
	for _, args := range [][]string{{"create-key", security, "u", "--json"}} {
		r := k.run(t, args...)
		var key newKey
		if err := json.Unmarshal([]byte(r.stdout), &key); err != nil || key.UserName != "u" || len(key.AccessKeyID) != 20 || len(key.SecretAccessKey) != 40 {
			t.Errorf("%q prints %q: %v", args, r.stdout, err)
		}
		if written, err := os.ReadFile(filepath.Join(k.dir, managedFile)); err != nil || strings.Contains(string(written), key.SecretAccessKey) {
			t.Errorf("the secret is in the file, or %v", err)
		}
	}
}

// TestIdentityRefusals: each is one line that says what to do or what is wrong.
func TestIdentityRefusals(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	declared := fileWith(t, "accounts:\n  \"444455556666\":\n    users:\n      bob: {}\n")
	k.does(t, "create-account", security)
	k.does(t, "create-user", security, "u")
	cases := []struct {
		args []string
		code int
		says string
	}{
		{[]string{"create-account", security}, exitFailed, "exists already"},
		{[]string{"create-account", "12"}, exitFailed, "12 digits"},
		{[]string{"create-user", "444455556666", "x"}, exitFailed, "findinghub identity create-account 444455556666"},
		{[]string{"create-user", security, "a b"}, exitFailed, `"a b"`},
		{[]string{"create-role", security, "r"}, exitUsage, "--trust"},
		{[]string{"create-role", security, "r", "--trust", "no-such-file"}, exitUsage, "no-such-file"},
		{[]string{"create-role", security, "r", "--trust", fileWith(t, "Statement:\n  Effect: Maybe\n")}, exitUsage, ":2: "},
		{[]string{"create-role", security, "r", "--trust", fileWith(t, trustSecurity), "--max-session-duration", "13h"}, exitFailed, "15m to 12h"},
		{[]string{"create-key", security, "x"}, exitFailed, "there is no user x of account"},
		{[]string{"rotate-key", "AKIAIOSFODNN7EXAMPLE"}, exitFailed, "there is no access key"},
		{[]string{"revoke-sessions", security, "r"}, exitFailed, "there is no role r"},
		{[]string{"attach-policy", security, "u", "Developer"}, exitUsage, "user/NAME or role/NAME"},
		{[]string{"attach-policy", security, "user/u", "Nothing"}, exitFailed, `there is no policy "Nothing"`},
		{[]string{"put-policy", "Developer", fileWith(t, allowRead)}, exitFailed, "built in"},
		{[]string{"put-policy", "P", fileWith(t, "")}, exitUsage, "empty"},
		{[]string{"delete-user", "444455556666", "bob", "--identity", declared}, exitFailed, "user bob of account 444455556666 is declared at " + declared + ":4; change it there"},
		{[]string{"create-user", "444455556666", "bob", "--identity", declared}, exitFailed, declared + ":4"},
		{[]string{"list", "--identity", "no-such-file"}, exitUsage, "no-such-file"},
		{[]string{"list", "--identity", fileWith(t, "\noops: 1\n")}, exitUsage, ":2: unknown key \"oops\""},
		{[]string{"explain", "--as", "bob", "--action", "a:b"}, exitUsage, `--as "bob"`},
		{[]string{"explain", "--as", "arn:aws:iam::111122223333:user/u", "--action", "a:b", "--set", "x"}, exitUsage, "KEY=VALUE"},
		{[]string{"explain", "--as", "arn:aws:iam::111122223333:user/u", "--action", "a:b", "--region", "X!"}, exitUsage, "--region"},
	}
	for _, c := range cases {
		r := k.run(t, c.args...)
		r.wants(t, c.code, c.says)
		if strings.Count(r.stderr, "\n") != 1 || r.stdout != "" {
			t.Errorf("%q: an error is one line, not %q and %q", c.args, r.stderr, r.stdout)
		}
	}
}

// TestIdentityDeclaredAlong: an account that is only declared may have managed users.
func TestIdentityDeclaredAlong(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	declared := fileWith(t, "accounts:\n  \"444455556666\":\n    name: dev\n    users:\n      bob: {policies: [Triager]}\n")
	k.env = map[string]string{"FINDINGHUB_IDENTITY": declared}
	k.does(t, "create-user", "444455556666", "amy")
	k.run(t, "list").wants(t, exitOK, "account 444455556666 dev\n  user amy\n  user bob: Triager (declared)\n")
}

// TestIdentitySealAndCheck: what seal prints is good in a declared file, for its key only.
func TestIdentitySealAndCheck(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	const secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	r := k.reads(t, secret+"\n", "seal", "AKIAIOSFODNN7EXAMPLE")
	r.wants(t, exitOK)
	sealed := strings.TrimSpace(r.stdout)
	file := func(id, secret string) string {
		return fileWith(t, "accounts:\n  \"111122223333\":\n    users:\n      u:\n        access-keys:\n        - id: "+id+"\n          "+secret+"\n")
	}
	good := file("AKIAIOSFODNN7EXAMPLE", "sealed-secret: "+sealed)
	k.run(t, "check", good).wants(t, exitOK, "is good: 1 accounts")
	k.run(t, "list", "--identity", good).wants(t, exitOK, "key AKIAIOSFODNN7EXAMPLE active")
	k.run(t, "check", file("AKIAIOSFODNN7EXAMPLF", "sealed-secret: "+sealed)).wants(t, exitFailed, ":6: ", "another access key")
	k.run(t, "check", file("AKIAIOSFODNN7EXAMPLE", "secret-env: NOT_SET")).wants(t, exitFailed, ":6: ", "NOT_SET")
	k.run(t, "check", "no-such-file").wants(t, exitUsage, "no-such-file")

	// Elsewhere there is neither this key nor this variable.
	elsewhere := newKeeper(t)
	elsewhere.run(t, "check", good).wants(t, exitFailed, "no key to open")
	elsewhere.run(t, "check", "--without-secrets", good).wants(t, exitOK, "is good")
	elsewhere.run(t, "check", "--without-secrets", file("lower", "secret-env: NOT_SET")).wants(t, exitFailed, ":6: ", `"lower"`)

	// The public half of the key is enough to seal, and the key may come from the environment.
	key, err := os.ReadFile(filepath.Join(k.dir, sealKeyFile))
	if err != nil {
		t.Fatal(err)
	}
	recipient := regexp.MustCompile("age1[a-z0-9]+").FindString(string(key))
	r = elsewhere.reads(t, secret, "seal", "AKIAIOSFODNN7EXAMPLE", "--recipient", recipient)
	r.wants(t, exitOK)
	elsewhere.env = map[string]string{"FINDINGHUB_SEAL_KEY": string(key)}
	elsewhere.run(t, "check", file("AKIAIOSFODNN7EXAMPLE", "sealed-secret: "+strings.TrimSpace(r.stdout))).wants(t, exitOK, "is good")
	elsewhere.run(t, "list", "--seal-key-file", "x").wants(t, exitUsage, "FINDINGHUB_SEAL_KEY")
	if _, err := os.Stat(filepath.Join(elsewhere.dir, sealKeyFile)); err == nil {
		t.Error("a key was made where none was needed")
	}

	k.reads(t, "short", "seal", "AKIAIOSFODNN7EXAMPLE").wants(t, exitUsage, "5 characters")
	k.reads(t, secret, "seal", "lower").wants(t, exitUsage, "lower")
	k.reads(t, secret, "seal", "AKIAIOSFODNN7EXAMPLE", "--recipient", "age1x").wants(t, exitUsage, "age1...")
	if all := k.out.String() + elsewhere.out.String(); strings.Contains(all, secret) || strings.Contains(all, "AGE-SECRET-KEY-1") && !strings.Contains(all, "AGE-SECRET-KEY-1...") {
		t.Errorf("a secret was printed:\n%s", all)
	}
}

func TestIdentityExplain(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	k.does(t, "create-account", security)
	k.does(t, "create-user", security, "u")
	k.reads(t, allowRead, "put-inline-policy", security, "user/u", "Read", "-").wants(t, exitOK)
	k.reads(t, allowHome, "put-inline-policy", security, "user/u", "Home", "-").wants(t, exitOK)
	k.reads(t, trustSecurity, "create-role", security, "Dev", "--trust", "-").wants(t, exitOK)
	k.does(t, "attach-policy", security, "role/Dev", "Developer")
	explain := func(as, action string, more ...string) result {
		return k.run(t, append([]string{"explain", "--as", "arn:aws:iam::111122223333:" + as, "--action", "securityhub:" + action}, more...)...)
	}
	explain("user/u", "GetFindings").wants(t, exitOK,
		"Allow: securityhub:GetFindings on * as arn:aws:iam::111122223333:user/u\n", `decided by identity-based policy "Read", statement 1 (Read)`)
	explain("user/u", "BatchUpdateFindings").wants(t, exitFailed, "Deny: ", "no statement of an identity-based policy allows it")
	explain("user/u", "ListMembers").wants(t, exitFailed, "Deny: ", "it hangs on aws:SourceIp")
	explain("user/u", "ListMembers", "--set", "aws:SourceIp=10.1.2.3").wants(t, exitOK, `"Home", statement 1`)
	explain("role/Dev", "BatchUpdateFindings", "--set", "securityhub:ASFFSyntaxPath/Workflow.Status=SUPPRESSED").wants(t, exitFailed, "Deny: ", "assumed-role/Dev/session", "Workflow.Status")
	all := explain("user/u", "ListMembers", "--all")
	all.wants(t, exitFailed, `  identity-based policy "Read", statement 1 (Read): Allow does not apply, its Action does not match`+"\n", "IpAddress aws:SourceIp")
	if strings.Count(all.stdout, "\n") != 4 {
		t.Errorf("two lines and one for each of two statements, not\n%s", all.stdout)
	}
}

// TestIdentitySettings: the flags above the subcommands may be set as those of serve are, and
// each subcommand has a section of its own.
func TestIdentitySettings(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	config := configFileWith(t, "c.yaml", "identity:\n  data-dir: "+dir+"\n  create-account:\n    name: by file\n")
	call{args: []string{"identity", "create-account", security}, env: map[string]string{"FINDINGHUB_CONFIG": config}}.run(t).wants(t, exitOK)
	call{args: []string{"identity", "list"}, env: map[string]string{"FINDINGHUB_DATA_DIR": dir}}.run(t).wants(t, exitOK, "account 111122223333 by file")
	bad := configFileWith(t, "c.yaml", "identity:\n  create-account:\n    nome: x\n")
	program(t, "identity", "list", "--config", bad).wants(t, exitUsage, `c.yaml:3: unknown key "identity.create-account.nome"`)
}

func TestIdentityHelp(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--help"}, {"seal", "--help"}, {"check", "--help"}, {"explain", "--help"}} {
		program(t, append([]string{"identity"}, args...)...).wants(t, exitOK, "Usage: findinghub identity", "\n    findinghub identity ", "$FINDINGHUB_SEAL_KEY_FILE")
	}
	program(t, "identity", "create-role", "--help").wants(t, exitOK, "$FINDINGHUB_IDENTITY_CREATE_ROLE_TRUST")
}
