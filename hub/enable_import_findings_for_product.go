package hub

import (
	"context"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/auth"
)

// EnableImportFindingsForProductInput is the operation's request.
type EnableImportFindingsForProductInput struct{ ProductArn string }

// EnableImportFindingsForProductOutput is the operation's response.
type EnableImportFindingsForProductOutput struct{ ProductSubscriptionArn string }

// EnableImportFindingsForProduct takes findings of a product from now on. A product that
// nobody knows is 404, one that is on already 409 (behaviour.md section 5.5, decision 25).
func (h *Hub) EnableImportFindingsForProduct(ctx context.Context, p auth.Principal, in EnableImportFindingsForProductInput) (*EnableImportFindingsForProductOutput, error) {
	product, err := parseProductARN(in.ProductArn)
	if err != nil {
		return nil, err
	}
	if _, err := h.requireHub(ctx, p); err != nil {
		return nil, err
	}
	if !h.available(p, product) {
		return nil, unknownProduct(in.ProductArn)
	}
	arn := own(p, kindSubscription, product.name).String()
	// By the product's name in the caller's region, whatever region its ARN names: there is one
	// subscription to a product in a hub. Two that enable at once must not both succeed.
	err = edit(ctx, h, p, subscriptionRecords, product.name, func(s subscriptionRecord, _ bool) (*subscriptionRecord, error) {
		if s.State == enabled || product.name == defaultProduct(p.Account) && h.active(p, product, s.State) {
			return nil, findinghub.Errorf(findinghub.CodeResourceConflict, "The product subscription %s already exists", arn)
		}
		// Tags of an implicit one stay.
		return &subscriptionRecord{State: enabled, ProductArn: in.ProductArn, Tags: s.Tags}, nil
	})
	if err != nil {
		return nil, err
	}
	return &EnableImportFindingsForProductOutput{ProductSubscriptionArn: arn}, nil
}
