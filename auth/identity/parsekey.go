package identity

import (
	"fmt"

	"github.com/goccy/go-yaml/ast"
)

func (p *documentParser) keys(e entry, u *User) error {
	nodes, err := p.list(e)
	if err != nil {
		return err
	}
	for i, n := range nodes {
		k, err := p.key(n, fmt.Sprintf("%s[%d]", e.path, i))
		if err != nil {
			return err
		}
		u.AccessKeys = append(u.AccessKeys, k)
	}
	return nil
}

// key reads one access key. No message quotes a value of it but the id and the status:
// a secret may stand in a wrong place.
func (p *documentParser) key(n ast.Node, path string) (*AccessKey, error) {
	k := &AccessKey{at: position{p.file, lineOf(n)}}
	sources := 0
	source := func(into *string) func(entry) error {
		return func(e entry) error {
			sources++
			if err := p.text(into)(e); err != nil {
				return err
			}
			if *into == "" {
				return p.fail(e.line, "%s is empty", e.path)
			}
			return nil
		}
	}
	err := p.fields(n, path, map[string]func(entry) error{
		"id":            p.text(&k.ID),
		"status":        p.text(&k.Status),
		"sealed-secret": source(&k.SealedSecret),
		"secret-file":   source(&k.SecretFile),
		"secret-env":    source(&k.SecretEnv),
		"secret":        source((*string)(&k.Secret)),
	})
	if err != nil {
		return nil, err
	}
	return k, p.checkKey(k, path, sources)
}

// checkKey refuses what is no key.
func (p *documentParser) checkKey(k *AccessKey, path string, sources int) error {
	switch {
	case !ValidKeyID(k.ID):
		return k.at.fail("%s.id %q is not 16 to 128 capital letters and digits", path, k.ID)
	case isSessionKey(k.ID):
		return k.at.fail("%s.id %q begins with %s, as only keys of sessions do", path, k.ID, sessionKeyPrefix)
	case k.Status != "" && k.Status != KeyActive && k.Status != KeyInactive:
		return k.at.fail("%s.status %q is neither %s nor %s", path, k.Status, KeyActive, KeyInactive)
	case sources != 1:
		return k.at.fail("%s needs exactly one of sealed-secret, secret-file, secret-env and secret", path)
	}
	return nil
}
