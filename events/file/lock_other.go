//go:build !unix

package file

import "os"

// Where there are no advisory locks one writer at a time is the operator's promise.
func lock(*os.File) error { return nil }

func unlock(*os.File) error { return nil }

// syncDir does nothing where directories cannot be synced.
func syncDir(string) error { return nil }
