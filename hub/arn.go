package hub

import (
	"strings"

	"github.com/findinghub/findinghub/asff"
	"github.com/findinghub/findinghub/auth"
)

// arn is an ARN of this service, taken apart at its colons.
type arn struct {
	partition, region, account string
	// kind and name are the resource's: product, hub or product-subscription, and what
	// follows the first slash.
	kind, name string
}

// parseARN reads arn:PARTITION:securityhub:REGION:ACCOUNT:KIND/NAME. A region is needed,
// because the service refuses ARNs without one (behaviour.md section 1.1); the account may be empty.
func parseARN(s string) (arn, bool) {
	parts := strings.SplitN(s, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != "securityhub" {
		return arn{}, false
	}
	a := arn{partition: parts[1], region: parts[3], account: parts[4]}
	a.kind, a.name, _ = strings.Cut(parts[5], "/")
	ok := strings.HasPrefix(a.partition, "aws") && auth.ValidRegion(a.partition) && auth.ValidRegion(a.region) &&
		(a.account == "" || auth.ValidAccount(a.account)) && a.kind != "" && a.name != ""
	return a, ok
}

func (a arn) String() string {
	return "arn:" + a.partition + ":securityhub:" + a.region + ":" + a.account + ":" + a.kind + "/" + a.name
}

// The kinds of resources that have ARNs.
const (
	kindHub          = "hub"
	kindProduct      = "product"
	kindSubscription = "product-subscription"
	kindAggregator   = "finding-aggregator"
)

// own makes the ARN of a resource in the caller's hub.
func own(p auth.Principal, kind, name string) arn {
	return arn{partition: asff.PartitionOf(p.Region), region: p.Region, account: p.Account, kind: kind, name: name}
}

// hubARN is the ARN of the caller's hub.
func hubARN(p auth.Principal) string { return own(p, kindHub, "default").String() }

// parseProductARN reads the ARN of a product, whose name is COMPANY/PRODUCT. The error
// is the service's answer to what is none (behaviour.md section 1.1).
func parseProductARN(s string) (arn, error) {
	a, err := asff.ParseProductArn(s)
	if err != nil {
		return arn{}, invalid("%v", err)
	}
	return arn{partition: a.Partition, region: a.Region, account: a.Account, kind: kindProduct, name: a.Company + "/" + a.Product}, nil
}

// parseSubscriptionARN reads the ARN of a product subscription, which has its product's name.
func parseSubscriptionARN(s string) (arn, bool) {
	a, ok := parseARN(s)
	company, product, two := strings.Cut(a.name, "/")
	return a, ok && a.kind == kindSubscription && two && company != "" && product != "" && !strings.Contains(product, "/")
}

// isPrivate says whether a product belongs to one account: its company is the account's
// id, as that of the default product is (behaviour.md section 1.1).
func (a arn) isPrivate() bool {
	company, _, _ := strings.Cut(a.name, "/")
	return auth.ValidAccount(company)
}

// belongsTo says whether a private product is the account's own.
func (a arn) belongsTo(account string) bool {
	return strings.HasPrefix(a.name, account+"/") && (a.account == "" || a.account == account)
}

// defaultProduct is the name of the product that an account gets with its hub.
func defaultProduct(account string) string { return account + "/default" }
