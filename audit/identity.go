package audit

import (
	"strings"

	"github.com/findinghub/findinghub/auth"
)

// The types of identities, in CloudTrail's words (its page on the userIdentity element).
const (
	identityUser    = "IAMUser"
	identityRole    = "AssumedRole"
	identityRoot    = "Root"
	identityAccount = "AWSAccount" // an account of which no more is known
	identityService = "AWSService" // the hub itself
	identityUnknown = "Unknown"    // nobody whose signature was accepted
)

// The condition keys that tell about a session's beginning. They are there when whoever
// made the principal put them there.
const (
	keyIssued = "aws:tokenissuetime"
	keyMFA    = "aws:multifactorauthpresent"
)

// arn is one taken apart: arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE.
type arn struct{ partition, service, account, resource string }

func splitARN(text string) (arn, bool) {
	p := strings.SplitN(text, ":", 6)
	if len(p) != 6 || p[0] != "arn" {
		return arn{}, false
	}
	return arn{partition: p[1], service: p[2], account: p[4], resource: p[5]}, true
}

// Identity says who a principal is. It reads the kind off the principal's ARN:
//
//	arn:aws:iam::ACCOUNT:user/PATH/NAME
//	arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION
//	arn:aws:iam::ACCOUNT:root
func Identity(p auth.Principal) UserIdentity {
	u := UserIdentity{Type: identityUnknown, PrincipalID: p.UserID, ARN: p.ARN, AccountID: p.Account, AccessKeyID: p.AccessKeyID}
	a, ok := splitARN(p.ARN)
	kind, name, _ := strings.Cut(a.resource, "/")
	switch {
	case !ok && p.Account != "":
		u.Type = identityAccount
	case a.service == "iam" && a.resource == "root":
		u.Type = identityRoot
		if u.PrincipalID == "" {
			u.PrincipalID = a.account // a root has no other
		}
	case a.service == "iam" && kind == "user":
		u.Type = identityUser
		u.UserName = name[strings.LastIndexByte(name, '/')+1:]
	case a.service == "sts" && kind == "assumed-role":
		u.Type = identityRole
		u.SessionContext = session(p, a, name)
	}
	return u
}

// session tells of the role behind a session, ROLE/SESSION.
func session(p auth.Principal, a arn, name string) *SessionContext {
	role, _, _ := strings.Cut(name, "/")
	id, _, _ := strings.Cut(p.UserID, ":")
	issuer := SessionIssuer{Type: "Role", PrincipalID: id, ARN: "arn:" + a.partition + ":iam::" + a.account + ":role/" + role, AccountID: a.account, UserName: role}
	if p.Rights != nil && p.Rights.Principal.RoleARN != "" {
		issuer.ARN = p.Rights.Principal.RoleARN // with the role's path, which the session's ARN leaves out
	}
	return &SessionContext{SessionIssuer: issuer, Attributes: attributes(p.Rights)}
}

func attributes(r *auth.Rights) *Attributes {
	if r == nil || len(r.Context[keyIssued]) == 0 {
		return nil
	}
	a := &Attributes{CreationDate: r.Context[keyIssued][0], MFAAuthenticated: "false"}
	if mfa := r.Context[keyMFA]; len(mfa) > 0 && mfa[0] == "true" {
		a.MFAAuthenticated = "true"
	}
	return a
}
