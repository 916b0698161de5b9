//go:build unix

package identity

import (
	"os"
	"syscall"
	"testing"
)

// TestFilesBelongToTheDirectorysOwner: what root changes a hub without root's rights can
// still read.
func TestFilesBelongToTheDirectorysOwner(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	if os.Geteuid() == 0 {
		if err := os.Chown(f.dir, 12345, 12346); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, _, err := f.open(t).Bootstrap(alice); err != nil {
		t.Fatal(err)
	}
	owner := func(path string) [2]uint32 {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		s := info.Sys().(*syscall.Stat_t)
		return [2]uint32{s.Uid, s.Gid}
	}
	entries, err := os.ReadDir(f.dir)
	if err != nil || len(entries) != 3 {
		t.Fatalf("there are %v, %v", entries, err)
	}
	for _, e := range entries {
		if got, want := owner(f.dir+"/"+e.Name()), owner(f.dir); got != want {
			t.Errorf("%s belongs to %v, the directory to %v", e.Name(), got, want)
		}
	}
}
