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
	var now aggregatorRecord
	err := h.editAggregator(ctx, p, in.FindingAggregatorArn, func(old aggregatorRecord) (_ *aggregatorRecord, err error) {
		now, err = newLink(old.Home, in.RegionLinkingMode, in.Regions)
		now.ID = old.ID
		return &now, err
	})
	if err != nil {
		return nil, err
	}
	return now.view(p), nil
}
