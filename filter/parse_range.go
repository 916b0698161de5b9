package filter

import (
	"math"
	"net/netip"
	"time"

	"github.com/findinghub/findinghub/asff"
)

// number reads a number filter; its bounds hold together (decision 16), so that each
// narrows the term. Bounds that exclude each other leave a term that nothing satisfies: that
// is what was asked for.
func (e *entry) number(a Attribute) (Expr, error) {
	t := NumberTerm{Attribute: a, Min: math.Inf(-1), Max: math.Inf(1)}
	if len(e.members) == 0 {
		return nil, invalid(e.path, "One of Gte, Lte, Eq, Gt and Lt is required.")
	}
	for _, m := range e.members {
		v, err := readNumber(m)
		if err != nil {
			return nil, err
		}
		switch m.name {
		case "Gte":
			t.above(v, false)
		case "Gt":
			t.above(v, true)
		case "Lte":
			t.below(v, false)
		case "Lt":
			t.below(v, true)
		case "Eq":
			t.above(v, false)
			t.below(v, false)
		}
	}
	return t, nil
}

// above narrows the term to values from v on, past v if open.
func (t *NumberTerm) above(v float64, open bool) {
	if v > t.Min || v == t.Min && open {
		t.Min, t.MinOpen = v, open
	}
}

// below narrows the term to values up to v, short of v if open.
func (t *NumberTerm) below(v float64, open bool) {
	if v < t.Max || v == t.Max && open {
		t.Max, t.MaxOpen = v, open
	}
}

// date reads a date filter: Start and End, or DateRange. Whoever gives both kinds means
// something that neither the documentation nor we can tell, and is refused.
func (e *entry) date(a Attribute, now time.Time) (Expr, error) {
	ranged, fixed := e.has("DateRange"), e.has("Start") || e.has("End")
	switch {
	case ranged && fixed:
		return nil, invalid(e.path, "DateRange cannot be combined with Start or End.")
	case ranged:
		return e.dateRange(a, now)
	case !fixed:
		return nil, invalid(e.path, "One of Start, End and DateRange is required.")
	}
	t := DateTerm{Attribute: a}
	var err error
	if t.From, err = e.instant("Start"); err != nil {
		return nil, err
	}
	if t.To, err = e.instant("End"); err != nil {
		return nil, err
	}
	return t, nil
}

// instant reads a timestamp, the zero time where the member is absent.
func (e *entry) instant(name string) (time.Time, error) {
	if !e.has(name) {
		return time.Time{}, nil
	}
	text, err := e.text(name)
	if err != nil {
		return time.Time{}, err
	}
	at, err := asff.ParseTime(text)
	if err != nil {
		return time.Time{}, invalid(e.path+"."+name, "Value %s is not a timestamp such as 2025-01-31T08:30:00.000Z.", quote(text))
	}
	return bound(at), nil
}

// bound keeps the first instant of year 1, which is Go's zero time, from being read as an
// absent bound. A nanosecond is below what terms compare.
func bound(at time.Time) time.Time {
	if at.IsZero() {
		return at.Add(1)
	}
	return at
}

// dateRange reads DateRange: whole days of 24 hours back from now, the boundary
// included on both sides (decision 15). WITHIN has no upper bound, so that a finding of a
// provider whose clock is ahead is not lost from the last days.
func (e *entry) dateRange(a Attribute, now time.Time) (Expr, error) {
	m, _ := e.get("DateRange")
	r, err := readEntry(m.path, m.value, []string{"Value", "Unit", "Comparison"})
	if err != nil {
		return nil, err
	}
	days, err := r.integer("Value", 0, math.MaxInt32)
	if err != nil {
		return nil, err
	}
	if _, err := r.enum("Unit", []string{"DAYS"}); err != nil {
		return nil, err
	}
	older := 0
	if r.has("Comparison") {
		if older, err = r.enum("Comparison", []string{"WITHIN", "OLDER_THAN"}); err != nil {
			return nil, err
		}
	}
	at := daysBefore(now, days)
	if older == 1 {
		return DateTerm{Attribute: a, To: at}, nil
	}
	return DateTerm{Attribute: a, From: at}, nil
}

// daysBefore stops at year -1, before every timestamp of the format: further back the
// microseconds of a Value would overflow.
func daysBefore(now time.Time, days int) time.Time {
	at := now.UTC().AddDate(0, 0, -days)
	if first := time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC); at.Before(first) {
		return first
	}
	return bound(at)
}

// network reads an IP filter: a network or a single address.
func (e *entry) network(a Attribute) (Expr, error) {
	text, err := e.text("Cidr")
	if err != nil {
		return nil, err
	}
	network, ok := parseNetwork(text)
	if !ok {
		return nil, invalid(e.path+".Cidr", "Value %s is not an IP address or a CIDR block.", quote(text))
	}
	return IPTerm{a, network}, nil
}

// parseNetwork clears host bits, so that equal networks are equal terms, and reads
// networks of IPv4 addresses in IPv6 notation as the IPv4 networks that they are.
func parseNetwork(text string) (netip.Prefix, bool) {
	network, err := netip.ParsePrefix(text)
	if err != nil {
		addr, err := netip.ParseAddr(text)
		if err != nil || addr.Zone() != "" {
			return netip.Prefix{}, false
		}
		network = netip.PrefixFrom(addr, addr.BitLen())
	}
	if addr := network.Addr(); addr.Is4In6() && network.Bits() >= 96 {
		network = netip.PrefixFrom(addr.Unmap(), network.Bits()-96)
	}
	return network.Masked(), true
}

// boolean reads a boolean filter.
func (e *entry) boolean(a Attribute) (Expr, error) {
	m, ok := e.get("Value")
	if !ok {
		return nil, required(e.path + ".Value")
	}
	switch m.value.Kind() {
	case 't':
		return BoolTerm{a, true}, nil
	case 'f':
		return BoolTerm{a, false}, nil
	}
	return nil, wrongType(m.path, "a boolean", m.value)
}
