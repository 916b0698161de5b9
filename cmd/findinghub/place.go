package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/findinghub/findinghub/store"
	"github.com/findinghub/findinghub/store/postgres"
	"github.com/findinghub/findinghub/store/sqlite"
)

// place is where a hub's data are: a data directory or the URL of a database.
type place string

// isDatabase says whether it is a URL.
func (p place) isDatabase() bool {
	return strings.HasPrefix(string(p), "postgres://") || strings.HasPrefix(string(p), "postgresql://")
}

// String is the place without a password.
func (p place) String() string {
	if !p.isDatabase() {
		return string(p)
	}
	u, err := url.Parse(string(p))
	if err != nil {
		return "the database"
	}
	// Also as a parameter may there be a password.
	u.RawQuery = ""
	return u.Redacted()
}

// same says whether two places are certainly one.
func (p place) same(o place) bool {
	if p == o {
		return true
	}
	a, aErr := os.Stat(string(p))
	b, bErr := os.Stat(string(o))
	return aErr == nil && bErr == nil && os.SameFile(a, b)
}

// opened is an engine, and how to let go of it.
type opened struct {
	store.Engine
	close func() error
}

// openToRead opens what is there and makes nothing. A directory that a hub uses is read from a copy of this moment.
func (p place) openToRead(ctx context.Context, m *Main) (opened, error) {
	if p.isDatabase() {
		return p.open(ctx)
	}
	if !exists(filepath.Join(string(p), databaseFile)) {
		return opened{}, usagef("%s has no %s: it is no data directory of a hub", p, databaseFile)
	}
	e, err := sqlite.Open(ctx, sqlite.Options{Dir: string(p)})
	if errors.Is(err, sqlite.ErrInUse) {
		return p.openCopy(ctx, m)
	}
	if err != nil {
		return opened{}, err
	}
	return opened{e, e.Close}, nil
}

// openCopy copies the database of a directory that is in use and opens the copy.
func (p place) openCopy(ctx context.Context, m *Main) (opened, error) {
	dir, err := os.MkdirTemp("", "findinghub-migrate-*")
	if err != nil {
		return opened{}, err
	}
	remove := func() error { return os.RemoveAll(dir) }
	fmt.Fprintf(m.Stderr, "%s is in use; reading a copy of it as it is now\n", p)
	if err := sqlite.Backup(ctx, string(p), filepath.Join(dir, databaseFile)); err != nil {
		return opened{}, errors.Join(err, remove())
	}
	e, err := sqlite.Open(ctx, sqlite.Options{Dir: dir})
	if err != nil {
		return opened{}, errors.Join(err, remove())
	}
	return opened{e, func() error { return errors.Join(e.Close(), remove()) }}, nil
}

// open opens a place to write to, and makes it if it is a directory that is not there.
func (p place) open(ctx context.Context) (opened, error) {
	if p.isDatabase() {
		e, err := postgres.Open(ctx, postgres.Options{URL: string(p)})
		if err != nil {
			return opened{}, fmt.Errorf("%s: %w", p, err)
		}
		return opened{e, e.Close}, nil
	}
	e, err := sqlite.Open(ctx, sqlite.Options{Dir: string(p)})
	if errors.Is(err, sqlite.ErrInUse) {
		return opened{}, usagef("%s is in use by a hub; stop it first", p)
	}
	if err != nil {
		return opened{}, err
	}
	return opened{e, e.Close}, nil
}

// identities copies identity.json between directories, and the key if that is asked for, or says what is to be
// done by hand: a database has no files.
func (mi *migrating) identities(ctx context.Context) error {
	if mi.From.isDatabase() || mi.To.isDatabase() {
		if !mi.Quiet {
			mi.say("Identities are no part of a database: every hub reads %s and %s in its own --data-dir.", managedFile, sealKeyFile)
		}
		return nil
	}
	names := []string{managedFile}
	if mi.WithKey {
		names = append(names, sealKeyFile)
	}
	for _, name := range names {
		if err := mi.identity(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// identity makes a file the same on both sides. One that was there is kept: it may be all that there is of a key.
func (mi *migrating) identity(ctx context.Context, name string) error {
	from, to := filepath.Join(string(mi.From), name), filepath.Join(string(mi.To), name)
	is, err := os.ReadFile(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	was, err := os.ReadFile(to)
	switch {
	case err == nil && bytes.Equal(is, was):
		return nil
	case mi.Verify:
		mi.unlike = append(mi.unlike, name)
		return nil
	case err == nil && name == sealKeyFile:
		return fmt.Errorf("%s is another key; what was sealed with it could never be opened again", to)
	case err == nil && !exists(to+".before"):
		if err := os.Rename(to, to+".before"); err != nil {
			return err
		}
		mi.say("%s was another; it is now %s.before", to, to)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	return replaceBy(ctx, from, to)
}

// replaceBy copies a file so that the other has its name whole or not at all.
func replaceBy(ctx context.Context, from, to string) error {
	part := to + ".partial"
	if err := os.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if _, err := copyFile(ctx, from, part); err != nil {
		return err
	}
	return errors.Join(os.Rename(part, to), syncPath(filepath.Dir(to)))
}
