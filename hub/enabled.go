package hub

import (
	"context"
	"time"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/auth"
)

// defaultHub is the name of an account's one hub in a region.
const defaultHub = "default"

// securityControl is how controls report in hubs enabled since February 2023.
const securityControl = "SECURITY_CONTROL"

// hubRecord reads the caller's hub. Where nobody enabled or disabled it, it is on in
// --dev, since the hub's start, and off otherwise (decision 23). The hub of an account that
// its organisation made a member is on in any case (docs/adr/0010-members.md).
func (h *Hub) hubRecord(ctx context.Context, p auth.Principal) (hubRecord, error) {
	r := hubRecord{}
	found, err := h.load(ctx, p, hubRecords, defaultHub, &r)
	if err != nil || found && r.State != disabled {
		return r, err
	}
	if h.dev && !found {
		return implicitHub(h.started), nil
	}
	d, joined, err := h.joined(ctx, p.Account, p.Region)
	if err != nil || !joined {
		return hubRecord{State: disabled}, err
	}
	return implicitHub(d.config.Since), nil
}

// implicitHub is a hub that is on although its account never asked for it.
func implicitHub(since time.Time) hubRecord {
	return hubRecord{SubscribedAt: since, AutoEnableControls: true, ControlFindingGenerator: securityControl}
}

// enableFor switches an account's hub on because an organisation wants it so. One that is on stays
// as it is. The caller holds recordsMu.
func (h *Hub) enableFor(ctx context.Context, account, region string) error {
	p := at(account, region)
	r, err := h.hubRecord(ctx, p)
	if err != nil || r.State != disabled {
		return err
	}
	r = implicitHub(h.now())
	r.State = enabled
	if err := h.noteRegion(ctx, account, region); err != nil {
		return err
	}
	return h.save(ctx, p, hubRecords, defaultHub, r)
}

// requireHub reads the caller's hub and fails with 401 in the service's words when it is off
// (behaviour.md section 1.5). Clients look for these words.
func (h *Hub) requireHub(ctx context.Context, p auth.Principal) (hubRecord, error) {
	r, err := h.hubRecord(ctx, p)
	if err == nil && r.State == disabled {
		err = findinghub.Errorf(findinghub.CodeInvalidAccess, "Account %s is not subscribed to AWS Security Hub", p.Account)
	}
	return r, err
}
