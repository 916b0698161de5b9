package api

import (
	"encoding/xml"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/auth"
)

const developer = "arn:aws:iam::123456789012:role/Developer"

// assume is a good AssumeRole, with a test's changes.
func assume(change ...string) url.Values {
	form := url.Values{"Action": {"AssumeRole"}, "RoleArn": {developer}, "RoleSessionName": {"dev-1"}}
	for i := 0; i < len(change); i += 2 {
		form.Set(change[i], change[i+1])
	}
	return form
}

// Callers learn who they are, whatever they may do (STS API reference, GetCallerIdentity).
func TestGetCallerIdentity(t *testing.T) {
	t.Parallel()
	g := newGuarded(t, identities)
	for key, want := range map[string]string{adminKey: "arn:aws:iam::123456789012:user/admin", deniedKey: "arn:aws:iam::123456789012:user/denied", otherKey: "arn:aws:iam::210987654321:user/admin"} {
		r := g.sts(t, by(key), url.Values{"Action": {"GetCallerIdentity"}})
		var out getCallerIdentityResponse
		if err := xml.Unmarshal([]byte(r.body), &out); err != nil || r.status != http.StatusOK || r.header.Get("Content-Type") != "text/xml" {
			t.Fatalf("got %d %s: %v", r.status, r.body, err)
		}
		if out.Arn != want || !strings.Contains(want, out.Account) || !strings.HasPrefix(out.UserID, "AIDA") || out.RequestID != r.header.Get("x-amzn-RequestId") {
			t.Errorf("got %+v, want %s", out, want)
		}
	}
}

// A role's session calls the hub as itself, with the role's rights, and until it ends.
func TestAssumeRole(t *testing.T) {
	t.Parallel()
	g := newGuarded(t, identities)
	g.mustSend(t, by(adminKey), "POST", "/accounts", `{}`)
	g.mustSend(t, by(adminKey), "POST", "/findings/import", `{"Findings":[`+good+`]}`)
	r := g.sts(t, by(adminKey), assume())
	var out assumeRoleResponse
	if err := xml.Unmarshal([]byte(r.body), &out); err != nil || r.status != http.StatusOK {
		t.Fatalf("got %d %s: %v", r.status, r.body, err)
	}
	expires, err := time.Parse(time.RFC3339, out.Expiration)
	if err != nil || time.Until(expires) < 59*time.Minute || !strings.HasPrefix(out.AccessKeyID, "ASIA") || out.Arn != "arn:aws:sts::123456789012:assumed-role/Developer/dev-1" {
		t.Errorf("got %+v", out)
	}
	s := by(out.AccessKeyID)
	s.secret, s.token = out.SecretAccessKey, out.SessionToken
	update := func(change string) reply {
		return g.send(t, s, "PATCH", "/findings/batchupdate", `{"FindingIdentifiers":[{"Id":"a","ProductArn":"`+ownProduct+`"}],`+change+`}`)
	}
	// Developers comment, and do not suppress.
	if r := update(`"Note":{"Text":"mine","UpdatedBy":"me"}`); r.status != http.StatusOK || !strings.Contains(r.body, `"ProcessedFindings":[{`) {
		t.Errorf("a comment: got %d %s", r.status, r.body)
	}
	r = update(`"Workflow":{"Status":"SUPPRESSED"}`)
	if r.status != http.StatusForbidden || !strings.Contains(r.message, "User: arn:aws:sts::123456789012:assumed-role/Developer/dev-1") || !strings.Contains(r.message, "field Workflow.Status") {
		t.Errorf("suppressing: got %d %s", r.status, r.body)
	}
	if r := g.send(t, s, "POST", "/findings/import", `{"Findings":[`+good+`]}`); r.code != findinghub.CodeAccessDenied {
		t.Errorf("importing: got %d %s", r.status, r.code)
	}
	history := g.mustSend(t, s, "POST", "/findingHistory/get", `{"FindingIdentifier":{"Id":"a","ProductArn":"`+ownProduct+`"}}`)
	if !strings.Contains(history.body, `"Identity":"arn:aws:sts::123456789012:assumed-role/Developer/dev-1"`) {
		t.Errorf("the history says %s", history.body)
	}
	s.token = ""
	if r := update(`"Confidence":1`); r.code != auth.CodeUnrecognizedClient {
		t.Errorf("without its token: got %s", r.code)
	}
}

