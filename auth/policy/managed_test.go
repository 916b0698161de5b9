package policy_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/findinghub/findinghub/auth/policy"
)

// leaves are the fields of BatchUpdateFindings that condition keys are named after
// (behaviour.md section 3).
var leaves = []string{
	"Confidence", "Criticality", "Note.Text", "Note.UpdatedBy", "RelatedFindings", "Severity.Label", "Severity.Normalized",
	"Severity.Product", "Types", "UserDefinedFields.key", "UserDefinedFields.value", "VerificationState", "Workflow.Status",
}

// update is a BatchUpdateFindings that sets fields, given as leaf=value.
func update(fields ...string) policy.Request {
	r := policy.Request{Principal: user, Action: "securityhub:BatchUpdateFindings", Resource: hubARN, Context: policy.Context{}}
	for _, f := range fields {
		leaf, value, _ := strings.Cut(f, "=")
		key := "securityhub:asffsyntaxpath/" + strings.ToLower(leaf)
		r.Context[key] = append(r.Context[key], value)
	}
	return r
}

func managed(t *testing.T, name string) []policy.Named {
	t.Helper()
	d, ok := policy.Managed(name)
	if !ok {
		t.Fatalf("there is no %s", name)
	}
	return []policy.Named{{Name: name, Document: d}}
}

// Both policies of the Security Hub User Guide (finding-update-batchupdatefindings,
// behaviour.md section 3) beside full access, as written there.
func TestExamplePoliciesOfTheUserGuide(t *testing.T) {
	t.Parallel()
	anyChange := `{"Sid":"CSPMPolicyExample","Effect":"Deny","Action":"securityhub:BatchUpdateFindings","Resource":"*","Condition":{"Null":{"securityhub:ASFFSyntaxPath/Workflow.Status":"false"}}}`
	oneValue := `{"Sid":"CSPMPolicyExample","Effect":"Deny","Action":"securityhub:BatchUpdateFindings","Resource":"*","Condition":{"StringEquals":{"securityhub:ASFFSyntaxPath/Workflow.Status":["SUPPRESSED"]}}}`
	for _, c := range []struct {
		policy string
		fields []string
		want   string
	}{
		{anyChange, []string{"Workflow.Status=SUPPRESSED"}, "explicit identity-based policy p1/1 CSPMPolicyExample securityhub:ASFFSyntaxPath/Workflow.Status"},
		{anyChange, []string{"Workflow.Status=NEW", "Note.Text=x"}, "explicit identity-based policy p1/1 CSPMPolicyExample securityhub:ASFFSyntaxPath/Workflow.Status"},
		{anyChange, []string{"Note.Text=x"}, "allow identity-based policy AWSSecurityHubFullAccess/1 SecurityHub"},
		{oneValue, []string{"Workflow.Status=SUPPRESSED"}, "explicit identity-based policy p1/1 CSPMPolicyExample securityhub:ASFFSyntaxPath/Workflow.Status"},
		{oneValue, []string{"Workflow.Status=RESOLVED"}, "allow identity-based policy AWSSecurityHubFullAccess/1 SecurityHub"},
		{oneValue, []string{"Note.Text=SUPPRESSED"}, "allow identity-based policy AWSSecurityHubFullAccess/1 SecurityHub"},
	} {
		p := policy.Policies{Identity: append(managed(t, "AWSSecurityHubFullAccess"), named(t, policy.Identity, c.policy)...)}
		if got := describe(p.Decide(update(c.fields...))); got != c.want {
			t.Errorf("%q under %s\nis   %s\nwant %s", c.fields, c.policy, got, c.want)
		}
	}
}

// The policy that DescribeProducts gives for a subscription lets the subscriber's account
// send its own findings, and nobody else's (behaviour.md 1.1).
func TestProductSubscriptionPolicy(t *testing.T) {
	t.Parallel()
	file, err := os.ReadFile("../../../shared/reference/examples.json")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(file), `"ProductSubscriptionResourcePolicy": "`)
	if !ok {
		t.Fatal("the example is gone")
	}
	end := strings.Index(rest, `}]}"`) + len(`}]}`)
	var text string
	if err := json.Unmarshal([]byte(`"`+rest[:end]+`"`), &text); err != nil {
		t.Fatal(err)
	}
	const subscriber, partner = "123456789012", "123456789333"
	p := policy.Policies{Identity: managed(t, "FindingProvider"), Resource: []policy.Named{{Name: "subscription", Document: parse(t, policy.Resource, text)}}}
	for target, want := range map[string]bool{subscriber: true, partner: false} {
		got := p.Decide(policy.Request{
			Principal: policy.Principal{ARN: "arn:aws:iam::" + subscriber + ":user/scanner", Account: subscriber}, ResourceAccount: partner,
			Action: "securityhub:BatchImportFindings", Resource: "arn:aws:securityhub:us-west-1:" + partner + ":product/crowdstrike/crowdstrike-falcon",
			Context: policy.Context{"securityhub:targetaccount": {target}},
		})
		if got.Allowed() != want {
			t.Errorf("for account %s: %s", target, describe(got))
		}
	}
}

