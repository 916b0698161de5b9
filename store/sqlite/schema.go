package sqlite

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"zombiezen.com/go/sqlite"
)

const (
	// applicationID marks the file as ours: "FHub".
	applicationID = 0x46487562
	// schemaVersion is the layout that this program writes, in the file's user_version.
	schemaVersion = 1
)

// The rows of findings are found by number alone. A finding's row leads to its newest
// history row and each of those to the one before, so history needs no index either.
var schema = []string{
	"CREATE TABLE meta(name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID",
	"CREATE TABLE findings(doc INTEGER PRIMARY KEY, body BLOB NOT NULL)",
	"CREATE TABLE history(id INTEGER PRIMARY KEY, doc INTEGER NOT NULL, prev INTEGER NOT NULL, body BLOB NOT NULL)",
	`CREATE TABLE records(collection TEXT NOT NULL, account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL,
		body BLOB NOT NULL, PRIMARY KEY(collection, account, region, name)) WITHOUT ROWID`,
	fmt.Sprintf("PRAGMA application_id=%d", applicationID),
	fmt.Sprintf("PRAGMA user_version=%d", schemaVersion),
}

// openDatabase opens the connection that writes and reads the dictionary.
func openDatabase(path string, o Options) (*sqlite.Conn, []byte, error) {
	// Made here for its mode, which SQLite gives the other files too: findings are nobody else's business.
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, nil, err
	}
	if err := f.Close(); err != nil {
		return nil, nil, err
	}
	c, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		return nil, nil, err
	}
	dictionary, err := setUp(c, path, o)
	if err != nil {
		return nil, nil, discard(c, err)
	}
	return c, dictionary, nil
}

// setUp looks at the file, then configures it, then makes or reads what is in it.
func setUp(c *sqlite.Conn, path string, o Options) ([]byte, error) {
	// Before anything is written: what is not ours stays as it is.
	isNew, err := identify(c)
	if err != nil {
		return nil, err
	}
	if err := configure(c, o); err != nil {
		return nil, err
	}
	if isNew {
		if err := create(c); err != nil {
			return nil, err
		}
		if err := syncDir(filepath.Dir(path)); err != nil {
			return nil, err
		}
	}
	return readDictionary(c)
}

// identify says whether the file is empty, and refuses one that this program must not touch.
func identify(c *sqlite.Conn) (isNew bool, err error) {
	id, err := ask(c, "PRAGMA application_id")
	if err != nil {
		return false, err
	}
	version, err := ask(c, "PRAGMA user_version")
	if err != nil {
		return false, err
	}
	tables, err := ask(c, "SELECT count(*) FROM sqlite_schema")
	switch {
	case err != nil:
		return false, err
	case id == 0 && version == 0 && tables == 0:
		return true, nil
	case id != applicationID:
		return false, errors.New("findings.db is not a database of findinghub")
	case version > schemaVersion:
		return false, fmt.Errorf("findings.db has layout %d, written by a later findinghub; this one knows %d", version, schemaVersion)
	case version < schemaVersion:
		return false, fmt.Errorf("findings.db has layout %d, which this findinghub does not know", version)
	}
	return false, nil
}

// configure sets up the connection that writes. Checkpoints are the checkpointer's.
func configure(c *sqlite.Conn, o Options) error {
	pragmas := []string{
		"PRAGMA page_size=4096", "PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL",
		// Of use on macOS, where fsync alone leaves data in the disk's own memory.
		"PRAGMA fullfsync=1", "PRAGMA checkpoint_fullfsync=1",
		"PRAGMA wal_autocheckpoint=0", "PRAGMA cache_size=-65536", "PRAGMA temp_store=MEMORY",
	}
	// The page size is that of new files only; others keep theirs.
	if o.maxPages > 0 {
		pragmas = append(pragmas, fmt.Sprintf("PRAGMA max_page_count=%d", o.maxPages))
	}
	for _, p := range pragmas {
		if err := runSQL(c, p); err != nil {
			return err
		}
	}
	return nil
}

// create makes the tables in one transaction: a start that was cut short is begun anew.
func create(c *sqlite.Conn) error {
	if err := runSQL(c, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	for _, sql := range schema {
		if err := runSQL(c, sql); err != nil {
			return err
		}
	}
	s, err := c.Prepare("INSERT INTO meta VALUES('dictionary', ?)")
	if err != nil {
		return err
	}
	s.BindBytes(1, dictionary())
	if err := run(s); err != nil {
		return err
	}
	return runSQL(c, "COMMIT")
}

// readDictionary reads the dictionary that the database was created with, which need
// not be this program's.
func readDictionary(c *sqlite.Conn) ([]byte, error) {
	s, err := c.Prepare("SELECT value FROM meta WHERE name='dictionary'")
	if err != nil {
		return nil, err
	}
	if _, err := s.Step(); err != nil {
		return nil, err
	}
	d := appendColumn(nil, s, 0)
	return d, s.Reset()
}
