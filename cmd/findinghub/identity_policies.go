package main

import (
	"github.com/findinghub/findinghub/auth/identity"
	"github.com/findinghub/findinghub/auth/policy"
)

type attachPolicyCommand struct {
	Account string `arg:"" help:"The account's id."`
	To      target `arg:"" help:"user/NAME or role/NAME."`
	Policy  string `arg:"" help:"The name of a managed policy."`
}

// Run attaches the policy.
func (c *attachPolicyCommand) Run(m *Main, in *identityCommand) error {
	err := in.change(m, func(_ *identity.Directory, doc *identity.Document) error {
		return doc.Attach(c.Account, c.To.kind, c.To.name, c.Policy)
	})
	if err != nil {
		return err
	}
	return m.done("policy %s was attached to %s of account %s", c.Policy, c.To, c.Account)
}

type detachPolicyCommand struct {
	Account string `arg:"" help:"The account's id."`
	From    target `arg:"" help:"user/NAME or role/NAME."`
	Policy  string `arg:"" help:"The name of an attached or inline policy."`
}

// Run takes the policy away.
func (c *detachPolicyCommand) Run(m *Main, in *identityCommand) error {
	err := in.change(m, func(_ *identity.Directory, doc *identity.Document) error {
		return doc.Detach(c.Account, c.From.kind, c.From.name, c.Policy)
	})
	if err != nil {
		return err
	}
	return m.done("policy %s was taken from %s of account %s", c.Policy, c.From, c.Account)
}

type putPolicyCommand struct {
	Policy string `arg:"" help:"The policy's name."`
	File   string `arg:"" help:"The policy document, YAML or JSON; - is standard input."`
}

// Run keeps the policy.
func (c *putPolicyCommand) Run(m *Main, in *identityCommand) error {
	p, err := m.readPolicy(c.File, policy.Identity)
	if err != nil {
		return err
	}
	err = in.change(m, func(_ *identity.Directory, doc *identity.Document) error {
		return doc.PutPolicy(c.Policy, p)
	})
	if err != nil {
		return err
	}
	return m.done("policy %s was kept", c.Policy)
}

type putInlinePolicyCommand struct {
	Account string `arg:"" help:"The account's id."`
	Into    target `arg:"" help:"user/NAME or role/NAME."`
	Policy  string `arg:"" help:"The policy's name."`
	File    string `arg:"" help:"The policy document, YAML or JSON; - is standard input."`
}

// Run keeps the policy.
func (c *putInlinePolicyCommand) Run(m *Main, in *identityCommand) error {
	p, err := m.readPolicy(c.File, policy.Identity)
	if err != nil {
		return err
	}
	err = in.change(m, func(_ *identity.Directory, doc *identity.Document) error {
		return doc.PutInline(c.Account, c.Into.kind, c.Into.name, c.Policy, p)
	})
	if err != nil {
		return err
	}
	return m.done("policy %s was kept in %s of account %s", c.Policy, c.Into, c.Account)
}

type deletePolicyCommand struct {
	Policy string `arg:"" help:"The policy's name."`
}

// Run removes the policy.
func (c *deletePolicyCommand) Run(m *Main, in *identityCommand) error {
	err := in.change(m, func(_ *identity.Directory, doc *identity.Document) error {
		return doc.DeletePolicy(c.Policy)
	})
	if err != nil {
		return err
	}
	return m.done("policy %s was deleted", c.Policy)
}
