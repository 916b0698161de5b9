package policy_test

import (
	"slices"
	"testing"

	"github.com/findinghub/findinghub/auth/policy"
)

// decisionCase is a set of policies and what becomes of a request. Empty lists are absent
// kinds.
type decisionCase struct {
	name     string
	who      policy.Principal
	identity []string
	boundary []string
	session  []string
	resource []string
	trust    []string
	// owner owns the resource, "" the caller's account.
	owner string
	want  string
}

func (c *decisionCase) policies(t *testing.T) policy.Policies {
	t.Helper()
	p := policy.Policies{
		Identity: named(t, policy.Identity, c.identity...),
		Session:  named(t, policy.Identity, c.session...),
		Resource: append(named(t, policy.Resource, c.resource...), named(t, policy.Trust, c.trust...)...),
	}
	if c.session != nil && p.Session == nil {
		p.Session = []policy.Named{}
	}
	if c.boundary != nil {
		p.Boundary = boundary(t, c.boundary...)
	}
	return p
}

func checkDecisions(t *testing.T, cases []decisionCase) {
	t.Helper()
	run(t, cases, func(c decisionCase) string { return c.name }, func(t *testing.T, c decisionCase) {
		r := get(c.who)
		r.ResourceAccount = c.owner
		if got := describe(c.policies(t).Decide(r)); got != c.want {
			t.Errorf("%s\nwant %s", got, c.want)
		}
	})
}

var (
	allow = st("Allow", "securityhub:Get*")
	deny  = st("Deny", "securityhub:GetFindings")
	other = st("Allow", "securityhub:BatchImportFindings")
)

// IAM User Guide, reference_policies_evaluation-logic_policy-eval-denyallow and
// reference_policies_evaluation-logic_AccessPolicyLanguage_Interplay.
func TestIdentityPolicies(t *testing.T) {
	t.Parallel()
	checkDecisions(t, []decisionCase{
		{name: "nothing", who: user, want: "implicit identity-based policy"},
		{name: "something else", who: user, identity: []string{other}, want: "implicit identity-based policy"},
		{name: "an Allow", who: user, identity: []string{allow}, want: "allow identity-based policy p1/1"},
		{name: "the second policy", who: user, identity: []string{other, allow}, want: "allow identity-based policy p2/1"},
		{name: "the second statement", who: user, identity: []string{other + "," + st("Allow", "*", `"Sid":"All"`)}, want: "allow identity-based policy p1/2 All"},
		{name: "a Deny", who: user, identity: []string{deny}, want: "explicit identity-based policy p1/1"},
		{name: "Deny after Allow", who: user, identity: []string{allow, other, deny}, want: "explicit identity-based policy p3/1"},
		{name: "Deny before Allow", who: user, identity: []string{deny + "," + allow}, want: "explicit identity-based policy p1/1"},
		{name: "root has no rights of its own", who: root, want: "implicit identity-based policy"},
	})
}

// IAM User Guide, access_policies_boundaries: what a user may do is what both allow.
func TestBoundary(t *testing.T) {
	t.Parallel()
	checkDecisions(t, []decisionCase{
		{name: "both", who: user, identity: []string{allow}, boundary: []string{st("Allow", "*")}, want: "allow identity-based policy p1/1"},
		{name: "grants nothing", who: user, boundary: []string{st("Allow", "*")}, want: "implicit identity-based policy"},
		{name: "bounds", who: user, identity: []string{allow}, boundary: []string{other}, want: "implicit permissions boundary"},
		{name: "denies", who: user, identity: []string{allow}, boundary: []string{allow, deny}, want: "explicit permissions boundary p1/2"},
		{name: "is asked last", who: user, identity: []string{other}, boundary: []string{other}, want: "implicit identity-based policy"},
	})
}

