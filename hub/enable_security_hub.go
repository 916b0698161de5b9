package hub

import (
	"cmp"
	"context"
	"time"

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
	old, err := h.hubRecord(ctx, p)
	if err != nil {
		return err
	}
	on := in.enable(h.now())
	if _, err := on(old); err != nil {
		return err
	}
	if err := h.noteRegion(ctx, p.Account, p.Region); err != nil {
		return err
	}
	// Before the hub is on: afterwards nobody could ask again.
	if err := h.enrol(ctx, p); err != nil {
		return err
	}
	// Of two that ask at once the record takes the first.
	return h.editHub(ctx, p, on)
}

// enable makes of a hub what was asked for.
func (in EnableSecurityHubInput) enable(now time.Time) func(hubRecord) (*hubRecord, error) {
	return func(old hubRecord) (*hubRecord, error) {
		if old.State == enabled {
			return nil, findinghub.Errorf(findinghub.CodeResourceConflict, "Account is already subscribed to Security Hub")
		}
		// What an implicit hub was tagged with stays; a hub that was off has no tags.
		tags, err := mergeTags(old.Tags, in.Tags)
		return &hubRecord{
			State: enabled, SubscribedAt: now, AutoEnableControls: true,
			ControlFindingGenerator: cmp.Or(in.ControlFindingGenerator, securityControl),
			EnableDefaultStandards:  in.EnableDefaultStandards, Tags: tags,
		}, err
	}
}
