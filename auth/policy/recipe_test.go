package policy_test

import (
	"testing"

	"github.com/findinghub/findinghub/auth/policy"
)

// recipe is a policy as people write them, and requests with what becomes of them.
type recipe struct {
	name, text string
	asks       []ask
}

// ask is a request of alice: an action, a resource and a context, and whether it is allowed.
type ask struct {
	action, resource, context string
	allowed                   bool
}

// The kinds of policies that IAM's and Security Hub's user guides give as examples
// (IAM User Guide, access_policies_examples; Security Hub User Guide,
// security-iam-service-with-iam), written for this service.
var recipes = []recipe{
	{"only from the office, over TLS", `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"securityhub:*","Resource":"*"},
		{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"NotIpAddress":{"aws:SourceIp":["192.0.2.0/24","2001:db8::/32"]}}},
		{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}`, []ask{
		{"securityhub:GetFindings", hubARN, "aws:SourceIp=192.0.2.7 aws:SecureTransport=true", true},
		{"securityhub:GetFindings", hubARN, "aws:SourceIp=2001:db8::7 aws:SecureTransport=true", true},
		{"securityhub:GetFindings", hubARN, "aws:SourceIp=198.51.100.7 aws:SecureTransport=true", false},
		{"securityhub:GetFindings", hubARN, "aws:SourceIp=192.0.2.7 aws:SecureTransport=false", false},
		{"securityhub:GetFindings", hubARN, "aws:SecureTransport=true", false},
	}},
	{"only in some regions, but for global services", `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"*","Resource":"*"},
		{"Sid":"DenyOutsideEU","Effect":"Deny","NotAction":["iam:*","sts:*"],"Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":["eu-west-1","eu-central-1"]}}}]}`, []ask{
		{"securityhub:GetFindings", hubARN, "aws:RequestedRegion=eu-west-1", true},
		{"securityhub:GetFindings", hubARN, "aws:RequestedRegion=us-east-1", false},
		{"sts:AssumeRole", triageRole, "aws:RequestedRegion=us-east-1", true},
	}},
	{"for a while", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"securityhub:*","Resource":"*","Condition":{
		"DateGreaterThan":{"aws:CurrentTime":"2026-04-01T00:00:00Z"},"DateLessThan":{"aws:CurrentTime":"2026-06-30T23:59:59Z"}}}}`, []ask{
		{"securityhub:GetFindings", hubARN, "aws:CurrentTime=2026-05-01T12:00:00Z", true},
		{"securityhub:GetFindings", hubARN, "aws:CurrentTime=2026-03-31T23:59:59Z", false},
		{"securityhub:GetFindings", hubARN, "aws:CurrentTime=2026-07-01T00:00:00Z", false},
		{"securityhub:GetFindings", hubARN, "", false},
	}},
	{"imports for the own account alone", `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"securityhub:BatchImportFindings","Resource":"arn:aws:securityhub:*:111111111111:product/111111111111/default",
		 "Condition":{"ForAllValues:StringEquals":{"securityhub:TargetAccount":"111111111111"},"Null":{"securityhub:TargetAccount":"false"}}}]}`, []ask{
		{"securityhub:BatchImportFindings", "arn:aws:securityhub:eu-west-1:111111111111:product/111111111111/default", "securityhub:TargetAccount=111111111111", true},
		{"securityhub:BatchImportFindings", "arn:aws:securityhub:eu-west-1:111111111111:product/111111111111/default", "securityhub:TargetAccount=111111111111 securityhub:TargetAccount=222222222222", false},
		{"securityhub:BatchImportFindings", "arn:aws:securityhub:eu-west-1:111111111111:product/111111111111/default", "", false},
		{"securityhub:BatchImportFindings", "arn:aws:securityhub:eu-west-1::product/aws/guardduty", "securityhub:TargetAccount=111111111111", false},
	}},
	{"automation rules of the own team", `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"securityhub:BatchUpdateAutomationRules","Resource":"arn:aws:securityhub:*:*:automation-rule/*","Condition":{"StringEquals":{"aws:ResourceTag/team":"${aws:PrincipalTag/team}"}}},
		{"Effect":"Allow","Action":"securityhub:TagResource","Resource":"*","Condition":{"StringEquals":{"aws:RequestTag/team":["red","blue"]},"ForAllValues:StringEquals":{"aws:TagKeys":["team"]}}}]}`, []ask{
		{"securityhub:BatchUpdateAutomationRules", "arn:aws:securityhub:eu-west-1:111111111111:automation-rule/1", "aws:ResourceTag/team=red aws:PrincipalTag/team=red", true},
		{"securityhub:BatchUpdateAutomationRules", "arn:aws:securityhub:eu-west-1:111111111111:automation-rule/1", "aws:ResourceTag/team=red aws:PrincipalTag/team=blue", false},
		{"securityhub:BatchUpdateAutomationRules", "arn:aws:securityhub:eu-west-1:111111111111:automation-rule/1", "aws:ResourceTag/team=red", false},
		{"securityhub:BatchUpdateAutomationRules", "arn:aws:securityhub:eu-west-1:111111111111:automation-rule/1", "", false},
		{"securityhub:TagResource", hubARN, "aws:RequestTag/team=red aws:TagKeys=team", true},
		{"securityhub:TagResource", hubARN, "aws:RequestTag/team=red aws:TagKeys=team aws:TagKeys=cost", false},
		{"securityhub:TagResource", hubARN, "aws:RequestTag/team=green aws:TagKeys=team", false},
	}},
	{"may resolve, never suppress, and only with a note", `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"securityhub:BatchUpdateFindings","Resource":"*","Condition":{"StringEqualsIfExists":{"securityhub:ASFFSyntaxPath/Workflow.Status":["NOTIFIED","RESOLVED"]},"Null":{"securityhub:ASFFSyntaxPath/Note.Text":"false"}}},
		{"Effect":"Deny","Action":"securityhub:BatchUpdateFindings","Resource":"*","Condition":{"StringEquals":{"securityhub:ASFFSyntaxPath/Severity.Label":"INFORMATIONAL"}}}]}`, []ask{
		{"securityhub:BatchUpdateFindings", hubARN, "securityhub:ASFFSyntaxPath/Workflow.Status=RESOLVED securityhub:ASFFSyntaxPath/Note.Text=done", true},
		{"securityhub:BatchUpdateFindings", hubARN, "securityhub:ASFFSyntaxPath/Note.Text=done", true},
		{"securityhub:BatchUpdateFindings", hubARN, "securityhub:ASFFSyntaxPath/Workflow.Status=RESOLVED", false},
		{"securityhub:BatchUpdateFindings", hubARN, "securityhub:ASFFSyntaxPath/Workflow.Status=SUPPRESSED securityhub:ASFFSyntaxPath/Note.Text=done", false},
		{"securityhub:BatchUpdateFindings", hubARN, "securityhub:ASFFSyntaxPath/Severity.Label=INFORMATIONAL securityhub:ASFFSyntaxPath/Note.Text=done", false},
	}},
	{"everything but administration", `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","NotAction":["securityhub:Disable*","securityhub:*Organization*","securityhub:*Members"],"Resource":"*"}]}`, []ask{
		{"securityhub:GetFindings", hubARN, "", true},
		{"securityhub:DisableSecurityHub", hubARN, "", false},
		{"securityhub:ListOrganizationAdminAccounts", hubARN, "", false},
		{"securityhub:CreateMembers", hubARN, "", false},
	}},
}

