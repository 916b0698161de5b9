package hub

import (
	"context"
	"encoding/json"

	"github.com/findinghub/findinghub/auth"
)

// Invitation is how the API tells a member of its administrator.
type Invitation struct {
	AccountID    string `json:"AccountId"`
	InvitationID string `json:"InvitationId,omitempty"`
	InvitedAt    string `json:",omitempty"`
	MemberStatus string
}

// invitation makes the invited account's view of what its administrator knows of it.
func (m memberRecord) invitation(administrator string) Invitation {
	return Invitation{AccountID: administrator, InvitationID: m.InvitationID, InvitedAt: formatTime(m.InvitedAt), MemberStatus: m.Status}
}

// invitationFrom gives what an administrator knows of an account that it invited; false unless
// the account has that very invitation.
func (h *Hub) invitationFrom(ctx context.Context, p auth.Principal, administrator string) (memberRecord, bool, error) {
	i := invitationRecord{}
	if found, err := h.load(ctx, p, invitationRecords, administrator, &i); err != nil || !found {
		return memberRecord{}, false, err
	}
	return h.invitationTruth(ctx, p, administrator, i)
}

func (h *Hub) invitationTruth(ctx context.Context, p auth.Principal, administrator string, i invitationRecord) (memberRecord, bool, error) {
	r, err := h.member(ctx, administrator, p.Region, p.Account)
	return r, err == nil && r.visible() && i.InvitationID != "" && r.InvitationID == i.InvitationID, err
}

// eachInvitation calls f for the invitations of an account, those after an administrator, until it says that
// it has enough.
func (h *Hub) eachInvitation(ctx context.Context, p auth.Principal, after string, f func(Invitation) (enough bool)) error {
	for {
		records, err := h.store.ListRecords(ctx, invitationRecords, p.Account, p.Region, after, maxAccounts)
		if err != nil {
			return failed(err)
		}
		for _, record := range records {
			i := invitationRecord{}
			if err := json.Unmarshal(record.Body, &i); err != nil {
				return failed(err)
			}
			after = record.Name
			r, valid, err := h.invitationTruth(ctx, p, after, i)
			if err != nil {
				return err
			}
			if valid && f(r.invitation(after)) {
				return nil
			}
		}
		if len(records) < maxAccounts {
			return nil
		}
	}
}
