package hub

import "testing"

// Declining two invitations, of which one is there (examples.json DeclineInvitations).
func TestDeclineInvitations(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.invites(t, alice, bob, carol)
	id := r.invitationID(t, bob, alice)
	decline := func(accounts ...string) []Result {
		return must[*DeclineInvitationsOutput](t)(r.DeclineInvitations(t.Context(), bob, DeclineInvitationsInput{accounts})).UnprocessedAccounts
	}
	only(t, decline(alice.Account, dave.Account), dave.Account, "has no invitation to the current account")
	r.wantStatus(t, alice, bob, "Resigned")
	r.wantStatus(t, alice, carol, "Invited")
	err := r.AcceptAdministratorInvitation(t.Context(), bob, AcceptAdministratorInvitationInput{alice.Account, id})
	wantError(t, err, "ResourceNotFoundException", id)
	only(t, decline(alice.Account), alice.Account, "has no invitation")
	// It is still told, until it is deleted or another one comes.
	if got := r.invitationID(t, bob, alice); got != id {
		t.Errorf("got %q", got)
	}
	all(t, r.invited(t, alice, bob))
	ok(t, r.accepts(t, bob, alice))
	only(t, decline(alice.Account), alice.Account, "has no invitation")
	r.wantMembers(t, alice, bob)
	r.wantRoster(t, alice)
}
