package policy_test

import (
	"fmt"
	"testing"

	"github.com/findinghub/findinghub/auth/policy"
)

// elementCase asks whether a statement with the given members covers an action or resource.
type elementCase struct {
	members string
	subject string
	want    bool
}

func (c elementCase) name() string { return c.members + " of " + c.subject }

// IAM User Guide, reference_policies_elements_action and _notaction.
func TestActions(t *testing.T) {
	t.Parallel()
	run(t, []elementCase{
		{`"Action":"*"`, "securityhub:GetFindings", true},
		{`"Action":"*:*"`, "securityhub:GetFindings", true},
		{`"Action":"*:Get*"`, "securityhub:GetFindings", true},
		{`"Action":"securityhub:*"`, "securityhub:GetFindings", true},
		{`"Action":"securityhub:*"`, "sts:AssumeRole", false},
		{`"Action":"securityhub:GetFindings"`, "securityhub:GetFindings", true},
		{`"Action":"SecurityHub:getfindings"`, "securityhub:GetFindings", true},
		{`"Action":"securityhub:GetFindings"`, "SECURITYHUB:GETFINDINGS", true},
		{`"Action":"securityhub:GetFinding"`, "securityhub:GetFindings", false},
		{`"Action":"securityhub:Get*"`, "securityhub:GetFindings", true},
		{`"Action":"securityhub:*Findings"`, "securityhub:BatchImportFindings", true},
		{`"Action":"securityhub:*Findings"`, "securityhub:GetFindingHistory", false},
		{`"Action":"securityhub:?etFindings"`, "securityhub:GetFindings", true},
		{`"Action":"securityhub:?GetFindings"`, "securityhub:GetFindings", false},
		{`"Action":["a:b","securityhub:Get*"]`, "securityhub:GetFindings", true},
		{`"NotAction":"securityhub:Get*"`, "securityhub:GetFindings", false},
		{`"NotAction":"securityhub:Get*"`, "securityhub:BatchImportFindings", true},
		{`"NotAction":["iam:*","securityhub:get*"]`, "securityhub:GetFindings", false},
		{`"NotAction":"iam:*"`, "securityhub:GetFindings", true},
	}, elementCase.name, func(t *testing.T, c elementCase) {
		r := get(user)
		r.Action = c.subject
		if got := allows(t, `{"Effect":"Allow","Resource":"*",`+c.members+`}`, r); got != c.want {
			t.Errorf("%t, want %t", got, c.want)
		}
	})
}

