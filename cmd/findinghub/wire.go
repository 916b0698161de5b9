package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/findinghub/findinghub/api"
	"github.com/findinghub/findinghub/auth"
	"github.com/findinghub/findinghub/events"
	"github.com/findinghub/findinghub/hub"
	"github.com/findinghub/findinghub/store"
	"github.com/findinghub/findinghub/store/postgres"
	"github.com/findinghub/findinghub/store/sqlite"
)

// open opens the store and makes the hub behind the door.
func (s *serving) open(ctx context.Context) (closeStore func() error, err error) {
	began := time.Now()
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	engine, err := s.openEngine(ctx, registry)
	if err != nil {
		return nil, err
	}
	closing, err := s.wire(ctx, engine, registry)
	if err != nil {
		return nil, errors.Join(err, engine.Close())
	}
	stats, err := engine.Stats(ctx)
	if err != nil {
		return nil, errors.Join(err, closing(), engine.Close())
	}
	s.log.Info("ready", "findings", stats.Findings, "index_bytes", stats.IndexBytes, "took", time.Since(began))
	return func() error { return errors.Join(closing(), engine.Close()) }, nil
}

// openEngine opens the store that the flags name. Whichever it is, the data directory has what belongs to
// this machine: identities, their key, the record of calls.
func (s *serving) openEngine(ctx context.Context, registry *prometheus.Registry) (store.Engine, error) {
	if s.DatabaseURL != "" {
		if err := os.MkdirAll(s.DataDir, 0o700); err != nil {
			return nil, fmt.Errorf("the data directory cannot be used: %w", err)
		}
		o := s.options()
		o.Logger, o.Events, o.Now = s.log, s.wanted(), time.Now
		e, err := postgres.Open(ctx, o)
		if err != nil {
			return nil, fmt.Errorf("the database cannot be used: %w", err)
		}
		return e, nil
	}
	count := countCommits(registry)
	e, err := sqlite.Open(ctx, sqlite.Options{Dir: s.DataDir, Logger: s.log, Events: s.wanted(), OnCommit: func(c sqlite.Commit) {
		count(c)
		s.bell.Ring()
	}})
	if err != nil {
		return nil, s.storeError(err)
	}
	return e, nil
}

// storeError says in one line why a directory cannot be used.
func (s *serving) storeError(err error) error {
	switch {
	case errors.Is(err, sqlite.ErrInUse):
		return fmt.Errorf("%s is in use by another hub; choose another directory with --data-dir", s.DataDir)
	case errors.Is(err, context.Canceled):
		return errors.New("stopped while starting")
	default:
		return fmt.Errorf("the data directory cannot be used: %w", err)
	}
}

// wire puts the hub together and opens the door to it. What it opened beside the store is closed by closing.
func (s *serving) wire(ctx context.Context, engine store.Engine, registry *prometheus.Registry) (closing func() error, err error) {
	a, err := s.admit(ctx, engine, registry)
	if err != nil {
		return nil, err
	}
	c := hub.Config{Store: engine, Dev: s.Dev, Strict: s.Strict, Logger: s.log}
	if a.directory != nil {
		c.Organizations = func(account string) *auth.Organization { return a.directory.Snapshot().Organization(account) }
	}
	closing = func() error { return nil }
	if a.api.Audit != nil {
		closing = a.api.Audit.Close
	}
	if a.api.Hub, err = hub.New(ctx, c); err != nil {
		return nil, errors.Join(err, closing())
	}
	deliverer, stop, err := s.deliver(ctx, engine, registry)
	if err != nil {
		return nil, errors.Join(err, closing())
	}
	a.api.Stopping = s.stopping
	a.api.Limits = api.Limits{Requests: s.MaxRequests, Waiting: s.MaxWaiting, Wait: s.QueueTimeout}
	if s.wanted() {
		a.api.Stream, a.api.Letters = &events.Stream{Outbox: engine, Bell: s.bell}, deliverer
	}
	s.door.open(api.New(a.api))
	expiry, record := s.startExpiry(ctx, a.api.Hub, registry), closing // closing itself becomes what is returned
	return func() error {
		expiry()
		return errors.Join(stop(), record())
	}, nil
}

// server is the API's own, with its complaints about connections in our log.
func (s *serving) server() *http.Server {
	server := api.Server(s.Listen, s.door)
	server.ErrorLog = slog.NewLogLogger(s.log.Handler(), slog.LevelDebug)
	return server
}

// countCommits measures how well the store's group commit works: many findings for one
// write to the disk are what imports live on.
func countCommits(registry *prometheus.Registry) func(sqlite.Commit) {
	calls := prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "findinghub_commit_requests", Help: "Requests that one commit answered.",
		Buckets: prometheus.ExponentialBuckets(1, 2, 8),
	})
	findings := prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "findinghub_commit_findings", Help: "Findings that one commit wrote.",
		Buckets: prometheus.ExponentialBuckets(1, 4, 8),
	})
	registry.MustRegister(calls, findings)
	return func(c sqlite.Commit) {
		calls.Observe(float64(c.Calls))
		findings.Observe(float64(c.Findings))
	}
}
