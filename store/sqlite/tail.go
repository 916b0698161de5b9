package sqlite

import (
	"context"
	"slices"
	"sync"

	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
)

// tailBytes bounds what a tail keeps, where nothing else is said: some 4,000 events of findings of usual size. Targets read every 100 ms.
const tailBytes = 16 << 20

// tail has the newest events as they were before they were compressed, so that targets which tell them as they come need
// not read them back: most of what telling costs is decompression. What it has is on disk; what it has not is read from there.
type tail struct {
	most int // bounds size
	mu   sync.Mutex
	// last is the place of the newest event, which is the last of events. 0: unknown, and there are none.
	last   int64
	events []recent
	size   int
}

// recent is an event of the tail.
type recent struct {
	head [historyHead - crcAt]byte // of its row: the checksum and the time
	// memory has its block where a reader wants it; see eventMemory. It is never changed.
	memory []byte
}

// grow takes in the events of a commit, which end at a place, and lets go of the oldest and of those that are trimmed.
func (t *tail) grow(events []recent, last, trimmed int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.last+int64(len(events)) != last {
		t.events, t.size = nil, 0 // these do not follow on what is here
	}
	t.events, t.last = append(t.events, events...), last
	for i := range events {
		t.size += len(events[i].memory)
	}
	n := 0
	for t.size > t.most || n < len(t.events) && t.first()+int64(n) <= trimmed {
		t.size -= len(t.events[n].memory)
		n++
	}
	t.events = slices.Delete(t.events, 0, n)
}

// first is the place of the oldest event.
func (t *tail) first() int64 { return t.last - int64(len(t.events)) + 1 }

// forget is for when it is not known what is on disk.
func (t *tail) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.events, t.last, t.size = nil, 0, 0
}

// after gives at most limit events behind a place. known is false when the tail cannot tell which these are.
func (t *tail) after(place int64, limit int) (events []recent, known bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.last == 0 || place < t.first()-1 || place > t.last {
		return nil, false
	}
	from := int(place - t.first() + 1)
	return slices.Clone(t.events[from:min(from+limit, len(t.events))]), true
}

// fromTail is Events where the tail has them.
func (e *Engine) fromTail(ctx context.Context, after int64, limit int) (events []store.Event, known bool, err error) {
	if err := e.enter(ctx); err != nil {
		return nil, false, err
	}
	defer e.leave()
	recents, known := e.tail.after(after, max(limit, 0))
	size, last := 0, finding.Key{}
	for i := range recents {
		rec, err := recents[i].record(&last)
		if err != nil {
			return nil, true, err
		}
		events = append(events, e.eventOf(after+1+int64(i), recents[i].head[:], &rec))
		if size, last = size+len(rec.json), rec.key; size >= store.EventPage {
			break
		}
	}
	return events, known, nil
}

// record copies an event, which becomes its reader's.
func (r *recent) record(last *finding.Key) (record, error) {
	memory := append([]byte(nil), r.memory...) // bytes.Clone, and make, would write zeros first
	return readEvent(memory, memory[eventSpace:len(memory)-eventRest], last)
}
