package identity

import (
	"strings"
	"time"

	"github.com/findinghub/findinghub/auth"
	"github.com/findinghub/findinghub/auth/policy"
)

// Parse reads a file of YAML or JSON. The error is a *FileError that names the file and
// the line. What depends on the other file, such as which policies there are, it does not ask.
func Parse(name string, data []byte) (*Document, error) {
	p := &documentParser{reader: reader{file: name}, doc: &Document{}}
	root, err := p.tree(data)
	if err != nil {
		return nil, err
	}
	err = p.fields(root, "", map[string]func(entry) error{
		"organization": p.organization, "accounts": p.accounts, "policies": p.policies,
	})
	if err != nil {
		return nil, err
	}
	return p.doc, nil
}

// documentParser fills one document.
type documentParser struct {
	reader
	doc *Document
}

// here is the place of an entry.
func (p *documentParser) here(e entry) position { return position{p.file, e.line} }

func (p *documentParser) organization(e entry) error {
	o := &Organization{at: p.here(e)}
	err := p.fields(e.value, e.path, map[string]func(entry) error{
		"id":                 p.text(&o.ID),
		"management-account": p.text(&o.ManagementAccount),
		"accounts":           func(e entry) error { return p.members(e, o) },
	})
	if err != nil {
		return err
	}
	if !validOrganization(o.ID) {
		return p.fail(e.line, "organization.id %q is not of the form o- and 10 to 32 letters and digits", o.ID)
	}
	if !auth.ValidAccount(o.ManagementAccount) {
		return p.fail(e.line, "organization.management-account %q is not 12 digits", o.ManagementAccount)
	}
	p.doc.Organization = o
	return nil
}

// members reads a list of account ids or the word for all.
func (p *documentParser) members(e entry, o *Organization) error {
	if word, err := p.scalar(e.value, e.path); err == nil {
		if word != everyAccount {
			return p.fail(e.line, "%s is neither %q nor a list of account ids", e.path, everyAccount)
		}
		return nil
	}
	ids, lines, err := p.texts(e)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if !auth.ValidAccount(id) {
			return p.fail(lines[id], "%s: %q is not an account id of 12 digits", e.path, id)
		}
	}
	o.Accounts = ids
	return nil
}

func (p *documentParser) accounts(e entry) error {
	p.doc.Accounts = map[string]*Account{}
	return p.each(e, p.account)
}

func (p *documentParser) account(e entry) error {
	if !auth.ValidAccount(e.key) {
		return p.fail(e.line, "%q is not an account id of 12 digits", e.key)
	}
	a := &Account{Users: map[string]*User{}, Roles: map[string]*Role{}, at: p.here(e)}
	p.doc.Accounts[e.key] = a
	return p.fields(e.value, e.path, map[string]func(entry) error{
		"name": func(e entry) error {
			if err := p.text(&a.Name)(e); err != nil {
				return err
			}
			return p.checked(e, checkAccountName(a.Name))
		},
		"users": func(e entry) error { return p.each(e, func(e entry) error { return p.user(e, a) }) },
		"roles": func(e entry) error { return p.each(e, func(e entry) error { return p.role(e, a) }) },
	})
}

// checked puts the place before what a check says.
func (p *documentParser) checked(e entry, err error) error {
	if err != nil {
		return p.fail(e.line, "%s: %s", e.path, err)
	}
	return nil
}

func (p *documentParser) user(e entry, a *Account) error {
	if err := p.checked(e, checkName("user", e.key)); err != nil {
		return err
	}
	u := &User{}
	known := p.permissions(e, &u.Permissions)
	known["access-keys"] = func(e entry) error { return p.keys(e, u) }
	a.Users[e.key] = u
	return p.fields(e.value, e.path, known)
}

func (p *documentParser) role(e entry, a *Account) error {
	if err := p.checked(e, checkName("role", e.key)); err != nil {
		return err
	}
	r := &Role{}
	known := p.permissions(e, &r.Permissions)
	known["trust-policy"] = func(e entry) (err error) {
		r.TrustPolicy, err = p.policy(e, policy.Trust)
		return err
	}
	known["max-session-duration"] = func(e entry) error { return p.maxSession(e, r) }
	known["sessions-not-before"] = func(e entry) error { return p.notBefore(e, r) }
	a.Roles[e.key] = r
	if err := p.fields(e.value, e.path, known); err != nil {
		return err
	}
	if r.TrustPolicy == nil {
		return p.fail(e.line, "%s has no trust-policy, so that nobody could assume it", e.path)
	}
	return nil
}

// permissions gives what reads the keys that users and roles have in common.
func (p *documentParser) permissions(e entry, into *Permissions) map[string]func(entry) error {
	into.at, into.lines = p.here(e), map[string]int{}
	return map[string]func(entry) error{
		"policies": func(e entry) error {
			names, lines, err := p.texts(e)
			for name, line := range lines {
				into.lines[name] = line
			}
			into.Policies = names
			return err
		},
		"inline-policies": func(e entry) error { return p.inline(e, into) },
		"permissions-boundary": func(e entry) error {
			if err := p.text(&into.PermissionsBoundary)(e); err != nil {
				return err
			}
			into.lines[into.PermissionsBoundary] = e.line
			return nil
		},
		"tags": func(e entry) error { return p.tags(e, into) },
	}
}

func (p *documentParser) inline(e entry, into *Permissions) error {
	into.InlinePolicies = map[string]*Policy{}
	return p.each(e, func(e entry) (err error) {
		if err := p.checked(e, checkPolicyName(e.key)); err != nil {
			return err
		}
		into.InlinePolicies[e.key], err = p.policy(e, policy.Identity)
		return err
	})
}

func (p *documentParser) tags(e entry, into *Permissions) error {
	into.Tags = map[string]string{}
	folded := map[string]bool{}
	return p.each(e, func(e entry) error {
		value, err := p.scalar(e.value, e.path)
		if err != nil {
			return err
		}
		into.Tags[e.key] = value
		// Condition keys do not tell capitals from small letters, so neither may tags.
		if low := strings.ToLower(e.key); folded[low] {
			return p.fail(e.line, "%s differs from another tag only in capitals", e.path)
		} else {
			folded[low] = true
		}
		return p.checked(e, checkTag(e.key, value, len(into.Tags)))
	})
}

// The bounds of a role's max-session-duration, IAM's upper one and STS's lower one, and
// what holds where none is given.
const (
	minSession     = 15 * time.Minute
	maxSession     = 12 * time.Hour
	defaultSession = time.Hour
)

func (p *documentParser) maxSession(e entry, r *Role) error {
	text, err := p.scalar(e.value, e.path)
	if err != nil {
		return err
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < minSession || d > maxSession || d%time.Second != 0 {
		return p.fail(e.line, "%s: %q is not a duration of whole seconds from 15m to 12h", e.path, text)
	}
	r.MaxSessionDuration = duration(d)
	return nil
}

func (p *documentParser) notBefore(e entry, r *Role) error {
	text, err := p.scalar(e.value, e.path)
	if err != nil {
		return err
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return p.fail(e.line, "%s: %q is not a time of the form 2026-01-02T15:04:05Z", e.path, text)
	}
	r.SessionsNotBefore = t.UTC()
	return nil
}

func (p *documentParser) policies(e entry) error {
	p.doc.Policies = map[string]*Policy{}
	return p.each(e, func(e entry) (err error) {
		if err := p.checked(e, checkPolicyName(e.key)); err != nil {
			return err
		}
		p.doc.Policies[e.key], err = p.policy(e, policy.Identity)
		return err
	})
}
