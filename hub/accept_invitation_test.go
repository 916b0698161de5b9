package hub

import "testing"

// The legacy name does the same and calls the administrator MasterId.
func TestAcceptInvitation(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.invites(t, alice, bob)
	id := r.invitationID(t, bob, alice)
	wantError(t, r.AcceptInvitation(t.Context(), bob, AcceptInvitationInput{"1", id}), "InvalidInputException", "Invalid parameter 'MasterId'. Value '1'")
	wantError(t, r.AcceptInvitation(t.Context(), bob, AcceptInvitationInput{carol.Account, id}), "ResourceNotFoundException", "from account 333333333333")
	ok(t, r.AcceptInvitation(t.Context(), bob, AcceptInvitationInput{alice.Account, id}))
	r.wantMembers(t, alice, bob)
}
