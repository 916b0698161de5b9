//go:build unix

package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/store"
)

// fileLimit is the variable that tells a child that it may have its files limited.
const fileLimit = "SQLITE_TEST_FILE_LIMIT"

// TestFullDisk: the system refuses to let the files grow, in the middle of a write
// to the log or during a checkpoint. A child process has the limit, since it is a process's.
func TestFullDisk(t *testing.T) {
	if os.Getenv(fileLimit) != "" {
		fillDisk(t)
		return
	}
	t.Parallel()
	cmd := exec.Command(os.Args[0], "-test.run=^TestFullDisk$", "-test.count=1")
	cmd.Env = append(os.Environ(), fileLimit+"=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func limitFiles(t *testing.T, bytes uint64) {
	t.Helper()
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

func fillDisk(t *testing.T) {
	// The signal's default is to end the process; without it writes fail as on a full disk.
	signal.Ignore(syscall.SIGXFSZ)
	dir := t.TempDir()
	e := mustOpen(t, Options{Dir: dir, CheckpointPages: 20})
	stored, refused := 0, 0
	titles := map[string]string{}
	for round, limit := range []uint64{150_000, 200_000, 201_000, 400_000} {
		limitFiles(t, limit)
		for refused <= 5*round {
			id := fmt.Sprint(stored % 200)
			_, err := e.Apply(context.Background(), []store.Mutation{testPut(id, fmt.Sprint("title ", stored)), testPut(fmt.Sprint("new ", stored), "x")})
			var public *findinghub.Error
			switch {
			case err == nil:
				titles[id], titles[fmt.Sprint("new ", stored)] = fmt.Sprint("title ", stored), "x"
				stored++
			case errors.As(err, &public) && public.Code == findinghub.CodeUnavailable:
				refused++
			default:
				t.Fatalf("a full disk: %v", err)
			}
		}
		if _, err := e.health.failed(); err == nil {
			t.Error("a write was refused and the engine does not know")
		}
		checkTitles(t, e, titles)
	}
	limitFiles(t, unix.RLIM_INFINITY)
	e.health.rested()
	if err := e.Ready(context.Background()); err != nil {
		t.Errorf("there is room again: %v", err)
	}
	mustApply(t, e, testPut("0", "at last"))
	titles["0"] = "at last"
	checkTitles(t, e, titles)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	checkTitles(t, mustOpen(t, Options{Dir: dir}), titles)
}

// checkTitles wants what was acknowledged and nothing else.
func checkTitles(t *testing.T, e *Engine, titles map[string]string) {
	t.Helper()
	for id, want := range titles {
		if got := titleOf(t, e, id); got != want {
			t.Fatalf("finding %s is %q, want %q", id, got, want)
		}
	}
	if n, err := e.Count(context.Background(), testHub, filter.And{}); err != nil || n != len(titles) {
		t.Errorf("%d findings, %v; want %d", n, err, len(titles))
	}
}
