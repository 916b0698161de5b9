package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a server that the benchmark runs beside itself: a real process with its
// own heap and its own share of the CPUs, as clients would meet it.
type process struct {
	cmd  *exec.Cmd
	addr string
	done chan error
}

// freeAddr finds a port of the loopback that nobody listens on.
func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// start runs a command and waits until url answers 200.
func start(ctx context.Context, log io.Writer, addr, ready string, env []string, name string, args ...string) (*process, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = append(os.Environ(), env...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 30 * time.Second
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{cmd: cmd, addr: addr, done: make(chan error, 1)}
	go func() { p.done <- cmd.Wait() }()
	if err := p.await(ctx, ready); err != nil {
		return nil, errors.Join(err, p.stop())
	}
	return p, nil
}

func (p *process) await(ctx context.Context, path string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	for tick := time.NewTicker(20 * time.Millisecond); ; {
		resp, err := http.Get("http://" + p.addr + path)
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-tick.C:
		case err := <-p.done:
			p.done <- err
			return fmt.Errorf("%s ended before it was ready: %w", p.cmd.Path, err)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// cpu is the processor time that the process has used, in seconds; 0 where the system
// does not tell (no /proc). Unlike the clock it does not count what neighbours take.
func (p *process) cpu() float64 {
	own, _ := processorTime(p.cmd.Process.Pid)
	return own
}

// peak is the most memory that the process has had, in MB; 0 where the system does not tell.
func (p *process) peak() float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(text), "VmHWM:")
	kilobytes, _, _ := strings.Cut(strings.TrimSpace(after), " ")
	n, _ := strconv.ParseFloat(kilobytes, 64)
	return n / 1024
}

// ticks of /proc are a second, on every Linux that Go runs on.
const ticks = 100

// processorTime is what a process has used, and what those of its children have that have ended, in seconds.
func processorTime(pid int) (own, ended float64) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, 0
	}
	// The name in parentheses may hold blanks; user and system ticks are the 12th and 13th words after it, then the children's.
	words := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(words) < 15 {
		return 0, 0
	}
	seconds := func(user, system string) float64 {
		u, _ := strconv.ParseFloat(user, 64)
		s, _ := strconv.ParseFloat(system, 64)
		return (u + s) / ticks
	}
	return seconds(words[11], words[12]), seconds(words[13], words[14])
}

// stop ends the process as an operator would, and waits for it.
func (p *process) stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case err := <-p.done:
		return err
	case <-time.After(30 * time.Second):
		return errors.Join(errors.New("the server did not stop in 30 s"), p.cmd.Process.Kill())
	}
}
