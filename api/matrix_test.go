package api

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/auth"
	"github.com/findinghub/findinghub/auth/identity"
	"github.com/findinghub/findinghub/hub"
	"github.com/findinghub/findinghub/store/memory"
)

// The accounts of the matrix. The owner has what all requests are about; owner and member are both the
// administrator's members.
const (
	owner         = "123456789012"
	stranger      = "210987654321"
	member        = "333344445555"
	administrator = "222233334444"
)

// matrixIdentities has a user who may do everything in each account, and in the owner's some who may not.
var matrixIdentities = func() string {
	var b strings.Builder
	b.WriteString("accounts:\n")
	for _, account := range []string{owner, stranger, member, administrator} {
		fmt.Fprintf(&b, "  %q:\n    users:\n      admin: {policies: [AdministratorAccess], access-keys: [{id: AKIA%s, secret: a-secret-of-a-test}]}\n", account, account)
		if account == owner {
			b.WriteString(`      reader: {policies: [AWSSecurityHubReadOnlyAccess], access-keys: [{id: AKIAREADER0000000001, secret: a-secret-of-a-test}]}
      denied:
        policies: [AdministratorAccess]
        inline-policies: {No: {Version: "2012-10-17", Statement: {Effect: Deny, Action: "securityhub:*", Resource: "*"}}}
        access-keys: [{id: AKIADENIED0000000001, secret: a-secret-of-a-test}]
`)
		}
	}
	return b.String()
}()

// world is a hub in which the four accounts stand to each other as they should.
type world struct {
	t       *testing.T
	handler http.Handler
}

func newWorld(t *testing.T, a *identity.Authenticator) *world {
	t.Helper()
	h, err := hub.New(t.Context(), hub.Config{Store: memory.New()})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, handler: New(Config{Hub: h, Identity: a})}
	for _, account := range []string{owner, stranger, member, administrator} {
		w.must(account, "POST", "/accounts", `{}`)
	}
	w.must(owner, "POST", "/findings/import", `{"Findings":[`+strings.Replace(good, `"Title":"t"`, `"Title":"the owner's own words"`, 1)+`]}`)
	w.must(owner, "POST", "/productSubscriptions", `{"ProductArn":"arn:aws:securityhub:us-east-1::product/prowler/prowler"}`)
	w.must(owner, "POST", "/tags/"+url.PathEscape(ownHub), `{"Tags":{"a":"b"}}`)
	w.join(administrator, owner)
	w.join(administrator, member)
	return w
}

// join makes an account another's member.
func (w *world) join(administrator, member string) {
	w.must(administrator, "POST", "/members", `{"AccountDetails":[{"AccountId":"`+member+`"}]}`)
	w.must(administrator, "POST", "/members/invite", `{"AccountIds":["`+member+`"]}`)
	var list struct {
		Invitations []struct{ AccountId, InvitationId string }
	}
	if err := json.Unmarshal([]byte(w.must(member, "GET", "/invitations", "")), &list); err != nil || len(list.Invitations) != 1 {
		w.t.Fatalf("%+v: %v", list, err)
	}
	w.must(member, "POST", "/administrator", `{"AdministratorId":"`+administrator+`","InvitationId":"`+list.Invitations[0].InvitationId+`"}`)
}

func (w *world) must(account, method, target, body string) string {
	w.t.Helper()
	r := w.ask(by("AKIA"+account), method, target, body)
	if r.status != http.StatusOK {
		w.t.Fatalf("%s %s as %s: got %d %s", method, target, account, r.status, r.body)
	}
	return r.body
}

// ask sends a signed request without a network.
func (w *world) ask(s signature, method, target, body string) reply {
	w.t.Helper()
	req := httptest.NewRequest(method, target, strings.NewReader(body))
	if s.key != "" {
		sum := sha256.Sum256([]byte(body))
		err := v4.NewSigner().SignHTTP(w.t.Context(), aws.Credentials{AccessKeyID: s.key, SecretAccessKey: s.secret}, req, hex.EncodeToString(sum[:]), s.service, s.region, s.at)
		if err != nil {
			w.t.Fatal(err)
		}
		req.Header.Set("Content-Length", strconv.Itoa(len(body))) // which a server finds in the header
	}
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, req)
	return read(rec.Code, rec.Header(), rec.Body.Bytes())
}

