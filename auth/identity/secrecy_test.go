package identity

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/findinghub/findinghub/auth"
)

// TestMistakesShowNoSecret puts a secret wherever somebody might put it by mistake.
func TestMistakesShowNoSecret(t *testing.T) {
	t.Parallel()
	const secret = string(testSecret)
	key := user + "access-keys:\n        - id: AKIAIOSFODNN7EXAMPLE\n          "
	for _, text := range []string{
		key + "secret: [" + secret + "]\n",
		key + "secret: {a: " + secret + "}\n",
		key + "secret: \"" + secret + "\n",
		key + "secret: a: " + secret + "\n",
		key + "secret: " + secret + "\n          secret-env: X\n",
		key + "secret: " + secret + "\n          secret: " + secret + "\n",
		key + "secret: " + secret + " " + secret + "\n",
		key + "secret: " + secret + "é\n",
		key + "secret: *" + secret + "\n",
		key + "secret: &a " + secret + "\n",
		key + "secret: !!binary " + secret + "\n",
		key + "secret: " + secret + "\n         oops: x\n",
		key + "secret: |" + secret + "\n",
		key + "secret: >" + secret + "\n",
		key + "secret: @" + secret + "\n",
		key + "secret: `" + secret + "\n",
		key + "secret: '" + secret + "\n",
		key + "secret: \"\\x" + secret + "\"\n",
		key + "secret: \"\\" + secret + "\"\n",
		key + "secret: - " + secret + "\n",
		key + "secret: ? " + secret + "\n",
		key + secret + "\n",
		key + "secret:" + secret + "\n",
		key + "sealed-secret: " + secret + "\n",
		key + "secret: " + secret + "\n          oops: x\n",
		user + "access-keys: [" + secret + "]\n",
		user + "access-keys: " + secret + "\n",
		strings.Replace(key, "AKIAIOSFODNN7EXAMPLE", "lower", 1) + "secret: " + secret + "\n",
	} {
		f := newFixture(t)
		if _, err := f.Sealer.Recipient(); err != nil {
			t.Fatal(err)
		}
		f.declare(t, "{}")
		d := f.open(t)
		write(t, f.DeclaredFile, text)
		err := d.Err()
		if err == nil {
			t.Errorf("this was taken:\n%s", text)
			continue
		}
		if said := err.Error() + f.log.String(); strings.Contains(said, secret) {
			t.Errorf("the secret was told: %s", said)
		}
	}
}

// TestNothingPrintsSecrets: whatever is formatted or logged as a whole has no secret in it.
func TestNothingPrintsSecrets(t *testing.T) {
	t.Parallel()
	a, f := authenticator(t, people)
	s := a.directory.Snapshot()
	caller, _ := s.Principal(userARN+"chief", "us-east-1", env)
	out, err := a.AssumeRole(caller, AssumeRoleInput{RoleARN: roleARN("Developer"), RoleSessionName: "jo"})
	if err != nil {
		t.Fatal(err)
	}
	session, err := a.Authenticate(signed(t, out.aws(), "securityhub", "us-east-1", noon), auth.ServiceHub, env, plainBody)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := readDocument(f.DeclaredFile, a.directory.secrets())
	if err != nil {
		t.Fatal(err)
	}
	things := []any{
		s.Key(keyID), *s.Key(keyID), s.User(userARN + "scanner"), s.Accounts(), out.SecretAccessKey, testSecret, session, caller,
		*doc.Accounts[alice].Users["scanner"].AccessKeys[0], sessionToken{Secret: testSecret}, *session.Rights,
	}
	var said strings.Builder
	log := slog.New(slog.NewTextHandler(&said, nil))
	for _, thing := range things {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&said, verb, thing)
		}
		log.Info("thing", "thing", thing)
	}
	for _, secret := range []string{string(testSecret), string(out.SecretAccessKey), fmt.Sprintf("%x", string(testSecret))} {
		if strings.Contains(said.String(), secret) {
			t.Errorf("a secret was printed:\n%s", said.String())
		}
	}
	if !strings.Contains(said.String(), "[secret]") {
		t.Error("what stands for a secret was not printed either, so nothing was proved")
	}
}

// TestCallersLearnNothing: the public messages of refusals hold neither the secret nor
// the cause.
func TestCallersLearnNothing(t *testing.T) {
	t.Parallel()
	a, _ := authenticator(t, people)
	forged := scannerKey
	forged.SecretAccessKey = "another"
	_, err := a.Authenticate(signed(t, forged, "securityhub", "us-east-1", noon), auth.ServiceHub, env, plainBody)
	wantError(t, "a wrong secret", err, auth.CodeInvalidSignature)
	if strings.Contains(err.Error(), string(testSecret)) || strings.Contains(err.Error(), "another") {
		t.Errorf("the secret is in %v", err)
	}
}

// TestTokenHidesItsContent: a token shows neither the secret nor whose it is.
func TestTokenHidesItsContent(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ts, err := newTokens(f.TokenKey, f.Random)
	if err != nil {
		t.Fatal(err)
	}
	content := &sessionToken{Account: alice, Role: "TheRole", Secret: testSecret}
	token, err := ts.seal(keyID, content)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := json.Marshal(content)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := base64.StdEncoding.DecodeString(token)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{string(testSecret), "TheRole", alice} {
		if !bytes.Contains(plain, []byte(part)) || bytes.Contains(sealed, []byte(part)) {
			t.Errorf("%q is in the content: %v, in the token: %v", part, bytes.Contains(plain, []byte(part)), bytes.Contains(sealed, []byte(part)))
		}
	}
	again, err := ts.seal(keyID, content)
	if err != nil || again == token {
		t.Errorf("two tokens are the same, %v", err)
	}
}
