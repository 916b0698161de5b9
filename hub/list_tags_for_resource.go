package hub

import (
	"context"

	"github.com/findinghub/findinghub/auth"
)

// ListTagsForResourceInput is the operation's request.
type ListTagsForResourceInput struct{ ResourceArn string }

// ListTagsForResourceOutput is the operation's response.
type ListTagsForResourceOutput struct{ Tags map[string]string }

// ListTagsForResource lists the tags of a resource, {} when it has none.
func (h *Hub) ListTagsForResource(ctx context.Context, p auth.Principal, in ListTagsForResourceInput) (*ListTagsForResourceOutput, error) {
	r, err := h.tagged(ctx, p, in.ResourceArn)
	if err != nil {
		return nil, err
	}
	if r.tags == nil {
		r.tags = map[string]string{}
	}
	return &ListTagsForResourceOutput{Tags: r.tags}, nil
}
