package hub

import (
	"reflect"
	"testing"
	"time"
)

// The example of the API reference, with the status as the service was recorded to spell it
// (examples.json GetMembers, behaviour.md section 5.7).
func TestGetMembers(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.invites(t, alice, bob)
	r.clock.advance(time.Hour)
	ok(t, r.accepts(t, bob, alice))
	got := must[*GetMembersOutput](t)(r.GetMembers(t.Context(), alice, GetMembersInput{accountsOf(bob, carol)}))
	want := &GetMembersOutput{
		Members: []Member{{
			AccountID: bob.Account, AdministratorID: alice.Account, MasterID: alice.Account, MemberStatus: "Enabled",
			InvitedAt: "2026-01-02T03:04:05.000Z", UpdatedAt: "2026-01-02T04:04:05.000Z",
		}},
		UnprocessedAccounts: []Result{{carol.Account, "The request is rejected because the given account ID is not a member of the current account."}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// Nobody learns of another administrator's members, nor a member of the others.
func TestGetMembersIsPrivate(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.admits(t, alice, bob, carol)
	for _, p := range accountsOf(bob, carol, stranger) {
		if got := r.status(t, principal(p), carol); got != "" {
			t.Errorf("%s learns that it is %q", p, got)
		}
	}
}

// Every status that a relation goes through (behaviour.md section 5.7).
func TestMemberStatuses(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	steps := []struct {
		do   func()
		want string
	}{
		{func() { all(t, r.create(t, alice, bob)) }, "Created"},
		{func() { all(t, r.invited(t, alice, bob)) }, "Invited"},
		{func() { ok(t, r.accepts(t, bob, alice)) }, "Enabled"},
		{func() { ok(t, r.DisassociateMembers(t.Context(), alice, DisassociateMembersInput{accountsOf(bob)})) }, "Removed"},
		{func() { all(t, r.invited(t, alice, bob)) }, "Invited"},
		{func() { ok(t, r.accepts(t, bob, alice)) }, "Enabled"},
		{func() {
			ok(t, r.DisassociateFromAdministratorAccount(t.Context(), bob, DisassociateFromAdministratorAccountInput{}))
		}, "Resigned"},
		{func() {
			all(t, must[*DeleteMembersOutput](t)(r.DeleteMembers(t.Context(), alice, DeleteMembersInput{accountsOf(bob)})).UnprocessedAccounts)
		}, ""},
		{func() { all(t, r.create(t, alice, bob)) }, "Created"},
	}
	for _, s := range steps {
		s.do()
		r.wantStatus(t, alice, bob, s.want)
	}
}

// A member that nobody asked is told like one that was: invited when the configuration began.
func TestGetMembersOfConfiguration(t *testing.T) {
	t.Parallel()
	r := newRig(t, organized(organization(alice, bob)))
	r.delegates(t, alice)
	r.clock.advance(time.Hour)
	r.autoEnables(t, alice, true)
	r.clock.advance(time.Hour)
	got := must[*GetMembersOutput](t)(r.GetMembers(t.Context(), alice, GetMembersInput{accountsOf(bob)}))
	want := Member{
		AccountID: bob.Account, AdministratorID: alice.Account, MasterID: alice.Account, MemberStatus: "Enabled",
		InvitedAt: "2026-01-02T04:04:05.000Z", UpdatedAt: "2026-01-02T04:04:05.000Z",
	}
	if len(got.Members) != 1 || got.Members[0] != want {
		t.Errorf("got %+v, want %+v", got.Members, want)
	}
}
