package config

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// maxDepth bounds how deep filters and patterns may be nested in YAML.
const maxDepth = 100

// section reads a mapping key by key and keeps the first error. A key that nobody asked for is one, too.
type section struct {
	node ast.Node
	keys []*ast.MappingValueNode // in order, without those that were taken
	err  error
}

// newSection reads a mapping's keys.
func newSection(n ast.Node) *section {
	s := &section{node: n}
	switch n := n.(type) {
	case *ast.MappingNode:
		s.keys = slices.Clone(n.Values)
	case *ast.MappingValueNode: // the parser's mapping of one key
		s.keys = []*ast.MappingValueNode{n}
	case *ast.NullNode:
	default:
		s.fail(n, "expected keys and values")
	}
	seen := map[string]bool{}
	for _, k := range s.keys {
		name := k.Key.GetToken().Value
		if seen[name] {
			s.fail(k.Key, "key %q is given twice", name)
		}
		seen[name] = true
	}
	return s
}

// fail keeps an error with its line, unless there is one already.
func (s *section) fail(n ast.Node, format string, args ...any) {
	if s.err == nil {
		s.err = at(n, format, args...)
	}
}

// at is an error that begins with the line it was found on.
func at(n ast.Node, format string, args ...any) error {
	line := 1
	if n != nil && n.GetToken() != nil && n.GetToken().Position != nil {
		line = n.GetToken().Position.Line
	}
	return fmt.Errorf("%d: "+format, append([]any{line}, args...)...)
}

// take gives a key's value and ticks the key off; nil when it is absent or null.
func (s *section) take(name string) ast.Node {
	i := slices.IndexFunc(s.keys, func(k *ast.MappingValueNode) bool { return k.Key.GetToken().Value == name })
	if i < 0 {
		return nil
	}
	v := s.keys[i].Value
	s.keys = slices.Delete(s.keys, i, i+1)
	if _, null := v.(*ast.NullNode); null {
		return nil
	}
	return v
}

// end gives the first error, or one about a key that nobody took.
func (s *section) end() error {
	if s.err == nil && len(s.keys) > 0 {
		s.fail(s.keys[0].Key, "unknown key %.100q", s.keys[0].Key.GetToken().Value)
	}
	return s.err
}

// text reads a scalar as it is written: an account that begins with a zero is no number.
func (s *section) text(name, value string) string {
	n := s.take(name)
	if n == nil {
		return value
	}
	t, err := scalar(name, n)
	if err != nil && s.err == nil {
		s.err = err
	}
	return t
}

// required is a text that must be there.
func (s *section) required(name string) string {
	t := s.text(name, "")
	if t == "" {
		s.fail(s.node, "key %q is missing", name)
	}
	return t
}

// number reads a whole number within bounds.
func (s *section) number(name string, value, least, most int) int {
	n := s.take(name)
	if n == nil {
		return value
	}
	t, err := scalar(name, n)
	v, notNumber := strconv.Atoi(t)
	if err != nil || notNumber != nil || v < least || v > most {
		s.fail(n, "key %q: it must be a whole number from %d to %d", name, least, most)
		return value
	}
	return v
}

// duration reads a time span within bounds, as 1m30s.
func (s *section) duration(name string, value, least, most time.Duration) time.Duration {
	n := s.take(name)
	if n == nil {
		return value
	}
	t, err := scalar(name, n)
	v, notSpan := time.ParseDuration(t)
	if err != nil || notSpan != nil || v < least || v > most {
		s.fail(n, "key %q: it must be a time span from %v to %v, as 1m30s", name, least, most)
		return value
	}
	return v
}

// flag reads true or false.
func (s *section) flag(name string) bool {
	n := s.take(name)
	if n == nil {
		return false
	}
	b, ok := n.(*ast.BoolNode)
	if !ok {
		s.fail(n, "key %q: it must be true or false", name)
		return false
	}
	return b.Value
}

