package hub

import (
	"context"
	"time"

	"github.com/findinghub/findinghub/auth"
	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/store"
	"github.com/go-json-experiment/json/jsontext"
)

// GetFindingsInput is the operation's request.
type GetFindingsInput struct {
	Filters      jsontext.Value
	SortCriteria jsontext.Value
	MaxResults   int
	NextToken    string
}

// GetFindingsOutput is the operation's response.
type GetFindingsOutput struct {
	// Findings are whole findings as JSON.
	Findings  [][]byte
	NextToken string
}

// findingsToken is where a page ended. Now is the first page's: ranges that count back
// from now must not slide while somebody reads on.
type findingsToken struct {
	Now    time.Time     `json:"n"`
	Cursor *store.Cursor `json:"c"`
}

// GetFindings searches all that the caller sees (behaviour.md section 4, decisions 14 to 20).
func (h *Hub) GetFindings(ctx context.Context, p auth.Principal, in GetFindingsInput) (*GetFindingsOutput, error) {
	bound := binding("GetFindings", p, canonical(in.Filters), canonical(in.SortCriteria))
	token := findingsToken{Now: h.now()}
	if _, err := h.open(in.NextToken, bound, &token); err != nil {
		return nil, err
	}
	expr, err := h.parseFilters(in.Filters, token.Now)
	if err != nil {
		return nil, err
	}
	sort, err := filter.ParseSort(given(in.SortCriteria))
	if err != nil {
		return nil, err
	}
	// After the request itself, in the order of behaviour.md section 1.5.
	if _, err := h.requireHub(ctx, p); err != nil {
		return nil, err
	}
	v, err := h.seen(ctx, p)
	if err != nil {
		return nil, err
	}
	q := store.Query{Sort: sort, After: token.Cursor, Limit: pageSize(in.MaxResults)}
	q.Scope, q.Filter = v.narrow(expr)
	page, err := h.store.Find(ctx, q)
	if err != nil {
		return nil, failed(err)
	}
	out := &GetFindingsOutput{Findings: page.Findings}
	if page.Next != nil {
		out.NextToken, err = h.seal(findingsToken{Now: token.Now, Cursor: page.Next}, bound)
	}
	return out, err
}

// parseFilters reads a request's Filters, as they are meant at a time. Simplified, because engines pay
// for every node of the expression and people write filters with repetitions.
func (h *Hub) parseFilters(filters jsontext.Value, now time.Time) (filter.Expr, error) {
	expr, err := filter.Parse(given(filters), filter.Options{Now: now, Strict: h.strict})
	if err != nil {
		return nil, err
	}
	return filter.Simplify(expr), nil
}
