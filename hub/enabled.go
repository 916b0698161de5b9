package hub

import (
	"context"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/auth"
)

// defaultHub is the name of an account's one hub in a region.
const defaultHub = "default"

// securityControl is how controls report in hubs enabled since February 2023.
const securityControl = "SECURITY_CONTROL"

// hubRecord reads the caller's hub. Where nobody enabled or disabled it, it is on in
// --dev, since the hub's start, and off otherwise (decision 23).
func (h *Hub) hubRecord(ctx context.Context, p auth.Principal) (hubRecord, error) {
	r := hubRecord{}
	found, err := h.load(ctx, p, hubRecords, defaultHub, &r)
	if err != nil || found {
		return r, err
	}
	if !h.dev {
		return hubRecord{State: disabled}, nil
	}
	return hubRecord{SubscribedAt: h.started, AutoEnableControls: true, ControlFindingGenerator: securityControl}, nil
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
