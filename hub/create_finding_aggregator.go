package hub

import (
	"context"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/auth"
)

// CreateFindingAggregatorInput is the operation's request.
type CreateFindingAggregatorInput struct {
	RegionLinkingMode string
	Regions           []string
}

// CreateFindingAggregator makes the caller's region the home of its findings in other regions. An
// account has one aggregator (behaviour.md section 5.8).
func (h *Hub) CreateFindingAggregator(ctx context.Context, p auth.Principal, in CreateFindingAggregatorInput) (*FindingAggregatorOutput, error) {
	r, err := newLink(p.Region, in.RegionLinkingMode, in.Regions)
	if err != nil {
		return nil, err
	}
	if _, err := h.requireHub(ctx, p); err != nil {
		return nil, err
	}
	if err := h.mayAggregate(ctx, p); err != nil {
		return nil, err
	}
	if r.ID, err = h.newUUID(); err != nil {
		return nil, err
	}
	err = edit(ctx, h, accountOnly(p), aggregatorRecords, defaultHub, func(old aggregatorRecord, found bool) (*aggregatorRecord, error) {
		if found {
			return nil, findinghub.Errorf(findinghub.CodeLimitExceeded, "The account has a finding aggregator already, in %s; there can be 1", old.Home)
		}
		return &r, nil
	})
	if err != nil {
		return nil, err
	}
	return r.view(p), nil
}
