package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// migration is one step of the layout; it is run once, in a transaction of its own.
type migration struct {
	version int
	name    string
	sql     string
}

// migrations are all steps, in order. Released ones are never changed.
var migrations = mustMigrations(migrationFiles)

// mustMigrations reads what is built into the program: a mistake shows at every start.
func mustMigrations(files fs.FS) []migration {
	names, err := fs.Glob(files, "migrations/*.sql")
	if err != nil {
		panic(err)
	}
	slices.Sort(names)
	steps := make([]migration, len(names))
	for i, name := range names {
		number, _, _ := strings.Cut(strings.TrimPrefix(name, "migrations/"), "_")
		version, err := strconv.Atoi(number)
		sql, rerr := fs.ReadFile(files, name)
		if err = errors.Join(err, rerr); err != nil || version != i+1 {
			panic(fmt.Sprintf("postgres: migration %s is not number %d: %v", name, i+1, err))
		}
		steps[i] = migration{version, name, string(sql)}
	}
	return steps
}

// migrationLock keeps processes that start at once from migrating at once: "findhub" in ASCII.
const migrationLock = 0x66696e64687562

// migrate brings a database to the layout that the last step leaves, or says why it does not.
func migrate(ctx context.Context, conn *pgx.Conn, steps []migration) (err error) {
	at, err := layout(ctx, conn)
	if err != nil || at == len(steps) {
		return err
	}
	// Migrating takes as long as it takes, and so does waiting for who does it.
	if _, err := conn.Exec(ctx, "SET statement_timeout = 0; SET lock_timeout = 0"); err != nil {
		return err
	}
	defer func() {
		_, rerr := conn.Exec(context.WithoutCancel(ctx), "RESET statement_timeout; RESET lock_timeout")
		err = errors.Join(err, rerr)
	}()
	for {
		left, err := migrateOne(ctx, conn, steps)
		if err != nil || !left {
			return err
		}
	}
}

// layout is the number of the last step that was taken, 0 for a database that is not ours yet.
func layout(ctx context.Context, conn *pgx.Conn) (version int, err error) {
	// The catalogue is asked as a table: a name that was not there a moment ago, before a lock was waited for, is
	// remembered not to be there.
	const known = "SELECT EXISTS (SELECT FROM pg_tables WHERE tablename = 'meta' AND schemaname = ANY(current_schemas(false)))"
	var exists bool
	if err := conn.QueryRow(ctx, known).Scan(&exists); err != nil || !exists {
		return 0, err
	}
	var text []byte
	switch err := conn.QueryRow(ctx, "SELECT value FROM meta WHERE name = 'layout'").Scan(&text); {
	case errors.Is(err, pgx.ErrNoRows):
		return 0, errors.New("the database has a table named meta that is not findinghub's")
	case err != nil:
		return 0, err
	}
	if version, err = strconv.Atoi(string(text)); err != nil {
		return 0, fmt.Errorf("the layout's number: %w", err)
	}
	if version > len(migrations) {
		return 0, fmt.Errorf("the database has layout %d, written by a later findinghub; this one knows %d", version, len(migrations))
	}
	return version, nil
}

// migrateOne takes the next step, if there is one left, while no other process does.
func migrateOne(ctx context.Context, conn *pgx.Conn, steps []migration) (left bool, err error) {
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", int64(migrationLock)); err != nil {
			return err
		}
		at, err := layout(ctx, tx.Conn())
		if err != nil || at >= len(steps) {
			return err
		}
		left = true
		if at == 0 {
			if err := createMeta(ctx, tx); err != nil {
				return err
			}
		}
		step := steps[at]
		if _, err := tx.Exec(ctx, step.sql); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
		_, err = tx.Exec(ctx, "INSERT INTO meta VALUES('layout', $1) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
			[]byte(strconv.Itoa(step.version)))
		return err
	})
	return left, err
}

// createMeta makes the table that says what the others are, with the dictionary of this database.
func createMeta(ctx context.Context, tx pgx.Tx) error {
	if _, err := tx.Exec(ctx, `CREATE TABLE meta (name text COLLATE "C" PRIMARY KEY, value bytea NOT NULL)`); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, "INSERT INTO meta VALUES('dictionary', $1)", newDictionary())
	return err
}

// readDictionary reads the dictionary that the database was created with, which need not be this program's.
func readDictionary(ctx context.Context, conn *pgx.Conn) (d []byte, err error) {
	err = conn.QueryRow(ctx, "SELECT value FROM meta WHERE name = 'dictionary'").Scan(&d)
	return d, err
}
