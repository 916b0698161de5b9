package hub

import (
	"context"
	"slices"

	"github.com/findinghub/findinghub/auth"
	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
)

// sight is the accounts whose findings a caller sees in one region.
type sight struct {
	region   string
	accounts []string
}

// view is all that a caller sees: an administrator its members, the home region of an
// aggregator the regions that are linked to it (behaviour.md sections 5.7 and 5.8). It is
// made anew for every call, so that a member that leaves is gone with the next one.
type view []sight

// seen finds out what the caller sees. The caller's own hub, which is known to be on, is
// first; linked regions where its hub is off show nothing.
func (h *Hub) seen(ctx context.Context, p auth.Principal) (view, error) {
	own, err := h.sight(ctx, p)
	if err != nil {
		return nil, err
	}
	linked, err := h.linkedRegions(ctx, p)
	if err != nil {
		return nil, err
	}
	v := append(make(view, 0, 1+len(linked)), own)
	for _, region := range linked {
		there := inRegion(p, region)
		r, err := h.hubRecord(ctx, there)
		if err != nil {
			return nil, err
		}
		if r.State == disabled {
			continue
		}
		s, err := h.sight(ctx, there)
		if err != nil {
			return nil, err
		}
		v = append(v, s)
	}
	return v, nil
}

// sight is what the caller sees in its region.
func (h *Hub) sight(ctx context.Context, p auth.Principal) (sight, error) {
	members, err := h.memberAccounts(ctx, p.Account, p.Region)
	if err != nil {
		return sight{}, err
	}
	return sight{region: p.Region, accounts: append([]string{p.Account}, members...)}, nil
}

// inRegion is the caller at a hub of its own in another region.
func inRegion(p auth.Principal, region string) auth.Principal {
	p.Region = region
	return p
}

// ownOnly says whether the caller sees one hub, its own.
func (v view) ownOnly() bool { return len(v) == 1 && len(v[0].accounts) == 1 }

// narrow says where to look for what a filter selects. Engines know scopes that are every
// account in every region; where the members differ from region to region the filter says the rest.
func (v view) narrow(e filter.Expr) (store.Scope, filter.Expr) {
	s := store.Scope{}
	alike := true
	for _, w := range v {
		s.Regions = append(s.Regions, w.region)
		alike = alike && slices.Equal(w.accounts, v[0].accounts)
		s.Accounts = append(s.Accounts, w.accounts...)
	}
	if alike {
		s.Accounts = v[0].accounts
		return s, e
	}
	slices.Sort(s.Accounts)
	s.Accounts = slices.Compact(s.Accounts)
	return s, filter.And{v.expr(), e}
}

// expr selects the findings of the view. A finding's own members say where it is.
func (v view) expr() filter.Expr {
	regions := make(filter.Or, 0, len(v))
	for _, w := range v {
		accounts := make(filter.Or, 0, len(w.accounts))
		for _, a := range w.accounts {
			accounts = append(accounts, equals(filter.AwsAccountId, a))
		}
		regions = append(regions, filter.And{equals(filter.Region, w.region), accounts})
	}
	return regions
}

func equals(a filter.Attribute, value string) filter.Expr {
	return filter.TextTerm{Attribute: a, Op: filter.Equals, Value: value}
}

// locate finds the findings that identifiers name, index by index. An identifier has no account and
// no region: it names every finding of the view with this product and id. One that names none
// gets its place in the caller's own hub, where it will not be found.
func (h *Hub) locate(ctx context.Context, p auth.Principal, ids []FindingIdentifier) ([][]finding.Key, error) {
	v, err := h.seen(ctx, p)
	if err != nil {
		return nil, err
	}
	found := map[FindingIdentifier][]finding.Key{}
	if !v.ownOnly() {
		if err := h.search(ctx, v, ids, found); err != nil {
			return nil, err
		}
	}
	keys := make([][]finding.Key, len(ids))
	for i, id := range ids {
		if keys[i] = found[id]; keys[i] == nil {
			keys[i] = []finding.Key{id.key(p)}
		}
	}
	return keys, nil
}

// search collects the keys of the findings of a view that identifiers name.
func (h *Hub) search(ctx context.Context, v view, ids []FindingIdentifier, found map[FindingIdentifier][]finding.Key) error {
	named := make(filter.Or, 0, len(ids))
	for _, id := range ids {
		named = append(named, filter.And{equals(filter.Id, id.ID), equals(filter.ProductArn, id.ProductArn)})
	}
	q := store.Query{Limit: maxPage, Sort: []filter.Order{{Attribute: filter.Id}}}
	q.Scope, q.Filter = v.narrow(named)
	return h.eachPage(ctx, q, func(page store.Page) error {
		for _, k := range page.Keys {
			id := FindingIdentifier{ID: k.ID, ProductArn: k.ProductArn}
			found[id] = append(found[id], k)
		}
		return nil
	})
}

// eachPage walks a search to its end. It must be sorted by what f does not change.
func (h *Hub) eachPage(ctx context.Context, q store.Query, f func(store.Page) error) error {
	for {
		page, err := h.store.Find(ctx, q)
		if err != nil {
			return failed(err)
		}
		if err := f(page); err != nil {
			return err
		}
		if page.Next == nil {
			return nil
		}
		q.After = page.Next
	}
}
