package sigv4

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// parameter is one parameter of a query, decoded.
type parameter struct{ name, value string }

// query has the parameters in the order in which they came.
type query []parameter

// parseQuery decodes a query as the rest of the hub will read it: a plus is a space. What
// could be read in two ways (bad escapes, semicolons) is refused, or else one reading could be
// signed and the other be acted upon.
func parseQuery(raw string) (query, error) {
	var q query
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		if strings.Contains(pair, ";") {
			return nil, incomplete("the query has a semicolon that is not encoded as %%3B")
		}
		escapedName, escapedValue, _ := strings.Cut(pair, "=")
		name, nameErr := url.QueryUnescape(escapedName)
		value, valueErr := url.QueryUnescape(escapedValue)
		if nameErr != nil || valueErr != nil {
			return nil, incomplete("the query has a percent sign that is not followed by two hexadecimal digits")
		}
		q = append(q, parameter{name, value})
	}
	return q, nil
}

// The parameters of a presigned request, any of which makes it one.
const (
	queryAlgorithm     = "X-Amz-Algorithm"
	queryCredential    = "X-Amz-Credential"
	queryDate          = "X-Amz-Date"
	queryExpires       = "X-Amz-Expires"
	querySignedHeaders = "X-Amz-SignedHeaders"
	querySignature     = "X-Amz-Signature"
	queryToken         = "X-Amz-Security-Token"
)

// The parameter and header that say what the body's hash is.
const contentHash = "X-Amz-Content-Sha256"

// signed says whether a query has anything of a signature.
func (q query) signed() bool {
	return slices.ContainsFunc(q, func(p parameter) bool {
		return slices.ContainsFunc([]string{
			queryAlgorithm, queryCredential, queryDate, queryExpires, querySignedHeaders, querySignature, queryToken,
		}, p.is)
	})
}

// is compares names in any case: clients agree on one spelling for most, and two spellings
// of one name must count as twice the same.
func (p parameter) is(name string) bool { return strings.EqualFold(p.name, name) }

// single gives the value of a parameter that may be there once.
func (q query) single(name string) (value string, found bool, err error) {
	for _, p := range q {
		if !p.is(name) {
			continue
		}
		if found {
			return "", true, incomplete("the query has more than one %s", name)
		}
		value, found = p.value, true
	}
	return value, found, nil
}

// needed is single for a parameter that a presigned request must have.
func (q query) needed(name string) (string, error) {
	value, _, err := q.single(name)
	if err == nil && value == "" {
		return "", incomplete("the query has no %s", name)
	}
	return value, err
}

// readQuery reads a presigned request.
func (s *Signature) readQuery(r *Request, q query) error {
	for _, name := range []string{queryDate, queryToken} {
		if len(r.Header[name]) > 0 {
			return incomplete("the request has a signature in the query and a header %s; it must say once who signed it", name)
		}
	}
	if err := s.readQueryTime(q); err != nil {
		return err
	}
	var p parts
	var err error
	if p.credential, err = q.needed(queryCredential); err != nil {
		return err
	}
	if p.signedHeaders, err = q.needed(querySignedHeaders); err != nil {
		return err
	}
	if p.signature, err = q.needed(querySignature); err != nil {
		return err
	}
	if s.SessionToken, _, err = q.single(queryToken); err != nil {
		return err
	}
	return s.readParts(p)
}

// readQueryTime reads how and when a request was presigned, and for how long.
func (s *Signature) readQueryTime(q query) error {
	how, err := q.needed(queryAlgorithm)
	if err != nil {
		return err
	}
	if how != algorithm {
		return incomplete("the %s is not %q", queryAlgorithm, algorithm)
	}
	when, err := q.needed(queryDate)
	if err != nil {
		return err
	}
	var ok bool
	if s.Time, ok = parseStamp(when); !ok {
		return incomplete("the %s %q is not a time such as 20260102T150405Z", queryDate, excerpt(when))
	}
	expires, err := q.needed(queryExpires)
	if err != nil {
		return err
	}
	if s.Expires, ok = parseExpires(expires); !ok {
		return incomplete("the %s %q is not a number of seconds from 1 to %d", queryExpires, excerpt(expires), maxExpires/time.Second)
	}
	return nil
}

// parseExpires reads a number of seconds, in plain digits.
func parseExpires(value string) (time.Duration, bool) {
	seconds, err := strconv.ParseUint(value, 10, 32)
	d := time.Duration(seconds) * time.Second
	return d, err == nil && d >= time.Second && d <= maxExpires
}
