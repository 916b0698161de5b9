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

// AcceptInvitationOutput is the operation's response, which says nothing.
type AcceptInvitationOutput struct{}

// AcceptInvitation is the legacy name of AcceptAdministratorInvitation.
func (h *Hub) AcceptInvitation(ctx context.Context, p auth.Principal, in AcceptInvitationInput) (*AcceptInvitationOutput, error) {
	return &AcceptInvitationOutput{}, h.accept(ctx, p, "MasterId", in.MasterID, in.InvitationID)
}
