// Package storetest is the suite that every engine must pass. It says what package
// store promises in tests, and compares an engine with package memory where the promise is
// "the same answer": on random findings, filters and sorts.
//
//	func TestEngine(t *testing.T) {
//		storetest.Run(t, func(t *testing.T, dir string, o storetest.Options) store.Engine { ... })
//	}
package storetest

import (
	"os"
	"testing"

	"github.com/findinghub/findinghub/store"
)

// Opener opens an engine over what a directory holds. The suite opens a directory
// again after Close, and after the death of the process that had it open, and expects what
// was there; an engine whose data lie elsewhere makes a place of its own for each
// directory. Times need only be kept to the microsecond. A directory may be opened with
// other options than the last time.
type Opener = func(t *testing.T, dir string, o Options) store.Engine

// Options are what the suite asks of an engine.
type Options struct {
	// Events is whether changes make events.
	Events bool
}

// events are the options of an engine that makes them.
var events = Options{Events: true}

// Run runs the suite. For the test of crashes it starts the test binary again with the
// name of t, so nothing but Run should happen in the function that calls it.
func Run(t *testing.T, open Opener) {
	if dir := os.Getenv(crashDir); dir != "" {
		load(t, open(t, dir, Options{Events: os.Getenv(crashEvents) != ""}))
		return
	}
	runGroups(t, open,
		applyChecks, findChecks, groupChecks, historyChecks, recordChecks, scopeChecks,
		concurrencyChecks, lifecycleChecks, durabilityChecks, randomChecks,
		outboxChecks, eraseChecks, carryChecks, editChecks,
	)
}

// RunSearches runs the part of the suite that is about searches and counts, for an engine that has several ways of them. Nothing of it
// starts the test binary again.
func RunSearches(t *testing.T, open Opener) {
	runGroups(t, open, findChecks, groupChecks, scopeChecks, randomChecks)
}

// RunEvents runs the part of the suite that is about events, for an engine that has several ways of reading them.
func RunEvents(t *testing.T, open Opener) { runGroups(t, open, outboxChecks, randomChecks) }

func runGroups(t *testing.T, open Opener, groups ...map[string]func(*testing.T, Opener)) {
	for _, group := range groups {
		for name, check := range group {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				check(t, open)
			})
		}
	}
}

// start opens an engine that lives as long as the test.
func start(t *testing.T, open Opener, options ...Options) store.Engine {
	e, _ := startAt(t, open, options...)
	return e
}

// startAt gives the directory, too, for opening it again.
func startAt(t *testing.T, open Opener, options ...Options) (store.Engine, string) {
	dir := t.TempDir()
	return openAt(t, open, dir, options...), dir
}

// openAt opens an engine that lives as long as the test; without options it has none.
func openAt(t *testing.T, open Opener, dir string, options ...Options) store.Engine {
	t.Helper()
	var o Options
	for _, o = range options {
		continue
	}
	e := open(t, dir, o)
	t.Cleanup(func() { closeEngine(t, e) })
	return e
}

// reopen closes an engine and opens its directory anew.
func reopen(t *testing.T, open Opener, e store.Engine, dir string, options ...Options) store.Engine {
	t.Helper()
	closeEngine(t, e)
	return openAt(t, open, dir, options...)
}

func closeEngine(t *testing.T, e store.Engine) {
	t.Helper()
	if err := e.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}
