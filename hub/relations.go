package hub

import "context"

// memberAccounts gives the accounts whose findings the administrator sees in a region, without
// its own: the members that are enabled at this moment.
func (h *Hub) memberAccounts(ctx context.Context, administrator, region string) ([]string, error) {
	return nil, nil
}

// administratorOf gives the administrator of a member in a region, "" for an account that is
// nobody's member.
func (h *Hub) administratorOf(ctx context.Context, member, region string) (string, error) {
	return "", nil
}
