package hub

import (
	"context"

	"github.com/findinghub/findinghub/auth"
)

// GetAdministratorAccountInput is the operation's request, which says nothing.
type GetAdministratorAccountInput struct{}

// GetAdministratorAccountOutput is the operation's response: empty for who is nobody's member.
type GetAdministratorAccountOutput struct {
	Administrator *Invitation `json:",omitempty"`
}

// GetAdministratorAccount tells the caller who its administrator is (behaviour.md section 5.7).
func (h *Hub) GetAdministratorAccount(ctx context.Context, p auth.Principal, _ GetAdministratorAccountInput) (*GetAdministratorAccountOutput, error) {
	i, err := h.administratorView(ctx, p)
	if err != nil {
		return nil, err
	}
	return &GetAdministratorAccountOutput{Administrator: i}, nil
}

// administratorView is the operation under both of its names; nil for who is nobody's member.
func (h *Hub) administratorView(ctx context.Context, p auth.Principal) (*Invitation, error) {
	if _, err := h.requireHub(ctx, p); err != nil {
		return nil, err
	}
	administrator, r, err := h.relation(ctx, p.Account, p.Region)
	if err != nil {
		return nil, err
	}
	if administrator == "" {
		d, joined, err := h.joined(ctx, p.Account, p.Region)
		if err != nil || !joined {
			return nil, err
		}
		administrator, r = d.Administrator, memberRecord{Status: statusEnabled, InvitedAt: d.config.Since}
	}
	i := r.invitation(administrator)
	return &i, nil
}
