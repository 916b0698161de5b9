package hub

import "testing"

// The legacy name leaves whoever was accepted by the legacy name.
func TestDisassociateFromMasterAccount(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.invites(t, alice, bob)
	ok(t, r.AcceptInvitation(t.Context(), bob, AcceptInvitationInput{alice.Account, r.invitationID(t, bob, alice)}))
	ok(t, r.DisassociateFromMasterAccount(t.Context(), bob, DisassociateFromMasterAccountInput{}))
	r.wantMembers(t, alice)
	r.wantStatus(t, alice, bob, "Resigned")
}
