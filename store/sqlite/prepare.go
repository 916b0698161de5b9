package sqlite

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/findinghub/findinghub/asff"
	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/search"
	"github.com/findinghub/findinghub/store"
)

// call is one Apply on its way. Its caller prepares it: reads the old rows, runs the
// mutations, encodes, all in parallel with other callers. The writer then checks
// that nothing it was prepared from has changed since, and writes.
type call struct {
	ms   []store.Mutation
	errs []error
	// base is the last group of writes that was settled when the call began to read.
	base uint64
	// changes has one element for each distinct key, next links the mutations of a key.
	changes []change
	next    []int32
	byKey   map[finding.Key]int32

	told    []telling     // of the change that is being prepared
	events  []toTell      // arena of lists
	chunk   []byte        // memory of events that stay when the call is over
	rows    []byte        // arena of rows, old and new
	values  filter.Values // arena of the values before and after
	scratch []byte
}

// change is what the mutations of one key come to.
type change struct {
	key         finding.Key
	first, last int32 // the key's mutations: first, then call.next until none
	doc         search.Doc
	exists      bool // doc is valid: the hub had the finding
	oldRow      []byte
	write       bool
	row         []byte   // new row, to be sealed
	history     [][]byte // new history rows, oldest first
	newest      int64    // id of the newest history row there was
	events      []toTell // oldest first
	old, new    filter.Values
}

// telling is a state that an event will tell, and when the finding came to it.
type telling struct {
	state *finding.Stored
	time  time.Time
}

// toTell is an event that is to be written, and what the tail will have of it.
type toTell struct{ row, memory []byte }

const none = int32(-1)

var calls = sync.Pool{New: func() any { return &call{byKey: map[finding.Key]int32{}} }}

// newCall sorts mutations by key. release gives the call's memory back.
func newCall(ms []store.Mutation) *call {
	c := calls.Get().(*call)
	c.ms, c.errs = ms, make([]error, len(ms))
	for i := range ms {
		c.next = append(c.next, none)
		at, known := c.byKey[ms[i].Key]
		if known {
			ch := &c.changes[at]
			c.next[ch.last], ch.last = int32(i), int32(i)
			continue
		}
		c.byKey[ms[i].Key] = int32(len(c.changes))
		c.changes = append(c.changes, change{key: ms[i].Key, first: int32(i), last: int32(i)})
	}
	return c
}

// maxKept bounds the arenas that the pool keeps, in bytes, so that one huge call does not stay for ever.
const maxKept = 4 << 20

// release gives a call's memory back to the pool. Nothing may refer to its arenas any
// more: neither the index, which copies, nor the caller, whose errors are not in them.
func (c *call) release() {
	if cap(c.rows) > maxKept || cap(c.values)*64 > maxKept || cap(c.changes) > 10_000 {
		return
	}
	clear(c.byKey)
	clear(c.changes)
	clear(c.values)
	clear(c.events)
	*c = call{told: c.told[:0], events: c.events[:0], chunk: c.chunk, changes: c.changes[:0], next: c.next[:0], byKey: c.byKey, rows: c.rows[:0], values: c.values[:0], scratch: c.scratch[:0]}
	calls.Put(c)
}

// Apply implements store.Engine. When the context ends before the writer has begun the
// call it has not happened; once begun it is finished and its result told.
func (e *Engine) Apply(ctx context.Context, ms []store.Mutation) ([]error, error) {
	if err := e.enter(ctx); err != nil {
		return nil, err
	}
	defer e.leave()
	c := newCall(ms)
	if err := e.prepare(ctx, c); err != nil {
		c.release()
		return nil, err
	}
	errs := c.errs
	if !c.writes() {
		c.release()
		return errs, nil
	}
	if err := e.writer.do(ctx, job{call: c}); err != nil {
		return nil, err
	}
	return errs, nil
}

// writes says whether any finding is to be written. A call that only finds out that
// nothing has changed, as most of a re-import may, need not wait for the writer.
func (c *call) writes() bool {
	for i := range c.changes {
		if c.changes[i].write {
			return true
		}
	}
	return false
}