func TestRecipes(t *testing.T) {
	t.Parallel()
	run(t, recipes, func(r recipe) string { return r.name }, func(t *testing.T, c recipe) {
		p := policy.Policies{Identity: []policy.Named{{Name: c.name, Document: parse(t, policy.Identity, c.text)}}}
		for _, a := range c.asks {
			d := p.Decide(policy.Request{Principal: user, Action: a.action, Resource: a.resource, Context: context(a.context)})
			if d.Allowed() != a.allowed {
				t.Errorf("%s on %s with %q: %s", a.action, a.resource, a.context, describe(d))
			}
		}
	})
}

// IAM User Guide, id_roles_create_for-user_externalid: a role for another company.
func TestTrustWithExternalID(t *testing.T) {
	t.Parallel()
	trust := []policy.Named{{Name: "trust", Document: parse(t, policy.Trust, `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Principal":{"AWS":"222222222222"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"12345"}}}]}`)}}
	assume := policy.Request{Principal: foreign, Action: "sts:AssumeRole", Resource: triageRole, ResourceAccount: ours}
	p := policy.Policies{Identity: named(t, policy.Identity, st("Allow", "sts:AssumeRole")), Resource: trust}
	for given, want := range map[string]string{
		"sts:ExternalId=12345": "allow identity-based policy p1/1",
		"sts:ExternalId=1234":  "implicit resource-based policy sts:ExternalId",
		"":                     "implicit resource-based policy sts:ExternalId",
	} {
		assume.Context = context(given)
		if got := describe(p.Decide(assume)); got != want {
			t.Errorf("with %q: %s, want %s", given, got, want)
		}
	}
}
