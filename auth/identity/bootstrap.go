package identity

import "errors"

// firstUser is who a new hub lets in.
const firstUser = "admin"

// errNotFirst ends a first start that is not one.
var errNotFirst = errors.New("there are access keys already")

// Bootstrap lets the first caller into a new hub: when neither file has an access key, it
// makes the account, the user admin with AdministratorAccess and a key in the managed file.
// made is false when there are keys already; nothing is done then. The secret is kept sealed
// and cannot be told again.
func (d *Directory) Bootstrap(account string) (keyID string, secret Secret, made bool, err error) {
	if len(d.Snapshot().keys) > 0 {
		return "", "", false, nil
	}
	err = d.Update(func(doc *Document) error {
		if len(d.Snapshot().keys) > 0 { // another process was first
			return errNotFirst
		}
		doc.account(account)
		if _, exists := doc.Accounts[account].Users[firstUser]; !exists {
			if err := doc.CreateUser(account, firstUser); err != nil {
				return err
			}
			if err := doc.Attach(account, "user", firstUser, administratorAccess); err != nil {
				return err
			}
		}
		keyID, secret, err = d.NewKey(doc, account, firstUser)
		return err
	})
	if errors.Is(err, errNotFirst) {
		return "", "", false, nil
	}
	if err != nil {
		return "", "", false, err
	}
	return keyID, secret, true, nil
}

// NewKey adds an access key to a user of the managed document that Update is changing. The
// secret is kept sealed and cannot be told again.
func (d *Directory) NewKey(doc *Document, account, user string) (keyID string, secret Secret, err error) {
	u, err := doc.user(account, user)
	if err != nil {
		return "", "", err
	}
	if d.config.Sealer == nil {
		return "", "", ErrNoSealKey
	}
	keyID, secret, err = newKey(userKeyPrefix, d.config.Random)
	if err != nil {
		return "", "", err
	}
	sealed, err := d.config.Sealer.Seal(keyID, secret)
	if err != nil {
		return "", "", err
	}
	u.AccessKeys = append(u.AccessKeys, &AccessKey{ID: keyID, Status: KeyActive, SealedSecret: sealed})
	return keyID, secret, nil
}
