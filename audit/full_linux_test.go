package audit

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// fullDisk is the variable that tells a child which disk it has.
const fullDisk = "AUDIT_TEST_FULL_DISK"

// The disks that a child may have.
const (
	limitedFiles = "limited files" // the system refuses to let files grow
	smallDisk    = "a small disk"  // a file system of 4 MB
)

// TestFullDisk: the system itself has no room, on a disk that is full and for files that
// may not grow. A child has the disk, since mounts and limits are a process's.
func TestFullDisk(t *testing.T) {
	if kind := os.Getenv(fullDisk); kind != "" {
		fillDisks(t, kind)
		return
	}
	t.Parallel()
	for _, kind := range []string{limitedFiles, smallDisk} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			out, err := inChild(kind, kind == smallDisk)
			if errors.Is(err, unix.EPERM) || errors.Is(err, unix.ENOSPC) { // ENOSPC is how a system says that it has no more namespaces
				out, err = inChild(kind, false)
			}
			t.Logf("%s", out)
			if err != nil {
				t.Error(err)
			}
		})
	}
}

// inChild runs the test in a process of its own, with mounts of its own if it needs them.
func inChild(kind string, mounts bool) ([]byte, error) {
	cmd := exec.Command(os.Args[0], "-test.run=^TestFullDisk$", "-test.count=1", "-test.v")
	cmd.Env = append(os.Environ(), fullDisk+"="+kind)
	if mounts {
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNS}
		if os.Getuid() != 0 { // who is not root is root in a name space of users
			cmd.SysProcAttr.Cloneflags |= unix.CLONE_NEWUSER
			cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
			cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
		}
	}
	return cmd.CombinedOutput()
}

// fills is how a disk becomes full and free again.
type fills struct{ fill, free func() }

// mountSmall mounts a file system of 4 MB on a directory, where that is allowed.
func mountSmall(t *testing.T, dir string) (fills, bool) {
	err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "") // nobody else shall see it
	if err == nil {
		err = unix.Mount("audit", dir, "tmpfs", 0, "size=4m")
	}
	if err != nil {
		t.Logf("this system lets nobody mount (%v): files that may not grow stand for the disk", err)
		return fills{}, false
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	filler := filepath.Join(dir, "filler")
	return fills{
		fill: func() {
			f, err := os.Create(filler)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if _, err := io.Copy(f, zeros{}); !errors.Is(err, syscall.ENOSPC) {
				t.Fatalf("filling the disk: %v", err)
			}
		},
		free: func() { _ = os.Remove(filler) },
	}, true
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// limitFiles lets no file grow beyond what the log has and half a line.
func limitFiles(t *testing.T, path string) fills {
	signal.Ignore(syscall.SIGXFSZ) // its default is to end the process
	set := func(bytes uint64) {
		var l unix.Rlimit
		err := unix.Getrlimit(unix.RLIMIT_FSIZE, &l)
		if err == nil {
			l.Cur = min(bytes, l.Max)
			err = unix.Setrlimit(unix.RLIMIT_FSIZE, &l)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return fills{
		fill: func() {
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			set(uint64(info.Size()) + 500)
		},
		free: func() { set(unix.RLIM_INFINITY) },
	}
}

// fillDisks makes calls while the disk is full and free in turns.
func fillDisks(t *testing.T, kind string) {
	b := newBench(t, t.TempDir())
	disk, mounted := fills{}, false
	if kind == smallDisk {
		disk, mounted = mountSmall(t, b.dir)
	}
	if !mounted {
		disk = limitFiles(t, b.path)
	}
	b.open(func(c *Config) { c.wrap = nil })
	var executed, reads []string
	for round := range 3 {
		id := func(n int) string { return fmt.Sprint(round, "/", n) }
		n := 0
		for ; n < 10; n++ {
			if err := b.log.Begin(false); err != nil {
				t.Fatal(err)
			}
		}
		disk.fill()
		for i := range n {
			if err := b.log.End(testRecord(id(i), false)); err != nil && mounted {
				t.Errorf("a call under way had room: %v", err)
			}
			executed = append(executed, id(i))
		}
		for ; b.call(id(n), false); n++ {
			executed = append(executed, id(n))
		}
		for lost := b.log.Lost(); b.log.Lost() < lost+3; n++ {
			if !b.call(id(n), true) {
				t.Fatal("a read is refused")
			}
			reads = append(reads, id(n))
		}
		if b.call("refused", false) {
			t.Error("a call begins on a full disk")
		}
		disk.free()
		if !b.call(id(n), false) {
			t.Error("a call is refused on a disk with room")
		}
		executed = append(executed, id(n))
	}
	if err := b.log.Close(); err != nil {
		t.Fatal(err)
	}
	wantExecuted(t, b, executed, reads)
}

// wantExecuted wants every call that was executed on record once, and of the reads those that no gap counts.
func wantExecuted(t *testing.T, b *bench, executed, reads []string) {
	t.Helper()
	all := records(t, b.dir)
	got := ids(all)
	for _, id := range executed {
		if n := len(slices.DeleteFunc(slices.Clone(got), func(other string) bool { return other != id })); n != 1 {
			t.Errorf("%s was executed and is %d times on record", id, n)
		}
	}
	if missing := len(executed) + len(reads) - len(got); uint64(missing) != b.log.Lost() || lostIn(all) != b.log.Lost() || missing < 9 {
		t.Errorf("%d reads are missing, %d counted, gaps tell of %d", missing, b.log.Lost(), lostIn(all))
	}
	t.Logf("%d calls executed, %d reads, %d of them lost", len(executed), len(reads), b.log.Lost())
}

// blocks is what a file takes on disk, in bytes.
func blocks(t *testing.T, path string) int64 {
	t.Helper()
	var s unix.Stat_t
	if err := unix.Stat(path, &s); err != nil {
		t.Fatal(err)
	}
	return s.Blocks * 512
}

// TestGivesBack: room is set aside without changing the size that readers see, and given back.
func TestGivesBack(t *testing.T) {
	t.Parallel()
	b := startLog(t, func(c *Config) { c.wrap = nil })
	b.call("1", false)
	info, err := os.Stat(b.path)
	if err != nil || info.Size() > 4096 {
		t.Fatalf("%v, %v", info, err)
	}
	if b.log.sink.(*files).current.allocates && blocks(t, b.path) < step {
		t.Errorf("%d bytes are set aside", blocks(t, b.path))
	}
	if err := b.log.Close(); err != nil {
		t.Fatal(err)
	}
	if n := blocks(t, b.path); n > 64<<10 {
		t.Errorf("the closed file still takes %d bytes", n)
	}
}
