package hub

import (
	"fmt"
	"reflect"
	"testing"
)

// The example of the API reference, with the status of an invitation that is not answered
// (examples.json ListInvitations).
func TestListInvitations(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.invites(t, alice, bob)
	got := must[*ListInvitationsOutput](t)(r.ListInvitations(t.Context(), bob, ListInvitationsInput{}))
	id := must[memberRecord](t)(r.member(t.Context(), alice.Account, alice.Region, bob.Account)).InvitationID
	want := &ListInvitationsOutput{Invitations: []Invitation{
		{AccountID: alice.Account, InvitationID: id, InvitedAt: "2026-01-02T03:04:05.000Z", MemberStatus: "Invited"},
	}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for _, p := range accountsOf(alice, carol) {
		if got := must[*ListInvitationsOutput](t)(r.ListInvitations(t.Context(), principal(p), ListInvitationsInput{})); got.Invitations == nil || len(got.Invitations) != 0 {
			t.Errorf("%s sees %+v", p, got.Invitations)
		}
	}
}

// Whoever is invited by many reads on, past the invitations that were withdrawn.
func TestListInvitationsPages(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for i := range 120 {
		from := principal(fmt.Sprintf("7000000%05d", i))
		r.invites(t, from, bob)
		if i%2 == 1 {
			all(t, must[*DeleteMembersOutput](t)(r.DeleteMembers(t.Context(), from, DeleteMembersInput{accountsOf(bob)})).UnprocessedAccounts)
			// What a crash between two writes leaves behind.
			ok(t, r.save(t.Context(), bob, invitationRecords, from.Account, invitationRecord{"stale"}))
		}
	}
	for _, size := range []int{0, 7, 50} {
		in, n, pages := ListInvitationsInput{MaxResults: size}, 0, 0
		for {
			out := must[*ListInvitationsOutput](t)(r.ListInvitations(t.Context(), bob, in))
			for _, i := range out.Invitations {
				if want := fmt.Sprintf("7000000%05d", 2*n); i.AccountID != want {
					t.Fatalf("got %s, want %s", i.AccountID, want)
				}
				n++
			}
			pages++
			if in.NextToken = out.NextToken; in.NextToken == "" {
				break
			}
		}
		if want := map[int]int{0: 2, 7: 9, 50: 2}[size]; n != 60 || pages != want {
			t.Errorf("%d at a time: %d invitations on %d pages, want 60 on %d", size, n, pages, want)
		}
	}
	count := must[*GetInvitationsCountOutput](t)(r.GetInvitationsCount(t.Context(), bob, GetInvitationsCountInput{}))
	if count.InvitationsCount != 60 {
		t.Errorf("%d are counted", count.InvitationsCount)
	}
	token := must[*ListInvitationsOutput](t)(r.ListInvitations(t.Context(), bob, ListInvitationsInput{})).NextToken
	_, err := r.ListInvitations(t.Context(), alice, ListInvitationsInput{NextToken: token})
	wantError(t, err, "InvalidInputException", "NextToken")
}
