// Package identity knows the accounts of a hub, their users, roles and access keys, and
// finds out which of them a signed request comes from. What it knows stands in two files
// of one format: one that people write, one that the command line keeps.
package identity

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/findinghub/findinghub/auth/policy"
)

// Document is one file of accounts and policies. Only the parser and Directory.Update
// make one; it is not safe for concurrent use.
type Document struct {
	// Organization is nil where the file declares none.
	Organization *Organization       `json:"organization,omitempty"`
	Accounts     map[string]*Account `json:"accounts,omitempty"`
	// Policies are the customer managed policies by name; all accounts share them.
	Policies map[string]*Policy `json:"policies,omitempty"`
}

// Organization groups accounts under one management account.
type Organization struct {
	ID                string `json:"id"`
	ManagementAccount string `json:"management-account"`
	// Accounts are the ids of the members; nil means every account that either file declares.
	Accounts accountList `json:"accounts"`

	at position
}

// accountList is a list of account ids, or the word "all" for nil.
type accountList []string

// everyAccount is how a file says that all accounts are meant.
const everyAccount = "all"

// MarshalJSON writes the list as files have it.
func (l accountList) MarshalJSON() ([]byte, error) {
	if l == nil {
		return json.Marshal(everyAccount)
	}
	return json.Marshal([]string(l))
}

// Account is what a file says about one account.
type Account struct {
	Name  string           `json:"name,omitempty"`
	Users map[string]*User `json:"users,omitempty"`
	Roles map[string]*Role `json:"roles,omitempty"`

	at position
}

// Permissions are what users and roles have in common.
type Permissions struct {
	// Policies are names of managed policies, AWS's or those of the documents.
	Policies            []string           `json:"policies,omitempty"`
	InlinePolicies      map[string]*Policy `json:"inline-policies,omitempty"`
	PermissionsBoundary string             `json:"permissions-boundary,omitempty"`
	Tags                map[string]string  `json:"tags,omitempty"`

	at    position
	lines map[string]int // of the names of attached policies
}

// User is a user of an account.
type User struct {
	Permissions
	AccessKeys []*AccessKey `json:"access-keys,omitempty"`
}

// Role is a role of an account.
type Role struct {
	Permissions
	TrustPolicy *Policy `json:"trust-policy"`
	// MaxSessionDuration is from 15 minutes to 12 hours; 0 stands for an hour.
	MaxSessionDuration duration `json:"max-session-duration,omitzero"`
	// SessionsNotBefore revokes every session that began earlier.
	SessionsNotBefore time.Time `json:"sessions-not-before,omitzero"`
}

// duration is written as Go writes durations.
type duration time.Duration

// MarshalText writes the duration as files have it.
func (d duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// AccessKey is a user's key. Its secret comes from exactly one of four places.
type AccessKey struct {
	ID string `json:"id"`
	// Status is active or inactive; "" is active.
	Status       string `json:"status,omitempty"`
	SealedSecret string `json:"sealed-secret,omitempty"`
	SecretFile   string `json:"secret-file,omitempty"`
	SecretEnv    string `json:"secret-env,omitempty"`
	Secret       Secret `json:"secret,omitempty"`

	at position
}

// The states of an access key.
const (
	KeyActive   = "active"
	KeyInactive = "inactive"
)

// Secret is a secret access key. Whatever prints it prints something else; only what
// converts it to a string sees it.
type Secret string

// Format stands in for the secret under every verb.
func (Secret) Format(f fmt.State, _ rune) { fmt.Fprint(f, "[secret]") }

// Policy is a policy document inside a file.
type Policy struct {
	// Text is the policy in JSON.
	Text json.RawMessage
	*policy.Document

	at position
}

// MarshalJSON writes the policy as JSON inside the document.
func (p *Policy) MarshalJSON() ([]byte, error) { return p.Text, nil }

// position is where something stands, for messages.
type position struct {
	file string
	line int
}

// String gives FILE:LINE.
func (p position) String() string { return fmt.Sprintf("%s:%d", p.file, p.line) }

// fail makes an error about what stands there.
func (p position) fail(format string, args ...any) error {
	return &FileError{File: p.file, Line: p.line, Message: fmt.Sprintf(format, args...)}
}

// FileError is what is wrong with a file and where. It never holds a secret.
type FileError struct {
	File string
	// Line counts from 1; 0 is the whole file.
	Line    int
	Message string
}

// Error gives FILE:LINE: what is wrong.
func (e *FileError) Error() string {
	if e.Line == 0 {
		return e.File + ": " + e.Message
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Message)
}
