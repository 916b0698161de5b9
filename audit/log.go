package audit

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/findinghub/findinghub"
)

// Mode says what becomes of calls while their record cannot be written.
type Mode int

// The modes.
const (
	// FailWrites refuses calls that change something before they are executed. Reads go on;
	// records of theirs that are lost are counted, see Log.Lost.
	FailWrites Mode = iota
	// FailAll refuses every call.
	FailAll
	// Continue refuses none and counts what is lost.
	Continue
)

// guards says whether a call may only be executed when its record is sure to be written.
func (m Mode) guards(readOnly bool) bool { return m == FailAll || m == FailWrites && !readOnly }

// The defaults and bounds of a log.
const (
	DefaultMaxSize = 100 << 20 // bytes of a file
	DefaultKeep    = 10        // old files beside the one that is written to
	// MaxCalls is how many guarded calls may be under way. It bounds what is set aside on disk,
	// and the lines in memory when the disk breaks its promise, to MaxLine for each.
	MaxCalls = 4096
)

// complainEvery is how often a failure is logged while it lasts.
const complainEvery = time.Minute

// Config is what a log needs. Path, Logger, Now and NewID are required.
type Config struct {
	// Path is the file that is written to; old ones lie beside it as NAME-TIME.jsonl. "-" is Stdout.
	Path string
	// Stdout takes the lines when Path is "-". A reader that does not read stops the calls.
	Stdout io.Writer
	// MaxSize bounds a file, in bytes; 0 is DefaultMaxSize, the least is MaxLine. A disk
	// should have room for Keep+2 files.
	MaxSize int64
	// Keep is how many old files are kept; 0 is DefaultKeep.
	Keep   int
	Mode   Mode
	Logger *slog.Logger
	Now    func() time.Time
	// NewID makes the eventID of the log's own records.
	NewID func() string

	wrap func(handle) handle // in tests
}

// Log is a record of calls that is being kept. A call is
//
//	if err := log.Begin(readOnly); err != nil { answer err }
//	execute
//	log.End(record)
//
// A guarded call (see Mode) for which Begin returned nil is on record in the end, unless the
// process dies: Begin sets aside on disk what its line may need, and if the disk fails in spite
// of that, the line waits in memory, no further guarded call begins, and each tries to
// write it first. Lines are in the page cache when End returns; they outlive the process, and
// the machine once the system has written them. One process at a time should have a
// file open. A Log is safe for concurrent use.
type Log struct {
	mode   Mode
	logger *slog.Logger
	now    func() time.Time
	newID  func() string

	mu         sync.Mutex
	sink       sink
	closed     bool
	calls      int      // guarded calls under way
	queue      [][]byte // lines of guarded calls that could not be written yet
	gap        gap      // what is lost and not yet on record
	lost       uint64
	complained time.Time
}

// gap is a run of lost lines.
type gap struct {
	lines uint64
	since time.Time
}

// Open opens the log and makes a record of what a crash left of a line. It fails when
// there is no file to write to, in every mode: better when a hub starts than later.
func Open(c Config) (*Log, error) {
	if c.MaxSize == 0 {
		c.MaxSize = DefaultMaxSize
	}
	if c.Keep == 0 {
		c.Keep = DefaultKeep
	}
	if c.MaxSize < MaxLine || c.Keep < 0 {
		return nil, fmt.Errorf("audit: a file's size of %d bytes must be at least %d, and %d files to keep at least 1", c.MaxSize, MaxLine, c.Keep)
	}
	l := &Log{mode: c.Mode, logger: c.Logger, now: c.Now, newID: c.NewID}
	if c.Path == "-" {
		l.sink = &stream{w: c.Stdout}
		return l, nil
	}
	files, err := openFiles(&files{path: c.Path, maxSize: c.MaxSize, keep: c.Keep, log: c.Logger, wrap: c.wrap, torn: l.tornRecord})
	if err != nil {
		return nil, fmt.Errorf("audit: opening %s: %w", c.Path, err)
	}
	l.sink = files
	return l, nil
}

