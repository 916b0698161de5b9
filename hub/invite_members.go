package hub

import (
	"context"
	"maps"
	"slices"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/auth"
)

// InviteMembersInput is the operation's request: up to 50 accounts.
type InviteMembersInput struct {
	AccountIDs []string `json:"AccountIds"`
}

// InviteMembersOutput is the operation's response.
type InviteMembersOutput struct{ UnprocessedAccounts []Result }

// InviteMembers invites accounts that the caller added and that are not its members. Who was
// invited and has not answered keeps that invitation (behaviour.md section 5.7).
func (h *Hub) InviteMembers(ctx context.Context, p auth.Principal, in InviteMembersInput) (*InviteMembersOutput, error) {
	l, err := h.lockRelations(ctx, p.Region)
	if err != nil {
		return nil, err
	}
	defer l.release(ctx)
	if err := h.requireAdministratorToBe(ctx, p); err != nil {
		return nil, err
	}
	invited, unprocessed, err := h.invitable(ctx, p, in.AccountIDs)
	if err != nil {
		return nil, err
	}
	if err := h.invite(ctx, l, p, invited); err != nil {
		return nil, err
	}
	return &InviteMembersOutput{UnprocessedAccounts: unprocessed}, nil
}

// invitable judges the accounts of a request, before anything is written.
func (h *Hub) invitable(ctx context.Context, p auth.Principal, accounts []string) (invited map[string]memberRecord, unprocessed []Result, err error) {
	d, err := h.delegation(ctx, p.Account, p.Region)
	if err != nil {
		return nil, nil, err
	}
	m, err := h.members(ctx, p.Account, p.Region)
	if err != nil {
		return nil, nil, err
	}
	invited = map[string]memberRecord{}
	unprocessed, err = eachAccount(accountIDs, accounts, func(account string) (string, error) {
		r, err := h.member(ctx, p.Account, p.Region, account)
		switch {
		case err != nil:
			return "", err
		case m.contains(account):
			return alreadyMember, nil
		case !r.visible():
			return notMember, nil
		case d.covers(p.Account, account):
			return "The request is rejected because the given account ID belongs to the organization, whose accounts CreateMembers adds without an invitation.", nil
		case r.Status != statusInvited:
			invited[account] = r
		}
		return "", nil
	})
	return invited, unprocessed, err
}

// invite writes invitations, all or, when they were too many, none. The invited account's own
// record comes first and is nothing without the truth.
func (h *Hub) invite(ctx context.Context, l *relationLock, p auth.Principal, invited map[string]memberRecord) error {
	if len(invited) == 0 {
		return nil
	}
	roster, err := h.roster(ctx, p.Account, p.Region)
	if err != nil {
		return err
	}
	if n := roster.Invited + len(invited); n > h.limits.invitations {
		return findinghub.Errorf(findinghub.CodeLimitExceeded, "Account %s would have %d open invitations in %s, more than the maximum of %d", p.Account, n, p.Region, h.limits.invitations)
	}
	c := l.change()
	if err := c.touch(ctx, p.Account); err != nil {
		return err
	}
	for _, account := range slices.Sorted(maps.Keys(invited)) {
		old := invited[account]
		id, err := h.newID()
		if err != nil {
			return err
		}
		c.save(invitationRecords, account, p.Account, invitationRecord{id})
		now := memberRecord{Status: statusInvited, Email: old.Email, InvitationID: id, InvitedAt: h.now(), UpdatedAt: h.now()}
		c.put(p.Account, account, old, now)
	}
	return c.commit(ctx)
}
