package hub

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/auth"
	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
	"github.com/go-json-experiment/json/jsontext"
)

// importing imports findings that need not succeed.
func (r rig) importing(t *testing.T, p auth.Principal, findings ...jsontext.Value) *BatchImportFindingsOutput {
	t.Helper()
	return must[*BatchImportFindingsOutput](t)(r.BatchImportFindings(t.Context(), p, BatchImportFindingsInput{Findings: findings}))
}

func TestBatchImportFindings(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	out := r.importing(t, alice, sent("a"), sent("b", fields{"Title": nil}), sent("c"))
	if out.SuccessCount != 2 || out.FailedCount != 1 || out.Unchanged != 0 {
		t.Errorf("got %+v", out)
	}
	// behaviour.md section 1.4, message 1.
	want := ImportFindingsError{"b", "InvalidInput", "Finding does not adhere to Amazon Finding Format. data should have required property 'Title'."}
	if len(out.FailedFindings) != 1 || out.FailedFindings[0] != want {
		t.Errorf("got %+v, want %+v", out.FailedFindings, want)
	}
	found := r.find(t, alice, `{}`)
	if ids(found) != "a c" || found[0]["ProcessedAt"] != "2026-01-02T03:04:05.000Z" || found[0]["Region"] != "us-east-1" {
		t.Errorf("got %v", found)
	}
	if got := r.find(t, bob, `{}`); len(got) != 0 {
		t.Errorf("another account sees %v", got)
	}
}

func TestBatchImportFindingsPerFinding(t *testing.T) {
	t.Parallel()
	notAllowed := func(arn string) string {
		return "Account 111111111111 is not allowed to import findings for product " + arn
	}
	tests := []struct {
		name     string
		finding  jsontext.Value
		dev      bool
		id, code string // code "" for success
		says     string
	}{
		{"a good one", sent("a"), true, "", "", ""},
		{"a good one without dev", sent("a"), false, "", "", ""},
		{"no object", jsontext.Value(`7`), true, "Unknown", "InvalidInput", "data should be object"},
		{"null", jsontext.Value(`null`), true, "Unknown", "InvalidInput", "data should be object"},
		{"no id", sent("a", fields{"Id": nil}), true, "Unknown", "InvalidInput", "required property 'Id'"},
		{"an empty id", sent(""), true, "Unknown", "InvalidInput", "data.Id should NOT be shorter than 1 characters"},
		{"an id that is a number", sent("", fields{"Id": 7}), true, "Unknown", "InvalidInput", "data.Id should be string"},
		{"no account", sent("a", fields{"AwsAccountId": nil}), true, "a", "InvalidInput", "required property 'AwsAccountId'"},
		{"an account that is a number", sent("a", fields{"AwsAccountId": 111111111111}), true, "a", "InvalidInput", "data.AwsAccountId should be string"},
		{"no product", sent("a", fields{"ProductArn": nil}), true, "a", "InvalidInput", "required property 'ProductArn'"},
		{"a product that is a list", sent("a", fields{"ProductArn": []string{"x"}}), true, "a", "InvalidInput", "data.ProductArn should be string"},
		{"too large (decision 5)", sent("a", fields{"ProductFields": large()}), true, "a", "InvalidInput", "Finding size exceeded 240 KB"},
		{"a product nobody enabled", sent("a", fields{"ProductArn": prowler}), false, "a", "InvalidAccess", notAllowed(prowler)},
		{"a service of the cloud", sent("a", fields{"ProductArn": "arn:aws:securityhub:us-east-1::product/aws/guardduty"}), false, "", "", ""},
		{"a service of the cloud in another region", sent("a", fields{"ProductArn": "arn:aws:securityhub:eu-west-1::product/aws/guardduty"}), false, "a", "InvalidAccess", "not allowed"},
		{"a service of the cloud, with an account", sent("a", fields{"ProductArn": "arn:aws:securityhub:us-east-1:111111111111:product/aws/guardduty"}), false, "a", "InvalidAccess", "not allowed"},
		{"every product in dev (decision 25)", sent("a", fields{"ProductArn": prowler}), true, "", "", ""},
		{"access goes before the format", sent("a", fields{"ProductArn": prowler, "Title": nil}), false, "a", "InvalidAccess", notAllowed(prowler)},
		{"another account's default product", sent("a", fields{"ProductArn": bobProduct}), true, "a", "InvalidAccess", notAllowed(bobProduct)},
		{"another account's default product in disguise", sent("a", fields{"ProductArn": strings.Replace(aliceProduct, ":111111111111:", ":222222222222:", 1)}), true, "a", "InvalidAccess", "not allowed"},
		{"another region's product", sent("a", fields{"ProductArn": strings.Replace(aliceProduct, "us-east-1", "eu-west-1", 1)}), false, "a", "InvalidAccess", "eu-west-1"},
		{"another region's product in dev", sent("a", fields{"ProductArn": strings.Replace(aliceProduct, "us-east-1", "eu-west-1", 1)}), true, "", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, func(c *Config) { c.Dev = tt.dev })
			ok(t, r.EnableSecurityHub(t.Context(), alice, EnableSecurityHubInput{}))
			out := r.importing(t, alice, tt.finding, sent("bystander"))
			if tt.code == "" {
				if out.FailedCount != 0 {
					t.Errorf("got %+v", out.FailedFindings)
				}
				return
			}
			if out.FailedCount != 1 || out.SuccessCount != 1 {
				t.Fatalf("got %+v", out)
			}
			f := out.FailedFindings[0]
			if f.ID != tt.id || f.ErrorCode != tt.code || !strings.Contains(f.ErrorMessage, tt.says) {
				t.Errorf("got %+v, want %s %s that says %q", f, tt.id, tt.code, tt.says)
			}
			if got := ids(r.find(t, alice, `{}`)); got != "bystander" {
				t.Errorf("the hub holds %q", got)
			}
		})
	}
}

