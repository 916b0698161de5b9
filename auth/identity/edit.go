package identity

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/findinghub/findinghub/auth"
)

// ErrNotFound is behind every error about something that the document does not have.
var ErrNotFound = errors.New("there is no such thing among the managed identities")

// missing is an error about something that is not there. what is as Snapshot.Where has it.
func missing(what string) error { return &notFoundError{what} }

// notFoundError names what was not found.
type notFoundError struct{ what string }

func (e *notFoundError) Error() string { return "there is no " + e.what }
func (e *notFoundError) Unwrap() error { return ErrNotFound }

// Missing is what an ErrNotFound is about, in the words that Snapshot.Where knows.
func Missing(err error) string {
	var e *notFoundError
	if errors.As(err, &e) {
		return e.what
	}
	return ""
}

// account gives an account, which is added where it is not there: it may be declared in the
// other file.
func (d *Document) account(id string) *Account {
	if d.Accounts == nil {
		d.Accounts = map[string]*Account{}
	}
	a := d.Accounts[id]
	if a == nil {
		a = &Account{}
		d.Accounts[id] = a
	}
	if a.Users == nil {
		a.Users = map[string]*User{}
	}
	if a.Roles == nil {
		a.Roles = map[string]*Role{}
	}
	return a
}

// CreateAccount adds an account; name may be "".
func (d *Document) CreateAccount(id, name string) error {
	if !auth.ValidAccount(id) {
		return fmt.Errorf("%q is not an account id of 12 digits", id)
	}
	if _, exists := d.Accounts[id]; exists {
		return fmt.Errorf("account %s exists already", id)
	}
	d.account(id).Name = name
	return checkAccountName(name)
}

// CreateUser adds a user to an account.
func (d *Document) CreateUser(account, name string) error {
	if err := checkName("user", name); err != nil {
		return err
	}
	users := d.account(account).Users
	if users[name] != nil {
		return fmt.Errorf("%s exists already", describe("user", account, name))
	}
	users[name] = &User{}
	return nil
}

// CreateRole adds a role to an account.
func (d *Document) CreateRole(account, name string, trust *Policy, most time.Duration) error {
	if err := checkName("role", name); err != nil {
		return err
	}
	roles := d.account(account).Roles
	if roles[name] != nil {
		return fmt.Errorf("%s exists already", describe("role", account, name))
	}
	roles[name] = &Role{TrustPolicy: trust, MaxSessionDuration: duration(most)}
	return nil
}

func (d *Document) user(account, name string) (*User, error) {
	if a := d.Accounts[account]; a != nil && a.Users[name] != nil {
		return a.Users[name], nil
	}
	return nil, missing(describe("user", account, name))
}

func (d *Document) role(account, name string) (*Role, error) {
	if a := d.Accounts[account]; a != nil && a.Roles[name] != nil {
		return a.Roles[name], nil
	}
	return nil, missing(describe("role", account, name))
}

// permissions gives what may be attached to; kind is user or role.
func (d *Document) permissions(account, kind, name string) (*Permissions, error) {
	if kind == "role" {
		r, err := d.role(account, name)
		if err != nil {
			return nil, err
		}
		return &r.Permissions, nil
	}
	u, err := d.user(account, name)
	if err != nil {
		return nil, err
	}
	return &u.Permissions, nil
}

// Attach attaches a managed policy to a user or role; kind is user or role.
func (d *Document) Attach(account, kind, name, policyName string) error {
	p, err := d.permissions(account, kind, name)
	if err != nil {
		return err
	}
	if slices.Contains(p.Policies, policyName) {
		return fmt.Errorf("policy %s is attached to %s already", policyName, describe(kind, account, name))
	}
	p.Policies = append(p.Policies, policyName)
	return nil
}

// Detach takes a policy away from a user or role: an attached one, or an inline one.
func (d *Document) Detach(account, kind, name, policyName string) error {
	p, err := d.permissions(account, kind, name)
	if err != nil {
		return err
	}
	i := slices.Index(p.Policies, policyName)
	_, inline := p.InlinePolicies[policyName]
	switch {
	case i >= 0 && inline:
		return fmt.Errorf("%s has both an attached and an inline policy %s", describe(kind, account, name), policyName)
	case i >= 0:
		p.Policies = slices.Delete(p.Policies, i, i+1)
	case inline:
		delete(p.InlinePolicies, policyName)
	default:
		return fmt.Errorf("policy %s is not attached to %s", policyName, describe(kind, account, name))
	}
	return nil
}

// PutPolicy adds or replaces a customer managed policy.
func (d *Document) PutPolicy(name string, p *Policy) error {
	if d.Policies == nil {
		d.Policies = map[string]*Policy{}
	}
	d.Policies[name] = p
	return checkPolicyName(name)
}

// PutInline adds or replaces a policy inside a user or role; kind is user or role.
func (d *Document) PutInline(account, kind, name, policyName string, text *Policy) error {
	p, err := d.permissions(account, kind, name)
	if err != nil {
		return err
	}
	if p.InlinePolicies == nil {
		p.InlinePolicies = map[string]*Policy{}
	}
	p.InlinePolicies[policyName] = text
	return checkPolicyName(policyName)
}

// Key finds an access key and whose it is.
func (d *Document) Key(id string) (key *AccessKey, account, user string, err error) {
	for account, a := range d.Accounts {
		for user, u := range a.Users {
			for _, k := range u.AccessKeys {
				if k.ID == id {
					return k, account, user, nil
				}
			}
		}
	}
	return nil, "", "", missing("access key " + id)
}

// DeleteKey removes an access key, which from then on nobody can sign with.
func (d *Document) DeleteKey(id string) error {
	_, account, user, err := d.Key(id)
	if err != nil {
		return err
	}
	u := d.Accounts[account].Users[user]
	u.AccessKeys = slices.DeleteFunc(u.AccessKeys, func(k *AccessKey) bool { return k.ID == id })
	return nil
}

// RevokeSessions refuses the sessions of a role that began before a time.
func (d *Document) RevokeSessions(account, name string, before time.Time) error {
	r, err := d.role(account, name)
	if err != nil {
		return err
	}
	r.SessionsNotBefore = before.UTC()
	return nil
}

// DeleteUser removes a user with its keys.
func (d *Document) DeleteUser(account, name string) error {
	if _, err := d.user(account, name); err != nil {
		return err
	}
	delete(d.Accounts[account].Users, name)
	return nil
}

// DeleteRole removes a role, which ends its sessions.
func (d *Document) DeleteRole(account, name string) error {
	if _, err := d.role(account, name); err != nil {
		return err
	}
	delete(d.Accounts[account].Roles, name)
	return nil
}

// DeleteAccount removes an account without users and roles. What the account has in the hub
// stays.
func (d *Document) DeleteAccount(id string) error {
	a := d.Accounts[id]
	if a == nil {
		return missing("account " + id)
	}
	if n := len(a.Users) + len(a.Roles); n > 0 {
		names := slices.Concat(slices.Sorted(maps.Keys(a.Users)), slices.Sorted(maps.Keys(a.Roles)))
		return fmt.Errorf("account %s still has %d users and roles (%s ...); delete them first", id, n, names[0])
	}
	delete(d.Accounts, id)
	return nil
}

// DeletePolicy removes a customer managed policy, which nobody may have attached.
func (d *Document) DeletePolicy(name string) error {
	if d.Policies[name] == nil {
		return missing("policy " + name)
	}
	delete(d.Policies, name)
	return nil
}
