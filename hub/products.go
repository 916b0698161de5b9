package hub

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/findinghub/findinghub/asff"
	"github.com/findinghub/findinghub/auth"
)

// names are the registered names of a product, "" where nobody registered it.
func (a arn) names() (product, company string) {
	e, ok := catalogued(a.name)
	if !ok {
		return "", ""
	}
	return e.names()
}

// subscription is how things stand between the caller's hub and a product.
type subscription struct {
	subscriptionRecord
	// Active says whether findings of the product are taken.
	Active bool
}

// isService says whether a product is one of the cloud's own services. Their findings arrive from the
// service, or from whoever carries them here, without anybody's subscribing to them.
func (a arn) isService() bool { return a.account == "" && strings.HasPrefix(a.name, "aws/") }

// subscription reads what the caller decided about a product. Nothing decided is on for
// the account's own default product, for the cloud's own services, and for every product in
// --dev (decision 25).
func (h *Hub) subscription(ctx context.Context, p auth.Principal, product arn) (subscription, error) {
	s := subscription{}
	if _, err := h.load(ctx, p, subscriptionRecords, product.name, &s.subscriptionRecord); err != nil {
		return s, err
	}
	s.Active = h.active(p, product, s.State)
	return s, nil
}

// active says whether findings of a product are taken, given what the caller decided.
func (h *Hub) active(p auth.Principal, product arn, s state) bool {
	return s == enabled || s == implicit && (h.dev || product.name == defaultProduct(p.Account) || product.isService())
}

// available says whether the caller may have anything to do with a product: nobody may with
// another account's own products, and without --dev the product must be known and of the
// caller's region.
func (h *Hub) available(p auth.Principal, product arn) bool {
	if product.isPrivate() && !product.belongsTo(p.Account) {
		return false
	}
	if h.dev {
		return true
	}
	if product.region != p.Region || product.partition != asff.PartitionOf(p.Region) {
		return false
	}
	e, known := catalogued(product.name)
	return known && e.flows&sends != 0 || product.name == defaultProduct(p.Account) || product.isService()
}

// view makes the API's view of a catalogued product in the caller's region.
func (e entry) view(p auth.Principal) Product {
	product, company := e.names()
	return Product{
		ProductArn: e.arn(p.Region).String(), ProductName: product, CompanyName: company, Description: e.describe(),
		Categories: []string{e.category}, IntegrationTypes: e.flows.integrationTypes(),
		ProductSubscriptionResourcePolicy: e.policy(p),
	}
}

// arn is the product's ARN in a region.
func (e entry) arn(region string) arn {
	return arn{partition: asff.PartitionOf(region), region: region, account: e.account, kind: kindProduct, name: e.name}
}

// policy is what a subscription allows: the subscriber, and the partner where it has an
// account, may import findings of the subscriber's account (behaviour.md section 1.1).
func (e entry) policy(p auth.Principal) string {
	if e.flows&sends == 0 {
		return ""
	}
	type statement struct {
		Effect    string
		Principal map[string]string
		Action    []string
		Resource  string
		Condition map[string]map[string]string
	}
	allow := func(principal, resource string) statement {
		return statement{
			Effect: "Allow", Principal: map[string]string{"AWS": principal}, Action: []string{"securityhub:BatchImportFindings"},
			Resource: resource, Condition: map[string]map[string]string{"StringEquals": {"securityhub:TargetAccount": p.Account}},
		}
	}
	statements := []statement{allow(p.Account, e.arn(p.Region).String())}
	if e.account != "" {
		statements = append(statements, allow(e.account, own(p, kindSubscription, e.name).String()))
	}
	// Maps of strings and strings always encode.
	text, _ := json.Marshal(struct {
		Version   string
		Statement []statement
	}{"2012-10-17", statements})
	return string(text)
}
