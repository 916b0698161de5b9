// Package policy reads IAM policies and decides by them. It is pure: who asks, what for
// and under which circumstances are values, and so is the decision.
//
// The language is IAM's (IAM User Guide, "IAM JSON policy element reference"); pages of that
// guide are cited by the last part of their address. Where the guide leaves a choice the code
// fails closed, and says so where it does.
package policy

// Kind is what a policy is attached to; it says which elements a statement must and must
// not have.
type Kind int

// The kinds of policies.
const (
	Identity Kind = iota // attached to a user or a role; also boundaries and session policies
	Resource             // attached to a resource: has a Principal
	Trust                // a role's: has a Principal and no Resource
)

// Document is a policy that was read and may be decided by. It is immutable and safe for
// concurrent use.
type Document struct {
	kind       Kind
	statements []statement
}

// Named is a document with the name that decisions tell.
type Named struct {
	Name string
	*Document
}

// Context holds the condition keys of a request by lower-case name. A key that is absent
// has no entry; one that is present without values has an empty one.
type Context map[string][]string

// Principal is who asks, as Principal elements see them.
type Principal struct {
	// ARN is the user's, the root's or the assumed role session's.
	ARN string
	// RoleARN is the role's of an assumed role session, "" for others.
	RoleARN string
	// Account is the principal's 12-digit account.
	Account string
}

// Request is one question: may this principal do that?
type Request struct {
	Principal Principal
	Action    string // securityhub:GetFindings
	Resource  string // an ARN, or "*"
	// ResourceAccount owns the resource; "" is the principal's own account. Another account's
	// resource needs an Allow on both sides.
	ResourceAccount string
	Context         Context
}

// Policies are all that have a say about one request.
type Policies struct {
	Identity []Named
	// Boundary, when not nil, bounds what identity policies grant.
	Boundary *Named
	// Session, when not nil, bounds what a session may do; an empty list allows nothing.
	Session []Named
	// Resource are the policies of the resource that is asked for.
	Resource []Named
}

// Effect is the outcome of a decision.
type Effect int

// The outcomes.
const (
	ImplicitDeny Effect = iota
	ExplicitDeny
	Allow
)

// Source says which kind of policy decided, or lacked the Allow that was needed.
type Source string

// The sources, in the words of the service's messages.
const (
	FromIdentity Source = "identity-based policy"
	FromBoundary Source = "permissions boundary"
	FromSession  Source = "session policy"
	FromResource Source = "resource-based policy"
)

// Decision is the answer to a Request.
type Decision struct {
	Effect Effect
	Source Source
	// Policy, Statement (counted from 1) and Sid name the statement that decided; Statement is 0
	// when none did.
	Policy    string
	Statement int
	Sid       string
	// Keys are the condition keys, as the policy spells them, that the decision hung on: those of
	// the statement that denied, or those that kept an Allow for this action and resource from applying.
	Keys []string
}

// Allowed says whether the request may go on.
func (d Decision) Allowed() bool { return d.Effect == Allow }
