package identity

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/auth"
	"github.com/findinghub/findinghub/auth/policy"
)

// roles is two accounts with every way of trust.
const roles = `
accounts:
  111122223333:
    users:
      mayAssume:
        inline-policies: {A: {Version: 2012-10-17, Statement: {Effect: Allow, Action: "sts:AssumeRole", Resource: "*"}}}
      mayNothing: {}
      mayNot:
        inline-policies: {D: {Version: 2012-10-17, Statement: {Effect: Deny, Action: "sts:AssumeRole", Resource: "*"}}}
      bounded:
        policies: [AdministratorAccess]
        permissions-boundary: FindingProvider
    roles:
      TrustsAccount:
        trust-policy: {Version: 2012-10-17, Statement: {Effect: Allow, Principal: {AWS: "arn:aws:iam::111122223333:root"}, Action: "sts:AssumeRole"}}
        policies: [AdministratorAccess]
        max-session-duration: 12h
      TrustsUser:
        trust-policy: {Version: 2012-10-17, Statement: {Effect: Allow, Principal: {AWS: ["arn:aws:iam::111122223333:user/mayNothing", "arn:aws:iam::111122223333:user/mayNot"]}, Action: "sts:AssumeRole"}}
        max-session-duration: 30m
      TrustsRole:
        trust-policy: {Version: 2012-10-17, Statement: {Effect: Allow, Principal: {AWS: "arn:aws:iam::111122223333:role/TrustsAccount"}, Action: "sts:AssumeRole"}}
        max-session-duration: 12h
      TrustsOther:
        trust-policy: {Version: 2012-10-17, Statement: {Effect: Allow, Principal: {AWS: 444455556666}, Action: "sts:AssumeRole"}}
      External:
        trust-policy:
          Version: 2012-10-17
          Statement:
            Effect: Allow
            Principal: {AWS: 444455556666}
            Action: sts:AssumeRole
            Condition: {StringEquals: {"sts:ExternalId": "a:b/1"}}
      Named:
        trust-policy:
          Version: 2012-10-17
          Statement:
            Effect: Allow
            Principal: {AWS: 111122223333}
            Action: sts:AssumeRole
            Condition: {StringLike: {"sts:RoleSessionName": "${aws:username}"}}
      NeedsFactor:
        trust-policy:
          Version: 2012-10-17
          Statement:
            Effect: Allow
            Principal: {AWS: 111122223333}
            Action: sts:AssumeRole
            Condition: {Bool: {"aws:MultiFactorAuthPresent": "true"}}
  444455556666:
    users:
      mayAssume:
        inline-policies: {A: {Version: 2012-10-17, Statement: {Effect: Allow, Action: "sts:AssumeRole", Resource: "arn:aws:iam::111122223333:role/*"}}}
      mayNothing: {}
policies:
  ReadFindings: {Version: 2012-10-17, Statement: {Effect: Allow, Action: "securityhub:GetFindings", Resource: "*"}}
`

// as gives a user of the directory as a caller, "account/name".
func as(t *testing.T, a *Authenticator, who string) auth.Principal {
	t.Helper()
	account, name, _ := strings.Cut(who, "/")
	p, ok := a.directory.Snapshot().Principal("arn:aws:iam::"+account+":user/"+name, "us-east-1", env)
	if !ok {
		t.Fatalf("there is no %s", who)
	}
	return p
}

func roleARN(name string) string { return "arn:aws:iam::" + alice + ":role/" + name }