// state is all that the owner has, as its administrator reads it.
func (w *world) state() string {
	w.t.Helper()
	var b strings.Builder
	for _, q := range []struct{ method, path, body string }{
		{"POST", "/findings", `{"Filters":{"AwsAccountId":[{"Value":"` + owner + `","Comparison":"EQUALS"}]}}`},
		{"POST", "/findingHistory/get", `{"FindingIdentifier":{"Id":"a","ProductArn":"` + ownProduct + `"}}`},
		{"GET", "/tags/" + url.PathEscape(ownHub), ""}, {"GET", "/productSubscriptions", ""}, {"GET", "/accounts", ""},
		{"GET", "/members?OnlyAssociated=false", ""}, {"GET", "/findingAggregator/list", ""}, {"GET", "/administrator", ""}, {"GET", "/invitations", ""},
	} {
		b.WriteString(w.must(owner, q.method, q.path, q.body) + "\n")
	}
	return b.String()
}

// answers are the codes that callers who may do everything in their accounts get, where it is not success.
type answers struct{ stranger, member, administrator, owner string }

func everyone(c string) answers  { return answers{c, c, c, c} }
func outsiders(c string) answers { return answers{c, c, c, ""} }

// expected says what becomes of the specimens when everything is allowed: what names the owner's things is not there
// for others, and some operations depend on how accounts stand to each other (behaviour.md section 5.7).
var expected = map[string]answers{
	"BatchImportFindings":             outsiders(findinghub.CodeAccessDenied), // decision 24
	"DescribeHub":                     outsiders(findinghub.CodeResourceNotFound),
	"ListTagsForResource":             outsiders(findinghub.CodeResourceNotFound),
	"TagResource":                     outsiders(findinghub.CodeResourceNotFound),
	"UntagResource":                   outsiders(findinghub.CodeResourceNotFound),
	"DisableImportFindingsForProduct": outsiders(findinghub.CodeResourceNotFound),
	"EnableImportFindingsForProduct":  {owner: findinghub.CodeResourceConflict},
	"EnableSecurityHub":               everyone(findinghub.CodeResourceConflict),

	"GetFindingAggregator":    everyone(findinghub.CodeResourceNotFound),
	"UpdateFindingAggregator": everyone(findinghub.CodeResourceNotFound),
	"DeleteFindingAggregator": everyone(findinghub.CodeResourceNotFound),
	"CreateFindingAggregator": {member: findinghub.CodeInvalidInput, owner: findinghub.CodeInvalidInput},

	"AcceptAdministratorInvitation":        everyone(findinghub.CodeResourceNotFound),
	"AcceptInvitation":                     everyone(findinghub.CodeResourceNotFound),
	"DisassociateMembers":                  everyone(findinghub.CodeResourceNotFound),
	"InviteMembers":                        {member: findinghub.CodeInvalidAccess, owner: findinghub.CodeInvalidAccess},
	"CreateMembers":                        {member: findinghub.CodeInvalidAccess, owner: findinghub.CodeInvalidAccess},
	"DisassociateFromAdministratorAccount": {stranger: findinghub.CodeInvalidInput, administrator: findinghub.CodeInvalidInput},
	"DisassociateFromMasterAccount":        {stranger: findinghub.CodeInvalidInput, administrator: findinghub.CodeInvalidInput},
	"DisableSecurityHub":                   {member: findinghub.CodeInvalidInput, administrator: findinghub.CodeInvalidInput, owner: findinghub.CodeInvalidInput},

	"EnableOrganizationAdminAccount":    everyone(findinghub.CodeAccessDenied),
	"DisableOrganizationAdminAccount":   everyone(findinghub.CodeAccessDenied),
	"ListOrganizationAdminAccounts":     everyone(findinghub.CodeAccessDenied),
	"DescribeOrganizationConfiguration": everyone(findinghub.CodeInvalidAccess),
	"UpdateOrganizationConfiguration":   everyone(findinghub.CodeInvalidAccess),
}

