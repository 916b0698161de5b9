package proof

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// smallDisk tells a child that it has mounts of its own.
const smallDisk = "PROOF_SMALL_DISK"

// TestDiskFull: the disk of a hub becomes full under load, and has room again: nothing that was acknowledged is lost, writes
// are refused in so many words, /readyz says so, searches go on, and all is well again without a restart. A child has the disk,
// because mounts are a process's.
func TestDiskFull(t *testing.T) {
	if os.Getenv(smallDisk) != "" {
		fillDisk(t)
		return
	}
	t.Parallel()
	cmd := exec.Command(os.Args[0], "-test.run=^TestDiskFull$", "-test.count=1", "-test.v")
	cmd.Env = append(os.Environ(), smallDisk+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNS}
	if os.Getuid() != 0 { // who is not root is root in a name space of users
		cmd.SysProcAttr.Cloneflags |= unix.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Errorf("%v (this test mounts a file system: as root, or where users may have name spaces)", err)
	}
}

// mountSmall mounts a file system of a few MB on a directory.
func mountSmall(t *testing.T, dir string) {
	t.Helper()
	err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "") // nobody else shall see it
	if err == nil {
		err = unix.Mount("proof", dir, "tmpfs", 0, "size=24m")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
}

// fill leaves a disk without a byte.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := io.Copy(f, zeros{}); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("filling the disk: %v", err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// fillDisk fills and frees a disk under load, again and again. Every hub has its three turns and makes room for the next: the
// disk is small, and what hubs write stays.
func fillDisk(t *testing.T) {
	dir := t.TempDir()
	mountSmall(t, dir)
	random := rand.New(rand.NewPCG(3, 5))
	n := rounds(1, 33)
	var acknowledged, lost int64
	for range n {
		data := filepath.Join(dir, "data")
		l := newLedger(random.Uint64(), 4)
		p := start(t, "--data-dir", data, "--event-stream")
		for range 3 {
			fillOnce(t, p, l, filepath.Join(dir, "filler"), int64(random.IntN(80)))
		}
		p.stop(t)
		p = start(t, "--data-dir", data, "--event-stream")
		l.check(t, p, true)
		p.stop(t)
		if t.Failed() {
			t.FailNow()
		}
		if err := os.RemoveAll(data); err != nil {
			t.Fatal(err)
		}
		acknowledged, lost = acknowledged+l.acknowledged.Load(), lost+l.lost.Load()
	}
	t.Logf("%d times full, %d writes acknowledged, %d with unknown outcome", 3*n, acknowledged, lost)
}

// fillOnce lets the disk become full when so many writes more were acknowledged, and free again when every connection has noticed.
func fillOnce(t *testing.T, p *process, l *ledger, filler string, more int64) {
	t.Helper()
	target := l.acknowledged.Load() + more
	full := make(chan struct{})
	go func() {
		defer close(full)
		await(t, "the load", func() bool { return l.acknowledged.Load() >= target })
		fill(t, filler)
	}()
	l.load(func(int) *process { return p }, func(results []outcome) bool { return slices.Contains(results, unknown) })
	<-full
	fill(t, filler) // what the last checkpoint gave back
	checkFull(t, p, l)
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	await(t, "readiness with room", func() bool { return p.send("GET", "/readyz", "").status == http.StatusOK })
	l.check(t, p, false)
	if t.Failed() {
		t.Fatal(p.stderr)
	}
}

// checkFull is what a hub without room does: it writes nothing and says so, and shows what was acknowledged.
func checkFull(t *testing.T, p *process, l *ledger) {
	t.Helper()
	// There may be some room left in the log; what is too large for it is refused for certain.
	var docs []string
	for i := range 100 {
		docs = append(docs, strings.Replace(document(fmt.Sprint("refused-", i), 1), "v1 v1", randomText(i), 1))
	}
	big := `{"Findings":[` + strings.Join(docs, ",") + `]}`
	a := p.send("POST", "/findings/import", big)
	for tries := 0; a.status == http.StatusOK && tries < 100; tries++ {
		big = strings.ReplaceAll(big, "2021-01-01T00:00", fmt.Sprintf("2021-01-01T%02d:%02d", 1+tries/60, tries%60))
		a = p.send("POST", "/findings/import", big)
	}
	if a.status != http.StatusServiceUnavailable || !strings.Contains(string(a.body), `"ServiceUnavailable"`) || strings.Contains(string(a.body), "sqlite") {
		t.Errorf("a write without room: %d %s %v", a.status, a.body, a.err)
	}
	if r := p.send("GET", "/readyz", ""); r.status != http.StatusServiceUnavailable {
		t.Errorf("/readyz says %d %s", r.status, r.body)
	}
	if r := p.send("GET", "/healthz", ""); r.status != http.StatusOK {
		t.Errorf("/healthz says %d %s", r.status, r.body)
	}
	for _, o := range l.owners {
		e := o.entries[0]
		found, err := p.get(e.id)
		if err != nil || e.open == nil && e.version > 0 && found[e.id] == nil {
			t.Errorf("a search without room: %v, %v", found, err)
		}
	}
}

// randomText is text that does not compress, so that it takes room.
func randomText(seed int) string {
	r := rand.New(rand.NewPCG(uint64(seed), 1))
	b := make([]byte, 500)
	for i := range b {
		b[i] = 'a' + byte(r.IntN(26))
	}
	return string(b)
}
