package policy

import (
	"errors"
	"strings"
)

// grant says how far an Allow of a resource's policy reaches (access_policies_boundaries,
// reference_policies_evaluation-logic_policy-eval-basics).
type grant uint8

const (
	noGrant grant = iota
	// delegated is to the caller's account: within the account it gives nothing by itself but
	// lets the account's identity policies decide.
	delegated
	// bounded is to the caller's role or to everyone: it stands beside the identity policies
	// and ends where a boundary or a session policy ends. Of everyone the guide says nothing
	// here; this is the narrower reading.
	bounded
	// direct is to the user or the session itself: an implicit deny elsewhere does not end it.
	direct
)

// principals is a Principal or NotPrincipal element.
type principals struct {
	everyone bool
	accounts []string
	roles    []string
	// callers are users and sessions.
	callers []string
}

// grant says how the element names a caller; noGrant when it does not.
func (p *principals) grant(who *Principal) grant {
	for _, c := range p.callers {
		if c == who.ARN {
			return direct
		}
	}
	account := false
	for _, a := range p.accounts {
		account = account || a == who.Account
	}
	if account && isRoot(who) {
		return direct
	}
	for _, r := range p.roles {
		if r == who.RoleARN {
			return bounded
		}
	}
	if p.everyone {
		return bounded
	}
	if account {
		return delegated
	}
	return noGrant
}

// isRoot says whether the caller is the account itself.
func isRoot(who *Principal) bool {
	_, rest, ok := strings.Cut(who.ARN, ":iam::")
	return ok && rest == who.Account+":root"
}

// add takes one entry of the AWS member (reference_policies_elements_principal): everyone, an
// account, or the ARN of an account, user, role or session. Parts of names have no wildcards
// there and no variables.
func (p *principals) add(text string) error {
	switch {
	case text == "*":
		p.everyone = true
		return nil
	case isAccount(text):
		p.accounts = append(p.accounts, text)
		return nil
	}
	a := splitARN(text)
	if a.parts != arnParts || a.part(0) != "arn" || a.part(1) == "" || a.part(3) != "" || !isAccount(a.part(4)) || strings.ContainsAny(text, "*?$ ") {
		return errors.New(quoted(text) + ` is neither "*", a 12-digit account nor the ARN of an account, user, role or session in full`)
	}
	return p.addARN(&a)
}

func (p *principals) addARN(a *arn) error {
	kind, name, _ := strings.Cut(a.rest(5), "/")
	_, session, ok := strings.Cut(name, "/")
	switch service := a.part(2); {
	case service == "iam" && a.rest(5) == "root":
		p.accounts = append(p.accounts, a.part(4))
	case service == "iam" && kind == "user" && name != "", service == "sts" && kind == "federated-user" && name != "",
		service == "sts" && kind == "assumed-role" && ok && session != "":
		p.callers = append(p.callers, a.text)
	case service == "iam" && kind == "role" && name != "":
		p.roles = append(p.roles, a.text)
	default:
		return errors.New(quoted(a.text) + " is not the ARN of an account, user, role or session")
	}
	return nil
}

// isAccount says whether a text is an account's id. It is a string also when it is all
// digits: an id may begin with 0.
func isAccount(text string) bool {
	return len(text) == 12 && strings.Trim(text, "0123456789") == ""
}
