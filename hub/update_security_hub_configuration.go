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

// UpdateSecurityHubConfiguration changes the settings of the caller's hub. An implicit hub keeps
// them, and stays implicit: asking for it afterwards still succeeds (decision 23).
func (h *Hub) UpdateSecurityHubConfiguration(ctx context.Context, p auth.Principal, in UpdateSecurityHubConfigurationInput) error {
	// Two callers may each change one of the settings; neither change may undo the other.
	return h.editHub(ctx, p, func(r hubRecord) (*hubRecord, error) {
		if in.AutoEnableControls != nil {
			r.AutoEnableControls = *in.AutoEnableControls
		}
		if in.ControlFindingGenerator != "" {
			r.ControlFindingGenerator = in.ControlFindingGenerator
		}
		return &r, requireOn(p, r)
	})
}
