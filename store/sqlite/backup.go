package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"zombiezen.com/go/sqlite"
)

// Backup copies the database into a new file while the engine works: what was acknowledged before the
// call is in it, and all of it is of one moment. Nobody waits for it, but the log cannot be begun
// anew meanwhile and grows by what is written. The file is complete, checked for its structure and on disk
// when Backup returns; after an error, or a crash, there may be an empty one and one named .part. A
// file that exists is never overwritten. The copy is a data directory's findings.db; Check verifies its rows.
func (e *Engine) Backup(ctx context.Context, path string) error {
	if err := e.enter(ctx); err != nil {
		return err
	}
	defer e.leave()
	e.checkpoints.pin(1)
	defer e.checkpoints.pin(-1)
	return backup(ctx, e.path, path)
}

// Backup does the same from outside, for the database of a directory that an engine of another process
// may have open, which goes on working. Nothing in the directory is changed, but SQLite may make its
// two empty files there. A directory without a database is fs.ErrNotExist.
func Backup(ctx context.Context, dir, path string) error {
	from := filepath.Join(dir, fileName)
	if _, err := os.Stat(from); err != nil {
		return fmt.Errorf("store: backup: %w", err)
	}
	return backup(ctx, from, path)
}

// backup copies a database into a file that is not there yet.
func backup(ctx context.Context, from, path string) error {
	// The name is taken at once; the copy gets it when it is complete.
	if err := createNew(path); err != nil {
		return fmt.Errorf("store: backup: %w", err)
	}
	part := path + ".part"
	err := createNew(part)
	if err == nil {
		if err = copyDatabase(ctx, from, part); err == nil {
			err = os.Rename(part, path)
		}
		if err != nil {
			err = errors.Join(err, os.Remove(part))
		}
	}
	if err != nil {
		return fmt.Errorf("store: backup: %w", errors.Join(err, os.Remove(path)))
	}
	return syncDir(filepath.Dir(path))
}

// createNew makes an empty file that only its owner may read, and fails where there is one.
func createNew(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// copyDatabase copies a database into an empty file, syncs it and looks whether it is sound.
func copyDatabase(ctx context.Context, from, path string) error {
	// A connection of its own, since those of an engine are for callers who wait. One that may write would
	// copy the log into the database when it closes as the last one, which is for its owner to do.
	c, err := sqlite.OpenConn(from, sqlite.OpenReadOnly)
	if err != nil {
		return err
	}
	c.SetInterrupt(ctx.Done())
	if _, err = identify(c); err == nil {
		err = vacuumInto(c, path)
	}
	if err = errors.Join(err, c.Close()); err != nil {
		return errors.Join(ctx.Err(), err)
	}
	if err := syncFile(path); err != nil {
		return err
	}
	return quickCheck(ctx, path)
}

// vacuumInto has SQLite write a copy in one read transaction.
func vacuumInto(c *sqlite.Conn, path string) error {
	s, _, err := c.PrepareTransient("VACUUM INTO ?")
	if err != nil {
		return err
	}
	s.BindText(1, path)
	return errors.Join(run(s), s.Finalize())
}

// syncFile makes a file that SQLite wrote durable, which VACUUM INTO does not.
func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// quickCheck is an error for a file whose structure is not sound.
func quickCheck(ctx context.Context, path string) error {
	ck, err := openCheck(ctx, path)
	if err != nil {
		return err
	}
	err = ck.structure()
	if err == nil && ck.report.Damaged > 0 {
		err = ck.err()
	}
	return errors.Join(err, ck.conn.Close())
}
