package hub

import (
	"context"
	"errors"
	"fmt"

	"github.com/findinghub/findinghub/auth"
	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
	"github.com/go-json-experiment/json/jsontext"
)

// UpdateFindingsInput is the operation's request: Filters and at least one of the others.
type UpdateFindingsInput struct {
	Filters     jsontext.Value
	Note        jsontext.Value
	RecordState jsontext.Value
}

// UpdateFindings changes every finding that the filters select (behaviour.md section 5.2).
// It goes through them page by page: when it fails in the middle, those before stay changed,
// and asking again changes the others.
func (h *Hub) UpdateFindings(ctx context.Context, p auth.Principal, in UpdateFindingsInput) error {
	u := &finding.LegacyUpdate{Now: h.now(), Note: given(in.Note), RecordState: given(in.RecordState)}
	if u.Note == nil && u.RecordState == nil {
		return invalid("Invalid parameter 'Note'. At least one of Note and RecordState is required.")
	}
	expr, err := h.parseFilters(in.Filters, u.Now)
	if err != nil {
		return err
	}
	// Judged before the first page: a note that is too long must not fail halfway.
	if err := u.Check(); err != nil {
		return invalid("Invalid parameter 'Note'. It does not adhere to the AWS Security Finding Format.")
	}
	if _, err := h.requireHub(ctx, p); err != nil {
		return err
	}
	v, err := h.seen(ctx, p)
	if err != nil {
		return err
	}
	// Sorted by what the update cannot change, so that no finding moves across the cursor. Findings that
	// arrive behind it meanwhile are not reached: the request is about what was there when it came.
	q := store.Query{Sort: []filter.Order{{Attribute: filter.Id}}, Limit: maxPage}
	q.Scope, q.Filter = v.narrow(expr)
	return h.eachPage(ctx, q, func(page store.Page) error { return h.updatePage(ctx, page.Keys, u) })
}

// updatePage changes the findings of one page.
func (h *Hub) updatePage(ctx context.Context, keys []finding.Key, u *finding.LegacyUpdate) error {
	ms := make([]store.Mutation, len(keys))
	for i, key := range keys {
		ms[i] = store.Mutation{Key: key, Apply: u.Apply}
	}
	if len(ms) == 0 {
		return nil
	}
	errs, err := h.store.Apply(ctx, ms)
	if err != nil {
		return failed(err)
	}
	for i, err := range errs {
		// A finding that vanished since the page was read needs no change.
		if err == nil || errors.Is(err, finding.ErrNotFound) {
			continue
		}
		if errors.Is(err, finding.ErrSizeExceeded) {
			return invalid("Invalid parameter 'Note'. With it the finding %s would exceed 240 KB.", keys[i].ID)
		}
		return failed(fmt.Errorf("hub: updating %s: %w", keys[i].ID, err))
	}
	return nil
}
