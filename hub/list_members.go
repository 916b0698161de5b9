package hub

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strconv"

	"github.com/findinghub/findinghub/auth"
)

// ListMembersInput is the operation's request.
type ListMembersInput struct {
	MaxResults int // 1 to 50, 50 by default
	NextToken  string
	// OnlyAssociated leaves out all that are not members at this moment; nil is true.
	OnlyAssociated *bool
}

// ListMembersOutput is the operation's response.
type ListMembersOutput struct {
	Members   []Member
	NextToken string `json:",omitempty"`
}

// ListMembers lists the caller's members by account (behaviour.md section 5.7).
func (h *Hub) ListMembers(ctx context.Context, p auth.Principal, in ListMembersInput) (*ListMembersOutput, error) {
	associated := in.OnlyAssociated == nil || *in.OnlyAssociated
	bound := binding("ListMembers", p, strconv.AppendBool(nil, associated))
	after := ""
	if _, err := h.open(in.NextToken, bound, &after); err != nil {
		return nil, err
	}
	if _, err := h.requireHub(ctx, p); err != nil {
		return nil, err
	}
	m, err := h.members(ctx, p.Account, p.Region)
	if err != nil {
		return nil, err
	}
	limit := cmp.Or(in.MaxResults, maxAccounts)
	// One more than the page has, to know whether another follows.
	names := m.after(after, limit+1)
	if !associated {
		recorded, err := h.recorded(ctx, p, after, limit+1)
		if err != nil {
			return nil, err
		}
		names = slices.Concat(names, recorded)
		slices.Sort(names)
		names = slices.Compact(names)
	}
	out := &ListMembersOutput{Members: make([]Member, 0, limit)}
	for _, name := range names[:min(limit, len(names))] {
		v, found, err := h.view(ctx, p, m, name)
		if err != nil {
			return nil, err
		}
		if found { // otherwise somebody has just deleted it
			out.Members = append(out.Members, v)
		}
	}
	if len(names) > limit {
		out.NextToken, err = h.seal(names[limit-1], bound)
	}
	return out, err
}

// after gives up to limit members, those after an account.
func (m *membership) after(account string, limit int) []string {
	start, found := slices.BinarySearch(m.accounts, account)
	if found {
		start++
	}
	return m.accounts[start:min(start+limit, len(m.accounts))]
}

// recorded gives up to limit accounts that the caller has a visible record of, those after an account.
func (h *Hub) recorded(ctx context.Context, p auth.Principal, after string, limit int) ([]string, error) {
	var names []string
	for {
		records, err := h.store.ListRecords(ctx, memberRecords, p.Account, p.Region, after, limit)
		if err != nil {
			return nil, failed(err)
		}
		for _, r := range records {
			m := memberRecord{}
			if err := json.Unmarshal(r.Body, &m); err != nil {
				return nil, failed(err)
			}
			if after = r.Name; m.visible() {
				names = append(names, r.Name)
			}
		}
		if len(records) < limit || len(names) >= limit {
			return names[:min(limit, len(names))], nil
		}
	}
}
