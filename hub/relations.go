package hub

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/findinghub/findinghub/auth"
)

// memberAccounts gives the accounts whose findings the administrator sees in a region, without
// its own: the members that are enabled at this moment, in order. The slice is shared and never
// written to: callers may append to it, but not change it.
func (h *Hub) memberAccounts(ctx context.Context, administrator, region string) ([]string, error) {
	m, err := h.members(ctx, administrator, region)
	return m.accounts, err
}

// administratorOf gives the administrator of a member in a region, "" for an account that is
// nobody's member.
func (h *Hub) administratorOf(ctx context.Context, member, region string) (string, error) {
	administrator, _, err := h.relation(ctx, member, region)
	if err != nil || administrator != "" {
		return administrator, err
	}
	d, joined, err := h.joined(ctx, member, region)
	if err != nil || !joined {
		return "", err
	}
	return d.Administrator, nil
}

// relation gives the administrator that an account has a record with and that record, "" for none: the
// pointer and the truth agree, and where an organisation made it, the organisation still stands to it.
func (h *Hub) relation(ctx context.Context, member, region string) (string, memberRecord, error) {
	pointer := administratorRecord{}
	if found, err := h.load(ctx, at(member, region), administratorRecords, defaultHub, &pointer); err != nil || !found {
		return "", memberRecord{}, err
	}
	r, err := h.member(ctx, pointer.Account, region, member)
	if err != nil || r.Status != statusEnabled {
		return "", memberRecord{}, err
	}
	if r.Designation != "" {
		d, err := h.delegation(ctx, pointer.Account, region)
		if err != nil || !d.by(pointer.Account) || d.ID != r.Designation || !d.org.Includes(member) {
			return "", memberRecord{}, err
		}
	}
	return pointer.Account, r, nil
}

// membership is who an administrator's members in a region are, for one version of its roster.
type membership struct {
	version uint64
	org     *auth.Organization
	// accounts are all members, in order; joined are those of them whom nobody asked.
	accounts, joined []string
	// unrecorded counts the members that the roster does not.
	unrecorded int
	since      time.Time // when the organisation's configuration began to make members
}

// contains says whether an account is a member.
func (m *membership) contains(account string) bool {
	_, found := slices.BinarySearch(m.accounts, account)
	return found
}

// members gives an administrator's members in a region. It is asked with every search: it costs one
// record, unless something changed.
func (h *Hub) members(ctx context.Context, administrator, region string) (*membership, error) {
	none := &membership{}
	r := rosterRecord{}
	found, err := h.load(ctx, at(administrator, region), rosterRecords, defaultHub, &r)
	if err != nil || !found {
		return none, err // neither members nor a designation come without a roster
	}
	org := h.orgs(administrator)
	if m := h.rosters.get(administrator, region); m != nil && m.version == r.Version && sameOrganization(m.org, org) {
		return m, nil
	}
	m, err := h.enumerate(ctx, administrator, region, org)
	if err != nil {
		return none, err
	}
	if r.Changing {
		h.repair(ctx, administrator, region)
		return m, nil
	}
	m.version = r.Version
	h.rosters.put(administrator, region, m)
	return m, nil
}

// enumerate reads who the members of an administrator are.
func (h *Hub) enumerate(ctx context.Context, administrator, region string, org *auth.Organization) (*membership, error) {
	m := &membership{org: org}
	d, err := h.delegationOf(ctx, org, region)
	if err != nil {
		return nil, err
	}
	if !d.by(administrator) {
		d = delegation{}
	}
	records := map[string]memberRecord{}
	err = h.each(ctx, at(administrator, region), memberRecords, func(name string, body []byte) error {
		r := memberRecord{}
		err := json.Unmarshal(body, &r)
		records[name] = r
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := h.enumerateAsked(ctx, m, administrator, region, d, records); err != nil {
		return nil, err
	}
	if err := h.enumerateJoined(ctx, m, region, d, records); err != nil {
		return nil, err
	}
	slices.Sort(m.accounts)
	m.accounts = slices.Compact(m.accounts) // a directory may name an account twice
	slices.Sort(m.joined)
	m.accounts = slices.Clip(m.accounts) // so that an append of a caller's is a copy
	return m, nil
}

// enumerateAsked adds the members that a record makes so.
func (h *Hub) enumerateAsked(ctx context.Context, m *membership, administrator, region string, d delegation, records map[string]memberRecord) error {
	included := d.accounts()
	for account, r := range records {
		if r.Status != statusEnabled || r.Designation != "" && (r.Designation != d.ID || !included(account)) {
			continue
		}
		pointer := administratorRecord{}
		if _, err := h.load(ctx, at(account, region), administratorRecords, defaultHub, &pointer); err != nil {
			return err
		}
		if pointer.Account == administrator {
			m.accounts = append(m.accounts, account)
		}
	}
	return nil
}

// enumerateJoined adds the members that the organisation's configuration makes so.
func (h *Hub) enumerateJoined(ctx context.Context, m *membership, region string, d delegation, records map[string]memberRecord) error {
	candidates, err := h.candidates(ctx, d, region)
	if err != nil {
		return err
	}
	m.since = d.config.Since
	for _, account := range candidates {
		r := records[account]
		joins, err := h.joins(ctx, d, region, account, r)
		if err != nil {
			return err
		}
		if !joins {
			continue
		}
		m.accounts, m.joined = append(m.accounts, account), append(m.joined, account)
		if !r.visible() {
			m.unrecorded++
		}
	}
	return nil
}
