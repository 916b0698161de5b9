package hub

import (
	"context"
	"encoding/json"
	"errors"
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
// is changing anything in the region it does nothing: the next reader will try again.
func (h *Hub) repair(ctx context.Context, administrator, region string) {
	err := h.recount(ctx, administrator, region)
	if err != nil && !errors.Is(err, errLockHeld) {
		h.log.Warn("the members of an administrator are read anew for every request", "administrator", administrator, "region", region, "error", err)
	}
}

// recount clears the mark of a change that was cut off, with counts that are right.
func (h *Hub) recount(ctx context.Context, administrator, region string) error {
	// Never wait: the caller reads, and may hold the lock itself.
	l, err := h.tryLockRelations(ctx, region)
	if err != nil {
		return err
	}
	defer l.release(ctx)
	r := rosterRecord{}
	if _, err := h.load(ctx, at(administrator, region), rosterRecords, defaultHub, &r); err != nil || !r.Changing {
		return err
	}
	c := l.change()
	if err := c.touch(ctx, administrator); err != nil {
		return err
	}
	return c.commit(ctx)
}