// IAM User Guide, access_policies, session policies: what a session may do is what the role's
// policies and any of the session's allow.
func TestSessionPolicies(t *testing.T) {
	t.Parallel()
	checkDecisions(t, []decisionCase{
		{name: "both", who: role, identity: []string{allow}, session: []string{other, allow}, want: "allow identity-based policy p1/1"},
		{name: "grants nothing", who: role, session: []string{allow}, want: "implicit identity-based policy"},
		{name: "bounds", who: role, identity: []string{allow}, session: []string{other}, want: "implicit session policy"},
		{name: "an empty list allows nothing", who: role, identity: []string{allow}, session: []string{}, want: "implicit session policy"},
		{name: "denies", who: role, identity: []string{allow}, session: []string{allow, deny}, want: "explicit session policy p2/1"},
		{name: "within a boundary", who: role, identity: []string{allow}, boundary: []string{other}, session: []string{other}, want: "implicit permissions boundary"},
	})
}

// IAM User Guide, reference_policies_evaluation-logic_policy-eval-basics for one account, and
// access_policies_boundaries for what a resource's policy gives despite boundaries.
func TestResourcePoliciesWithinAnAccount(t *testing.T) {
	t.Parallel()
	no := []string{other} // a policy that does not allow what is asked for
	checkDecisions(t, []decisionCase{
		{name: "identity alone", who: user, identity: []string{allow}, resource: []string{rst("Allow", aws(theirs))}, want: "allow identity-based policy p1/1"},
		{name: "resource alone", who: user, resource: []string{rst("Allow", aws(alice))}, want: "allow resource-based policy p1/1"},
		{name: "resource denies", who: user, identity: []string{allow}, resource: []string{rst("Allow", `"*"`), rst("Deny", aws(ours), `"Sid":"S"`)}, want: "explicit resource-based policy p2/1 S"},
		{name: "identity denies", who: user, identity: []string{deny}, resource: []string{rst("Allow", aws(alice))}, want: "explicit identity-based policy p1/1"},
		{name: "somebody else", who: user, resource: []string{rst("Allow", aws(triageRole))}, want: "implicit identity-based policy"},

		{name: "the account gives nothing by itself", who: user, resource: []string{rst("Allow", aws(ours))}, want: "implicit identity-based policy"},
		{name: "the account lets identity policies decide", who: user, identity: []string{allow}, resource: []string{rst("Allow", aws(ours))}, want: "allow identity-based policy p1/1"},
		{name: "root is the account", who: root, resource: []string{rst("Allow", aws(ours))}, want: "allow resource-based policy p1/1"},
		{name: "the best of several", who: user, resource: []string{rst("Allow", aws(ours)), rst("Allow", `"*"`), rst("Allow", aws(alice))}, boundary: no, want: "allow resource-based policy p3/1"},

		{name: "everyone", who: user, resource: []string{rst("Allow", `"*"`)}, want: "allow resource-based policy p1/1"},
		{name: "everyone within a boundary", who: user, boundary: no, resource: []string{rst("Allow", `"*"`)}, want: "implicit permissions boundary"},
		{name: "everyone within a session policy", who: role, session: no, resource: []string{rst("Allow", `"*"`)}, want: "implicit session policy"},

		{name: "a user despite a boundary", who: user, boundary: no, resource: []string{rst("Allow", aws(alice))}, want: "allow resource-based policy p1/1"},
		{name: "a user not despite a boundary's Deny", who: user, boundary: []string{deny}, resource: []string{rst("Allow", aws(alice))}, want: "explicit permissions boundary p1/1"},
		{name: "a role", who: role, resource: []string{rst("Allow", aws(triageRole))}, want: "allow resource-based policy p1/1"},
		{name: "a role within a boundary", who: role, boundary: no, resource: []string{rst("Allow", aws(triageRole))}, want: "implicit permissions boundary"},
		{name: "a role within a session policy", who: role, session: no, resource: []string{rst("Allow", aws(triageRole))}, want: "implicit session policy"},
		{name: "a role within both", who: role, boundary: []string{allow}, session: []string{allow}, resource: []string{rst("Allow", aws(triageRole))}, want: "allow resource-based policy p1/1"},
		{name: "a session despite a boundary", who: role, boundary: no, resource: []string{rst("Allow", aws(triageBob))}, want: "allow resource-based policy p1/1"},
		{name: "a session despite a session policy", who: role, session: no, resource: []string{rst("Allow", aws(triageBob))}, want: "allow resource-based policy p1/1"},
		{name: "a session not despite a Deny", who: role, session: []string{deny}, resource: []string{rst("Allow", aws(triageBob))}, want: "explicit session policy p1/1"},
		{name: "the owner is named", who: user, owner: ours, resource: []string{rst("Allow", aws(alice))}, want: "allow resource-based policy p1/1"},
	})
}