// TestWhoMayAssume follows "Switching between roles" and "Cross account policy evaluation
// logic" of the IAM User Guide.
func TestWhoMayAssume(t *testing.T) {
	t.Parallel()
	a, _ := authenticator(t, roles)
	cases := []struct {
		who, role, session, external string
		may                          bool
	}{
		// A trust policy that names the account leaves it to the account's own policies.
		{alice + "/mayAssume", "TrustsAccount", "jo", "", true},
		{alice + "/mayNothing", "TrustsAccount", "jo", "", false},
		{alice + "/mayNot", "TrustsAccount", "jo", "", false},
		{alice + "/bounded", "TrustsAccount", "jo", "", false},
		// One that names the user is enough within the account; a Deny still wins.
		{alice + "/mayNothing", "TrustsUser", "jo", "", true},
		{alice + "/mayNot", "TrustsUser", "jo", "", false},
		// What the caller may is never enough without trust.
		{alice + "/mayAssume", "TrustsUser", "jo", "", false},
		{alice + "/mayAssume", "TrustsOther", "jo", "", false},
		{bob + "/mayAssume", "TrustsAccount", "jo", "", false},
		// Across accounts both sides must allow.
		{bob + "/mayAssume", "TrustsOther", "jo", "", true},
		{bob + "/mayNothing", "TrustsOther", "jo", "", false},
		{bob + "/mayAssume", "External", "jo", "a:b/1", true},
		{bob + "/mayAssume", "External", "jo", "a:b/2", false},
		{bob + "/mayAssume", "External", "jo", "", false},
		{alice + "/mayAssume", "Named", "mayAssume", "", true},
		{alice + "/mayAssume", "Named", "jo", "", false},
		// There is no second factor here, so nobody has one.
		{alice + "/mayAssume", "NeedsFactor", "jo", "", false},
		{alice + "/mayAssume", "Nowhere", "jo", "", false},
	}
	for _, c := range cases {
		caller := as(t, a, c.who)
		out, err := a.AssumeRole(caller, AssumeRoleInput{RoleARN: roleARN(c.role), RoleSessionName: c.session, ExternalID: c.external})
		if c.may {
			if err != nil {
				t.Errorf("%s as %s: %v", c.who, c.role, err)
			} else if out.AssumedRoleARN != "arn:aws:sts::"+alice+":assumed-role/"+c.role+"/"+c.session {
				t.Errorf("%s as %s is %q", c.who, c.role, out.AssumedRoleARN)
			}
			continue
		}
		// The same words whether the role is there or not.
		want := "User: " + caller.ARN + " is not authorized to perform: sts:AssumeRole on resource: " + roleARN(c.role)
		var e *findinghub.Error
		if !errors.As(err, &e) || e.Code != findinghub.CodeAccessDenied || e.Message != want {
			t.Errorf("%s as %s: %v, want %q", c.who, c.role, err, want)
		}
	}
}

