package identity

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/findinghub/findinghub/auth/policy"
)

func declaredUser(name string) string {
	return "accounts:\n  \"111122223333\":\n    users:\n      " + name + ": {policies: [Developer]}\n"
}

const userARN = "arn:aws:iam::111122223333:user/"

// TestReload: the next look sees a change, a bad file changes nothing but Err, and is told
// of once.
func TestReload(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.declare(t, declaredUser("one"))
	d := f.open(t)
	before := d.Snapshot()
	if d.Snapshot() != before {
		t.Error("files that did not change were read again")
	}
	write(t, f.DeclaredFile, declaredUser("two"))
	if s := d.Snapshot(); s.User(userARN+"two") == nil || s.User(userARN+"one") != nil {
		t.Error("the change was not seen")
	}
	if before.User(userARN+"one") == nil {
		t.Error("a snapshot changed")
	}

	write(t, f.DeclaredFile, declaredUser("three")+"oops: 1\n")
	if s := d.Snapshot(); s.User(userARN+"two") == nil || s.User(userARN+"three") != nil {
		t.Error("a bad file was taken, or took something away")
	}
	for range 3 {
		wantError(t, "a bad file", d.Err(), "declared.yaml:5", "oops")
		d.Snapshot()
	}
	if n := strings.Count(f.log.String(), "were refused"); n != 1 {
		t.Errorf("the bad file was told of %d times:\n%s", n, f.log)
	}

	write(t, f.DeclaredFile, declaredUser("three"))
	if s := d.Snapshot(); s.User(userARN+"three") == nil || d.Err() != nil {
		t.Errorf("the mended file was not taken: %v", d.Err())
	}
	if err := os.Remove(f.DeclaredFile); err != nil {
		t.Fatal(err)
	}
	wantError(t, "a file that went away", d.Err(), "declared.yaml")
	if d.Snapshot().User(userARN+"three") == nil {
		t.Error("the file's going away took its users away")
	}
}

// TestReloadByManyAtOnce is for the race detector, and asks that nobody sees less than
// what was there before it looked.
func TestReloadByManyAtOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.declare(t, declaredUser("u0"))
	d := f.open(t)
	var wg sync.WaitGroup
	for i := range 20 {
		write(t, f.DeclaredFile, declaredUser(fmt.Sprintf("u%d", i)))
		for range 4 {
			wg.Go(func() {
				if d.Snapshot().User(userARN+fmt.Sprintf("u%d", i)) == nil {
					t.Errorf("user u%d was not seen", i)
				}
			})
		}
		wg.Wait()
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.DeclaredFile = filepath.Join(f.dir, "nowhere.yaml")
	_, err := Open(f.Config)
	wantError(t, "no declared file", err, "nowhere.yaml")
	f.DeclaredFile = ""
	write(t, f.ManagedFile, `{"accounts": {"1": {}}}`)
	_, err = Open(f.Config)
	wantError(t, "a bad managed file", err, "identity.json:1")
}

