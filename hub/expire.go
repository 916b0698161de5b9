package hub

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/findinghub/findinghub/asff"
	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
)

// Retention is how long findings are kept after their last update (behaviour.md section 2.4).
type Retention struct {
	// Active and Archived are the limits for findings of either record state; 0 keeps them for ever.
	Active, Archived time.Duration
	// Rest, if not nil, is called after each step of at most expireStep findings, so that imports get their
	// turn. Its error ends the pass.
	Rest func(context.Context) error
}

// expireStep is how many findings are looked at, and erased, in one step.
const expireStep = 500

// archivedState is the record state of a finding that its product has put away.
const archivedState = "ARCHIVED"

// controls is the product of the service's own control findings, in every region.
const controls = "::product/aws/securityhub"

// Expired says whether a finding has been kept long enough. Its age counts from the later of UpdatedAt and
// ProcessedAt; that of a control finding from UpdatedAt alone (behaviour.md section 2.4). What has no time that
// can be read counts from when the hub first got it.
func (r *Retention) Expired(s *finding.Stored, now time.Time) bool {
	limit := r.Active
	if s.Finding.Text("RecordState") == archivedState {
		limit = r.Archived
	}
	return limit > 0 && !now.Before(lastUpdate(s).Add(limit))
}

// lastUpdate is the time that a finding's age counts from.
func lastUpdate(s *finding.Stored) time.Time {
	last, err := asff.ParseTime(s.Finding.Text("UpdatedAt"))
	if !strings.HasSuffix(s.Finding.Text("ProductArn"), controls) {
		processed, perr := asff.ParseTime(s.Finding.Text("ProcessedAt"))
		if perr == nil && (err != nil || processed.After(last)) {
			last, err = processed, nil
		}
	}
	if err != nil {
		return s.CreatedTime
	}
	return last
}

// Expire removes the findings of all hubs whose time is over and says how many, also with an error. What is imported
// again meanwhile stays: the engine asks once more before it removes anything. It makes no events, since the
// service tells nobody either. Several processes that do this at once do each other no harm.
func (h *Hub) Expire(ctx context.Context, r Retention) (int, error) {
	now, n := h.now(), 0
	var last *finding.Key
	for {
		at, err := h.nextHub(ctx, last)
		if err != nil || at == nil {
			return n, err
		}
		for _, candidates := range r.candidates(now) {
			erased, err := h.expireIn(ctx, *at, candidates, now, &r)
			if n += erased; err != nil {
				return n, err
			}
		}
		last = at.end()
	}
}

// nextHub finds the next account and region with findings, nil when there is none. The engine's order of keys
// leads from hub to hub by one small read each, which holds for findings however they came; the records of
// regions tell only of hubs that have been asked for something since there are such records.
func (h *Hub) nextHub(ctx context.Context, last *finding.Key) (*hubPlace, error) {
	first, err := h.store.Scan(ctx, last, 1)
	if err != nil || len(first) == 0 {
		return nil, err
	}
	return &hubPlace{first[0].Key.Account, first[0].Key.Region}, nil
}

// end is a key behind all findings of a hub: ARNs are ASCII.
func (p hubPlace) end() *finding.Key {
	return &finding.Key{Account: p.account, Region: p.region, ProductArn: "\U0010ffff"}
}

// candidates select what may have expired: UpdatedAt is never later than what the age counts from. An
// engine has these at hand, and does not read the findings that are to stay.
func (r *Retention) candidates(now time.Time) (all []filter.Expr) {
	isArchived := filter.TextTerm{Attribute: filter.RecordState, Op: filter.Equals, Value: archivedState}
	for _, c := range []struct {
		limit time.Duration
		state filter.Expr
	}{{r.Active, filter.Not{X: isArchived}}, {r.Archived, isArchived}} {
		if c.limit > 0 {
			old := filter.DateTerm{Attribute: filter.UpdatedAt, To: now.Add(-c.limit)}
			all = append(all, filter.And{c.state, old})
		}
	}
	return all
}

// expireIn removes what has expired in one hub, step by step in the order of keys.
func (h *Hub) expireIn(ctx context.Context, at hubPlace, candidates filter.Expr, now time.Time, r *Retention) (n int, err error) {
	q := store.Query{Scope: store.Scope{Accounts: []string{at.account}, Regions: []string{at.region}}, Filter: candidates, Limit: expireStep}
	for {
		page, err := h.store.Find(ctx, q)
		if err != nil {
			return n, err
		}
		if len(page.Keys) > 0 {
			erased, err := h.store.Erase(ctx, page.Keys, func(s *finding.Stored) bool { return r.Expired(s, now) })
			if n += erased; err != nil {
				return n, err
			}
			if err := r.rest(ctx); err != nil {
				return n, err
			}
		}
		if page.Next == nil {
			return n, nil
		}
		q.After = page.Next
	}
}

func (r *Retention) rest(ctx context.Context) error {
	if r.Rest == nil {
		return nil
	}
	return r.Rest(ctx)
}

// expiryRecords is the collection of the one record that says when findings are to be removed next.
const expiryRecords = "expiry"

// expiryRecord is that record.
type expiryRecord struct{ Next time.Time }

// ExpiryDue says whether it is time for a pass of Expire, and if so puts the next one off by every: of several
// processes one makes the pass, and one that starts again does not begin with one. A record from the far
// future, of a clock that was wrong, counts for nothing.
func (h *Hub) ExpiryDue(ctx context.Context, every time.Duration) (due bool, err error) {
	now := h.now()
	err = h.store.EditRecord(ctx, expiryRecords, "", "", expiryRecords, func(old []byte) ([]byte, error) {
		var r expiryRecord
		if old != nil {
			if err := json.Unmarshal(old, &r); err != nil {
				return nil, fmt.Errorf("hub: the record %s: %w", expiryRecords, err)
			}
		}
		if due = !now.Before(r.Next) || r.Next.After(now.Add(every)); !due {
			return old, nil
		}
		return json.Marshal(expiryRecord{now.Add(every)})
	})
	return due && err == nil, err
}
