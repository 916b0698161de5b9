package pgtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// Server is a PostgreSQL server that can be stopped, killed and started again. It is not for concurrent use.
type Server struct {
	// Port is that of 127.0.0.1 that it listens on; it stays the same.
	Port string

	bin, dir string
	settings []string
	attr     *syscall.SysProcAttr
	stdin    io.Closer     // of what watches over the server
	exited   chan struct{} // closed when the server has exited, nil before it was started
}

// Start makes a database cluster in a directory and starts a server on it. settings are more of
// postgresql.conf, as name=value.
func Start(ctx context.Context, dir string, settings ...string) (*Server, error) {
	s, err := newServer(dir, settings)
	if err != nil {
		return nil, err
	}
	if err := s.run(ctx, "initdb", "-D", s.data(), "-U", "postgres", "-A", "trust", "--locale=C", "-E", "UTF8"); err != nil {
		return nil, err
	}
	return s, s.Restart(ctx)
}

// newServer finds the programs, a port and a user that they run as.
func newServer(dir string, settings []string) (*Server, error) {
	bin, err := find()
	if err != nil {
		return nil, err
	}
	attr, err := unprivileged(dir)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return &Server{Port: port, bin: bin, dir: dir, settings: settings, attr: attr}, err
}

// find looks where Debian puts the server's programs, the newest first.
func find() (string, error) {
	dirs, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil {
		return "", err
	}
	version := func(dir string) int {
		n, _ := strconv.Atoi(filepath.Base(filepath.Dir(dir)))
		return n
	}
	slices.SortFunc(dirs, func(a, b string) int { return version(b) - version(a) })
	for _, dir := range dirs {
		if _, err := os.Stat(filepath.Join(dir, "initdb")); err == nil {
			return dir, nil
		}
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path), nil
	}
	return "", errors.New("pgtest: no PostgreSQL server on this machine: install Debian's package postgresql")
}

// unprivileged hands dir to a user that the server can run as: it refuses root.
func unprivileged(dir string) (*syscall.SysProcAttr, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		if u, err = user.Lookup("nobody"); err != nil {
			return nil, err
		}
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return nil, err
	}
	// Every directory above must let it through; temporary ones may not.
	for parent := filepath.Dir(dir); strings.HasPrefix(parent, os.TempDir()+"/"); parent = filepath.Dir(parent) {
		if err := os.Chmod(parent, 0o755); err != nil {
			return nil, err
		}
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, os.Chown(dir, uid, gid)
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// Log is the file that the server writes its messages to.
func (s *Server) Log() string { return filepath.Join(s.dir, "server.log") }

// run runs one of PostgreSQL's programs to its end.
func (s *Server) run(ctx context.Context, program string, args ...string) error {
	cmd := exec.CommandContext(ctx, filepath.Join(s.bin, program), args...)
	cmd.SysProcAttr, cmd.Dir = s.attr, s.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("pgtest: %s: %w: %s", program, err, out)
	}
	return nil
}

// watch runs a server until its own input ends, which it does when the test's process does, or the
// server does.
const watch = `exec 3<&0; "$0" "$@" 3<&- & server=$!
{ read -r line <&3; kill -QUIT $server 2>/dev/null; } & wait $server`

// errExited is why a start is tried again: the last of a killed server's processes may still be on their way out,
// and as long as they hold its memory a new one refuses to start.
var errExited = errors.New("the server has exited")

// Restart starts the server where it was stopped or killed, and waits until it answers, for a minute at most.
func (s *Server) Restart(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		err := s.start(ctx)
		if err == nil {
			return nil
		}
		s.Stop()
		if !errors.Is(err, errExited) || ctx.Err() != nil {
			text, _ := os.ReadFile(s.Log())
			return fmt.Errorf("pgtest: the server does not answer: %w\n%s", err, text)
		}
	}
}