// IAM User Guide, reference_policies_elements_resource, _notresource and reference_policies_variables.
func TestResources(t *testing.T) {
	t.Parallel()
	run(t, []elementCase{
		{`"Resource":"*"`, hubARN, true},
		{`"Resource":"*"`, "*", true},
		{`"Resource":"arn:aws:securityhub:*"`, "*", false},
		{`"Resource":"` + hubARN + `"`, hubARN, true},
		{`"Resource":"` + hubARN + `"`, theirHubARN, false},
		// What is no whole ARN matches none.
		{`"Resource":"` + hubARN + `"`, "arn:aws:securityhub:eu-west-1:111111111111", false},
		{`"Resource":"` + hubARN + `"`, "", false},
		{`"Resource":"arn:aws:securityhub:eu-west-1:*"`, "arn:aws:securityhub:eu-west-1", false},
		{`"Resource":"arn:aws:securityhub:eu-west-1:111111111111:HUB/default"`, hubARN, false},
		{`"Resource":"arn:aws:securityhub:*:111111111111:hub/default"`, hubARN, true},
		{`"Resource":"arn:aws:securityhub:*:*:hub/*"`, hubARN, true},
		{`"Resource":"arn:aws:securityhub:eu-west-?:1111*:*"`, hubARN, true},
		{`"Resource":"arn:aws:securityhub:eu-west-1:111111111111:*"`, hubARN, true},
		{`"Resource":"arn:aws:securityhub:eu-west-1:111111111111:product/*/default"`, "arn:aws:securityhub:eu-west-1:111111111111:product/a/b/default", true},
		// A * that ends a pattern crosses colons; one in the middle stays in its part.
		{`"Resource":"arn:aws:securityhub:*"`, hubARN, true},
		{`"Resource":"arn:aws:securityhub:eu-west-1:1*"`, hubARN, true},
		{`"Resource":"arn:aws:securityhub:*:111111111111:product/x"`, "arn:aws:securityhub:eu-west-1:222222222222:x:111111111111:product/x", false},
		{`"Resource":"arn:aws:securityhub:eu-west-1:*:hub/default"`, "arn:aws:securityhub:eu-west-1:111111111111:x:hub/default", false},
		{`"Resource":"arn:aws:logs:eu:1:log-group:*:x"`, "arn:aws:logs:eu:1:log-group:a:b:x", true},
		{`"Resource":["arn:aws:s3:::a","` + hubARN + `"]`, hubARN, true},
		{`"NotResource":"` + hubARN + `"`, hubARN, false},
		{`"NotResource":"` + hubARN + `"`, theirHubARN, true},
		{`"NotResource":"` + hubARN + `"`, "*", true},
		{`"NotResource":["arn:aws:s3:::a","arn:aws:securityhub:*"]`, hubARN, false},
		// Variables stand for the caller's values, literally.
		{`"Resource":"arn:aws:s3:::home/${aws:username}/*"`, "arn:aws:s3:::home/alice/x", true},
		{`"Resource":"arn:aws:s3:::home/${aws:username}/*"`, "arn:aws:s3:::home/bob/x", false},
		{`"Resource":"arn:aws:s3:::home/${a:star}/*"`, "arn:aws:s3:::home/bob/x", false},
		{`"Resource":"arn:aws:s3:::home/${a:missing}"`, "arn:aws:s3:::home/", false},
		{`"Resource":"arn:aws:s3:::home/${a:missing, 'all'}"`, "arn:aws:s3:::home/all", true},
		{`"Resource":"arn:aws:s3:::home/${a:two}"`, "arn:aws:s3:::home/x", false},
		{`"Resource":"arn:aws:s3:::home/${*}"`, "arn:aws:s3:::home/x", false},
		{`"Resource":"arn:aws:s3:::home/${*}"`, "arn:aws:s3:::home/*", true},
		{`"NotResource":"arn:aws:s3:::home/${aws:username}"`, "arn:aws:s3:::home/bob", true},
		{`"NotResource":"arn:aws:s3:::home/${aws:username}"`, "arn:aws:s3:::home/alice", false},
	}, elementCase.name, func(t *testing.T, c elementCase) {
		r := get(user)
		r.Resource, r.Context = c.subject, context("aws:username=alice a:star=* a:two=x a:two=y")
		if got := allows(t, `{"Effect":"Allow","Action":"*",`+c.members+`}`, r); got != c.want {
			t.Errorf("%t, want %t", got, c.want)
		}
	})
}

// Without a value the exclusion is nobody's: an Allow must not reach everything for it, and a
// Deny must.
func TestVariableWithoutValueInNotResourceFailsClosed(t *testing.T) {
	t.Parallel()
	statement := `{"Effect":%q,"Action":"*","NotResource":["arn:aws:s3:::x","arn:aws:s3:::home/${aws:username}"]}`
	if allows(t, fmt.Sprintf(statement, "Allow"), get(user)) {
		t.Error("the Allow reaches everything")
	}
	p := policy.Policies{Identity: named(t, policy.Identity, st("Allow", "*"), fmt.Sprintf(statement, "Deny"))}
	if d := p.Decide(get(user)); d.Effect != policy.ExplicitDeny {
		t.Errorf("the Deny does not apply: %s", describe(d))
	}
}

