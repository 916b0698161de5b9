package hub

import (
	"context"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/auth"
)

// DisableImportFindingsForProductInput is the operation's request.
type DisableImportFindingsForProductInput struct{ ProductSubscriptionArn string }

// DisableImportFindingsForProduct takes no more findings of a product; those that are there
// stay. A subscription that is not there is 404.
func (h *Hub) DisableImportFindingsForProduct(ctx context.Context, p auth.Principal, in DisableImportFindingsForProductInput) error {
	a, ok := parseSubscriptionARN(in.ProductSubscriptionArn)
	if !ok {
		return invalid("Invalid parameter 'ProductSubscriptionArn'. Value '%s' is not the ARN of a product subscription.", in.ProductSubscriptionArn)
	}
	h.recordsMu.Lock()
	defer h.recordsMu.Unlock()
	if _, err := h.requireHub(ctx, p); err != nil {
		return err
	}
	s, err := h.ownSubscription(ctx, p, a)
	if err != nil {
		return err
	}
	return h.save(ctx, p, subscriptionRecords, a.name, subscriptionRecord{State: disabled, ProductArn: s.ProductArn})
}

// ownSubscription reads the subscription that an ARN names: 404 unless it is the caller's
// and on.
func (h *Hub) ownSubscription(ctx context.Context, p auth.Principal, a arn) (subscription, error) {
	if a != own(p, kindSubscription, a.name) || a.isPrivate() && !a.belongsTo(p.Account) {
		return subscription{}, notFound(a)
	}
	s, err := h.subscription(ctx, p, a)
	if err == nil && !s.Active {
		err = notFound(a)
	}
	return s, err
}

// notFound is 404 for a resource of the hub.
func notFound(a arn) error {
	return findinghub.Errorf(findinghub.CodeResourceNotFound, "The resource %s was not found", a)
}
