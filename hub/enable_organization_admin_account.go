package hub

import (
	"cmp"
	"context"

	"github.com/findinghub/findinghub/auth"
)

// EnableOrganizationAdminAccountInput is the operation's request.
type EnableOrganizationAdminAccountInput struct {
	AdminAccountID string `json:"AdminAccountId"`
	Feature        string // SecurityHub by default
}

// EnableOrganizationAdminAccountOutput is the operation's response.
type EnableOrganizationAdminAccountOutput struct {
	AdminAccountID string `json:"AdminAccountId"`
	Feature        string
}

// EnableOrganizationAdminAccount makes one account the administrator of its organisation in the
// caller's region and switches its hub on. Only the management account may, and while there
// is one no other can be (behaviour.md section 5.7).
func (h *Hub) EnableOrganizationAdminAccount(ctx context.Context, p auth.Principal, in EnableOrganizationAdminAccountInput) (*EnableOrganizationAdminAccountOutput, error) {
	if fault := accountFault("AdminAccountId", in.AdminAccountID); fault != "" {
		return nil, invalid("%s", fault)
	}
	org, err := h.requireManagement(p)
	if err != nil {
		return nil, err
	}
	if !org.Includes(in.AdminAccountID) {
		return nil, invalid("Invalid parameter 'AdminAccountId'. Account %s is not a member of the organization.", in.AdminAccountID)
	}
	l, err := h.lockRelations(ctx, p.Region)
	if err != nil {
		return nil, err
	}
	defer l.release(ctx)
	feature := cmp.Or(in.Feature, featureCSPM)
	out := &EnableOrganizationAdminAccountOutput{in.AdminAccountID, feature}
	current := designationRecord{}
	found, err := h.load(ctx, p, designationRecords, feature, &current)
	if err != nil || found && current.Administrator == in.AdminAccountID {
		return out, err
	}
	if found {
		return nil, invalid("Invalid parameter 'AdminAccountId'. Account %s is the organization's administrator in %s; disable it first.", current.Administrator, p.Region)
	}
	if err := h.designate(ctx, l.change(), p, in.AdminAccountID, feature); err != nil {
		return nil, err
	}
	return out, nil
}

// designate commits a change that makes an account the administrator of the caller's organisation.
func (h *Hub) designate(ctx context.Context, c *change, p auth.Principal, administrator, feature string) error {
	id, err := h.newID()
	if err != nil {
		return err
	}
	d := designationRecord{Administrator: administrator, ID: id}
	if feature != featureCSPM {
		c.save(designationRecords, p.Account, feature, d)
		return c.commit(ctx)
	}
	other, err := h.administratorOf(ctx, administrator, p.Region)
	if err != nil {
		return err
	}
	if other != "" {
		return invalid("Invalid parameter 'AdminAccountId'. Account %s is a member of an administrator and cannot be one.", administrator)
	}
	if err := c.enableFor(ctx, administrator); err != nil {
		return err
	}
	if err := c.touch(ctx, administrator); err != nil {
		return err
	}
	c.save(designationRecords, p.Account, feature, d)
	return c.commit(ctx)
}
