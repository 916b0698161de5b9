package hub

import (
	"context"
	"maps"

	"github.com/findinghub/findinghub/auth"
)

// TagResourceInput is the operation's request.
type TagResourceInput struct {
	ResourceArn string
	Tags        map[string]string
}

// TagResource adds tags to a resource; a key that it has gets the new value. A resource
// has at most 50 tags (behaviour.md section 5.10).
func (h *Hub) TagResource(ctx context.Context, p auth.Principal, in TagResourceInput) error {
	r, err := h.tagged(ctx, p, in.ResourceArn)
	if err != nil {
		return err
	}
	return r.edit(ctx, func(tags map[string]string) (map[string]string, error) { return mergeTags(tags, in.Tags) })
}

// mergeTags gives the tags of a resource after some were added. Neither map is changed.
func mergeTags(old, added map[string]string) (map[string]string, error) {
	tags := make(map[string]string, len(old)+len(added))
	maps.Copy(tags, old)
	maps.Copy(tags, added)
	if len(tags) > maxTags {
		return nil, invalid("Invalid parameter 'Tags'. The resource would have '%d' tags, which is greater than maximum value: %d.", len(tags), maxTags)
	}
	return tags, nil
}
