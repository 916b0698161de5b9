package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/findinghub/findinghub/auth/identity"
	"github.com/findinghub/findinghub/auth/policy"
)

// identityCommand has what its subcommands have in common: where identities are kept.
type identityCommand struct {
	DataDir     string `shared:"" default:"./findinghub-data" placeholder:"DIR" help:"Where the hub keeps everything; made if it is not there."`
	SealKeyFile string `shared:"" placeholder:"FILE" help:"The key that seals secrets, as age-keygen makes it; identity.key in the data directory if not given, made on first need. FINDINGHUB_SEAL_KEY may hold the key itself instead."`
	Identity    string `shared:"" placeholder:"FILE" help:"The declared identities, which the hub reads beside its own."`

	CreateAccount   createAccountCommand   `cmd:"" help:"Add an account."`
	CreateUser      createUserCommand      `cmd:"" help:"Add a user to an account."`
	CreateRole      createRoleCommand      `cmd:"" help:"Add a role to an account."`
	CreateKey       createKeyCommand       `cmd:"" help:"Make an access key for a user and show its secret once."`
	RotateKey       rotateKeyCommand       `cmd:"" help:"Make an access key for the user of another one."`
	RevokeKey       revokeKeyCommand       `cmd:"" help:"Remove an access key."`
	RevokeSessions  revokeSessionsCommand  `cmd:"" help:"End the sessions that a role has now."`
	AttachPolicy    attachPolicyCommand    `cmd:"" help:"Attach a managed policy to a user or role."`
	DetachPolicy    detachPolicyCommand    `cmd:"" help:"Take a policy from a user or role."`
	PutPolicy       putPolicyCommand       `cmd:"" help:"Add or replace a managed policy."`
	PutInlinePolicy putInlinePolicyCommand `cmd:"" help:"Add or replace a policy inside a user or role."`
	DeleteUser      deleteUserCommand      `cmd:"" help:"Remove a user with its keys."`
	DeleteRole      deleteRoleCommand      `cmd:"" help:"Remove a role, which ends its sessions."`
	DeleteAccount   deleteAccountCommand   `cmd:"" help:"Remove an account without users and roles."`
	DeletePolicy    deletePolicyCommand    `cmd:"" help:"Remove a managed policy that is not attached."`
	List            listCommand            `cmd:"" help:"Print what there is, never a secret."`
	Seal            sealCommand            `cmd:"" help:"Seal a secret for a declared file."`
	Check           checkCommand           `cmd:"" help:"Check a declared file."`
	Explain         explainCommand         `cmd:"" help:"Say whether somebody may do something, and which statement decides."`
}

// Help is what identity --help says beyond its flags.
func (*identityCommand) Help() string {
	return `Identities stand in two files of one format: identity.json in the data directory, which these commands write, and the
declared file, which people write. A hub that runs sees every change with its next request.

  findinghub identity create-account 111122223333 --name security
  findinghub identity create-user 111122223333 scanner
  findinghub identity attach-policy 111122223333 user/scanner FindingProvider
  findinghub identity create-key 111122223333 scanner
  findinghub identity explain --as arn:aws:iam::111122223333:user/scanner --action securityhub:BatchUpdateFindings`
}

// AfterApply lets the subcommands have the flags above them.
func (c *identityCommand) AfterApply(ctx *kong.Context) error { //nolint:unparam // the parser calls no method without the error
	ctx.Bind(c)
	return nil
}

// open reads both files.
func (c *identityCommand) open(m *Main) (*identity.Directory, error) {
	config, err := c.config(m)
	if err != nil {
		return nil, err
	}
	d, err := identity.Open(config)
	if err != nil {
		return nil, usageError{err}
	}
	return d, nil
}

func (c *identityCommand) config(m *Main) (identity.Config, error) {
	sealer, err := newSealer(m, c.DataDir, c.SealKeyFile)
	return identity.Config{
		DeclaredFile: c.Identity, ManagedFile: filepath.Join(c.DataDir, managedFile),
		Sealer: sealer, Random: rand.Reader, Now: time.Now, Getenv: m.Getenv,
	}, err
}

// change opens the files and changes the managed one.
func (c *identityCommand) change(m *Main, change func(*identity.Directory, *identity.Document) error) error {
	d, err := c.open(m)
	if err != nil {
		return err
	}
	err = d.Update(func(doc *identity.Document) error { return change(d, doc) })
	if errors.Is(err, identity.ErrNotFound) {
		if place := d.Snapshot().Where(identity.Missing(err)); place != "" {
			return fmt.Errorf("%s is declared at %s; change it there", identity.Missing(err), place)
		}
	}
	return err
}

// needAccount refuses to put something into an account that neither file has: a mistyped id
// would make an account of its own.
func needAccount(d *identity.Directory, id string) error {
	if d.Snapshot().Account(id) == nil {
		return fmt.Errorf("there is no account %s; add it with: findinghub identity create-account %s", id, id)
	}
	return nil
}

// done says in one line what was done.
func (m *Main) done(format string, args ...any) error {
	_, err := fmt.Fprintf(m.Stdout, format+"\n", args...)
	return err
}

// readPolicy reads a policy from a file or standard input.
func (m *Main) readPolicy(name string, kind policy.Kind) (*identity.Policy, error) {
	in, err := m.open(name)
	if err != nil {
		return nil, usagef("%s: %w", name, fileError(err))
	}
	defer in.Close()
	data, err := io.ReadAll(io.LimitReader(in, maxPolicy))
	if err != nil {
		return nil, usagef("%s: %w", name, fileError(err))
	}
	p, err := identity.ReadPolicy(name, data, kind)
	if err != nil {
		return nil, usageError{err}
	}
	return p, nil
}

// maxPolicy bounds what is read of a policy, in bytes. Policies have their own, lower bound.
const maxPolicy = 1 << 20

// target is a user or role to do something to, as user/NAME or role/NAME.
type target struct{ kind, name string }

// UnmarshalText reads a target from an argument.
func (t *target) UnmarshalText(text []byte) error {
	kind, name, ok := strings.Cut(string(text), "/")
	if !ok || kind != "user" && kind != "role" || name == "" {
		return fmt.Errorf("%q is not of the form user/NAME or role/NAME", text)
	}
	t.kind, t.name = kind, name
	return nil
}

// String gives the words that messages use.
func (t target) String() string { return t.kind + " " + t.name }
