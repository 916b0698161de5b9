package main

import (
	"github.com/alecthomas/kong"

	"github.com/findinghub/findinghub/auth"
)

const description = `A self-hosted hub for security findings that speaks the AWS Security Hub API.

Start a hub for local work and look into it with the AWS CLI:

  findinghub serve --dev
  aws --endpoint-url http://127.0.0.1:4590 securityhub get-findings

Every flag may also be given in the environment (the name is in its help) and in a configuration file, YAML or JSON,
named by --config or FINDINGHUB_CONFIG. Flags win over the environment, the environment over the file, the file over
defaults.`

// defaults are the values that help texts and more than one flag name.
var defaults = kong.Vars{
	"endpoint":    "http://127.0.0.1:4590",
	"listen":      "127.0.0.1:4590",
	"region":      "us-east-1",
	"dev_account": auth.DevAccount,
}

// commands is the whole command line; a field with cmd is a subcommand.
type commands struct {
	Config string `placeholder:"FILE" help:"Read settings from a YAML or JSON file: flags by their names, a subcommand's under its name."`

	Serve    serveCommand    `cmd:"" help:"Run the hub in the foreground."`
	Import   importCommand   `cmd:"" help:"Send findings from files to a hub."`
	Export   exportCommand   `cmd:"" help:"Write a hub's findings to a file."`
	Validate validateCommand `cmd:"" help:"Check findings without a hub."`
	Identity identityCommand `cmd:"" help:"Keep accounts, users, roles, keys and policies."`
	Events   eventsCommand   `cmd:"" help:"Look after events that were not taken."`
	Backup   backupCommand   `cmd:"" help:"Copy a data directory while a hub uses it."`
	Restore  restoreCommand  `cmd:"" help:"Make a data directory from a backup."`
	Migrate  migrateCommand  `cmd:"" help:"Copy everything between data directories and databases."`
	Bench    benchCommand    `cmd:"" help:"Measure the hub on this machine."`
	Version  versionCommand  `cmd:"" help:"Print the version."`
}

// BeforeResolve brings the environment and the configuration file in after the flags
// are read and before they are applied, which is when their order can be kept.
func (c *commands) BeforeResolve(ctx *kong.Context, m *Main, names variables) error {
	s := &settings{getenv: m.Getenv, variables: names}
	path := c.configPath(ctx)
	if path == "" {
		path = m.Getenv(environment + "CONFIG")
	}
	if path != "" {
		var err error
		if s.file, err = readConfig(path, ctx.Model); err != nil {
			return err
		}
	}
	ctx.AddResolver(s)
	return nil
}

// configPath is --config as given on the command line.
func (c *commands) configPath(ctx *kong.Context) string {
	for _, f := range ctx.Model.Flags {
		if f.Name == "config" {
			path, _ := ctx.FlagValue(f).(string)
			return path
		}
	}
	return ""
}
