package hub

import (
	"context"

	"github.com/findinghub/findinghub/auth"
)

// DeleteInvitationsInput is the operation's request: up to 50 accounts that invited the caller.
type DeleteInvitationsInput struct {
	AccountIDs []string `json:"AccountIds"`
}

// DeleteInvitationsOutput is the operation's response.
type DeleteInvitationsOutput struct{ UnprocessedAccounts []Result }

// DeleteInvitations deletes invitations of the caller, and declines those that are open.
func (h *Hub) DeleteInvitations(ctx context.Context, p auth.Principal, in DeleteInvitationsInput) (*DeleteInvitationsOutput, error) {
	unprocessed, err := h.eachInvitationOf(ctx, p, in.AccountIDs, func(l *relationLock, administrator string, r memberRecord) (string, error) {
		if r.Status == statusEnabled {
			return "The request is rejected because the invitation was accepted. Disassociate from the administrator first.", nil
		}
		c := l.change()
		if r.Status == statusInvited {
			if err := c.resign(ctx, p, administrator, r); err != nil {
				return "", err
			}
		}
		c.remove(invitationRecords, p.Account, administrator)
		return "", c.commit(ctx)
	})
	if err != nil {
		return nil, err
	}
	return &DeleteInvitationsOutput{UnprocessedAccounts: unprocessed}, nil
}
