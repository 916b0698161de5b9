package hub

import (
	"cmp"
	"context"

	"github.com/findinghub/findinghub/auth"
)

// ListOrganizationAdminAccountsInput is the operation's request.
type ListOrganizationAdminAccountsInput struct {
	Feature    string // SecurityHub by default
	MaxResults int    // 1 to 10
	NextToken  string
}

// ListOrganizationAdminAccountsOutput is the operation's response.
type ListOrganizationAdminAccountsOutput struct {
	AdminAccounts []AdminAccount
	Feature       string
}

// AdminAccount is the administrator of an organisation.
type AdminAccount struct {
	AccountID string `json:"AccountId"`
	Status    string // ENABLED
}

// ListOrganizationAdminAccounts tells the management account who administers its organisation in its
// region. There is one at most, hence never a second page (behaviour.md section 5.7).
func (h *Hub) ListOrganizationAdminAccounts(ctx context.Context, p auth.Principal, in ListOrganizationAdminAccountsInput) (*ListOrganizationAdminAccountsOutput, error) {
	out := &ListOrganizationAdminAccountsOutput{AdminAccounts: []AdminAccount{}, Feature: cmp.Or(in.Feature, featureCSPM)}
	if _, err := h.open(in.NextToken, binding("ListOrganizationAdminAccounts", p), &struct{}{}); err != nil {
		return nil, err
	}
	if _, err := h.requireManagement(p); err != nil {
		return nil, err
	}
	d := designationRecord{}
	found, err := h.load(ctx, p, designationRecords, out.Feature, &d)
	if err != nil {
		return nil, err
	}
	if found {
		out.AdminAccounts = append(out.AdminAccounts, AdminAccount{AccountID: d.Administrator, Status: "ENABLED"})
	}
	return out, nil
}
