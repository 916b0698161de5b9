package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/findinghub/findinghub/store/sqlite"
)

type restoreCommand struct {
	From    string `arg:"" name:"backup" help:"A directory that findinghub backup made."`
	DataDir string `shared:"" default:"./findinghub-data" placeholder:"DIR" help:"Where to restore to: a directory that is empty, or not there yet."`
	Quiet   bool   `short:"q" help:"Print no summary."`
}

// Help is what restore --help says beyond its flags.
func (*restoreCommand) Help() string {
	return `Everything in the backup is checked before anything is written: the sums of its files, every row of the database. The
backup stays as it is.

  findinghub restore /backup/findinghub-2026-01-02 --data-dir /var/lib/findinghub
  findinghub serve --data-dir /var/lib/findinghub`
}

// Run checks the backup and copies it.
func (c *restoreCommand) Run(ctx context.Context, m *Main) error {
	began := time.Now()
	sums, err := readSums(c.From)
	if err != nil {
		return err
	}
	if err := c.empty(); err != nil {
		return err
	}
	report, err := c.verify(ctx, sums)
	if err == nil {
		err = c.copy(ctx, sums)
	}
	if err != nil {
		return fmt.Errorf("nothing was restored: %w", err)
	}
	if c.Quiet {
		return nil
	}
	var others []string
	for _, s := range sums {
		if s.name != databaseFile {
			others = append(others, s.name)
		}
	}
	return m.done("%s restored to %s in %s", contents(&report, others), c.DataDir, time.Since(began).Round(time.Millisecond))
}

// empty refuses to restore over anything.
func (c *restoreCommand) empty() error {
	found, err := os.ReadDir(c.DataDir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return usageError{err}
	case len(found) > 0:
		return usagef("%s is not empty: it has %s; restore to another --data-dir", c.DataDir, found[0].Name())
	}
	return nil
}

// verify reads the whole backup.
func (c *restoreCommand) verify(ctx context.Context, sums []sum) (sqlite.Report, error) {
	for _, s := range sums {
		hash, err := hashFile(ctx, filepath.Join(c.From, s.name))
		if err == nil {
			err = s.verify(c.From, hash)
		}
		if err != nil {
			return sqlite.Report{}, err
		}
	}
	return sqlite.Check(ctx, filepath.Join(c.From, databaseFile))
}

// copy copies the files, and the database last: without it nobody takes the directory for a hub's. What was
// copied goes again when the rest fails.
func (c *restoreCommand) copy(ctx context.Context, sums []sum) (err error) {
	if err := os.MkdirAll(c.DataDir, 0o700); err != nil {
		return err
	}
	var copied []string
	defer func() {
		if err != nil {
			for _, name := range copied {
				_ = os.Remove(name)
			}
		}
	}()
	ordered := slices.Clone(sums)
	slices.SortStableFunc(ordered, func(a, b sum) int { return last(a) - last(b) })
	for _, s := range ordered {
		to := filepath.Join(c.DataDir, s.name)
		if err := c.copyOne(ctx, s, to); err != nil {
			return err
		}
		copied = append(copied, to)
	}
	return syncPath(c.DataDir)
}

// last is 1 for what is copied last.
func last(s sum) int {
	if s.name == databaseFile {
		return 1
	}
	return 0
}

// copyOne copies a file, which gets its name when it is whole and what the sum says.
func (c *restoreCommand) copyOne(ctx context.Context, s sum, to string) error {
	part := to + ".partial"
	hash, err := copyFile(ctx, filepath.Join(c.From, s.name), part)
	if err == nil {
		err = s.verify(c.From, hash)
	}
	if err == nil && exists(to) {
		err = fmt.Errorf("%s was made meanwhile; is a hub running there?", to)
	}
	if err == nil {
		err = os.Rename(part, to)
	}
	if err != nil {
		_ = os.Remove(part) // it may not have come so far
	}
	return err
}
