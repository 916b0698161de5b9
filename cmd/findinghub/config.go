package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// environment begins the name of every variable of ours.
const environment = "FINDINGHUB_"

// settings answers for the flags that the command line does not give: from the
// environment, else from the configuration file.
type settings struct {
	getenv    func(string) string
	variables variables
	file      configFile
}

// variables are the environment variables of each flag, ours first.
type variables map[*kong.Value][]string

// configFile is a configuration file: values by the flag's name, those of a subcommand as
// "serve.listen" or "identity.create-key.json". A value is a string or, for a list, a []any of strings.
type configFile map[string]any

// Validate has nothing to do: readConfig has judged the file, because only it knows lines.
func (s *settings) Validate(*kong.Application) error { return nil }

// Resolve gives a flag's value, nil when neither the environment nor the file has one.
func (s *settings) Resolve(_ *kong.Context, parent *kong.Path, flag *kong.Flag) (any, error) {
	for _, name := range s.variables[flag.Value] {
		if v := s.getenv(name); v != "" {
			return v, nil
		}
	}
	if v, ok := s.file[settingName(parent.Node(), flag.Name)]; ok {
		return v, nil
	}
	return nil, nil
}

// settingName is what a configuration file calls a flag.
func settingName(node *kong.Node, flag string) string {
	return strings.Join(append(commandPath(node), flag), ".")
}

// commandPath is the words by which a subcommand is called, none for the program itself.
func commandPath(node *kong.Node) []string {
	if node == nil || node.Type != kong.CommandNode {
		return nil
	}
	return append(commandPath(node.Parent), node.Name)
}

// collect names the variables of a node's flags and of its subcommands'. The flags of
// serve and those by which every tool reaches the hub have plain names, because a
// deployment sets them; the others carry their subcommand's, because two subcommands
// may mean different things by one name.
func (vs variables) collect(node *kong.Node) {
	prefix := strings.Join(commandPath(node), "-")
	for _, f := range node.Flags {
		name := f.Name
		if prefix != "" && prefix != "serve" && !f.Tag.Has("shared") {
			name = prefix + "-" + name
		}
		vs[f.Value] = []string{environment + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))}
		if others := f.Tag.Get("also"); others != "" {
			vs[f.Value] = append(vs[f.Value], strings.Split(others, ",")...)
		}
	}
	for _, child := range node.Children {
		vs.collect(child)
	}
}

// help adds its variable to a flag's help text, and its default where a placeholder
// stands in the default's place.
func (vs variables) help(value *kong.Value) string {
	if value.Flag == nil || value.Name == "help" || len(vs[value]) == 0 {
		return value.Help
	}
	more := "$" + vs[value][0]
	if value.Default != "" && value.Flag.PlaceHolder != "" {
		more += ", default " + value.Default
	}
	return strings.TrimSuffix(value.Help, ".") + " (" + more + ")."
}

// readConfig reads a configuration file and holds its keys against the flags there are:
// a key that no flag answers to is a mistake that would otherwise show as a setting
// without effect.
func readConfig(path string, app *kong.Application) (configFile, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the configuration cannot be read: %w", err)
	}
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, firstLine(err))
	}
	if len(file.Docs) > 1 {
		return nil, fmt.Errorf("%s: more than one document", path)
	}
	c := configFile{}
	if len(file.Docs) == 0 || file.Docs[0].Body == nil {
		return c, nil
	}
	if err := c.section(app.Node, "", file.Docs[0].Body); err != nil {
		return nil, fmt.Errorf("%s:%w", path, err)
	}
	return c, nil
}

// section takes in the mapping that belongs to the program or to one subcommand.
func (c configFile) section(node *kong.Node, prefix string, body ast.Node) error {
	entries, err := mapping(body)
	if err != nil {
		return err
	}
	for _, e := range entries {
		key := e.Key.GetToken().Value
		if child := subcommand(node, key); child != nil {
			err = c.section(child, prefix+key+".", e.Value)
		} else if !hasFlag(node, key) {
			err = at(e.Key, "unknown key %q", prefix+key)
		} else {
			err = c.entry(prefix+key, e)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// entry takes in one key with its value; null is as good as no key.
func (c configFile) entry(name string, e *ast.MappingValueNode) error {
	if _, twice := c[name]; twice {
		return at(e.Key, "key %q is given twice", name)
	}
	v, err := settingValue(name, e.Value)
	if v != nil {
		c[name] = v
	}
	return err
}

// settingValue takes scalars as they are written: an account id that starts with a zero
// must not become a number.
func settingValue(name string, n ast.Node) (any, error) {
	switch n := n.(type) {
	case *ast.NullNode:
		return nil, nil
	case *ast.SequenceNode:
		list := make([]any, 0, len(n.Values))
		for _, item := range n.Values {
			v, err := settingValue(name, item)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		return list, nil
	case *ast.LiteralNode:
		return n.Value.Value, nil
	case ast.ScalarNode:
		return n.GetToken().Value, nil
	default:
		return nil, at(n, "key %q is neither a value nor a list of values", name)
	}
}

// mapping gives a mapping's entries. The parser has a type of its own for a mapping of
// one entry, and null is what a section without entries is.
func mapping(n ast.Node) ([]*ast.MappingValueNode, error) {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values, nil
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, nil
	case *ast.NullNode:
		return nil, nil
	default:
		return nil, at(n, "expected keys and values")
	}
}

// subcommand finds a subcommand by name, nil if there is none.
func subcommand(node *kong.Node, name string) *kong.Node {
	for _, child := range node.Children {
		if child.Type == kong.CommandNode && child.Name == name {
			return child
		}
	}
	return nil
}

// hasFlag also keeps --help and --config out of files, where they could do nothing.
func hasFlag(node *kong.Node, name string) bool {
	for _, f := range node.Flags {
		if f.Name == name {
			return name != "help" && name != "config"
		}
	}
	return false
}

// at is an error that begins with the line it was found on.
func at(n ast.Node, format string, args ...any) error {
	return fmt.Errorf("%d: "+format, append([]any{n.GetToken().Position.Line}, args...)...)
}

// firstLine keeps the parser's message and drops the excerpt that it draws under it.
func firstLine(err error) error {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return errors.New(line)
}
