package hub

import (
	"cmp"
	"context"

	"github.com/findinghub/findinghub/auth"
)

// ListInvitationsInput is the operation's request.
type ListInvitationsInput struct {
	MaxResults int // 1 to 50, 50 by default
	NextToken  string
}

// ListInvitationsOutput is the operation's response.
type ListInvitationsOutput struct {
	Invitations []Invitation
	NextToken   string `json:",omitempty"`
}

// ListInvitations lists the invitations that the caller got, by who invited: also those that
// it accepted or declined, until it deletes them (behaviour.md section 5.7).
func (h *Hub) ListInvitations(ctx context.Context, p auth.Principal, in ListInvitationsInput) (*ListInvitationsOutput, error) {
	bound := binding("ListInvitations", p)
	after := ""
	if _, err := h.open(in.NextToken, bound, &after); err != nil {
		return nil, err
	}
	if _, err := h.requireHub(ctx, p); err != nil {
		return nil, err
	}
	limit := cmp.Or(in.MaxResults, maxAccounts)
	list := make([]Invitation, 0, limit+1)
	err := h.eachInvitation(ctx, p, after, func(i Invitation) bool {
		list = append(list, i)
		return len(list) > limit
	})
	if err != nil {
		return nil, err
	}
	out := &ListInvitationsOutput{Invitations: list}
	if len(list) > limit {
		out.Invitations = list[:limit]
		out.NextToken, err = h.seal(list[limit-1].AccountID, bound)
	}
	return out, err
}
