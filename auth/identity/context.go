package identity

import (
	"maps"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/findinghub/findinghub/asff"
	"github.com/findinghub/findinghub/auth"
	"github.com/findinghub/findinghub/auth/policy"
)

// The condition keys that every request has, in lower case (IAM User Guide,
// "AWS global condition context keys").
const (
	keyPrincipalARN     = "aws:principalarn"
	keyPrincipalAccount = "aws:principalaccount"
	keyPrincipalType    = "aws:principaltype"
	keyPrincipalTag     = "aws:principaltag/"
	keyPrincipalOrgID   = "aws:principalorgid"
	keyUserID           = "aws:userid"
	keyUserName         = "aws:username"
	keySourceIP         = "aws:sourceip"
	keyCurrentTime      = "aws:currenttime"
	keyEpochTime        = "aws:epochtime"
	keyRegion           = "aws:requestedregion"
	keySecure           = "aws:securetransport"
	keyUserAgent        = "aws:useragent"
	keyTokenIssued      = "aws:tokenissuetime"
	keyResourceTag      = "aws:resourcetag/"
	keyExternalID       = "sts:externalid"
	keySessionName      = "sts:rolesessionname"
)

// Environment is what a request's policies may ask about beside who sent it.
type Environment struct {
	// SourceIP is who is at the other end of the connection; the zero address is nobody known.
	SourceIP netip.Addr
	// Secure says that the request came over TLS.
	Secure bool
	// UserAgent is the header of that name, "" where there is none.
	UserAgent string
	Now       time.Time
}

// entityContext has the condition keys of a user or role that never change.
func entityContext(e *Entity) policy.Context {
	c := policy.Context{
		keyPrincipalAccount: {e.Account},
		keyUserName:         {e.Name},
	}
	for k, v := range e.Tags {
		c[keyPrincipalTag+strings.ToLower(k)] = []string{v}
	}
	return c
}

// userPrincipal is a user who calls.
func userPrincipal(e *Entity, keyID, region string, env Environment) auth.Principal {
	arn := e.ARN(asff.PartitionOf(region))
	c := requestContext(e, region, env)
	c[keyPrincipalARN] = []string{arn}
	c[keyPrincipalType] = []string{"User"}
	c[keyUserID] = []string{e.ID}
	return auth.Principal{
		Account: e.Account, ARN: arn, Region: region, UserID: e.ID, AccessKeyID: keyID,
		Rights: &auth.Rights{
			Principal: policy.Principal{ARN: arn, Account: e.Account},
			Policies:  e.Policies, Context: c,
		},
	}
}

// sessionPrincipal is a session of a role that calls. Policies that name the role mean its
// sessions, too; hence both ARNs.
func sessionPrincipal(e *Entity, s session, region string, env Environment) auth.Principal {
	partition := asff.PartitionOf(region)
	roleARN, arn := e.ARN(partition), sessionARN(partition, e.Account, e.Name, s.name)
	id := e.ID + ":" + s.name
	c := requestContext(e, region, env)
	c[keyPrincipalARN] = []string{roleARN}
	c[keyPrincipalType] = []string{"AssumedRole"}
	c[keyUserID] = []string{id}
	if !s.issued.IsZero() {
		c[keyTokenIssued] = []string{isoTime(s.issued)}
	}
	policies := e.Policies
	policies.Session = s.policies
	return auth.Principal{
		Account: e.Account, ARN: arn, Region: region, UserID: id, AccessKeyID: s.keyID,
		Rights: &auth.Rights{
			Principal: policy.Principal{ARN: arn, RoleARN: roleARN, Account: e.Account},
			Policies:  policies, Context: c,
		},
	}
}

// sessionARN names a session of a role.
func sessionARN(partition, account, role, name string) string {
	return "arn:" + partition + ":sts::" + account + ":assumed-role/" + role + "/" + name
}

// session is what a caller's session adds to its role.
type session struct {
	name   string
	keyID  string
	issued time.Time
	// policies bound the session; nil does not.
	policies []policy.Named
}

// requestContext has the condition keys of one request, with room for the caller's.
func requestContext(e *Entity, region string, env Environment) policy.Context {
	c := make(policy.Context, len(e.context)+10)
	maps.Copy(c, e.context)
	if env.SourceIP.IsValid() {
		c[keySourceIP] = []string{env.SourceIP.Unmap().WithZone("").String()}
	}
	if env.UserAgent != "" {
		c[keyUserAgent] = []string{env.UserAgent}
	}
	c[keyCurrentTime] = []string{isoTime(env.Now)}
	c[keyEpochTime] = []string{strconv.FormatInt(env.Now.Unix(), 10)}
	c[keyRegion] = []string{region}
	c[keySecure] = []string{strconv.FormatBool(env.Secure)}
	return c
}

// isoTime writes a time as policies do.
func isoTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// Principal is the caller that an ARN names, a user or a role's session, as it would be in a
// request to a region. A role's own ARN stands for a session of it without session policies.
// ok is false when the files have no such user or role.
func (s *Snapshot) Principal(text, region string, env Environment) (p auth.Principal, ok bool) {
	a, ok := parseARN(text)
	if !ok {
		return auth.Principal{}, false
	}
	if a.kind == "user" {
		if e := s.user(a.account, a.name); e != nil {
			return userPrincipal(e, "", region, env), true
		}
		return auth.Principal{}, false
	}
	e := s.role(a.account, a.name)
	if e == nil {
		return auth.Principal{}, false
	}
	if a.session == "" {
		a.session = "session"
	}
	return sessionPrincipal(e, session{name: a.session}, region, env), true
}
