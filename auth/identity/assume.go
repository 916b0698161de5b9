package identity

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/asff"
	"github.com/findinghub/findinghub/auth"
	"github.com/findinghub/findinghub/auth/policy"
)

// AssumeRoleInput is STS's request of that name.
type AssumeRoleInput struct {
	RoleARN         string
	RoleSessionName string
	// DurationSeconds is from 900 to the role's maximum; 0 is an hour, or that maximum if it is less.
	DurationSeconds int
	// Policy is a session policy in JSON, "" for none.
	Policy string
	// PolicyARNs are managed session policies.
	PolicyARNs []string
	// ExternalID is "" where the request has none.
	ExternalID string
	// Others are the names of all other members that the request has. They are refused: a
	// session without the tags or the second factor that were asked for is another one.
	Others []string
}

// SessionCredentials is STS's answer.
type SessionCredentials struct {
	AccessKeyID     string
	SecretAccessKey Secret
	SessionToken    string
	Expiration      time.Time
	// AssumedRoleARN and AssumedRoleID name the session.
	AssumedRoleARN string
	AssumedRoleID  string
	// PackedPolicySize is how much of the room for session policies they take, in percent.
	PackedPolicySize int
}

// The bounds of AssumeRole (STS API Reference).
const (
	actionAssumeRole   = "sts:AssumeRole"
	maxChained         = time.Hour
	minSessionName     = 2
	maxSessionPolicies = 10
	maxSessionPolicy   = 2048 // characters, of the policy and the ARNs together
	minExternalID      = 2
	maxExternalID      = 1224
)

// AssumeRole gives out credentials for a session of a role. The errors are
// auth.CodeInvalidParameter for what STS would not take, findinghub.CodeAccessDenied for a
// caller who may not and for a role that is not there, and auth.CodeInvalidSessionPolicy.
func (a *Authenticator) AssumeRole(caller auth.Principal, in AssumeRoleInput) (SessionCredentials, error) {
	if err := in.check(); err != nil {
		return SessionCredentials{}, err
	}
	snapshot := a.directory.Snapshot()
	role, err := authorize(snapshot, caller, &in)
	if err != nil {
		return SessionCredentials{}, err
	}
	length, err := in.length(role, caller)
	if err != nil {
		return SessionCredentials{}, err
	}
	managed, err := in.sessionPolicies(snapshot, role.Account)
	if err != nil {
		return SessionCredentials{}, err
	}
	now := a.directory.config.Now()
	return a.issue(role, asff.PartitionOf(caller.Region), &sessionToken{
		Account: role.Account, Role: role.Name, Name: in.RoleSessionName, By: caller.ARN,
		Issued: now.Unix(), Expires: now.Add(length).Unix(), Policy: in.Policy, Managed: managed,
	}, in.packed())
}

// issue makes the key and the token of a session.
func (a *Authenticator) issue(role *Entity, partition string, t *sessionToken, packed int) (SessionCredentials, error) {
	id, secret, err := newKey(sessionKeyPrefix, a.directory.config.Random)
	if err != nil {
		return SessionCredentials{}, findinghub.Internal(err)
	}
	t.Secret = secret
	token, err := a.tokens.seal(id, t)
	if err != nil {
		return SessionCredentials{}, findinghub.Internal(err)
	}
	return SessionCredentials{
		AccessKeyID: id, SecretAccessKey: secret, SessionToken: token,
		Expiration:     time.Unix(t.Expires, 0).UTC(),
		AssumedRoleARN: sessionARN(partition, role.Account, role.Name, t.Name),
		AssumedRoleID:  role.ID + ":" + t.Name, PackedPolicySize: packed,
	}, nil
}

func invalidParameter(format string, args ...any) error {
	return findinghub.Errorf(auth.CodeInvalidParameter, format, args...)
}

// check refuses what no role could make right.
func (in *AssumeRoleInput) check() error {
	if len(in.Others) > 0 {
		return invalidParameter("AssumeRole does not support %s here", strings.Join(in.Others, ", "))
	}
	if in.RoleARN == "" {
		return invalidParameter("RoleArn is required")
	}
	if a, ok := parseARN(in.RoleARN); !ok || a.kind != "role" {
		return invalidParameter("RoleArn %q is not of the form arn:aws:iam::ACCOUNT:role/NAME", clip(in.RoleARN))
	}
	if len(in.RoleSessionName) < minSessionName || !nameChars(in.RoleSessionName, maxName) {
		return invalidParameter("RoleSessionName must be %d to %d letters, digits and _+=,.@-", minSessionName, maxName)
	}
	if in.DurationSeconds != 0 && (in.DurationSeconds < int(minSession.Seconds()) || in.DurationSeconds > int(maxSession.Seconds())) {
		return invalidParameter("DurationSeconds must be from %d to %d", int(minSession.Seconds()), int(maxSession.Seconds()))
	}
	if in.ExternalID != "" && !validExternalID(in.ExternalID) {
		return invalidParameter(`ExternalId must be %d to %d letters, digits and _+=,.@:/\-`, minExternalID, maxExternalID)
	}
	return in.checkPolicySize()
}

// checkPolicySize holds session policies to the number and length that STS takes.
func (in *AssumeRoleInput) checkPolicySize() error {
	if len(in.PolicyARNs) > maxSessionPolicies {
		return invalidParameter("PolicyArns has %d members, more than %d", len(in.PolicyARNs), maxSessionPolicies)
	}
	if n := in.policyLength(); n > maxSessionPolicy {
		return invalidParameter("Policy and PolicyArns have %d characters together, more than %d", n, maxSessionPolicy)
	}
	return nil
}

