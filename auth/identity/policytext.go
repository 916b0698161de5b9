package identity

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	"github.com/findinghub/findinghub/auth/policy"
	"github.com/goccy/go-yaml/ast"
)

// policy reads a policy document that stands in the file as YAML or JSON, or as JSON in
// a string.
func (r *reader) policy(e entry, kind policy.Kind) (*Policy, error) {
	text, line, err := r.policyText(e)
	if err != nil {
		return nil, err
	}
	doc, err := policy.Parse([]byte(text), kind)
	if err != nil {
		return nil, r.policyError(e, err, line)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, []byte(text)); err != nil {
		return nil, r.fail(e.line, "%s: the policy is not JSON", e.path)
	}
	return &Policy{Text: compact.Bytes(), Document: doc, at: position{r.file, e.line}}, nil
}

// policyText gives a policy as JSON, and the file's line for each of the text's.
func (r *reader) policyText(e entry) (text string, line func(int) int, err error) {
	switch n := e.value.(type) {
	case *ast.LiteralNode:
		first := lineOf(n) // of the | before the text
		return n.Value.Value, func(l int) int { return first + l }, nil
	case *ast.StringNode:
		only := lineOf(n)
		return n.GetToken().Value, func(int) int { return only }, nil
	}
	w := &policyWriter{reader: r, line: e.line}
	if err := w.value(e.value, e.path); err != nil {
		return "", nil, err
	}
	return w.text.String(), func(l int) int { return e.line + l - 1 }, nil
}

// policyWriter writes a syntax tree as JSON whose lines are the lines of the tree, so that
// a line of a mistake in the one is the line of the mistake in the other.
type policyWriter struct {
	*reader
	text strings.Builder
	line int
}

// reach goes on to the line on which a node stands.
func (w *policyWriter) reach(n ast.Node) {
	for to := lineOf(n); w.line < to; w.line++ {
		w.text.WriteByte('\n')
	}
}

func (w *policyWriter) value(n ast.Node, path string) error {
	w.reach(n)
	switch n := n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return w.object(n, path)
	case *ast.SequenceNode:
		return w.array(n, path)
	case *ast.NullNode:
		w.text.WriteString("null")
		return nil
	case *ast.BoolNode:
		if n.Value {
			w.text.WriteString("true")
		} else {
			w.text.WriteString("false")
		}
		return nil
	}
	// Numbers stay the digits that were written: policies compare text, and an account
	// id must keep its zeros.
	s, err := w.scalar(n, path)
	if err == nil {
		w.quoted(s)
	}
	return err
}

func (w *policyWriter) object(n ast.Node, path string) error {
	entries, err := w.mapping(n, path)
	if err != nil {
		return err
	}
	w.text.WriteByte('{')
	for i, e := range entries {
		if i > 0 {
			w.text.WriteByte(',')
		}
		for ; w.line < e.line; w.line++ {
			w.text.WriteByte('\n')
		}
		w.quoted(e.key)
		w.text.WriteByte(':')
		if err := w.value(e.value, e.path); err != nil {
			return err
		}
	}
	w.text.WriteByte('}')
	return nil
}

func (w *policyWriter) array(n *ast.SequenceNode, path string) error {
	w.text.WriteByte('[')
	for i, item := range n.Values {
		if i > 0 {
			w.text.WriteByte(',')
		}
		if err := w.value(item, path); err != nil {
			return err
		}
	}
	w.text.WriteByte(']')
	return nil
}

// quoted writes a string as JSON; a string always has such a form.
func (w *policyWriter) quoted(s string) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s)
	w.text.Write(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}

// policyError puts the file's line and path in the place of the policy's.
func (r *reader) policyError(e entry, err error, line func(int) int) error {
	var s *policy.SyntaxError
	if !errors.As(err, &s) {
		return r.fail(e.line, "%s: %s", e.path, err)
	}
	path := e.path
	if s.Path != "" {
		path = join(path, s.Path)
	}
	return r.fail(line(s.Line), "%s: %s", path, s.Message)
}

// ReadPolicy reads a file that holds one policy document, YAML or JSON. The error is a
// *FileError that names the file and the line.
func ReadPolicy(name string, data []byte, kind policy.Kind) (*Policy, error) {
	r := &reader{file: name}
	root, err := r.tree(data)
	if err != nil {
		return nil, err
	}
	if root == nil {
		return nil, r.fail(0, "the file is empty")
	}
	return r.policy(entry{path: "the policy", line: 1, value: root}, kind)
}
