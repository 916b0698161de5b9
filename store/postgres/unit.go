package postgres

import (
	"fmt"
	"runtime/debug"
	"slices"

	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
)

// unit is one finding of a call: what its mutations come to.
type unit struct {
	key       finding.Key
	hub       hub
	place     []byte
	mutations []int // indexes into the call's

	// As the finding was read: revision 0 is none.
	revision int64
	old      []byte

	write   bool
	row     row
	changes []change
	events  []event
}

// change is a line of the history, event one of the outbox.
type (
	change struct {
		revision, at int64
		body         []byte
	}
	event = change
)

// call is one Apply.
type call struct {
	e     *Engine
	ms    []store.Mutation
	errs  []error
	units []*unit // by key
	// committed is true when a part of the call is durable: from then on the call succeeds.
	committed bool
	digesters map[hub]*digester
}

// newCall sorts mutations by key: all calls take their locks in this order, so that no two wait for each other.
func (e *Engine) newCall(ms []store.Mutation) *call {
	c := &call{e: e, ms: ms, errs: make([]error, len(ms)), digesters: map[hub]*digester{}}
	byKey := make(map[finding.Key]*unit, len(ms))
	for i := range ms {
		k := ms[i].Key
		u := byKey[k]
		if u == nil {
			u = &unit{key: k, hub: hubOf(k), place: place(k)}
			byKey[k] = u
			c.units = append(c.units, u)
		}
		u.mutations = append(u.mutations, i)
	}
	slices.SortFunc(c.units, func(a, b *unit) int {
		if n := a.hub.compare(b.hub); n != 0 {
			return n
		}
		return slices.Compare(a.place, b.place)
	})
	return c
}

// fail makes an error the result of all mutations of some units.
func (c *call) fail(units []*unit, err error) {
	for _, u := range units {
		for _, i := range u.mutations {
			c.errs[i] = err
		}
	}
}

// mutate runs a unit's mutations on the state that was read and makes the rows they come to. An error is
// the store's; the mutations' own go to errs.
func (c *call) mutate(u *unit) error {
	u.write, u.changes, u.events = false, nil, nil
	var state *finding.Stored
	revision := u.revision
	if revision > 0 {
		var err error
		if state, err = c.e.codec.stored(u.old); err != nil {
			return fmt.Errorf("store: finding %v: %w", u.key, err)
		}
	}
	for _, i := range u.mutations {
		out, err := c.e.attempt(c.ms[i], state)
		if err == nil && out.Changed && out.Stored.Key() != u.key {
			err = fmt.Errorf("store: a mutation of %v made a finding of %v", u.key, out.Stored.Key())
		}
		c.errs[i] = err
		if err != nil || !out.Changed {
			continue
		}
		revision++
		c.record(u, revision, state == nil, &out)
		state, u.write = &out.Stored, true
	}
	switch n := len(u.events); {
	case !u.write:
	case n > 0: // the last one has the finding as it is now
		u.row = newRow(u.key, state, u.events[n-1].body, revision, c.digester(u.hub))
	default:
		u.row = c.e.codec.newRow(u.key, state, revision, c.digester(u.hub))
	}
	return nil
}

// record adds what is to be remembered of one change.
func (c *call) record(u *unit, revision int64, isNew bool, out *finding.Outcome) {
	if out.Change != nil {
		u.changes = append(u.changes, change{revision, nanos(out.Change.Time), c.e.codec.encodeChange(out.Change)})
	}
	if c.e.o.Events {
		u.events = append(u.events, event{revision, nanos(store.EventTime(isNew, out)), c.e.codec.encodeFinding(u.key, &out.Stored)})
	}
}

func (c *call) digester(h hub) *digester {
	d := c.digesters[h]
	if d == nil {
		d = newDigester(h)
		c.digesters[h] = d
	}
	return d
}

// attempt calls a mutation and takes a panic for an error.
func (e *Engine) attempt(m store.Mutation, old *finding.Stored) (out finding.Outcome, err error) {
	defer func() {
		if r := recover(); r != nil {
			e.log.Error("a mutation panicked", "panic", r, "stack", string(debug.Stack()))
			err = fmt.Errorf("store: a mutation panicked: %v", r)
		}
	}()
	return m.Apply(old)
}

// byHub calls f for each hub's part of units that are sorted.
func byHub(units []*unit, f func(hub, []*unit)) {
	for len(units) > 0 {
		n := 1
		for n < len(units) && units[n].hub == units[0].hub {
			n++
		}
		f(units[0].hub, units[:n])
		units = units[n:]
	}
}
