package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/findinghub/findinghub/api"
	"github.com/findinghub/findinghub/auth"
	"github.com/findinghub/findinghub/hub"
	"github.com/findinghub/findinghub/store"
	"github.com/findinghub/findinghub/store/sqlite"
)

// open opens the store and makes the hub behind the door.
func (s *serving) open(ctx context.Context) (closeStore func() error, err error) {
	began := time.Now()
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	engine, err := sqlite.Open(ctx, sqlite.Options{Dir: s.DataDir, Logger: s.log, OnCommit: countCommits(registry)})
	if err != nil {
		return nil, s.storeError(err)
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
	s.door.open(api.New(a.api))
	stop, closeRecord := s.startExpiry(ctx, a.api.Hub, registry), closing
	return func() error { stop(); return closeRecord() }, nil
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
