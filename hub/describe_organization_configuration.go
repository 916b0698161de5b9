package hub

import (
	"context"

	"github.com/findinghub/findinghub/auth"
)

// DescribeOrganizationConfigurationInput is the operation's request, which says nothing.
type DescribeOrganizationConfigurationInput struct{}

// DescribeOrganizationConfigurationOutput is the operation's response.
type DescribeOrganizationConfigurationOutput struct {
	AutoEnable                bool
	AutoEnableStandards       string
	MemberAccountLimitReached bool
	OrganizationConfiguration OrganizationConfiguration
}

// OrganizationConfiguration is whether an organisation is configured centrally.
type OrganizationConfiguration struct {
	ConfigurationType string
	Status            string
	StatusMessage     string `json:",omitempty"` // never there: the hub has no change that takes time
}

// DescribeOrganizationConfiguration tells the organisation's administrator how it is configured
// (behaviour.md section 5.7).
func (h *Hub) DescribeOrganizationConfiguration(ctx context.Context, p auth.Principal, _ DescribeOrganizationConfigurationInput) (*DescribeOrganizationConfigurationOutput, error) {
	d, err := h.requireDelegation(ctx, p)
	if err != nil {
		return nil, err
	}
	n, err := h.memberCount(ctx, p)
	if err != nil {
		return nil, err
	}
	return &DescribeOrganizationConfigurationOutput{
		AutoEnable: d.config.AutoEnable, AutoEnableStandards: d.config.AutoEnableStandards,
		MemberAccountLimitReached: n >= h.limits.members,
		OrganizationConfiguration: OrganizationConfiguration{ConfigurationType: d.config.ConfigurationType, Status: configurationEnabled},
	}, nil
}

// configurationEnabled is the status of every configuration: a change is in force when it is answered.
const configurationEnabled = "ENABLED"
