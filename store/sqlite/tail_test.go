package sqlite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/findinghub/findinghub/store"
)

// TestTail: what a tail tells is what was put into it, in place; it never keeps more than it may, nor what is trimmed, and after
// a commit that failed it knows nothing.
func TestTail(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		tl := &tail{most: rapid.IntRange(1, 2000).Draw(t, "most")}
		all := map[int64][]byte{}
		last, trimmed := int64(0), int64(0)
		known := false
		t.Repeat(map[string]func(*rapid.T){
			"grow": func(t *rapid.T) {
				var events []recent
				for range rapid.IntRange(0, 8).Draw(t, "events") {
					last++
					all[last] = fmt.Append(nil, last, bytes.Repeat([]byte{'x'}, rapid.IntRange(0, 500).Draw(t, "bytes")))
					events = append(events, recent{memory: all[last]})
				}
				trimmed = rapid.Int64Range(trimmed, last).Draw(t, "trimmed")
				tl.grow(events, last, trimmed)
				known = last > 0
			},
			"fail": func(*rapid.T) {
				tl.forget()
				known = false
				last += 3 // as if others had written them
			},
			"": func(t *rapid.T) {
				after := rapid.Int64Range(0, last+2).Draw(t, "after")
				limit := rapid.IntRange(0, 10).Draw(t, "limit")
				got, ok := tl.after(after, limit)
				if !ok {
					if known && after == last {
						t.Fatalf("nothing is known of what follows the newest event")
					}
					return
				}
				want := min(last-after, int64(limit))
				if !known || after < trimmed || int64(len(got)) != want {
					t.Fatalf("%d events after %d of %d, at most %d, trimmed to %d, known: %v", len(got), after, last, limit, trimmed, known)
				}
				size := 0
				for i := range got {
					size += len(got[i].memory)
					if !bytes.Equal(got[i].memory, all[after+1+int64(i)]) {
						t.Fatalf("event %d is %s", after+1+int64(i), got[i].memory)
					}
				}
				if size > tl.most {
					t.Fatalf("%d bytes, at most %d", size, tl.most)
				}
			},
		})
	})
}

// TestTailTellsRows: from memory and from the disk come the same events, and what a reader does with one is nobody else's business.
func TestTailTellsRows(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	e := mustOpen(t, Options{Dir: t.TempDir(), Events: true})
	mustApply(t, e, testPut("before", "the tail knows nothing of a new database"))
	for i := range 5 {
		mustApply(t, e, append(many(40, fmt.Sprint("title ", i)), testPut("twice", "one"), testPut("twice", fmt.Sprint("two ", i)))...)
	}
	for after := int64(1); after <= 211; after += 13 {
		var rows []store.Event
		err := e.withEvents(ctx, strconv.FormatInt(after, 10), func(r *reader, er eventRange) (err error) {
			rows, err = e.readEvents(ctx, r, er.after, 100)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			events, known, err := e.fromTail(ctx, after, 100)
			if !known || err != nil || !slices.EqualFunc(events, rows, sameEvent) {
				t.Fatalf("%d events after %d, known: %v, %v; on disk there are %d", len(events), after, known, err, len(rows))
			}
			for i := range events {
				clear(events[i].Space[:cap(events[i].Space)])
			}
		}
	}
}

func sameEvent(a, b store.Event) bool {
	return a.Cursor == b.Cursor && a.ID == b.ID && a.Key == b.Key && a.Time.Equal(b.Time) && bytes.Equal(a.Finding, b.Finding) && len(a.Space) == len(b.Space)
}

// TestTailForgets: after a commit that failed, events come from the disk until the next one.
func TestTailForgets(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	e := mustOpen(t, Options{Dir: t.TempDir(), Events: true})
	mustApply(t, e, many(3, "title")...)
	if _, known := e.tail.after(3, 1); !known {
		t.Fatal("the tail does not know the newest event")
	}
	broken := errors.New("the disk")
	if err := e.write(ctx, func(*writer) error { return broken }); !errors.Is(err, broken) {
		t.Fatalf("the commit: %v", err)
	}
	if _, known := e.tail.after(3, 1); known {
		t.Error("the tail knows what follows on a commit that failed")
	}
	mustApply(t, e, many(2, "another title")...)
	if got := allEvents(t, e, "2"); len(got) != 3 || got[2].Cursor != "5" {
		t.Errorf("%d events behind the second of five: %v", len(got), got)
	}
	if recents, known := e.tail.after(3, 9); !known || len(recents) != 2 {
		t.Errorf("the tail has %d events, known: %v", len(recents), known)
	}
}
