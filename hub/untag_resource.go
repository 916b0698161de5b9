package hub

import (
	"context"
	"maps"

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
	h.recordsMu.Lock()
	defer h.recordsMu.Unlock()
	r, err := h.tagged(ctx, p, in.ResourceArn)
	if err != nil {
		return err
	}
	tags := maps.Clone(r.tags)
	for _, key := range in.TagKeys {
		delete(tags, key)
	}
	return r.save(ctx, tags)
}
