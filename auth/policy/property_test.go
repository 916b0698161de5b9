package policy_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/findinghub/findinghub/auth/policy"
	"pgregory.net/rapid"
)

// The vocabulary is small, so that statements and requests meet.
var (
	someActions    = []string{"*", "securityhub:*", "securityhub:Get*", "SecurityHub:getfindings", "securityhub:BatchImportFindings", "*:?etFindings", "sts:AssumeRole"}
	someResources  = []string{"*", hubARN, theirHubARN, "arn:aws:securityhub:*:111111111111:hub/*", "arn:aws:securityhub:eu*", "arn:aws:securityhub:eu-west-1:111111111111:hub/${a:s}", "arn:aws:securityhub:eu-west-1:111111111111:${a:s, 'hub/default'}"}
	somePrincipals = []string{"*", ours, theirs, alice, triageRole, triageBob, "arn:aws:iam::111111111111:root", "arn:aws:iam::222222222222:user/eve"}
	someValues     = []string{"default", "Default", "x", "", "*", alice}
	someOperators  = map[string][]string{
		"StringEquals": {"default", "${a:t}", "x", "${*}"}, "StringNotEquals": {"default", "${a:t}", "x"}, "StringEqualsIgnoreCase": {"DEFAULT", "X"},
		"StringLike": {"def*", "?", "*", "${a:t}*"}, "StringNotLike": {"def*", "?", "${a:t, 'x'}"},
		"NumericEquals": {"1", "2"}, "NumericNotEquals": {"1"}, "NumericLessThan": {"2"}, "NumericLessThanEquals": {"1"}, "NumericGreaterThan": {"1"}, "NumericGreaterThanEquals": {"2"},
		"Bool": {"true", "false"}, "IpAddress": {"10.0.0.0/8"}, "NotIpAddress": {"10.0.0.0/8"}, "Null": {"true", "false"},
		"ArnLike": {"arn:aws:iam::*:user/*", "*"}, "ArnNotEquals": {alice},
	}
	someTyped = []string{"1", "2", "1.5", "true", "FALSE", "10.1.2.3", "11.1.2.3"}
)

func sample(t *rapid.T, label string, from []string, most int) []string {
	return rapid.SliceOfNDistinct(rapid.SampledFrom(from), 1, most, rapid.ID[string]).Draw(t, label)
}

func seldom(t *rapid.T, label string) bool { return rapid.IntRange(0, 3).Draw(t, label) == 0 }

func drawCondition(t *rapid.T) astCondition {
	operators := make([]string, 0, len(someOperators))
	for name := range someOperators {
		operators = append(operators, name)
	}
	slices.Sort(operators)
	c := astCondition{operator: rapid.SampledFrom(operators).Draw(t, "operator"), key: rapid.SampledFrom([]string{"a:s", "a:t", "A:S", "a:n"}).Draw(t, "key")}
	if c.operator != "Null" {
		c.quantifier = rapid.SampledFrom([]string{"", "", "ForAllValues:", "ForAnyValue:"}).Draw(t, "quantifier")
		c.ifExists = seldom(t, "IfExists")
	}
	c.values = sample(t, "values", someOperators[c.operator], 2)
	return c
}

func drawStatement(t *rapid.T, kind policy.Kind) astStatement {
	s := astStatement{
		deny: seldom(t, "deny"), notAction: seldom(t, "notAction"), notResource: seldom(t, "notResource"),
		actions: sample(t, "actions", someActions, 2),
	}
	if kind != policy.Trust {
		s.resources = sample(t, "resources", someResources, 2)
	}
	if kind != policy.Identity {
		s.principals = sample(t, "principals", somePrincipals, 2)
		s.notPrincipal = s.deny && seldom(t, "notPrincipal")
	}
	s.conditions = drawConditions(t, 0, 2)
	return s
}

// drawConditions draws conditions under different operators.
func drawConditions(t *rapid.T, least, most int) []astCondition {
	return rapid.SliceOfNDistinct(rapid.Custom(drawCondition), least, most, func(c astCondition) string {
		return c.quantifier + c.operator + map[bool]string{true: "IfExists"}[c.ifExists]
	}).Draw(t, "conditions")
}

