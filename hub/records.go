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

	lockRecords = "relation-lock" // a region's, of no account, named default (relation_lock.go)
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
	if body, _, err = unseal(body); err != nil {
		return false, failed(err)
	}
	if body == nil {
		return false, nil
	}
	return true, decode(collection, name, body, v)
}

func decode(collection, name string, body []byte, v any) error {
	if err := json.Unmarshal(body, v); err != nil {
		return failed(fmt.Errorf("hub: the record %s/%s: %w", collection, name, err))
	}
	return nil
}

// edit changes a record by a function of what it is, which is the zero value where there is none. Of
// changes of one record by any process each sees the result of the one before. f gives what the record
// is to be, nil for none; its error leaves the record as it was and is returned. f is pure, may run more
// than once and must not call the store: whatever else decides is read before, and may have
// changed since.
func edit[T any](ctx context.Context, h *Hub, p auth.Principal, collection, name string, f func(r T, found bool) (*T, error)) error {
	return h.editBody(ctx, p, collection, name, func(old []byte, _ uint64) ([]byte, error) {
		return editJSON(collection, name, old, f)
	})
}

// editJSON is an edit of a record's JSON, nil being no record.
func editJSON[T any](collection, name string, old []byte, f func(r T, found bool) (*T, error)) ([]byte, error) {
	var r T
	if old != nil {
		if err := decode(collection, name, old, &r); err != nil {
			return nil, err
		}
	}
	now, err := f(r, old != nil)
	if err != nil || now == nil {
		return nil, err
	}
	return json.Marshal(now)
}

// editBody is edit below the types. A seal stays whatever becomes of the record.
func (h *Hub) editBody(ctx context.Context, p auth.Principal, collection, name string, f func(old []byte, sealedBy uint64) ([]byte, error)) error {
	err := h.store.EditRecord(ctx, collection, p.Account, p.Region, name, func(stored []byte) ([]byte, error) {
		old, by, err := unseal(stored)
		if err != nil {
			return nil, err
		}
		now, err := f(old, by)
		if err != nil {
			return nil, err
		}
		return seal(now, by), nil
	})
	if err != nil {
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
			after = r.Name
			body, _, err := unseal(r.Body)
			if err == nil && body != nil {
				err = f(r.Name, body)
			}
			if err != nil {
				return failed(fmt.Errorf("hub: the record %s/%s: %w", r.Collection, r.Name, err))
			}
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
