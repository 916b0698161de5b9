package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/sync/errgroup"

	"github.com/findinghub/findinghub/asff"
)

// stdin is what a command line calls standard input.
const stdin = "-"

type importCommand struct {
	Files []string `arg:"" name:"file" help:"Files of findings, - for standard input: one finding, an array, {\"Findings\":[...]}, or JSON lines."`

	Hub         hubFlags `embed:""`
	Region      string   `shared:"" placeholder:"REGION" help:"The hub's region; by default each finding goes to the region in its ProductArn."`
	Connections int      `default:"4" help:"Requests under way at once."`
	Failures    string   `placeholder:"FILE" help:"Write the findings that the hub refused to FILE, a JSON line each."`
	Resume      string   `placeholder:"FILE" help:"Keep in FILE how far the import is, and go on from there if it was interrupted."`
	Quiet       bool     `short:"q" help:"Print failures only."`
}

// Help is what import --help says beyond its flags.
func (*importCommand) Help() string {
	return `Findings are sent in batches of 100, each account's by themselves. What the hub refuses is counted by reason at the
end; everything else is stored. Sending a finding twice changes nothing, so an import that was interrupted may be
repeated; with --resume it does not begin from the start. The exit code is 1 if any finding failed.

  prowler aws -M json-asff && findinghub import output/*.asff.json
  aws securityhub get-findings | findinghub import -
  findinghub import --resume state.json --failures failed.jsonl dump-*.jsonl`
}

// Run sends the files.
func (c *importCommand) Run(ctx context.Context, m *Main) error {
	if c.Connections < 1 {
		return usagef("--connections must be at least 1")
	}
	sources, err := findSources(c.Files)
	if err != nil {
		return err
	}
	im := &importing{importCommand: c, main: m, sources: sources}
	if err := im.openState(); err != nil {
		return usageError{err}
	}
	failures, err := c.failuresFile()
	if err != nil {
		return usageError{err}
	}
	defer failures.Close()
	im.ledger = newLedger(failures)
	if im.client, err = c.Hub.dial(ctx, m, c.Connections); err != nil {
		return err
	}
	defer im.client.close()
	return im.run(ctx)
}

// findSources makes sure of every file before any finding is sent.
func findSources(names []string) ([]*source, error) {
	var sources []*source
	base := int64(0)
	for _, name := range names {
		s := &source{name: name, base: base}
		if name != stdin {
			f, err := os.Open(name)
			if err != nil {
				return nil, usageError{err}
			}
			info, err := f.Stat()
			f.Close()
			if err != nil || info.IsDir() {
				return nil, usagef("%s is not a file of findings", name)
			}
			s.size = info.Size()
			base += s.size
		}
		sources = append(sources, s)
	}
	return sources, nil
}

// failuresFile is appended to when an import goes on.
func (c *importCommand) failuresFile() (io.WriteCloser, error) {
	if c.Failures == "" {
		return discard{}, nil
	}
	mode := os.O_TRUNC
	if c.Resume != "" {
		mode = os.O_APPEND
	}
	return os.OpenFile(c.Failures, os.O_CREATE|os.O_WRONLY|mode, 0o600)
}

// discard takes failures when nobody wants them in a file.
type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
func (discard) Close() error                { return nil }

// importing is one run of import.
type importing struct {
	*importCommand
	main    *Main
	client  *client
	sources []*source
	state   *resumeState // nil without --resume
	ledger  *ledger
	bar     progress
}

// openState reads the state of the import that this one goes on with.
func (im *importing) openState() error {
	if im.Resume == "" {
		return nil
	}
	var err error
	if im.state, err = loadResume(im.Resume); err != nil {
		return err
	}
	if err := im.state.apply(im.sources); err != nil {
		return err
	}
	// A state that cannot be written is better known before the first finding than after the last.
	return im.state.save(im.Resume)
}

