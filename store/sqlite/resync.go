package sqlite

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"zombiezen.com/go/sqlite"
)

// When the system cannot write a page to the disk it says so once, by a sync that fails, and forgets that the page was dirty:
// the next sync succeeds and means nothing for it. SQLite rewrites all of a commit whose sync failed. In a checkpoint it
// does not: what a pass copies while others write is counted as copied before it is synced, and is not copied again after the
// sync has failed. The log would then be begun anew over changes that no disk has. So after a checkpoint that failed on the disk
//
//   - nothing is written until a checkpoint has succeeded,
//   - before which all pages of the log are appended to it once more, so that they count as not copied and
//     readers take them from there,
//   - and when the engine is closed before, the log stays for the next start, which copies all of it.
//
// docs/adr/0017-failed-syncs.md weighs this against other ways.

// errUnsynced is why a checkpoint has to be done over although none failed here.
var errUnsynced = errors.New("store: another process had copied a part of the log, which may not be on disk")

// failing is why the last checkpoint failed on the disk, nil when it did not.
func (cp *checkpointer) failing() error {
	if err := cp.failed.Load(); err != nil {
		return *err
	}
	return nil
}

// note remembers an error of a checkpoint if it is the disk's. A full disk has refused pages, not lost them.
func (cp *checkpointer) note(err error) error {
	if sqlite.ErrCode(err).ToPrimary() == sqlite.ResultIOErr {
		cp.failed.Store(&err)
	}
	return err
}

// distrust is called at start: a log that another process kept open may have been copied in part. One that counts as copied
// as a whole has been synced, and must not be appended to: SQLite begins it anew, over the pages that are to be read.
func (cp *checkpointer) distrust() error {
	pages, copied, err := walState(cp.size)
	if err != nil || copied == 0 || copied == pages {
		return err
	}
	err = errUnsynced
	cp.failed.Store(&err)
	if err := cp.check(); err != nil {
		cp.log.Warn("a checkpoint failed, nothing is written until one succeeds", "error", err)
	}
	return nil
}

// redo does a failed checkpoint over while the writer holds still.
func (cp *checkpointer) redo() error {
	cp.hold.Lock()
	defer cp.hold.Unlock()
	pages, copied, err := walState(cp.size)
	if err != nil {
		return err
	}
	// Of a disk that goes on failing the log does not grow: what has been appended is not appended again
	// until it, too, counts as copied.
	if copied > cp.appended && copied < pages { // see distrust
		if err := cp.appendAgain(pages); err != nil {
			return fmt.Errorf("store: writing the log once more: %w", err)
		}
		cp.appended = pages
	}
	if _, _, err := walState(cp.copyAll); err != nil {
		return err
	}
	cp.appended = 0
	cp.failed.Store(nil)
	cp.log.Info("a checkpoint succeeded after one had failed", "pages", pages)
	return nil
}

// appendAgain appends what the log holds of each page to it once more, in one transaction. It is taken from the log and not from
// SQLite, who would read the database's page, which the system may have forgotten.
func (cp *checkpointer) appendAgain(pages int64) (err error) {
	f, err := os.Open(cp.path + "-wal")
	if err != nil {
		return err
	}
	defer f.Close()
	if err := runSQL(cp.conn, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	if err = cp.appendFrom(f, pages); err == nil {
		err = runSQL(cp.conn, "COMMIT")
	}
	if err != nil && !cp.conn.AutocommitEnabled() {
		err = errors.Join(err, runSQL(cp.conn, "ROLLBACK"))
	}
	return err
}

// appendFrom writes the pages of a log in the transaction that is open.
func (cp *checkpointer) appendFrom(log io.ReaderAt, pages int64) error {
	size, err := ask(cp.conn, "PRAGMA page_count")
	if err != nil {
		return err
	}
	newest, frame, err := newestFrames(log, pages)
	if err != nil {
		return err
	}
	page := make([]byte, frame-frameHeader)
	for number, at := range newest {
		if int64(number) > size {
			continue
		}
		if _, err := log.ReadAt(page, at+frameHeader); err != nil {
			return err
		}
		cp.putPage.BindInt64(1, int64(number))
		cp.putPage.BindBytes(2, page)
		if err := run(cp.putPage); err != nil {
			return err
		}
	}
	return nil
}

// The log's format, sqlite.org/fileformat2.html#walformat: a header with the size of pages at 8, then frames, each a header
// that begins with the page's number and the page.
const (
	logHeader   = 32
	frameHeader = 24
)

// newestFrames finds each page's last frame among the first frames of a log, and how long a frame is.
func newestFrames(log io.ReaderAt, frames int64) (at map[uint32]int64, length int64, err error) {
	head := make([]byte, logHeader)
	if _, err := log.ReadAt(head, 0); err != nil {
		return nil, 0, err
	}
	length = frameHeader + int64(binary.BigEndian.Uint32(head[8:]))
	at = map[uint32]int64{}
	for i := range frames {
		offset := logHeader + i*length
		if _, err := log.ReadAt(head[:frameHeader], offset); err != nil {
			return nil, 0, err
		}
		at[binary.BigEndian.Uint32(head)] = offset
	}
	return at, length, nil
}

// renewLog writes a log that was left behind over itself, and syncs it: its last commit may be one whose sync failed, which is in
// the system's memory alone, and what is appended to it would be lost along with it. No log is nothing to do.
func renewLog(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	buf := make([]byte, 1<<20)
	for at := int64(0); err == nil; {
		var n int
		n, err = f.ReadAt(buf, at)
		if _, werr := f.WriteAt(buf[:n], at); werr != nil {
			err = werr
		}
		at += int64(n)
	}
	if errors.Is(err, io.EOF) {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("writing the log that was left behind: %w", err)
	}
	return nil
}

// keepLog opens a connection by which the log stays when all others are closed: the last one would copy it
// into the database and delete it, unless it cannot write.
func keepLog(path string) (*sqlite.Conn, error) {
	c, err := sqlite.OpenConn(path, sqlite.OpenReadOnly)
	if err != nil {
		return nil, err
	}
	// SQLite opens the log when it first reads.
	if _, err := ask(c, "SELECT count(*) FROM sqlite_schema"); err != nil {
		return nil, discard(c, err)
	}
	return c, nil
}
