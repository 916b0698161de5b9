package hub

import (
	"context"
	"slices"
	"time"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/auth"
)

// organizations is the directory of organisations. In --dev there is none to ask: all accounts
// are one organisation, whose management account is the account of callers who name none.
func organizations(c Config) func(string) *auth.Organization {
	developers := &auth.Organization{ID: "o-development", ManagementAccount: auth.DevAccount, All: true}
	switch {
	case c.Organizations != nil:
		return c.Organizations
	case c.Dev:
		return func(string) *auth.Organization { return developers }
	}
	return func(string) *auth.Organization { return nil }
}

// The features that an organisation has an administrator for. The hub has only the first; the
// administrator for the other is remembered and administers nothing yet.
const (
	featureCSPM = "SecurityHub"
	featureV2   = "SecurityHubV2"
)

// designationRecord is who administers an organisation's accounts in a region.
type designationRecord struct {
	Administrator string
	// ID names this designation: what it brought about ends with it, and does not return when the
	// same account is designated again.
	ID string
}

// organizationRecord is how a delegated administrator wants its organisation.
type organizationRecord struct {
	Designation         string
	AutoEnable          bool
	AutoEnableStandards string
	ConfigurationType   string
	// Since is when AutoEnable was last switched on.
	Since time.Time `json:",omitzero"`
	// Joined are the accounts that AutoEnable had made members when it was switched off, in order.
	// They stay; only later ones do not become members.
	Joined []string `json:",omitempty"`
}

// The values of an organisation's configuration.
const (
	standardsNone    = "NONE"
	standardsDefault = "DEFAULT"
	configureLocal   = "LOCAL"
	configureCentral = "CENTRAL"
)

// delegation is an organisation with its administrator in a region. The zero value is none.
type delegation struct {
	designationRecord
	org    *auth.Organization
	config organizationRecord
}

// by says whether an account is the organisation's administrator.
func (d delegation) by(account string) bool {
	return d.Administrator != "" && d.Administrator == account
}

// covers says whether an account is the organisation's administrator and another one of its accounts.
func (d delegation) covers(administrator, member string) bool {
	return d.by(administrator) && d.org.Includes(member)
}

// accounts gives a quick way to ask for many accounts whether they belong to the organisation.
func (d delegation) accounts() func(account string) bool {
	if d.org == nil || d.org.All {
		return d.org.Includes
	}
	set := make(map[string]bool, len(d.org.Accounts))
	for _, a := range d.org.Accounts {
		set[a] = true
	}
	return func(account string) bool { return set[account] }
}

// delegation reads who administers an account's organisation in a region.
func (h *Hub) delegation(ctx context.Context, account, region string) (delegation, error) {
	return h.delegationOf(ctx, h.orgs(account), region)
}

// delegationOf reads who administers an organisation, and how. An administrator that is no longer
// one of its accounts administers nothing.
func (h *Hub) delegationOf(ctx context.Context, org *auth.Organization, region string) (delegation, error) {
	if org == nil {
		return delegation{}, nil
	}
	d := delegation{org: org}
	_, err := h.load(ctx, at(org.ManagementAccount, region), designationRecords, featureCSPM, &d.designationRecord)
	if err != nil || !org.Includes(d.Administrator) {
		return delegation{}, err
	}
	_, err = h.load(ctx, at(d.Administrator, region), organizationRecords, defaultHub, &d.config)
	if d.config.Designation != d.ID {
		d.config = organizationRecord{Designation: d.ID, AutoEnableStandards: standardsDefault, ConfigurationType: configureLocal}
	}
	return d, err
}

// requireManagement gives the caller's organisation and fails unless the caller manages it.
func (h *Hub) requireManagement(p auth.Principal) (*auth.Organization, error) {
	org := h.orgs(p.Account)
	if org == nil {
		return nil, findinghub.Errorf(findinghub.CodeAccessDenied, "Your account is not a member of an organization")
	}
	if org.ManagementAccount != p.Account {
		return nil, findinghub.Errorf(findinghub.CodeAccessDenied, "Account %s is not the management account of its organization", p.Account)
	}
	return org, nil
}

