// Package auth says who is calling and what they may do. In --dev it reads the caller off
// the request's credential scope without checking the signature; otherwise package
// identity finds the caller behind a verified signature. Either way it is a Principal.
package auth

import (
	"slices"
	"strings"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/auth/policy"
)

// The error codes of callers that are not who they say they are. All are HTTP 403.
const (
	CodeMissingToken         = "MissingAuthenticationTokenException"
	CodeIncompleteSignature  = "IncompleteSignatureException"
	CodeUnrecognizedClient   = "UnrecognizedClientException"
	CodeInvalidSignature     = "InvalidSignatureException"
	CodeExpiredToken         = "ExpiredTokenException"
	CodeInvalidSessionPolicy = "MalformedPolicyDocument" // AssumeRole's, HTTP 400
	CodeInvalidParameter     = "ValidationError"         // AssumeRole's, HTTP 400
)

// Principal is a caller.
type Principal struct {
	// Account is the caller's 12-digit account.
	Account string
	// ARN names the caller in messages and in the history.
	ARN string
	// Region is the region of the request's credential scope: the hub that is addressed.
	Region string
	// UserID is the caller's unique id; of a role's session ROLEID:SESSIONNAME.
	UserID string
	// AccessKeyID is the key that signed the request, "" where nobody did.
	AccessKeyID string
	// Rights decide what the caller may do; nil may do everything, as every caller in --dev.
	Rights *Rights
	// Trail collects what the call was about for the record of calls; nil collects nothing.
	Trail *Trail
}

// Rights are a caller's policies and the circumstances of one request.
type Rights struct {
	Principal policy.Principal
	Policies  policy.Policies
	// Context has the condition keys that do not depend on what is asked for.
	Context policy.Context
}

// Access is one thing that a caller wants to do.
type Access struct {
	Action   string
	Resource string
	// ResourceAccount owns the resource; "" is the caller's own account.
	ResourceAccount string
	// ResourcePolicies are attached to the resource.
	ResourcePolicies []policy.Named
	// Context adds condition keys of this request to those of the caller.
	Context policy.Context
}

// Authorize fails with AccessDeniedException unless the caller may do it. The message names
// the caller, the action, the resource and what denied it, and the fields where conditions on
// fields did.
func (p Principal) Authorize(a Access) error {
	p.Trail.Note(a.Resource)
	if p.Rights == nil {
		return nil
	}
	d := p.Decide(a)
	if d.Allowed() {
		return nil
	}
	return findinghub.Errorf(findinghub.CodeAccessDenied, "User: %s is not authorized to perform: %s on resource: %s %s", p.ARN, a.Action, a.Resource, reason(d, a.Action))
}

// Decide is what Authorize asks.
func (p Principal) Decide(a Access) policy.Decision {
	policies := p.Rights.Policies
	policies.Resource = append(slices.Clip(policies.Resource), a.ResourcePolicies...)
	context := p.Rights.Context
	if len(a.Context) > 0 {
		context = make(policy.Context, len(p.Rights.Context)+len(a.Context))
		for k, v := range p.Rights.Context {
			context[k] = v
		}
		for k, v := range a.Context {
			context[strings.ToLower(k)] = v
		}
	}
	return policies.Decide(policy.Request{
		Principal: p.Rights.Principal, Action: a.Action, Resource: a.Resource, ResourceAccount: a.ResourceAccount, Context: context,
	})
}

// fieldKey is what the condition keys of a finding's fields begin with (behaviour.md section 3).
const fieldKey = "securityhub:asffsyntaxpath/"

// reason finishes the message of a refusal in the service's words, and adds the fields.
func reason(d policy.Decision, action string) string {
	text := "because no " + string(d.Source) + " allows the " + action + " action"
	if d.Effect == policy.ExplicitDeny {
		text = "with an explicit deny in a " + string(d.Source)
		if d.Source == policy.FromIdentity {
			text = "with an explicit deny in an " + string(d.Source)
		}
	}
	var fields []string
	for _, key := range d.Keys {
		if strings.HasPrefix(strings.ToLower(key), fieldKey) {
			fields = append(fields, key[len(fieldKey):])
		}
	}
	if len(fields) > 0 {
		text += " (field " + strings.Join(fields, ", ") + ")"
	}
	return text
}

// Trail is what the record of calls tells about one call beside who made it. It belongs to
// one request and is not safe for concurrent use.
type Trail struct {
	// Resources are the ARNs that the caller wanted to do something to.
	Resources []string
}

// maxResources bounds a trail: a batch may name a hundred products.
const maxResources = 100

// Note adds a resource once.
func (t *Trail) Note(resource string) {
	if t != nil && len(t.Resources) < maxResources && !slices.Contains(t.Resources, resource) {
		t.Resources = append(t.Resources, resource)
	}
}

// Organization is a group of accounts under one management account.
type Organization struct {
	ID                string
	ManagementAccount string
	// Accounts are all accounts of the organisation by id, the management account among them.
	// An organisation never changes: whoever has other accounts is another Organization.
	Accounts []string
	// All is the organisation of --dev, which nobody writes down: every account belongs to it.
	All bool
}

// Includes says whether an account belongs to the organisation.
func (o *Organization) Includes(account string) bool {
	return o != nil && (o.All && ValidAccount(account) || slices.Contains(o.Accounts, account))
}
