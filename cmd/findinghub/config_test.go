package main

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"
)

// parse gives what a call's flags come to.
func (c call) parse(t *testing.T) (*commands, error) {
	t.Helper()
	m, _, _ := c.main()
	into := &commands{}
	_, err := m.parse(t.Context(), into)
	return into, err
}

func configFileWith(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestPrecedence goes down from the flag to the default, taking the winner away each time.
func TestPrecedence(t *testing.T) {
	t.Parallel()
	path := configFileWith(t, "c.yaml", "serve:\n  listen: file:1\n")
	steps := []struct {
		name string
		call call
		want string
	}{
		{"flag", call{args: []string{"serve", "--listen", "flag:1"}, env: map[string]string{"FINDINGHUB_LISTEN": "env:1", "FINDINGHUB_CONFIG": path}}, "flag:1"},
		{"environment", call{args: []string{"serve"}, env: map[string]string{"FINDINGHUB_LISTEN": "env:1", "FINDINGHUB_CONFIG": path}}, "env:1"},
		{"file by variable", call{args: []string{"serve"}, env: map[string]string{"FINDINGHUB_CONFIG": path}}, "file:1"},
		{"file by flag", call{args: []string{"serve", "--config", path}}, "file:1"},
		{"file by flag before the subcommand", call{args: []string{"--config", path, "serve"}}, "file:1"},
		{"empty variable", call{args: []string{"serve"}, env: map[string]string{"FINDINGHUB_LISTEN": "", "FINDINGHUB_CONFIG": path}}, "file:1"},
		{"default", call{args: []string{"serve"}}, "127.0.0.1:4590"},
	}
	for _, step := range steps {
		got, err := step.call.parse(t)
		if err != nil {
			t.Errorf("%s: %v", step.name, err)
		} else if got.Serve.Listen != step.want {
			t.Errorf("%s: listen is %q, want %q", step.name, got.Serve.Listen, step.want)
		}
	}
}

// TestConfigFlagWinsOverVariable: the file of --config replaces that of the variable.
func TestConfigFlagWinsOverVariable(t *testing.T) {
	t.Parallel()
	a := configFileWith(t, "a.yaml", "serve: {region: eu-west-1}")
	b := configFileWith(t, "b.yaml", "serve: {region: eu-west-2}")
	got, err := call{args: []string{"serve", "--config", a}, env: map[string]string{"FINDINGHUB_CONFIG": b}}.parse(t)
	if err != nil || got.Serve.Region != "eu-west-1" {
		t.Errorf("region is %q, error %v", got.Serve.Region, err)
	}
}

func TestConfigValues(t *testing.T) {
	t.Parallel()
	path := configFileWith(t, "c.yaml", `
# comments are allowed
serve:
  dev: true
  data-dir: /var/lib/findinghub
  drain-timeout: 90s
  log-level: WARN
import:
  connections: 12
  region: null
export:
  account: ["012345678901", 023456789012]
  severity:
    - HIGH
    - CRITICAL
`)
	got, err := call{args: []string{"export"}, env: map[string]string{"FINDINGHUB_CONFIG": path}}.parse(t)
	if err != nil {
		t.Fatal(err)
	}
	// An account that begins with a zero is digits, not an octal number.
	if want := []string{"012345678901", "023456789012"}; !reflect.DeepEqual(got.Export.Account, want) {
		t.Errorf("accounts are %q, want %q", got.Export.Account, want)
	}
	if want := []string{"HIGH", "CRITICAL"}; !reflect.DeepEqual(got.Export.Query.Severity, want) {
		t.Errorf("severities are %q, want %q", got.Export.Query.Severity, want)
	}
	got, err = call{args: []string{"serve", "--config", path}}.parse(t)
	if err != nil || !got.Serve.Dev || got.Serve.DataDir != "/var/lib/findinghub" || got.Serve.DrainTimeout != 90*time.Second || got.Serve.LogLevel.String() != "WARN" {
		t.Errorf("serve is %+v, error %v", got.Serve, err)
	}
	got, err = call{args: []string{"import", "--config", path, "-"}}.parse(t)
	if err != nil || got.Import.Connections != 12 || got.Import.Region != "" {
		t.Errorf("import is %+v, error %v", got.Import, err)
	}
}

func TestConfigJSON(t *testing.T) {
	t.Parallel()
	path := configFileWith(t, "c.json", `{"serve": {"dev": true, "region": "eu-central-1"}}`)
	got, err := call{args: []string{"serve", "--config", path}}.parse(t)
	if err != nil || !got.Serve.Dev || got.Serve.Region != "eu-central-1" {
		t.Errorf("serve is %+v, error %v", got.Serve, err)
	}
}

// TestConfigMistakes: each is named with its line, whatever subcommand runs.
func TestConfigMistakes(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, text, says string }{
		{"unknown key", "serve:\n  dev: true\n  lissten: x\n", `c.yaml:3: unknown key "serve.lissten"`},
		{"unknown section", "\nserver: {dev: true}\n", `c.yaml:2: unknown key "server"`},
		{"another subcommand's key", "validate: {listen: x}\n", `c.yaml:1: unknown key "validate.listen"`},
		{"config in a configuration", "config: other.yaml\n", `unknown key "config"`},
		{"twice", "serve:\n  region: a\n  region: b\n", `region`},
		{"a list of keys", "- serve\n", "c.yaml:1: expected keys and values"},
		{"a section without keys", "serve: yes\n", "c.yaml:1: expected keys and values"},
		{"keys where a value should be", "serve: {listen: {host: x}}\n", `"serve.listen"`},
		{"two documents", "serve: {dev: true}\n---\nserve: {dev: false}\n", "more than one document"},
		{"not YAML", "serve: [\n", "c.yaml"},
		{"a value of the wrong type", "serve: {drain-timeout: soon}\n", "soon"},
	}
	for _, c := range cases {
		path := configFileWith(t, "c.yaml", c.text)
		program(t, "serve", "--config", path).wants(t, exitUsage, c.says)
	}
	program(t, "serve", "--config", "no-such.yaml").wants(t, exitUsage, "no-such.yaml")
}

func TestConfigMayBeEmpty(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "# nothing\n", "serve:\n"} {
		if _, err := (call{args: []string{"serve", "--config", configFileWith(t, "c.yaml", text)}}).parse(t); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestEndpointVariables: a shell that is set up for AWS clients is set up for us, and
// ours is the stronger name.
func TestEndpointVariables(t *testing.T) {
	t.Parallel()
	env := map[string]string{}
	for _, step := range []struct{ name, want string }{
		{"", "http://127.0.0.1:4590"},
		{"AWS_ENDPOINT_URL", "http://AWS_ENDPOINT_URL"},
		{"AWS_ENDPOINT_URL_SECURITYHUB", "http://AWS_ENDPOINT_URL_SECURITYHUB"},
		{"FINDINGHUB_ENDPOINT", "http://FINDINGHUB_ENDPOINT"},
	} {
		env[step.name] = "http://" + step.name
		got, err := call{args: []string{"export"}, env: env}.parse(t)
		if err != nil || got.Export.Hub.Endpoint != step.want {
			t.Errorf("with %q the endpoint is %q, error %v", step.name, got.Export.Hub.Endpoint, err)
		}
	}
}
