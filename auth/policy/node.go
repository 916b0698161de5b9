package policy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

const (
	// MaxSize bounds the text of a policy in bytes. IAM's own bound is 6,144 characters without
	// white space for a managed policy; files that people indent are larger.
	MaxSize = 32 << 10
	// maxDepth bounds the nesting. A value of a condition is the deepest at 6.
	maxDepth = 8
)

// node is a JSON value that knows where it came from. Policies are read into nodes first so
// that every complaint has a line.
type node struct {
	kind   jsontext.Kind // one of { [ " 0 t f n
	offset int64         // where it begins, or ends when it is a scalar; the line is the same
	path   string
	text   string // a string's content, a number as written
	// elements are an array's; members, under the same numbers as names, an object's.
	elements []node
	names    []string
}

// treeReader reads nodes. Paths are made for every node, also for those that nobody complains
// about: policies are read when a file changes, not when a request comes.
type treeReader struct {
	text []byte
	dec  *jsontext.Decoder
}

// readTree reads the one JSON value that the text must be.
func readTree(text []byte) (node, error) {
	if len(text) > MaxSize {
		return node{}, &SyntaxError{Line: 1, Message: fmt.Sprintf("it has %d bytes, more than %d", len(text), MaxSize)}
	}
	// Duplicate names and invalid UTF-8 are errors of the decoder.
	r := treeReader{text: text, dec: jsontext.NewDecoder(bytes.NewReader(text))}
	root, err := r.value("")
	if err != nil {
		return node{}, err
	}
	if _, err := r.dec.ReadToken(); !errors.Is(err, io.EOF) {
		return node{}, &SyntaxError{Line: lineOf(text, r.dec.InputOffset()), Message: "something follows the end of the document"}
	}
	return root, nil
}

// value reads the next value. Its depth is bounded, so the recursion is.
func (r *treeReader) value(path string) (node, error) {
	token, err := r.dec.ReadToken()
	if err != nil {
		return node{}, jsonError(r.text, err)
	}
	n := node{kind: token.Kind(), path: path, offset: r.dec.InputOffset()}
	if r.dec.StackDepth() > maxDepth {
		return node{}, n.fail(r.text, "it is nested deeper than %d levels", maxDepth)
	}
	switch n.kind {
	case jsontext.KindBeginObject:
		err = r.members(&n)
	case jsontext.KindBeginArray:
		err = r.list(&n)
	default:
		n.text = token.String()
	}
	return n, err
}

func (r *treeReader) members(n *node) error {
	for r.dec.PeekKind() != jsontext.KindEndObject {
		token, err := r.dec.ReadToken()
		if err != nil {
			return jsonError(r.text, err)
		}
		name := token.String()
		member, err := r.value(join(n.path, name))
		if err != nil {
			return err
		}
		n.names, n.elements = append(n.names, name), append(n.elements, member)
	}
	return r.end()
}

func (r *treeReader) list(n *node) error {
	for r.dec.PeekKind() != jsontext.KindEndArray {
		member, err := r.value(element(n.path, len(n.elements)))
		if err != nil {
			return err
		}
		n.elements = append(n.elements, member)
	}
	return r.end()
}

func (r *treeReader) end() error {
	if _, err := r.dec.ReadToken(); err != nil {
		return jsonError(r.text, err)
	}
	return nil
}

// fail is the error of a node.
func (n *node) fail(text []byte, format string, args ...any) error {
	return &SyntaxError{Line: lineOf(text, n.offset), Path: n.path, Message: fmt.Sprintf(format, args...)}
}

// member finds a member of an object.
func (n *node) member(name string) (*node, bool) {
	for i, have := range n.names {
		if have == name {
			return &n.elements[i], true
		}
	}
	return nil, false
}

// values are a list's elements, or the value itself: IAM lets a list of one be written
// without brackets (reference_policies_grammar).
func (n *node) values() []node {
	if n.kind == jsontext.KindBeginArray {
		return n.elements
	}
	return []node{*n}
}

// what names a node's type in messages; true and false are named themselves, since they are
// what people write for "true".
func (n *node) what() string {
	switch n.kind {
	case jsontext.KindBeginObject:
		return "an object"
	case jsontext.KindBeginArray:
		return "a list"
	case jsontext.KindString:
		return "a string"
	case jsontext.KindNumber:
		return "a number"
	case jsontext.KindNull:
		return "null"
	}
	return strconv.Quote(n.text)
}
