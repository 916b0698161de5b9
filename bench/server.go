package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// postgres is a PostgreSQL server of the benchmark's own, which syncs what it commits.
type postgres struct {
	cmd  *exec.Cmd
	port string
	conn *pgx.Conn
}

// startServer makes a cluster in a directory and starts a server on it; the error says why there is none.
func (b *Bench) startServer(ctx context.Context, name string) (*postgres, error) {
	bin, err := findPostgres()
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(b.Dir, name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	attr, err := unprivileged(b.Dir, dir)
	if err != nil {
		return nil, err
	}
	init := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "-D", filepath.Join(dir, "data"), "-U", "bench", "-A", "trust", "--locale=C", "-E", "UTF8")
	init.SysProcAttr, init.Dir = attr, dir
	if out, err := init.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	p := &postgres{port: addr[strings.LastIndexByte(addr, ':')+1:]}
	p.cmd = exec.CommandContext(ctx, filepath.Join(bin, "postgres"), "-D", filepath.Join(dir, "data"), "-p", p.port, "-k", dir, "-h", "127.0.0.1",
		"-c", "shared_buffers=2GB", "-c", "work_mem=64MB", "-c", "maintenance_work_mem=1GB", "-c", "effective_cache_size=8GB", "-c", "max_wal_size=8GB", "-c", "random_page_cost=1.1", "-c", "max_connections=200")
	p.cmd.SysProcAttr, p.cmd.Dir = attr, dir
	p.cmd.Stderr = b.serverLog()
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	if err := p.connect(ctx); err != nil {
		return nil, errors.Join(err, p.stop())
	}
	return p, nil
}

// findPostgres looks where Debian's package puts the server's programs.
func findPostgres() (string, error) {
	if dirs, err := filepath.Glob("/usr/lib/postgresql/*/bin"); err == nil && len(dirs) > 0 {
		return dirs[len(dirs)-1], nil
	}
	path, err := exec.LookPath("initdb")
	if err != nil {
		return "", errors.New("no PostgreSQL server here (Debian's package postgresql has one)")
	}
	return filepath.Dir(path), nil
}

// unprivileged hands dir to a user that PostgreSQL, which refuses root, can run as.
func unprivileged(parent, dir string) (*syscall.SysProcAttr, error) {
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
	if err := os.Chmod(parent, 0o755); err != nil {
		return nil, err
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, os.Chown(dir, uid, gid)
}

// url says where one of the server's databases is.
func (p *postgres) url(database string) string {
	return "postgres://bench@127.0.0.1:" + p.port + "/" + database + "?sslmode=disable"
}

// database makes a database and gives its URL.
func (p *postgres) database(ctx context.Context, name string) (string, error) {
	_, err := p.conn.Exec(ctx, "CREATE DATABASE "+name)
	return p.url(name), err
}

func (p *postgres) connect(ctx context.Context) error {
	deadline := time.Now().Add(30 * time.Second)
	for {
		conn, err := pgx.Connect(ctx, p.url("postgres"))
		if err == nil {
			p.conn = conn
			return nil
		}
		if time.Now().After(deadline) {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// cpu is the processor time of all the server's processes, those that have ended included.
func (p *postgres) cpu() float64 {
	pid := p.cmd.Process.Pid
	own, ended := processorTime(pid)
	total := own + ended
	children, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	for _, word := range strings.Fields(string(children)) {
		child, _ := strconv.Atoi(word)
		own, _ := processorTime(child)
		total += own
	}
	return total
}

func (p *postgres) stop() error {
	if p.conn != nil {
		_ = p.conn.Close(context.Background())
	}
	_ = p.cmd.Process.Signal(syscall.SIGINT)
	return p.cmd.Wait()
}
