//go:build !unix

package identity

import (
	"fmt"
	"io/fs"
	"os"
)

// lockFile fails while another process has the lock. Here a file that is open cannot be
// removed, so a lock that a dead process left behind goes away and a live one's stays.
func lockFile(path string) (release func() error, err error) {
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return nil, fmt.Errorf("%s is locked by another process", path)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("%s is locked by another process: %w", path, err)
	}
	return f.Close, nil
}

// syncParent has nothing to do where directories cannot be synced.
func syncParent(string) error { return nil }

// private takes every file where the mode says nothing about who may read it.
func private(fs.FileInfo) bool { return true }

// ownLikeDir has nothing to do where files have no such owners.
func ownLikeDir(*os.File) error { return nil }
