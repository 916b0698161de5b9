package events

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
)

// dice are random numbers for several goroutines.
type dice struct {
	mu sync.Mutex
	r  *rand.Rand
}

func newDice(seed, stream uint64) *dice { return &dice{r: rand.New(rand.NewPCG(seed, stream))} }

func (d *dice) IntN(n int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.r.IntN(n)
}

func (d *dice) Float64() float64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.r.Float64()
}

// flag is a switch that several goroutines look at; on at first.
type flag struct{ off atomic.Bool }

func (f *flag) set(on bool) { f.off.Store(!on) }
func (f *flag) on() bool    { return !f.off.Load() }

// world is what outlives processes: the outbox and the records of one store. Its cursors are strings without
// an order, which is all that store.Outbox promises.
type world struct {
	mu      sync.Mutex
	events  []store.Event
	places  map[string]int // of cursors
	trimmed int
	records map[[2]string][]byte
}

func newWorld() *world {
	return &world{records: map[[2]string][]byte{}, places: map[string]int{"": -1}}
}

const (
	account = "111122223333"
	region  = "eu-west-1"
)

func keyOf(id string) finding.Key {
	return finding.Key{Account: account, Region: region, ProductArn: "arn:aws:securityhub:eu-west-1::product/acme/scan", ID: id}
}

// write adds an event of a finding; its id is the finding's with a number that counts up.
func (w *world) write(key finding.Key) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := len(w.events)
	e := store.Event{
		Cursor: strconv.FormatUint(uint64(uint32(n+1)*2654435761), 36), ID: fmt.Sprintf("%s-%06d", key.ID, n), Key: key, Time: time.Now(),
		Finding: fmt.Appendf(nil, `{"Id":%q,"AwsAccountId":%q,"n":%d}`, key.ID, key.Account, n),
	}
	w.places[e.Cursor] = n
	w.events = append(w.events, e)
	return e.ID
}

// after is the place of the first event after a cursor, of those that are left.
func (w *world) after(cursor string) int {
	i, ok := w.places[cursor]
	if !ok {
		panic("a cursor that was never given out: " + cursor)
	}
	return max(i+1, w.trimmed)
}

// ids are those of all events ever, by finding.
func (w *world) ids() map[finding.Key][]string {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := map[finding.Key][]string{}
	for _, e := range w.events {
		all[e.Key] = append(all[e.Key], e.ID)
	}
	return all
}

func (w *world) left() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.events) - w.trimmed
}

// process is one process's connection to the world. fault decides about each call: fail before it has an
// effect, or after it had; nil for no faults.
type process struct {
	*world
	fault func(call string) (before, after error)
}

