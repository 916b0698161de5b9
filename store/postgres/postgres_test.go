package postgres_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/findinghub/findinghub/store"
	"github.com/findinghub/findinghub/store/postgres"
	"github.com/findinghub/findinghub/store/postgres/pgtest"
	"github.com/findinghub/findinghub/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// open opens an engine over the database that belongs to a directory.
func open(t *testing.T, dir string, events bool) *postgres.Engine {
	t.Helper()
	// A call that waits for a lock for too long goes on finding by finding, and the suite's crashes would then meet calls that
	// are done in part. Slow machines are no reason for that.
	return openWith(t, postgres.Options{URL: pgtest.Database(t, dir), Events: events, LockWait: time.Minute})
}

func openWith(t *testing.T, o postgres.Options) *postgres.Engine {
	t.Helper()
	if o.Writers == 0 {
		o.Writers, o.Readers = 4, 4
	}
	e, err := postgres.Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

func TestEngine(t *testing.T) {
	storetest.Run(t, func(t *testing.T, dir string, o storetest.Options) store.Engine { return open(t, dir, o.Events) })
}
