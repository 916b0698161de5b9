package audit

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
)

// killed is the variable that tells a child where to write until it is killed.
const killed = "AUDIT_TEST_KILLED"

// TestKill: kill -9 in the middle, again and again on the same files: what was
// acknowledged is on record, once, and every line parses.
func TestKill(t *testing.T) {
	if dir := os.Getenv(killed); dir != "" {
		writeUntilKilled(t, dir)
		return
	}
	t.Parallel()
	dir := t.TempDir()
	var acknowledged []string
	for round := range 3 {
		acknowledged = append(acknowledged, killAfter(t, dir, 150+50*round)...)
		b := newBench(t, dir)
		b.open(nil) // makes a torn line whole
		if err := b.log.Close(); err != nil {
			t.Fatal(err)
		}
	}
	all := records(t, dir)
	got := ids(all)
	slices.Sort(got)
	if n := len(got); n != len(slices.Compact(got)) {
		t.Error("a line is there twice")
	}
	for _, id := range acknowledged {
		if _, ok := slices.BinarySearch(got, id); !ok {
			t.Errorf("%s was acknowledged and is not on record", id)
		}
	}
	if torn := len(all) - len(got); torn > 3 {
		t.Errorf("%d torn lines after three deaths", torn)
	}
}

// killAfter kills a child when it has said this many lines, and gives all that it said.
func killAfter(t *testing.T, dir string, lines int) []string {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestKill$", "-test.count=1")
	cmd.Env = append(os.Environ(), killed+"="+dir)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for in := bufio.NewScanner(out); in.Scan(); {
		said = append(said, in.Text())
		if len(said) == lines {
			_ = cmd.Process.Kill()
		}
	}
	if err := cmd.Wait(); err == nil || len(said) < lines {
		t.Fatalf("the child ended by itself after %d lines: %v", len(said), err)
	}
	return said
}

// writeUntilKilled says the id of each call that has ended, in files small enough to change often.
func writeUntilKilled(t *testing.T, dir string) {
	b := newBench(t, dir).open(func(c *Config) { c.MaxSize, c.Keep, c.wrap = MaxLine, 10_000, nil })
	var callers sync.WaitGroup
	var next atomic.Int64
	for range 4 {
		callers.Go(func() {
			for range 100_000 {
				id := fmt.Sprint(os.Getpid(), "/", next.Add(1))
				if !b.call(id, false) {
					t.Error("refused")
					return
				}
				fmt.Println(id) // one write: lines do not mix
			}
		})
	}
	callers.Wait()
}