// Begin is asked before a call is executed and must be followed by End if it returns nil. It
// fails with ServiceUnavailable when the call is guarded and its record might not be written.
func (l *Log) Begin(readOnly bool) error {
	if !l.mode.guards(readOnly) {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.admit(); err != nil {
		l.complain("calls are refused because their record cannot be written", err)
		return refusal(err)
	}
	l.calls++
	return nil
}

func refusal(err error) error {
	return &findinghub.Error{
		Code:    findinghub.CodeUnavailable,
		Message: "The call was not executed because the record of calls (audit log) cannot be written. Try again later.",
		Err:     err,
	}
}

var (
	errClosed = errors.New("the record of calls is closed")
	errCalls  = fmt.Errorf("%d calls are under way", MaxCalls)
)

// admit says whether one more guarded call may begin.
func (l *Log) admit() error {
	if l.calls >= MaxCalls {
		return errCalls
	}
	// Not as for a guarded line: a gap that cannot be told shows that nothing can be written,
	// also where no room can be set aside.
	if err := l.settle(false); err != nil {
		return err
	}
	return l.sink.reserve(l.room() + MaxLine)
}

// room is what is set aside for guarded calls: those under way and those whose lines wait.
func (l *Log) room() int64 { return int64(l.calls+len(l.queue)) * MaxLine }

// End writes the record of a call that Begin admitted; r.ReadOnly must be what Begin was
// told. An error is for the log only, and has been logged: the call is done. The line of a
// guarded call then waits in memory; that of another is lost and counted.
func (l *Log) End(r Record) error {
	line := encode(r)
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.put(line, l.mode.guards(r.ReadOnly) && l.calls > 0)
}

// Write writes the record of a call that was never executed, so that there was nothing to
// begin: one that was refused. If it cannot be written it is lost and counted.
func (l *Log) Write(r Record) error {
	line := encode(r)
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.put(line, false)
}

// put writes a line or does with it what becomes of lines that cannot be written. A
// guarded call's room is its own until only its line is left to be written.
func (l *Log) put(line []byte, guarded bool) error {
	err := l.settle(guarded)
	if guarded {
		l.calls--
	}
	if err == nil {
		err = l.write(line, guarded)
	}
	switch {
	case err == nil:
		return nil
	case guarded && !l.closed:
		l.queue = append(l.queue, line)
	default:
		l.lose()
	}
	l.complain("the record of calls cannot be written", err)
	return fmt.Errorf("audit: %w", err)
}

// settle writes what comes before a line: those that wait, and what is to be told of lost
// ones. A gap for which there is no room does not keep a guarded line from being written.
func (l *Log) settle(guarded bool) error {
	if l.closed {
		return errClosed
	}
	l.sink.look(l.now(), l.room())
	if err := l.drain(); err != nil {
		return err
	}
	if err := l.tellGap(); err != nil && !guarded {
		return err
	}
	return nil
}

// write writes a line. One without room of its own must not take that of others, which
// ends it where nothing but theirs is left.
func (l *Log) write(line []byte, guarded bool) error {
	if !guarded {
		if err := l.sink.reserve(l.room() + int64(len(line))); err != nil {
			return err
		}
	}
	return l.sink.write(l.now(), line, l.room())
}

// drain writes the lines that wait, oldest first.
func (l *Log) drain() error {
	for len(l.queue) > 0 {
		if err := l.sink.write(l.now(), l.queue[0], l.room()); err != nil {
			return err
		}
		l.queue[0] = nil
		l.queue = l.queue[1:]
	}
	l.queue = nil
	return nil
}

// lose counts a lost line.
func (l *Log) lose() {
	l.lost++
	if l.gap.lines == 0 {
		l.gap.since = l.now()
	}
	l.gap.lines++
}

// tellGap records what was lost, once something can be written again.
func (l *Log) tellGap() error {
	if l.gap.lines == 0 {
		return nil
	}
	r := l.own(EventGap)
	r.AdditionalEventData.LostRecords = l.gap.lines
	r.AdditionalEventData.LostSince = l.gap.since.UTC().Format(timeFormat)
	if err := l.write(encode(r), false); err != nil {
		return err
	}
	l.logger.Warn("the record of calls is written again", "lost", l.gap.lines, "since", l.gap.since)
	l.gap = gap{}
	return nil
}

// own makes a record of the log itself.
func (l *Log) own(event string) Record {
	return Record{
		EventVersion: eventVersion, UserIdentity: UserIdentity{Type: identityService, InvokedBy: sourceHub},
		EventTime: l.now().UTC().Format(timeFormat), EventSource: sourceHub, EventName: event, EventID: l.newID(),
		EventType: typeEvent, ManagementEvent: true, EventCategory: categoryOther, SourceIPAddress: sourceHub, UserAgent: sourceHub,
	}
}

func (l *Log) tornRecord(part string) Record {
	r := l.own(EventTorn)
	r.AdditionalEventData.TornLine = part
	return r
}

// complain logs a failure, once a minute while it lasts.
func (l *Log) complain(message string, err error) {
	now := l.now()
	if !l.complained.IsZero() && now.Sub(l.complained).Abs() < complainEvery {
		return
	}
	l.complained = now
	l.logger.Error(message, "err", err, "waiting", len(l.queue), "lost", l.lost)
}

// Lost is how many lines were lost since Open, for a metric.
func (l *Log) Lost() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lost
}

// Reopen opens the file at the path anew, for who has renamed it and does not want to wait
// the second in which that is noticed.
func (l *Log) Reopen() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return errClosed
	}
	return l.sink.reopen(l.room())
}

// Close writes what waits, makes it durable and lets go of the file. It fails when lines did
// not get onto the record. No call may be under way.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	err := l.drain()
	if n := len(l.queue); n > 0 {
		err = fmt.Errorf("the lines of %d calls are lost: %w", n, err)
	}
	if gapErr := l.tellGap(); gapErr != nil {
		err = errors.Join(err, fmt.Errorf("%d lines are lost since %s: %w", l.gap.lines, l.gap.since.UTC().Format(timeFormat), gapErr))
	}
	l.closed = true
	return errors.Join(err, l.sink.close())
}
