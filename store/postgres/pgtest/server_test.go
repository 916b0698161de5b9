package pgtest

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// process starts one that waits for its input to end and looks as if it had been called with these arguments.
func process(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("/bin/sh")
	cmd.Args = append([]string{name, "-c", "read -r line"}, args...)
	stdin, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		_ = cmd.Wait() // it says how the process ended
	})
	return cmd
}

// TestKillSparesOthers: a file that a killed server left may name any process by now.
func TestKillSparesOthers(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"sh"},
		{"sh", "-D", "DATA"},
		{"postgres"},
		{"postgres", "-D"},
		{"postgres", "-D", "/somewhere/else"},
		{"postgres", "-D", "DATA/below"},
		{"postgres", "DATA"},
	} {
		s := &Server{dir: t.TempDir()}
		for i := range args {
			args[i] = strings.Replace(args[i], "DATA", s.data(), 1)
		}
		other := process(t, args[0], args[1:]...)
		write(t, s, strconv.Itoa(other.Process.Pid))
		if err := s.Kill(); err == nil {
			t.Errorf("%q was killed", args)
		}
		if state := stateOf(t, other.Process.Pid); state == 'T' || state == 'Z' {
			t.Errorf("%q is in state %c", args, state)
		}
	}
}

// write makes the file that names a server's process.
func write(t *testing.T, s *Server, pid string) {
	t.Helper()
	err := os.Mkdir(s.data(), 0o700)
	if err == nil {
		err = os.WriteFile(filepath.Join(s.data(), "postmaster.pid"), []byte(pid+"\n"+s.data()+"\n"), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// stateOf is the letter by which the system says what a process does.
func stateOf(t *testing.T, pid int) byte {
	t.Helper()
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		t.Fatal(err)
	}
	return text[bytes.LastIndexByte(text, ')')+2] // after the name in parentheses
}

// TestKillOfNobody: what is no number, or no process's, is an error. 0 and -1 would be whole groups of processes.
func TestKillOfNobody(t *testing.T) {
	t.Parallel()
	for _, pid := range []string{"", "postgres", "0", "-1", "999999999"} {
		s := &Server{dir: t.TempDir()}
		write(t, s, pid)
		if err := s.Kill(); err == nil {
			t.Errorf("process %q was killed", pid)
		}
	}
	if err := (&Server{dir: t.TempDir()}).Kill(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without a file: %v", err)
	}
}

// TestKillKills: one that serves the directory is killed, and those that it has started.
func TestKillKills(t *testing.T) {
	t.Parallel()
	s := &Server{dir: t.TempDir()}
	cmd := exec.Command("/bin/sh")
	cmd.Args = []string{"/usr/bin/postgres", "-c", "/bin/sleep 600 & echo started; wait", "-D", s.data()}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(out, make([]byte, len("started\n"))); err != nil {
		t.Fatal(err)
	}
	write(t, s, strconv.Itoa(cmd.Process.Pid))
	if err := s.Kill(); err != nil {
		t.Fatal(err)
	}
	// The child has the pipe as well: its end is theirs.
	if rest, err := io.ReadAll(out); err != nil || len(rest) > 0 {
		t.Errorf("%q, %v", rest, err)
	}
	var how *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &how) || how.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Errorf("it ended by %v", err)
	}
}