// In version 2008-10-17 a variable is text (reference_policies_elements_version).
func TestOlderVersionHasNoVariables(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"", `"Version":"2008-10-17",`} {
		p := policy.Policies{Identity: []policy.Named{{Document: parse(t, policy.Identity, `{`+version+
			`"Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::home/${aws:username}","Condition":{"StringLike":{"a:b":"${*}"}}}}`)}}}
		r := get(user)
		r.Context = context("aws:username=alice a:b=${xyz}")
		for resource, want := range map[string]bool{"arn:aws:s3:::home/alice": false, "arn:aws:s3:::home/${aws:username}": true} {
			r.Resource = resource
			if got := p.Decide(r).Allowed(); got != want {
				t.Errorf("%q: %s: %t, want %t", version, resource, got, want)
			}
		}
	}
}

// IAM User Guide, reference_policies_elements_principal. The policy is another account's, so
// that a match of any kind grants what the identity's policy allows.
func TestPrincipals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		principal string
		who       policy.Principal
		want      bool
	}{
		{`"*"`, user, true},
		{`{"AWS":"*"}`, role, true},
		{aws(ours), user, true},
		{aws(ours), role, true},
		{aws("arn:aws:iam::111111111111:root"), role, true},
		{aws(theirs), user, false},
		{aws(alice), user, true},
		{aws(alice), role, false},
		{aws("arn:aws:iam::111111111111:user/Alice"), user, false},
		{aws("arn:aws:iam::111111111111:user/dept/alice"), user, false},
		{aws(triageRole), role, true},
		{aws(triageRole), user, false},
		{aws("arn:aws:iam::111111111111:role/other"), role, false},
		{aws(triageBob), role, true},
		{aws("arn:aws:sts::111111111111:assumed-role/triage/eve"), role, false},
		{aws(theirs), foreign, true},
		{`{"AWS":["` + theirs + `","` + alice + `"]}`, user, true},
		{`{"Service":"securityhub.amazonaws.com"}`, user, false},
		{`{"Federated":["` + alice + `"]}`, user, false},
		{`{"Service":"*","AWS":"` + alice + `"}`, user, true},
	} {
		t.Run(c.principal+" of "+c.who.ARN, func(t *testing.T) {
			t.Parallel()
			r := get(c.who)
			r.ResourceAccount = "333333333333"
			p := policy.Policies{Identity: named(t, policy.Identity, st("Allow", "*")), Resource: named(t, policy.Resource, rst("Allow", c.principal))}
			if got := p.Decide(r).Allowed(); got != c.want {
				t.Errorf("an Allow applies: %t, want %t", got, c.want)
			}
			p.Resource = named(t, policy.Resource, rst("Allow", `"*"`), rst("Deny", c.principal))
			if got := p.Decide(r).Effect == policy.ExplicitDeny; got != c.want {
				t.Errorf("a Deny applies: %t, want %t", got, c.want)
			}
		})
	}
}

// IAM User Guide, reference_policies_elements_notprincipal; access_policies_boundaries says
// that it denies everyone who has a boundary.
func TestNotPrincipal(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		entry    string
		who      policy.Principal
		boundary bool
		denied   bool
	}{
		{alice, user, false, false},
		{alice, role, false, true},
		{triageRole, role, false, false},
		{triageBob, role, false, false},
		{ours, role, false, false},
		{theirs, user, false, true},
		{alice, user, true, true},
	} {
		p := policy.Policies{
			Identity: named(t, policy.Identity, st("Allow", "*")),
			Resource: named(t, policy.Resource, `{"Effect":"Deny","NotPrincipal":{"AWS":"`+c.entry+`"},"Action":"*","Resource":"*"}`),
		}
		if c.boundary {
			p.Boundary = boundary(t, st("Allow", "*"))
		}
		if d := p.Decide(get(c.who)); (d.Effect == policy.ExplicitDeny) != c.denied {
			t.Errorf("NotPrincipal %s of %s, boundary %t: %s", c.entry, c.who.ARN, c.boundary, describe(d))
		}
	}
}
