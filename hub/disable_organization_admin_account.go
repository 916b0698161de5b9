package hub

import (
	"cmp"
	"context"

	"github.com/findinghub/findinghub/auth"
)

// DisableOrganizationAdminAccountInput is the operation's request.
type DisableOrganizationAdminAccountInput struct {
	AdminAccountID string `json:"AdminAccountId"`
	Feature        string // SecurityHub by default
}

// DisableOrganizationAdminAccount ends an account's being the administrator of its organisation in
// the caller's region, and with it every member that it has by the organisation. Members by
// invitation stay (behaviour.md section 5.7).
func (h *Hub) DisableOrganizationAdminAccount(ctx context.Context, p auth.Principal, in DisableOrganizationAdminAccountInput) error {
	h.recordsMu.Lock()
	defer h.recordsMu.Unlock()
	if fault := accountFault("AdminAccountId", in.AdminAccountID); fault != "" {
		return invalid("%s", fault)
	}
	if _, err := h.requireManagement(p); err != nil {
		return err
	}
	feature := cmp.Or(in.Feature, featureCSPM)
	current := designationRecord{}
	if _, err := h.load(ctx, p, designationRecords, feature, &current); err != nil {
		return err
	}
	if current.Administrator != in.AdminAccountID {
		return invalid("Invalid parameter 'AdminAccountId'. Account %s is not the organization's administrator in %s.", in.AdminAccountID, p.Region)
	}
	if feature != featureCSPM {
		return h.remove(ctx, p, designationRecords, feature)
	}
	c, err := h.change(ctx, p.Region, current.Administrator)
	if err != nil {
		return err
	}
	if err := h.remove(ctx, p, designationRecords, feature); err != nil {
		return err
	}
	return c.finish(ctx)
}
