package hub

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
)

// change is a change of relations in one region: it is put together while the lock is held, and
// nothing is written before commit. What was read therefore stays true.
type change struct {
	lock    *relationLock
	rosters map[string]*rosterRecord // as they will be
	writes  []write                  // in order
}

// write is one write of a change.
type write struct {
	target
	edit func(old []byte) ([]byte, error)
}

// change begins a change.
func (l *relationLock) change() *change {
	return &change{lock: l, rosters: map[string]*rosterRecord{}}
}

// touch says that the members of administrators are about to change.
func (c *change) touch(ctx context.Context, administrators ...string) error {
	for _, a := range administrators {
		if c.rosters[a] != nil {
			continue
		}
		r, err := c.lock.h.roster(ctx, a, c.lock.region)
		if err != nil {
			return err
		}
		r.Version++
		r.Changing = false
		c.rosters[a] = &r
	}
	return nil
}

// touchRelation touches every roster that the beginning or end of a relation concerns. Beside the
// administrator's these are those of the organisations' administrators: whether an account is
// theirs without being asked depends on its having no other relation.
func (c *change) touchRelation(ctx context.Context, administrator, member string) error {
	touched := []string{administrator}
	for _, account := range []string{administrator, member} {
		d, err := c.lock.h.delegation(ctx, account, c.lock.region)
		if err != nil {
			return err
		}
		if d.Administrator != "" {
			touched = append(touched, d.Administrator)
		}
	}
	return c.touch(ctx, touched...)
}

// save adds the write of a record, whatever it was.
func (c *change) save(collection, account, name string, v any) {
	c.writes = append(c.writes, write{target{collection, account, name}, func([]byte) ([]byte, error) { return json.Marshal(v) }})
}

// remove adds the removal of a record; that there is none is no failure.
func (c *change) remove(collection, account, name string) {
	c.writes = append(c.writes, write{target{collection, account, name}, func([]byte) ([]byte, error) { return nil, nil }})
}

// put adds the truth of a relation, whose roster is touched; the zero record deletes it.
func (c *change) put(administrator, member string, old, now memberRecord) {
	if now.Status == "" {
		c.remove(memberRecords, administrator, member)
	} else {
		c.save(memberRecords, administrator, member, now)
	}
	c.rosters[administrator].count(old, -1)
	c.rosters[administrator].count(now, 1)
}

// end adds a truth in which an account is no member any more, and then drops its pointer.
func (c *change) end(ctx context.Context, administrator, member string, old, now memberRecord) error {
	c.put(administrator, member, old, now)
	pointer := administratorRecord{}
	_, err := c.lock.h.load(ctx, at(member, c.lock.region), administratorRecords, defaultHub, &pointer)
	if err == nil && pointer.Account == administrator {
		c.remove(administratorRecords, member, defaultHub)
	}
	return err
}

// begin points a member to its administrator and then adds the truth in which it is a member.
func (c *change) begin(administrator, member string, old, now memberRecord) {
	c.save(administratorRecords, member, defaultHub, administratorRecord{Account: administrator})
	c.put(administrator, member, old, now)
}

// commit writes all of the change. The rosters are marked before the first of the other writes, so
// that what is remembered of the members is in doubt until the last. A write that fails leaves the marks, and
// leaves the targets to the next holder of the lock.
func (c *change) commit(ctx context.Context) error {
	if err := c.lock.declare(ctx, c.targets()); err != nil {
		return err
	}
	if err := c.writeRosters(ctx, true); err != nil {
		return err
	}
	for _, w := range c.writes {
		if err := c.lock.write(ctx, w.target, w.edit); err != nil {
			return err
		}
	}
	if err := c.writeRosters(ctx, false); err != nil {
		return err
	}
	c.lock.unsure = false
	return nil
}

// targets are all records that the change writes, each once.
func (c *change) targets() []target {
	var all []target
	for _, a := range slices.Sorted(maps.Keys(c.rosters)) {
		all = append(all, target{rosterRecords, a, defaultHub})
	}
	for _, w := range c.writes {
		all = append(all, w.target)
	}
	return all
}

// writeRosters writes the rosters as they will be, with the mark or without.
func (c *change) writeRosters(ctx context.Context, changing bool) error {
	for _, a := range slices.Sorted(maps.Keys(c.rosters)) {
		r := *c.rosters[a]
		r.Changing = changing
		err := c.lock.write(ctx, target{rosterRecords, a, defaultHub}, func([]byte) ([]byte, error) { return json.Marshal(r) })
		if err != nil {
			return err
		}
	}
	return nil
}
