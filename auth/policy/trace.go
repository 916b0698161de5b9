package policy

import (
	"fmt"
	"strings"
)

// Step is one statement of one policy in the light of a request.
type Step struct {
	Source Source
	// Policy, Statement (counted from 1) and Sid say which statement it is.
	Policy    string
	Statement int
	Sid       string
	// Effect is what the statement wants: Allow or ExplicitDeny.
	Effect Effect
	// Unmet is the first element that kept the statement from applying, as the policy spells it
	// (NotAction, Condition); "" says that it applied.
	Unmet string
	// Conditions are those that failed, as operator and key, when Unmet is Condition.
	Conditions []string
}

// Applied says whether the statement had a say.
func (s Step) Applied() bool { return s.Unmet == "" }

// String is a line for people.
func (s Step) String() string {
	effect := "Deny"
	if s.Effect == Allow {
		effect = "Allow"
	}
	name := fmt.Sprintf("%s %q, statement %d", s.Source, s.Policy, s.Statement)
	if s.Sid != "" {
		name += fmt.Sprintf(" (%s)", s.Sid)
	}
	switch {
	case s.Applied():
		return name + ": " + effect + " applies"
	case len(s.Conditions) > 0:
		return name + ": " + effect + " does not apply, its condition does not hold: " + strings.Join(s.Conditions, ", ")
	}
	return name + ": " + effect + " does not apply, its " + s.Unmet + " does not match"
}

// Trace is Decide for people who wonder: it tells of every statement whether it applies to a request and if not, why. The order is
// that of Decide: identity policies, boundary, session policies, the resource's policies.
func (p Policies) Trace(r Request) []Step {
	q := query{Request: r, arn: splitARN(r.Resource), hasBoundary: p.Boundary != nil}
	steps := traceAll(nil, FromIdentity, p.Identity, &q)
	if p.Boundary != nil {
		steps = traceAll(steps, FromBoundary, []Named{*p.Boundary}, &q)
	}
	steps = traceAll(steps, FromSession, p.Session, &q)
	return traceAll(steps, FromResource, p.Resource, &q)
}

func traceAll(steps []Step, source Source, policies []Named, q *query) []Step {
	for _, n := range policies {
		if n.Document == nil {
			continue
		}
		for i := range n.statements {
			s := &n.statements[i]
			step := Step{Source: source, Policy: n.Name, Statement: i + 1, Sid: s.sid, Effect: s.effect()}
			step.Unmet, step.Conditions = s.unmet(q)
			steps = append(steps, step)
		}
	}
	return steps
}

// unmet finds the first element that does not match, in the order in which people read.
func (s *statement) unmet(q *query) (element string, conditions []string) {
	if _, ok := s.names(q); !ok {
		return spelled("Principal", s.notPrincipal), nil
	}
	if !s.coversAction(q.Action) {
		return spelled("Action", s.notAction), nil
	}
	if !s.coversResource(q) {
		return spelled("Resource", s.notResource), nil
	}
	for i := range s.conditions {
		if c := &s.conditions[i]; !c.holds(q.Context) {
			conditions = append(conditions, c.name+" "+c.key)
			element = "Condition"
		}
	}
	return element, conditions
}

func spelled(element string, not bool) string {
	if not {
		return "Not" + element
	}
	return element
}
