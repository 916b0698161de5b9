//go:build !unix

package sqlite

import (
	"fmt"
	"os"
	"path/filepath"
)

// lockDir makes sure that one process at a time has the directory open: the index
// in memory would not learn of another's writes. Here a file that is open cannot be
// removed, so a lock that a dead process left behind goes away and a live one's stays.
func lockDir(dir string) (release func() error, err error) {
	name := filepath.Join(dir, "lock")
	if err := os.Remove(name); err != nil && !os.IsNotExist(err) {
		return nil, fmt.Errorf("%w: %s", ErrInUse, dir)
	}
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("locking %s: %w", dir, err)
	}
	return f.Close, nil
}

// syncDir has nothing to do where directories cannot be synced.
func syncDir(string) error { return nil }
