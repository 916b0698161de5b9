package hub

import (
	"context"

	"github.com/findinghub/findinghub/auth"
)

// DeleteFindingAggregatorInput is the operation's request.
type DeleteFindingAggregatorInput struct{ FindingAggregatorArn string }

func (in DeleteFindingAggregatorInput) accesses(_ *Hub, _ auth.Principal, action string) []auth.Access {
	return []auth.Access{{Action: action, Resource: in.FindingAggregatorArn}}
}

// DeleteFindingAggregator unlinks all regions. Findings were never copied, so that each stays in its own
// region, and the home region sees its own alone from then on.
func (h *Hub) DeleteFindingAggregator(ctx context.Context, p auth.Principal, in DeleteFindingAggregatorInput) error {
	return h.editAggregator(ctx, p, in.FindingAggregatorArn, func(aggregatorRecord) (*aggregatorRecord, error) { return nil, nil })
}
