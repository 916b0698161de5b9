package hub

import (
	"context"

	"github.com/findinghub/findinghub/auth"
)

// GetMasterAccountInput is the operation's request, which says nothing.
type GetMasterAccountInput struct{}

// GetMasterAccountOutput is the operation's response: empty for who is nobody's member.
type GetMasterAccountOutput struct {
	Master *Invitation `json:",omitempty"`
}

// GetMasterAccount is the legacy name of GetAdministratorAccount.
func (h *Hub) GetMasterAccount(ctx context.Context, p auth.Principal, _ GetMasterAccountInput) (*GetMasterAccountOutput, error) {
	i, err := h.administratorView(ctx, p)
	if err != nil {
		return nil, err
	}
	return &GetMasterAccountOutput{Master: i}, nil
}