// list reads a list of scalars, as they are written.
func (s *section) list(name string) []string {
	n := s.take(name)
	if n == nil {
		return nil
	}
	q, ok := n.(*ast.SequenceNode)
	if !ok {
		s.fail(n, "key %q: it must be a list", name)
		return nil
	}
	all := make([]string, 0, len(q.Values))
	for _, v := range q.Values {
		t, err := scalar(name, v)
		if err != nil && s.err == nil {
			s.err = err
		}
		all = append(all, t)
	}
	return all
}

// json reads a value as JSON, nil when it is absent. A string is taken for JSON as it is.
func (s *section) json(name string) (jsontext.Value, ast.Node) {
	n := s.take(name)
	if n == nil {
		return nil, nil
	}
	switch n.(type) {
	case *ast.StringNode, *ast.LiteralNode:
		t, err := scalar(name, n)
		if err != nil || !jsontext.Value(t).IsValid() {
			s.fail(n, "key %q: it is not valid JSON, or a name is given twice", name)
			return nil, nil
		}
		return jsontext.Value(t), n
	}
	v, err := appendJSON(nil, n, maxDepth)
	if err != nil && s.err == nil {
		s.err = err
	}
	return v, n
}

// scalar gives a scalar's text.
func scalar(name string, n ast.Node) (string, error) {
	switch n := n.(type) {
	case *ast.LiteralNode:
		return n.Value.Value, nil
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode, *ast.NullNode, *ast.MergeKeyNode:
	case ast.ScalarNode:
		return n.GetToken().Value, nil
	}
	return "", at(n, "key %q: it must be a value", name)
}

// appendJSON writes a YAML value as JSON. Plain scalars that JSON would read as numbers are numbers.
func appendJSON(dst []byte, n ast.Node, depth int) ([]byte, error) {
	if depth == 0 {
		return nil, at(n, "it is nested more than %d deep", maxDepth)
	}
	switch n := n.(type) {
	case *ast.SequenceNode:
		return appendList(dst, n, depth)
	case *ast.MappingNode, *ast.MappingValueNode:
		return appendObject(dst, newSection(n), depth)
	case *ast.NullNode:
		return append(dst, "null"...), nil
	case *ast.BoolNode:
		return strconv.AppendBool(dst, n.Value), nil
	}
	t, err := scalar("value", n)
	if err != nil {
		return nil, err
	}
	if plain := n.GetToken().Type; plain == token.IntegerType || plain == token.FloatType {
		if v := jsontext.Value(t); v.Kind() == '0' && v.IsValid() {
			return append(dst, strings.TrimSpace(t)...), nil
		}
	}
	return appendQuoted(dst, n, t)
}

func appendQuoted(dst []byte, n ast.Node, t string) ([]byte, error) {
	dst, err := jsontext.AppendQuote(dst, t)
	if err != nil {
		return nil, at(n, "it is not valid UTF-8")
	}
	return dst, nil
}

func appendList(dst []byte, n *ast.SequenceNode, depth int) (_ []byte, err error) {
	dst = append(dst, '[')
	for i, v := range n.Values {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, err = appendJSON(dst, v, depth-1); err != nil {
			return nil, err
		}
	}
	return append(dst, ']'), nil
}

func appendObject(dst []byte, s *section, depth int) (_ []byte, err error) {
	if s.err != nil {
		return nil, s.err
	}
	dst = append(dst, '{')
	for i, k := range s.keys {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, err = appendQuoted(dst, k.Key, k.Key.GetToken().Value); err != nil {
			return nil, err
		}
		if dst, err = appendJSON(append(dst, ':'), k.Value, depth-1); err != nil {
			return nil, err
		}
	}
	return append(dst, '}'), nil
}

// firstLine keeps the parser's message and drops the excerpt that it draws under it: it could show a secret.
func firstLine(err error) error {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return errors.New(line)
}
