package policy_test

import (
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/findinghub/findinghub/auth/policy"
)

// A second reading of the guide, as literal as it can be and as slow as it likes: it
// interprets the statements that the properties generate without compiling anything, and
// shares no code with the package.

// astStatement is a statement as it is written.
type astStatement struct {
	deny, notAction, notResource, notPrincipal bool
	principals, actions, resources             []string
	conditions                                 []astCondition
}

type astCondition struct {
	quantifier, operator string // "ForAllValues:", "StringEquals"
	ifExists             bool
	key                  string
	values               []string
}

// astPolicies are statements by kind of policy; a nil list is an absent kind.
type astPolicies struct {
	identity, boundary, session, resource [][]astStatement
	trust                                 bool
}

// refGlob turns a pattern into a regular expression after its variables have been replaced;
// false when one has no value.
func refGlob(pattern string, wild bool, ctx policy.Context) (*regexp.Regexp, bool) {
	ok := true
	parts := regexp.MustCompile(`\$\{([^}]*)\}|\*|\?|[^*?$]+|\$`)
	text := parts.ReplaceAllStringFunc(pattern, func(part string) string {
		inner, isVariable := strings.CutPrefix(part, "${")
		switch {
		case isVariable:
			value, found := refVariable(strings.TrimSuffix(inner, "}"), ctx)
			ok = ok && found
			return regexp.QuoteMeta(value)
		case part == "*" && wild:
			return `.*`
		case part == "?" && wild:
			return `.`
		}
		return regexp.QuoteMeta(part)
	})
	return regexp.MustCompile(`(?s)^(?:` + text + `)$`), ok
}

func refVariable(inner string, ctx policy.Context) (string, bool) {
	if len(inner) == 1 {
		return inner, true
	}
	key, fallback, optional := strings.Cut(inner, ", ")
	values := ctx[strings.ToLower(key)]
	if len(values) == 0 && optional {
		return strings.Trim(fallback, "'"), true
	}
	return strings.Join(values, ""), len(values) == 1
}

func refMatch(pattern, s string, wild bool, ctx policy.Context) bool {
	re, ok := refGlob(pattern, wild, ctx)
	return ok && re.MatchString(s)
}

func refARN(pattern, arn string, ctx policy.Context) bool {
	if pattern == "*" {
		return true
	}
	// Variables of the generator have no colons.
	want := strings.SplitN(protect(pattern), ":", 6)
	have := strings.SplitN(arn, ":", len(want))
	if len(have) != len(want) {
		return false
	}
	for i := range want {
		if !refMatch(unprotect(want[i]), have[i], true, ctx) {
			return false
		}
	}
	return true
}

var inVariable = regexp.MustCompile(`\$\{[^}]*\}`)

func protect(s string) string {
	return inVariable.ReplaceAllStringFunc(s, func(v string) string { return strings.ReplaceAll(v, ":", "\x00") })
}
func unprotect(s string) string { return strings.ReplaceAll(s, "\x00", ":") }

// refPair compares one value of a policy with one of a request by an operator that is not
// negated.
func refPair(operator, want, have string, ctx policy.Context) bool {
	switch operator {
	case "StringEquals":
		return refMatch(want, have, false, ctx)
	case "StringEqualsIgnoreCase":
		return refMatch(strings.ToLower(want), strings.ToLower(have), false, ctx)
	case "StringLike":
		return refMatch(want, have, true, ctx)
	case "ArnEquals", "ArnLike":
		return refARN(want, have, ctx)
	case "Bool":
		return strings.EqualFold(want, have)
	case "IpAddress":
		a, err := netip.ParseAddr(have)
		return err == nil && netip.MustParsePrefix(want).Contains(a)
	}
	w, _ := strconv.ParseFloat(want, 64)
	h, err := strconv.ParseFloat(have, 64)
	if err != nil {
		return false
	}
	return map[string]bool{"NumericEquals": h == w, "NumericLessThan": h < w, "NumericLessThanEquals": h <= w,
		"NumericGreaterThan": h > w, "NumericGreaterThanEquals": h >= w}[operator]
}