// requireDelegation gives the organisation that the caller administers; 401 in the service's
// words for everybody else (error-strings.md).
func (h *Hub) requireDelegation(ctx context.Context, p auth.Principal) (delegation, error) {
	if _, err := h.requireHub(ctx, p); err != nil {
		return delegation{}, err
	}
	d, err := h.delegation(ctx, p.Account, p.Region)
	if err == nil && !d.by(p.Account) {
		err = findinghub.Errorf(findinghub.CodeInvalidAccess, "Account %s is not an administrator for this organization", p.Account)
	}
	return d, err
}

// joined says whether the organisation's configuration makes an account a member, and of whom.
func (h *Hub) joined(ctx context.Context, account, region string) (delegation, bool, error) {
	d, err := h.delegation(ctx, account, region)
	if err != nil || d.Administrator == "" {
		return d, false, err
	}
	candidate, err := h.candidate(ctx, d, region, account)
	if err != nil || !candidate {
		return d, false, err
	}
	r, err := h.member(ctx, d.Administrator, region, account)
	if err != nil {
		return d, false, err
	}
	joins, err := h.joins(ctx, d, region, account, r)
	return d, joins, err
}

// candidates are the accounts that the configuration would make members. Of an organisation
// that includes every account they are those that once enabled their hub.
func (h *Hub) candidates(ctx context.Context, d delegation, region string) ([]string, error) {
	switch {
	case d.org == nil:
		return nil, nil
	case !d.config.AutoEnable:
		included := d.accounts()
		return slices.DeleteFunc(slices.Clone(d.config.Joined), func(a string) bool { return !included(a) }), nil
	case !d.org.All:
		return d.org.Accounts, nil
	}
	var known []string
	err := h.each(ctx, at(d.org.ManagementAccount, region), knownRecords, func(name string, _ []byte) error {
		known = append(known, name)
		return nil
	})
	return known, err
}

// candidate says whether an account is one of the candidates.
func (h *Hub) candidate(ctx context.Context, d delegation, region, account string) (bool, error) {
	switch {
	case !d.org.Includes(account):
		return false, nil
	case !d.config.AutoEnable:
		_, found := slices.BinarySearch(d.config.Joined, account)
		return found, nil
	case !d.org.All:
		return true, nil
	}
	return h.load(ctx, at(d.org.ManagementAccount, region), knownRecords, account, &knownRecord{})
}

// joins says whether a candidate becomes a member: not the administrator and the management account,
// not whom the administrator removed, not who has another administrator or members of its own.
func (h *Hub) joins(ctx context.Context, d delegation, region, account string, r memberRecord) (bool, error) {
	removed := r.Designation == d.ID && r.Status != statusEnabled
	if account == d.Administrator || account == d.org.ManagementAccount || removed {
		return false, nil
	}
	if other, _, err := h.relation(ctx, account, region); err != nil || other != "" {
		return false, err
	}
	roster, err := h.roster(ctx, account, region)
	return roster.Accepted == 0, err
}

// knownRecord says that an account of an organisation that includes every account exists.
type knownRecord struct{}

// enrol notes that an account exists where its organisation cannot know it otherwise.
func (h *Hub) enrol(ctx context.Context, p auth.Principal) error {
	org := h.orgs(p.Account)
	if org == nil || !org.All {
		return nil
	}
	// These records are never removed: who finds one needs no lock.
	if found, err := h.load(ctx, at(org.ManagementAccount, p.Region), knownRecords, p.Account, &knownRecord{}); err != nil || found {
		return err
	}
	l, err := h.lockRelations(ctx, p.Region)
	if err != nil {
		return err
	}
	defer l.release(ctx)
	d, err := h.delegationOf(ctx, org, p.Region)
	if err != nil {
		return err
	}
	c := l.change()
	if d.Administrator != "" {
		if err := c.touch(ctx, d.Administrator); err != nil {
			return err
		}
	}
	c.save(knownRecords, org.ManagementAccount, p.Account, knownRecord{})
	return c.commit(ctx)
}
