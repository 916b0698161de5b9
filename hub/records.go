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

	// Relations of accounts, of which each belongs to the first account that is told (membership.go).
	memberRecords        = "member"                     // an administrator's, named by the member
	rosterRecords        = "roster"                     // an administrator's, named default
	administratorRecords = "administrator"              // a member's, named default
	invitationRecords    = "invitation"                 // an invited account's, named by who invited
	designationRecords   = "organization-administrator" // a management account's, named by the feature
	organizationRecords  = "organization-configuration" // a delegated administrator's, named default
	knownRecords         = "organization-account"       // a management account's, named by the account
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

// remove deletes a record; that there is none is no failure.
func (h *Hub) remove(ctx context.Context, p auth.Principal, collection, name string) error {
	err := h.store.DeleteRecord(ctx, collection, p.Account, p.Region, name)
	if err != nil && !errors.Is(err, store.ErrNoRecord) {
		return failed(err)
	}
	return nil
}

// each calls f for every record of a collection in an account and region, in the order of names.
func (h *Hub) each(ctx context.Context, p auth.Principal, collection string, f func(name string, body []byte) error) error {
	const batch = 1000
	for after := ""; ; {
		records, err := h.store.ListRecords(ctx, collection, p.Account, p.Region, after, batch)
		if err != nil {
			return failed(err)
		}
		for _, r := range records {
			if err := f(r.Name, r.Body); err != nil {
				return failed(fmt.Errorf("hub: the record %s/%s: %w", r.Collection, r.Name, err))
			}
			after = r.Name
		}
		if len(records) < batch {
			return nil
		}
	}
}

// at is an account's hub in a region, for records that are not the caller's own.
func at(account, region string) auth.Principal {
	return auth.Principal{Account: account, Region: region}
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
