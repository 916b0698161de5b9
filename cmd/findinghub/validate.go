package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/asff"
	"github.com/go-json-experiment/json/jsontext"
)

type validateCommand struct {
	Files []string `arg:"" name:"file" help:"Files of findings, - for standard input: one finding, an array, {\"Findings\":[...]}, or JSON lines."`

	Strict bool   `help:"Refuse members that the format does not know, as a hub with --strict does."`
	Format string `enum:"text,json" default:"text" help:"text, or json: a JSON line for each failure and one for the summary."`
	Quiet  bool   `short:"q" help:"Print failures only, no summary."`
}

// Help is what validate --help says beyond its flags.
func (*validateCommand) Help() string {
	return `The verdicts and their words are those that a hub answers imports with; nothing is sent anywhere. The exit code is 1
if any finding failed and 2 if a file could not be read to its end.

  findinghub validate findings.json
  my-scanner --asff | findinghub validate --strict -`
}

// Run checks the files.
func (c *validateCommand) Run(m *Main) error {
	v := &validating{validateCommand: c, out: m.Stdout, validator: asff.Validator{Strict: c.Strict}}
	var unreadable error
	for _, name := range c.Files {
		if err := v.file(m, name); err != nil {
			m.complain(fmt.Errorf("%s: %w", name, err))
			unreadable = err
		}
	}
	if err := v.summarise(); err != nil {
		return err
	}
	switch {
	case unreadable != nil:
		return usageError{errReported}
	case v.failed > 0:
		return errReported
	default:
		return nil
	}
}

// validating is one run of validate.
type validating struct {
	*validateCommand
	validator asff.Validator
	out       io.Writer
	findings  int
	failed    int
}

// file checks one file. An error is about the file, never about a finding.
func (v *validating) file(m *Main, name string) error {
	in, err := m.open(name)
	if err != nil {
		return fileError(err)
	}
	defer in.Close()
	return asff.Read(in, func(it asff.Item) error {
		v.findings++
		message, err := verdict(v.validator, it.Raw)
		if err != nil || message == "" {
			return err
		}
		v.failed++
		return v.print(failure{
			File: name, Number: it.Index + 1, ID: readAddress(it.Raw).id,
			Code: findinghub.CodeInvalidInput, Message: message,
		})
	})
}

// verdict is what a hub says of a finding, "" when it takes it. err is not nil when raw
// is not JSON.
func verdict(v asff.Validator, raw jsontext.Value) (string, error) {
	f, problems, err := v.Check(raw)
	if err != nil {
		return "", err
	}
	// A hub refuses the whole request for a product ARN that is none, before it looks at
	// anything else of its findings.
	if f.Get("ProductArn").Kind() == '"' {
		if _, malformed := asff.ParseProductArn(f.Text("ProductArn")); malformed != nil {
			return malformed.Error(), nil //nolint:nilerr // the error is the verdict
		}
	}
	return asff.Message(problems), nil
}

// print reports a failure in one line, whatever the format.
func (v *validating) print(f failure) error {
	if v.Format == "json" {
		return json.NewEncoder(v.out).Encode(f)
	}
	_, err := fmt.Fprintf(v.out, "%s:#%d (%s): %s\n", f.File, f.Number, f.ID, f.Message)
	return err
}

// summarise prints the counts, also when a file could not be read to its end: what was
// read was checked.
func (v *validating) summarise() error {
	if v.Quiet {
		return nil
	}
	if v.Format == "json" {
		return json.NewEncoder(v.out).Encode(struct {
			Findings int `json:"findings"`
			Failed   int `json:"failed"`
		}{v.findings, v.failed})
	}
	_, err := fmt.Fprintf(v.out, "%s findings, %s failed\n", thousands(v.findings), thousands(v.failed))
	return err
}
