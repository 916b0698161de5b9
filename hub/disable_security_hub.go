package hub

import (
	"context"

	"github.com/findinghub/findinghub/auth"
)

// DisableSecurityHubInput is the operation's request, which says nothing.
type DisableSecurityHubInput struct{}

// DisableSecurityHub switches the caller's hub off: its operations answer 401 from then on.
// Findings and product subscriptions stay for the day when it is on again; its settings
// and tags go (behaviour.md section 2.4).
func (h *Hub) DisableSecurityHub(ctx context.Context, p auth.Principal, _ DisableSecurityHubInput) error {
	h.recordsMu.Lock()
	defer h.recordsMu.Unlock()
	if _, err := h.requireHub(ctx, p); err != nil {
		return err
	}
	return h.save(ctx, p, hubRecords, defaultHub, hubRecord{State: disabled})
}