// start starts the server once.
func (s *Server) start(ctx context.Context) error {
	args := []string{"-c", watch, filepath.Join(s.bin, "postgres"), "-D", s.data(), "-p", s.Port, "-k", s.dir, "-h", "127.0.0.1"}
	for _, setting := range append([]string{"shared_buffers=32MB", "max_connections=200", "fsync=on"}, s.settings...) {
		args = append(args, "-c", setting)
	}
	log, err := os.OpenFile(s.Log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command("/bin/sh", args...)
	cmd.SysProcAttr, cmd.Dir, cmd.Stdout, cmd.Stderr = s.attr, s.dir, log, log
	if s.stdin, err = cmd.StdinPipe(); err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	exited := make(chan struct{})
	s.exited = exited
	go func() {
		_ = cmd.Wait() // it says how the server ended, which is by our signal
		close(exited)
	}()
	return s.wait(ctx)
}

// wait tries to connect until the server answers or has exited.
func (s *Server) wait(ctx context.Context) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := pgx.Connect(ctx, s.URL("postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-ctx.Done():
			return err
		case <-s.exited:
			return errExited
		case <-tick.C:
		}
	}
}

// URL says where one of the server's databases is.
func (s *Server) URL(database string) string {
	return "postgres://postgres@127.0.0.1:" + s.Port + "/" + database + "?sslmode=disable"
}

// Stop ends the server at once, as a power cut between two requests would: without a checkpoint.
func (s *Server) Stop() {
	if s.exited == nil {
		return
	}
	_ = s.stdin.Close()
	<-s.exited
	s.exited = nil
}

// Kill kills the server's processes with kill -9, all at once. When the server is not running it is an error.
func (s *Server) Kill() error {
	pid, err := s.pid()
	if err != nil {
		return fmt.Errorf("pgtest: killing the server: %w", err)
	}
	// First it stops, so that it starts no more of them.
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		return err
	}
	all := append([]int{pid}, children(pid)...)
	for _, p := range all {
		if err := syscall.Kill(p, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			return err
		}
	}
	s.Stop()
	return nil
}

// pid is the number of the server's first process. A server that was killed leaves its file, and the number
// may be another process's by now: only one that serves our directory is ours to kill.
func (s *Server) pid() (int, error) {
	file := filepath.Join(s.data(), "postmaster.pid")
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	line, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(line)
	if err != nil || pid < 1 {
		return 0, fmt.Errorf("%s begins with %q, which is no process", file, line)
	}
	called, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		return 0, err
	}
	args := strings.Split(string(called), "\x00")
	at := slices.Index(args, "-D") + 1
	if filepath.Base(args[0]) != "postgres" || at == 0 || at == len(args) || args[at] != s.data() {
		return 0, fmt.Errorf("%s names process %d, which does not serve the directory", file, pid)
	}
	return pid, nil
}

// children lists the processes that a process has started.
func children(pid int) (list []int) {
	names, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			continue // it has just ended
		}
		// The second field is a name in parentheses that may hold anything; the fourth is the parent.
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
		if len(fields) > 1 && fields[1] == strconv.Itoa(pid) {
			child, _ := strconv.Atoi(filepath.Base(filepath.Dir(name)))
			list = append(list, child)
		}
	}
	return list
}

// Standby makes and starts a copy of the server that follows it. What the server acknowledges from then on waits
// for the copy when synchronous_standby_names is '*'.
func (s *Server) Standby(ctx context.Context, dir string) (*Server, error) {
	standby, err := newServer(dir, s.settings)
	if err != nil {
		return nil, err
	}
	err = standby.run(ctx, "pg_basebackup", "-d", s.URL("postgres"), "-D", standby.data(), "-R", "-X", "stream", "-c", "fast")
	if err != nil {
		return nil, err
	}
	return standby, standby.Restart(ctx)
}

// Promote makes a standby a primary, and waits until it is.
func (s *Server) Promote(ctx context.Context) error {
	return s.run(ctx, "pg_ctl", "promote", "-D", s.data(), "-w")
}
