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
	h.recordsMu.Lock()
	defer h.recordsMu.Unlock()
	if _, err := h.requireHub(ctx, p); err != nil {
		return nil, err
	}
	if err := h.mayAggregate(ctx, p); err != nil {
		return nil, err
	}
	old, found, err := h.aggregator(ctx, p)
	if err != nil {
		return nil, err
	}
	if found {
		return nil, findinghub.Errorf(findinghub.CodeLimitExceeded, "The account has a finding aggregator already, in %s; there can be 1", old.Home)
	}
	if r.ID, err = h.newUUID(); err != nil {
		return nil, err
	}
	return r.view(p), h.save(ctx, accountOnly(p), aggregatorRecords, defaultHub, r)
}
