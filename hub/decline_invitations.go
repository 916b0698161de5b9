package hub

import (
	"context"

	"github.com/findinghub/findinghub/auth"
)

// DeclineInvitationsInput is the operation's request: up to 50 accounts that invited the caller.
type DeclineInvitationsInput struct {
	AccountIDs []string `json:"AccountIds"`
}

// DeclineInvitationsOutput is the operation's response.
type DeclineInvitationsOutput struct{ UnprocessedAccounts []Result }

// DeclineInvitations declines invitations that the caller has not accepted.
func (h *Hub) DeclineInvitations(ctx context.Context, p auth.Principal, in DeclineInvitationsInput) (*DeclineInvitationsOutput, error) {
	unprocessed, err := h.eachInvitationOf(ctx, p, in.AccountIDs, func(administrator string, r memberRecord) (string, error) {
		if r.Status != statusInvited {
			return notInvited, nil
		}
		return "", h.resign(ctx, p, administrator, r)
	})
	if err != nil {
		return nil, err
	}
	return &DeclineInvitationsOutput{UnprocessedAccounts: unprocessed}, nil
}

// eachInvitationOf calls f for the invitations that the caller has from some accounts. It holds recordsMu.
func (h *Hub) eachInvitationOf(ctx context.Context, p auth.Principal, accounts []string, f func(administrator string, r memberRecord) (string, error)) ([]Result, error) {
	h.recordsMu.Lock()
	defer h.recordsMu.Unlock()
	if _, err := h.requireHub(ctx, p); err != nil {
		return nil, err
	}
	return eachAccount(accountIDs, accounts, func(administrator string) (string, error) {
		r, found, err := h.invitationFrom(ctx, p, administrator)
		if err != nil || !found {
			return notInvited, err
		}
		return f(administrator, r)
	})
}

// resign writes that the caller does not want the relation, which it may have entered or not.
func (h *Hub) resign(ctx context.Context, p auth.Principal, administrator string, old memberRecord) error {
	c, err := h.change(ctx, p.Region)
	if err != nil {
		return err
	}
	if err := c.touchRelation(ctx, administrator, p.Account); err != nil {
		return err
	}
	now := old
	now.Status, now.UpdatedAt = statusResigned, h.now()
	if err := c.end(ctx, administrator, p.Account, old, now); err != nil {
		return err
	}
	return c.finish(ctx)
}
