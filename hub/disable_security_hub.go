package hub

import (
	"context"

	"github.com/findinghub/findinghub/auth"
)

// DisableSecurityHubInput is the operation's request, which says nothing.
type DisableSecurityHubInput struct{}

// DisableSecurityHub switches the caller's hub off: its operations answer 401 from then on.
// Findings and product subscriptions stay for the day when it is on again; its settings
// and tags go (behaviour.md section 2.4). Administrators and members cannot (section 5.6).
func (h *Hub) DisableSecurityHub(ctx context.Context, p auth.Principal, _ DisableSecurityHubInput) error {
	// With the lock, so that nobody makes the caller an administrator or member meanwhile.
	l, err := h.lockRelations(ctx, p.Region)
	if err != nil {
		return err
	}
	defer l.release(ctx)
	if _, err := h.requireHub(ctx, p); err != nil {
		return err
	}
	if err := h.requireUnrelated(ctx, p); err != nil {
		return err
	}
	c := l.change()
	c.save(hubRecords, p.Account, defaultHub, hubRecord{State: disabled})
	return c.commit(ctx)
}

// requireUnrelated fails for administrators and members. Terraform looks for the words and tries
// again until the relation is over, which is right for both.
func (h *Hub) requireUnrelated(ctx context.Context, p auth.Principal) error {
	administrator, err := h.administratorOf(ctx, p.Account, p.Region)
	if err != nil {
		return err
	}
	const words = "Cannot disable Security Hub on the Security Hub administrator"
	if administrator != "" {
		return invalid(words+"'s members: account %s is a member of account %s", p.Account, administrator)
	}
	d, err := h.delegation(ctx, p.Account, p.Region)
	if err != nil {
		return err
	}
	if d.Administrator == p.Account {
		return invalid(words+": account %s administers its organization", p.Account)
	}
	members, err := h.memberAccounts(ctx, p.Account, p.Region)
	if err == nil && len(members) > 0 {
		err = invalid(words+": account %s has members", p.Account)
	}
	return err
}