// validExternalID says whether a text may be an external id.
func validExternalID(s string) bool {
	plain := strings.Map(func(r rune) rune {
		if strings.ContainsRune(`:/\`, r) {
			return '-'
		}
		return r
	}, s)
	return len(s) >= minExternalID && nameChars(plain, maxExternalID)
}

// clip shortens what a message repeats of a request.
func clip(s string) string {
	const most = 200
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..."
}

// policyLength counts the characters of all session policies.
func (in *AssumeRoleInput) policyLength() int {
	n := utf8.RuneCountInString(in.Policy)
	for _, a := range in.PolicyARNs {
		n += utf8.RuneCountInString(a)
	}
	return n
}

// packed is the part of the room for session policies that they take, in percent, rounded up.
func (in *AssumeRoleInput) packed() int {
	return (100*in.policyLength() + maxSessionPolicy - 1) / maxSessionPolicy
}

// length is how long the session lasts. A session that assumes a role gets an hour at most.
func (in *AssumeRoleInput) length(role *Entity, caller auth.Principal) (time.Duration, error) {
	most := role.MaxSession
	chained := caller.Rights != nil && caller.Rights.Principal.RoleARN != ""
	if chained {
		most = min(most, maxChained)
	}
	if in.DurationSeconds == 0 {
		return min(most, defaultSession), nil
	}
	length := time.Duration(in.DurationSeconds) * time.Second
	switch {
	case length > role.MaxSession:
		return 0, invalidParameter("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	case length > most:
		return 0, invalidParameter("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.")
	}
	return length, nil
}

// sessionPolicies checks the policies of a session and gives the names of the managed ones.
func (in *AssumeRoleInput) sessionPolicies(s *Snapshot, account string) ([]string, error) {
	if in.Policy != "" {
		if _, err := policy.Parse([]byte(in.Policy), policy.Identity); err != nil {
			e := findinghub.Errorf(auth.CodeInvalidSessionPolicy, "Policy: %s", clip(err.Error()))
			e.Err = err
			return nil, e
		}
	}
	names := make([]string, 0, len(in.PolicyARNs))
	for i, text := range in.PolicyARNs {
		name, ok := policyName(s, text, account)
		if !ok {
			return nil, invalidParameter("PolicyArns.member.%d %q is not a policy of this hub", i+1, clip(text))
		}
		names = append(names, name)
	}
	return names, nil
}

// policyName finds a managed policy by ARN: arn:aws:iam::aws:policy/NAME is built in,
// arn:aws:iam::ACCOUNT:policy/NAME a customer's.
func policyName(s *Snapshot, text, account string) (string, bool) {
	parts := strings.SplitN(text, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != "iam" || parts[3] != "" {
		return "", false
	}
	path, ok := strings.CutPrefix(parts[5], "policy/")
	if !ok {
		return "", false
	}
	name := path[strings.LastIndexByte(path, '/')+1:] // AWS keeps some of its policies under paths
	if parts[4] == "aws" {
		_, ok = builtinPolicy(name)
		return name, ok
	}
	_, ok = s.policies[path]
	return path, ok && parts[4] == account
}

// authorize finds the role if the caller may assume it; package policy has the rules of trust
// policies. Whether the role is there is for the log only.
func authorize(s *Snapshot, caller auth.Principal, in *AssumeRoleInput) (*Entity, error) {
	denied := findinghub.Errorf(findinghub.CodeAccessDenied, "User: %s is not authorized to perform: %s on resource: %s", caller.ARN, actionAssumeRole, in.RoleARN)
	role := s.Role(in.RoleARN)
	if role == nil || role.ARN(asff.PartitionOf(caller.Region)) != in.RoleARN {
		denied.Err = fmt.Errorf("there is no role %s", in.RoleARN)
		return nil, denied
	}
	policies, request := question(caller, role, in)
	if d := policies.Decide(request); !d.Allowed() {
		denied.Err = fmt.Errorf("no %s allows it (policy %q, statement %d)", d.Source, d.Policy, d.Statement)
		return nil, denied
	}
	return role, nil
}

// question is what is to be decided about a caller and a role.
func question(caller auth.Principal, role *Entity, in *AssumeRoleInput) (policy.Policies, policy.Request) {
	r := policy.Request{
		Principal: policy.Principal{ARN: caller.ARN, Account: caller.Account},
		Action:    actionAssumeRole, Resource: in.RoleARN, ResourceAccount: role.Account,
		Context: policy.Context{keySessionName: {in.RoleSessionName}},
	}
	policies := policy.Policies{Identity: []policy.Named{anything()}} // a caller in --dev may do everything
	if caller.Rights != nil {
		policies, r.Principal = caller.Rights.Policies, caller.Rights.Principal
		maps.Copy(r.Context, caller.Rights.Context)
	}
	if in.ExternalID != "" {
		r.Context[keyExternalID] = []string{in.ExternalID}
	}
	for k, v := range role.Tags {
		r.Context[keyResourceTag+strings.ToLower(k)] = []string{v}
	}
	policies.Resource = append(slices.Clip(policies.Resource), policy.Named{Name: "trust policy", Document: role.Trust})
	return policies, r
}

// anything is a policy that allows everything.
func anything() policy.Named {
	p, _ := builtinPolicy(administratorAccess)
	return p
}
