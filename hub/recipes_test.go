package hub

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/findinghub/findinghub/auth"
	"github.com/findinghub/findinghub/auth/policy"
	"github.com/go-json-experiment/json/jsontext"
)

var recipe = regexp.MustCompile("(?s)<!-- recipe: ([^>]*) -->\n```json\n(.*?)```")

// recipes reads the policies of docs/policies.md by name.
func recipes(t *testing.T) map[string]string {
	t.Helper()
	page, err := os.ReadFile("../docs/policies.md")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, m := range recipe.FindAllStringSubmatch(string(page), -1) {
		all[m[1]] = m[2]
	}
	if n := strings.Count(string(page), "```json"); n != len(all) {
		t.Errorf("%d policies are on the page and %d have a name of their own", n, len(all))
	}
	return all
}

// attempt is something that a caller under a recipe tries.
type attempt struct {
	what string
	// operation and in are what is asked for; an import says product and account instead.
	operation, product, account string
	in                          any
	// context is what the circumstances add.
	context policy.Context
	allowed bool
}

// set is an update of one field.
func set(change BatchUpdateFindingsInput) BatchUpdateFindingsInput { return updating(change) }

func status(s string) BatchUpdateFindingsInput {
	return set(BatchUpdateFindingsInput{Workflow: jsontext.Value(`{"Status":"` + s + `"}`)})
}

func severity(s string) BatchUpdateFindingsInput {
	return set(BatchUpdateFindingsInput{Severity: jsontext.Value(s)})
}

func userFields(s string) BatchUpdateFindingsInput {
	return set(BatchUpdateFindingsInput{UserDefinedFields: jsontext.Value(s)})
}

func update(what string, in BatchUpdateFindingsInput, allowed bool) attempt {
	return attempt{what: what, operation: "BatchUpdateFindings", in: in, allowed: allowed}
}

func when(what, key, value string, allowed bool) attempt {
	return attempt{what: what, operation: "GetFindings", in: GetFindingsInput{}, context: policy.Context{key: {value}}, allowed: allowed}
}

var note = set(BatchUpdateFindingsInput{Note: jsontext.Value(`{"Text":"t","UpdatedBy":"u"}`)})

// attempts says what each recipe of docs/policies.md lets through. base is attached beside it.
var attempts = map[string]struct {
	base string
	try  []attempt
}{
	"own product": {"", []attempt{
		{what: "its product", operation: "BatchImportFindings", product: prowler, account: alice.Account, allowed: true},
		{what: "another product", operation: "BatchImportFindings", product: aliceProduct, account: alice.Account},
		{what: "the hub", operation: "DescribeHub", in: DescribeHubInput{}, allowed: true},
		{what: "reading", operation: "GetFindings", in: GetFindingsInput{}},
	}},
	"some customers": {"", []attempt{
		{what: "one of them", operation: "BatchImportFindings", product: falcon, account: alice.Account, allowed: true},
		{what: "another", operation: "BatchImportFindings", product: falcon, account: "333333333333"},
	}},
	"no suppressing": {"Triager", []attempt{
		update("suppressing", status("SUPPRESSED"), false), update("resolving", status("RESOLVED"), true), update("a note", note, true),
	}},
	"no workflow": {"Triager", []attempt{
		update("suppressing", status("SUPPRESSED"), false), update("resolving", status("RESOLVED"), false), update("a note", note, true),
	}},
	"no lower severity": {"Triager", []attempt{
		update("lower by name", severity(`{"Label":"LOW"}`), false), update("lower by number", severity(`{"Normalized":69}`), false),
		update("high by name", severity(`{"Label":"HIGH"}`), true), update("high by number", severity(`{"Normalized":70}`), true),
		update("both, one of them low", severity(`{"Label":"HIGH","Normalized":1}`), false), update("a note", note, true),
	}},
	"one field": {"", []attempt{
		update("the field", userFields(`{"ticket":"4711"}`), true), update("another field", userFields(`{"team":"blue"}`), false),
		update("both", userFields(`{"ticket":"4711","team":"blue"}`), false), update("a note", note, false), update("nothing", set(BatchUpdateFindingsInput{}), false),
		update("the field and a confidence", set(BatchUpdateFindingsInput{UserDefinedFields: jsontext.Value(`{"ticket":"1"}`), Confidence: jsontext.Value(`1`)}), false),
	}},
	"office": {"Triager", []attempt{
		when("in the office", "aws:sourceip", "198.51.100.7", true), when("in the office over IPv6", "aws:sourceip", "2001:db8::7", true),
		when("elsewhere", "aws:sourceip", "203.0.113.7", false),
	}},
	"tls":     {"Triager", []attempt{when("over TLS", "aws:securetransport", "true", true), when("without", "aws:securetransport", "false", false)}},
	"regions": {"Triager", []attempt{when("in one of them", "aws:requestedregion", "eu-west-1", true), when("elsewhere", "aws:requestedregion", "us-east-1", false)}},
	"until":   {"Triager", []attempt{when("before", "aws:currenttime", "2026-12-31T23:59:59Z", true), when("after", "aws:currenttime", "2027-01-01T00:00:01Z", false)}},
	"tags":    {"", []attempt{when("a test hub", "aws:resourcetag/env", "test", true), when("another", "aws:resourcetag/env", "prod", false)}},
	"boundary": {"", []attempt{
		{what: "reading", operation: "GetFindings", in: GetFindingsInput{}, allowed: true}, update("triage", status("RESOLVED"), true),
		{what: "switching off", operation: "DisableSecurityHub", in: DisableSecurityHubInput{}},
	}},
}

