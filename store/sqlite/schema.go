package sqlite

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"

	"zombiezen.com/go/sqlite"

	"github.com/findinghub/findinghub/store"
)

const (
	// applicationID marks the file as ours: "FHub".
	applicationID = 0x46487562
	// schemaVersion is the layout that this program writes, in the file's user_version. It reads
	// and migrates those from oldestVersion on.
	schemaVersion = 3
	oldestVersion = 1
	// fileName is the database's in its directory.
	fileName = "findings.db"
)

// The rows of findings are found by number alone. A finding's row leads to its newest
// history row and each of those to the one before, so history needs no index either.
var schema = []string{
	"CREATE TABLE meta(name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID",
	"CREATE TABLE findings(doc INTEGER PRIMARY KEY, body BLOB NOT NULL)",
	"CREATE TABLE history(id INTEGER PRIMARY KEY, doc INTEGER NOT NULL, prev INTEGER NOT NULL, body BLOB NOT NULL)",
	`CREATE TABLE records(collection TEXT NOT NULL, account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL,
		body BLOB NOT NULL, sum INTEGER NOT NULL DEFAULT 0, PRIMARY KEY(collection, account, region, name)) WITHOUT ROWID`,
	createOutbox,
	fmt.Sprintf("PRAGMA application_id=%d", applicationID),
	fmt.Sprintf("PRAGMA user_version=%d", schemaVersion),
}

// createOutbox makes the events' table: events are read and trimmed by their place alone.
const createOutbox = "CREATE TABLE outbox(place INTEGER PRIMARY KEY, body BLOB NOT NULL)"

// meta is what a database says of itself.
type meta struct {
	dictionary []byte
	identity   [16]byte
}

// openDatabase opens the connection that writes and reads the database's own values.
func openDatabase(path string, o Options) (*sqlite.Conn, meta, error) {
	// Made here for its mode, which SQLite gives the other files too: findings are nobody else's business.
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, meta{}, err
	}
	if err := f.Close(); err != nil {
		return nil, meta{}, err
	}
	c, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		return nil, meta{}, err
	}
	m, err := setUp(c, path, o)
	if err != nil {
		return nil, meta{}, discard(c, err)
	}
	return c, m, nil
}

// setUp looks at the file, then configures it, then makes, migrates and reads what is in it.
func setUp(c *sqlite.Conn, path string, o Options) (meta, error) {
	// Before anything is written: what is not ours stays as it is.
	version, err := identify(c)
	if err != nil {
		return meta{}, err
	}
	if err := configure(c, o); err != nil {
		return meta{}, err
	}
	switch {
	case version == 0:
		if err := inTransaction(c, func() error { return create(c, o) }); err != nil {
			return meta{}, err
		}
		if err := syncDir(filepath.Dir(path)); err != nil {
			return meta{}, err
		}
	case version < schemaVersion:
		o.Logger.Info("migrating the database", "from", version, "to", schemaVersion)
		if err := inTransaction(c, func() error { return migrate(c, o, version) }); err != nil {
			return meta{}, fmt.Errorf("migrating from layout %d: %w", version, err)
		}
	}
	return readMeta(c)
}