func refCondition(c astCondition, ctx policy.Context) bool {
	values := ctx[strings.ToLower(c.key)]
	if c.operator == "Null" {
		return slices.ContainsFunc(c.values, func(v string) bool { return (v == "true") == (len(values) == 0) })
	}
	operator := strings.Replace(c.operator, "Not", "", 1)
	negated := operator != c.operator
	if c.quantifier != "" && len(values) == 1 && values[0] == "" {
		values = nil
	}
	if len(values) == 0 {
		return c.ifExists || c.quantifier == "ForAllValues:" || c.quantifier == "" && negated
	}
	fits := 0
	for _, have := range values {
		if slices.ContainsFunc(c.values, func(want string) bool { return refPair(operator, want, have, ctx) }) {
			fits++
		}
	}
	switch {
	case c.quantifier == "ForAllValues:" && negated:
		return fits == 0
	case c.quantifier == "ForAllValues:":
		return fits == len(values)
	case c.quantifier == "ForAnyValue:" && negated:
		return fits < len(values)
	case negated:
		return fits == 0
	}
	return fits > 0
}

// refReach says how a statement of a resource names the caller: 3 itself, 2 its role or
// everyone, 1 its account, 0 not at all.
func refReach(s astStatement, who policy.Principal) int {
	reach := 0
	for _, p := range s.principals {
		switch p {
		case who.ARN:
			reach = 3
		case "*", who.RoleARN:
			reach = max(reach, 2)
		case who.Account, "arn:aws:iam::" + who.Account + ":root":
			reach = max(reach, 1)
		}
	}
	return reach
}

// refApplies says whether a statement applies but for its principal.
func refApplies(s astStatement, r policy.Request) bool {
	action := slices.ContainsFunc(s.actions, func(a string) bool {
		return refMatch(strings.ToLower(a), strings.ToLower(r.Action), true, nil)
	})
	covered := s.resources == nil || s.notResource
	for _, pattern := range s.resources {
		if _, ok := refGlob(pattern, true, r.Context); !ok && s.notResource && !s.deny && covered {
			return false
		}
		if refARN(pattern, r.Resource, r.Context) {
			covered = !s.notResource
			break
		}
	}
	return action != s.notAction && covered && !slices.ContainsFunc(s.conditions, func(c astCondition) bool { return !refCondition(c, r.Context) })
}

// refVerdict is what policies of one kind say: a Deny, and how far an Allow reaches.
func refVerdict(all [][]astStatement, r policy.Request, attached, bounded bool) (deny bool, reach int) {
	for _, s := range slices.Concat(all...) {
		named := 3
		if attached {
			named = refReach(s, r.Principal)
		}
		if s.notPrincipal {
			named = map[bool]int{true: 1}[named == 0 || bounded]
		}
		if named == 0 || !refApplies(s, r) {
			continue
		}
		if s.deny {
			deny = true
		} else {
			reach = max(reach, named)
		}
	}
	return deny, reach
}

// refDecide is the flow chart of the guide.
func refDecide(p astPolicies, r policy.Request) (policy.Effect, policy.Source) {
	bounded := p.boundary != nil
	identityDeny, identity := refVerdict(p.identity, r, false, bounded)
	boundaryDeny, boundary := refVerdict(p.boundary, r, false, bounded)
	sessionDeny, session := refVerdict(p.session, r, false, bounded)
	resourceDeny, resource := refVerdict(p.resource, r, true, bounded)
	across := r.ResourceAccount != "" && r.ResourceAccount != r.Principal.Account
	switch {
	case identityDeny:
		return policy.ExplicitDeny, policy.FromIdentity
	case boundaryDeny:
		return policy.ExplicitDeny, policy.FromBoundary
	case sessionDeny:
		return policy.ExplicitDeny, policy.FromSession
	case resourceDeny:
		return policy.ExplicitDeny, policy.FromResource
	case !across && resource == 3:
		return policy.Allow, policy.FromResource
	case !across && p.trust && len(p.resource) > 0 && resource == 0:
		return policy.ImplicitDeny, policy.FromResource
	case identity == 0 && (across || resource < 2):
		return policy.ImplicitDeny, policy.FromIdentity
	case p.boundary != nil && boundary == 0:
		return policy.ImplicitDeny, policy.FromBoundary
	case p.session != nil && session == 0:
		return policy.ImplicitDeny, policy.FromSession
	case across && resource == 0:
		return policy.ImplicitDeny, policy.FromResource
	case identity == 0:
		return policy.Allow, policy.FromResource
	}
	return policy.Allow, policy.FromIdentity
}
