// Package config reads the section of the configuration file that says where events go.
//
//	retention: 2h            # how long events are kept for streams
//	targets:
//	  - name: soc            # 1 to 64 of a-z, 0-9 and -
//	    kind: webhook        # webhook, nats, kafka or file
//	    accounts: ["111122223333"]             # default: all
//	    regions: [eu-west-1]                   # default: all
//	    filters: {SeverityLabel: [{Value: CRITICAL, Comparison: EQUALS}]}  # as in GetFindings
//	    pattern: {detail: {findings: {RecordState: [ACTIVE]}}}             # as in EventBridge
//	    attempts: 50         # tries before the dead letters
//	    min-pause: 1s        # before the second try; pauses double
//	    max-pause: 5m
//	    timeout: 10s         # of one try, 15s at most
//	    batch: 100           # messages at once; a file's default is 1000
//	    gather: 100ms        # the least time between two looks for events, 10s at most
//	    url: https://soc.example.com/hook      # and what else the kind needs, see kinds.go
//	    secret-file: /run/secrets/hook
//
// The section is YAML, hence JSON, too. It is read strictly: an unknown key, a key given twice and a value out of
// bounds are errors that begin with their line. Secrets come from files and from the environment, never
// from the section.
package config

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/events"
	"github.com/findinghub/findinghub/events/pattern"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// maxTimeout is a third of the deliverer's default term.
const maxTimeout = 15 * time.Second

// Config is what the section says.
type Config struct {
	// Retention is how long events are kept for streams, 0 when nothing is said.
	Retention time.Duration
	// Targets may be given to events.New.
	Targets []events.Target
}

// Options is the world that the section speaks of.
type Options struct {
	// ReadFile and Getenv are where secrets and certificates come from.
	ReadFile func(path string) ([]byte, error)
	Getenv   func(name string) string
	// Now is the clock of the targets.
	Now func() time.Time
}

// Parse reads the section from a file of its own.
func Parse(data []byte, o Options) (*Config, error) {
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		return nil, firstLine(err)
	}
	if len(file.Docs) > 1 {
		return nil, errors.New("more than one document")
	}
	if len(file.Docs) == 0 || file.Docs[0].Body == nil {
		return &Config{}, nil
	}
	return Read(file.Docs[0].Body, o)
}

// Read reads the section from a parsed file.
func Read(node ast.Node, o Options) (*Config, error) {
	s := newSection(node)
	c := &Config{Retention: s.duration("retention", 0, time.Minute, 30*24*time.Hour)}
	names := map[string]bool{}
	if targets := s.take("targets"); targets != nil {
		list, ok := targets.(*ast.SequenceNode)
		if !ok {
			return nil, at(targets, "key %q: it must be a list", "targets")
		}
		for _, n := range list.Values {
			t, err := readTarget(n, &o)
			if err != nil {
				return nil, err
			}
			if names[t.Name] {
				return nil, at(n, "two targets are called %s", t.Name)
			}
			names[t.Name] = true
			c.Targets = append(c.Targets, *t)
		}
	}
	return c, s.end()
}

// readTarget reads one target.
func readTarget(n ast.Node, o *Options) (*events.Target, error) {
	s := newSection(n)
	name, kind := s.required("name"), s.required("kind")
	t := &events.Target{
		Name:    name,
		Timeout: s.duration("timeout", 10*time.Second, 100*time.Millisecond, maxTimeout),
		Retry: events.Retry{
			Attempts: s.number("attempts", 50, 1, 1000),
			Min:      s.duration("min-pause", time.Second, 10*time.Millisecond, time.Hour),
			Max:      s.duration("max-pause", 5*time.Minute, 10*time.Millisecond, 24*time.Hour),
		},
		Batch:  s.number("batch", batchOf(kind), 1, maxBatch),
		Gather: s.duration("gather", 100*time.Millisecond, 0, 10*time.Second),
	}
	if t.Retry.Max < t.Retry.Min {
		s.fail(n, "key %q: it must not be below min-pause", "max-pause")
	}
	if strings.Trim(t.Name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || len(t.Name) > 64 {
		s.fail(n, "key %q: it must have 1 to 64 of a-z, 0-9 and -", "name")
	}
	selectEvents(s, &t.Selection)
	read, known := kinds[kind]
	switch {
	case known:
		t.Open = read(s, o, t)
	default:
		s.fail(n, "key %q: %.100q is none of webhook, nats, kafka and file", "kind", kind)
	}
	if err := s.end(); err != nil {
		return nil, err
	}
	return t, nil
}

// maxBatch bounds a batch in messages.
const maxBatch = 1000

// batchOf is a kind's default batch. A file waits for the disk once for each.
func batchOf(kind string) int {
	if kind == "file" {
		return maxBatch
	}
	return 100
}

// selectEvents reads which events a target gets.
func selectEvents(s *section, to *events.Selection) {
	to.Accounts, to.Regions = s.list("accounts"), s.list("regions")
	for _, a := range to.Accounts {
		if len(a) != 12 || strings.Trim(a, "0123456789") != "" {
			s.fail(s.node, "key %q: %.100q is no account: it has 12 digits", "accounts", a)
		}
	}
	if v, n := s.json("filters"); v != nil {
		if err := to.SetFilters(v); err != nil {
			s.fail(n, "key %q: %s", "filters", publicMessage(err))
		}
	}
	if v, n := s.json("pattern"); v != nil {
		p, err := pattern.Parse(v)
		if err != nil {
			s.fail(n, "key %q: %w", "pattern", err)
		}
		to.Pattern = p
	}
}

// publicMessage drops the API's code from an error of the filter language.
func publicMessage(err error) string {
	if e := new(findinghub.Error); errors.As(err, &e) {
		return e.Message
	}
	return fmt.Sprint(err)
}