// identify gives the file's layout, 0 for one that is empty, and refuses one that this program must not touch.
func identify(c *sqlite.Conn) (version int64, err error) {
	id, err := ask(c, "PRAGMA application_id")
	if err != nil {
		return 0, err
	}
	version, err = ask(c, "PRAGMA user_version")
	if err != nil {
		return 0, err
	}
	tables, err := ask(c, "SELECT count(*) FROM sqlite_schema")
	switch {
	case err != nil:
		return 0, err
	case id == 0 && version == 0 && tables == 0:
		return 0, nil
	case id != applicationID:
		return 0, errors.New("findings.db is not a database of findinghub")
	case version > schemaVersion:
		return 0, fmt.Errorf("findings.db has layout %d, written by a later findinghub; this one knows %d", version, schemaVersion)
	case version < oldestVersion:
		return 0, fmt.Errorf("findings.db has layout %d, which this findinghub does not know", version)
	}
	return version, nil
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

// inTransaction does something whole or not at all: a start that was cut short is begun anew.
func inTransaction(c *sqlite.Conn, f func() error) error {
	if err := runSQL(c, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	if err := f(); err != nil {
		return errors.Join(err, runSQL(c, "ROLLBACK"))
	}
	return runSQL(c, "COMMIT")
}

// create makes the tables and what a database says of itself.
func create(c *sqlite.Conn, o Options) error {
	for _, sql := range schema {
		if err := runSQL(c, sql); err != nil {
			return err
		}
	}
	if err := putMeta(c, "dictionary", dictionary()); err != nil {
		return err
	}
	return describe(c, o)
}

// migrate brings a database to this program's layout. Layout 2 has an outbox, a number for the database and sums for its
// dictionary and its records; layout 3 has rows with several events. Findings and history stay as they are, and so do
// events: what is new is said by the rows themselves.
func migrate(c *sqlite.Conn, o Options, from int64) error {
	if from == 1 {
		if err := migrateFrom1(c, o); err != nil {
			return err
		}
	}
	return runSQL(c, fmt.Sprintf("PRAGMA user_version=%d", schemaVersion))
}

func migrateFrom1(c *sqlite.Conn, o Options) error {
	for _, sql := range []string{createOutbox, "ALTER TABLE records ADD COLUMN sum INTEGER NOT NULL DEFAULT 0"} {
		if err := runSQL(c, sql); err != nil {
			return err
		}
	}
	if err := sumRecords(c); err != nil {
		return err
	}
	return describe(c, o)
}

// sumRecords gives every record its sum.
func sumRecords(c *sqlite.Conn) (err error) {
	read, _, err := c.PrepareTransient("SELECT " + wholeRecord)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, read.Finalize()) }()
	// First all, then the changes: a table that is written while it is read may tell a row twice.
	var all []store.Record
	for {
		row, err := read.Step()
		if err != nil {
			return err
		}
		if !row {
			break
		}
		all = append(all, store.Record{Collection: read.ColumnText(0), Account: read.ColumnText(1),
			Region: read.ColumnText(2), Name: read.ColumnText(3), Body: appendColumn(nil, read, 4)})
	}
	write, err := c.Prepare("UPDATE records SET sum=?5 WHERE collection=?1 AND account=?2 AND region=?3 AND name=?4")
	if err != nil {
		return err
	}
	for i := range all {
		bindTexts(write, all[i].Collection, all[i].Account, all[i].Region, all[i].Name)
		write.BindInt64(5, sumRecord(&all[i]))
		if err := run(write); err != nil {
			return err
		}
	}
	return nil
}

// putMeta writes one of the database's own values.
func putMeta(c *sqlite.Conn, name string, value []byte) error {
	s, err := c.Prepare("INSERT INTO meta VALUES(?, ?)")
	if err != nil {
		return err
	}
	s.BindText(1, name)
	s.BindBytes(2, value)
	return run(s)
}

// describe writes what layout 2 says of a database: the dictionary's sum, since rows' sums are of what is
// compressed with it, and the database's number.
func describe(c *sqlite.Conn, o Options) error {
	d, err := getMeta(c, "dictionary")
	if err != nil {
		return err
	}
	if err := putMeta(c, "dictionary sum", sumDictionary(d)); err != nil {
		return err
	}
	id := make([]byte, len(meta{}.identity))
	if _, err := io.ReadFull(o.Random, id); err != nil {
		return fmt.Errorf("a number for the database: %w", err)
	}
	return putMeta(c, "identity", id)
}

func sumDictionary(d []byte) []byte {
	return binary.LittleEndian.AppendUint32(nil, crc32.Checksum(d, castagnoli))
}

// readMeta reads the dictionary that the database was created with, which need not be this
// program's, and its number.
func readMeta(c *sqlite.Conn) (m meta, err error) {
	if m.dictionary, err = getMeta(c, "dictionary"); err != nil {
		return m, err
	}
	sum, err := getMeta(c, "dictionary sum")
	if err != nil {
		return m, err
	}
	if !bytes.Equal(sum, sumDictionary(m.dictionary)) {
		return m, fmt.Errorf("the compression dictionary: %w", errCorrupt)
	}
	id, err := getMeta(c, "identity")
	if err == nil && copy(m.identity[:], id) != len(id) {
		err = fmt.Errorf("the number of the database: %w", errCorrupt)
	}
	return m, err
}

// getMeta reads one of the database's own values, nothing when there is none.
func getMeta(c *sqlite.Conn, name string) ([]byte, error) {
	s, err := c.Prepare("SELECT value FROM meta WHERE name=?")
	if err != nil {
		return nil, err
	}
	s.BindText(1, name)
	found, err := s.Step()
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, s.Reset()
	}
	return appendColumn(nil, s, 0), s.Reset()
}