// The same page: role trust policies are the exception that must allow by themselves.
func TestTrustPolicies(t *testing.T) {
	t.Parallel()
	trust := func(effect, principal string) string {
		return `{"Effect":"` + effect + `","Principal":` + principal + `,"Action":"securityhub:*"}`
	}
	checkDecisions(t, []decisionCase{
		{name: "identity alone", who: user, identity: []string{allow}, trust: []string{trust("Allow", aws(theirs))}, want: "implicit resource-based policy"},
		{name: "user alone", who: user, trust: []string{trust("Allow", aws(alice))}, want: "allow resource-based policy p1/1"},
		{name: "account alone", who: user, trust: []string{trust("Allow", aws(ours))}, want: "implicit identity-based policy"},
		{name: "account and identity", who: user, identity: []string{allow}, trust: []string{trust("Allow", aws(ours))}, want: "allow identity-based policy p1/1"},
		{name: "denied", who: user, identity: []string{allow}, trust: []string{trust("Allow", aws(ours)), trust("Deny", aws(alice))}, want: "explicit resource-based policy p2/1"},
		{name: "across accounts", who: user, owner: theirs, identity: []string{allow}, trust: []string{trust("Allow", aws(ours))}, want: "allow identity-based policy p1/1"},
		{name: "across accounts without identity", who: user, owner: theirs, trust: []string{trust("Allow", aws(alice))}, want: "implicit identity-based policy"},
	})
}

// IAM User Guide, reference_policies_evaluation-logic-cross-account: both sides must allow.
func TestAcrossAccounts(t *testing.T) {
	t.Parallel()
	checkDecisions(t, []decisionCase{
		{name: "identity alone", who: user, owner: theirs, identity: []string{allow}, want: "implicit resource-based policy"},
		{name: "resource alone", who: user, owner: theirs, resource: []string{rst("Allow", aws(alice))}, want: "implicit identity-based policy"},
		{name: "both, the user", who: user, owner: theirs, identity: []string{allow}, resource: []string{rst("Allow", aws(alice))}, want: "allow identity-based policy p1/1"},
		{name: "both, the account", who: user, owner: theirs, identity: []string{allow}, resource: []string{rst("Allow", aws(ours))}, want: "allow identity-based policy p1/1"},
		{name: "both, everyone", who: role, owner: theirs, identity: []string{allow}, resource: []string{rst("Allow", `"*"`)}, want: "allow identity-based policy p1/1"},
		{name: "the owner itself", who: user, owner: theirs, identity: []string{allow}, resource: []string{rst("Allow", aws(theirs))}, want: "implicit resource-based policy"},
		{name: "boundary", who: user, owner: theirs, identity: []string{allow}, boundary: []string{other}, resource: []string{rst("Allow", aws(alice))}, want: "implicit permissions boundary"},
		{name: "session, even named", who: role, owner: theirs, identity: []string{allow}, session: []string{}, resource: []string{rst("Allow", aws(triageBob))}, want: "implicit session policy"},
		{name: "denied there", who: user, owner: theirs, identity: []string{allow}, resource: []string{rst("Allow", aws(alice)), rst("Deny", `"*"`)}, want: "explicit resource-based policy p2/1"},
	})
}

