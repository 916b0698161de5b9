package policy

import (
	"errors"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// principal reads Principal or NotPrincipal: required of policies that are attached to
// something, and not for an identity's (reference_policies_elements_principal).
func (p *parser) principal(n *node, s *statement) error {
	if p.kind == Identity {
		for _, name := range []string{"Principal", "NotPrincipal"} {
			if m, ok := n.member(name); ok {
				return m.fail(p.text, "a policy of an identity is about that identity and has none")
			}
		}
		return nil
	}
	m, not, err := p.either(n, "Principal")
	if err != nil {
		return err
	}
	if not && !s.deny {
		return m.fail(p.text, `with "Allow" it would allow everyone else; use "Principal"`)
	}
	s.principals, s.notPrincipal = &principals{}, not
	if m.kind == jsontext.KindString {
		if m.text != "*" {
			return m.fail(p.text, `%s is neither "*" nor an object such as {"AWS": "123456789012"}`, quoted(m.text))
		}
		s.principals.everyone = true
		return nil
	}
	return p.principalTypes(m, s.principals)
}

// principalTypes reads the types of principals. Services and federated identities are part of
// the language; nobody here is one.
func (p *parser) principalTypes(m *node, to *principals) error {
	if err := p.object(m, "AWS", "Service", "Federated"); err != nil {
		return err
	}
	if len(m.elements) == 0 {
		return m.fail(p.text, "it names nobody")
	}
	for i, name := range m.names {
		values, err := p.stringsOf(&m.elements[i])
		if err != nil {
			return err
		}
		for j := range values {
			if name != "AWS" {
				continue
			}
			if err := to.add(values[j].text); err != nil {
				return values[j].fail(p.text, "%s", err)
			}
		}
	}
	return nil
}

func (p *parser) action(n *node, s *statement) error {
	m, not, err := p.either(n, "Action")
	if err != nil {
		return err
	}
	values, err := p.stringsOf(m)
	if err != nil {
		return err
	}
	s.notAction = not
	for i := range values {
		compiled, err := compileAction(values[i].text)
		if err != nil {
			return values[i].fail(p.text, "%s", err)
		}
		s.actions = append(s.actions, compiled)
	}
	return nil
}

// compileAction reads "*" or service:action, where the action may have wildcards and the
// service may be * (reference_policies_elements_action).
func compileAction(text string) (pattern, error) {
	service, action, ok := strings.Cut(text, ":")
	if text != "*" && (!ok || service == "" || action == "") {
		return pattern{}, errors.New(quoted(text) + ` is neither "*" nor of the form service:action`)
	}
	if service != "*" && strings.ContainsFunc(service, func(r rune) bool { return r != '-' && notAlphanumeric(r) }) {
		return pattern{}, errors.New(quoted(text) + " has other characters than letters, digits and - in the service")
	}
	if strings.ContainsFunc(action, func(r rune) bool { return r != '*' && r != '?' && notAlphanumeric(r) }) {
		return pattern{}, errors.New(quoted(text) + " has other characters than letters, digits, * and ? in the action")
	}
	return compilePattern(text, syntax{wildcards: true})
}

// resource reads Resource or NotResource; a role's trust policy is about the role and has none.
func (p *parser) resource(n *node, s *statement) error {
	if p.kind == Trust {
		for _, name := range []string{"Resource", "NotResource"} {
			if m, ok := n.member(name); ok {
				return m.fail(p.text, "a trust policy is about its role and has none")
			}
		}
		return nil
	}
	m, not, err := p.either(n, "Resource")
	if err != nil {
		return err
	}
	values, err := p.stringsOf(m)
	if err != nil {
		return err
	}
	s.notResource = not
	for i := range values {
		compiled, err := compileResource(values[i].text, p.variables)
		if err != nil {
			return values[i].fail(p.text, "%s", err)
		}
		s.resources = append(s.resources, compiled)
	}
	return nil
}

// condition reads the Condition: operators, in each keys, at each values
// (reference_policies_elements_condition).
func (p *parser) condition(n *node, s *statement) error {
	m, ok := n.member("Condition")
	if !ok {
		return nil
	}
	if err := p.filled(m); err != nil {
		return err
	}
	for i, name := range m.names {
		base, ok := newCondition(name)
		if !ok {
			return m.elements[i].fail(p.text, "there is no such condition operator")
		}
		if err := p.operands(&m.elements[i], base, s); err != nil {
			return err
		}
	}
	return nil
}

// filled fails unless a node is an object with members: an empty condition always holds,
// which nobody means who writes one.
func (p *parser) filled(n *node) error {
	if err := p.object(n, n.names...); err != nil {
		return err
	}
	if len(n.elements) == 0 {
		return n.fail(p.text, "it is empty")
	}
	return nil
}

// operands reads the keys under one operator.
func (p *parser) operands(n *node, base condition, s *statement) error {
	if err := p.filled(n); err != nil {
		return err
	}
	seen := map[string]bool{}
	for i, key := range n.names {
		c := base
		c.key, c.lookup = key, strings.ToLower(key)
		if !isKey(c.lookup) {
			return n.elements[i].fail(p.text, "a condition key is named service:key")
		}
		if seen[c.lookup] {
			return n.elements[i].fail(p.text, "it is there twice; upper and lower case do not tell condition keys apart")
		}
		seen[c.lookup] = true
		if err := p.tests(&n.elements[i], &c); err != nil {
			return err
		}
		s.conditions = append(s.conditions, c)
	}
	return nil
}

// tests reads the values of one key. Numbers and booleans may stand without quotes
// (reference_policies_grammar) and mean their text.
func (p *parser) tests(n *node, c *condition) error {
	values, err := p.values(n)
	if err != nil {
		return err
	}
	for i := range values {
		v := &values[i]
		switch v.kind {
		case jsontext.KindString, jsontext.KindNumber, jsontext.KindTrue, jsontext.KindFalse:
		default:
			return v.fail(p.text, "it is %s, not a string, number or boolean", v.what())
		}
		t, err := c.compile(v.text, p.variables)
		if err != nil {
			return v.fail(p.text, "%s", err)
		}
		c.tests = append(c.tests, t)
	}
	return nil
}
