package hub

import (
	"context"

	"github.com/findinghub/findinghub/auth"
)

// GetFindingAggregatorInput is the operation's request.
type GetFindingAggregatorInput struct{ FindingAggregatorArn string }

func (in GetFindingAggregatorInput) accesses(_ *Hub, _ auth.Principal, action string) []auth.Access {
	return []auth.Access{{Action: action, Resource: in.FindingAggregatorArn}}
}

// GetFindingAggregator tells how the caller's aggregator links regions, in any region.
func (h *Hub) GetFindingAggregator(ctx context.Context, p auth.Principal, in GetFindingAggregatorInput) (*FindingAggregatorOutput, error) {
	r, err := h.namedAggregator(ctx, p, in.FindingAggregatorArn)
	if err != nil {
		return nil, err
	}
	return r.view(p), nil
}
