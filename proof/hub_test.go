package proof

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/findinghub/findinghub/store/postgres/pgtest"
)

// account is whose hub all tests are about.
const account = "111111111111"

// log gathers what a process says; it is read while the process writes.
type log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// process is one run of the program.
type process struct {
	url    string
	cmd    *exec.Cmd
	out    io.ReadCloser
	stderr *log
	client *http.Client
	ended  chan struct{} // closed when it has ended
}

// launch starts serve and does not wait for it.
func launch(t testing.TB, args ...string) *process {
	t.Helper()
	cmd := exec.Command(os.Getenv(program), append([]string{"serve", "--dev", "--listen", "127.0.0.1:0", "--log-level", "WARN"}, args...)...)
	p := &process{cmd: cmd, stderr: &log{}, ended: make(chan struct{}), client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 256}, Timeout: 2 * time.Minute}}
	cmd.Stderr = p.stderr
	// Not StdoutPipe, which Wait closes while the other end still reads.
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, p.out = in, out
	cmd.SysProcAttr = withParent()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	in.Close()
	go func() {
		_ = cmd.Wait() // how it ended is in its state
		close(p.ended)
	}()
	t.Cleanup(func() { p.kill(); out.Close() })
	return p
}

var endpoint = regexp.MustCompile(`http://127\.0\.0\.1:\d+`)

// ready waits until the process says where it serves; false when it ended before.
func (p *process) ready() bool {
	var said []byte
	buf := make([]byte, 4096)
	for {
		n, err := p.out.Read(buf)
		said = append(said, buf[:n]...)
		if url := endpoint.Find(said); url != nil {
			p.url = string(url)
			go func() { _, _ = io.Copy(io.Discard, p.out) }()
			return true
		}
		if err != nil {
			<-p.ended
			return false
		}
	}
}

// start starts serve and waits until it serves.
func start(t testing.TB, args ...string) *process {
	t.Helper()
	p := launch(t, args...)
	if !p.ready() {
		t.Fatalf("the hub does not start: %s", p.stderr)
	}
	return p
}

// kill ends the process as kill -9 does, at whatever it is doing.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may have ended
	<-p.ended
	p.client.CloseIdleConnections()
}

// stop ends the process in order.
func (p *process) stop(t testing.TB) {
	t.Helper()
	p.client.CloseIdleConnections()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	<-p.ended
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("the hub ended with exit code %d: %s", code, p.stderr)
	}
}

// engine is one way of keeping findings.
type engine struct {
	name string
	// place makes a new store; its arguments start a hub on it.
	place func(t testing.TB) []string
	// settle returns when nothing of hubs that are gone is under way any more.
	settle func(t testing.TB, args []string)
}

var engines = []engine{
	{"SQLite", func(t testing.TB) []string { return []string{"--data-dir", t.TempDir()} }, func(testing.TB, []string) {}},
	{"PostgreSQL", func(t testing.TB) []string { return onDatabase(t, pgtest.Database(t, t.TempDir())) }, func(t testing.TB, args []string) { pgtest.Alone(t, args[1]) }},
}

// onDatabase are the arguments of a hub on a database.
func onDatabase(t testing.TB, url string) []string {
	return []string{"--database-url", url, "--data-dir", t.TempDir()}
}

// onEachEngine runs a test on all engines.
func onEachEngine(t *testing.T, test func(t *testing.T, e engine)) {
	t.Parallel()
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			test(t, e)
		})
	}
}

// await waits until something holds that another process brings about.
func await(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !holds(); {
		if time.Now().After(deadline) {
			t.Fatalf("%s never happened", what)
		}
		<-time.After(10 * time.Millisecond)
	}
}

// metric reads one number off /metrics; ok is false where there is none.
func metric(text, name string) (value string, ok bool) {
	for line := range strings.Lines(text) {
		if rest, found := strings.CutPrefix(line, name+" "); found {
			return strings.TrimSpace(rest), true
		}
	}
	return "", false
}
