package hub

import (
	"context"

	"github.com/findinghub/findinghub/auth"
)

// ListFindingAggregatorsInput is the operation's request.
type ListFindingAggregatorsInput struct {
	MaxResults int
	NextToken  string
}

// ListFindingAggregatorsOutput is the operation's response.
type ListFindingAggregatorsOutput struct {
	FindingAggregators []FindingAggregator
	NextToken          string `json:",omitempty"`
}

// FindingAggregator is one entry of the list.
type FindingAggregator struct{ FindingAggregatorArn string }

// ListFindingAggregators lists the caller's aggregator, of which there is one at most, in any region. There
// is never a second page, hence no token that could be presented.
func (h *Hub) ListFindingAggregators(ctx context.Context, p auth.Principal, in ListFindingAggregatorsInput) (*ListFindingAggregatorsOutput, error) {
	if _, err := h.open(in.NextToken, binding("ListFindingAggregators", p), new(string)); err != nil {
		return nil, err
	}
	if _, err := h.requireHub(ctx, p); err != nil {
		return nil, err
	}
	r, found, err := h.aggregator(ctx, p)
	if err != nil {
		return nil, err
	}
	out := &ListFindingAggregatorsOutput{FindingAggregators: []FindingAggregator{}}
	if found {
		out.FindingAggregators = append(out.FindingAggregators, FindingAggregator{r.arn(p).String()})
	}
	return out, nil
}
