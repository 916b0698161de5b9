package hub

import (
	"cmp"
	"context"

	"github.com/findinghub/findinghub/auth"
)

// UpdateOrganizationConfigurationInput is the operation's request; what is not given stays.
type UpdateOrganizationConfigurationInput struct {
	AutoEnable                bool
	AutoEnableStandards       string
	OrganizationConfiguration *OrganizationConfiguration
}

// UpdateOrganizationConfiguration changes how the organisation that the caller administers is
// configured. While AutoEnable is on, all of its accounts are members, also those that come
// later; those that were members stay when it is switched off (docs/adr/0010-members.md).
func (h *Hub) UpdateOrganizationConfiguration(ctx context.Context, p auth.Principal, in UpdateOrganizationConfigurationInput) error {
	l, err := h.lockRelations(ctx, p.Region)
	if err != nil {
		return err
	}
	defer l.release(ctx)
	d, err := h.requireDelegation(ctx, p)
	if err != nil {
		return err
	}
	now, err := in.change(d.config)
	if err != nil {
		return err
	}
	switch {
	case now.AutoEnable && !d.config.AutoEnable:
		now.Since, now.Joined = h.now(), nil
	case !now.AutoEnable && d.config.AutoEnable:
		m, err := h.members(ctx, p.Account, p.Region)
		if err != nil {
			return err
		}
		now.Joined = m.joined
	}
	c := l.change()
	if err := c.touch(ctx, p.Account); err != nil {
		return err
	}
	c.save(organizationRecords, p.Account, defaultHub, now)
	return c.commit(ctx)
}

// change gives the configuration after the request. A central one leaves nothing to the rest of it.
func (in UpdateOrganizationConfigurationInput) change(r organizationRecord) (organizationRecord, error) {
	if c := in.OrganizationConfiguration; c != nil {
		if c.StatusMessage != "" || c.Status != "" && c.Status != configurationEnabled {
			return r, invalid("Invalid parameter 'OrganizationConfiguration.Status'. It and StatusMessage are told, not set.")
		}
		r.ConfigurationType = cmp.Or(c.ConfigurationType, r.ConfigurationType)
	}
	r.AutoEnable = in.AutoEnable
	r.AutoEnableStandards = cmp.Or(in.AutoEnableStandards, r.AutoEnableStandards)
	if r.ConfigurationType != configureCentral {
		return r, nil
	}
	if in.AutoEnable {
		return r, invalid("Invalid parameter 'AutoEnable'. It must be false when ConfigurationType is CENTRAL.")
	}
	if in.AutoEnableStandards == standardsDefault {
		return r, invalid("Invalid parameter 'AutoEnableStandards'. It must be NONE when ConfigurationType is CENTRAL.")
	}
	r.AutoEnableStandards = standardsNone
	return r, nil
}
