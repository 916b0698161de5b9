package hub

import "testing"

func TestDisassociateMembers(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.admits(t, alice, bob, carol)
	all(t, r.create(t, alice, dave))
	disassociate := func(accounts ...string) error {
		return r.DisassociateMembers(t.Context(), alice, DisassociateMembersInput{accounts})
	}
	// There is no list of accounts that were not processed: a request is done or refused.
	wantError(t, disassociate(bob.Account, stranger.Account), "ResourceNotFoundException", "Account 555555555555 is not a member of account 111111111111")
	wantError(t, disassociate(bob.Account, "x"), "InvalidInputException", "Invalid parameter 'AccountIds[1]'. Value 'x' is not an account id of 12 digits.")
	wantError(t, disassociate(make([]string, 51)...), "InvalidInputException", "Maximum number of results exceeded")
	r.wantMembers(t, alice, bob, carol)
	ok(t, disassociate(bob.Account, bob.Account))
	r.wantMembers(t, alice, carol)
	// Terraform disassociates whatever it is about to delete, and again when it lost the answer.
	ok(t, disassociate(bob.Account, dave.Account))
	ok(t, disassociate(dave.Account))
	r.wantStatus(t, alice, dave, "Removed")
	ok(t, disassociate())
	// Who is not asked is not answered for.
	err := r.DisassociateMembers(t.Context(), bob, DisassociateMembersInput{accountsOf(carol)})
	wantError(t, err, "ResourceNotFoundException", "333333333333")
	r.wantMembers(t, alice, carol)
	r.wantRoster(t, alice)
}

// An invitation that is withdrawn cannot be accepted.
func TestDisassociateMembersWithdraws(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.invites(t, alice, bob)
	ok(t, r.DisassociateMembers(t.Context(), alice, DisassociateMembersInput{accountsOf(bob)}))
	wantError(t, r.accepts(t, bob, alice), "ResourceNotFoundException", "no open invitation")
	r.wantRoster(t, alice)
}

// A member that joined by the configuration stays out once it is removed; one that was the
// administrator's by invitation too.
func TestDisassociateMembersOfOrganization(t *testing.T) {
	t.Parallel()
	r := newRig(t, organized(organization(alice, bob, carol)))
	r.admits(t, alice, carol)
	r.delegates(t, alice)
	r.autoEnables(t, alice, true)
	r.wantMembers(t, alice, bob, carol)
	ok(t, r.DisassociateMembers(t.Context(), alice, DisassociateMembersInput{accountsOf(bob, carol)}))
	r.wantMembers(t, alice)
	r.wantStatus(t, alice, bob, "Removed")
	r.wantRoster(t, alice)
	all(t, r.create(t, alice, bob, carol))
	r.wantMembers(t, alice, bob, carol)
}
