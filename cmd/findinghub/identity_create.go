package main

import (
	"time"

	"github.com/findinghub/findinghub/auth/identity"
	"github.com/findinghub/findinghub/auth/policy"
)

type createAccountCommand struct {
	Account string `arg:"" help:"The account's id, 12 digits."`
	Name    string `placeholder:"NAME" help:"What people call the account."`
}

// Run adds the account.
func (c *createAccountCommand) Run(m *Main, in *identityCommand) error {
	err := in.change(m, func(_ *identity.Directory, doc *identity.Document) error {
		return doc.CreateAccount(c.Account, c.Name)
	})
	if err != nil {
		return err
	}
	return m.done("account %s was created", c.Account)
}

type createUserCommand struct {
	Account string `arg:"" help:"The account's id."`
	User    string `arg:"" help:"The user's name."`
}

// Run adds the user.
func (c *createUserCommand) Run(m *Main, in *identityCommand) error {
	err := in.change(m, func(d *identity.Directory, doc *identity.Document) error {
		if err := needAccount(d, c.Account); err != nil {
			return err
		}
		return doc.CreateUser(c.Account, c.User)
	})
	if err != nil {
		return err
	}
	return m.done("user %s of account %s was created; it may do nothing yet", c.User, c.Account)
}

type createRoleCommand struct {
	Account string `arg:"" help:"The account's id."`
	Role    string `arg:"" help:"The role's name."`

	Trust              string        `required:"" placeholder:"FILE" help:"The trust policy that says who may assume the role, YAML or JSON; - is standard input."`
	MaxSessionDuration time.Duration `default:"1h" help:"How long sessions may last, 15m to 12h."`
}

// Run adds the role.
func (c *createRoleCommand) Run(m *Main, in *identityCommand) error {
	trust, err := m.readPolicy(c.Trust, policy.Trust)
	if err != nil {
		return err
	}
	err = in.change(m, func(d *identity.Directory, doc *identity.Document) error {
		if err := needAccount(d, c.Account); err != nil {
			return err
		}
		return doc.CreateRole(c.Account, c.Role, trust, c.MaxSessionDuration)
	})
	if err != nil {
		return err
	}
	return m.done("role %s of account %s was created; its sessions may do nothing yet", c.Role, c.Account)
}

type deleteUserCommand struct {
	Account string `arg:"" help:"The account's id."`
	User    string `arg:"" help:"The user's name."`
}

// Run removes the user.
func (c *deleteUserCommand) Run(m *Main, in *identityCommand) error {
	err := in.change(m, func(_ *identity.Directory, doc *identity.Document) error {
		return doc.DeleteUser(c.Account, c.User)
	})
	if err != nil {
		return err
	}
	return m.done("user %s of account %s was deleted with its keys", c.User, c.Account)
}

type deleteRoleCommand struct {
	Account string `arg:"" help:"The account's id."`
	Role    string `arg:"" help:"The role's name."`
}

// Run removes the role.
func (c *deleteRoleCommand) Run(m *Main, in *identityCommand) error {
	err := in.change(m, func(_ *identity.Directory, doc *identity.Document) error {
		return doc.DeleteRole(c.Account, c.Role)
	})
	if err != nil {
		return err
	}
	return m.done("role %s of account %s was deleted", c.Role, c.Account)
}

type deleteAccountCommand struct {
	Account string `arg:"" help:"The account's id."`
}

// Run removes the account; its findings stay.
func (c *deleteAccountCommand) Run(m *Main, in *identityCommand) error {
	err := in.change(m, func(_ *identity.Directory, doc *identity.Document) error {
		return doc.DeleteAccount(c.Account)
	})
	if err != nil {
		return err
	}
	return m.done("account %s was deleted; its findings are still there", c.Account)
}
