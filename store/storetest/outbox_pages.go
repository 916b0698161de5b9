package storetest

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/findinghub/findinghub/store"
)

// eventPagesEnd: whatever is asked for, a page ends with the event that makes it one.
func eventPagesEnd(t *testing.T, open Opener) {
	e := start(t, open, events)
	const findings, size = 50, 200 << 10
	text := strings.Repeat("x", size)
	for i := range findings {
		apply(t, e, put(sample(keyOf(fmt.Sprintf("%02d", i)), "Description", strconv.Quote(text))))
	}
	seen := 0
	for after := ""; ; {
		page, err := e.Events(context.Background(), after, 1000)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		bytes := 0
		for _, ev := range page[:len(page)-1] {
			bytes += len(ev.Finding)
		}
		if bytes >= store.EventPage {
			t.Errorf("a page was full at %d bytes before its last of %d events", bytes, len(page))
		}
		seen, after = seen+len(page), page[len(page)-1].Cursor
	}
	if seen != findings {
		t.Errorf("%d events were read, want %d", seen, findings)
	}
}