// TestMerge: what one file has, the other may use; nothing may be in both but accounts.
func TestMerge(t *testing.T) {
	t.Parallel()
	allow := `{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}`
	key := `"access-keys": [{"id": "AKIAIOSFODNN7EXAMPLE", "secret": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}]`
	account := func(inside string) string { return `{"accounts": {"111122223333": ` + inside + `}}` }
	cases := []struct{ name, declared, managed, says string }{
		{"an account", account(`{"name": "a", "users": {"u": {}}}`), account(`{"users": {"v": {}}}`), ""},
		{"policies of the other", `{"policies": {"P": ` + allow + `}, "accounts": {"111122223333": {"users": {"u": {"policies": ["Q"]}}}}}`,
			`{"policies": {"Q": ` + allow + `}, "accounts": {"111122223333": {"users": {"v": {"policies": ["P"]}}}}}`, ""},
		{"an account's name", account(`{"name": "a"}`), account(`{"name": "b"}`), "account 111122223333 has another name at"},
		{"a user", account(`{"users": {"u": {}}}`), account(`{"users": {"u": {}}}`), "identity.json:1: user u of account 111122223333 is also at"},
		{"a role", account(`{"roles": {"r": {` + trustJSON + `}}}`), account(`{"roles": {"r": {` + trustJSON + `}}}`), "role r of account 111122223333 is also at"},
		{"a user and a role of one name", account(`{"users": {"u": {}}}`), account(`{"roles": {"u": {` + trustJSON + `}}}`), ""},
		{"a key", account(`{"users": {"u": {` + key + `}}}`), account(`{"users": {"v": {` + key + `}}}`), "access key AKIAIOSFODNN7EXAMPLE is also at"},
		{"a policy", `{"policies": {"P": ` + allow + `}}`, `{"policies": {"p": ` + allow + `}}`, "policy p is also at"},
		{"the organisation", account(`{}`)[:len(account(`{}`))-1] + `, "organization": {"id": "o-exampleorgid", "management-account": "111122223333"}}`,
			`{"organization": {"id": "o-exampleorgid", "management-account": "111122223333"}}`, "the organization is also at"},
	}
	for _, c := range cases {
		f := newFixture(t)
		f.declare(t, c.declared)
		write(t, f.ManagedFile, c.managed)
		_, err := Open(f.Config)
		if c.says == "" {
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		wantError(t, c.name, err, c.says, "declared.yaml:1")
	}
}

const trustJSON = `"trust-policy": {"Statement": {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole"}}`

func TestUpdate(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.ManagedFile = filepath.Join(f.dir, "made", "identity.json")
	d := f.open(t)
	update(t, d, func(doc *Document) error { return doc.CreateAccount(alice, "security") })
	update(t, d, func(doc *Document) error { return doc.CreateUser(alice, "u") })
	info, err := os.Stat(f.ManagedFile)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the mode is %v, %v", info.Mode(), err)
	}
	if e := d.Snapshot().User(userARN + "u"); e == nil || !e.Managed {
		t.Errorf("the user is %+v", e)
	}
	if _, err := os.Stat(f.DeclaredFile + ".lock"); err == nil {
		t.Error("the declared file was locked")
	}
	before, err := os.ReadFile(f.ManagedFile)
	if err != nil {
		t.Fatal(err)
	}
	refused := errors.New("no")
	for name, change := range map[string]func(*Document) error{
		"an error":          func(*Document) error { return refused },
		"no such policy":    func(doc *Document) error { return doc.Attach(alice, "user", "u", "Nobody") },
		"a bad name":        func(doc *Document) error { doc.account(alice).Users["a b"] = &User{}; return nil },
		"a role without":    func(doc *Document) error { doc.account(alice).Roles["r"] = &Role{}; return nil },
		"a built-in policy": func(doc *Document) error { return doc.PutPolicy("Developer", anyPolicy(t)) },
	} {
		if err := d.Update(change); err == nil || strings.Contains(err.Error(), "identity.json:") {
			t.Errorf("%s: the error is %v", name, err)
		}
	}
	if after, err := os.ReadFile(f.ManagedFile); err != nil || string(after) != string(before) {
		t.Errorf("a change that was refused changed the file: %s, %v", after, err)
	}
	entries, err := os.ReadDir(filepath.Dir(f.ManagedFile))
	if err != nil || len(entries) != 2 {
		t.Errorf("beside the file and its lock there are %v, %v", entries, err)
	}
}

