package hub

import (
	"context"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/auth"
)

// CreateMembersInput is the operation's request: 1 to 50 accounts.
type CreateMembersInput struct{ AccountDetails []AccountDetails }

// AccountDetails is an account that is to be a member.
type AccountDetails struct {
	AccountID string `json:"AccountId"`
	Email     string
}

// CreateMembersOutput is the operation's response.
type CreateMembersOutput struct{ UnprocessedAccounts []Result }

// newcomer is an account on its way to the members.
type newcomer struct {
	account  string
	old, now memberRecord
}

// CreateMembers adds accounts to the caller's members (behaviour.md section 5.7). An account of
// the organisation that the caller administers is a member at once and its hub is on; any
// other has to be invited.
func (h *Hub) CreateMembers(ctx context.Context, p auth.Principal, in CreateMembersInput) (*CreateMembersOutput, error) {
	l, err := h.lockRelations(ctx, p.Region)
	if err != nil {
		return nil, err
	}
	defer l.release(ctx)
	if err := h.requireAdministratorToBe(ctx, p); err != nil {
		return nil, err
	}
	newcomers, unprocessed, err := h.newcomers(ctx, p, in.AccountDetails)
	if err != nil {
		return nil, err
	}
	if err := h.add(ctx, l, p, newcomers); err != nil {
		return nil, err
	}
	return &CreateMembersOutput{UnprocessedAccounts: unprocessed}, nil
}

// newcomers judges the accounts of a request, before anything is written.
func (h *Hub) newcomers(ctx context.Context, p auth.Principal, details []AccountDetails) (newcomers []newcomer, unprocessed []Result, err error) {
	d, err := h.delegation(ctx, p.Account, p.Region)
	if err != nil {
		return nil, nil, err
	}
	m, err := h.members(ctx, p.Account, p.Region)
	if err != nil {
		return nil, nil, err
	}
	accounts, emails := make([]string, len(details)), make(map[string]string, len(details))
	for i, a := range details {
		accounts[i], emails[a.AccountID] = a.AccountID, a.Email
	}
	seen := map[string]bool{}
	unprocessed, err = eachAccount("AccountDetails[%d].AccountId", accounts, func(account string) (string, error) {
		if account == p.Account {
			return "The request is rejected because an account cannot be a member of itself.", nil
		}
		if m.contains(account) || seen[account] {
			return alreadyMember, nil
		}
		old, err := h.member(ctx, p.Account, p.Region, account)
		if err != nil {
			return "", err
		}
		now := memberRecord{Status: statusCreated, Email: emails[account], UpdatedAt: h.now()}
		reason := ""
		switch {
		case d.covers(p.Account, account):
			now.Status, now.InvitedAt, now.Designation = statusEnabled, now.UpdatedAt, d.ID
			reason, err = h.unavailable(ctx, d, p.Region, account)
		case old.visible():
			reason = alreadyMember
		}
		if err == nil && reason == "" {
			seen[account] = true
			newcomers = append(newcomers, newcomer{account, old, now})
		}
		return reason, err
	})
	return newcomers, unprocessed, err
}

// unavailable is why an account of the organisation cannot become its administrator's member, ""
// when it can.
func (h *Hub) unavailable(ctx context.Context, d delegation, region, account string) (string, error) {
	other, err := h.administratorOf(ctx, account, region)
	if err != nil || other != "" {
		return "The request is rejected because the given account ID is a member of another administrator.", err
	}
	roster, err := h.roster(ctx, account, region)
	if err != nil || roster.Accepted > 0 {
		return "The request is rejected because the given account ID has members of its own.", err
	}
	if account != d.org.ManagementAccount {
		return "", nil
	}
	// Nobody switches on the hub of those who pay for the organisation.
	r, err := h.hubRecord(ctx, at(account, region))
	if err == nil && r.State == disabled {
		return "The request is rejected because the given account ID is the organization's management account, and its hub is off.", nil
	}
	return "", err
}

// add writes newcomers, all or, when they were too many, none.
func (h *Hub) add(ctx context.Context, l *relationLock, p auth.Principal, newcomers []newcomer) error {
	if err := h.makeRoom(ctx, p, newcomers); err != nil || len(newcomers) == 0 {
		return err
	}
	c := l.change()
	if err := c.touch(ctx, p.Account); err != nil {
		return err
	}
	for _, n := range newcomers {
		if n.now.Status != statusEnabled {
			c.put(p.Account, n.account, n.old, n.now)
			continue
		}
		if err := c.enableFor(ctx, n.account); err != nil {
			return err
		}
		c.begin(p.Account, n.account, n.old, n.now)
	}
	return c.commit(ctx)
}

// makeRoom refuses newcomers that would be too many.
func (h *Hub) makeRoom(ctx context.Context, p auth.Principal, newcomers []newcomer) error {
	more := 0
	for _, c := range newcomers {
		if !c.old.visible() {
			more++
		}
	}
	n, err := h.memberCount(ctx, p)
	if err == nil && more > 0 && n+more > h.limits.members {
		err = findinghub.Errorf(findinghub.CodeLimitExceeded, "Account %s would have %d members in %s, more than the maximum of %d", p.Account, n+more, p.Region, h.limits.members)
	}
	return err
}

// memberCount counts the accounts that the caller is told of.
func (h *Hub) memberCount(ctx context.Context, p auth.Principal) (int, error) {
	m, err := h.members(ctx, p.Account, p.Region)
	if err != nil {
		return 0, err
	}
	r, err := h.roster(ctx, p.Account, p.Region)
	return r.Members + m.unrecorded, err
}
