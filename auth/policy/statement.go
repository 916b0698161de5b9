package policy

// statement is one statement of a document, ready to be compared with requests.
type statement struct {
	sid  string
	deny bool

	// principals is nil in policies of identities.
	principals   *principals
	notPrincipal bool

	actions   []pattern
	notAction bool

	// resources is nil in trust policies, which are about their role alone.
	resources   []arnPattern
	notResource bool

	conditions []condition
}

// effect is what the statement wants.
func (s *statement) effect() Effect {
	if s.deny {
		return ExplicitDeny
	}
	return Allow
}

// query lives on the stack of Decide. It is a request with what many statements want to know of it, found out once.
type query struct {
	Request
	arn arn
	// hasBoundary: see names.
	hasBoundary bool
}

// applies says whether the statement is about the request, and how far its grant reaches.
func (s *statement) applies(q *query) (grant, bool) {
	g, ok := s.covers(q)
	return g, ok && s.conditionsHold(q)
}

// covers says so of everything but the conditions.
func (s *statement) covers(q *query) (grant, bool) {
	if !s.coversAction(q.Action) || !s.coversResource(q) {
		return noGrant, false
	}
	return s.names(q)
}

// names compares the principal. A Deny with NotPrincipal applies to everyone who has a
// permissions boundary, whoever is named (access_policies_boundaries warns of it).
func (s *statement) names(q *query) (grant, bool) {
	if s.principals == nil {
		return direct, true
	}
	g := s.principals.grant(&q.Principal)
	if s.notPrincipal {
		return noGrant, g == noGrant || q.hasBoundary
	}
	return g, g != noGrant
}

// coversAction compares without regard to case (reference_policies_elements_action).
func (s *statement) coversAction(action string) bool {
	for i := range s.actions {
		if s.actions[i].matchFold(action) {
			return !s.notAction
		}
	}
	return s.notAction
}

// coversResource compares with regard to case. A variable without a value matches no
// resource; in NotResource it therefore excludes none, which is right for a Deny but would
// let an Allow reach everything, so there the statement does not apply.
func (s *statement) coversResource(q *query) bool {
	if s.resources == nil {
		return true
	}
	for i := range s.resources {
		p := &s.resources[i]
		if p.match(&q.arn, q.Context) {
			return !s.notResource
		}
		if s.notResource && !s.deny && !p.resolvable(q.Context) {
			return false
		}
	}
	return s.notResource
}

func (s *statement) conditionsHold(q *query) bool {
	for i := range s.conditions {
		if !s.conditions[i].holds(q.Context) {
			return false
		}
	}
	return true
}
