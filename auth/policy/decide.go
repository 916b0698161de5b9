package policy

import "slices"

// Decide decides a request as IAM does (reference_policies_evaluation-logic and the pages
// below it):
//
//   - A Deny that applies in any policy wins.
//   - Within an account an Allow of an identity policy or of the resource's policy is enough.
//     The boundary and the session policies, where there are any, must allow too, unless the
//     resource's policy names the user or the session itself.
//   - An Allow of the resource's policy to the account gives nothing within that account; the
//     identity policies decide. A role's trust policy must allow in any case.
//   - Across accounts both sides must allow: identity policies within boundary and session
//     policies, and the resource's policy, which may name the account.
//
// An implicit deny names the first kind that lacked the Allow: identity, boundary, session,
// resource. The order of policies and statements changes who is named and never the effect.
// Root has no rights of its own here; give it a policy.
func (p Policies) Decide(r Request) Decision {
	q := query{Request: r, arn: splitARN(r.Resource), hasBoundary: p.Boundary != nil}
	var bounding []Named
	if p.Boundary != nil {
		bounding = []Named{*p.Boundary}
	}
	all := [...]layer{
		{source: FromIdentity, policies: p.Identity},
		{source: FromBoundary, policies: bounding, absent: p.Boundary == nil},
		{source: FromSession, policies: p.Session, absent: p.Session == nil},
		{source: FromResource, policies: p.Resource},
	}
	for i := range all {
		all[i].evaluate(&q)
		if all[i].denied.found() {
			return all[i].explicit()
		}
	}
	if q.crossAccount() {
		return decideAcross(all[:], &q)
	}
	return decideWithin(all[:], &q)
}

// crossAccount says whether the resource is another account's.
func (q *query) crossAccount() bool {
	return q.ResourceAccount != "" && q.ResourceAccount != q.Principal.Account
}

// The layers' places in Decide.
const (
	identityLayer = iota
	boundaryLayer
	sessionLayer
	resourceLayer
)

// decideWithin decides when caller and resource are of one account and nobody denies.
func decideWithin(all []layer, q *query) Decision {
	named := &all[resourceLayer]
	if named.grant == direct {
		return named.allow()
	}
	if named.grant == noGrant && named.trust() {
		return named.lacking(q)
	}
	grantor := &all[identityLayer]
	if !grantor.allows() {
		if named.grant != bounded {
			return grantor.lacking(q)
		}
		grantor = named
	}
	for i := boundaryLayer; i <= sessionLayer; i++ {
		if !all[i].allows() {
			return all[i].lacking(q)
		}
	}
	return grantor.allow()
}

// decideAcross decides when the resource is another account's and nobody denies.
func decideAcross(all []layer, q *query) Decision {
	for i := range all {
		if !all[i].allows() {
			return all[i].lacking(q)
		}
	}
	return all[identityLayer].allow()
}

// layer is the policies of one kind, and what they say about a request.
type layer struct {
	source   Source
	policies []Named
	// absent is a boundary or a session policy that nobody set; it allows everything.
	absent bool

	denied, allowed place
	// grant is the furthest that an Allow reaches.
	grant grant
}

// place is a statement's: the numbers of policy and statement, both counted from 1.
type place struct{ policy, statement int }

func (p place) found() bool { return p.policy > 0 }

// evaluate finds the first Deny that applies, else the Allow that reaches the furthest. Once
// no Allow could reach further only Denies are looked at, which is most of the work saved for
// a policy like AdministratorAccess beside others.
func (l *layer) evaluate(q *query) {
	for i := range l.policies {
		if l.policies[i].Document == nil {
			continue
		}
		statements := l.policies[i].statements
		for j := range statements {
			s := &statements[j]
			if !s.deny && (l.grant == direct || l.unnamed(s)) {
				continue
			}
			g, ok := s.applies(q)
			if !ok {
				continue
			}
			if s.deny {
				l.denied = place{i + 1, j + 1}
				return
			}
			if g > l.grant {
				l.grant, l.allowed = g, place{i + 1, j + 1}
			}
		}
	}
}

// unnamed guards against an identity's policy that was attached to a resource: without a
// Principal it would allow everyone.
func (l *layer) unnamed(s *statement) bool {
	return l.source == FromResource && s.principals == nil
}

func (l *layer) allows() bool { return l.absent || l.allowed.found() }

// trust says whether a role's trust policy is among the policies.
func (l *layer) trust() bool {
	return slices.ContainsFunc(l.policies, func(n Named) bool { return n.Document != nil && n.kind == Trust })
}

func (l *layer) at(p place) (Named, *statement) {
	n := l.policies[p.policy-1]
	return n, &n.statements[p.statement-1]
}

func (l *layer) decision(e Effect, p place) (Decision, *statement) {
	n, s := l.at(p)
	return Decision{Effect: e, Source: l.source, Policy: n.Name, Statement: p.statement, Sid: s.sid}, s
}

func (l *layer) allow() Decision {
	d, _ := l.decision(Allow, l.allowed)
	return d
}

func (l *layer) explicit() Decision {
	d, s := l.decision(ExplicitDeny, l.denied)
	for i := range s.conditions {
		d.Keys = appendKey(d.Keys, s.conditions[i].key)
	}
	return d
}

// lacking is an implicit deny. It goes over the statements once more, so that decisions that
// allow, nearly all, need not remember what failed. Its keys are those of the conditions that failed in an Allow
// that was for this caller, action and resource.
func (l *layer) lacking(q *query) Decision {
	d := Decision{Source: l.source}
	for _, n := range l.policies {
		if n.Document == nil {
			continue
		}
		for i := range n.statements {
			s := &n.statements[i]
			if _, ok := s.covers(q); s.deny || !ok || l.unnamed(s) {
				continue
			}
			for j := range s.conditions {
				if c := &s.conditions[j]; !c.holds(q.Context) {
					d.Keys = appendKey(d.Keys, c.key)
				}
			}
		}
	}
	return d
}

func appendKey(keys []string, key string) []string {
	if slices.Contains(keys, key) {
		return keys
	}
	return append(keys, key)
}
