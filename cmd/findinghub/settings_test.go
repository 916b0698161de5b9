package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// model gives the command line's own description of itself.
func model(t *testing.T) (*kong.Application, variables) {
	t.Helper()
	m, _, _ := call{args: []string{"version"}}.main()
	names := variables{}
	parsed, err := m.parse(t.Context(), &commands{})
	if err != nil {
		t.Fatal(err)
	}
	names.collect(parsed.Model.Node)
	return parsed.Model, names
}

// flagsOf walks all flags with the words of the subcommand that has them, "" for the program's.
func flagsOf(app *kong.Application, visit func(command string, f *kong.Flag)) {
	nodesOf(app.Node, func(node *kong.Node) {
		for _, f := range node.Flags {
			visit(strings.Join(commandPath(node), " "), f)
		}
	})
}

// nodesOf walks the program and its subcommands of every level.
func nodesOf(node *kong.Node, visit func(*kong.Node)) {
	visit(node)
	for _, child := range node.Children {
		nodesOf(child, visit)
	}
}

// TestVariablesAreDistinct: one variable means one thing, except where flags are
// shared on purpose or belong to serve.
func TestVariablesAreDistinct(t *testing.T) {
	t.Parallel()
	app, names := model(t)
	owner := map[string]*kong.Flag{}
	flagsOf(app, func(command string, f *kong.Flag) {
		if f.Name == "help" {
			return
		}
		name := names[f.Value][0]
		if !strings.HasPrefix(name, environment) || strings.ContainsAny(name, "- ") || name != strings.ToUpper(name) {
			t.Errorf("%s --%s has the variable %q", command, f.Name, name)
		}
		other := owner[name]
		if other != nil && (other.Name != f.Name || !other.Tag.Has("shared") && !f.Tag.Has("shared")) {
			t.Errorf("%s is both --%s and %s --%s", name, other.Name, command, f.Name)
		}
		owner[name] = f
	})
}

// TestEveryFlagMayBeSet: what a flag can say, its variable and its key can say.
func TestEveryFlagMayBeSet(t *testing.T) {
	t.Parallel()
	app, names := model(t)
	flagsOf(app, func(command string, f *kong.Flag) {
		if command == "" || f.Name == "help" || f.Hidden {
			return
		}
		value := sampleValue(f)
		args := sampleArgs(app, command, f.Name)
		fromEnv := set(t, call{args: args, env: map[string]string{names[f.Value][0]: value}}, command, f.Name)
		path := configFileWith(t, "c.yaml", sampleFile(command, f.Name, value))
		fromFile := set(t, call{args: args, env: map[string]string{"FINDINGHUB_CONFIG": path}}, command, f.Name)
		fromFlag := set(t, call{args: append(args, "--"+f.Name+"="+value)}, command, f.Name)
		if fromEnv != fromFlag || fromFile != fromFlag {
			t.Errorf("%s --%s is %q by flag, %q by variable, %q by file", command, f.Name, fromFlag, fromEnv, fromFile)
		}
	})
}

// sampleArgs call a subcommand with all that it needs but one flag. One that needs a
// subcommand of its own gets the plainest.
func sampleArgs(app *kong.Application, command, but string) []string {
	node := app.Node
	args := strings.Fields(command)
	for _, word := range args {
		node = subcommand(node, word)
	}
	if len(node.Children) > 0 {
		node = subcommand(node, "list")
		args = append(args, node.Name)
	}
	for _, p := range node.Positional {
		if p.Name == "to" || p.Name == "from" || p.Name == "into" {
			args = append(args, "user/u")
		} else {
			args = append(args, stdin)
		}
	}
	for _, f := range node.Flags {
		if f.Required && f.Name != but {
			args = append(args, "--"+f.Name+"=x")
		}
	}
	return args
}

// sampleFile is a configuration file with one setting.
func sampleFile(command, flag, value string) string {
	text, indent := "", ""
	for _, word := range strings.Fields(command) {
		text += indent + word + ":\n"
		indent += "  "
	}
	return text + indent + flag + ": " + value + "\n"
}

// sampleValue is a value that differs from the flag's default.
func sampleValue(f *kong.Flag) string {
	switch {
	case f.Enum != "":
		for _, v := range f.EnumSlice() {
			if v != f.Default {
				return v
			}
		}
	case f.IsBool():
		return "true"
	case f.Name == "log-level":
		return "ERROR"
	case strings.HasSuffix(f.Name, "timeout"), strings.HasSuffix(f.Name, "duration"), strings.HasSuffix(f.Name, "retention"),
		strings.HasSuffix(f.Name, "wait"), strings.HasSuffix(f.Name, "patience"):
		return "7s"
	}
	return "7"
}

// set parses a call and gives the text of one of its flags.
func set(t *testing.T, c call, command, flag string) string {
	t.Helper()
	m, _, _ := c.main()
	parsed, err := m.parse(t.Context(), &commands{})
	if err != nil {
		t.Errorf("%q %v: %v", c.args, c.env, err)
		return ""
	}
	text := ""
	flagsOf(parsed.Model, func(in string, f *kong.Flag) {
		if in == command && f.Name == flag {
			text = fmt.Sprint(f.Target.Interface())
		}
	})
	return text
}

// TestOperationsPage: every setting of serve is documented with its variable and default.
func TestOperationsPage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	app, names := model(t)
	flagsOf(app, func(command string, f *kong.Flag) {
		if command != "" && command != "serve" || f.Name == "help" {
			return
		}
		row := "| `--" + f.Name + "` | `" + names[f.Value][0] + "` | "
		if f.Default != "" {
			row += "`" + f.Default + "` |"
		}
		if !strings.Contains(string(page), row) {
			t.Errorf("docs/operations.md lacks the row %s", row)
		}
	})
}

// TestMetricsAreDocumented: every metric of ours that a hub shows is in the operations page.
func TestMetricsAreDocumented(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	hub := startHub(t, t.TempDir())
	_, metrics := hub.get(t, "/metrics")
	for line := range strings.Lines(metrics) {
		name, ok := strings.CutPrefix(line, "# TYPE ")
		name, _, _ = strings.Cut(name, " ")
		if ok && strings.HasPrefix(name, "findinghub_") && !strings.Contains(string(page), "`"+name) {
			t.Errorf("docs/operations.md lacks %s", name)
		}
	}
}