func (p process) call(ctx context.Context, name string, do func() error) error {
	var before, after error
	if p.fault != nil {
		before, after = p.fault(name)
	}
	if before = cmp.Or(ctx.Err(), before); before != nil {
		return before
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := do(); err != nil {
		return err
	}
	return after
}

func (p process) Events(ctx context.Context, after string, limit int) (all []store.Event, err error) {
	err = p.call(ctx, "Events", func() error {
		from := p.after(after)
		all = slices.Clone(p.events[from:min(from+limit, len(p.events))])
		return nil
	})
	return all, err
}

func (p process) LastEvent(ctx context.Context) (last string, err error) {
	err = p.call(ctx, "LastEvent", func() error {
		if len(p.events) > p.trimmed {
			last = p.events[len(p.events)-1].Cursor
		}
		return nil
	})
	return last, err
}

func (p process) Backlog(ctx context.Context, after string) (n int, oldest time.Time, err error) {
	err = p.call(ctx, "Backlog", func() error {
		if n = len(p.events) - p.after(after); n > 0 {
			oldest = p.events[p.after(after)].Time
		}
		return nil
	})
	return n, oldest, err
}

func (p process) EventAt(ctx context.Context, after string, n int) (cursor string, at time.Time, err error) {
	err = p.call(ctx, "EventAt", func() error {
		if i := p.after(after) + n - 1; i < len(p.events) {
			cursor, at = p.events[i].Cursor, p.events[i].Time
		}
		return nil
	})
	return cursor, at, err
}

func (p process) TrimEvents(ctx context.Context, upTo string, limit int) (n int, err error) {
	err = p.call(ctx, "TrimEvents", func() error {
		n = min(limit, p.after(upTo)-p.trimmed)
		p.trimmed += n
		return nil
	})
	return n, err
}

func (p process) EditRecord(ctx context.Context, collection, account, region, name string, edit func([]byte) ([]byte, error)) error {
	if account != "" || region != "" {
		return errors.New("the deliverers' records are of no account")
	}
	return p.call(ctx, "EditRecord "+collection, func() error {
		k := [2]string{collection, name}
		if _, err := edit(slices.Clone(p.records[k])); err != nil { // an engine may call it twice
			return err
		}
		body, err := edit(slices.Clone(p.records[k]))
		if err == nil && body == nil {
			delete(p.records, k)
		} else if err == nil {
			p.records[k] = slices.Clone(body)
		}
		return err
	})
}

func (p process) GetRecord(ctx context.Context, collection, _, _, name string) (body []byte, err error) {
	err = p.call(ctx, "GetRecord", func() error {
		var ok bool
		if body, ok = p.records[[2]string{collection, name}]; !ok {
			return store.ErrNoRecord
		}
		return nil
	})
	return slices.Clone(body), err
}

func (p process) ListRecords(ctx context.Context, collection, _, _, after string, limit int) (page []store.Record, err error) {
	err = p.call(ctx, "ListRecords", func() error {
		for k, body := range p.records {
			if k[0] == collection && k[1] > after {
				page = append(page, store.Record{Collection: collection, Name: k[1], Body: slices.Clone(body)})
			}
		}
		slices.SortFunc(page, func(a, b store.Record) int { return cmp.Compare(a.Name, b.Name) })
		page = page[:min(limit, len(page))]
		return nil
	})
	return page, err
}

// receiver is the far end of a target. judge decides about each message; nil takes all.
type receiver struct {
	mu     sync.Mutex
	judge  func(ctx context.Context, m *Message) error
	got    []string // ids, as they arrived
	firsts map[finding.Key][]string
	broken []string // promises of Send that were not kept
	sends  int
	opened int
	open   int
}

func (r *receiver) Open(context.Context) (Sender, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.opened++
	r.open++
	return r, nil
}

func (r *receiver) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open--
	return nil
}

func (r *receiver) Send(ctx context.Context, batch []Message) []error {
	r.sends++
	errs := make([]error, len(batch))
	seen := map[finding.Key]bool{}
	for i := range batch {
		if seen[batch[i].Key] {
			r.broken = append(r.broken, "two messages of one finding in a batch: "+batch[i].ID)
		}
		seen[batch[i].Key] = true
		if r.judge != nil {
			errs[i] = r.judge(ctx, &batch[i])
		}
		if errs[i] == nil {
			r.arrive(&batch[i])
		}
	}
	return errs
}

func (r *receiver) arrive(m *Message) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.firsts == nil {
		r.firsts = map[finding.Key][]string{}
	}
	if !slices.Contains(r.firsts[m.Key], m.ID) {
		r.firsts[m.Key] = append(r.firsts[m.Key], m.ID)
	}
	r.got = append(r.got, m.ID)
}

// count is how many messages arrived, repetitions included.
func (r *receiver) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.got)
}

// misses compares what arrived first, by finding, with what the world has told, "" when all is there in order.
func (r *receiver) misses(w *world) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	for key, want := range w.ids() {
		if !slices.Equal(r.firsts[key], want) {
			return fmt.Sprintf("of %s arrived %v, written were %v", key.ID, r.firsts[key], want)
		}
	}
	if len(r.broken) > 0 {
		return r.broken[0]
	}
	return ""
}

// targetOf makes a target of a receiver.
func targetOf(name string, r *receiver) Target {
	return Target{
		Name: name, Open: r.Open, Batch: 8, Timeout: 10 * time.Second,
		Retry: Retry{Attempts: 20, Min: time.Second, Max: time.Minute},
	}
}

// options are those of a process with one goroutine's worth of everything.
func options(p process, holder string, targets ...Target) Options {
	return Options{
		Outbox: p, Records: p, Targets: targets, Holder: holder, Now: time.Now,
		Chance: func() float64 { return 0.5 }, Log: slog.New(slog.DiscardHandler),
	}
}

func deliverer(t testing.TB, o Options) *Deliverer {
	d, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// start runs a deliverer in the bubble; stop ends it and waits.
func start(d *Deliverer) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = d.Run(ctx)
	}()
	return func() { cancel(); <-done }
}

// pass lets the bubble's time pass, and everything happen that is due until then.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// until lets time pass until something holds, a day at most.
func until(holds func() bool) bool {
	for range 24 * 3600 {
		if holds() {
			return true
		}
		pass(time.Second)
	}
	return holds()
}