// Errors are the token service's own, in its format.
func TestSTSErrors(t *testing.T) {
	t.Parallel()
	g := newGuarded(t, identities)
	wrong := by(adminKey)
	wrong.secret = "Secret"
	old := by(adminKey)
	old.at = old.at.Add(-time.Hour)
	tests := []struct {
		name       string
		s          signature
		form       url.Values
		status     int
		code, says string
	}{
		{"no signature", signature{}, url.Values{"Action": {"GetCallerIdentity"}}, 403, "MissingAuthenticationToken", "Missing Authentication Token"},
		{"a wrong secret", wrong, assume(), 403, "SignatureDoesNotMatch", ""},
		{"an old signature", old, assume(), 403, "SignatureDoesNotMatch", "expired"},
		{"an unknown key", by("AKIAUNKNOWN000000001"), assume(), 403, "InvalidClientTokenId", ""},
		{"another action", by(adminKey), url.Values{"Action": {"GetSessionToken"}}, 400, "InvalidAction", "GetSessionToken"},
		{"no role", by(adminKey), url.Values{"Action": {"AssumeRole"}, "RoleSessionName": {"s-1"}}, 400, "MissingParameter", "RoleArn"},
		{"no name", by(adminKey), url.Values{"Action": {"AssumeRole"}, "RoleArn": {developer}}, 400, "MissingParameter", "RoleSessionName"},
		{"a role that is not there", by(adminKey), assume("RoleArn", developer+"s"), 403, "AccessDenied", "is not authorized to perform: sts:AssumeRole on resource: " + developer + "s"},
		{"another account's", by(otherKey), assume(), 403, "AccessDenied", "User: arn:aws:iam::210987654321:user/admin"},
		{"a caller without a policy", by(nobodyKey), assume(), 403, "AccessDenied", ""},
		{"too short a session", by(adminKey), assume("DurationSeconds", "899"), 400, "ValidationError", "DurationSeconds"},
		{"a duration that is no number", by(adminKey), assume("DurationSeconds", "long"), 400, "ValidationError", "DurationSeconds long"},
		{"tags", by(adminKey), assume("Tags.member.1.Key", "a", "Tags.member.1.Value", "b"), 400, "ValidationError", "Tags.member.1.Key"},
		{"a second factor", by(adminKey), assume("TokenCode", "123456"), 400, "ValidationError", "TokenCode"},
		{"a session policy that is none", by(adminKey), assume("Policy", "{"), 400, "MalformedPolicyDocument", ""},
		{"a managed policy that is not there", by(adminKey), assume("PolicyArns.member.1.arn", "arn:aws:iam::aws:policy/Nothing"), 400, "ValidationError", "Nothing"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := g.sts(t, tt.s, tt.form)
			if r.status != tt.status || r.code != tt.code || !strings.Contains(r.message, tt.says) {
				t.Errorf("got %d %s %q, want %d %s that says %q", r.status, r.code, r.message, tt.status, tt.code, tt.says)
			}
			if !strings.Contains(r.body, "<RequestId>"+r.header.Get("x-amzn-RequestId")) {
				t.Errorf("got %s", r.body)
			}
		})
	}
}

// A session policy bounds the session (STS API reference, AssumeRole).
func TestSessionPolicies(t *testing.T) {
	t.Parallel()
	g := newGuarded(t, identities)
	g.mustSend(t, by(adminKey), "POST", "/accounts", `{}`)
	r := g.sts(t, by(adminKey), assume("Policy", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"securityhub:DescribeHub","Resource":"*"}}`))
	var out assumeRoleResponse
	if err := xml.Unmarshal([]byte(r.body), &out); err != nil || out.PackedPolicySize == 0 {
		t.Fatalf("got %d %s: %v", r.status, r.body, err)
	}
	s := by(out.AccessKeyID)
	s.secret, s.token = out.SecretAccessKey, out.SessionToken
	g.mustSend(t, s, "GET", "/accounts", "")
	if r := g.send(t, s, "POST", "/findings", `{}`); r.code != findinghub.CodeAccessDenied || !strings.Contains(r.message, "because no session policy allows the securityhub:GetFindings action") {
		t.Errorf("got %s %q", r.code, r.message)
	}
}

// In --dev every role is there for everybody, and its session is in the role's account.
func TestSTSInDev(t *testing.T) {
	t.Parallel()
	s := server(t)
	form := func(v url.Values) reply {
		v.Set("Version", "2011-06-15")
		return send(t, s, "POST", "/", v.Encode(), "Content-Type", "application/x-www-form-urlencoded")
	}
	r := form(url.Values{"Action": {"GetCallerIdentity"}})
	if r.status != http.StatusOK || !strings.Contains(r.body, "<Arn>arn:aws:iam::123456789012:user/dev</Arn>") {
		t.Errorf("got %d %s", r.status, r.body)
	}
	r = form(assume("RoleArn", "arn:aws:iam::111122223333:role/path/Any"))
	if r.status != http.StatusOK || !strings.Contains(r.body, "<AccessKeyId>111122223333</AccessKeyId>") || !strings.Contains(r.body, "assumed-role/Any/dev-1") {
		t.Errorf("got %d %s", r.status, r.body)
	}
	if r := form(assume("RoleArn", "nonsense")); r.status != http.StatusBadRequest {
		t.Errorf("got %d %s", r.status, r.body)
	}
	if r := send(t, s, "GET", "/?Action=GetCallerIdentity&Version=2011-06-15", ""); r.status != http.StatusOK {
		t.Errorf("by GET: got %d %s", r.status, r.body)
	}
}
