package sqlite_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/findinghub/findinghub/store"
	"github.com/findinghub/findinghub/store/sqlite"
	"github.com/findinghub/findinghub/store/storetest"
)

func TestEngine(t *testing.T) { storetest.Run(t, opener(0)) }

// TestEvents: events are the same where the tail has none or a few of them.
func TestEvents(t *testing.T) {
	t.Parallel()
	for _, most := range []int{1, 3000} {
		t.Run(fmt.Sprint(most), func(t *testing.T) {
			t.Parallel()
			storetest.RunEvents(t, opener(most))
		})
	}
}

func opener(tail int) storetest.Opener {
	return func(t *testing.T, dir string, o storetest.Options) store.Engine {
		t.Helper()
		e, err := sqlite.Open(context.Background(), sqlite.Options{Dir: dir, Events: o.Events}.WithTail(tail))
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
}
