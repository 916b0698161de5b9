package hub

import (
	"testing"

	"github.com/findinghub/findinghub/auth"
)

// Accepting makes a member (examples.json AcceptAdministratorInvitation). Whoever lost the answer may ask again.
func TestAcceptAdministratorInvitation(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.invites(t, alice, bob)
	ok(t, r.accepts(t, bob, alice))
	r.wantMembers(t, alice, bob)
	ok(t, r.accepts(t, bob, alice))
	r.wantMembers(t, alice, bob)
	r.wantRoster(t, alice)
}

func TestAcceptAdministratorInvitationRefused(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.invites(t, alice, bob, carol)
	id := r.invitationID(t, bob, alice)
	tests := []struct {
		name                    string
		by                      auth.Principal
		administrator, id, code string
		says                    string
	}{
		{"no account", bob, "alice", id, "InvalidInputException", "Invalid parameter 'AdministratorId'. Value 'alice' is not an account id of 12 digits."},
		{"another id", bob, alice.Account, "7ab938c5d52d7904ad09f9e7c20cc4eb", "ResourceNotFoundException", "Account 222222222222 has no open invitation 7ab938c5d52d7904ad09f9e7c20cc4eb from account 111111111111"},
		{"somebody else's", carol, alice.Account, id, "ResourceNotFoundException", "no open invitation"},
		{"from somebody else", bob, dave.Account, id, "ResourceNotFoundException", "no open invitation"},
		{"without an invitation", stranger, alice.Account, id, "ResourceNotFoundException", "no open invitation"},
		{"no id", stranger, alice.Account, "", "ResourceNotFoundException", "no open invitation"},
		{"in another region", auth.Principal{Account: bob.Account, Region: "eu-west-1"}, alice.Account, id, "ResourceNotFoundException", "no open invitation"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := r.AcceptAdministratorInvitation(t.Context(), tt.by, AcceptAdministratorInvitationInput{tt.administrator, tt.id})
			wantError(t, err, tt.code, tt.says)
		})
	}
	r.wantMembers(t, alice)
}

// A hub that is off has no administrator.
func TestAcceptNeedsAHub(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.invites(t, alice, bob)
	id := r.invitationID(t, bob, alice)
	ok(t, r.DisableSecurityHub(t.Context(), bob, DisableSecurityHubInput{}))
	err := r.AcceptAdministratorInvitation(t.Context(), bob, AcceptAdministratorInvitationInput{alice.Account, id})
	wantError(t, err, "InvalidAccessException", "Account 222222222222 is not subscribed to AWS Security Hub")
	r.wantMembers(t, alice)
}

// One administrator for each account, and nobody is both (behaviour.md section 5.7).
func TestAcceptOneAdministrator(t *testing.T) {
	t.Parallel()
	r := newRig(t, organized(organization(dave)))
	r.invites(t, carol, bob, alice)
	r.invites(t, bob, carol, stranger)
	r.invites(t, stranger, dave)
	r.admits(t, alice, bob)
	wantError(t, r.accepts(t, bob, carol), "InvalidInputException", "Account 222222222222 is already a member of account 111111111111")
	wantError(t, r.accepts(t, alice, carol), "InvalidInputException", "Account 111111111111 is an administrator itself")
	// Who invited has become a member meanwhile; that is all that the invited one learns.
	wantError(t, r.accepts(t, stranger, bob), "InvalidInputException", "Account 222222222222 can have no members at present")
	r.delegates(t, dave)
	wantError(t, r.accepts(t, dave, stranger), "InvalidInputException", "Account 444444444444 is an administrator itself")
	r.wantMembers(t, alice, bob)
	r.wantMembers(t, carol)
	r.wantMembers(t, bob)
}
