package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// process is the program as a process of its own, which can be killed.
type process struct {
	*running
	cmd *exec.Cmd
}

// startProcess runs serve --dev in a process: this test binary, told to be the program.
func startProcess(t *testing.T, dir string, args ...string) *process {
	t.Helper()
	args = append([]string{"serve", "--dev", "--listen", "127.0.0.1:0", "--data-dir", dir}, args...)
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), asMain+"=1")
	p := &process{running: &running{stderr: newLockedBuffer(), client: newHTTPClient()}, cmd: cmd}
	cmd.Stderr = p.stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	p.url = readEndpoint(t, out)
	return p
}

func (p *process) signal(t *testing.T, s os.Signal) {
	if err := p.cmd.Process.Signal(s); err != nil {
		t.Error(err)
	}
}

// TestKill: what was acknowledged is there after kill -9 in the middle of the load
// (store.Engine's first invariant, through the whole program).
func TestKill(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for round := range 3 {
		p := startProcess(t, dir)
		acknowledged := loadUntilStopped(t, p.running, 4, func(n int) {
			if n == 30+10*round {
				p.signal(t, syscall.SIGKILL)
			}
		})
		if err := p.cmd.Wait(); err == nil {
			t.Error("a killed process ended well")
		}
		mustHold(t, dir, acknowledged)
	}
}

// TestSignals: SIGTERM and SIGINT end the program in order under load, with exit code 0.
func TestSignals(t *testing.T) {
	t.Parallel()
	for _, s := range []os.Signal{syscall.SIGTERM, syscall.SIGINT} {
		dir := t.TempDir()
		p := startProcess(t, dir)
		acknowledged := loadUntilStopped(t, p.running, 4, func(n int) {
			if n == 20 {
				p.signal(t, s)
			}
		})
		if err := p.cmd.Wait(); err != nil {
			t.Errorf("%s: %v\n%s", s, err, p.stderr)
		}
		if !strings.Contains(p.stderr.String(), "stopping") {
			t.Errorf("%s: the log says %s", s, p.stderr)
		}
		mustHold(t, dir, acknowledged)
	}
}

// hang begins a request whose body never comes, and returns when the hub is waiting for
// it: the hub asks for the body (100 Continue) only once an operation reads it.
func (r *running) hang(t *testing.T) {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(r.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if _, err := fmt.Fprintf(conn, "POST /findings/import HTTP/1.1\r\nHost: hub\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil || !strings.Contains(line, "100 Continue") {
		t.Fatalf("the hub answers %q, %v", line, err)
	}
}

// TestSecondSignal: somebody who does not want to wait for a request that hangs.
func TestSecondSignal(t *testing.T) {
	t.Parallel()
	p := startProcess(t, t.TempDir())
	p.hang(t)
	p.signal(t, syscall.SIGTERM)
	p.stderr.waitFor(t, "stopping")
	p.signal(t, syscall.SIGTERM)
	err := p.cmd.Wait()
	if code := p.cmd.ProcessState.ExitCode(); code != exitKilled {
		t.Errorf("exit code %d (%v), want %d\n%s", code, err, exitKilled, p.stderr)
	}
}

// TestDrainTimeout: a request that hangs does not keep the hub from ending in order.
func TestDrainTimeout(t *testing.T) {
	t.Parallel()
	hub := startHub(t, t.TempDir(), "--drain-timeout", "10ms")
	hub.hang(t)
	if code := hub.end(); code != exitOK {
		t.Errorf("exit code %d", code)
	}
	if !strings.Contains(hub.stderr.String(), "cut off") {
		t.Errorf("the log is %s", hub.stderr)
	}
}
