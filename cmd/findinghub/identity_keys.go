package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/findinghub/findinghub/auth/identity"
)

type createKeyCommand struct {
	Account string `arg:"" help:"The account's id."`
	User    string `arg:"" help:"The user's name."`

	JSON bool `name:"json" help:"Print JSON."`
}

// Run makes the key.
func (c *createKeyCommand) Run(m *Main, in *identityCommand) error {
	var key newKey
	err := in.change(m, func(d *identity.Directory, doc *identity.Document) (err error) {
		key, err = makeKey(d, doc, c.Account, c.User)
		return err
	})
	if err != nil {
		return err
	}
	return key.print(m, c.JSON)
}

// newKey is a key on its one way to its user.
type newKey struct {
	UserName        string
	AccessKeyID     string `json:"AccessKeyId"`
	SecretAccessKey string
}

func makeKey(d *identity.Directory, doc *identity.Document, account, user string) (newKey, error) {
	id, secret, err := d.NewKey(doc, account, user)
	return newKey{UserName: user, AccessKeyID: id, SecretAccessKey: string(secret)}, err
}

// print shows the secret. What is to be pasted goes to the standard output alone.
func (k newKey) print(m *Main, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(m.Stdout).Encode(k)
	}
	fmt.Fprintln(m.Stderr, "The secret is not shown again; whoever has lost it makes another key.")
	return m.done("export AWS_ACCESS_KEY_ID=%s\nexport AWS_SECRET_ACCESS_KEY=%s", k.AccessKeyID, k.SecretAccessKey)
}

type rotateKeyCommand struct {
	Key string `arg:"" help:"The id of the key to be replaced."`

	DeactivateOld bool `help:"Refuse the old key from now on; else it stays active until it is revoked."`
	JSON          bool `name:"json" help:"Print JSON."`
}

// Run makes the new key.
func (c *rotateKeyCommand) Run(m *Main, in *identityCommand) error {
	var key newKey
	err := in.change(m, func(d *identity.Directory, doc *identity.Document) error {
		old, account, user, err := doc.Key(c.Key)
		if err != nil {
			return err
		}
		if c.DeactivateOld {
			old.Status = identity.KeyInactive
		}
		key, err = makeKey(d, doc, account, user)
		return err
	})
	if err != nil {
		return err
	}
	if !c.DeactivateOld {
		fmt.Fprintf(m.Stderr, "%s stays active. When nothing uses it any more: findinghub identity revoke-key %s\n", c.Key, c.Key)
	}
	return key.print(m, c.JSON)
}

type revokeKeyCommand struct {
	Key string `arg:"" help:"The key's id."`
}

// Run removes the key.
func (c *revokeKeyCommand) Run(m *Main, in *identityCommand) error {
	err := in.change(m, func(_ *identity.Directory, doc *identity.Document) error {
		return doc.DeleteKey(c.Key)
	})
	if err != nil {
		return err
	}
	return m.done("access key %s was revoked", c.Key)
}

type revokeSessionsCommand struct {
	Account string `arg:"" help:"The account's id."`
	Role    string `arg:"" help:"The role's name."`
}

// Run ends the role's sessions. Tokens count whole seconds, so that those of the current one
// end, too.
func (c *revokeSessionsCommand) Run(m *Main, in *identityCommand) error {
	now := time.Now().UTC().Truncate(time.Second).Add(time.Second)
	err := in.change(m, func(_ *identity.Directory, doc *identity.Document) error {
		return doc.RevokeSessions(c.Account, c.Role, now)
	})
	if err != nil {
		return err
	}
	return m.done("sessions of role %s of account %s that began before %s were revoked", c.Role, c.Account, now.Format(time.RFC3339))
}

type sealCommand struct {
	Key string `arg:"" help:"The id of the access key that the secret belongs to."`

	Recipient string `placeholder:"age1..." help:"Seal for the hub with this public key instead of this hub."`
}

// Help is what seal --help says beyond its flags.
func (*sealCommand) Help() string {
	return `The secret is read from the standard input. What is printed stands in the declared file after sealed-secret: and is
good for this key id alone.

  findinghub identity seal AKIAIOSFODNN7EXAMPLE < secret`
}

// Run seals what is on the standard input.
func (c *sealCommand) Run(m *Main, in *identityCommand) error {
	text, err := io.ReadAll(io.LimitReader(m.Stdin, 1<<16))
	if err != nil {
		return usagef("the standard input cannot be read: %w", err)
	}
	secret := identity.Secret(strings.TrimRight(string(text), "\r\n"))
	sealed, err := c.seal(m, in, secret)
	if err != nil {
		return usageError{err}
	}
	return m.done("%s", sealed)
}

func (c *sealCommand) seal(m *Main, in *identityCommand, secret identity.Secret) (string, error) {
	if c.Recipient != "" {
		return identity.SealTo(c.Recipient, c.Key, secret)
	}
	s, err := newSealer(m, in.DataDir, in.SealKeyFile)
	if err != nil {
		return "", err
	}
	return s.Seal(c.Key, secret)
}
