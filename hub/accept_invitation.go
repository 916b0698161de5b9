package hub

import (
	"context"

	"github.com/findinghub/findinghub/auth"
)

// AcceptInvitationInput is the operation's request.
type AcceptInvitationInput struct {
	MasterID     string `json:"MasterId"`
	InvitationID string `json:"InvitationId"`
}

// AcceptInvitation is the legacy name of AcceptAdministratorInvitation.
func (h *Hub) AcceptInvitation(ctx context.Context, p auth.Principal, in AcceptInvitationInput) error {
	return h.accept(ctx, p, "MasterId", in.MasterID, in.InvitationID)
}
