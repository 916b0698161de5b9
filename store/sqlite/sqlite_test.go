package sqlite_test

import (
	"context"
	"testing"

	"github.com/findinghub/findinghub/store"
	"github.com/findinghub/findinghub/store/sqlite"
	"github.com/findinghub/findinghub/store/storetest"
)

func TestEngine(t *testing.T) {
	storetest.Run(t, func(t *testing.T, dir string, o storetest.Options) store.Engine {
		t.Helper()
		e, err := sqlite.Open(context.Background(), sqlite.Options{Dir: dir, Events: o.Events})
		if err != nil {
			t.Fatal(err)
		}
		return e
	})
}
