package hub

import (
	"context"

	"github.com/findinghub/findinghub/auth"
)

// GetInvitationsCountInput is the operation's request, which says nothing.
type GetInvitationsCountInput struct{}

// GetInvitationsCountOutput is the operation's response.
type GetInvitationsCountOutput struct{ InvitationsCount int }

// GetInvitationsCount counts the invitations that the caller may still accept.
func (h *Hub) GetInvitationsCount(ctx context.Context, p auth.Principal, _ GetInvitationsCountInput) (*GetInvitationsCountOutput, error) {
	if _, err := h.requireHub(ctx, p); err != nil {
		return nil, err
	}
	out := &GetInvitationsCountOutput{}
	err := h.eachInvitation(ctx, p, "", func(i Invitation) bool {
		if i.MemberStatus == statusInvited {
			out.InvitationsCount++
		}
		return false
	})
	return out, err
}
