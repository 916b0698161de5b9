package events

import (
	"container/heap"
	"time"

	"github.com/findinghub/findinghub/finding"
)

// window is what a deliverer has read and not yet passed: a stretch of the outbox after the
// cursor. Events of one finding form a lane, of which only the first may be under way; the
// lanes do not wait for each other. The cursor follows once everything before it is settled.
type window struct {
	entries []*entry // in the outbox's order; the first is not settled
	lanes   map[finding.Key][]*entry
	ready   readyHeap // the first of each lane that is not under way
	bytes   int       // of the documents held
	cursor  string    // of the last entry that left
	seq     uint64
}

// entry is one event in the window. A settled one keeps nothing but its cursor.
type entry struct {
	message Message
	cursor  string
	seq     uint64
	tries   int
	due     time.Time // of the next try
	settled bool
}

func newWindow(cursor string) *window {
	return &window{lanes: map[finding.Key][]*entry{}, cursor: cursor}
}

// add takes in the next event of the outbox.
func (w *window) add(cursor string, m Message) {
	w.seq++
	e := &entry{message: m, cursor: cursor, seq: w.seq}
	w.entries = append(w.entries, e)
	w.bytes += len(m.Body)
	lane := w.lanes[m.Key]
	lane = append(lane, e)
	w.lanes[m.Key] = lane
	if len(lane) == 1 {
		heap.Push(&w.ready, e)
	}
}

// skip passes an event that the target does not want.
func (w *window) skip(cursor string) {
	if len(w.entries) == 0 {
		w.cursor = cursor
		return
	}
	if last := w.entries[len(w.entries)-1]; last.settled {
		last.cursor = cursor // settled neighbours need one entry, not one each
		return
	}
	w.entries = append(w.entries, &entry{cursor: cursor, settled: true})
}

// take gives up to n entries whose time has come, no two of one finding, and no more when they have come to
// sendBytes. They are under way until settle or retry.
func (w *window) take(now time.Time, n int) []*entry {
	var taken []*entry
	for size := 0; len(taken) < n && size < sendBytes && len(w.ready) > 0 && !w.ready[0].due.After(now); {
		e := heap.Pop(&w.ready).(*entry)
		taken = append(taken, e)
		size += len(e.message.Body)
	}
	return taken
}

// nextDue is when the next entry's time comes; false when nothing waits for its time.
func (w *window) nextDue() (time.Time, bool) {
	if len(w.ready) == 0 {
		return time.Time{}, false
	}
	return w.ready[0].due, true
}

// retry puts an entry that was under way back at the head of its lane.
func (w *window) retry(e *entry, due time.Time) {
	e.due = due
	heap.Push(&w.ready, e)
}

// settle is the end of an entry that was under way: the next of its finding may go, and the
// cursor moves when no earlier entry is open.
func (w *window) settle(e *entry) {
	w.bytes -= len(e.message.Body)
	if lane := w.lanes[e.message.Key][1:]; len(lane) > 0 {
		w.lanes[e.message.Key] = lane
		heap.Push(&w.ready, lane[0])
	} else {
		delete(w.lanes, e.message.Key)
	}
	e.message, e.settled = Message{}, true
	n := 0
	for n < len(w.entries) && w.entries[n].settled {
		w.cursor = w.entries[n].cursor
		w.entries[n] = nil
		n++
	}
	w.entries = w.entries[n:]
}

// full says whether the window has reached its bounds: events, and bytes of documents.
func (w *window) full(entries, bytes int) bool {
	return len(w.entries) >= entries || w.bytes >= bytes
}

// readyHeap has the entry that is due first on top, of those due together the older one.
type readyHeap []*entry

// Len implements heap.Interface.
func (h readyHeap) Len() int { return len(h) }

// Less implements heap.Interface.
func (h readyHeap) Less(i, j int) bool {
	if c := h[i].due.Compare(h[j].due); c != 0 {
		return c < 0
	}
	return h[i].seq < h[j].seq
}

// Swap implements heap.Interface.
func (h readyHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

// Push implements heap.Interface.
func (h *readyHeap) Push(x any) { *h = append(*h, x.(*entry)) }

// Pop implements heap.Interface.
func (h *readyHeap) Pop() any {
	last := (*h)[len(*h)-1]
	(*h)[len(*h)-1] = nil
	*h = (*h)[:len(*h)-1]
	return last
}
