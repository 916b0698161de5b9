package identity

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// The longest names, in characters (IAM's quotas).
const (
	maxName       = 64
	maxPolicyName = 128
	maxTags       = 50
	maxTagKey     = 128
	maxTagValue   = 256
)

// nameChars says whether a name has only the characters that IAM allows and at most so many.
func nameChars(s string, most int) bool {
	if s == "" || len(s) > most {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !isAlphanumeric(c) && !strings.ContainsRune("_+=,.@-", rune(c)) {
			return false
		}
	}
	return true
}

func isAlphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// checkName refuses names of users and roles that IAM would refuse, and root, whose ARN
// would read as the account's.
func checkName(what, name string) error {
	if !nameChars(name, maxName) {
		return fmt.Errorf("the name of a %s is 1 to %d letters, digits and _+=,.@-, not %q", what, maxName, name)
	}
	if strings.EqualFold(name, "root") {
		return fmt.Errorf("a %s cannot be called root", what)
	}
	return nil
}

func checkPolicyName(name string) error {
	if !nameChars(name, maxPolicyName) {
		return fmt.Errorf("the name of a policy is 1 to %d letters, digits and _+=,.@-, not %q", maxPolicyName, name)
	}
	return nil
}

// maxAccountName is the longest name of an account, in characters.
const maxAccountName = 50

// checkAccountName refuses a name that is too long, cannot be printed on a line or is root.
func checkAccountName(name string) error {
	if utf8.RuneCountInString(name) > maxAccountName || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return fmt.Errorf("the name of an account is at most %d characters on one line", maxAccountName)
	}
	if strings.EqualFold(name, "root") {
		return errors.New("an account cannot be called root")
	}
	return nil
}

// checkTag refuses tags that IAM would refuse; n is how many there are with this one.
func checkTag(key, value string, n int) error {
	switch {
	case key == "" || utf8.RuneCountInString(key) > maxTagKey:
		return fmt.Errorf("the key of a tag is 1 to %d characters", maxTagKey)
	case utf8.RuneCountInString(value) > maxTagValue:
		return fmt.Errorf("the value of a tag is at most %d characters", maxTagValue)
	case n > maxTags:
		return fmt.Errorf("there are more than %d tags", maxTags)
	}
	return nil
}

// validOrganization says whether an id is an organisation's.
func validOrganization(id string) bool {
	rest, ok := strings.CutPrefix(id, "o-")
	if !ok || len(rest) < 10 || len(rest) > 32 {
		return false
	}
	for i := range len(rest) {
		if c := rest[i]; !isAlphanumeric(c) || 'A' <= c && c <= 'Z' {
			return false
		}
	}
	return true
}

// ValidKeyID says whether an id may be an access key's: 16 to 128 capital letters and digits.
func ValidKeyID(id string) bool {
	if len(id) < 16 || len(id) > 128 {
		return false
	}
	for i := range len(id) {
		if c := id[i]; !isAlphanumeric(c) || 'a' <= c && c <= 'z' {
			return false
		}
	}
	return true
}

// What ids begin with says what they are of, as in the service.
const (
	userKeyPrefix    = "AKIA"
	sessionKeyPrefix = "ASIA"
	userIDPrefix     = "AIDA"
	roleIDPrefix     = "AROA"
)

// isSessionKey says whether a key is that of a session, which has a token.
func isSessionKey(id string) bool { return strings.HasPrefix(id, sessionKeyPrefix) }

// base32Upper is the alphabet of the service's ids.
var base32Upper = base32.StdEncoding.WithPadding(base32.NoPadding)

// uniqueID is the id of a user or a role. It follows from the name, so that it needs no
// place to be kept in; unlike in the service, whoever is made again has the old id again.
func uniqueID(prefix, account, name string) string {
	sum := sha256.Sum256([]byte(prefix + "\x00" + account + "\x00" + name))
	return prefix + base32Upper.EncodeToString(sum[:])[:17]
}

// newKey makes an access key id of 20 characters and a secret of 40, with 80 and 240 bits
// of chance.
func newKey(prefix string, random io.Reader) (id string, secret Secret, err error) {
	var b [40]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", "", fmt.Errorf("making a key: %w", err)
	}
	return prefix + base32Upper.EncodeToString(b[:10]), Secret(base64.StdEncoding.EncodeToString(b[10:])), nil
}
