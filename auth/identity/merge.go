package identity

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/findinghub/findinghub/auth"
	"github.com/findinghub/findinghub/auth/policy"
)

// merging makes one snapshot of two documents. What is in both is refused, except for
// accounts: which of two users, keys or policies holds would be a guess.
type merging struct {
	secrets  *secrets
	snapshot *Snapshot
	// folded are the names that are taken, without capitals: IAM's names differ in more than those.
	folded map[string]position
	org    *Organization
}

// merge makes the snapshot. The second document is the managed one. Any may be nil.
func merge(declared, managed *Document, s *secrets) (*Snapshot, error) {
	m := &merging{secrets: s, folded: map[string]position{}, snapshot: &Snapshot{
		accounts: map[string]*AccountView{}, policies: map[string]policy.Named{}, keys: map[string]*Key{}, places: map[string]position{},
	}}
	// All policies come before the first user: either file may use the other's.
	for _, step := range []func(*Document, bool) error{m.policies, m.accounts, m.keys} {
		for _, d := range []*Document{declared, managed} {
			if d == nil {
				continue
			}
			if err := step(d, d == managed); err != nil {
				return nil, err
			}
		}
	}
	return m.snapshot, m.organize()
}

// claim takes a name, once.
func (m *merging) claim(what, name string, at position) error {
	key := what + " " + name
	if other, taken := m.folded[strings.ToLower(key)]; taken {
		return at.fail("%s is also at %s", key, other)
	}
	m.folded[strings.ToLower(key)] = at
	m.snapshot.places[key] = at
	return nil
}

func (m *merging) policies(d *Document, _ bool) error {
	if d.Organization != nil {
		if m.org != nil {
			return d.Organization.at.fail("the organization is also at %s", m.org.at)
		}
		m.org = d.Organization
	}
	for _, name := range slices.Sorted(maps.Keys(d.Policies)) {
		p := d.Policies[name]
		if _, builtin := builtinPolicy(name); builtin {
			return p.at.fail("policy %s is built in and cannot be replaced", name)
		}
		if err := m.claim("policy", name, p.at); err != nil {
			return err
		}
		m.snapshot.policies[name] = policy.Named{Name: name, Document: p.Document}
	}
	return nil
}

func (m *merging) accounts(d *Document, managed bool) error {
	for _, id := range slices.Sorted(maps.Keys(d.Accounts)) {
		if err := m.account(id, d.Accounts[id], managed); err != nil {
			return err
		}
	}
	return nil
}

func (m *merging) account(id string, a *Account, managed bool) error {
	view := m.snapshot.accounts[id]
	if view == nil {
		view = &AccountView{ID: id, users: map[string]*Entity{}, roles: map[string]*Entity{}}
		m.snapshot.accounts[id] = view
		m.snapshot.places["account "+id] = a.at
	}
	if a.Name != "" {
		if view.Name != "" && view.Name != a.Name {
			return a.at.fail("account %s has another name at %s", id, m.snapshot.places["account "+id])
		}
		view.Name = a.Name
	}
	for _, name := range slices.Sorted(maps.Keys(a.Users)) {
		e, err := m.entity("user", id, name, &a.Users[name].Permissions)
		if err != nil {
			return err
		}
		e.Managed = managed
		view.users[name] = e
	}
	for _, name := range slices.Sorted(maps.Keys(a.Roles)) {
		e, err := m.entity("role", id, name, &a.Roles[name].Permissions)
		if err != nil {
			return err
		}
		e.Managed = managed
		e.beRole(a.Roles[name])
		view.roles[name] = e
	}
	return nil
}

// beRole adds what roles have beyond users.
func (e *Entity) beRole(r *Role) {
	e.ID = uniqueID(roleIDPrefix, e.Account, e.Name)
	e.Trust, e.NotBefore = r.TrustPolicy.Document, r.SessionsNotBefore
	e.MaxSession = time.Duration(r.MaxSessionDuration)
	if e.MaxSession == 0 {
		e.MaxSession = defaultSession
	}
	delete(e.context, keyUserName)
}

