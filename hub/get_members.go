package hub

import (
	"context"

	"github.com/findinghub/findinghub/auth"
)

// GetMembersInput is the operation's request: up to 50 accounts.
type GetMembersInput struct {
	AccountIDs []string `json:"AccountIds"`
}

// GetMembersOutput is the operation's response.
type GetMembersOutput struct {
	Members             []Member
	UnprocessedAccounts []Result
}

// GetMembers tells of accounts that the caller added, whatever became of them, and of those that
// its organisation did (behaviour.md section 5.7).
func (h *Hub) GetMembers(ctx context.Context, p auth.Principal, in GetMembersInput) (*GetMembersOutput, error) {
	if _, err := h.requireHub(ctx, p); err != nil {
		return nil, err
	}
	m, err := h.members(ctx, p.Account, p.Region)
	if err != nil {
		return nil, err
	}
	out := &GetMembersOutput{Members: []Member{}}
	out.UnprocessedAccounts, err = eachAccount(accountIDs, in.AccountIDs, func(account string) (string, error) {
		v, found, err := h.view(ctx, p, m, account)
		if err != nil || !found {
			return notMember, err
		}
		out.Members = append(out.Members, v)
		return "", nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
