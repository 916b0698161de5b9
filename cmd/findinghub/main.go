// Command findinghub is the hub and the tools around it: one binary, one file per
// subcommand. This package alone knows which engine runs, what time it is and where
// the process's streams are; everything below is told.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
)

// The exit codes that every subcommand keeps to.
const (
	exitOK     = 0 // all was well
	exitFailed = 1 // the work was done and something failed: a finding, a connection
	exitUsage  = 2 // the work was not begun: flags, configuration, an unreadable file
	exitKilled = 130
)

func main() {
	ctx, stop := untilSignalled()
	m := &Main{Args: os.Args[1:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv}
	code := m.Run(ctx)
	stop()
	os.Exit(code)
}

// untilSignalled gives a context that ends with the first SIGINT or SIGTERM. The
// second ends the process at once, for people who cannot wait for the drain.
func untilSignalled() (context.Context, func()) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		cancel()
		<-signals
		os.Exit(exitKilled)
	}()
	return ctx, func() { signal.Stop(signals); cancel() }
}

// Main is one run of the program, with everything that it takes from its process
// handed in, so that tests start it as a function.
type Main struct {
	Args   []string // without the program's name
	Stdin  io.Reader
	Stdout io.Writer // what was asked for
	Stderr io.Writer // logs, progress, errors
	Getenv func(string) string

	// wait replaces the pauses between tries in tests.
	wait func(context.Context, time.Duration) error
}

// usageError is a mistake in how the program was called.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

// usagef makes a usageError as fmt.Errorf does.
func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// errReported ends a run with exitFailed whose reasons are already on the output.
var errReported = errors.New("reported")

// Run does what the arguments say and returns the exit code. It ends early, and in
// order, when the context does.
func (m *Main) Run(ctx context.Context) int {
	err := m.run(ctx)
	var usage usageError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &usage):
		if !errors.Is(err, errReported) {
			m.complain(err)
		}
		return exitUsage
	case errors.Is(err, errReported):
		return exitFailed
	default:
		m.complain(err)
		return exitFailed
	}
}

// complain prints an error as one line: causes of several lines come from libraries.
func (m *Main) complain(err error) {
	fmt.Fprintln(m.Stderr, "findinghub: "+strings.ReplaceAll(strings.TrimSpace(err.Error()), "\n", "; "))
}

// helpShown unwinds the parser after --help: it goes on parsing unless its Exit does
// not return.
type helpShown struct{}

// run parses and executes. Help ends in a panic of our own, because the parser
// knows no other way to stop in its middle.
func (m *Main) run(ctx context.Context) (err error) {
	defer func() {
		if r := recover(); r != nil {
			if _, ok := r.(helpShown); !ok {
				panic(r)
			}
		}
	}()
	parsed, err := m.parse(ctx, &commands{})
	if err != nil {
		return usageError{err}
	}
	return parsed.Run()
}

// parse reads flags, environment and configuration file into c.
func (m *Main) parse(ctx context.Context, c *commands) (*kong.Context, error) {
	names := variables{}
	parser, err := kong.New(c,
		kong.Name("findinghub"),
		kong.Description(description),
		kong.Writers(m.Stdout, m.Stderr),
		kong.Exit(func(int) { panic(helpShown{}) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true, NoExpandSubcommands: true, WrapUpperBound: 100}),
		kong.ValueFormatter(names.help),
		kong.PostBuild(func(k *kong.Kong) error { names.collect(k.Model.Node); return nil }),
		defaults,
		kong.Bind(m, names),
		kong.BindTo(ctx, (*context.Context)(nil)),
	)
	if err != nil {
		return nil, err
	}
	return parser.Parse(m.Args)
}