// large makes ProductFields that are allowed one by one and too much together: 50 of 2,048
// characters of three bytes.
func large() map[string]string {
	m := map[string]string{}
	for i := range 50 {
		m[string(rune('A'+i))] = strings.Repeat("€", 2000)
	}
	return m
}

// What fails the request whole, in the order of behaviour.md section 1.5: each case has the
// faults of those below it too.
func TestBatchImportFindingsPerRequest(t *testing.T) {
	t.Parallel()
	badArn := fields{"ProductArn": "arn:aws:securityhub:::product/aquasecurity/aquasecurity"}
	foreign := fields{"AwsAccountId": bob.Account}
	broken := fields{"Title": nil}
	tests := []struct {
		name       string
		off        bool
		finding    jsontext.Value
		code, says string
	}{
		{"not JSON", true, jsontext.Value(`{"Id":`), findinghub.CodeInvalidInput, "Findings[1]"},
		{"a malformed product (trivy#6010)", true, sent("a", badArn, foreign, broken), findinghub.CodeInvalidInput, `productArn: "arn:aws:securityhub:::product/aquasecurity/aquasecurity"`},
		{"an empty product", true, sent("a", fields{"ProductArn": ""}), findinghub.CodeInvalidInput, `productArn: ""`},
		{"the hub is off (prowler#1143)", true, sent("a", foreign, broken), findinghub.CodeInvalidAccess, "Account 111111111111 is not subscribed to AWS Security Hub"},
		{"another account's finding (decision 24)", false, sent("a", foreign, broken), findinghub.CodeAccessDenied,
			"User: arn:aws:iam::111111111111:role/Admin is not authorized to perform: securityhub:BatchImportFindings on resource: " + aliceProduct +
				" because the AwsAccountId of Findings[1] is 222222222222 and the caller's account is 111111111111"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			if tt.off {
				ok(t, r.DisableSecurityHub(t.Context(), alice, DisableSecurityHubInput{}))
			}
			_, err := r.BatchImportFindings(t.Context(), alice, BatchImportFindingsInput{Findings: []jsontext.Value{sent("bystander"), tt.finding}})
			wantError(t, err, tt.code, tt.says)
			if s := must[store.Stats](t)(r.Stats(t.Context())); s.Findings != 0 {
				t.Errorf("a refused request left %d findings", s.Findings)
			}
		})
	}
}

