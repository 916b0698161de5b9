package hub

import "testing"

// DisassociateMembers comes before DeleteMembers (behaviour.md section 5.7).
func TestDeleteMembers(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.admits(t, alice, bob)
	r.invites(t, alice, carol)
	remove := func(accounts ...string) []Result {
		return must[*DeleteMembersOutput](t)(r.DeleteMembers(t.Context(), alice, DeleteMembersInput{accounts})).UnprocessedAccounts
	}
	only(t, remove(bob.Account), bob.Account, "Disassociate it first")
	r.wantMembers(t, alice, bob)
	ok(t, r.DisassociateMembers(t.Context(), alice, DisassociateMembersInput{accountsOf(bob)}))
	all(t, remove(bob.Account))
	r.wantStatus(t, alice, bob, "")
	only(t, remove(bob.Account), bob.Account, "is not a member of the current account")
	only(t, remove(carol.Account, carol.Account), carol.Account, "is not a member of the current account")
	if got := r.invitationID(t, carol, alice); got != "" {
		t.Errorf("the invitation %s outlives the member", got)
	}
	r.wantRoster(t, alice)
}

// An account of the organisation that its administrator deleted does not come back by itself, and
// does when it is asked for.
func TestDeleteMembersOfOrganization(t *testing.T) {
	t.Parallel()
	r := newRig(t, organized(organization(alice, bob, carol)))
	r.delegates(t, alice)
	r.autoEnables(t, alice, true)
	in := DeleteMembersInput{accountsOf(bob)}
	only(t, must[*DeleteMembersOutput](t)(r.DeleteMembers(t.Context(), alice, in)).UnprocessedAccounts, bob.Account, "Disassociate it first")
	ok(t, r.DisassociateMembers(t.Context(), alice, DisassociateMembersInput{accountsOf(bob)}))
	all(t, must[*DeleteMembersOutput](t)(r.DeleteMembers(t.Context(), alice, in)).UnprocessedAccounts)
	r.wantMembers(t, alice, carol)
	r.wantStatus(t, alice, bob, "")
	only(t, must[*DeleteMembersOutput](t)(r.DeleteMembers(t.Context(), alice, in)).UnprocessedAccounts, bob.Account, "is not a member")
	r.autoEnables(t, alice, false)
	r.autoEnables(t, alice, true)
	r.wantMembers(t, alice, carol)
	all(t, r.create(t, alice, bob))
	r.wantMembers(t, alice, bob, carol)
	r.wantRoster(t, alice)
}