func drawPolicies(t *rapid.T, kind policy.Kind, least, most int) [][]astStatement {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) []astStatement {
		return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) astStatement { return drawStatement(t, kind) }), 1, 3).Draw(t, "statements")
	}), least, most).Draw(t, "policies")
}

func drawAll(t *rapid.T) astPolicies {
	p := astPolicies{identity: drawPolicies(t, policy.Identity, 0, 2), trust: seldom(t, "trust")}
	if seldom(t, "boundary") {
		p.boundary = drawPolicies(t, policy.Identity, 1, 1)
	}
	if seldom(t, "session") {
		p.session = append([][]astStatement{}, drawPolicies(t, policy.Identity, 0, 2)...)
	}
	p.resource = drawPolicies(t, kindOf(p.trust), 0, 2)
	return p
}

func kindOf(trust bool) policy.Kind {
	if trust {
		return policy.Trust
	}
	return policy.Resource
}

func drawRequest(t *rapid.T) policy.Request {
	r := policy.Request{
		Principal:       rapid.SampledFrom([]policy.Principal{user, role, foreign}).Draw(t, "who"),
		Action:          rapid.SampledFrom([]string{"securityhub:GetFindings", "securityhub:BatchImportFindings", "sts:AssumeRole"}).Draw(t, "action"),
		Resource:        rapid.SampledFrom([]string{"*", hubARN, theirHubARN}).Draw(t, "resource"),
		ResourceAccount: rapid.SampledFrom([]string{"", "", ours, theirs}).Draw(t, "owner"),
		Context:         policy.Context{},
	}
	for _, key := range []string{"a:s", "a:t"} {
		if !seldom(t, "without "+key) {
			r.Context[key] = rapid.SliceOfN(rapid.SampledFrom(someValues), 0, 2).Draw(t, key)
		}
	}
	if !seldom(t, "without a:n") {
		r.Context["a:n"] = sample(t, "a:n", someTyped, 2)
	}
	return r
}

// write turns statements into JSON as a policy has them.
func write(s astStatement) map[string]any {
	name := func(base string, not bool) string { return map[bool]string{true: "Not"}[not] + base }
	out := map[string]any{"Effect": map[bool]string{true: "Deny", false: "Allow"}[s.deny], name("Action", s.notAction): s.actions}
	if s.resources != nil {
		out[name("Resource", s.notResource)] = s.resources
	}
	if s.principals != nil {
		out[name("Principal", s.notPrincipal)] = map[string]any{"AWS": s.principals}
	}
	block := map[string]any{}
	for _, c := range s.conditions {
		block[c.quantifier+c.operator+map[bool]string{true: "IfExists"}[c.ifExists]] = map[string]any{c.key: c.values}
	}
	if len(block) > 0 {
		out["Condition"] = block
	}
	return out
}

func compile(t *rapid.T, kind policy.Kind, all [][]astStatement) []policy.Named {
	var out []policy.Named
	if all != nil {
		out = []policy.Named{}
	}
	for _, statements := range all {
		var written []any
		for _, s := range statements {
			written = append(written, write(s))
		}
		text, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": written})
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, policy.Named{Document: parse(t, kind, string(text))})
	}
	return out
}

func (p astPolicies) compile(t *rapid.T) policy.Policies {
	out := policy.Policies{
		Identity: compile(t, policy.Identity, p.identity), Session: compile(t, policy.Identity, p.session),
		Resource: compile(t, kindOf(p.trust), p.resource),
	}
	if p.boundary != nil {
		out.Boundary = &compile(t, policy.Identity, p.boundary)[0]
	}
	return out
}

// Two readings of the guide agree, on the effect and on who is responsible.
func TestDecideAgreesWithReference(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p, r := drawAll(t), drawRequest(t)
		d := p.compile(t).Decide(r)
		if effect, source := refDecide(p, r); d.Effect != effect || d.Source != source {
			t.Fatalf("%s, want %s", describe(d), describe(policy.Decision{Effect: effect, Source: source}))
		}
	})
}

// rank orders effects by what they let happen.
func rank(d policy.Decision) bool { return d.Allowed() }

