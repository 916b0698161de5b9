package hub

import "testing"

// Deleting an open invitation declines it (examples.json DeleteInvitations).
func TestDeleteInvitations(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.invites(t, alice, bob)
	r.invites(t, carol, bob)
	remove := func(accounts ...string) []Result {
		return must[*DeleteInvitationsOutput](t)(r.DeleteInvitations(t.Context(), bob, DeleteInvitationsInput{accounts})).UnprocessedAccounts
	}
	all(t, remove(alice.Account))
	r.wantStatus(t, alice, bob, "Resigned")
	if got := r.invitationID(t, bob, alice); got != "" {
		t.Errorf("%s is still there", got)
	}
	only(t, remove(alice.Account), alice.Account, "has no invitation")
	ok(t, r.accepts(t, bob, carol))
	only(t, remove(carol.Account), carol.Account, "the invitation was accepted")
	r.wantMembers(t, carol, bob)
	ok(t, r.DisassociateFromAdministratorAccount(t.Context(), bob, DisassociateFromAdministratorAccountInput{}))
	all(t, remove(carol.Account))
	r.wantRoster(t, alice)
	r.wantRoster(t, carol)
}

// Declining first and deleting then is what some clients do.
func TestDeleteDeclinedInvitation(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.invites(t, alice, bob)
	all(t, must[*DeclineInvitationsOutput](t)(r.DeclineInvitations(t.Context(), bob, DeclineInvitationsInput{accountsOf(alice)})).UnprocessedAccounts)
	all(t, must[*DeleteInvitationsOutput](t)(r.DeleteInvitations(t.Context(), bob, DeleteInvitationsInput{accountsOf(alice)})).UnprocessedAccounts)
	if got := r.invitationID(t, bob, alice); got != "" {
		t.Errorf("%s is still there", got)
	}
	all(t, r.invited(t, alice, bob))
	r.wantStatus(t, alice, bob, "Invited")
}