func TestAssumeRole(t *testing.T) {
	t.Parallel()
	a, _ := authenticator(t, roles)
	out, err := a.AssumeRole(as(t, a, alice+"/mayAssume"), AssumeRoleInput{RoleARN: roleARN("TrustsAccount"), RoleSessionName: "jo@x.y", DurationSeconds: 7200})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(out.AccessKeyID, "ASIA") || len(out.AccessKeyID) != 20 || len(out.SecretAccessKey) != 40 ||
		!out.Expiration.Equal(noon.Add(2*time.Hour)) || !strings.HasSuffix(out.AssumedRoleID, ":jo@x.y") || out.PackedPolicySize != 0 {
		t.Errorf("the credentials are %+v", out)
	}
	p, err := a.Authenticate(signed(t, out.aws(), "securityhub", "us-east-1", noon), auth.ServiceHub, env, plainBody)
	if err != nil {
		t.Fatal(err)
	}
	if p.ARN != out.AssumedRoleARN || p.UserID != out.AssumedRoleID || p.AccessKeyID != out.AccessKeyID || p.Account != alice {
		t.Errorf("the session calls as %+v", p)
	}
	c := p.Rights.Context
	for key, want := range map[string]string{
		"aws:principalarn": roleARN("TrustsAccount"), "aws:principaltype": "AssumedRole", "aws:userid": out.AssumedRoleID,
		"aws:tokenissuetime": "2026-03-01T12:00:00Z", "aws:principalaccount": alice,
	} {
		if got := c[key]; len(got) != 1 || got[0] != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	if _, has := c["aws:username"]; has {
		t.Error("a session has a user name")
	}
	if p.Rights.Principal.RoleARN != roleARN("TrustsAccount") || p.Rights.Policies.Session != nil {
		t.Errorf("the rights are %+v", p.Rights)
	}
}

// aws gives the credentials as the SDK has them.
func (c SessionCredentials) aws() aws.Credentials {
	return aws.Credentials{AccessKeyID: c.AccessKeyID, SecretAccessKey: string(c.SecretAccessKey), SessionToken: c.SessionToken}
}

// TestAssumeRoleDuration: the bounds of STS, the role's, and an hour for a chain.
func TestAssumeRoleDuration(t *testing.T) {
	t.Parallel()
	a, _ := authenticator(t, roles)
	first, err := a.AssumeRole(as(t, a, alice+"/mayAssume"), AssumeRoleInput{RoleARN: roleARN("TrustsAccount"), RoleSessionName: "jo"})
	if err != nil {
		t.Fatal(err)
	}
	session, err := a.Authenticate(signed(t, first.aws(), "sts", "us-east-1", noon), auth.ServiceSTS, env, plainBody)
	if err != nil {
		t.Fatal(err)
	}
	user := as(t, a, alice+"/mayAssume")
	cases := []struct {
		name    string
		caller  auth.Principal
		role    string
		seconds int
		want    time.Duration
		says    string
	}{
		{"an hour by itself", user, "TrustsAccount", 0, time.Hour, ""},
		{"the role's maximum is less", as(t, a, alice+"/mayNothing"), "TrustsUser", 0, 30 * time.Minute, ""},
		{"the least", user, "TrustsAccount", 900, 15 * time.Minute, ""},
		{"the most", user, "TrustsAccount", 43200, 12 * time.Hour, ""},
		{"too short", user, "TrustsAccount", 899, 0, "from 900 to 43200"},
		{"negative", user, "TrustsAccount", -1, 0, "from 900 to 43200"},
		{"too long", user, "TrustsAccount", 43201, 0, "from 900 to 43200"},
		{"longer than the role allows", as(t, a, alice+"/mayNothing"), "TrustsUser", 1801, 0, "MaxSessionDuration"},
		{"a chain", session, "TrustsRole", 3600, time.Hour, ""},
		{"a chain by itself", session, "TrustsRole", 0, time.Hour, ""},
		{"a long chain", session, "TrustsRole", 3601, 0, "role chaining"},
	}
	for _, c := range cases {
		out, err := a.AssumeRole(c.caller, AssumeRoleInput{RoleARN: roleARN(c.role), RoleSessionName: "jo", DurationSeconds: c.seconds})
		if c.says != "" {
			wantError(t, c.name, err, auth.CodeInvalidParameter, c.says)
		} else if err != nil || !out.Expiration.Equal(noon.Add(c.want)) {
			t.Errorf("%s: it ends at %s, %v", c.name, out.Expiration, err)
		}
	}
}

// TestAssumeRoleInput: each bound of the STS API Reference.
func TestAssumeRoleInput(t *testing.T) {
	t.Parallel()
	a, _ := authenticator(t, roles)
	good := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"securityhub:Get*","Resource":"*"}]}`
	managed := "arn:aws:iam::" + alice + ":policy/ReadFindings"
	cases := []struct {
		name   string
		change func(*AssumeRoleInput)
		code   string
		says   string
	}{
		{"as it is", func(*AssumeRoleInput) {}, "", ""},
		{"a session policy", func(in *AssumeRoleInput) { in.Policy = good }, "", ""},
		{"managed policies", func(in *AssumeRoleInput) {
			in.PolicyARNs = []string{managed, "arn:aws:iam::aws:policy/AdministratorAccess"}
		}, "", ""},
		{"the longest name", func(in *AssumeRoleInput) { in.RoleSessionName = strings.Repeat("n", 64) }, "", ""},
		{"no role", func(in *AssumeRoleInput) { in.RoleARN = "" }, auth.CodeInvalidParameter, "RoleArn"},
		{"a user's ARN", func(in *AssumeRoleInput) { in.RoleARN = "arn:aws:iam::111122223333:user/mayAssume" }, auth.CodeInvalidParameter, "RoleArn"},
		{"another partition", func(in *AssumeRoleInput) { in.RoleARN = "arn:aws-cn:iam::111122223333:role/TrustsAccount" }, findinghub.CodeAccessDenied, "not authorized"},
		{"no session name", func(in *AssumeRoleInput) { in.RoleSessionName = "" }, auth.CodeInvalidParameter, "RoleSessionName"},
		{"a short session name", func(in *AssumeRoleInput) { in.RoleSessionName = "n" }, auth.CodeInvalidParameter, "2 to 64"},
		{"a long session name", func(in *AssumeRoleInput) { in.RoleSessionName = strings.Repeat("n", 65) }, auth.CodeInvalidParameter, "2 to 64"},
		{"a session name with a slash", func(in *AssumeRoleInput) { in.RoleSessionName = "a/b" }, auth.CodeInvalidParameter, "RoleSessionName"},
		{"an external id with a space", func(in *AssumeRoleInput) { in.ExternalID = "a b" }, auth.CodeInvalidParameter, "ExternalId"},
		{"a short external id", func(in *AssumeRoleInput) { in.ExternalID = "a" }, auth.CodeInvalidParameter, "ExternalId"},
		{"tags", func(in *AssumeRoleInput) { in.Others = []string{"Tags", "SerialNumber"} }, auth.CodeInvalidParameter, "Tags, SerialNumber"},
		{"a bad policy", func(in *AssumeRoleInput) { in.Policy = `{"Statement":[{"Effect":"Maybe"}]}` }, auth.CodeInvalidSessionPolicy, "Effect"},
		{"no policy at all", func(in *AssumeRoleInput) { in.Policy = "{" }, auth.CodeInvalidSessionPolicy, "JSON"},
		{"a policy with a principal", func(in *AssumeRoleInput) {
			in.Policy = `{"Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}}`
		}, auth.CodeInvalidSessionPolicy, "Principal"},
		{"a long policy", func(in *AssumeRoleInput) { in.Policy = good + strings.Repeat(" ", 2049-len(good)) }, auth.CodeInvalidParameter, "2049 characters"},
		{"many policies", func(in *AssumeRoleInput) { in.PolicyARNs = make([]string, 11) }, auth.CodeInvalidParameter, "more than 10"},
		{"an unknown policy", func(in *AssumeRoleInput) { in.PolicyARNs = []string{managed, managed + "x"} }, auth.CodeInvalidParameter, "PolicyArns.member.2"},
		{"another account's policy", func(in *AssumeRoleInput) { in.PolicyARNs = []string{"arn:aws:iam::444455556666:policy/ReadFindings"} }, auth.CodeInvalidParameter, "PolicyArns.member.1"},
		{"a customer's policy as a built-in one", func(in *AssumeRoleInput) { in.PolicyARNs = []string{"arn:aws:iam::aws:policy/ReadFindings"} }, auth.CodeInvalidParameter, "PolicyArns.member.1"},
	}
	for _, c := range cases {
		in := AssumeRoleInput{RoleARN: roleARN("TrustsAccount"), RoleSessionName: "jo"}
		c.change(&in)
		_, err := a.AssumeRole(as(t, a, alice+"/mayAssume"), in)
		if c.code == "" {
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		wantError(t, c.name, err, c.code, c.says)
	}
}

