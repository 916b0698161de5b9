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
	unprocessed, err := h.eachInvitationOf(ctx, p, in.AccountIDs, func(l *relationLock, administrator string, r memberRecord) (string, error) {
		if r.Status != statusInvited {
			return notInvited, nil
		}
		c := l.change()
		if err := c.resign(ctx, p, administrator, r); err != nil {
			return "", err
		}
		return "", c.commit(ctx)
	})
	if err != nil {
		return nil, err
	}
	return &DeclineInvitationsOutput{UnprocessedAccounts: unprocessed}, nil
}

// eachInvitationOf calls f for the invitations that the caller has from some accounts, with the lock held.
func (h *Hub) eachInvitationOf(ctx context.Context, p auth.Principal, accounts []string, f func(l *relationLock, administrator string, r memberRecord) (string, error)) ([]Result, error) {
	l, err := h.lockRelations(ctx, p.Region)
	if err != nil {
		return nil, err
	}
	defer l.release(ctx)
	if _, err := h.requireHub(ctx, p); err != nil {
		return nil, err
	}
	return eachAccount(accountIDs, accounts, func(administrator string) (string, error) {
		r, found, err := h.invitationFrom(ctx, p, administrator)
		if err != nil || !found {
			return notInvited, err
		}
		return f(l, administrator, r)
	})
}

// resign adds that the caller does not want the relation, which it may have entered or not.
func (c *change) resign(ctx context.Context, p auth.Principal, administrator string, old memberRecord) error {
	if err := c.touchRelation(ctx, administrator, p.Account); err != nil {
		return err
	}
	now := old
	now.Status, now.UpdatedAt = statusResigned, c.lock.h.now()
	return c.end(ctx, administrator, p.Account, old, now)
}