func anyPolicy(t *testing.T) *Policy {
	t.Helper()
	p, err := ReadPolicy("p", []byte(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}`), policy.Identity)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestUpdateNeedsGoodFiles: what cannot be read whole is not changed.
func TestUpdateNeedsGoodFiles(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.declare(t, declaredUser("u"))
	d := f.open(t)
	create := func(doc *Document) error { return doc.CreateUser(alice, "v") }
	write(t, f.DeclaredFile, "oops: 1\n")
	wantError(t, "a bad declared file", d.Update(create), "declared.yaml:1")
	write(t, f.DeclaredFile, declaredUser("u"))
	write(t, f.ManagedFile, `{"oops": 1}`)
	wantError(t, "a bad managed file", d.Update(create), "identity.json:1")
	write(t, f.ManagedFile, `{}`)
	wantError(t, "a declared user", d.Update(func(doc *Document) error { return doc.CreateUser(alice, "u") }), "is also at", "declared.yaml:4")
}

// TestUpdateAtOnce: several processes, here directories, change the file at once and
// every change is there afterwards.
func TestUpdateAtOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	first := f.open(t)
	update(t, first, func(doc *Document) error { return doc.CreateAccount(alice, "") })
	const writers, each = 4, 10
	var wg sync.WaitGroup
	for w := range writers {
		d := f.open(t)
		wg.Go(func() {
			for i := range each {
				name := fmt.Sprintf("u%d-%d", w, i)
				if err := d.Update(func(doc *Document) error { return doc.CreateUser(alice, name) }); err != nil {
					t.Error(err)
				}
				if d.Snapshot().User(userARN+name) == nil {
					t.Errorf("%s is not there when Update has returned", name)
				}
			}
		})
	}
	wg.Wait()
	if got := len(first.Snapshot().Account(alice).Users()); got != writers*each {
		t.Errorf("%d users, want %d", got, writers*each)
	}
}

func TestEdits(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	d := f.open(t)
	trust, err := ReadPolicy("t", []byte("Statement:\n  Effect: Allow\n  Principal: {AWS: 111122223333}\n  Action: sts:AssumeRole\n"), policy.Trust)
	if err != nil {
		t.Fatal(err)
	}
	steps := []func(*Document) error{
		func(doc *Document) error { return doc.CreateAccount(alice, "a") },
		func(doc *Document) error { return doc.CreateUser(alice, "u") },
		func(doc *Document) error { return doc.CreateRole(alice, "r", trust, 2*time.Hour) },
		func(doc *Document) error { return doc.PutPolicy("P", anyPolicy(t)) },
		func(doc *Document) error { return doc.Attach(alice, "user", "u", "P") },
		func(doc *Document) error { return doc.Attach(alice, "role", "r", "Triager") },
		func(doc *Document) error { return doc.PutInline(alice, "user", "u", "I", anyPolicy(t)) },
		func(doc *Document) error { return doc.RevokeSessions(alice, "r", noon.Add(time.Millisecond)) },
	}
	for i, step := range steps {
		if err := d.Update(step); err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
	}
	s := d.Snapshot()
	u, r := s.User(userARN+"u"), s.Role("arn:aws:iam::111122223333:role/r")
	if len(u.Policies.Identity) != 2 || u.Attached[0] != "P" || u.Inline[0] != "I" {
		t.Errorf("the user is %+v", u)
	}
	if len(r.Policies.Identity) != 1 || r.MaxSession != 2*time.Hour || !r.NotBefore.Equal(noon.Add(time.Millisecond)) {
		t.Errorf("the role is %+v", r)
	}
	refusals := []struct {
		says   string
		change func(*Document) error
	}{
		{"account 111122223333 exists already", func(doc *Document) error { return doc.CreateAccount(alice, "") }},
		{"12 digits", func(doc *Document) error { return doc.CreateAccount("12", "") }},
		{"user u of account 111122223333 exists already", func(doc *Document) error { return doc.CreateUser(alice, "u") }},
		{"called root", func(doc *Document) error { return doc.CreateUser(alice, "root") }},
		{"role r of account 111122223333 exists already", func(doc *Document) error { return doc.CreateRole(alice, "r", trust, 0) }},
		{"attached to user u of account 111122223333 already", func(doc *Document) error { return doc.Attach(alice, "user", "u", "P") }},
		{"there is no user x", func(doc *Document) error { return doc.Attach(alice, "user", "x", "P") }},
		{"there is no role u", func(doc *Document) error { return doc.Attach(alice, "role", "u", "P") }},
		{"policy Q is not attached", func(doc *Document) error { return doc.Detach(alice, "user", "u", "Q") }},
		{`there is no policy "P"`, func(doc *Document) error { return doc.DeletePolicy("P") }},
		{"there is no policy Q", func(doc *Document) error { return doc.DeletePolicy("Q") }},
		{"still has 2 users and roles (u ...)", func(doc *Document) error { return doc.DeleteAccount(alice) }},
		{"there is no account 444455556666", func(doc *Document) error { return doc.DeleteAccount(bob) }},
		{"there is no user r", func(doc *Document) error { return doc.DeleteUser(alice, "r") }},
		{"there is no role u", func(doc *Document) error { return doc.DeleteRole(alice, "u") }},
		{"there is no role u", func(doc *Document) error { return doc.RevokeSessions(alice, "u", noon) }},
		{"there is no access key AKIAIOSFODNN7EXAMPLE", func(doc *Document) error { return doc.DeleteKey(keyID) }},
	}
	for _, c := range refusals {
		wantError(t, c.says, d.Update(c.change), c.says)
	}
	for i, step := range []func(*Document) error{
		func(doc *Document) error { return doc.Detach(alice, "user", "u", "I") },
		func(doc *Document) error { return doc.Detach(alice, "user", "u", "P") },
		func(doc *Document) error { return doc.DeletePolicy("P") },
		func(doc *Document) error { return doc.DeleteUser(alice, "u") },
		func(doc *Document) error { return doc.DeleteRole(alice, "r") },
		func(doc *Document) error { return doc.DeleteAccount(alice) },
	} {
		if err := d.Update(step); err != nil {
			t.Errorf("undoing, step %d: %v", i, err)
		}
	}
	if data, err := os.ReadFile(f.ManagedFile); err != nil || string(data) != "{}\n" {
		t.Errorf("what is left is %s, %v", data, err)
	}
}

func TestMissing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.declare(t, declaredUser("u"))
	d := f.open(t)
	err := d.Update(func(doc *Document) error { return doc.DeleteUser(alice, "u") })
	if !errors.Is(err, ErrNotFound) || d.Snapshot().Where(Missing(err)) != f.DeclaredFile+":4" {
		t.Errorf("the error is %v, what is missing %q is at %q", err, Missing(err), d.Snapshot().Where(Missing(err)))
	}
}

func TestBootstrap(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	d := f.open(t)
	id, secret, made, err := d.Bootstrap(alice)
	if err != nil || !made {
		t.Fatalf("made %v, %v", made, err)
	}
	if !strings.HasPrefix(id, "AKIA") || len(id) != 20 || len(secret) != 40 {
		t.Errorf("the key is %q and a secret of %d characters", id, len(secret))
	}
	k := f.open(t).Snapshot().Key(id)
	if k == nil || k.Secret() != secret || k.User.Name != "admin" || k.User.Account != alice {
		t.Fatalf("the key is %+v", k)
	}
	d2 := k.User.Policies.Decide(policy.Request{Principal: policy.Principal{ARN: userARN + "admin", Account: alice}, Action: "securityhub:GetFindings", Resource: "*"})
	if !d2.Allowed() {
		t.Errorf("the first user may not: %+v", d2)
	}
	if _, _, made, err := d.Bootstrap(alice); made || err != nil {
		t.Errorf("a second start made %v, %v", made, err)
	}
	if data, err := os.ReadFile(f.ManagedFile); err != nil || strings.Contains(string(data), string(secret)) {
		t.Errorf("the secret is in the file, or %v", err)
	}
}

// TestBootstrapLeavesDeclaredKeysAlone: a hub whose file has keys needs no first user.
func TestBootstrapLeavesDeclaredKeysAlone(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.declare(t, user+"access-keys: [{id: AKIAIOSFODNN7EXAMPLE, secret: wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY}]\n")
	if _, _, made, err := f.open(t).Bootstrap(alice); made || err != nil {
		t.Errorf("made %v, %v", made, err)
	}
	if _, err := os.Stat(f.ManagedFile); err == nil {
		t.Error("a managed file was made")
	}
}

// TestReloadOpensSecretsOnce: a reload opens what is new; the key may be away.
func TestReloadOpensSecretsOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	d := f.open(t)
	id, _, _, err := d.Bootstrap(alice)
	if err != nil {
		t.Fatal(err)
	}
	d.Snapshot()
	d.config.Sealer = nil
	data, err := os.ReadFile(f.ManagedFile)
	if err != nil {
		t.Fatal(err)
	}
	write(t, f.ManagedFile, strings.Replace(string(data), `"users"`, `"name": "x", "users"`, 1))
	if s := d.Snapshot(); s.Key(id) == nil || s.Account(alice).Name != "x" || d.Err() != nil {
		t.Errorf("a secret that was open was opened again: %v", d.Err())
	}
}