// prepare reads what the call needs and runs its mutations.
func (e *Engine) prepare(ctx context.Context, c *call) error {
	// The order is what makes the writer's check sound: first the mark, then the reads.
	c.base = e.settled.Load()
	olds := 0
	for i := range c.changes {
		ch := &c.changes[i]
		if ch.doc, ch.exists = e.index.Lookup(ch.key); ch.exists {
			olds++
		}
	}
	if olds > 0 {
		if err := e.readers.with(ctx, func(r *reader) error { return c.readOld(ctx, r, e.stripe) }); err != nil {
			return err
		}
	}
	for i := range c.changes {
		if err := e.mutate(c, &c.changes[i]); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// readOld copies the old rows and nothing more: the transaction should be short.
func (c *call) readOld(ctx context.Context, r *reader, stripe func(search.Doc) *atomic.Uint64) (err error) {
	for i := range c.changes {
		ch := &c.changes[i]
		if !ch.exists {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		start := len(c.rows)
		if c.rows, err = appendRow(r.selectRow, c.rows, ch.doc); err != nil {
			return err
		}
		if len(c.rows) == start && stripe(ch.doc).Load() > c.base {
			// Erased since the index was asked; the writer looks again.
			ch.exists = false
			continue
		}
		ch.oldRow = c.rows[start:len(c.rows):len(c.rows)]
	}
	return nil
}

// mutate runs a key's mutations on its old row and encodes what they come to. An error
// is the store's; the mutations' own go to errs.
func (e *Engine) mutate(c *call, ch *change) error {
	ch.write, ch.history, ch.newest, ch.old, ch.new = false, ch.history[:0], 0, nil, nil
	ch.events = nil
	old, err := e.old(ch)
	if err != nil {
		return err
	}
	state := e.runMutations(c, ch, old)
	if !ch.write {
		return nil
	}
	// Slices of the arena stay good when it moves: the old memory lives as long as they do.
	start := len(c.rows)
	c.rows = e.codec.appendFinding(c.rows, ch.key, state, &c.scratch)
	ch.row = c.rows[start:len(c.rows):len(c.rows)]
	e.tell(c, ch)
	if old != nil {
		ch.old = c.extract(old)
	}
	ch.new = c.extract(state)
	return nil
}

// tell encodes the events of a key's mutations. The last one's is the finding's own row over again, whose block
// is still in scratch; more than one in a call is rare.
func (e *Engine) tell(c *call, ch *change) {
	if len(c.told) == 0 {
		return
	}
	first, last := len(c.events), c.keep(c.scratch)
	for i, t := range c.told {
		row, memory := ch.row, last
		if i < len(c.told)-1 {
			start := len(c.rows)
			c.rows = e.codec.appendFinding(c.rows, ch.key, t.state, &c.scratch)
			row, memory = c.rows[start:], c.keep(c.scratch)
		}
		start := len(c.rows)
		c.rows = appendEvent(c.rows, row, t.time)
		c.events = append(c.events, toTell{c.rows[start:len(c.rows):len(c.rows)], memory})
	}
	ch.events = c.events[first:len(c.events):len(c.events)]
	clear(c.told) // they hold on to findings
	c.told = c.told[:0]
}

// keptChunk is how much memory is made at once for events that are kept, in bytes.
const keptChunk = 256 << 10

// keep copies an event's block, with the space around it that readers want.
func (c *call) keep(block []byte) []byte {
	n := eventSpace + len(block) + eventRest
	if cap(c.chunk)-len(c.chunk) < n {
		c.chunk = make([]byte, 0, max(keptChunk, n))
	}
	start := len(c.chunk)
	c.chunk = c.chunk[:start+n]
	copy(c.chunk[start+eventSpace:], block)
	return c.chunk[start : start+n : start+n]
}

// old decodes the old row. Its memory is not pooled: a mutation may well keep what it is given.
func (e *Engine) old(ch *change) (*finding.Stored, error) {
	if !ch.exists {
		return nil, nil
	}
	r, err := e.codec.finding(int64(ch.doc)+1, ch.oldRow, nil)
	if err != nil {
		return nil, fmt.Errorf("store: finding %d: %w", ch.doc, err)
	}
	ch.newest = r.newest
	return e.codec.stored(&r)
}

// runMutations gives the state after a key's mutations; ch.write says whether it is new.
func (e *Engine) runMutations(c *call, ch *change, state *finding.Stored) *finding.Stored {
	for i := ch.first; i != none; i = c.next[i] {
		out, err := e.attempt(c.ms[i], state)
		if err == nil && out.Changed && !isKeyOf(ch.key, out.Stored.Finding) {
			err = fmt.Errorf("store: a mutation of %v made a finding of %v", ch.key, out.Stored.Key())
		}
		c.errs[i] = err
		if err != nil || !out.Changed {
			continue
		}
		if e.events {
			c.told = append(c.told, telling{&out.Stored, store.EventTime(state == nil, &out)})
		}
		state, ch.write = &out.Stored, true
		if out.Change != nil {
			start := len(c.rows)
			c.rows = e.codec.appendChange(c.rows, out.Change, &c.scratch)
			ch.history = append(ch.history, c.rows[start:len(c.rows):len(c.rows)])
		}
	}
	return state
}

// attempt calls a mutation and takes a panic for an error: it may be the writer who calls.
func (e *Engine) attempt(m store.Mutation, old *finding.Stored) (out finding.Outcome, err error) {
	defer func() {
		if r := recover(); r != nil {
			e.log.Error("a mutation panicked", "panic", r, "stack", string(debug.Stack()))
			err = fmt.Errorf("store: a mutation panicked: %v", r)
		}
	}()
	return m.Apply(old)
}

// isKeyOf says whether a finding's members say the key: the index is rebuilt from them.
func isKeyOf(k finding.Key, f asff.Finding) bool {
	return isText(f.Get("AwsAccountId"), k.Account) && isText(f.Get("Region"), k.Region) &&
		isText(f.Get("ProductArn"), k.ProductArn) && isText(f.Get("Id"), k.ID)
}

// isText compares a JSON string with text, without a copy unless it has escapes.
func isText(v jsontext.Value, text string) bool {
	if n := len(v); n == len(text)+2 && string(v[1:n-1]) == text {
		return true
	}
	return asff.Unquote(v) == text
}

// extract appends a finding's values to the arena.
func (c *call) extract(s *finding.Stored) filter.Values {
	start := len(c.values)
	c.values = filter.Extract(s.Finding, c.values)
	return c.values[start:len(c.values):len(c.values)]
}
