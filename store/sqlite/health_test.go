package sqlite

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
)

// TestReady: from the first write that fails until one succeeds the engine says why it is not
// ready; it finds out by itself that it is again, and tries once for many who ask.
func TestReady(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	commits := 0
	e := mustOpen(t, Options{Dir: t.TempDir(), maxPages: 60, OnCommit: func(Commit) { commits++ }})
	for i, full := 0, false; !full; i++ {
		if err := e.Ready(ctx); err != nil {
			t.Fatalf("after %d writes: %v", i, err)
		}
		_, err := e.Apply(ctx, many(20, fmt.Sprint(i, " ")))
		full = err != nil
	}
	before := commits
	for range 3 {
		if err := e.Ready(ctx); err == nil {
			t.Error("a full database is ready")
		}
		e.health.rested()
	}
	// The writer is idle, so its connection is free.
	if err := runSQL(e.writer.conn, "PRAGMA max_page_count=100000"); err != nil {
		t.Fatal(err)
	}
	if try, err := e.health.failed(); err == nil || !try {
		t.Errorf("after a rest: %v, %t", err, try)
	}
	for range 5 {
		if err := e.Ready(ctx); err == nil {
			t.Error("it is ready without having tried")
		}
	}
	if commits != before {
		t.Errorf("%d writes succeeded", commits-before)
	}
	e.health.rested()
	for range 5 {
		if err := e.Ready(ctx); err != nil {
			t.Errorf("there is room again: %v", err)
		}
	}
	if commits != before+1 {
		t.Errorf("%d writes to find out, want 1", commits-before)
	}
	mustApply(t, e, testPut("a", "x"))
}

// TestReadyAfterWrite: somebody's write that succeeds says it as well.
func TestReadyAfterWrite(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	e := mustOpen(t, Options{Dir: t.TempDir()})
	e.health.wrote(errors.New("odd"))
	if _, err := e.health.failed(); err == nil {
		t.Error("a write failed and it is ready")
	}
	mustApply(t, e, testPut("a", "x"))
	if err := e.Ready(ctx); err != nil {
		t.Errorf("a write succeeded: %v", err)
	}
	damagedRow(1)(t, e.path)
	if _, err := e.Apply(ctx, []store.Mutation{testPut("a", "y")}); !errors.Is(err, errCorrupt) {
		t.Errorf("a damaged row: %v", err)
	}
	if _, err := e.Get(ctx, []finding.Key{testKey("a")}); err == nil {
		t.Error("a damaged row was served")
	}
	if err := e.Ready(ctx); err != nil {
		t.Errorf("a damaged row says nothing about writing: %v", err)
	}
}