// Every policy of docs/policies.md, as it is written there, lets through what the page says.
func TestRecipes(t *testing.T) {
	t.Parallel()
	all := recipes(t)
	for name, text := range all {
		if name == "trust" {
			continue // see TestTrustRecipe
		}
		cases, ok := attempts[name]
		if !ok {
			t.Errorf("nobody tries the recipe %s", name)
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := subscribed(t, alice)
			for _, a := range cases.try {
				p := under(t, alice, text)
				if d, ok := policy.Managed(cases.base); ok {
					p.Rights.Policies.Identity = append(p.Rights.Policies.Identity, policy.Named{Name: cases.base, Document: d})
				}
				maps.Copy(p.Rights.Context, a.context)
				if err := r.try(t, p, a); (err == nil) != a.allowed {
					t.Errorf("%s: got %v, want allowed %v", a.what, err, a.allowed)
				}
			}
		})
	}
	for name := range attempts {
		if all[name] == "" {
			t.Errorf("the page has no recipe %s", name)
		}
	}
}

// try asks for what is attempted.
func (r rig) try(t *testing.T, p auth.Principal, a attempt) error {
	t.Helper()
	if a.product == "" {
		return r.Authorize(t.Context(), p, a.operation, a.in)
	}
	return p.Authorize(auth.Access{Action: servicePrefix + a.operation, Resource: a.product, Context: policy.Context{keyTargetAccount: {a.account}}})
}

func TestTrustRecipe(t *testing.T) {
	t.Parallel()
	trust, err := policy.Parse([]byte(recipes(t)["trust"]), policy.Trust)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		caller, word string
		allowed      bool
	}{{bob.Account, "a-word-of-both", true}, {bob.Account, "another", false}, {alice.Account, "a-word-of-both", false}} {
		p := under(t, auth.Principal{Account: tt.caller, ARN: "arn:aws:iam::" + tt.caller + ":user/u"}, anything)
		d := p.Decide(auth.Access{
			Action: "sts:AssumeRole", Resource: "arn:aws:iam::333333333333:role/r", ResourceAccount: "333333333333",
			ResourcePolicies: []policy.Named{{Name: "trust", Document: trust}}, Context: policy.Context{"sts:externalid": {tt.word}},
		})
		if d.Allowed() != tt.allowed {
			t.Errorf("%s with %q: got %+v", tt.caller, tt.word, d)
		}
	}
}

// What the page says of the ready-made policies.
func TestManagedPolicies(t *testing.T) {
	t.Parallel()
	r := subscribed(t, alice)
	imports := attempt{operation: "BatchImportFindings", product: aliceProduct, account: alice.Account}
	reads := attempt{operation: "GetFindings", in: GetFindingsInput{}}
	comments, suppresses := update("", note, true), update("", status("SUPPRESSED"), true)
	switchesOff := attempt{operation: "DisableSecurityHub", in: DisableSecurityHubInput{}}
	legacy := attempt{operation: "UpdateFindings", in: UpdateFindingsInput{}}
	appoints := attempt{operation: "EnableOrganizationAdminAccount"}
	all := []attempt{imports, reads, comments, suppresses, switchesOff, legacy, appoints}
	for name, may := range map[string][]int{
		"AdministratorAccess": {0, 1, 2, 3, 4, 5, 6}, "AWSSecurityHubFullAccess": {0, 1, 2, 3, 4, 5, 6}, "AWSSecurityHubReadOnlyAccess": {1},
		"AWSSecurityHubOrganizationsAccess": {6}, "FindingProvider": {0, 1}, "Triager": {1, 2, 3}, "Developer": {1, 2},
	} {
		d, ok := policy.Managed(name)
		if !ok {
			t.Fatalf("there is no %s", name)
		}
		p := under(t, alice)
		p.Rights.Policies.Identity = []policy.Named{{Name: name, Document: d}}
		for i, a := range all {
			if err := r.try(t, p, a); (err == nil) != slices.Contains(may, i) {
				t.Errorf("%s, %s: got %v", name, a.operation, err)
			}
		}
	}
	page, err := os.ReadFile("../docs/policies.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range policy.ManagedNames() {
		if !strings.Contains(string(page), "| `"+name+"` |") {
			t.Errorf("docs/policies.md does not tell of %s", name)
		}
	}
}