// run is one goroutine that reads and fills batches and several that send them.
func (im *importing) run(ctx context.Context) error {
	began := time.Now()
	im.bar = im.main.importBar(im.sources, im.Quiet)
	batches := make(chan batch)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(batches)
		return im.read(ctx, batches)
	})
	for range im.Connections {
		group.Go(func() error { return im.sendAll(ctx, batches) })
	}
	stopped := group.Wait()
	im.bar.finish()
	if err := im.saveState(); err != nil && stopped == nil {
		stopped = err
	}
	return im.conclude(time.Since(began), stopped)
}

// conclude prints the summary and decides how the run ends.
func (im *importing) conclude(took time.Duration, stopped error) error {
	imported, failed := im.ledger.totals()
	if !im.Quiet || failed > 0 {
		fmt.Fprintf(im.main.Stdout, "%s findings imported, %s failed, in %s (%s/s)\n", thousands(imported), thousands(failed),
			took.Round(time.Millisecond), thousands(int(float64(imported+failed)/max(took.Seconds(), 1e-3))))
		im.ledger.report(im.main.Stdout)
	}
	for _, s := range im.sources {
		failed += s.failed // of earlier runs too, where this one goes on from them
	}
	switch {
	case errors.Is(stopped, context.Canceled):
		return errors.New("interrupted; what was not acknowledged is sent again by the next run")
	case stopped != nil:
		return fmt.Errorf("stopped: %w", stopped)
	case im.ledger.fileErr != nil:
		return fmt.Errorf("%s: %w", im.Failures, im.ledger.fileErr)
	case len(im.ledger.broken) > 0:
		return errors.Join(im.ledger.broken...)
	case failed > 0:
		return errReported
	default:
		return nil
	}
}

// read reads every source and hands full batches on. A file that is broken in its
// middle does not keep the others from being sent.
func (im *importing) read(ctx context.Context, batches chan<- batch) error {
	b := newBatcher(func(full batch) error {
		select {
		case batches <- full:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	var broken []error
	for _, s := range im.sources {
		err := im.readSource(s, b)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			broken = append(broken, fmt.Errorf("%s: %w", s.name, err))
		}
	}
	if err := b.flush(); err != nil {
		return err
	}
	im.ledger.unreadable(broken)
	return nil
}

// readSource reads one source up to its end or to what is wrong in it. Findings that an
// earlier run has done are read over: where they end only their reader knows.
func (im *importing) readSource(s *source, b *batcher) error {
	in, err := im.main.open(s.name)
	if err != nil {
		return fileError(err)
	}
	defer in.Close()
	return asff.Read(in, func(found asff.Item) error {
		if found.Index < s.skip {
			return nil
		}
		raw, err := trimmed(found.Raw)
		if err != nil {
			return err
		}
		im.bar.read(s.base + found.Offset)
		a := readAddress(raw)
		return b.add(a.caller(im.Region), item{source: s, index: found.Index, id: a.id, raw: raw})
	})
}

// trimmed copies a finding for the wire, without the white space of one that was
// printed for people, which may be a third of it.
func trimmed(raw jsontext.Value) (jsontext.Value, error) {
	raw = raw.Clone()
	if bytes.IndexByte(raw, '\n') < 0 {
		return raw, nil
	}
	err := raw.Compact()
	return raw, err
}

// fileError drops the name and the operation, which whoever reports it says better.
func fileError(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// open opens a file of findings or standard input.
func (m *Main) open(name string) (io.ReadCloser, error) {
	if name == stdin {
		return io.NopCloser(m.Stdin), nil
	}
	return os.Open(name)
}

// saveEvery is how much of an import a kill can make it repeat.
const saveEvery = time.Second

// saveState writes down how far the import is, if anybody wants to know.
func (im *importing) saveState() error {
	if im.state == nil {
		return nil
	}
	return im.ledger.save(im.state, im.sources, im.Resume)
}