// TestRoleIsNotTold: whatever is wrong beside, who may not assume a role does not learn
// whether it is there.
func TestRoleIsNotTold(t *testing.T) {
	t.Parallel()
	a, _ := authenticator(t, roles)
	for _, change := range []func(*AssumeRoleInput){
		func(in *AssumeRoleInput) { in.DurationSeconds = 43200 },
		func(in *AssumeRoleInput) { in.Policy = "{" },
		func(in *AssumeRoleInput) { in.PolicyARNs = []string{"arn:aws:iam::aws:policy/Nothing"} },
	} {
		var said []string
		for _, role := range []string{"TrustsUser", "Nowhere"} {
			in := AssumeRoleInput{RoleARN: roleARN(role), RoleSessionName: "jo"}
			change(&in)
			_, err := a.AssumeRole(as(t, a, alice+"/mayAssume"), in)
			said = append(said, strings.ReplaceAll(findinghub.AsError(err).Message, role, "ROLE"))
		}
		if said[0] != said[1] || !strings.HasPrefix(said[0], "User: ") {
			t.Errorf("the answers differ: %q", said)
		}
	}
}

// TestSessionPolicies bound what the session may do, and hold their own in the token.
func TestSessionPolicies(t *testing.T) {
	t.Parallel()
	a, f := authenticator(t, roles)
	out, err := a.AssumeRole(as(t, a, alice+"/mayAssume"), AssumeRoleInput{
		RoleARN: roleARN("TrustsAccount"), RoleSessionName: "jo",
		Policy:     `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"securityhub:GetInsights","Resource":"*"}}`,
		PolicyARNs: []string{"arn:aws:iam::" + alice + ":policy/ReadFindings"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if out.PackedPolicySize != 8 {
		t.Errorf("%d %% of the room is taken", out.PackedPolicySize)
	}
	may := func(action string) bool {
		t.Helper()
		p, err := a.Authenticate(signed(t, out.aws(), "securityhub", "us-east-1", noon), auth.ServiceHub, env, plainBody)
		if err != nil {
			t.Fatal(err)
		}
		return p.Authorize(auth.Access{Action: "securityhub:" + action, Resource: "*"}) == nil
	}
	for action, want := range map[string]bool{"GetInsights": true, "GetFindings": true, "BatchImportFindings": false} {
		for range 2 { // the second time from memory
			if may(action) != want {
				t.Errorf("%s: %v", action, !want)
			}
		}
	}
	// A managed policy that is gone allows nothing; the others stay.
	write(t, f.DeclaredFile, strings.Replace(roles, "ReadFindings:", "ReadOther:", 1))
	if may("GetFindings") || !may("GetInsights") {
		t.Error("a policy that is gone still counts, or took another with it")
	}
}

// TestSessionEnds: at its expiry, with its role, and by revocation; not with the trust.
func TestSessionEnds(t *testing.T) {
	t.Parallel()
	a, f := authenticator(t, roles)
	out, err := a.AssumeRole(as(t, a, alice+"/mayAssume"), AssumeRoleInput{RoleARN: roleARN("TrustsAccount"), RoleSessionName: "jo"})
	if err != nil {
		t.Fatal(err)
	}
	try := func(at time.Time) error {
		e := env
		e.Now = at
		_, err := a.Authenticate(signed(t, out.aws(), "securityhub", "us-east-1", at), auth.ServiceHub, e, plainBody)
		return err
	}
	if err := try(noon.Add(time.Hour - time.Second)); err != nil {
		t.Errorf("just before its end: %v", err)
	}
	wantError(t, "at its end", try(noon.Add(time.Hour)), auth.CodeExpiredToken)

	change := func(old, new string) {
		write(t, f.DeclaredFile, strings.Replace(roles, old, new, 1))
		if err := a.directory.Err(); err != nil {
			t.Fatal(err)
		}
	}
	change(`"arn:aws:iam::111122223333:root"`, bob)
	if err := try(noon); err != nil {
		t.Errorf("trust ended the session: %v", err)
	}
	change("max-session-duration: 12h", "sessions-not-before: 2026-03-01T12:00:00Z")
	if err := try(noon); err != nil {
		t.Errorf("a session that began at the time of revocation: %v", err)
	}
	change("max-session-duration: 12h", "sessions-not-before: 2026-03-01T12:00:01Z")
	wantError(t, "revoked", try(noon), auth.CodeUnrecognizedClient)
	change("      TrustsAccount:", "      Other:")
	wantError(t, "without its role", try(noon), auth.CodeUnrecognizedClient)
}

// TestSessionBelongsToItsKey: the token of one session does not go with the key of another.
func TestSessionBelongsToItsKey(t *testing.T) {
	t.Parallel()
	a, _ := authenticator(t, roles)
	var sessions []aws.Credentials
	for range 2 {
		out, err := a.AssumeRole(as(t, a, alice+"/mayAssume"), AssumeRoleInput{RoleARN: roleARN("TrustsAccount"), RoleSessionName: "jo"})
		if err != nil {
			t.Fatal(err)
		}
		sessions = append(sessions, out.aws())
	}
	mixed := sessions[0]
	mixed.SessionToken = sessions[1].SessionToken
	_, err := a.Authenticate(signed(t, mixed, "securityhub", "us-east-1", noon), auth.ServiceHub, env, plainBody)
	wantError(t, "another's token", err, auth.CodeUnrecognizedClient)
	if sessions[0].AccessKeyID == sessions[1].AccessKeyID || sessions[0].SecretAccessKey == sessions[1].SecretAccessKey {
		t.Error("two sessions have the same key")
	}
}

// TestAssumeRoleWithoutChance: without randomness there are no credentials.
func TestAssumeRoleWithoutChance(t *testing.T) {
	t.Parallel()
	a, _ := authenticator(t, roles)
	caller := as(t, a, alice+"/mayAssume")
	a.directory.config.Random = io.LimitReader(strings.NewReader("too little"), 10)
	_, err := a.AssumeRole(caller, AssumeRoleInput{RoleARN: roleARN("TrustsAccount"), RoleSessionName: "jo"})
	wantError(t, "no chance", err, findinghub.CodeInternal)
}

// TestAssumeRoleInDev: a caller whose signature nobody checked may do everything, but a role
// must trust it all the same.
func TestAssumeRoleInDev(t *testing.T) {
	t.Parallel()
	a, _ := authenticator(t, roles)
	dev := auth.Principal{Account: alice, ARN: "arn:aws:iam::" + alice + ":user/dev", Region: "us-east-1"}
	for role, want := range map[string]bool{"TrustsAccount": true, "TrustsOther": false} {
		_, err := a.AssumeRole(dev, AssumeRoleInput{RoleARN: roleARN(role), RoleSessionName: "jo"})
		if (err == nil) != want {
			t.Errorf("%s: %v", role, err)
		}
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ts, err := newTokens(f.TokenKey, f.Random)
	if err != nil {
		t.Fatal(err)
	}
	in := &sessionToken{Account: alice, Role: "r", Name: "n", Secret: testSecret, Issued: 1, Expires: 2, Managed: []string{"Developer"}, By: "me"}
	token, err := ts.seal("ASIAIOSFODNN7EXAMPLE", in)
	if err != nil {
		t.Fatal(err)
	}
	out, err := ts.open("ASIAIOSFODNN7EXAMPLE", token)
	if err != nil || out.Secret != testSecret || out.By != "me" || out.Managed[0] != "Developer" {
		t.Errorf("got %+v, %v", out, err)
	}
	other, err := newTokens(append([]byte{8}, f.TokenKey[1:]...), f.Random)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.open("ASIAIOSFODNN7EXAMPLE", token); err == nil {
		t.Error("another hub opened the token")
	}
	if _, err := ts.open("ASIAIOSFODNN7EXAMPLF", token); err == nil {
		t.Error("another key opened the token")
	}
	// No single character may be another, nor be missing.
	for i := range token {
		changed := []byte(token)
		if changed[i]++; string(changed) == token {
			continue
		}
		if _, err := ts.open("ASIAIOSFODNN7EXAMPLE", string(changed)); err == nil {
			t.Errorf("a token with another character at %d was opened", i)
		}
		if _, err := ts.open("ASIAIOSFODNN7EXAMPLE", token[:i]); err == nil {
			t.Errorf("a token of %d characters was opened", i)
		}
	}
	if _, err := ts.open("ASIAIOSFODNN7EXAMPLE", strings.Repeat("A", maxToken+4)); err == nil {
		t.Error("a huge token was opened")
	}
}

// TestSessionCache: it stays within its bound and keeps what was put last.
func TestSessionCache(t *testing.T) {
	t.Parallel()
	var c sessionCache
	for i := range maxSessions + 10 {
		id := fmt.Sprint(i)
		c.put(id, &sessionToken{Name: id})
		if got := c.get(id); got == nil || got.Name != id {
			t.Fatalf("token %s is %+v", id, got)
		}
	}
	if len(c.m) != maxSessions {
		t.Errorf("%d tokens are kept", len(c.m))
	}
}

func FuzzToken(f *testing.F) {
	ts, err := newTokens(make([]byte, 32), strings.NewReader(strings.Repeat("n", 1000)))
	if err != nil {
		f.Fatal(err)
	}
	good, err := ts.seal(keyID, &sessionToken{Account: alice})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(keyID, good)
	f.Add(keyID, good[:20])
	f.Add("", "AQ==")
	f.Fuzz(func(t *testing.T, id, token string) {
		if out, err := ts.open(id, token); err == nil && (id != keyID || out.Account != alice) {
			t.Errorf("opened %+v", out)
		}
	})
}

// TestAnything: what stands for a caller without bounds allows everything.
func TestAnything(t *testing.T) {
	t.Parallel()
	d := policy.Policies{Identity: []policy.Named{anything()}}.Decide(policy.Request{
		Principal: policy.Principal{ARN: userARN + "u", Account: alice}, Action: "sts:AssumeRole", Resource: "*",
	})
	if !d.Allowed() {
		t.Errorf("the decision is %+v", d)
	}
}
