package identity

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// reader walks the syntax tree of one file. It takes scalars as they are written, because
// an account id that starts with a zero must not become a number.
type reader struct {
	file string
}

// entry is one key of a mapping with its value and the way to it from the top.
type entry struct {
	key   string
	path  string
	line  int
	value ast.Node
}

// maxFile bounds a file, in bytes: ten thousand users with their keys need a fifth of it.
const maxFile = 32 << 20

// tree parses a file; nil is the tree of one without content. The parser's own messages
// quote the lines around a mistake, which may hold a secret, and are cut down to what is wrong.
func (r *reader) tree(data []byte) (ast.Node, error) {
	if len(data) > maxFile {
		return nil, r.fail(0, "the file is larger than %d bytes", maxFile)
	}
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		return nil, r.syntax(err)
	}
	if len(file.Docs) > 1 {
		return nil, r.fail(0, "more than one document")
	}
	if len(file.Docs) == 0 || file.Docs[0].Body == nil {
		return nil, nil
	}
	return file.Docs[0].Body, nil
}

// syntax turns a parser's error into one of ours.
func (r *reader) syntax(err error) error {
	var e yaml.Error
	if !errors.As(err, &e) {
		return r.fail(0, "it is neither YAML nor JSON")
	}
	line := 0
	if t := e.GetToken(); t != nil && t.Position != nil {
		line = t.Position.Line
	}
	// Of what the parser quotes only keys are sure to be no secret.
	message := e.GetMessage()
	if !strings.HasPrefix(message, "mapping key ") {
		message, _, _ = strings.Cut(message, `"`)
	}
	return r.fail(line, "%s", cmp.Or(strings.TrimRight(message, ": "), "it is neither YAML nor JSON"))
}

func (r *reader) fail(line int, format string, args ...any) error {
	return position{r.file, line}.fail(format, args...)
}

// lineOf is the line that a node begins on.
func lineOf(n ast.Node) int {
	if t := n.GetToken(); t != nil && t.Position != nil {
		return t.Position.Line
	}
	return 0
}

// mapping gives a mapping's entries in their order. Null is what a section without entries
// is, and the syntax tree has a type of its own for a mapping of one entry.
func (r *reader) mapping(n ast.Node, path string) ([]entry, error) {
	var values []*ast.MappingValueNode
	switch n := n.(type) {
	case nil, *ast.NullNode:
	case *ast.MappingNode:
		values = n.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{n}
	default:
		return nil, r.fail(lineOf(n), "%s: expected keys and values", orTop(path))
	}
	entries := make([]entry, 0, len(values))
	seen := make(map[string]bool, len(values))
	for _, v := range values {
		e, err := r.entry(v, path)
		if err != nil {
			return nil, err
		}
		if seen[e.key] {
			return nil, r.fail(e.line, "%q is given twice", e.path)
		}
		seen[e.key] = true
		entries = append(entries, e)
	}
	return entries, nil
}

// entry reads a key, which must be a plain word: aliases and merges would hide what a file
// grants from whoever reads it.
func (r *reader) entry(v *ast.MappingValueNode, path string) (entry, error) {
	key, ok := v.Key.(ast.ScalarNode)
	if _, merge := v.Key.(*ast.MergeKeyNode); !ok || merge {
		return entry{}, r.fail(lineOf(v), "%s: a key must be a plain word", orTop(path))
	}
	word := key.GetToken().Value
	return entry{key: word, path: join(path, word), line: lineOf(v.Key), value: v.Value}, nil
}

// join appends a key to the way to it.
func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// orTop names the top of the file, which has no path.
func orTop(path string) string {
	if path == "" {
		return "the file"
	}
	return path
}

// fields hands each entry to what reads it; a key that nothing reads is a mistake that
// would otherwise show as a permission without effect.
func (r *reader) fields(n ast.Node, path string, known map[string]func(entry) error) error {
	entries, err := r.mapping(n, path)
	if err != nil {
		return err
	}
	for _, e := range entries {
		read := known[e.key]
		if read == nil {
			return r.fail(e.line, "unknown key %q", e.path)
		}
		if err := read(e); err != nil {
			return err
		}
	}
	return nil
}

// each hands every entry of a mapping to one function.
func (r *reader) each(e entry, read func(entry) error) error {
	entries, err := r.mapping(e.value, e.path)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := read(e); err != nil {
			return err
		}
	}
	return nil
}

// scalar gives the text of a node as it is written. Anchors, aliases and tags are refused.
func (r *reader) scalar(n ast.Node, path string) (string, error) {
	switch n := n.(type) {
	case *ast.LiteralNode:
		return n.Value.Value, nil
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, nil
	default:
		return "", r.fail(lineOf(n), "%s: expected a plain value", path)
	}
}

// text reads a plain value into a string.
func (r *reader) text(into *string) func(entry) error {
	return func(e entry) (err error) {
		*into, err = r.scalar(e.value, e.path)
		return err
	}
}

// list gives the items of a list; none is what null has.
func (r *reader) list(e entry) ([]ast.Node, error) {
	switch n := e.value.(type) {
	case *ast.NullNode:
		return nil, nil
	case *ast.SequenceNode:
		return n.Values, nil
	default:
		return nil, r.fail(e.line, "%s: expected a list", e.path)
	}
}

// texts gives the values of a list and their lines; one that is given twice is refused.
func (r *reader) texts(e entry) ([]string, map[string]int, error) {
	nodes, err := r.list(e)
	if err != nil {
		return nil, nil, err
	}
	values := make([]string, 0, len(nodes))
	lines := make(map[string]int, len(nodes))
	for i, n := range nodes {
		v, err := r.scalar(n, fmt.Sprintf("%s[%d]", e.path, i))
		if err != nil {
			return nil, nil, err
		}
		if lines[v] != 0 {
			return nil, nil, r.fail(lineOf(n), "%s: %q is given twice", e.path, v)
		}
		lines[v] = lineOf(n)
		values = append(values, v)
	}
	return values, lines, nil
}
