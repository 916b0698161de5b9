package hub

import (
	"context"

	"github.com/findinghub/findinghub/auth"
)

// UpdateFindingAggregatorInput is the operation's request. It replaces mode and regions.
type UpdateFindingAggregatorInput struct {
	FindingAggregatorArn string
	RegionLinkingMode    string
	Regions              []string
}

func (in UpdateFindingAggregatorInput) accesses(_ *Hub, _ auth.Principal, action string) []auth.Access {
	return []auth.Access{{Action: action, Resource: in.FindingAggregatorArn}}
}

// UpdateFindingAggregator links other regions than before. The home region stays.
func (h *Hub) UpdateFindingAggregator(ctx context.Context, p auth.Principal, in UpdateFindingAggregatorInput) (*FindingAggregatorOutput, error) {
	h.recordsMu.Lock()
	defer h.recordsMu.Unlock()
	old, err := h.namedAggregator(ctx, p, in.FindingAggregatorArn)
	if err != nil {
		return nil, err
	}
	if err := old.atHome(p); err != nil {
		return nil, err
	}
	r, err := newLink(old.Home, in.RegionLinkingMode, in.Regions)
	if err != nil {
		return nil, err
	}
	r.ID = old.ID
	return r.view(p), h.save(ctx, accountOnly(p), aggregatorRecords, defaultHub, r)
}
