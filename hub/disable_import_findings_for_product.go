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
	if _, err := h.requireHub(ctx, p); err != nil {
		return err
	}
	return h.editSubscription(ctx, p, a, func(s subscriptionRecord) (*subscriptionRecord, error) {
		return &subscriptionRecord{State: disabled, ProductArn: s.ProductArn}, nil
	})
}

// editSubscription changes the subscription that an ARN names: 404 unless it is the caller's and on
// when it is changed.
func (h *Hub) editSubscription(ctx context.Context, p auth.Principal, a arn, f func(subscriptionRecord) (*subscriptionRecord, error)) error {
	if !a.ownedBy(p) {
		return notFound(a)
	}
	return edit(ctx, h, p, subscriptionRecords, a.name, func(s subscriptionRecord, _ bool) (*subscriptionRecord, error) {
		if !h.active(p, a, s.State) {
			return nil, notFound(a)
		}
		return f(s)
	})
}

// ownedBy says whether a subscription's ARN is one that the caller may have.
func (a arn) ownedBy(p auth.Principal) bool {
	return a == own(p, kindSubscription, a.name) && (!a.isPrivate() || a.belongsTo(p.Account))
}

// ownSubscription reads the subscription that an ARN names: 404 unless it is the caller's
// and on.
func (h *Hub) ownSubscription(ctx context.Context, p auth.Principal, a arn) (subscription, error) {
	if !a.ownedBy(p) {
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
