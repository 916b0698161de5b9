package events

import (
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"time"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/store"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"
)

// Target is where events go.
type Target struct {
	// Name is unique, 1 to 64 of a-z, 0-9 and -. The target's place in the outbox is kept under it.
	Name string
	// Selection says which events the target gets.
	Selection Selection
	// Open connects. It is called again after it failed, and by each Replay.
	Open func(ctx context.Context) (Sender, error)
	// Batch is how many messages a Send gets at most, 1 or more.
	Batch int
	// Timeout bounds one Send, at most a third of the deliverer's Term.
	Timeout time.Duration
	// Gather is the least time between two looks for events that found all there were, 0 to 10 s. The first event after a
	// quiet time is not held up; while many come, each may be held up for so long and they are sent together.
	Gather time.Duration
	Retry  Retry
}

// Options is what a Deliverer needs.
type Options struct {
	Outbox  store.Outbox
	Records Records
	Targets []Target
	// Holder names this process; no two that run at the same time may have the same. A process that
	// is the only one its store can have should keep one name across restarts: it then delivers at once.
	Holder string
	// Now tells the time, Chance gives numbers in [0, 1); both may be called by several goroutines.
	Now    func() time.Time
	Chance func() float64
	Log    *slog.Logger
	// Registry takes the metrics; nil for none.
	Registry prometheus.Registerer
	// Bell is rung by whoever writes findings in this process; nil is allowed.
	Bell *Bell

	// The rest has defaults, for zero values.

	// Poll is how often to look for the events of other processes: 1 s.
	Poll time.Duration
	// Term is how long a target stays with a process that went silent: 45 s.
	Term time.Duration
	// Retention is how long events that all targets have passed are kept for streams: 1 h.
	Retention time.Duration
	// Abandoned is how long a target that no process delivers to any more holds back trimming: 7 days.
	Abandoned time.Duration
	// DeadLetters bounds the dead letters of a target: 1,000. When they are full its events wait in the outbox.
	DeadLetters int
	// Window and WindowBytes bound what is read ahead for each target: 4,096 events, 32 MiB of documents and
	// what one read of 64 events, about store.EventPage at most, adds to that.
	Window      int
	WindowBytes int
}

// defaults fills in what is zero.
func (o *Options) defaults() {
	setDefault(&o.Poll, time.Second)
	setDefault(&o.Term, 45*time.Second)
	setDefault(&o.Retention, time.Hour)
	setDefault(&o.Abandoned, 7*24*time.Hour)
	setDefault(&o.DeadLetters, 1000)
	setDefault(&o.Window, 4096)
	setDefault(&o.WindowBytes, 32<<20)
}

func setDefault[T comparable](v *T, value T) {
	var zero T
	if *v == zero {
		*v = value
	}
}

// Deliverer brings the outbox's events to targets. New makes one, Run does the work.
type Deliverer struct {
	o       Options
	metrics *metrics
}

var targetName = regexp.MustCompile(`^[a-z0-9-]{1,64}$`)

// New checks the options. It reads and writes nothing.
func New(o Options) (*Deliverer, error) {
	o.defaults()
	if o.Holder == "" {
		return nil, fmt.Errorf("events: the holder has no name")
	}
	seen := map[string]bool{}
	for i := range o.Targets {
		t := &o.Targets[i]
		if seen[t.Name] {
			return nil, fmt.Errorf("events: two targets are called %s", t.Name)
		}
		seen[t.Name] = true
		if err := t.check(o.Term); err != nil {
			return nil, err
		}
	}
	d := &Deliverer{o: o}
	d.metrics = newMetrics(d)
	return d, nil
}

// check refuses a target that could never work.
func (t *Target) check(term time.Duration) error {
	switch {
	case !targetName.MatchString(t.Name):
		return fmt.Errorf("events: target name %.80q: it has 1 to 64 of a-z, 0-9 and -", t.Name)
	case t.Batch < 1:
		return fmt.Errorf("events: target %s: the batch is %d, it must be 1 or more", t.Name, t.Batch)
	case t.Timeout <= 0 || t.Timeout > term/3:
		return fmt.Errorf("events: target %s: the timeout is %v, it must be above 0 and at most %v", t.Name, t.Timeout, term/3)
	case t.Gather < 0 || t.Gather > maxGather:
		return fmt.Errorf("events: target %s: it gathers for %v, it must be from 0 to %v", t.Name, t.Gather, maxGather)
	case t.Retry.Attempts < 1:
		return fmt.Errorf("events: target %s: there are %d attempts, there must be 1 or more", t.Name, t.Retry.Attempts)
	case t.Retry.Min <= 0 || t.Retry.Max < t.Retry.Min:
		return fmt.Errorf("events: target %s: pauses from %v to %v, they must be above 0 and in this order", t.Name, t.Retry.Min, t.Retry.Max)
	}
	return nil
}

// maxGather keeps a runner from sleeping through its lease.
const maxGather = 10 * time.Second

// target finds a target by name.
func (d *Deliverer) target(name string) (*Target, error) {
	for i := range d.o.Targets {
		if d.o.Targets[i].Name == name {
			return &d.o.Targets[i], nil
		}
	}
	return nil, findinghub.Errorf(findinghub.CodeResourceNotFound, "There is no target %.100q.", name)
}

// Run delivers and trims until the context ends, and then gives its leases back. It returns nil: what
// fails on the way is logged and tried again.
func (d *Deliverer) Run(ctx context.Context) error {
	var g errgroup.Group
	for i := range d.o.Targets {
		r := newRunner(d, &d.o.Targets[i])
		g.Go(func() error { r.run(ctx); return nil })
	}
	g.Go(func() error { newTrimmer(d).run(ctx); return nil })
	return g.Wait()
}

// newLease makes the lease of a record.
func (d *Deliverer) newLease(collection, name string) *lease {
	return &lease{records: d.o.Records, collection: collection, name: name, holder: d.o.Holder, term: d.o.Term, now: d.o.Now}
}
