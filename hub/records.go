package hub

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/findinghub/findinghub/auth"
	"github.com/findinghub/findinghub/store"
)

// The collections of the hub's own records.
const (
	hubRecords          = "hub"                  // one for each account and region, named default
	subscriptionRecords = "product-subscription" // named COMPANY/PRODUCT
	keyRecords          = "key"                  // the hub's own, of no account
)

// state is whether something is on. The zero value is the implicit state of --dev: on,
// but nobody asked for it yet, so that asking still succeeds (decisions 23 and 25).
type state string

const (
	implicit state = ""
	enabled  state = "on"
	disabled state = "off"
)

// hubRecord is what an account's hub in a region remembers. Tags live in the record of
// what they are tags of, so that they appear and vanish with it.
type hubRecord struct {
	State                   state             `json:",omitempty"`
	SubscribedAt            time.Time         `json:",omitzero"`
	AutoEnableControls      bool              `json:",omitempty"`
	ControlFindingGenerator string            `json:",omitempty"`
	EnableDefaultStandards  *bool             `json:",omitempty"`
	Tags                    map[string]string `json:",omitempty"`
}

// subscriptionRecord is what an account decided about a product in a region.
type subscriptionRecord struct {
	State      state             `json:",omitempty"`
	ProductArn string            `json:",omitempty"`
	Tags       map[string]string `json:",omitempty"`
}

// load reads a record into v; false when there is none.
func (h *Hub) load(ctx context.Context, p auth.Principal, collection, name string, v any) (bool, error) {
	body, err := h.store.GetRecord(ctx, collection, p.Account, p.Region, name)
	if errors.Is(err, store.ErrNoRecord) {
		return false, nil
	}
	if err != nil {
		return false, failed(err)
	}
	if err := json.Unmarshal(body, v); err != nil {
		return false, failed(fmt.Errorf("hub: the record %s/%s: %w", collection, name, err))
	}
	return true, nil
}

// save writes a record, new or not. Whoever read it before in order to change it holds recordsMu.
func (h *Hub) save(ctx context.Context, p auth.Principal, collection, name string, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return failed(err)
	}
	err = h.store.PutRecord(ctx, store.Record{Collection: collection, Account: p.Account, Region: p.Region, Name: name, Body: body}, false)
	if err != nil {
		return failed(err)
	}
	return nil
}