// reachesMembers are the operations by which an administrator reads or changes members' findings.
var reachesMembers = map[string]bool{"BatchUpdateFindings": true, "UpdateFindings": true, "GetFindings": true, "GetFindingHistory": true}

// column is one kind of caller.
type column struct {
	name string
	s    signature
	// want is the code that the operation answers with, "" for success.
	want func(op *operation) string
	// changes says whether the owner's things may be others afterwards, reads whether the answer may tell of them.
	changes, reads func(op *operation) bool
}

func never(*operation) bool  { return false }
func always(*operation) bool { return true }
func code(c string) func(*operation) string {
	return func(*operation) string { return c }
}

func columns() []column {
	wrong := by("AKIA" + owner)
	wrong.secret = "another-secret-of-it"
	reaches := func(op *operation) bool { return reachesMembers[op.Name] }
	return []column{
		{"no key", signature{}, code(auth.CodeMissingToken), never, never},
		{"a wrong secret", wrong, code(auth.CodeInvalidSignature), never, never},
		{"an explicit deny", by("AKIADENIED0000000001"), code(findinghub.CodeAccessDenied), never, never},
		{"read only", by("AKIAREADER0000000001"), func(op *operation) string {
			if !isReadOnly(op.Name) {
				return findinghub.CodeAccessDenied
			}
			return expected[op.Name].owner
		}, never, always},
		{"another account", by("AKIA" + stranger), func(op *operation) string { return expected[op.Name].stranger }, never, never},
		{"a member", by("AKIA" + member), func(op *operation) string { return expected[op.Name].member }, never, never},
		{"the administrator", by("AKIA" + administrator), func(op *operation) string { return expected[op.Name].administrator }, reaches, reaches},
		{"allowed", by("AKIA" + owner), func(op *operation) string { return expected[op.Name].owner }, always, always},
	}
}

// Every operation as every kind of caller: the code, that nothing of the owner's changes that should not, and that nothing
// is told that should not be.
func TestMatrix(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "identity.yaml")
	if err := os.WriteFile(file, []byte(matrixIdentities), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := identity.Open(identity.Config{DeclaredFile: file, TokenKey: make([]byte, 32), Random: &fixedRand{}, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	a, err := identity.NewAuthenticator(d)
	if err != nil {
		t.Fatal(err)
	}
	for i := range operations {
		op := &operations[i]
		t.Run(op.Name, func(t *testing.T) {
			t.Parallel()
			for _, c := range columns() {
				checkCell(t, a, op, c)
			}
		})
	}
}

func checkCell(t *testing.T, a *identity.Authenticator, op *operation, c column) {
	t.Helper()
	w := newWorld(t, a)
	before := w.state()
	sample := specimens[op.Name]
	want := c.want(op)
	if built[op.Name] == nil {
		sample.params = url.Values{}
		for _, p := range op.Params {
			sample.params.Set(p.Member, "x")
		}
		// Those who may execute it learn that it is not there, the others nothing.
		if want == "" {
			want = findinghub.CodeNotImplemented
		}
	}
	r := w.ask(c.s, op.Method, op.target(sample.params), sample.body)
	if r.code != want || (r.status == http.StatusOK) != (want == "") {
		t.Errorf("%s: got %d %s %q, want %q", c.name, r.status, r.code, r.message, want)
	}
	if strings.Contains(r.body, "own words") && !c.reads(op) {
		t.Errorf("%s is told %s", c.name, r.body)
	}
	if strings.HasPrefix(r.code, "AccessDenied") && !strings.Contains(r.message, "is not authorized to perform: securityhub:"+op.Name+" on resource: ") && !strings.Contains(r.message, "organization") {
		t.Errorf("%s: the refusal does not name what was refused: %s", c.name, r.message)
	}
	if c.changes(op) {
		return
	}
	if after := w.state(); after != before {
		t.Errorf("%s changed the owner's things:\n%s\nto\n%s", c.name, before, after)
	}
}
