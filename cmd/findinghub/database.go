package main

import (
	"net/url"
	"strings"
	"time"

	"github.com/findinghub/findinghub/store/postgres"
)

// databaseFlags are how serve uses PostgreSQL. Other commands that open a database have the engine's own choices.
type databaseFlags struct {
	DatabaseURL              string        `placeholder:"URL" help:"Keep findings in PostgreSQL instead, which several hubs may share: postgres://USER:PASSWORD@HOST/DATABASE."`
	DatabaseWriters          int           `default:"0" placeholder:"N" help:"How many connections to PostgreSQL write at most; 0 is 4 and 2 for each processor, no more than 16."`
	DatabaseReaders          int           `default:"0" placeholder:"N" help:"How many connections to PostgreSQL read at most; 0 is 8 and 4 for each processor, no more than 32."`
	DatabaseStatementTimeout time.Duration `default:"30s" help:"How long one statement in PostgreSQL may take."`
	DatabaseLockWait         time.Duration `default:"2s" help:"How long a change waits for a finding that another transaction changes."`
	DatabasePatience         time.Duration `default:"10s" help:"How long a lost PostgreSQL server is tried again before a call fails."`
}

// mostConnections is more than any server of PostgreSQL is configured for.
const mostConnections = 10_000

// check refuses what PostgreSQL would take for something else, such as a timeout of less than a millisecond for none.
func (f *databaseFlags) check() error {
	for _, n := range []struct {
		flag string
		is   int
	}{{"--database-writers", f.DatabaseWriters}, {"--database-readers", f.DatabaseReaders}} {
		if n.is < 0 || n.is > mostConnections {
			return usagef("%s must be from 0 to %d, not %d", n.flag, mostConnections, n.is)
		}
	}
	for _, d := range []struct {
		flag            string
		is, least, most time.Duration
	}{
		{"--database-statement-timeout", f.DatabaseStatementTimeout, time.Second, 10 * time.Minute}, // receipts are kept for an hour
		{"--database-lock-wait", f.DatabaseLockWait, 10 * time.Millisecond, time.Minute},
		{"--database-patience", f.DatabasePatience, 10 * time.Millisecond, 10 * time.Minute},
	} {
		if d.is < d.least || d.is > d.most {
			return usagef("%s must be from %v to %v, not %v", d.flag, d.least, d.most, d.is)
		}
	}
	if f.DatabaseLockWait >= f.DatabaseStatementTimeout {
		return usagef("--database-lock-wait %v must be less than --database-statement-timeout %v, which would end it", f.DatabaseLockWait, f.DatabaseStatementTimeout)
	}
	return checkDatabaseURL("--database-url", f.DatabaseURL)
}

// options is what the engine is told.
func (f *databaseFlags) options() postgres.Options {
	return postgres.Options{
		URL: f.DatabaseURL, Writers: f.DatabaseWriters, Readers: f.DatabaseReaders,
		StatementTimeout: f.DatabaseStatementTimeout, LockWait: f.DatabaseLockWait, Patience: f.DatabasePatience,
	}
}

// checkDatabaseURL refuses a parameter that other programs heed and the hub could not: it has two pools, and
// who bounds them believes that max_connections is enough.
func checkDatabaseURL(flag, text string) error {
	if hasParameter(text, "pool_max_conns") {
		return usagef("pool_max_conns in %s bounds nothing: serve has two pools, bounded by --database-writers and --database-readers", flag)
	}
	return nil
}

// hasParameter looks into both forms that PostgreSQL's clients know: a URL, and name=value separated by spaces.
func hasParameter(text, name string) bool {
	if place(text).isDatabase() {
		u, err := url.Parse(text)
		return err == nil && u.Query().Has(name)
	}
	for _, field := range strings.Fields(text) {
		if key, _, ok := strings.Cut(field, "="); ok && key == name {
			return true
		}
	}
	return false
}
