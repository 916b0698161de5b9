package hub

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/findinghub/findinghub/auth"
	"github.com/findinghub/findinghub/filter"
)

// ListEnabledProductsForImportInput is the operation's request.
type ListEnabledProductsForImportInput struct {
	MaxResults int
	NextToken  string
}

// ListEnabledProductsForImportOutput is the operation's response.
type ListEnabledProductsForImportOutput struct {
	ProductSubscriptions []string
	NextToken            string `json:",omitempty"`
}

// ListEnabledProductsForImport lists the caller's product subscriptions. Those that somebody
// asked for come first: clients look for theirs on the first page (behaviour.md section 9),
// and in --dev the implicit ones would bury them.
func (h *Hub) ListEnabledProductsForImport(ctx context.Context, p auth.Principal, in ListEnabledProductsForImportInput) (*ListEnabledProductsForImportOutput, error) {
	bound := binding("ListEnabledProductsForImport", p)
	var after listed
	if _, err := h.open(in.NextToken, bound, &after); err != nil {
		return nil, err
	}
	if _, err := h.requireHub(ctx, p); err != nil {
		return nil, err
	}
	all, err := h.enabledProducts(ctx, p)
	if err != nil {
		return nil, err
	}
	start, _ := slices.BinarySearchFunc(all, after, func(l, after listed) int {
		return cmp.Or(l.compare(after), -1) // what equals after was on the page before
	})
	page := all[start:min(start+pageSize(in.MaxResults), len(all))]
	out := &ListEnabledProductsForImportOutput{ProductSubscriptions: make([]string, 0, len(page))}
	for _, l := range page {
		out.ProductSubscriptions = append(out.ProductSubscriptions, own(p, kindSubscription, l.Name).String())
	}
	if start+len(page) < len(all) {
		out.NextToken, err = h.seal(page[len(page)-1], bound)
	}
	return out, err
}

// listed is a product's place in the list.
type listed struct {
	Implicit bool
	Name     string
}

// compare orders the list: what was asked for, then what is implied, each by name.
func (l listed) compare(o listed) int {
	rank := map[bool]int{true: 1}
	return cmp.Or(cmp.Compare(rank[l.Implicit], rank[o.Implicit]), cmp.Compare(l.Name, o.Name))
}

// enabledProducts gives the products whose findings the caller's hub takes, in order. In
// --dev that is every product; those worth listing are the catalogue's and those that
// findings came from.
func (h *Hub) enabledProducts(ctx context.Context, p auth.Principal) ([]listed, error) {
	decided, err := h.decisions(ctx, p)
	if err != nil {
		return nil, err
	}
	candidates := []string{defaultProduct(p.Account)}
	if h.dev {
		seen, err := h.seenProducts(ctx, p)
		if err != nil {
			return nil, err
		}
		candidates = append(candidates, seen...)
		for _, e := range catalogue {
			if e.flows&sends != 0 {
				candidates = append(candidates, e.name)
			}
		}
	}
	// A decision goes before what would be implied without it, also the decision against.
	var all []listed
	for name, s := range decided {
		if s == enabled {
			all = append(all, listed{Name: name})
		}
	}
	for _, name := range candidates {
		if decided[name] == implicit {
			all = append(all, listed{Implicit: true, Name: name})
		}
	}
	slices.SortFunc(all, listed.compare)
	// The catalogue and the findings name some products twice.
	return slices.Compact(all), nil
}

// decisions reads what the caller decided about which product.
func (h *Hub) decisions(ctx context.Context, p auth.Principal) (map[string]state, error) {
	decided := map[string]state{}
	for after := ""; ; {
		records, err := h.store.ListRecords(ctx, subscriptionRecords, p.Account, p.Region, after, maxPage)
		if err != nil {
			return nil, failed(err)
		}
		for _, r := range records {
			s := subscriptionRecord{}
			if err := json.Unmarshal(r.Body, &s); err != nil {
				return nil, failed(fmt.Errorf("hub: the record %s/%s: %w", r.Collection, r.Name, err))
			}
			decided[r.Name] = s.State
			after = r.Name
		}
		if len(records) < maxPage {
			return decided, nil
		}
	}
}

// maxSeenProducts bounds how many products are told by their findings; those with most findings win.
const maxSeenProducts = 1000

// seenProducts names the products of the findings that the caller's hub holds. They are counted when
// somebody asks, rather than written down with every import: imports are many and this is rare.
func (h *Hub) seenProducts(ctx context.Context, p auth.Principal) ([]string, error) {
	by, ok := filter.Lookup("ProductArn")
	if !ok {
		return nil, failed(fmt.Errorf("hub: findings cannot be grouped by product"))
	}
	buckets, err := h.store.GroupBy(ctx, scope(p), filter.And{}, by, maxSeenProducts)
	if err != nil {
		return nil, failed(err)
	}
	var names []string
	for _, b := range buckets {
		if a, err := parseProductARN(b.Value); err == nil {
			names = append(names, a.name)
		}
	}
	return names, nil
}
