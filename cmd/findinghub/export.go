package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/sync/errgroup"

	"github.com/findinghub/findinghub/asff"
	"github.com/findinghub/findinghub/auth"
)

// pageSize is how many findings a page has, the most that the API gives.
const pageSize = asff.MaxBatch

type exportCommand struct {
	Hub     hubFlags   `embed:""`
	Query   queryFlags `embed:""`
	Region  []string   `shared:"" default:"${region}" placeholder:"REGION" also:"AWS_REGION,AWS_DEFAULT_REGION" help:"The regions whose hubs are read, one after the other."`
	Account []string   `placeholder:"ID" help:"Accounts whose findings are exported. A hub with --dev keeps each account apart: they are asked one after the other, and ${dev_account} is the default."`
	Output  string     `short:"o" placeholder:"FILE" help:"Write to FILE, which is there only when the export is complete."`
	Format  string     `enum:"jsonl,json" default:"jsonl" help:"jsonl, one finding a line, or json, one array."`
	Quiet   bool       `short:"q" help:"Print no summary."`
}

// Help is what export --help says beyond its flags.
func (*exportCommand) Help() string {
	return `Everything that matches is written, page by page. With -o a file of that name is a whole export; on standard output
only the exit code 0 says so.

  findinghub export -o findings.jsonl
  findinghub export --severity CRITICAL,HIGH --record-state ACTIVE --sort SeverityLabel:desc | jq .Title
  findinghub export --filters '{"UserDefinedFields":[{"Key":"team","Value":"web","Comparison":"EQUALS"}]}' --format json`
}

// Run writes the findings.
func (c *exportCommand) Run(ctx context.Context, m *Main) error {
	first, err := c.Query.request()
	if err != nil {
		return err
	}
	for _, a := range c.Account {
		if !auth.ValidAccount(a) {
			return usagef("--account %q is not 12 digits", a)
		}
	}
	out, err := m.openOutput(c.Output)
	if err != nil {
		return usageError{err}
	}
	defer out.abandon()
	ex := &exporting{exportCommand: c, first: first, out: newFindingWriter(out, c.Format), bar: m.exportBar(c.Quiet || c.Output == "" && isTerminal(m.Stdout))}
	if ex.client, err = c.Hub.dial(ctx, m, 1); err != nil {
		return err
	}
	defer ex.client.close()
	return ex.run(ctx, m, out)
}

// exporting is one run of export.
type exporting struct {
	*exportCommand
	client *client
	first  request
	out    *findingWriter
	bar    progress
}

// run exports every part into one output, which only gets its name when all are in it.
func (ex *exporting) run(ctx context.Context, m *Main, out *output) error {
	began := time.Now()
	for _, part := range ex.parts() {
		if err := ex.hub(ctx, part); err != nil {
			ex.bar.finish()
			return fmt.Errorf("the export is not complete: %w", err)
		}
	}
	ex.bar.finish()
	if err := ex.out.close(); err != nil {
		return fmt.Errorf("the export is not complete: %w", err)
	}
	if err := out.commit(); err != nil {
		return err
	}
	if !ex.Quiet {
		took := time.Since(began)
		fmt.Fprintf(m.Stderr, "%s findings exported in %s (%s/s)\n", thousands(ex.out.count), took.Round(time.Millisecond),
			thousands(int(float64(ex.out.count)/max(took.Seconds(), 1e-3))))
	}
	return nil
}

// parts are the hubs to read. Only a hub in development hears the account from us; for
// any other the accounts are a filter on what the caller may see.
func (ex *exporting) parts() []part {
	accounts := []string{""}
	request := ex.first
	if len(ex.Account) > 0 && ex.client.dev {
		accounts = ex.Account
	} else if len(ex.Account) > 0 {
		own := convenience{"account", "AwsAccountId", "EQUALS", ex.Account}
		request.Filters[own.attribute] = own.filter()
	}
	var parts []part
	for _, account := range accounts {
		for _, region := range ex.Region {
			parts = append(parts, part{caller{account, region}, request})
		}
	}
	return parts
}

// part is the export of one hub.
type part struct {
	as    caller
	first request
}

// page is what one request brings.
type page struct {
	findings []jsontext.Value
	next     string
}

// hub exports one hub: the next page is under way while one is written.
func (ex *exporting) hub(ctx context.Context, p part) error {
	pages := make(chan page, 1)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(pages)
		return ex.fetch(ctx, p, pages)
	})
	group.Go(func() error {
		for pg := range pages {
			if err := ex.out.write(pg.findings); err != nil {
				return err
			}
			ex.bar.count(ex.out.count)
		}
		return nil
	})
	return group.Wait()
}

