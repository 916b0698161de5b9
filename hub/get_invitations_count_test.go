package hub

import "testing"

// The example of the API reference counts three; the accepted one is not counted (examples.json
// GetInvitationsCount).
func TestGetInvitationsCount(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	count := func() int {
		return must[*GetInvitationsCountOutput](t)(r.GetInvitationsCount(t.Context(), bob, GetInvitationsCountInput{})).InvitationsCount
	}
	if n := count(); n != 0 {
		t.Errorf("got %d without any", n)
	}
	r.invites(t, carol, bob)
	r.invites(t, dave, bob)
	r.invites(t, stranger, bob)
	if n := count(); n != 3 {
		t.Errorf("got %d, want 3", n)
	}
	ok(t, r.accepts(t, bob, carol))
	all(t, must[*DeclineInvitationsOutput](t)(r.DeclineInvitations(t.Context(), bob, DeclineInvitationsInput{accountsOf(dave)})).UnprocessedAccounts)
	if n := count(); n != 1 {
		t.Errorf("got %d, want 1", n)
	}
}