// Developers comment, and change nothing else: each field alone and beside a comment.
func TestDeveloper(t *testing.T) {
	t.Parallel()
	p := policy.Policies{Identity: managed(t, "Developer")}
	may := []string{"Note.Text", "Note.UpdatedBy", "UserDefinedFields.key", "UserDefinedFields.value"}
	for _, leaf := range leaves {
		for _, fields := range [][]string{{leaf + "=x"}, {"Note.Text=x", "Note.UpdatedBy=me", leaf + "=x"}} {
			d := p.Decide(update(fields...))
			if d.Allowed() != slices.Contains(may, leaf) {
				t.Errorf("%q: %s", fields, describe(d))
			}
			if !d.Allowed() && !slices.Equal(d.Keys, []string{"securityhub:ASFFSyntaxPath/" + leaf}) {
				t.Errorf("%q: refused for %q", fields, d.Keys)
			}
		}
	}
	triager := policy.Policies{Identity: managed(t, "Triager")}
	for _, leaf := range leaves {
		if d := triager.Decide(update(leaf + "=x")); !d.Allowed() {
			t.Errorf("a triager may not set %s: %s", leaf, describe(d))
		}
	}
}

// Which operation which built-in policy allows.
func TestManagedPolicies(t *testing.T) {
	t.Parallel()
	reading := []string{"GetFindings", "GetInsightResults", "ListMembers", "DescribeHub", "BatchGetSecurityControls", "ListTagsForResource"}
	allowed := map[string][]string{
		"AdministratorAccess":               append([]string{"BatchImportFindings", "BatchUpdateFindings", "CreateInsight", "DisableSecurityHub", "EnableOrganizationAdminAccount", "UpdateFindings"}, reading...),
		"AWSSecurityHubFullAccess":          append([]string{"BatchImportFindings", "BatchUpdateFindings", "CreateInsight", "DisableSecurityHub", "EnableOrganizationAdminAccount", "UpdateFindings"}, reading...),
		"AWSSecurityHubReadOnlyAccess":      reading,
		"AWSSecurityHubOrganizationsAccess": {"EnableOrganizationAdminAccount"},
		"FindingProvider":                   {"BatchImportFindings", "GetFindings", "DescribeHub"},
		"Triager":                           append([]string{"BatchUpdateFindings"}, reading...),
		"Developer":                         append([]string{"BatchUpdateFindings"}, reading...),
	}
	if names := policy.ManagedNames(); len(names) != len(allowed) || !slices.IsSorted(names) {
		t.Errorf("the built-in policies are %q", names)
	}
	for name, operations := range allowed {
		for _, operation := range allowed["AdministratorAccess"] {
			r := get(user)
			r.Action = "securityhub:" + operation
			d := policy.Policies{Identity: managed(t, name)}.Decide(r)
			if d.Allowed() != slices.Contains(operations, operation) {
				t.Errorf("%s, %s: %s", name, operation, describe(d))
			}
		}
		r := get(user)
		r.Action = "iam:CreateUser"
		if d := (policy.Policies{Identity: managed(t, name)}).Decide(r); d.Allowed() != (name == "AdministratorAccess") {
			t.Errorf("%s, another service: %s", name, describe(d))
		}
	}
}

func TestManagedNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"Triager": true, "arn:aws:iam::aws:policy/Triager": true, "arn:aws:iam::aws:policy/AWSSecurityHubFullAccess": true,
		"triager": false, "": false, "arn:aws:iam::111111111111:policy/Triager": false, "../managed/Triager": false, "Triager.json": false,
	} {
		if _, ok := policy.Managed(name); ok != want {
			t.Errorf("%q is built in: %t", name, ok)
		}
	}
	names := policy.ManagedNames()
	names[0] = "changed"
	if policy.ManagedNames()[0] == "changed" {
		t.Error("a caller can change the names")
	}
}
