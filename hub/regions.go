package hub

import (
	"context"
	"errors"

	"github.com/findinghub/findinghub/store"
)

// regionRecords name the regions in which an account has had a hub, for aggregators that link
// all of them. They are of the account and no region.
const regionRecords = "region"

// hubPlace is an account's hub in a region.
type hubPlace struct{ account, region string }

// noteRegion remembers that an account has a hub in a region. Records stay, and what is remembered
// here saves the store the same write with every import.
func (h *Hub) noteRegion(ctx context.Context, account, region string) error {
	if _, known := h.noted.Load(hubPlace{account, region}); known {
		return nil
	}
	err := h.store.PutRecord(ctx, store.Record{Collection: regionRecords, Account: account, Name: region, Body: []byte(`{}`)}, true)
	if err != nil && !errors.Is(err, store.ErrExists) {
		return failed(err)
	}
	h.noted.Store(hubPlace{account, region}, true)
	return nil
}

// regions are those in which an account has had a hub, by name.
func (h *Hub) regions(ctx context.Context, account string) ([]string, error) {
	var names []string
	for after := ""; ; after = names[len(names)-1] {
		records, err := h.store.ListRecords(ctx, regionRecords, account, "", after, maxPage)
		if err != nil {
			return nil, failed(err)
		}
		for _, r := range records {
			names = append(names, r.Name)
		}
		if len(records) < maxPage {
			return names, nil
		}
	}
}
