package hub

import (
	"regexp"
	"testing"
	"time"
)

func TestInviteMembers(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	only(t, r.invited(t, alice, bob), bob.Account, "is not a member of the current account")
	all(t, r.create(t, alice, bob, carol))
	all(t, r.invited(t, alice, bob, carol))
	first := r.invitationID(t, bob, alice)
	// 32 hexadecimal digits, as examples.json has them.
	if !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(first) || first == r.invitationID(t, carol, alice) {
		t.Errorf("got the ids %q and %q", first, r.invitationID(t, carol, alice))
	}
	// Inviting again is harmless: the invitation in the invited account's hands stays good.
	r.clock.advance(time.Hour)
	all(t, r.invited(t, alice, bob, bob))
	if again := r.invitationID(t, bob, alice); again != first {
		t.Errorf("the invitation was %s and is %s", first, again)
	}
	ok(t, r.accepts(t, bob, alice))
	only(t, r.invited(t, alice, bob, carol), bob.Account, "already a member or associated member")
	r.wantRoster(t, alice)
}

// Who was removed or resigned can be asked again, with another invitation; the old one is worth nothing.
func TestInviteMembersAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.admits(t, alice, bob)
	old := r.invitationID(t, bob, alice)
	ok(t, r.DisassociateMembers(t.Context(), alice, DisassociateMembersInput{accountsOf(bob)}))
	all(t, r.invited(t, alice, bob))
	err := r.AcceptAdministratorInvitation(t.Context(), bob, AcceptAdministratorInvitationInput{alice.Account, old})
	wantError(t, err, "ResourceNotFoundException", old)
	r.wantMembers(t, alice)
	ok(t, r.accepts(t, bob, alice))
	ok(t, r.DisassociateFromMasterAccount(t.Context(), bob, DisassociateFromMasterAccountInput{}))
	all(t, r.invited(t, alice, bob))
	ok(t, r.accepts(t, bob, alice))
	r.wantMembers(t, alice, bob)
}

// Accounts of the organisation receive no invitations (examples.json InviteMembers); others do, also
// an account that has left.
func TestInviteMembersOfOrganization(t *testing.T) {
	t.Parallel()
	d := organization(alice, bob, carol)
	r := newRig(t, organized(d))
	all(t, r.create(t, alice, bob))
	r.delegates(t, alice)
	only(t, r.invited(t, alice, bob), bob.Account, "belongs to the organization")
	all(t, r.create(t, alice, carol, stranger))
	all(t, r.invited(t, alice, stranger))
	d.set(alice, bob)
	all(t, r.invited(t, alice, carol))
	ok(t, r.accepts(t, carol, alice))
	r.wantMembers(t, alice, carol)
	r.wantRoster(t, alice)
}

// 1,000 invitations that are not answered (behaviour.md section 8). An answer makes room.
func TestInvitationLimit(t *testing.T) {
	t.Parallel()
	r := newRig(t).bounded(10, 2)
	r.invites(t, alice, bob)
	all(t, r.create(t, alice, carol, dave, stranger))
	_, err := r.InviteMembers(t.Context(), alice, InviteMembersInput{accountsOf(carol, dave)})
	wantError(t, err, "LimitExceededException", "Account 111111111111 would have 3 open invitations in us-east-1, more than the maximum of 2")
	r.wantStatus(t, alice, carol, "Created")
	all(t, r.invited(t, alice, bob, carol))
	ok(t, r.accepts(t, bob, alice))
	all(t, r.invited(t, alice, dave))
	_, err = r.InviteMembers(t.Context(), alice, InviteMembersInput{accountsOf(stranger)})
	wantError(t, err, "LimitExceededException", "maximum of 2")
	out := must[*DeclineInvitationsOutput](t)(r.DeclineInvitations(t.Context(), carol, DeclineInvitationsInput{accountsOf(alice)}))
	all(t, out.UnprocessedAccounts)
	all(t, r.invited(t, alice, stranger))
}
