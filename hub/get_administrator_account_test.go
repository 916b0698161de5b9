package hub

import (
	"reflect"
	"testing"
	"time"
)

// The example of the API reference (examples.json GetAdministratorAccount), and {} for who is nobody's
// member (behaviour.md section 5.7).
func TestGetAdministratorAccount(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.invites(t, alice, bob)
	for _, p := range accountsOf(alice, bob, carol) {
		if got := must[*GetAdministratorAccountOutput](t)(r.GetAdministratorAccount(t.Context(), principal(p), GetAdministratorAccountInput{})); got.Administrator != nil {
			t.Errorf("%s has %+v", p, got.Administrator)
		}
	}
	id := r.invitationID(t, bob, alice)
	r.clock.advance(time.Hour)
	ok(t, r.accepts(t, bob, alice))
	got := must[*GetAdministratorAccountOutput](t)(r.GetAdministratorAccount(t.Context(), bob, GetAdministratorAccountInput{}))
	want := &Invitation{AccountID: alice.Account, InvitationID: id, InvitedAt: "2026-01-02T03:04:05.000Z", MemberStatus: "Enabled"}
	if !reflect.DeepEqual(got.Administrator, want) {
		t.Errorf("got %+v, want %+v", got.Administrator, want)
	}
}

// A member by its organisation had no invitation.
func TestGetAdministratorAccountOfOrganization(t *testing.T) {
	t.Parallel()
	r := newRig(t, organized(organization(alice, bob, carol)))
	r.delegates(t, alice)
	all(t, r.create(t, alice, bob))
	r.clock.advance(time.Hour)
	r.autoEnables(t, alice, true)
	for account, since := range map[string]string{bob.Account: "2026-01-02T03:04:05.000Z", carol.Account: "2026-01-02T04:04:05.000Z"} {
		got := must[*GetAdministratorAccountOutput](t)(r.GetAdministratorAccount(t.Context(), principal(account), GetAdministratorAccountInput{}))
		want := &Invitation{AccountID: alice.Account, InvitedAt: since, MemberStatus: "Enabled"}
		if !reflect.DeepEqual(got.Administrator, want) {
			t.Errorf("got %+v, want %+v", got.Administrator, want)
		}
	}
}
