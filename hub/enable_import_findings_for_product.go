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
	h.recordsMu.Lock()
	defer h.recordsMu.Unlock()
	if _, err := h.requireHub(ctx, p); err != nil {
		return nil, err
	}
	if !h.available(p, product) {
		return nil, unknownProduct(in.ProductArn)
	}
	// Two that enable at once must not both succeed, hence the lock around reading and writing.
	s, err := h.subscription(ctx, p, product)
	if err != nil {
		return nil, err
	}
	arn := own(p, kindSubscription, product.name).String()
	if s.State == enabled || product.name == defaultProduct(p.Account) && s.Active {
		return nil, findinghub.Errorf(findinghub.CodeResourceConflict, "The product subscription %s already exists", arn)
	}
	// By the product's name in the caller's region, whatever region its ARN names: there is one
	// subscription to a product in a hub. Tags of an implicit one stay.
	r := subscriptionRecord{State: enabled, ProductArn: in.ProductArn, Tags: s.Tags}
	return &EnableImportFindingsForProductOutput{ProductSubscriptionArn: arn}, h.save(ctx, p, subscriptionRecords, product.name, r)
}
