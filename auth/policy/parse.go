package policy

import (
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// The versions of the language. Without a version a document is of the older one, in which
// ${...} is ordinary text (reference_policies_elements_version).
const (
	versionVariables = "2012-10-17"
	versionOlder     = "2008-10-17"
)

// Parse reads a policy document in JSON of at most MaxSize bytes (reference_policies_grammar).
// It is strict: an element that it does not know or that would never have an effect is refused
// rather than ignored. The error is a *SyntaxError.
func Parse(text []byte, kind Kind) (*Document, error) {
	root, err := readTree(text)
	if err != nil {
		return nil, err
	}
	p := parser{text: text, kind: kind}
	return p.document(&root)
}

// parser turns nodes into a document.
type parser struct {
	text []byte
	kind Kind
	// variables says that the version has policy variables.
	variables bool
	sids      []string
}

func (p *parser) document(root *node) (*Document, error) {
	if err := p.object(root, "Version", "Id", "Statement"); err != nil {
		return nil, err
	}
	if err := p.version(root); err != nil {
		return nil, err
	}
	if id, ok := root.member("Id"); ok {
		if err := p.isString(id); err != nil {
			return nil, err
		}
	}
	list, ok := root.member("Statement")
	if !ok {
		return nil, root.fail(p.text, `"Statement" is missing`)
	}
	nodes, err := p.values(list)
	if err != nil {
		return nil, err
	}
	d := &Document{kind: p.kind, statements: make([]statement, len(nodes))}
	for i := range nodes {
		if err := p.statement(&nodes[i], &d.statements[i]); err != nil {
			return nil, err
		}
	}
	return d, nil
}

func (p *parser) version(root *node) error {
	v, ok := root.member("Version")
	if !ok {
		return nil
	}
	if err := p.isString(v); err != nil {
		return err
	}
	p.variables = v.text == versionVariables
	if !p.variables && v.text != versionOlder {
		return v.fail(p.text, "%s is neither %q nor %q", quoted(v.text), versionVariables, versionOlder)
	}
	return nil
}

// statementElements are all that a statement may have.
var statementElements = []string{"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}

// statement reads the elements in the order in which people write them, so that of several
// mistakes the first is told.
func (p *parser) statement(n *node, s *statement) error {
	if err := p.object(n, statementElements...); err != nil {
		return err
	}
	for _, read := range []func(*node, *statement) error{p.sid, p.effect, p.principal, p.action, p.resource, p.condition} {
		if err := read(n, s); err != nil {
			return err
		}
	}
	return nil
}

// sid reads the Sid: unique in a document, and letters and digits in an identity's policy
// (reference_policies_elements_sid).
func (p *parser) sid(n *node, s *statement) error {
	sid, ok := n.member("Sid")
	if !ok {
		return nil
	}
	if err := p.isString(sid); err != nil {
		return err
	}
	if p.kind == Identity && strings.ContainsFunc(sid.text, notAlphanumeric) {
		return sid.fail(p.text, "%s has other characters than letters and digits", quoted(sid.text))
	}
	if sid.text != "" && slices.Contains(p.sids, sid.text) {
		return sid.fail(p.text, "%s is another statement's, too", quoted(sid.text))
	}
	p.sids = append(p.sids, sid.text)
	s.sid = sid.text
	return nil
}

func notAlphanumeric(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9')
}

func (p *parser) effect(n *node, s *statement) error {
	e, ok := n.member("Effect")
	if !ok {
		return n.fail(p.text, `"Effect" is missing`)
	}
	if err := p.isString(e); err != nil {
		return err
	}
	s.deny = e.text == "Deny"
	if !s.deny && e.text != "Allow" {
		return e.fail(p.text, `%s is neither "Allow" nor "Deny"`, quoted(e.text))
	}
	return nil
}

// either finds an element that may also be written the other way round (Action, NotAction):
// one of the two, never both.
func (p *parser) either(n *node, name string) (found *node, not bool, err error) {
	found, yes := n.member(name)
	opposite, not := n.member("Not" + name)
	switch {
	case yes && not:
		return nil, false, opposite.fail(p.text, "%q is there, too", name)
	case not:
		return opposite, true, nil
	case !yes:
		return nil, false, n.fail(p.text, `"%s" or "Not%s" is missing`, name, name)
	}
	return found, false, nil
}

// object fails unless a node is an object without other members than those that are known. A
// misspelled Condition that is ignored is a policy without conditions.
func (p *parser) object(n *node, known ...string) error {
	if n.kind != jsontext.KindBeginObject {
		return n.fail(p.text, "it is %s, not an object", n.what())
	}
	for i, name := range n.names {
		if !slices.Contains(known, name) {
			return n.elements[i].fail(p.text, "there is no such element; there are %s", strings.Join(known, ", "))
		}
	}
	return nil
}

func (p *parser) isString(n *node) error {
	if n.kind != jsontext.KindString {
		return n.fail(p.text, "it is %s, not a string", n.what())
	}
	return nil
}

// values are the elements of a list or the one value that stands for it.
func (p *parser) values(n *node) ([]node, error) {
	values := n.values()
	if len(values) == 0 {
		return nil, n.fail(p.text, "the list is empty")
	}
	return values, nil
}

// stringsOf are values that must all be strings.
func (p *parser) stringsOf(n *node) ([]node, error) {
	values, err := p.values(n)
	if err != nil {
		return nil, err
	}
	for i := range values {
		if err := p.isString(&values[i]); err != nil {
			return nil, err
		}
	}
	return values, nil
}
