package main

import (
	"cmp"
	"fmt"
	"runtime/debug"
)

// versionCommand has no flags.
type versionCommand struct{}

// Run prints what the Go toolchain wrote into the binary.
func (versionCommand) Run(m *Main) error {
	b := readBuild()
	_, err := fmt.Fprintf(m.Stdout, "findinghub %s\ncommit     %s\nbuilt with %s\n", b.version, b.commit, b.goVersion)
	return err
}

// build is what is known of the binary; "unknown" where it was built outside a checkout.
type build struct {
	version, commit, goVersion string
}

// readBuild asks the binary itself, so that no build script has to tell it.
func readBuild() build {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	return buildOf(info)
}

// buildOf picks what people ask for when something is wrong.
func buildOf(info *debug.BuildInfo) build {
	b := build{version: info.Main.Version, goVersion: info.GoVersion}
	modified := ""
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.commit = s.Value
		case "vcs.modified":
			if s.Value == "true" {
				modified = " (with local changes)"
			}
		}
	}
	b.commit = cmp.Or(b.commit, "unknown") + modified
	b.version = cmp.Or(b.version, "(devel)")
	return b
}
