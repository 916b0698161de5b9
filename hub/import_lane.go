package hub

import (
	"context"
	"slices"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/auth"
	"github.com/findinghub/findinghub/auth/policy"
	"github.com/findinghub/findinghub/finding"
)

// lane is a product's way into one account's hub. Access is decided for each lane of a batch, not
// for each finding (behaviour.md section 1.1): nearly all batches have one.
type lane struct {
	productARN string
	product    arn
	// owner is the caller at the hub of the account that the findings are of.
	owner auth.Principal
	first int // index of the first finding
}

// lanesOf finds the lanes of a batch, in order; a product ARN that is none fails the request. A finding
// whose ProductArn or AwsAccountId is missing or no string has failed by the format already,
// and has no lane.
func lanesOf(p auth.Principal, arrivals []arrival) ([]*lane, error) {
	var lanes []*lane
	for i := range arrivals {
		a := &arrivals[i]
		productARN, account := a.finding.Text("ProductArn"), a.finding.Text("AwsAccountId")
		if a.lane = existing(lanes, productARN, account); a.lane != nil || a.finding.Get("ProductArn").Kind() != '"' {
			continue
		}
		product, err := parseProductARN(productARN)
		if err != nil {
			return nil, err
		}
		if a.finding.Get("AwsAccountId").Kind() == '"' {
			a.lane = &lane{productARN: productARN, product: product, owner: p, first: i}
			a.lane.owner.Account = account
			lanes = append(lanes, a.lane)
		}
	}
	return lanes, nil
}

func existing(lanes []*lane, productARN, account string) *lane {
	for _, l := range lanes {
		if l.productARN == productARN && l.owner.Account == account {
			return l
		}
	}
	return nil
}

// mayImportAll refuses a batch that any lane makes inadmissible. The caller's own hub must be on;
// a partner, who sends to others, need not have one.
func (h *Hub) mayImportAll(ctx context.Context, p auth.Principal, lanes []*lane) error {
	if len(lanes) == 0 || slices.ContainsFunc(lanes, func(l *lane) bool { return l.owner.Account == p.Account }) {
		if _, err := h.requireHub(ctx, p); err != nil {
			return err
		}
	}
	for _, l := range lanes {
		if err := h.mayImport(ctx, p, l); err != nil {
			return err
		}
	}
	return nil
}

// mayImport refuses the batch unless the caller may send what is in the lane: its own account's
// findings, or, as the product's allow-listed partner, those of an account that has subscribed to it
// (behaviour.md section 1.1). The caller's policies have their say on both (decision 24).
func (h *Hub) mayImport(ctx context.Context, p auth.Principal, l *lane) error {
	access := auth.Access{
		Action: servicePrefix + "BatchImportFindings", Resource: l.productARN,
		Context: policy.Context{keyTargetAccount: {l.owner.Account}},
	}
	if l.owner.Account != p.Account {
		granted, err := h.subscriptionPolicy(ctx, p, l)
		if err != nil {
			return err
		}
		access.Resource = own(l.owner, kindSubscription, l.product.name).String()
		access.ResourceAccount, access.ResourcePolicies = l.owner.Account, granted
	}
	return p.Authorize(access)
}

// subscriptionPolicy is what the owner's subscription to the product allows partners. Without
// one, or for a caller who is not the partner, the batch is refused in the service's words and then with the reason.
func (h *Hub) subscriptionPolicy(ctx context.Context, p auth.Principal, l *lane) ([]policy.Named, error) {
	e, known := catalogued(l.product.name)
	if !known || e.account != p.Account || !auth.ValidAccount(l.owner.Account) {
		return nil, foreign(p, l)
	}
	r, err := h.hubRecord(ctx, l.owner)
	if err != nil {
		return nil, err
	}
	s, err := h.subscription(ctx, l.owner, l.product)
	if err != nil {
		return nil, err
	}
	if r.State == disabled || !s.Active {
		return nil, foreign(p, l)
	}
	d, err := policy.Parse([]byte(e.policy(l.owner)), policy.Resource)
	if err != nil {
		return nil, failed(err)
	}
	return []policy.Named{{Name: "ProductSubscriptionResourcePolicy", Document: d}}, nil
}

// foreign is the refusal of another account's findings.
func foreign(p auth.Principal, l *lane) error {
	p.Trail.Note(l.productARN)
	return findinghub.Errorf(findinghub.CodeAccessDenied,
		"User: %s is not authorized to perform: securityhub:BatchImportFindings on resource: %s because the AwsAccountId of Findings[%d] is %.64s and the caller's account is %s",
		p.ARN, l.productARN, l.first, l.owner.Account, p.Account)
}

// admit fails the findings of products that their owner's hub takes none of (decisions 5
// and 25). It asks the store once for each lane.
func (h *Hub) admit(ctx context.Context, arrivals []arrival, lanes []*lane) error {
	refused := map[*lane]bool{}
	for _, l := range lanes {
		ok, err := h.admits(ctx, l)
		if err != nil {
			return err
		}
		refused[l] = !ok
	}
	for i := range arrivals {
		if a := &arrivals[i]; refused[a.lane] {
			// Access is decided before the format (behaviour.md section 1.5).
			a.failure = &finding.Failure{Code: codeInvalidAccess, Message: "Account " + a.lane.owner.Account + " is not allowed to import findings for product " + a.lane.productARN}
		}
	}
	return nil
}

func (h *Hub) admits(ctx context.Context, l *lane) (bool, error) {
	if !h.available(l.owner, l.product) {
		return false, nil
	}
	s, err := h.subscription(ctx, l.owner, l.product)
	if err != nil || !s.Active {
		return false, err
	}
	return true, h.noteRegion(ctx, l.owner.Account, l.owner.Region)
}