// A Deny more, anywhere, never allows more. (A boundary or a session policy of its own would
// be a restriction, too; only those that are there get one.)
func TestAnotherDenyNeverAllowsMore(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p, r := drawAll(t), drawRequest(t)
		before := p.compile(t).Decide(r)
		add(t, &p, true)
		if after := p.compile(t).Decide(r); rank(after) && !rank(before) {
			t.Fatalf("%s became %s", describe(before), describe(after))
		}
	})
}

// An Allow more, anywhere, never denies more.
func TestAnotherAllowNeverDeniesMore(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p, r := drawAll(t), drawRequest(t)
		before := p.compile(t).Decide(r)
		add(t, &p, false)
		after := p.compile(t).Decide(r)
		if rank(before) && !rank(after) || before.Effect == policy.ImplicitDeny && after.Effect == policy.ExplicitDeny {
			t.Fatalf("%s became %s", describe(before), describe(after))
		}
	})
}

// add puts a statement at any place of the policies that are there.
func add(t *rapid.T, p *astPolicies, deny bool) {
	var layers []*[][]astStatement
	for _, layer := range []*[][]astStatement{&p.identity, &p.boundary, &p.session, &p.resource} {
		if len(*layer) > 0 {
			layers = append(layers, layer)
		}
	}
	if len(layers) == 0 {
		return
	}
	layer := rapid.SampledFrom(layers).Draw(t, "layer")
	kind := policy.Identity
	if layer == &p.resource {
		kind = kindOf(p.trust)
	}
	s := drawStatement(t, kind)
	s.deny, s.notPrincipal = deny, s.notPrincipal && deny
	to := &(*layer)[rapid.IntRange(0, len(*layer)-1).Draw(t, "policy")]
	*to = slices.Insert(slices.Clone(*to), rapid.IntRange(0, len(*to)).Draw(t, "at"), s)
}

// The order of policies and statements, and how they are spread, change nothing.
func TestOrderDoesNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p, r := drawAll(t), drawRequest(t)
		before := p.compile(t).Decide(r)
		for i, layer := range []*[][]astStatement{&p.identity, &p.session, &p.resource} {
			if len(*layer) == 0 {
				continue
			}
			all := rapid.Permutation(slices.Concat(*layer...)).Draw(t, "order")
			if i == 0 && rapid.Bool().Draw(t, "apart") {
				*layer = nil
				for _, s := range all {
					*layer = append(*layer, []astStatement{s})
				}
			} else {
				*layer = [][]astStatement{all}
			}
		}
		if after := p.compile(t).Decide(r); after.Effect != before.Effect || after.Source != before.Source {
			t.Fatalf("%s became %s", describe(before), describe(after))
		}
	})
}

// A boundary or a session policy never allows more than none.
func TestLimitsNeverAllowMore(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p, r := drawAll(t), drawRequest(t)
		limited := p.compile(t).Decide(r)
		p.boundary = nil
		if without := p.compile(t).Decide(r); rank(limited) && !rank(without) {
			t.Fatalf("with a boundary %s, without %s", describe(limited), describe(without))
		}
		withSession := p.compile(t).Decide(r)
		p.session = nil
		if without := p.compile(t).Decide(r); rank(withSession) && !rank(without) {
			t.Fatalf("with session policies %s, without %s", describe(withSession), describe(without))
		}
	})
}

// The trace and the decision tell the same story: the statement that decided applied, a Deny
// that applied decided, and no keys are named but of conditions.
func TestTraceAgreesWithDecide(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p, r := drawAll(t).compile(t), drawRequest(t)
		d, steps := p.Decide(r), p.Trace(r)
		denied := slices.ContainsFunc(steps, func(s policy.Step) bool { return s.Applied() && s.Effect == policy.ExplicitDeny })
		if denied != (d.Effect == policy.ExplicitDeny) {
			t.Fatalf("%s, but a Deny applies: %t", describe(d), denied)
		}
		found := slices.ContainsFunc(steps, func(s policy.Step) bool {
			return s.Applied() && s.Source == d.Source && s.Effect == d.Effect && s.Statement == d.Statement
		})
		if found != (d.Effect != policy.ImplicitDeny) {
			t.Fatalf("%s, but its statement applied: %t", describe(d), found)
		}
	})
}
