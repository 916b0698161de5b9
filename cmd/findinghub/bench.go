package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"time"

	"github.com/findinghub/findinghub/bench"
	"github.com/findinghub/findinghub/events"
	"github.com/findinghub/findinghub/store"
	"github.com/findinghub/findinghub/store/postgres"
	"github.com/prometheus/client_golang/prometheus"
)

type benchCommand struct {
	Size   int      `default:"1000000" help:"Findings stored for the measurements at full size; at least 200000 for figures that mean something."`
	Rounds int      `default:"3" help:"How often each stretch is timed; medians are reported."`
	Only   []string `placeholder:"PART" help:"Measure only these parts: import, access, restart, export, query, postgres (beside query), events, postgres-import, postgres-query, moto. restart, export and query need the store that import leaves in --dir."`
	Dir    string   `placeholder:"DIR" help:"Where the stores are made and kept; a temporary directory that is removed by default. A full run takes about 25 GB."`
	Floor  string   `hidden:"" placeholder:"HOST:PORT" help:"Serve without a store; what the import benchmark compares with."`
}

// Help is what bench --help says beyond its flags.
func (*benchCommand) Help() string {
	return `Measures this machine's hub against itself with the store switched off, against moto's server (installed from PyPI into
a virtual environment), against PostgreSQL (Debian's package, if it is installed) and, over PostgreSQL, against bare batches
and hand-written SQL, in turns, and prints a table in Markdown. Progress goes to the standard error. A full run takes
about three quarters of an hour.

  findinghub bench > results.md
  findinghub bench --size 100000 --only import
  findinghub bench --only postgres-import,postgres-query,events`
}

// Run measures, or serves the floor.
func (c *benchCommand) Run(ctx context.Context, m *Main) error {
	if c.Floor != "" {
		return c.serveFloor(ctx, m)
	}
	if c.Size < 100_000 || c.Rounds < 1 {
		return usagef("--size must be at least 100000 and --rounds at least 1")
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("where is this program: %w", err)
	}
	dir := c.Dir
	if dir == "" {
		if dir, err = os.MkdirTemp("", "findinghub-bench-"); err != nil {
			return err
		}
		defer os.RemoveAll(dir)
	} else if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	o := bench.Options{Dir: dir, Self: self, Size: c.Size, Rounds: c.Rounds, Only: c.Only, Now: time.Now(), Log: m.Stderr, Database: openDatabase}
	return bench.Run(ctx, o, m.Stdout)
}

// openDatabase opens the engine that serve --database-url has.
func openDatabase(ctx context.Context, url string) (store.Engine, error) {
	return postgres.Open(ctx, postgres.Options{URL: url, Now: time.Now})
}

// serveFloor is serve --dev over an engine that keeps nothing.
func (c *benchCommand) serveFloor(ctx context.Context, m *Main) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", c.Floor)
	if err != nil {
		return listenError(c.Floor, err)
	}
	s := &serving{
		serveCommand: &serveCommand{Listen: c.Floor, Dev: true, Region: bench.Region, DrainTimeout: time.Second},
		main:         m, log: slog.New(slog.DiscardHandler), door: newDoor(true), bell: &events.Bell{},
	}
	if _, err := s.wire(ctx, bench.Discard{}, prometheus.NewRegistry()); err != nil {
		return errors.Join(err, listener.Close())
	}
	server := s.server()
	context.AfterFunc(ctx, func() { server.Close() })
	_ = server.Serve(listener) // ends with the context
	return nil
}
