package identity

import (
	"errors"
	"fmt"
	"time"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/auth"
	"github.com/findinghub/findinghub/auth/sigv4"
)

// Authenticator finds out who sent a request and gives out temporary credentials. It is
// safe for concurrent use.
type Authenticator struct {
	directory *Directory
	tokens    *tokens
	keys      *sigv4.KeyCache
	sessions  sessionCache
}

// maxSigningKeys is how many derived keys are remembered, some 200 bytes each.
const maxSigningKeys = 4096

// NewAuthenticator makes an authenticator of a directory whose Config has a TokenKey.
func NewAuthenticator(d *Directory) (*Authenticator, error) {
	t, err := newTokens(d.config.TokenKey, d.config.Random)
	if err != nil {
		return nil, err
	}
	return &Authenticator{directory: d, tokens: t, keys: sigv4.NewKeyCache(maxSigningKeys)}, nil
}

// unrecognized answers for every key that cannot sign: which of the reasons it is would
// help only who tries keys.
func unrecognized(cause error) error {
	e := findinghub.Errorf(auth.CodeUnrecognizedClient, "The security token included in the request is invalid.")
	e.Err = cause
	return e
}

// Authenticate finds the caller of a request to a service. body gives the SHA-256 of the
// request's body in lower-case hexadecimal; it is asked for only when the key is one of the
// hub's and the signature covers the body, so that strangers cannot make the hub read much. The errors are those of package
// sigv4, auth.CodeUnrecognizedClient for a key that is not, or no longer, good,
// auth.CodeExpiredToken, and whatever body fails with.
func (a *Authenticator) Authenticate(r *sigv4.Request, service string, env Environment, body func() (string, error)) (auth.Principal, error) {
	s, err := sigv4.Parse(r)
	if err != nil {
		return auth.Principal{}, err
	}
	if err := checkScope(s, r.Path, service); err != nil {
		return auth.Principal{}, err
	}
	if err := s.CheckTime(env.Now); err != nil {
		return auth.Principal{}, err
	}
	if s.Unsigned && !env.Secure && !env.SourceIP.IsLoopback() {
		return auth.Principal{}, findinghub.Errorf(auth.CodeInvalidSignature, "A body that is not signed (UNSIGNED-PAYLOAD) is taken over TLS only, because nothing else keeps it as it was.")
	}
	secret, p, err := a.caller(s, env)
	if err != nil {
		return auth.Principal{}, err
	}
	var hash string
	if !s.Unsigned {
		if hash, err = body(); err != nil {
			return auth.Principal{}, err
		}
	}
	if err := a.keys.Verify(s, r, string(secret), hash); err != nil {
		return auth.Principal{}, err
	}
	return p(), nil
}

// Stands says whether the key that a caller has signed with would still do, for what outlives the
// request that began it. That a session's token has ended it does not see.
func (a *Authenticator) Stands(p auth.Principal) bool {
	snapshot := a.directory.Snapshot()
	if isSessionKey(p.AccessKeyID) {
		return p.Rights != nil && snapshot.Role(p.Rights.Principal.RoleARN) != nil
	}
	key := snapshot.Key(p.AccessKeyID)
	return key != nil && key.Active
}

// checkScope refuses a signature for another service, for no region, or for a path that
// could be read as another.
func checkScope(s *sigv4.Signature, path, service string) error {
	if !sigv4.NormalPath(path) {
		return findinghub.Errorf(auth.CodeInvalidSignature, "The path of the request is not in its normal form.")
	}
	if s.Service != service {
		return findinghub.Errorf(auth.CodeInvalidSignature, "Credential should be scoped to correct service: '%s'.", service)
	}
	if !auth.ValidRegion(s.Region) {
		return findinghub.Errorf(auth.CodeInvalidSignature, "Credential should be scoped to a valid region.")
	}
	return nil
}

// caller finds the secret of the key that a signature names, and who calls if the
// signature holds.
func (a *Authenticator) caller(s *sigv4.Signature, env Environment) (Secret, func() auth.Principal, error) {
	snapshot := a.directory.Snapshot()
	if isSessionKey(s.AccessKeyID) {
		return a.sessionCaller(snapshot, s, env)
	}
	key := snapshot.Key(s.AccessKeyID)
	switch {
	case key == nil, key.Secret() == "": // a directory without secrets knows nobody
		return "", nil, unrecognized(errors.New("no such key"))
	case !key.Active:
		return "", nil, unrecognized(errors.New("the key is inactive"))
	case s.SessionToken != "":
		return "", nil, unrecognized(errors.New("a user's key has no session token"))
	}
	return key.Secret(), func() auth.Principal { return userPrincipal(key.User, key.ID, s.Region, env) }, nil
}

// sessionCaller is caller for the key of a role's session.
func (a *Authenticator) sessionCaller(snapshot *Snapshot, s *sigv4.Signature, env Environment) (Secret, func() auth.Principal, error) {
	t, err := a.open(s.AccessKeyID, s.SessionToken)
	if err != nil {
		return "", nil, unrecognized(err)
	}
	if env.Now.Unix() >= t.Expires {
		return "", nil, findinghub.Errorf(auth.CodeExpiredToken, "The security token included in the request is expired")
	}
	role := snapshot.role(t.Account, t.Role)
	if role == nil {
		return "", nil, unrecognized(errors.New("the session's role is gone"))
	}
	issued := time.Unix(t.Issued, 0)
	if issued.Before(role.NotBefore) {
		return "", nil, unrecognized(errors.New("the role's sessions were revoked"))
	}
	return t.Secret, func() auth.Principal {
		policies := t.policies(snapshot)
		return sessionPrincipal(role, session{name: t.Name, keyID: s.AccessKeyID, issued: issued, policies: policies}, s.Region, env)
	}, nil
}

// open gives a token's content, from memory where the token was seen before.
func (a *Authenticator) open(keyID, token string) (*sessionToken, error) {
	if token == "" {
		return nil, errors.New("a session's key needs its token")
	}
	id := keyID + ":" + token
	if t := a.sessions.get(id); t != nil {
		return t, nil
	}
	t, err := a.tokens.open(keyID, token)
	if err != nil {
		return nil, fmt.Errorf("the session token: %w", err)
	}
	a.sessions.put(id, t)
	return t, nil
}
