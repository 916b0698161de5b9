package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/findinghub/findinghub/events"
	"github.com/findinghub/findinghub/events/config"
	"github.com/findinghub/findinghub/store"
)

// eventFlags are who is told of changes.
type eventFlags struct {
	Events      string `placeholder:"FILE" help:"Targets that are told of every change of a finding, in YAML or JSON: webhooks, NATS, Kafka, files."`
	EventStream bool   `help:"Keep events also without targets, for readers of GET /events."`
}

// wanted says whether changes are to make events.
func (f *eventFlags) wanted() bool { return f.Events != "" || f.EventStream }

// readEvents reads the targets; nil where there are none.
func (f *eventFlags) readEvents(m *Main) (*config.Config, error) {
	if f.Events == "" {
		return &config.Config{}, nil
	}
	data, err := os.ReadFile(f.Events)
	if err != nil {
		return nil, fmt.Errorf("the targets of events cannot be read: %w", err)
	}
	c, err := config.Parse(data, config.Options{ReadFile: os.ReadFile, Getenv: m.Getenv, Now: time.Now})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Events, err)
	}
	return c, nil
}

// deliverer makes what brings events to targets. holder names this process among those of the store.
func (f *eventFlags) deliverer(m *Main, engine store.Engine, o events.Options) (*events.Deliverer, error) {
	c, err := f.readEvents(m)
	if err != nil {
		return nil, err
	}
	o.Outbox, o.Records, o.Targets = engine, engine, c.Targets
	o.Now, o.Chance, o.Retention = time.Now, rand.Float64, c.Retention
	return events.New(o)
}

// deliver runs the deliverer until stop is called, and tells why it ended before. It is nil where changes make no events.
func (s *serving) deliver(ctx context.Context, engine store.Engine, registry *prometheus.Registry) (d *events.Deliverer, stop func() error, err error) {
	if !s.wanted() {
		return nil, func() error { return nil }, nil
	}
	d, err = s.deliverer(s.main, engine, events.Options{Holder: s.holder(), Log: s.log, Registry: registry, Bell: s.bell})
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	return d, func() error {
		cancel()
		if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
			return fmt.Errorf("delivering events: %w", err)
		}
		return nil
	}, nil
}

// holder names this process among those that deliver events of one store. A directory has one process at a time, which
// goes by one name so that it delivers at once after a restart.
func (s *serving) holder() string {
	if s.DatabaseURL == "" {
		return "the one hub of this directory"
	}
	return newUUID()
}
