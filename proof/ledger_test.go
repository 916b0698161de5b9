package proof

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
)

// entry is what one finding's owner knows of it: everything, but for the outcome of the last write.
type entry struct {
	id string
	state
	imports, updates int // that happened, and hence records in its history
	// open is the state after a write whose outcome is unknown; the finding is left alone until it is settled.
	open *state
}

// after is the state that a write leads to.
func (e *entry) after(w write) state {
	if w.update {
		return state{e.version, w.n}
	}
	return state{w.n, e.update}
}

// write is one change: an import at version n, or the update n.
type write struct {
	update bool
	n      int
}

// happened says that a write happened.
func (e *entry) happened(s state) {
	if s.version != e.version {
		e.imports++
	} else {
		e.updates++
	}
	e.state = s
}

// owner writes findings that nobody else does, one batch after the other.
type owner struct {
	name    string
	random  *rand.Rand
	entries []*entry
	n       int // of the last write; they are numbered so that each leaves marks of its own
}

// batch picks findings whose state is known, and new ones.
func (o *owner) batch(update bool) (batch []*entry) {
	for range 1 + o.random.IntN(4) {
		known := slices.DeleteFunc(slices.Clone(o.entries), func(e *entry) bool {
			return e.open != nil || slices.Contains(batch, e) || update && e.version == 0
		})
		// Old ones are left in peace in the long run, so that histories do not grow for ever.
		known = known[max(0, len(known)-8):]
		if len(known) == 0 || !update && o.random.IntN(4) == 0 {
			if update {
				return batch
			}
			e := &entry{id: fmt.Sprintf("%s-%d", o.name, len(o.entries))}
			o.entries = append(o.entries, e)
			batch = append(batch, e)
			continue
		}
		batch = append(batch, known[o.random.IntN(len(known))])
	}
	return batch
}

// write sends one batch and notes what is known of it. It returns the outcomes.
func (o *owner) write(p *process) []outcome {
	w := write{update: o.random.IntN(2) == 0}
	batch := o.batch(w.update)
	if len(batch) == 0 {
		w.update, batch = false, o.batch(false)
	}
	o.n++
	w.n = o.n
	var ids []string
	for _, e := range batch {
		ids = append(ids, e.id)
	}
	send := p.importAll
	if w.update {
		send = p.updateAll
	}
	results := send(ids, w.n)
	for i, e := range batch {
		next := e.after(w)
		switch results[i] {
		case applied:
			e.happened(next)
		case unknown:
			e.open = &next
		}
	}
	return results
}

// ledger is all that was written to a store, and what is to be there.
type ledger struct {
	owners []*owner
	reader reader
	marks  int
	// checked is up to which entry of an owner is known to be good and left in peace.
	checked map[*owner]int

	acknowledged, lost atomic.Int64
}

func newLedger(seed uint64, owners int) *ledger {
	l := &ledger{reader: reader{findings: map[string]*told{}, seen: map[string]bool{}}, checked: map[*owner]int{}}
	for i := range owners {
		l.owners = append(l.owners, &owner{name: fmt.Sprint("o", i), random: rand.New(rand.NewPCG(seed, uint64(i)))})
	}
	return l
}

// load lets all owners write at once until each sees over, asked after each write, say so. hub gives the process to write to.
func (l *ledger) load(hub func(owner int) *process, over func(results []outcome) bool) {
	var wg sync.WaitGroup
	for i, o := range l.owners {
		wg.Go(func() {
			for {
				results := o.write(hub(i))
				for _, r := range results {
					switch r {
					case applied:
						l.acknowledged.Add(1)
					case unknown:
						l.lost.Add(1)
					}
				}
				if over(results) {
					return
				}
			}
		})
	}
	wg.Wait()
}

// check holds everything that may have changed since the last check, or with all everything, against a hub, and settles what
// was unknown. Nobody writes meanwhile.
func (l *ledger) check(t testing.TB, p *process, all bool) {
	t.Helper()
	l.marks++
	mark := fmt.Sprint("mark-", l.marks)
	if got := p.importAll([]string{mark}, 1); got[0] != applied {
		t.Fatalf("the hub takes no finding after the restart: %s", p.stderr)
	}
	if err := l.reader.until(p, mark); err != nil {
		t.Fatal(err)
	}
	for _, o := range l.owners {
		from := l.checked[o]
		if all {
			from = 0
		}
		for part := range slices.Chunk(o.entries[from:], 20) {
			l.checkSome(t, p, part)
		}
		// The last eight whose state is known are written on; all after them may be, too.
		l.checked[o] = max(0, len(o.entries)-40)
	}
}

// checkSome checks a few findings.
func (l *ledger) checkSome(t testing.TB, p *process, entries []*entry) {
	t.Helper()
	var ids []string
	for _, e := range entries {
		ids = append(ids, e.id)
	}
	found, err := p.get(ids...)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if err := l.checkOne(p, e, found[e.id]); err != nil {
			t.Error(err)
		}
	}
}

// checkOne wants a finding to be as its owner knows it, its history to have a record for each of its changes, and its
// events to be as many and to end with what it is.
func (l *ledger) checkOne(p *process, e *entry, raw json.RawMessage) error {
	var now state
	if raw != nil {
		var err error
		if _, now, err = stateOf(raw); err != nil {
			return err
		}
	}
	if e.open != nil && now == *e.open {
		e.happened(now)
	}
	e.open = nil
	if now != e.state {
		return fmt.Errorf("%s is at %+v, its owner knows %+v", e.id, now, e.state)
	}
	imports, updates, err := p.records(e.id)
	if err != nil || imports != e.imports || updates != e.updates {
		return fmt.Errorf("%s has %d records of imports and %d of updates (%w), want %d and %d", e.id, imports, updates, err, e.imports, e.updates)
	}
	t := l.reader.findings[e.id]
	if t == nil {
		t = &told{}
	}
	if t.events != e.imports+e.updates || !same(t.last, raw) {
		return fmt.Errorf("%s has %d events, the last %s; want %d, and the finding is %s", e.id, t.events, t.last, e.imports+e.updates, raw)
	}
	return nil
}

// same compares two findings.
func same(a, b json.RawMessage) bool {
	var x, y bytes.Buffer
	if len(a) == 0 || len(b) == 0 {
		return len(a) == len(b)
	}
	return json.Compact(&x, a) == nil && json.Compact(&y, b) == nil && bytes.Equal(x.Bytes(), y.Bytes())
}

// report says in a test's log how much was tried.
func (l *ledger) report(t testing.TB, rounds int) {
	t.Helper()
	findings := 0
	for _, o := range l.owners {
		findings += len(o.entries)
	}
	t.Logf("%d rounds, %d findings, %d writes acknowledged, %d with unknown outcome, %d events read", rounds, findings, l.acknowledged.Load(), l.lost.Load(), len(l.reader.seen))
	if l.acknowledged.Load() == 0 {
		t.Error("nothing was acknowledged")
	}
}
