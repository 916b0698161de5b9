package hub

import (
	"context"

	"github.com/findinghub/findinghub/auth"
)

// UpdateSecurityHubConfigurationInput is the operation's request; what is not given stays.
type UpdateSecurityHubConfigurationInput struct {
	AutoEnableControls      *bool
	ControlFindingGenerator string
}

// UpdateSecurityHubConfiguration changes the settings of the caller's hub.
func (h *Hub) UpdateSecurityHubConfiguration(ctx context.Context, p auth.Principal, in UpdateSecurityHubConfigurationInput) error {
	h.recordsMu.Lock()
	defer h.recordsMu.Unlock()
	r, err := h.requireHub(ctx, p)
	if err != nil {
		return err
	}
	if in.AutoEnableControls != nil {
		r.AutoEnableControls = *in.AutoEnableControls
	}
	if in.ControlFindingGenerator != "" {
		r.ControlFindingGenerator = in.ControlFindingGenerator
	}
	return h.save(ctx, p, hubRecords, defaultHub, r)
}
