package hub

import (
	"context"
	"time"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/auth"
)

// defaultHub is the name of an account's one hub in a region.
const defaultHub = "default"

// securityControl is how controls report in hubs enabled since February 2023.
const securityControl = "SECURITY_CONTROL"

// hubRecord reads the caller's hub. Where nobody enabled or disabled it, it is on in
// --dev, since the hub's start, and off otherwise (decision 23). The hub of an account that
// its organisation made a member is on in any case (docs/adr/0010-members.md).
func (h *Hub) hubRecord(ctx context.Context, p auth.Principal) (hubRecord, error) {
	r := hubRecord{}
	found, err := h.load(ctx, p, hubRecords, defaultHub, &r)
	if err != nil || found && r.State != disabled {
		return r, err
	}
	if h.dev && !found {
		return implicitHub(h.started), nil
	}
	return h.joinedHub(ctx, p)
}

// joinedHub is what the caller's hub is where its own record does not switch it on.
func (h *Hub) joinedHub(ctx context.Context, p auth.Principal) (hubRecord, error) {
	d, joined, err := h.joined(ctx, p.Account, p.Region)
	if err != nil || !joined {
		return hubRecord{State: disabled}, err
	}
	return implicitHub(d.config.Since), nil
}

// editHub changes the record of the caller's hub. f gets the hub as hubRecord tells it; only what
// the organisation makes of it is from just before.
func (h *Hub) editHub(ctx context.Context, p auth.Principal, f func(r hubRecord) (*hubRecord, error)) error {
	joined, err := h.joinedHub(ctx, p)
	if err != nil {
		return err
	}
	return edit(ctx, h, p, hubRecords, defaultHub, func(r hubRecord, found bool) (*hubRecord, error) {
		switch {
		case h.dev && !found:
			r = implicitHub(h.started)
		case !found || r.State == disabled:
			r = joined
		}
		return f(r)
	})
}

// implicitHub is a hub that is on although its account never asked for it.
func implicitHub(since time.Time) hubRecord {
	return hubRecord{SubscribedAt: since, AutoEnableControls: true, ControlFindingGenerator: securityControl}
}

// enableFor adds to a change that an account's hub is switched on because an organisation wants it
// so. One that is on stays as it is, also one that its account switches on meanwhile.
func (c *change) enableFor(ctx context.Context, account string) error {
	h, p := c.lock.h, at(account, c.lock.region)
	r, err := h.hubRecord(ctx, p)
	if err != nil || r.State != disabled {
		return err
	}
	on := implicitHub(h.now())
	on.State = enabled
	if err := h.noteRegion(ctx, account, p.Region); err != nil {
		return err
	}
	c.writes = append(c.writes, write{target{hubRecords, account, defaultHub}, func(old []byte) ([]byte, error) {
		return editJSON(hubRecords, defaultHub, old, func(r hubRecord, found bool) (*hubRecord, error) {
			if found && r.State != disabled {
				return &r, nil
			}
			return &on, nil
		})
	}})
	return nil
}

// requireOn fails with 401 in the service's words for a hub that is off (behaviour.md section
// 1.5). Clients look for these words.
func requireOn(p auth.Principal, r hubRecord) error {
	if r.State == disabled {
		return findinghub.Errorf(findinghub.CodeInvalidAccess, "Account %s is not subscribed to AWS Security Hub", p.Account)
	}
	return nil
}

// requireHub reads the caller's hub and fails with 401 when it is off.
func (h *Hub) requireHub(ctx context.Context, p auth.Principal) (hubRecord, error) {
	r, err := h.hubRecord(ctx, p)
	if err == nil {
		err = requireOn(p, r)
	}
	return r, err
}
