package hub

import (
	"context"

	"github.com/findinghub/findinghub/auth"
)

// DisassociateFromMasterAccountInput is the operation's request, which says nothing.
type DisassociateFromMasterAccountInput struct{}

// DisassociateFromMasterAccountOutput is the operation's response, which says nothing.
type DisassociateFromMasterAccountOutput struct{}

// DisassociateFromMasterAccount is the legacy name of DisassociateFromAdministratorAccount.
func (h *Hub) DisassociateFromMasterAccount(ctx context.Context, p auth.Principal, _ DisassociateFromMasterAccountInput) (*DisassociateFromMasterAccountOutput, error) {
	return &DisassociateFromMasterAccountOutput{}, h.leave(ctx, p)
}
