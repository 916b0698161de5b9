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
	if fault := accountFault("AdminAccountId", in.AdminAccountID); fault != "" {
		return invalid("%s", fault)
	}
	if _, err := h.requireManagement(p); err != nil {
		return err
	}
	l, err := h.lockRelations(ctx, p.Region)
	if err != nil {
		return err
	}
	defer l.release(ctx)
	feature := cmp.Or(in.Feature, featureCSPM)
	current := designationRecord{}
	if _, err := h.load(ctx, p, designationRecords, feature, &current); err != nil {
		return err
	}
	if current.Administrator != in.AdminAccountID {
		return invalid("Invalid parameter 'AdminAccountId'. Account %s is not the organization's administrator in %s.", in.AdminAccountID, p.Region)
	}
	c := l.change()
	if feature == featureCSPM {
		if err := c.touch(ctx, current.Administrator); err != nil {
			return err
		}
	}
	c.remove(designationRecords, p.Account, feature)
	return c.commit(ctx)
}
