// Package bench measures what docs/benchmarks.md publishes: the hub against a bare
// floor (itself with the store switched off) and against peers (moto, PostgreSQL),
// interleaved in one run on one machine, as ratios. Absolute figures are the
// machine's; the ratios should hold anywhere.
package bench

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/findinghub/findinghub/store"
)

// Options are what a run can be told.
type Options struct {
	Dir    string   // where stores are made; removed by the caller
	Self   string   // the findinghub binary that is measured
	Size   int      // findings stored for the measurements at full size
	Rounds int      // how often each timed stretch runs; medians are reported
	Only   []string // parts to run, by the names that parts gives, or postgres, which is beside query; none means all
	Now    time.Time
	Log    io.Writer // progress
	// Database opens the engine over PostgreSQL that the hub has. It is handed in because that engine's own
	// tests use this package's findings.
	Database func(ctx context.Context, url string) (store.Engine, error)
}

// Bench is a run.
type Bench struct {
	Options
	rows    []string
	servers int // of PostgreSQL that were started
	walked  struct {
		engine store.Engine
		shape  string
		to     *store.Cursor
	}
}

// Run measures everything that the options ask for and prints Markdown to out. A peer
// that cannot be installed is named as skipped; a failure of the hub ends the run.
func Run(ctx context.Context, o Options, out io.Writer) error {
	b := &Bench{Options: o}
	fmt.Fprintf(out, "| part | what | hub | peer | ratio |\n|---|---|---|---|---|\n")
	defer func() { fmt.Fprint(out, strings.Join(b.rows, "")) }()
	b.busyness("at the start")
	for _, p := range b.parts() {
		if len(o.Only) > 0 && !slices.Contains(o.Only, p.name) {
			continue
		}
		b.logf("%s", p.name)
		if err := p.run(ctx); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	b.busyness("at the end")
	return nil
}

// part is what can be measured by itself.
type part struct {
	name string
	run  func(context.Context) error
}

func (b *Bench) parts() []part {
	return []part{
		{"import", b.importing}, {"access", b.accessing}, {"restart", b.restarting}, {"export", b.exporting}, {"query", b.querying},
		{"events", b.telling}, {"postgres-import", b.withServer(b.importingPostgres)}, {"postgres-query", b.withServer(b.queryingPostgres)},
		{"moto", b.againstMoto},
	}
}

// busyness says how many others want the processors, without which no rate means much.
func (b *Bench) busyness(when string) {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return
	}
	load, _, _ := strings.Cut(string(text), " ")
	b.row("machine", "load average "+when, fmt.Sprintf("%s on %d processors", load, runtime.NumCPU()), "", "")
}

// wants says whether a part was asked for.
func (b *Bench) wants(part string) bool {
	return len(b.Only) == 0 || slices.Contains(b.Only, part)
}

func (b *Bench) logf(format string, args ...any) {
	fmt.Fprintf(b.Log, "%s "+format+"\n", append([]any{time.Now().Format(time.TimeOnly)}, args...)...)
}

// row adds a line to the report and to the log.
func (b *Bench) row(cells ...string) {
	line := "| " + strings.Join(cells, " | ") + " |\n"
	b.rows = append(b.rows, line)
	fmt.Fprint(b.Log, line)
}

// serve starts the hub on a directory, with more of its flags.
func (b *Bench) serve(ctx context.Context, dir string, flags ...string) (*process, error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	args := append([]string{"serve", "--dev", "--listen", addr, "--data-dir", dir, "--log-level", "warn"}, flags...)
	return start(ctx, b.serverLog(), addr, "/healthz", nil, b.Self, args...)
}

// serveFloor starts the hub without a store.
func (b *Bench) serveFloor(ctx context.Context) (*process, error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	return start(ctx, b.serverLog(), addr, "/healthz", nil, b.Self, "bench", "--floor", addr)
}

func (b *Bench) serverLog() io.Writer {
	f, err := os.OpenFile(filepath.Join(b.Dir, "servers.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return io.Discard
	}
	return f
}