// fetch asks for a part's pages one after the other: each page's token is in the one before.
func (ex *exporting) fetch(ctx context.Context, p part, pages chan<- page) error {
	r := p.first
	for {
		answer, err := ex.client.call(ctx, p.as, "/findings", marshal(r))
		if err != nil {
			return err
		}
		pg, err := readPage(answer)
		if err != nil {
			return fmt.Errorf("the answer of %s is not a hub's: %w", ex.client.endpoint, err)
		}
		select {
		case pages <- pg:
		case <-ctx.Done():
			return ctx.Err()
		}
		if pg.next == "" {
			return nil
		}
		r.NextToken = pg.next
	}
}

// readPage takes an answer apart without decoding the findings, which are only copied.
func readPage(answer []byte) (page, error) {
	var p page
	dec := jsontext.NewDecoder(bytes.NewBuffer(answer), jsontext.AllowDuplicateNames(true))
	if tok, err := dec.ReadToken(); err != nil || tok.Kind() != '{' {
		return p, errors.Join(err, errors.New("not a JSON object"))
	}
	for dec.PeekKind() == '"' {
		tok, err := dec.ReadToken()
		if err != nil {
			return p, err
		}
		switch tok.String() {
		case "Findings":
			p.findings, err = readFindings(dec, answer)
		case "NextToken":
			var v jsontext.Value
			v, err = dec.ReadValue()
			p.next = asff.Unquote(v)
		default:
			err = dec.SkipValue()
		}
		if err != nil {
			return p, err
		}
	}
	// The closing brace: a truncated answer must not pass for the last page.
	_, err := dec.ReadToken()
	return p, err
}

// readFindings gives the elements of a list as parts of the answer; nothing is copied.
// A page is written before the next but one is asked for, so that few answers are held.
func readFindings(dec *jsontext.Decoder, answer []byte) ([]jsontext.Value, error) {
	if tok, err := dec.ReadToken(); err != nil || tok.Kind() != '[' {
		return nil, errors.Join(err, errors.New("its Findings are not a list"))
	}
	findings := make([]jsontext.Value, 0, pageSize)
	for dec.PeekKind() != ']' {
		v, err := dec.ReadValue()
		if err != nil {
			return nil, err
		}
		end := dec.InputOffset()
		findings = append(findings, answer[end-int64(len(v)):end])
	}
	_, err := dec.ReadToken()
	return findings, err
}

// findingWriter writes findings in one of the formats.
type findingWriter struct {
	w     *bufio.Writer
	array bool
	count int
}

// newFindingWriter writes an array for json and lines for everything else.
func newFindingWriter(w io.Writer, format string) *findingWriter {
	return &findingWriter{w: bufio.NewWriterSize(w, 1<<18), array: format == "json"}
}

// write appends a page.
func (f *findingWriter) write(findings []jsontext.Value) error {
	for _, v := range findings {
		if f.array {
			_, _ = f.w.WriteString(map[bool]string{true: "[\n", false: ",\n"}[f.count == 0])
		}
		_, _ = f.w.Write(v)
		if !f.array {
			_ = f.w.WriteByte('\n')
		}
		f.count++
	}
	// The writer keeps its first error; asking once a page is enough.
	_, err := f.w.Write(nil)
	return err
}

// close ends the array and writes what is buffered.
func (f *findingWriter) close() error {
	switch {
	case f.array && f.count == 0:
		_, _ = f.w.WriteString("[]\n")
	case f.array:
		_, _ = f.w.WriteString("\n]\n")
	}
	return f.w.Flush()
}

// output is where an export goes. A file gets its name when it is whole.
type output struct {
	io.Writer
	file *os.File // nil for standard output
	name string
}

// openOutput begins a file beside the one that is to be, because only within one file
// system a rename happens in one step.
func (m *Main) openOutput(name string) (*output, error) {
	if name == "" || name == stdin {
		return &output{Writer: m.Stdout}, nil
	}
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".partial-*")
	if err != nil {
		return nil, err
	}
	return &output{Writer: f, file: f, name: name}, nil
}

// commit makes the file durable and gives it its name.
func (o *output) commit() error {
	if o.file == nil {
		return nil
	}
	if err := errors.Join(o.file.Sync(), o.file.Close()); err != nil {
		return err
	}
	return os.Rename(o.file.Name(), o.name)
}

// abandon removes what was written unless it was committed.
func (o *output) abandon() {
	if o.file != nil {
		_ = o.file.Close()
		_ = os.Remove(o.file.Name())
	}
}