// entity makes a user, or the part of a role that is like one.
func (m *merging) entity(kind, account, name string, p *Permissions) (*Entity, error) {
	if err := m.claim(kind, name+" of account "+account, p.at); err != nil {
		return nil, err
	}
	e := &Entity{
		Account: account, Name: name, ID: uniqueID(userIDPrefix, account, name), Tags: p.Tags,
		Attached: p.Policies, Inline: slices.Sorted(maps.Keys(p.InlinePolicies)), Boundary: p.PermissionsBoundary,
	}
	for _, name := range p.Policies {
		found, err := m.attached(name, p)
		if err != nil {
			return nil, err
		}
		e.Policies.Identity = append(e.Policies.Identity, found)
	}
	for _, name := range e.Inline {
		e.Policies.Identity = append(e.Policies.Identity, policy.Named{Name: name, Document: p.InlinePolicies[name].Document})
	}
	if p.PermissionsBoundary != "" {
		found, err := m.attached(p.PermissionsBoundary, p)
		if err != nil {
			return nil, err
		}
		e.Policies.Boundary = &found
	}
	e.context = entityContext(e)
	return e, nil
}

// attached finds a policy that a user or role names.
func (m *merging) attached(name string, p *Permissions) (policy.Named, error) {
	found, ok := m.snapshot.Policy(name)
	if !ok {
		at := p.at
		if line := p.lines[name]; line != 0 {
			at.line = line
		}
		return policy.Named{}, at.fail("there is no policy %q", name)
	}
	return found, nil
}

// keys adds the access keys of all users.
func (m *merging) keys(d *Document, _ bool) error {
	for _, id := range slices.Sorted(maps.Keys(d.Accounts)) {
		users := d.Accounts[id].Users
		for _, name := range slices.Sorted(maps.Keys(users)) {
			for _, k := range users[name].AccessKeys {
				if err := m.key(k, m.snapshot.user(id, name)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (m *merging) key(k *AccessKey, user *Entity) error {
	if err := m.claim("access key", k.ID, k.at); err != nil {
		return err
	}
	secret, err := m.secrets.of(k)
	if err != nil {
		var placed *FileError
		if errors.As(err, &placed) {
			return err
		}
		return k.at.fail("access key %s: %s", k.ID, err)
	}
	key := &Key{ID: k.ID, secret: &secret, Active: k.Status != KeyInactive, User: user}
	user.Keys = append(user.Keys, key)
	m.snapshot.keys[k.ID] = key
	return nil
}

// organize finds out who is in the organisation.
func (m *merging) organize() error {
	if m.org == nil {
		return nil
	}
	o := &auth.Organization{ID: m.org.ID, ManagementAccount: m.org.ManagementAccount, Accounts: slices.Clone([]string(m.org.Accounts))}
	if m.org.Accounts == nil {
		o.Accounts = slices.Sorted(maps.Keys(m.snapshot.accounts))
	} else if !slices.Contains(o.Accounts, o.ManagementAccount) {
		o.Accounts = append(o.Accounts, o.ManagementAccount)
	}
	slices.Sort(o.Accounts)
	for _, id := range append(o.Accounts, o.ManagementAccount) {
		if m.snapshot.accounts[id] == nil {
			return m.org.at.fail("the organization names account %s, which is not under accounts", id)
		}
	}
	m.snapshot.organization = o
	for _, a := range m.snapshot.accounts {
		m.orgContext(a)
	}
	return nil
}

// orgContext tells the users and roles of a member which organisation they are in.
func (m *merging) orgContext(a *AccountView) {
	if !m.snapshot.organization.Includes(a.ID) {
		return
	}
	for _, entities := range []map[string]*Entity{a.users, a.roles} {
		for _, e := range entities {
			e.context[keyPrincipalOrgID] = []string{m.snapshot.organization.ID}
		}
	}
}

// describe is what messages call a user or role.
func describe(kind, account, name string) string {
	return fmt.Sprintf("%s %s of account %s", kind, name, account)
}
