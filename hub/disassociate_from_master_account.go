package hub

import (
	"context"

	"github.com/findinghub/findinghub/auth"
)

// DisassociateFromMasterAccountInput is the operation's request, which says nothing.
type DisassociateFromMasterAccountInput struct{}

// DisassociateFromMasterAccount is the legacy name of DisassociateFromAdministratorAccount.
func (h *Hub) DisassociateFromMasterAccount(ctx context.Context, p auth.Principal, _ DisassociateFromMasterAccountInput) error {
	return h.leave(ctx, p)
}
