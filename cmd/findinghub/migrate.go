package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/findinghub/findinghub/events"
	"github.com/findinghub/findinghub/migrate"
	"github.com/findinghub/findinghub/store"
)

type migrateCommand struct {
	From    place `required:"" placeholder:"PLACE" help:"What to copy: a data directory, or a database as postgres://USER:PASSWORD@HOST/NAME."`
	To      place `required:"" placeholder:"PLACE" help:"Where to: a data directory that no hub uses, or a database."`
	Verify  bool  `help:"Only compare both places."`
	Delete  bool  `help:"Delete in the target what the source does not have."`
	WithKey bool  `help:"Copy identity.key, too, from directory to directory, if it lies there."`
	Quiet   bool  `short:"q" help:"Print differences only."`
}

// Help is what migrate --help says beyond its flags.
func (*migrateCommand) Help() string {
	return `Findings are copied with their history and with what customers own of them, and so are the hub's own records. The source
may be in use and go on: run it again when the source has been stopped, and it takes over what has changed since. It may be
interrupted at any point and run again. At the end both places are compared from end to end; the exit code is 1 if they
differ. Passwords are better kept in FINDINGHUB_MIGRATE_FROM and FINDINGHUB_MIGRATE_TO than on the command line.

  findinghub migrate --from /var/lib/findinghub --to postgres://findinghub@db/findinghub
  findinghub migrate --verify --from /var/lib/findinghub --to postgres://findinghub@db/findinghub`
}

// Run copies, compares and says what there is on both sides.
func (c *migrateCommand) Run(ctx context.Context, m *Main) (err error) {
	if c.From.same(c.To) {
		return usagef("--from and --to are the same place")
	}
	if err := errors.Join(checkDatabaseURL("--from", string(c.From)), checkDatabaseURL("--to", string(c.To))); err != nil {
		return err
	}
	source, err := c.From.openToRead(ctx, m)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.close()) }()
	target, err := c.openTarget(ctx, m)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, target.close()) }()
	mi := &migrating{migrateCommand: c, main: m}
	if err := mi.copy(ctx, source.Engine, target.Engine); err != nil {
		return err
	}
	return mi.conclude()
}

func (c *migrateCommand) openTarget(ctx context.Context, m *Main) (opened, error) {
	if c.Verify {
		return c.To.openToRead(ctx, m)
	}
	return c.To.open(ctx)
}

// migrating is one run of migrate.
type migrating struct {
	*migrateCommand
	main   *Main
	result migrate.Result
	// unlike are the identity files that are not the same in both places.
	unlike []string
}

// copy makes both places the same, as far as it may.
func (mi *migrating) copy(ctx context.Context, source, target store.Engine) error {
	size, err := source.Stats(ctx)
	if err != nil {
		return err
	}
	bar := mi.main.migrateBar(mi.Quiet)
	began := time.Now()
	mi.result, err = migrate.Run(ctx, source, target, migrate.Options{
		VerifyOnly: mi.Verify, Delete: mi.Delete, Skip: events.IsPlace,
		Progress: func(p migrate.Progress) { bar.migrated(p, size.Findings) },
	})
	bar.finish()
	if errors.Is(err, context.Canceled) {
		return errors.New("interrupted; what has been copied is right, and the next run goes on from there")
	}
	if err != nil {
		return err
	}
	if err := mi.identities(ctx); err != nil {
		return fmt.Errorf("everything but the identities was copied: %w", err)
	}
	if r := &mi.result; !mi.Quiet && !mi.Verify {
		mi.say("%s findings and %s records written, %s and %s deleted, in %s", thousands(r.WrittenFindings), thousands(r.WrittenRecords),
			thousands(r.DeletedFindings), thousands(r.DeletedRecords), time.Since(began).Round(time.Millisecond))
	}
	return nil
}

func (mi *migrating) say(format string, args ...any) {
	fmt.Fprintf(mi.main.Stdout, format+"\n", args...)
}

// conclude says whether both places hold the same.
func (mi *migrating) conclude() error {
	r := &mi.result
	if r.Same() && len(mi.unlike) == 0 {
		if !mi.Quiet {
			mi.say("%s and %s hold the same: %s findings, sum %.16s, and %s records, sum %.16s", mi.From, mi.To,
				thousands(r.Findings.Source.Count), r.Findings.Source.Sum, thousands(r.Records.Source.Count), r.Records.Source.Sum)
		}
		return nil
	}
	mi.say("%s and %s do not hold the same:", mi.From, mi.To)
	mi.differences("findings", &r.Findings)
	mi.differences("records", &r.Records)
	for _, name := range mi.unlike {
		mi.say("  %s is not the same", name)
	}
	switch {
	case mi.Verify:
	case r.Findings.Missing+r.Findings.Differing+r.Records.Missing+r.Records.Differing > 0:
		mi.say("The source has changed meanwhile; run this again when it is stopped.")
	case !mi.Delete:
		mi.say("What only %s has is deleted with --delete.", mi.To)
	}
	return errReported
}

// differences says how one kind differs.
func (mi *migrating) differences(kind string, c *migrate.Comparison) {
	mi.say("  %s: %s, sum %.16s, and %s, sum %.16s; %s missing, %s differing, %s only in the target", kind,
		thousands(c.Source.Count), c.Source.Sum, thousands(c.Target.Count), c.Target.Sum,
		thousands(c.Missing), thousands(c.Differing), thousands(c.Extra))
}
