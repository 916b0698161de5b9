package hub

import (
	"context"
	"encoding/hex"
	"io"
	"time"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/auth"
)

// The statuses of a relation between an administrator and a member (behaviour.md section 5.7).
const (
	statusCreated  = "Created"  // added, not invited
	statusInvited  = "Invited"  // invited, not answered
	statusEnabled  = "Enabled"  // a member
	statusRemoved  = "Removed"  // the administrator ended it
	statusResigned = "Resigned" // the member ended or declined it
	statusDeleted  = "Deleted"  // an account of the organisation that its administrator does not want; not shown
)

// relationLimits bound what one administrator has in one region.
type relationLimits struct {
	members     int
	invitations int // sent and not answered
}

// serviceLimits are the service's (behaviour.md sections 5.7 and 8).
var serviceLimits = relationLimits{members: 10_000, invitations: 1_000}

// memberRecord is what an administrator knows of a member. It is the truth of the relation, and the
// one write that begins or ends it. The zero value is no relation.
type memberRecord struct {
	Status       string
	Email        string    `json:",omitempty"`
	InvitationID string    `json:",omitempty"`
	InvitedAt    time.Time `json:",omitzero"`
	UpdatedAt    time.Time
	// Designation is that of the organisation's administrator under which an account became a member
	// or stopped being one, "" for what invitations did. With the designation the relation ends.
	Designation string `json:",omitempty"`
}

// visible says whether the administrator is told of the record.
func (m memberRecord) visible() bool { return m.Status != "" && m.Status != statusDeleted }

// administratorRecord points from a member to its administrator. It is written before the
// relation begins and deleted after it has ended, and means nothing unless the truth agrees.
type administratorRecord struct{ Account string }

// invitationRecord points from an invited account to who invited it. It means nothing unless
// the truth has the same id.
type invitationRecord struct{ InvitationID string }

// member reads what an administrator knows of an account.
func (h *Hub) member(ctx context.Context, administrator, region, account string) (memberRecord, error) {
	r := memberRecord{}
	_, err := h.load(ctx, at(administrator, region), memberRecords, account, &r)
	return r, err
}

// newID is a random name of 32 hexadecimal digits, as the service's invitations have.
func (h *Hub) newID() (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(h.rand, b[:]); err != nil {
		return "", failed(err)
	}
	return hex.EncodeToString(b[:]), nil
}

// requireNoMember fails with 401 for members: only who is no member itself may have some.
func (h *Hub) requireNoMember(ctx context.Context, p auth.Principal) error {
	administrator, err := h.administratorOf(ctx, p.Account, p.Region)
	if err == nil && administrator != "" {
		err = findinghub.Errorf(findinghub.CodeInvalidAccess, "Account %s is a member account and cannot have members of its own", p.Account)
	}
	return err
}

// requireAdministratorToBe is what whoever manages members needs: a hub, and to be nobody's member.
func (h *Hub) requireAdministratorToBe(ctx context.Context, p auth.Principal) error {
	if _, err := h.requireHub(ctx, p); err != nil {
		return err
	}
	return h.requireNoMember(ctx, p)
}

// Member is how the API tells of a member. Times are UTC to the millisecond, "" where there is none.
type Member struct {
	AccountID       string `json:"AccountId"`
	Email           string `json:",omitempty"`
	MasterID        string `json:"MasterId"` // the legacy name of AdministratorId
	AdministratorID string `json:"AdministratorId"`
	MemberStatus    string
	InvitedAt       string `json:",omitempty"`
	UpdatedAt       string
}

// view tells of one account of the caller's members; false when it is none of them.
func (h *Hub) view(ctx context.Context, p auth.Principal, m *membership, account string) (Member, bool, error) {
	r, err := h.member(ctx, p.Account, p.Region, account)
	if err != nil {
		return Member{}, false, err
	}
	switch member := m.contains(account); {
	case member && !r.visible():
		// Nobody asked: the organisation's configuration made it a member.
		r = memberRecord{Status: statusEnabled, InvitedAt: m.since, UpdatedAt: m.since}
	case member:
		r.Status = statusEnabled
	case !r.visible():
		return Member{}, false, nil
	case r.Status == statusEnabled:
		// It left the organisation, or the organisation has another administrator.
		r.Status = statusRemoved
	}
	v := Member{
		AccountID: account, Email: r.Email, MasterID: p.Account, AdministratorID: p.Account,
		MemberStatus: r.Status, UpdatedAt: formatTime(r.UpdatedAt),
	}
	if !r.InvitedAt.IsZero() {
		v.InvitedAt = formatTime(r.InvitedAt)
	}
	return v, true, nil
}
