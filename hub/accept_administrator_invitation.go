package hub

import (
	"context"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/auth"
)

// AcceptAdministratorInvitationInput is the operation's request.
type AcceptAdministratorInvitationInput struct {
	AdministratorID string `json:"AdministratorId"`
	InvitationID    string `json:"InvitationId"`
}

// AcceptAdministratorInvitation makes the caller a member of who invited it. An account has one
// administrator at most and is not both administrator and member (behaviour.md section 5.7).
func (h *Hub) AcceptAdministratorInvitation(ctx context.Context, p auth.Principal, in AcceptAdministratorInvitationInput) error {
	return h.accept(ctx, p, "AdministratorId", in.AdministratorID, in.InvitationID)
}

// accept is the operation under both of its names; member is what the request calls the administrator.
func (h *Hub) accept(ctx context.Context, p auth.Principal, member, administrator, id string) error {
	if fault := accountFault(member, administrator); fault != "" {
		return invalid("%s", fault)
	}
	l, err := h.lockRelations(ctx, p.Region)
	if err != nil {
		return err
	}
	defer l.release(ctx)
	if _, err := h.requireHub(ctx, p); err != nil {
		return err
	}
	r, found, err := h.invitationFrom(ctx, p, administrator)
	if err != nil {
		return err
	}
	if !found || r.InvitationID != id || r.Status != statusInvited && r.Status != statusEnabled {
		// One answer for all of it: nobody learns whom an account invited.
		return findinghub.Errorf(findinghub.CodeResourceNotFound, "Account %s has no open invitation %.64s from account %s", p.Account, id, administrator)
	}
	if r.Status == statusEnabled {
		return nil // whoever did not get the first answer asks again
	}
	if err := h.requireAcceptable(ctx, p, administrator); err != nil {
		return err
	}
	c := l.change()
	if err := c.touchRelation(ctx, administrator, p.Account); err != nil {
		return err
	}
	now := r
	now.Status, now.UpdatedAt = statusEnabled, h.now()
	c.begin(administrator, p.Account, r, now)
	return c.commit(ctx)
}

// requireAcceptable fails when the relation that the caller is about to enter would be a second one, or
// make somebody both administrator and member.
func (h *Hub) requireAcceptable(ctx context.Context, p auth.Principal, administrator string) error {
	current, err := h.administratorOf(ctx, p.Account, p.Region)
	if err != nil {
		return err
	}
	if current != "" {
		return invalid("Account %s is already a member of account %s", p.Account, current)
	}
	d, err := h.delegation(ctx, p.Account, p.Region)
	if err != nil {
		return err
	}
	roster, err := h.roster(ctx, p.Account, p.Region)
	if err != nil {
		return err
	}
	if d.by(p.Account) || roster.Accepted > 0 {
		return invalid("Account %s is an administrator itself and cannot be a member", p.Account)
	}
	above, err := h.administratorOf(ctx, administrator, p.Region)
	if err == nil && above != "" {
		err = invalid("Account %s can have no members at present", administrator)
	}
	return err
}
