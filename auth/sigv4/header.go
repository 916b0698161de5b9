package sigv4

import (
	"strings"
	"time"
)

// readHeader reads a signature in the Authorization header.
func (s *Signature) readHeader(r *Request) error {
	authorization, err := single(r.Header, "Authorization")
	if err != nil {
		return err
	}
	parts, err := splitAuthorization(authorization)
	if err != nil {
		return err
	}
	if s.SessionToken, err = single(r.Header, "X-Amz-Security-Token"); err != nil {
		return err
	}
	if s.Time, err = headerTime(r.Header); err != nil {
		return err
	}
	return s.readParts(parts)
}

// parts are what a signature consists of wherever it stands.
type parts struct{ credential, signedHeaders, signature string }

// readParts reads what header and query have in common. Time must be known before.
func (s *Signature) readParts(p parts) error {
	if err := s.readCredential(p.credential); err != nil {
		return err
	}
	if err := s.readSignedHeaders(p.signedHeaders); err != nil {
		return err
	}
	if !isHash(p.signature) {
		return incomplete("the Signature is not 64 lower-case hexadecimal digits")
	}
	s.signature = p.signature
	return nil
}

// splitAuthorization takes the header apart. Nothing of it is repeated in messages: what
// cannot be read may be somebody's password in another scheme, or the signature.
func splitAuthorization(header string) (parts, error) {
	var p parts
	rest, ok := strings.CutPrefix(header, algorithm)
	if !ok || !strings.HasPrefix(rest, " ") {
		return p, incomplete("the Authorization header does not start with %q", algorithm)
	}
	for part := range strings.SplitSeq(rest, ",") {
		name, value, ok := strings.Cut(strings.TrimSpace(part), "=")
		if !ok {
			return p, incomplete("the Authorization header has a part that is not of the form NAME=VALUE")
		}
		if err := p.set(name, value); err != nil {
			return p, err
		}
	}
	for _, part := range []struct{ name, value string }{{"Credential", p.credential}, {"SignedHeaders", p.signedHeaders}, {"Signature", p.signature}} {
		if part.value == "" {
			return p, incomplete("the Authorization header has no %s", part.name)
		}
	}
	return p, nil
}

// set takes one part of the header.
func (p *parts) set(name, value string) error {
	var at *string
	switch name {
	case "Credential":
		at = &p.credential
	case "SignedHeaders":
		at = &p.signedHeaders
	case "Signature":
		at = &p.signature
	default:
		return incomplete("the Authorization header has a part other than Credential, SignedHeaders and Signature")
	}
	if *at != "" {
		return incomplete("the Authorization header has more than one %s", name)
	}
	if value == "" {
		return incomplete("the Authorization header has an empty %s", name)
	}
	*at = value
	return nil
}

// single gives the value of a header that may be there once, "" where it is not.
func single(header map[string][]string, name string) (string, error) {
	switch values := header[name]; len(values) {
	case 0:
		return "", nil
	case 1:
		return values[0], nil
	default:
		return "", incomplete("the header %s is there %d times", name, len(values))
	}
}

// headerTime reads X-Amz-Date, and Date where the former is not there.
func headerTime(header map[string][]string) (time.Time, error) {
	name := timeHeader(header)
	value, err := single(header, name)
	if err != nil {
		return time.Time{}, err
	}
	if value == "" {
		return time.Time{}, incomplete("the request has neither an X-Amz-Date nor a Date header")
	}
	if t, ok := parseStamp(value); ok {
		return t, nil
	}
	if name == "Date" {
		if t, ok := parseDate(value); ok {
			return t, nil
		}
	}
	return time.Time{}, incomplete("the %s %q is not a time such as 20260102T150405Z", name, excerpt(value))
}

// timeHeader is where a request in whose header the signature is has its time.
func timeHeader(header map[string][]string) string {
	if len(header["X-Amz-Date"]) > 0 {
		return "X-Amz-Date"
	}
	return "Date"
}

// parseStamp reads a time as signatures have it. The length is checked because package
// time would also take a fraction of a second, which the string to sign cannot hold.
func parseStamp(value string) (time.Time, bool) {
	t, err := time.Parse(isoBasic, value)
	return t, err == nil && len(value) == len(isoBasic)
}

// parseDate reads the date of a mail or of HTTP. Other zones than UTC are only taken as
// numbers: their names mean different things in different places.
func parseDate(value string) (time.Time, bool) {
	for _, layout := range []string{"Mon, 02 Jan 2006 15:04:05 GMT", "Mon, 02 Jan 2006 15:04:05 UTC", "Mon, 02 Jan 2006 15:04:05 -0700"} {
		t, err := time.Parse(layout, value)
		if err == nil && t.Nanosecond() == 0 {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}
