package policy

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"errors"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// The tests below compare a value of the request with one of the policy. A value of the
// request that is not of the operator's type equals nothing and is in no order; the negated
// operators hold for it.

// textTest is StringEquals. Wildcards stand for themselves in it.
type textTest struct{ pattern }

func compileText(value string, variables bool) (test, error) {
	p, err := compilePattern(value, syntax{variables: variables})
	return &textTest{p}, err
}

func (t *textTest) holds(value string, c Context) bool {
	text, ok := t.expand(c)
	return ok && text == value
}

// foldedTest is StringEqualsIgnoreCase.
type foldedTest struct{ pattern }

func compileFolded(value string, variables bool) (test, error) {
	p, err := compilePattern(value, syntax{variables: variables})
	return &foldedTest{p}, err
}

func (t *foldedTest) holds(value string, c Context) bool {
	text, ok := t.expand(c)
	return ok && strings.EqualFold(text, value)
}

// likeTest is StringLike.
type likeTest struct{ pattern }

func compileLike(value string, variables bool) (test, error) {
	p, err := compilePattern(value, syntax{wildcards: true, variables: variables})
	return &likeTest{p}, err
}

func (t *likeTest) holds(value string, c Context) bool { return t.match(value, c) }

// arnTest is ArnEquals and ArnLike.
type arnTest struct{ arnPattern }

func compileARNTest(value string, variables bool) (test, error) {
	p, err := compileARN(value, variables)
	return &arnTest{p}, err
}

func (t *arnTest) holds(value string, c Context) bool {
	a := splitARN(value)
	return t.match(&a, c)
}

// boolTest is Bool, and what Null says. Case does not matter: people write True, and so do
// the programs in Python that write policies.
type boolTest bool

func compileBool(value string, _ bool) (test, error) {
	b, ok := parseBool(value)
	if !ok {
		return nil, errors.New(quoted(value) + " is neither true nor false")
	}
	return boolTest(b), nil
}

func parseBool(value string) (b, ok bool) {
	b = strings.EqualFold(value, "true")
	return b, b || strings.EqualFold(value, "false")
}

func (t boolTest) holds(value string, _ Context) bool {
	b, ok := parseBool(value)
	return ok && b == bool(t)
}

// binaryTest is BinaryEquals: both sides are written in base64. They are compared as bytes,
// because the same bytes can be written with different bits of padding.
type binaryTest []byte

func compileBinary(value string, _ bool) (test, error) {
	b, err := base64.StdEncoding.DecodeString(value)
	if err != nil {
		return nil, errors.New(quoted(value) + " is not base64")
	}
	return binaryTest(b), nil
}

func (t binaryTest) holds(value string, _ Context) bool {
	b, err := base64.StdEncoding.DecodeString(value)
	return err == nil && bytes.Equal(b, t)
}

// networkTest is IpAddress. An IPv4 address in IPv6's clothes is the IPv4 address: which of the
// two a listener reports depends on the system and must not decide who gets in.
type networkTest netip.Prefix

func compileNetwork(value string, _ bool) (test, error) {
	p, err := netip.ParsePrefix(value)
	if err != nil {
		a, err := netip.ParseAddr(value)
		if err != nil || a.Zone() != "" {
			return nil, errors.New(quoted(value) + " is neither an IP address nor a network such as 203.0.113.0/24")
		}
		p = netip.PrefixFrom(a, a.BitLen())
	}
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return networkTest(p.Masked()), nil
}

func (t networkTest) holds(value string, _ Context) bool {
	a, err := netip.ParseAddr(value)
	return err == nil && netip.Prefix(t).Contains(a.Unmap().WithZone(""))
}

// numberTest is the Numeric operators. Numbers are compared as 64-bit floats: integers
// beyond 2^53 are not exact.
type numberTest struct {
	order order
	bound float64
}

func compileNumber(o order) func(string, bool) (test, error) {
	return func(value string, _ bool) (test, error) {
		n, ok := parseNumber(value)
		if !ok {
			return nil, errors.New(quoted(value) + " is not a number")
		}
		return numberTest{o, n}, nil
	}
}

// parseNumber reads a decimal number, and none of what else Go takes for one (0x10, Inf, 1_0).
func parseNumber(value string) (float64, bool) {
	if strings.Trim(value, "0123456789+-.eE") != "" {
		return 0, false
	}
	n, err := strconv.ParseFloat(value, 64)
	return n, err == nil
}

func (t numberTest) holds(value string, _ Context) bool {
	n, ok := parseNumber(value)
	return ok && t.order.holds(cmp.Compare(n, t.bound))
}

// dateTest is the Date operators.
type dateTest struct {
	order order
	bound time.Time
}

func compileDate(o order) func(string, bool) (test, error) {
	return func(value string, _ bool) (test, error) {
		at, ok := parseDate(value)
		if !ok {
			return nil, errors.New(quoted(value) + " is neither an ISO 8601 date nor seconds since 1970")
		}
		return dateTest{o, at}, nil
	}
}

// The layouts of W3C's profile of ISO 8601 (reference_policies_elements_condition_operators,
// date operators). Go reads a fraction of a second where the layout has none.
const (
	layoutMinute = "2006-01-02T15:04Z07:00"
	layoutMonth  = "2006-01"
	layoutYear   = "2006"
	// maxSeconds is the end of the year 9999; what is later was meant as milliseconds.
	maxSeconds = 253402300799
)

// parseDate reads a date or seconds since 1970; four digits are a year.
func parseDate(value string) (time.Time, bool) {
	if digits := strings.TrimPrefix(value, "-"); len(value) != len(layoutYear) && strings.Trim(digits, "0123456789") == "" {
		seconds, err := strconv.ParseInt(value, 10, 64)
		return time.Unix(seconds, 0), err == nil && seconds >= -maxSeconds && seconds <= maxSeconds
	}
	for _, layout := range [...]string{time.RFC3339, layoutMinute, time.DateOnly, layoutMonth, layoutYear} {
		if at, err := time.Parse(layout, value); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}

func (t dateTest) holds(value string, _ Context) bool {
	at, ok := parseDate(value)
	return ok && t.order.holds(at.Compare(t.bound))
}
