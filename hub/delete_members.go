package hub

import (
	"context"
	"maps"
	"slices"

	"github.com/findinghub/findinghub/auth"
)

// DeleteMembersInput is the operation's request: up to 50 accounts.
type DeleteMembersInput struct {
	AccountIDs []string `json:"AccountIds"`
}

// DeleteMembersOutput is the operation's response.
type DeleteMembersOutput struct{ UnprocessedAccounts []Result }

// DeleteMembers forgets accounts that the caller added. Who is a member must be disassociated
// first (behaviour.md section 5.7).
func (h *Hub) DeleteMembers(ctx context.Context, p auth.Principal, in DeleteMembersInput) (*DeleteMembersOutput, error) {
	l, err := h.lockRelations(ctx, p.Region)
	if err != nil {
		return nil, err
	}
	defer l.release(ctx)
	if _, err := h.requireHub(ctx, p); err != nil {
		return nil, err
	}
	m, err := h.members(ctx, p.Account, p.Region)
	if err != nil {
		return nil, err
	}
	forgotten := map[string]memberRecord{}
	unprocessed, err := eachAccount(accountIDs, in.AccountIDs, func(account string) (string, error) {
		if m.contains(account) {
			return "The request is rejected because the given account ID is a member. Disassociate it first.", nil
		}
		r, err := h.member(ctx, p.Account, p.Region, account)
		if _, twice := forgotten[account]; err != nil || twice || !r.visible() {
			return notMember, err
		}
		forgotten[account] = r
		return "", nil
	})
	if err != nil {
		return nil, err
	}
	return &DeleteMembersOutput{unprocessed}, h.forget(ctx, l, p, forgotten)
}

// forget deletes records of accounts that are no members, and then what points to them.
func (h *Hub) forget(ctx context.Context, l *relationLock, p auth.Principal, forgotten map[string]memberRecord) error {
	if len(forgotten) == 0 {
		return nil
	}
	d, err := h.delegation(ctx, p.Account, p.Region)
	if err != nil {
		return err
	}
	c := l.change()
	if err := c.touch(ctx, p.Account); err != nil {
		return err
	}
	for _, account := range slices.Sorted(maps.Keys(forgotten)) {
		old := forgotten[account]
		now := memberRecord{}
		if d.by(p.Account) && old.Designation == d.ID {
			// Without it the organisation's configuration would make it a member again.
			now = memberRecord{Status: statusDeleted, UpdatedAt: h.now(), Designation: d.ID}
		}
		c.put(p.Account, account, old, now)
		c.remove(invitationRecords, account, p.Account)
	}
	return c.commit(ctx)
}