// An import that is not newer succeeds and changes nothing (decision 9), also within one
// batch (decision 10).
func TestBatchImportFindingsAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	newer := fields{"UpdatedAt": "2026-01-01T00:00:00.001Z", "Title": "A newer title"}
	out := r.importing(t, alice, sent("a"), sent("a", fields{"Title": "Ignored"}), sent("b"), sent("b", newer))
	if out.SuccessCount != 4 || out.Unchanged != 1 {
		t.Errorf("got %+v", out)
	}
	found := r.find(t, alice, `{}`)
	if ids(found) != "a b" || found[0]["Title"] != "A title" || found[1]["Title"] != "A newer title" {
		t.Errorf("got %v", found)
	}
	r.clock.advance(time.Hour)
	if out := r.importing(t, alice, sent("a"), sent("b")); out.SuccessCount != 2 || out.Unchanged != 2 {
		t.Errorf("got %+v", out)
	}
}

// What GetFindings returns can be imported again whole (behaviour.md section 9): Prowler
// archives that way.
func TestBatchImportFindingsTakesItsOwnOutput(t *testing.T) {
	t.Parallel()
	r := newRig(t, strict)
	r.mustImport(t, alice, sent("a", fields{"ProductArn": prowler}))
	page := must[*GetFindingsOutput](t)(r.GetFindings(t.Context(), alice, GetFindingsInput{}))
	archived := strings.Replace(string(page.Findings[0]), `"RecordState":"ACTIVE"`, `"RecordState":"ARCHIVED"`, 1)
	archived = strings.Replace(archived, `"UpdatedAt":"2026-01-01T00:00:00.000Z"`, `"UpdatedAt":"2026-01-02T00:00:00.000Z"`, 1)
	r.mustImport(t, alice, jsontext.Value(archived))
	if got := r.find(t, alice, `{"RecordState":[{"Comparison":"EQUALS","Value":"ARCHIVED"}]}`); ids(got) != "a" {
		t.Errorf("archived: %v", got)
	}
}

// Registered products have names of their own (decision 26).
func TestBatchImportFindingsNamesProducts(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.mustImport(t, alice, sent("a"), sent("b", fields{"ProductArn": "arn:aws:securityhub:us-east-1::product/aquasecurity/aquasecurity"}),
		sent("c", fields{"ProductArn": prowler}), sent("d", fields{"ProductArn": "arn:aws:securityhub:us-east-1::product/acme/new-scanner"}))
	want := [][2]string{{"Default", "Personal"}, {"Aqua Security", "Aqua Security"}, {"Prowler", "Prowler"}, {"New Scanner", "Acme"}}
	for i, f := range r.find(t, alice, `{}`) {
		if f["ProductName"] != want[i][0] || f["CompanyName"] != want[i][1] {
			t.Errorf("%v: got %v by %v, want %v", f["Id"], f["ProductName"], f["CompanyName"], want[i])
		}
	}
}

// With --strict a member that the schema does not know fails its finding (decision 6).
func TestBatchImportFindingsUnknownMembers(t *testing.T) {
	t.Parallel()
	f := sent("a", fields{"Brandnew": fields{"Thing": 1}})
	r := newRig(t)
	r.mustImport(t, alice, f)
	if got := r.find(t, alice, `{}`); got[0]["Brandnew"] == nil {
		t.Error("an unknown member was lost")
	}
	out := newRig(t, strict).importing(t, alice, f)
	if out.FailedCount != 1 || !strings.Contains(out.FailedFindings[0].ErrorMessage, "data.Brandnew should NOT have additional properties") {
		t.Errorf("got %+v", out.FailedFindings)
	}
}

// An engine may fail one mutation and keep the others; what it fails with is not for the caller.
func TestBatchImportFindingsEngineFailsOne(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.store.mutations = map[int]error{0: errors.New("sector 7 is gone"), 2: finding.ErrSizeExceeded}
	out := r.importing(t, alice, sent("a"), sent("b"), sent("c"))
	want := []ImportFindingsError{{"a", "InternalFailure", "Internal service failure"}, {"c", "InvalidInput", "Finding size exceeded 240 KB"}}
	if out.SuccessCount != 1 || len(out.FailedFindings) != 2 || out.FailedFindings[0] != want[0] || out.FailedFindings[1] != want[1] {
		t.Errorf("got %+v, want %+v", out, want)
	}
	if finding.ErrSizeExceeded.Code != "FindingSizeExceeded" {
		t.Error("the shared failure was changed")
	}
}
