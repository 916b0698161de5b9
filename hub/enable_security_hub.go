package hub

import (
	"cmp"
	"context"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/auth"
)

// EnableSecurityHubInput is the operation's request.
type EnableSecurityHubInput struct {
	ControlFindingGenerator string
	// EnableDefaultStandards is remembered for the day when the hub has standards.
	EnableDefaultStandards *bool
	Tags                   map[string]string
}

// EnableSecurityHub switches the caller's hub on. A hub that is on already is 409, unless
// it is on only because --dev says so (behaviour.md section 5.6, decision 23).
func (h *Hub) EnableSecurityHub(ctx context.Context, p auth.Principal, in EnableSecurityHubInput) error {
	h.recordsMu.Lock()
	defer h.recordsMu.Unlock()
	old, err := h.hubRecord(ctx, p)
	if err != nil {
		return err
	}
	if old.State == enabled {
		return findinghub.Errorf(findinghub.CodeResourceConflict, "Account is already subscribed to Security Hub")
	}
	// What an implicit hub was tagged with stays; a hub that was off has no tags.
	tags, err := mergeTags(old.Tags, in.Tags)
	if err != nil {
		return err
	}
	r := hubRecord{
		State: enabled, SubscribedAt: h.now(), AutoEnableControls: true,
		ControlFindingGenerator: cmp.Or(in.ControlFindingGenerator, securityControl),
		EnableDefaultStandards:  in.EnableDefaultStandards, Tags: tags,
	}
	if err := h.noteRegion(ctx, p.Account, p.Region); err != nil {
		return err
	}
	// Before the hub is on: afterwards nobody could ask again.
	if err := h.enrol(ctx, p); err != nil {
		return err
	}
	return h.save(ctx, p, hubRecords, defaultHub, r)
}
