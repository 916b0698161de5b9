package hub

import (
	"context"

	"github.com/findinghub/findinghub/auth"
)

// UntagResourceInput is the operation's request.
type UntagResourceInput struct {
	ResourceArn string
	TagKeys     []string
}

// UntagResource removes tags from a resource; keys that it does not have change nothing, so that it
// can be repeated.
func (h *Hub) UntagResource(ctx context.Context, p auth.Principal, in UntagResourceInput) error {
	r, err := h.tagged(ctx, p, in.ResourceArn)
	if err != nil {
		return err
	}
	return r.edit(ctx, func(tags map[string]string) (map[string]string, error) {
		for _, key := range in.TagKeys {
			delete(tags, key)
		}
		return tags, nil
	})
}