// What a refusal hung on: the keys of the statement that denied, or of Allows that were for
// this caller, action and resource and whose conditions failed.
func TestKeys(t *testing.T) {
	t.Parallel()
	failing := `"Condition":{"StringEquals":{"a:One":"x","A:Two":"y"},"Null":{"a:One":"false"}}`
	checkDecisions(t, []decisionCase{
		{name: "failed conditions", who: user, identity: []string{st("Allow", "*", failing)}, want: "implicit identity-based policy a:One,A:Two"},
		{name: "one of two", who: user, identity: []string{st("Allow", "*", `"Condition":{"StringEquals":{"a:b":"x"},"Null":{"a:c":"true"}}`)}, want: "implicit identity-based policy a:b"},
		{name: "of several statements", who: user, identity: []string{st("Allow", "*", failing), st("Allow", "*", `"Condition":{"Bool":{"A:Two":true,"a:three":true}}`)}, want: "implicit identity-based policy a:One,A:Two,a:three"},
		{name: "not of another action", who: user, identity: []string{st("Allow", "a:b", failing)}, want: "implicit identity-based policy"},
		{name: "not of a Deny that did not apply", who: user, identity: []string{st("Deny", "*", failing)}, want: "implicit identity-based policy"},
		{name: "of the boundary", who: user, identity: []string{allow}, boundary: []string{st("Allow", "*", failing)}, want: "implicit permissions boundary a:One,A:Two"},
		{name: "of the resource", who: user, owner: theirs, identity: []string{allow}, resource: []string{rst("Allow", `"*"`, failing)}, want: "implicit resource-based policy a:One,A:Two"},
		{name: "not of a resource for somebody else", who: user, owner: theirs, identity: []string{allow}, resource: []string{rst("Allow", aws(theirs), failing)}, want: "implicit resource-based policy"},
		{name: "of a Deny", who: user, identity: []string{allow, st("Deny", "*", `"Condition":{"Null":{"a:One":"true"},"StringNotEquals":{"a:One":"x","a:Two":"x"}}`)}, want: "explicit identity-based policy p2/1 a:One,a:Two"},
		{name: "none of an Allow", who: user, identity: []string{st("Allow", "*", `"Condition":{"Null":{"a:One":"true"}}`)}, want: "allow identity-based policy p1/1"},
	})
}

// Callers may keep and change what they got.
func TestKeysAreTheCallers(t *testing.T) {
	t.Parallel()
	p := policy.Policies{Identity: named(t, policy.Identity, st("Deny", "*", `"Condition":{"Null":{"a:b":"true"}}`))}
	d := p.Decide(get(user))
	d.Keys[0] = "changed"
	if again := p.Decide(get(user)); !slices.Equal(again.Keys, []string{"a:b"}) {
		t.Errorf("the keys became %q", again.Keys)
	}
}

// Mistakes of attachment must not open anything: a name without a document says nothing, and
// an identity's policy on a resource allows nobody, for it names nobody.
func TestMisattachedPolicies(t *testing.T) {
	t.Parallel()
	nothing := policy.Named{Name: "missing"}
	for _, p := range []policy.Policies{
		{Identity: []policy.Named{nothing}},
		{Identity: named(t, policy.Identity, allow), Boundary: &nothing},
		{Identity: named(t, policy.Identity, allow), Session: []policy.Named{nothing}},
		{Resource: []policy.Named{nothing}},
		{Resource: named(t, policy.Identity, st("Allow", "*"))},
	} {
		if d := p.Decide(get(user)); d.Effect != policy.ImplicitDeny {
			t.Errorf("%s", describe(d))
		}
		p.Trace(get(user))
	}
	p := policy.Policies{Identity: named(t, policy.Identity, allow), Resource: named(t, policy.Identity, deny)}
	if d := p.Decide(get(user)); d.Effect != policy.ExplicitDeny || d.Source != policy.FromResource {
		t.Errorf("a misattached Deny: %s", describe(d))
	}
}
