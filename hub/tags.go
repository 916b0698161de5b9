package hub

import (
	"context"

	"github.com/findinghub/findinghub/auth"
)

// maxTags bounds the tags of one resource (behaviour.md section 5.10).
const maxTags = 50

// tagged is a resource that has tags.
type tagged struct {
	tags map[string]string
	// edit keeps instead what change makes of the tags that the resource has by then.
	edit func(ctx context.Context, change func(tags map[string]string) (map[string]string, error)) error
}

// tagged finds a resource of the caller's hub by its ARN: 404 when there is none, or
// when it is of a kind that has no tags.
func (h *Hub) tagged(ctx context.Context, p auth.Principal, resourceARN string) (tagged, error) {
	a, ok := parseARN(resourceARN)
	if !ok {
		return tagged{}, invalid("Invalid parameter 'ResourceArn'. Value '%s' is not the ARN of a resource of this service.", resourceARN)
	}
	r, err := h.hubRecord(ctx, p)
	if err != nil {
		return tagged{}, err
	}
	switch {
	case r.State == disabled:
		return tagged{}, notFound(a)
	case a.String() == hubARN(p):
		return tagged{r.Tags, func(ctx context.Context, change func(map[string]string) (map[string]string, error)) error {
			return h.editHub(ctx, p, func(r hubRecord) (_ *hubRecord, err error) {
				if r.State == disabled {
					return nil, notFound(a)
				}
				r.Tags, err = change(r.Tags)
				return &r, err
			})
		}}, nil
	case a.kind == kindSubscription:
		return h.taggedSubscription(ctx, p, a)
	}
	return tagged{}, notFound(a)
}

func (h *Hub) taggedSubscription(ctx context.Context, p auth.Principal, a arn) (tagged, error) {
	s, err := h.ownSubscription(ctx, p, a)
	return tagged{s.Tags, func(ctx context.Context, change func(map[string]string) (map[string]string, error)) error {
		return h.editSubscription(ctx, p, a, func(s subscriptionRecord) (_ *subscriptionRecord, err error) {
			s.Tags, err = change(s.Tags)
			return &s, err
		})
	}}, err
}
