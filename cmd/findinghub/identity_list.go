package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/findinghub/findinghub/auth/identity"
	"github.com/findinghub/findinghub/auth/policy"
)

type listCommand struct {
	JSON bool `name:"json" help:"Print JSON."`
}

// listing is what list prints. It has no place for secrets.
type listing struct {
	Organization *listedOrganization `json:"organization,omitempty"`
	Accounts     []listedAccount     `json:"accounts"`
	Policies     []string            `json:"policies"`
	BuiltIn      []string            `json:"built-in-policies"`
}

type listedOrganization struct {
	ID                string   `json:"id"`
	ManagementAccount string   `json:"management-account"`
	Accounts          []string `json:"accounts"`
}

type listedAccount struct {
	ID    string         `json:"id"`
	Name  string         `json:"name,omitempty"`
	Users []listedEntity `json:"users"`
	Roles []listedEntity `json:"roles"`
}

type listedEntity struct {
	Name     string            `json:"name"`
	ARN      string            `json:"arn"`
	ID       string            `json:"id"`
	Policies []string          `json:"policies,omitempty"`
	Inline   []string          `json:"inline-policies,omitempty"`
	Boundary string            `json:"permissions-boundary,omitempty"`
	Tags     map[string]string `json:"tags,omitempty"`
	Declared bool              `json:"declared"`
	Keys     []listedKey       `json:"access-keys,omitempty"`
}

type listedKey struct {
	ID     string `json:"id"`
	Status string `json:"status"`
}

// Run prints both files together.
func (c *listCommand) Run(m *Main, in *identityCommand) error {
	d, err := in.open(m)
	if err != nil {
		return err
	}
	l := listed(d.Snapshot())
	if c.JSON {
		enc := json.NewEncoder(m.Stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(l)
	}
	return l.print(m.Stdout)
}

// listed takes from a snapshot what may be shown.
func listed(s *identity.Snapshot) listing {
	l := listing{Accounts: []listedAccount{}, Policies: append([]string{}, s.CustomerPolicies()...), BuiltIn: policy.ManagedNames()}
	for _, a := range s.Accounts() {
		if o := s.Organization(a.ID); o != nil {
			l.Organization = &listedOrganization{o.ID, o.ManagementAccount, o.Accounts}
		}
		l.Accounts = append(l.Accounts, listedAccount{
			ID: a.ID, Name: a.Name, Users: listedEntities(a.Users()), Roles: listedEntities(a.Roles()),
		})
	}
	return l
}

func listedEntities(entities []*identity.Entity) []listedEntity {
	list := make([]listedEntity, 0, len(entities))
	for _, e := range entities {
		shown := listedEntity{
			Name: e.Name, ARN: e.ARN("aws"), ID: e.ID, Policies: e.Attached, Inline: e.Inline,
			Boundary: e.Boundary, Tags: e.Tags, Declared: !e.Managed,
		}
		for _, k := range e.Keys {
			status := identity.KeyActive
			if !k.Active {
				status = identity.KeyInactive
			}
			shown.Keys = append(shown.Keys, listedKey{k.ID, status})
		}
		list = append(list, shown)
	}
	return list
}

// print writes for people.
func (l listing) print(w io.Writer) error {
	var b strings.Builder
	if o := l.Organization; o != nil {
		fmt.Fprintf(&b, "organization %s, managed by %s: %s\n", o.ID, o.ManagementAccount, strings.Join(o.Accounts, ", "))
	}
	for _, a := range l.Accounts {
		fmt.Fprintf(&b, "account %s %s\n", a.ID, a.Name)
		for _, e := range a.Users {
			e.print(&b, "user")
		}
		for _, e := range a.Roles {
			e.print(&b, "role")
		}
	}
	for _, name := range l.Policies {
		fmt.Fprintf(&b, "policy %s\n", name)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (e listedEntity) print(b *strings.Builder, kind string) {
	fmt.Fprintf(b, "  %s %s", kind, e.Name)
	if names := append(append([]string{}, e.Policies...), e.Inline...); len(names) > 0 {
		fmt.Fprintf(b, ": %s", strings.Join(names, ", "))
	}
	if e.Boundary != "" {
		fmt.Fprintf(b, ", within %s", e.Boundary)
	}
	if e.Declared {
		b.WriteString(" (declared)")
	}
	b.WriteByte('\n')
	for _, k := range e.Keys {
		fmt.Fprintf(b, "    key %s %s\n", k.ID, k.Status)
	}
}

type checkCommand struct {
	File string `arg:"" help:"The declared file."`

	WithoutSecrets bool `help:"Do not look for secrets, where neither the seal key nor the variables of the hub are."`
}

// Help is what check --help says beyond its flags.
func (*checkCommand) Help() string {
	return `The file is read as the hub would read it beside the identities of the data directory. The exit code is 1 if the hub
would refuse it; what is wrong is printed with its line.

  findinghub identity check --without-secrets identity.yaml`
}

// Run reads the file as the hub would.
func (c *checkCommand) Run(m *Main, in *identityCommand) error {
	together := *in
	together.Identity = c.File
	config, err := together.config(m)
	if err != nil {
		return err
	}
	config.WithoutSecrets = c.WithoutSecrets
	d, err := identity.Open(config)
	var placed *identity.FileError
	switch {
	case errors.As(err, &placed):
		fmt.Fprintln(m.Stdout, placed)
		return errReported
	case err != nil:
		return usageError{err}
	}
	s := d.Snapshot()
	return m.done("%s is good: %d accounts, %d policies", c.File, len(s.Accounts()), len(s.CustomerPolicies()))
}
