package hub

import (
	"context"

	"github.com/findinghub/findinghub/auth"
)

// DisassociateFromAdministratorAccountInput is the operation's request, which says nothing.
type DisassociateFromAdministratorAccountInput struct{}

// DisassociateFromAdministratorAccount ends the caller's being a member. Members of their
// organisation's administrator cannot leave by themselves (behaviour.md section 5.7).
func (h *Hub) DisassociateFromAdministratorAccount(ctx context.Context, p auth.Principal, _ DisassociateFromAdministratorAccountInput) error {
	return h.leave(ctx, p)
}

// leave is the operation under both of its names.
func (h *Hub) leave(ctx context.Context, p auth.Principal) error {
	l, err := h.lockRelations(ctx, p.Region)
	if err != nil {
		return err
	}
	defer l.release(ctx)
	if _, err := h.requireHub(ctx, p); err != nil {
		return err
	}
	administrator, err := h.administratorOf(ctx, p.Account, p.Region)
	if err != nil {
		return err
	}
	if administrator == "" {
		return invalid("The request is rejected because the current account is not associated to a master account")
	}
	d, err := h.delegation(ctx, p.Account, p.Region)
	if err != nil {
		return err
	}
	if d.by(administrator) {
		return invalid("Account %s is a member by its organization and cannot leave by itself; the administrator %s can disassociate it", p.Account, administrator)
	}
	r, err := h.member(ctx, administrator, p.Region, p.Account)
	if err != nil {
		return err
	}
	c := l.change()
	if err := c.resign(ctx, p, administrator, r); err != nil {
		return err
	}
	return c.commit(ctx)
}
