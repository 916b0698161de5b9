package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/findinghub/findinghub/store/sqlite"
)

type backupCommand struct {
	DataDir string `shared:"" default:"./findinghub-data" placeholder:"DIR" help:"The data directory to copy; a hub may be using it."`
	To      string `arg:"" name:"backup" help:"The directory to make, which must not be there yet."`
	WithKey bool   `help:"Copy identity.key, too, if it lies in the data directory. Who has such a backup can open every secret in it."`
	Quiet   bool   `short:"q" help:"Print no summary."`
}

// Help is what backup --help says beyond its flags.
func (*backupCommand) Help() string {
	return `A backup is a directory with the database and identity.json as they were at one moment, and their sums, which
sha256sum -c SHA256SUMS checks, too. The hub goes on working meanwhile. What was written is read back and checked before
the directory gets its name. Secrets in it are sealed, and the sealing key is not in it without --with-key.

  findinghub backup --data-dir /var/lib/findinghub /backup/findinghub-$(date +%F)`
}

// Run makes the backup.
func (c *backupCommand) Run(ctx context.Context, m *Main) error {
	began := time.Now()
	files, err := c.check()
	if err != nil {
		return err
	}
	// The name is taken in one step when everything is there: what has it is a whole backup.
	part, err := os.MkdirTemp(filepath.Dir(filepath.Clean(c.To)), filepath.Base(c.To)+".partial-*")
	if err != nil {
		return usageError{err}
	}
	defer os.RemoveAll(part)
	report, err := c.fill(ctx, part, files)
	if err == nil {
		err = os.Rename(part, c.To)
	}
	if err == nil {
		err = syncPath(filepath.Dir(filepath.Clean(c.To)))
	}
	if err != nil {
		return fmt.Errorf("there is no backup: %w", err)
	}
	if c.Quiet {
		return nil
	}
	return m.done("%s backed up to %s in %s", contents(&report, files), c.To, time.Since(began).Round(time.Millisecond))
}

// check says which files there are to copy beside the database, and refuses what cannot work.
func (c *backupCommand) check() (files []string, err error) {
	if _, err := os.Lstat(c.To); !errors.Is(err, fs.ErrNotExist) {
		return nil, usagef("%s is there already; choose another name for the backup", c.To)
	}
	if !exists(filepath.Join(c.DataDir, databaseFile)) {
		return nil, usagef("%s has no %s: it is no data directory of a hub", c.DataDir, databaseFile)
	}
	if exists(filepath.Join(c.DataDir, managedFile)) {
		files = append(files, managedFile)
	}
	if c.WithKey {
		if !exists(filepath.Join(c.DataDir, sealKeyFile)) {
			return nil, usagef("--with-key: there is no %s in %s; the sealing key is kept elsewhere", sealKeyFile, c.DataDir)
		}
		files = append(files, sealKeyFile)
	}
	return files, nil
}

// fill writes everything into a directory, reads it back and makes it durable.
func (c *backupCommand) fill(ctx context.Context, dir string, files []string) (sqlite.Report, error) {
	database := filepath.Join(dir, databaseFile)
	if err := sqlite.Backup(ctx, c.DataDir, database); err != nil {
		return sqlite.Report{}, err
	}
	for _, name := range files {
		if _, err := copyFile(ctx, filepath.Join(c.DataDir, name), filepath.Join(dir, name)); err != nil {
			return sqlite.Report{}, err
		}
	}
	report, err := sqlite.Check(ctx, database)
	if err != nil {
		return report, err
	}
	return report, writeSums(ctx, dir, append(files, databaseFile))
}

// contents says what a backup holds.
func contents(r *sqlite.Report, files []string) string {
	text := fmt.Sprintf("%s findings, %s history records, %s events and %s records",
		thousands(r.Findings), thousands(r.Changes), thousands(r.Events), thousands(r.Records))
	for _, name := range files {
		text += ", " + name
	}
	return text
}
