package hub

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
)

// rosterRecord says how many relations an administrator has in a region, and in which version. What is
// remembered of its members is right as long as the version is the same and nothing is changing.
type rosterRecord struct {
	Version uint64
	// Changing is set before the first write of a change and cleared after the last. A change that
	// was cut off leaves it set: the counts are then worth nothing until somebody counts anew.
	Changing bool `json:",omitempty"`
	// Members counts the accounts that the administrator is told of, Invited those that have not
	// answered, Accepted those that are members by invitation.
	Members, Invited, Accepted int `json:",omitempty"`
}

// count adds a relation to the counts, or takes it away when by is -1.
func (r *rosterRecord) count(m memberRecord, by int) {
	if !m.visible() {
		return
	}
	r.Members += by
	switch {
	case m.Status == statusInvited:
		r.Invited += by
	case m.Status == statusEnabled && m.Designation == "":
		r.Accepted += by
	}
}

// roster reads an administrator's roster, with counts that are right.
func (h *Hub) roster(ctx context.Context, administrator, region string) (rosterRecord, error) {
	r := rosterRecord{}
	if _, err := h.load(ctx, at(administrator, region), rosterRecords, defaultHub, &r); err != nil || !r.Changing {
		return r, err
	}
	counted := rosterRecord{Version: r.Version, Changing: true}
	err := h.each(ctx, at(administrator, region), memberRecords, func(_ string, body []byte) error {
		m := memberRecord{}
		err := json.Unmarshal(body, &m)
		counted.count(m, 1)
		return err
	})
	return counted, err
}

// repair ends a change that was cut off, so that members may be remembered again. While somebody
// is changing anything it does nothing: the next reader will try again.
func (h *Hub) repair(ctx context.Context, administrator, region string) {
	// Never wait: the caller reads, and may hold the lock itself.
	if !h.recordsMu.TryLock() {
		return
	}
	defer h.recordsMu.Unlock()
	r, err := h.roster(ctx, administrator, region)
	if err == nil && r.Changing {
		r.Version++
		r.Changing = false
		err = h.save(ctx, at(administrator, region), rosterRecords, defaultHub, r)
	}
	if err != nil {
		h.log.Warn("the members of an administrator are read anew for every request", "administrator", administrator, "region", region, "error", err)
	}
}

// change is a change of relations in one region. Whoever makes one holds recordsMu from begin to
// finish. If a write fails, finish is not called, and what is remembered stays in doubt.
type change struct {
	h      *Hub
	region string
	open   map[string]*rosterRecord
}

// change begins a change of the members of some administrators.
func (h *Hub) change(ctx context.Context, region string, administrators ...string) (*change, error) {
	c := &change{h: h, region: region, open: map[string]*rosterRecord{}}
	err := c.touch(ctx, administrators...)
	return c, err
}

// touch marks the rosters of administrators whose members are about to change.
func (c *change) touch(ctx context.Context, administrators ...string) error {
	for _, a := range administrators {
		if c.open[a] != nil {
			continue
		}
		r, err := c.h.roster(ctx, a, c.region)
		if err != nil {
			return err
		}
		r.Version++
		r.Changing = true
		if err := c.h.save(ctx, at(a, c.region), rosterRecords, defaultHub, r); err != nil {
			return err
		}
		c.open[a] = &r
	}
	return nil
}

// touchRelation marks every roster that the beginning or end of a relation concerns. Beside the
// administrator's these are those of the organisations' administrators: whether an account is
// theirs without being asked depends on its having no other relation.
func (c *change) touchRelation(ctx context.Context, administrator, member string) error {
	touched := []string{administrator}
	for _, account := range []string{administrator, member} {
		d, err := c.h.delegation(ctx, account, c.region)
		if err != nil {
			return err
		}
		if d.Administrator != "" {
			touched = append(touched, d.Administrator)
		}
	}
	return c.touch(ctx, touched...)
}

// put writes the truth of a relation, whose roster is touched; the zero record deletes it.
func (c *change) put(ctx context.Context, administrator, member string, old, now memberRecord) error {
	p := at(administrator, c.region)
	var err error
	if now.Status == "" {
		err = c.h.remove(ctx, p, memberRecords, member)
	} else {
		err = c.h.save(ctx, p, memberRecords, member, now)
	}
	if err != nil {
		return err
	}
	c.open[administrator].count(old, -1)
	c.open[administrator].count(now, 1)
	return nil
}

// end writes a truth in which an account is no member any more, and then drops its pointer.
func (c *change) end(ctx context.Context, administrator, member string, old, now memberRecord) error {
	if err := c.put(ctx, administrator, member, old, now); err != nil {
		return err
	}
	pointer := administratorRecord{}
	p := at(member, c.region)
	if _, err := c.h.load(ctx, p, administratorRecords, defaultHub, &pointer); err != nil || pointer.Account != administrator {
		return err
	}
	return c.h.remove(ctx, p, administratorRecords, defaultHub)
}

// begin points a member to its administrator and then writes the truth in which it is a member.
func (c *change) begin(ctx context.Context, administrator, member string, old, now memberRecord) error {
	err := c.h.save(ctx, at(member, c.region), administratorRecords, defaultHub, administratorRecord{Account: administrator})
	if err != nil {
		return err
	}
	return c.put(ctx, administrator, member, old, now)
}

// finish tells every reader that the change is over.
func (c *change) finish(ctx context.Context) error {
	for _, a := range slices.Sorted(maps.Keys(c.open)) {
		r := *c.open[a]
		r.Changing = false
		if err := c.h.save(ctx, at(a, c.region), rosterRecords, defaultHub, r); err != nil {
			return err
		}
	}
	return nil
}
