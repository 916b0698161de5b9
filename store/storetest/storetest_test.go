package storetest_test

import (
	"testing"

	"github.com/findinghub/findinghub/store"
	"github.com/findinghub/findinghub/store/storetest"
)

// TestJournaled shows that the suite can be passed; TestFaults that it can be failed.
func TestJournaled(t *testing.T) {
	storetest.Run(t, func(t *testing.T, dir string, o storetest.Options) store.Engine {
		return openJournal(t, dir, o)
	})
}
