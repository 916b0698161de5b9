package identity

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/findinghub/findinghub/auth"
	"github.com/findinghub/findinghub/auth/policy"
)

// Snapshot is everything that both files said at one moment. It is immutable and safe for
// concurrent use; so is everything that it gives.
type Snapshot struct {
	accounts     map[string]*AccountView
	policies     map[string]policy.Named
	keys         map[string]*Key
	organization *auth.Organization
	// places are where accounts, users, roles and policies are written down, by the words
	// that messages call them by.
	places map[string]position
}

// AccountView is an account as both files together have it.
type AccountView struct {
	ID    string
	Name  string
	users map[string]*Entity
	roles map[string]*Entity
}

// Users are the account's users by name.
func (a *AccountView) Users() []*Entity { return inOrder(a.users) }

// Roles are the account's roles by name.
func (a *AccountView) Roles() []*Entity { return inOrder(a.roles) }

// Entity is a user or a role with its policies ready to decide.
type Entity struct {
	Account string
	Name    string
	// ID is the unique id, AIDA... of a user, AROA... of a role.
	ID string
	// Policies are the identity policies and the boundary.
	Policies policy.Policies
	Tags     map[string]string
	// Attached, Inline and Boundary are the names of the policies.
	Attached []string
	Inline   []string
	Boundary string
	// Managed says that the entity is in the file that the command line keeps.
	Managed bool
	// Keys are a user's access keys in the file's order.
	Keys []*Key
	// Trust is a role's trust policy, nil for a user.
	Trust *policy.Document
	// MaxSession bounds a role's sessions.
	MaxSession time.Duration
	// NotBefore revokes a role's sessions that began earlier; zero revokes none.
	NotBefore time.Time

	// context has the condition keys that are the same in every request.
	context policy.Context
}

// IsRole tells roles from users.
func (e *Entity) IsRole() bool { return e.Trust != nil }

// ARN names the user or role in a partition: aws, aws-cn, aws-us-gov.
func (e *Entity) ARN(partition string) string {
	kind := "user"
	if e.IsRole() {
		kind = "role"
	}
	return "arn:" + partition + ":iam::" + e.Account + ":" + kind + "/" + e.Name
}

// Key is a user's access key with its secret.
type Key struct {
	ID     string
	Active bool
	User   *Entity
	// secret is behind a pointer, because package fmt goes past Format when it complains
	// about a verb, but never follows a pointer inside a struct.
	secret *Secret
}

// Secret is the key's secret, "" where the directory has none.
func (k *Key) Secret() Secret { return *k.secret }

// Key finds an access key, nil if there is none.
func (s *Snapshot) Key(id string) *Key { return s.keys[id] }

// Account finds an account, nil if there is none.
func (s *Snapshot) Account(id string) *AccountView { return s.accounts[id] }

// Accounts are all accounts by id.
func (s *Snapshot) Accounts() []*AccountView { return inOrder(s.accounts) }

// CustomerPolicies are the names of the customer managed policies.
func (s *Snapshot) CustomerPolicies() []string { return slices.Sorted(maps.Keys(s.policies)) }

// User finds a user by ARN, nil if there is none.
func (s *Snapshot) User(arn string) *Entity {
	if a, ok := parseARN(arn); ok && a.kind == "user" {
		return s.user(a.account, a.name)
	}
	return nil
}

// Role finds a role by ARN, nil if there is none.
func (s *Snapshot) Role(arn string) *Entity {
	if a, ok := parseARN(arn); ok && a.kind == "role" {
		return s.role(a.account, a.name)
	}
	return nil
}

func (s *Snapshot) user(account, name string) *Entity {
	if a := s.accounts[account]; a != nil {
		return a.users[name]
	}
	return nil
}

func (s *Snapshot) role(account, name string) *Entity {
	if a := s.accounts[account]; a != nil {
		return a.roles[name]
	}
	return nil
}

// Policy finds a managed policy by name, the built-in ones among them.
func (s *Snapshot) Policy(name string) (policy.Named, bool) {
	if p, ok := s.policies[name]; ok {
		return p, true
	}
	return builtinPolicy(name)
}

// Organization is the organisation that an account belongs to, nil if it belongs to none.
func (s *Snapshot) Organization(account string) *auth.Organization {
	if s.organization.Includes(account) {
		return s.organization
	}
	return nil
}

// Where is FILE:LINE of an account, user, role or policy by the words of its errors, such
// as "user scanner of account 111122223333"; "" if there is no such thing.
func (s *Snapshot) Where(what string) string {
	if at, ok := s.places[what]; ok {
		return at.String()
	}
	return ""
}

func inOrder[T any](m map[string]T) []T {
	list := make([]T, 0, len(m))
	for _, name := range slices.Sorted(maps.Keys(m)) {
		list = append(list, m[name])
	}
	return list
}

// arn is the ARN of a user, a role or a role's session.
type arn struct {
	partition, account string
	kind               string // user, role, assumed-role
	name               string
	session            string // of an assumed-role
}

// parseARN takes an ARN apart. Names have no slashes, because the files have no paths.
func parseARN(text string) (arn, bool) {
	parts := strings.SplitN(text, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[3] != "" || !auth.ValidAccount(parts[4]) {
		return arn{}, false
	}
	a := arn{partition: parts[1], account: parts[4]}
	names := strings.Split(parts[5], "/")
	a.kind = names[0]
	switch {
	case parts[2] == "iam" && (a.kind == "user" || a.kind == "role") && len(names) == 2:
		a.name = names[1]
	case parts[2] == "sts" && a.kind == "assumed-role" && len(names) == 3:
		a.name, a.session = names[1], names[2]
	default:
		return arn{}, false
	}
	return a, a.name != ""
}
