package hub

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/auth"
)

// DisassociateMembersInput is the operation's request: up to 50 accounts.
type DisassociateMembersInput struct {
	AccountIDs []string `json:"AccountIds"`
}

// DisassociateMembers ends relations with members, and withdraws invitations. The answer cannot tell
// of single accounts, so that one that is unknown fails the request (behaviour.md section 5.7).
func (h *Hub) DisassociateMembers(ctx context.Context, p auth.Principal, in DisassociateMembersInput) error {
	l, err := h.lockRelations(ctx, p.Region)
	if err != nil {
		return err
	}
	defer l.release(ctx)
	if _, err := h.requireHub(ctx, p); err != nil {
		return err
	}
	leaving, err := h.leaving(ctx, p, in.AccountIDs)
	if err != nil || len(leaving) == 0 {
		return err
	}
	c := l.change()
	for _, account := range slices.Sorted(maps.Keys(leaving)) {
		r := leaving[account]
		if err := c.touchRelation(ctx, p.Account, account); err != nil {
			return err
		}
		if err := h.removeMember(ctx, c, p, account, r); err != nil {
			return err
		}
	}
	return c.commit(ctx)
}

// leaving judges the accounts of a request, before anything is written, and gives the records of
// those with whom there is something to end.
func (h *Hub) leaving(ctx context.Context, p auth.Principal, accounts []string) (map[string]memberRecord, error) {
	if err := checkAccountCount(len(accounts)); err != nil {
		return nil, err
	}
	m, err := h.members(ctx, p.Account, p.Region)
	if err != nil {
		return nil, err
	}
	leaving := map[string]memberRecord{}
	for i, account := range accounts {
		if fault := accountFault(fmt.Sprintf(accountIDs, i), account); fault != "" {
			return nil, invalid("%s", fault)
		}
		r, err := h.member(ctx, p.Account, p.Region, account)
		switch {
		case err != nil:
			return nil, err
		case m.contains(account), r.Status == statusCreated, r.Status == statusInvited:
			leaving[account] = r
		case !r.visible():
			return nil, findinghub.Errorf(findinghub.CodeResourceNotFound, "Account %s is not a member of account %s", account, p.Account)
		}
	}
	return leaving, nil
}

// removeMember adds that an account is no member any more. An account of the organisation is
// removed from it too, or the configuration would make it a member again.
func (h *Hub) removeMember(ctx context.Context, c *change, p auth.Principal, account string, old memberRecord) error {
	d, err := h.delegation(ctx, p.Account, p.Region)
	if err != nil {
		return err
	}
	now := old
	if !now.visible() {
		now.InvitedAt = d.config.Since // nobody asked it, and there is no record yet
	}
	now.Status, now.UpdatedAt = statusRemoved, h.now()
	if d.covers(p.Account, account) {
		now.Designation = d.ID
	}
	return c.end(ctx, p.Account, account, old, now)
}
