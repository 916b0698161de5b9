package hub

import (
	"fmt"
	"testing"

	"github.com/findinghub/findinghub/auth"
)

// The example of the API reference: two accounts, both processed (examples.json CreateMembers).
func TestCreateMembers(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	in := CreateMembersInput{AccountDetails: []AccountDetails{{AccountID: "123456789012", Email: "a@example.com"}, {AccountID: "111122223333"}}}
	all(t, must[*CreateMembersOutput](t)(r.CreateMembers(t.Context(), alice, in)).UnprocessedAccounts)
	out := must[*GetMembersOutput](t)(r.GetMembers(t.Context(), alice, GetMembersInput{[]string{"123456789012", "111122223333"}}))
	want := []Member{
		{AccountID: "123456789012", Email: "a@example.com", MasterID: alice.Account, AdministratorID: alice.Account, MemberStatus: "Created", UpdatedAt: "2026-01-02T03:04:05.000Z"},
		{AccountID: "111122223333", MasterID: alice.Account, AdministratorID: alice.Account, MemberStatus: "Created", UpdatedAt: "2026-01-02T03:04:05.000Z"},
	}
	if len(out.Members) != 2 || out.Members[0] != want[0] || out.Members[1] != want[1] {
		t.Errorf("got %+v", out.Members)
	}
	r.wantMembers(t, alice) // nobody was asked yet
}

// The words are the service's (error-strings.md): clients take them for success.
func TestCreateMembersUnprocessed(t *testing.T) {
	t.Parallel()
	const already = "The request is rejected because the given account ID is already a member or associated member of the current account."
	r := newRig(t)
	all(t, r.create(t, alice, bob))
	only(t, r.create(t, alice, bob), bob.Account, already)
	all(t, r.invited(t, alice, bob))
	only(t, r.create(t, alice, bob), bob.Account, already)
	ok(t, r.accepts(t, bob, alice))
	only(t, r.create(t, alice, bob), bob.Account, already)
	ok(t, r.DisassociateMembers(t.Context(), alice, DisassociateMembersInput{accountsOf(bob)}))
	only(t, r.create(t, alice, bob), bob.Account, already)
	only(t, r.create(t, alice, alice), alice.Account, "an account cannot be a member of itself")
	only(t, r.create(t, alice, carol, carol), carol.Account, already)
	only(t, r.create(t, alice, dave, principal("x")), "x", "Invalid parameter 'AccountDetails[1].AccountId'. Value 'x' is not an account id of 12 digits.")
	r.wantStatus(t, alice, dave, "Created") // one bad account is not another's
}

// One account is not both administrator and member (behaviour.md section 5.7).
func TestMembersHaveNoMembers(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.admits(t, alice, bob)
	_, err := r.CreateMembers(t.Context(), bob, CreateMembersInput{AccountDetails: []AccountDetails{{AccountID: carol.Account}}})
	wantError(t, err, "InvalidAccessException", "Account 222222222222 is a member account")
	_, err = r.InviteMembers(t.Context(), bob, InviteMembersInput{accountsOf(carol)})
	wantError(t, err, "InvalidAccessException", "Account 222222222222 is a member account")
}

// Accounts of the organisation are members at once, and their hubs are on; others are as ever.
func TestCreateMembersOfOrganization(t *testing.T) {
	t.Parallel()
	r := newRig(t, guarded, organized(organization(alice, bob, carol, dave)))
	r.delegates(t, alice)
	for _, p := range []auth.Principal{carol, stranger} {
		ok(t, r.EnableSecurityHub(t.Context(), p, EnableSecurityHubInput{Tags: map[string]string{"k": "v"}}))
	}
	_, err := r.DescribeHub(t.Context(), bob, DescribeHubInput{})
	wantError(t, err, "InvalidAccessException", "not subscribed")
	all(t, r.create(t, alice, bob, carol, stranger))
	r.wantMembers(t, alice, bob, carol)
	r.wantStatus(t, alice, stranger, "Created")
	must[*DescribeHubOutput](t)(r.DescribeHub(t.Context(), bob, DescribeHubInput{}))
	tags := must[*ListTagsForResourceOutput](t)(r.ListTagsForResource(t.Context(), carol, ListTagsForResourceInput{ResourceArn: hubARN(carol)}))
	if tags.Tags["k"] != "v" {
		t.Error("a hub that was on was switched on again")
	}
	// Who has members of its own is an administrator.
	ok(t, r.EnableSecurityHub(t.Context(), dave, EnableSecurityHubInput{}))
	r.admits(t, dave, stranger)
	only(t, r.create(t, alice, dave), dave.Account, "has members of its own")
	// Who pays switches its own hub on.
	only(t, r.create(t, alice, manager), manager.Account, "management account, and its hub is off")
	ok(t, r.EnableSecurityHub(t.Context(), manager, EnableSecurityHubInput{}))
	all(t, r.create(t, alice, manager))
	r.wantMembers(t, alice, bob, carol, manager)
	// Nobody else's request makes an organisation's account a member.
	all(t, r.create(t, dave, carol))
	r.wantStatus(t, dave, carol, "Created")
}

// An invitation that the organisation made pointless is no longer open.
func TestCreateMembersEndsInvitation(t *testing.T) {
	t.Parallel()
	r := newRig(t, organized(organization(alice, bob)))
	r.invites(t, alice, bob)
	r.delegates(t, alice)
	all(t, r.create(t, alice, bob))
	r.wantMembers(t, alice, bob)
	if got := r.invitationID(t, bob, alice); got != "" {
		t.Errorf("the invitation %s is still there", got)
	}
	r.wantRoster(t, alice)
}

// 10,000 members of one administrator in one region, and no request of which a part is too many
// (behaviour.md section 8).
func TestMemberLimit(t *testing.T) {
	t.Parallel()
	if serviceLimits != (relationLimits{members: 10_000, invitations: 1_000}) {
		t.Errorf("the limits are %+v", serviceLimits)
	}
	r := newRig(t).bounded(3, 3)
	all(t, r.create(t, alice, bob, carol))
	details := []AccountDetails{{AccountID: dave.Account}, {AccountID: stranger.Account}}
	_, err := r.CreateMembers(t.Context(), alice, CreateMembersInput{AccountDetails: details})
	wantError(t, err, "LimitExceededException", "Account 111111111111 would have 4 members in us-east-1, more than the maximum of 3")
	r.wantStatus(t, alice, dave, "")
	all(t, r.create(t, alice, dave))
	_, err = r.CreateMembers(t.Context(), alice, CreateMembersInput{AccountDetails: details[1:]})
	wantError(t, err, "LimitExceededException", "maximum of 3")
	// What needs no room is answered as ever, and other regions have room.
	only(t, r.create(t, alice, dave), dave.Account, "already a member")
	abroad := alice
	abroad.Region = "eu-west-1"
	all(t, r.create(t, abroad, stranger))
	all(t, must[*DeleteMembersOutput](t)(r.DeleteMembers(t.Context(), alice, DeleteMembersInput{accountsOf(bob)})).UnprocessedAccounts)
	all(t, r.create(t, alice, stranger))
}

// Members whom the organisation's configuration makes so count as others do.
func TestMemberLimitCountsTheOrganization(t *testing.T) {
	t.Parallel()
	r := newRig(t, organized(organization(alice, bob, carol))).bounded(3, 3)
	r.delegates(t, alice)
	r.autoEnables(t, alice, true)
	all(t, r.create(t, alice, dave))
	_, err := r.CreateMembers(t.Context(), alice, CreateMembersInput{AccountDetails: []AccountDetails{{AccountID: stranger.Account}}})
	wantError(t, err, "LimitExceededException", "would have 4 members")
	// An account that was removed has a record already, and comes back into its own place.
	ok(t, r.DisassociateMembers(t.Context(), alice, DisassociateMembersInput{accountsOf(bob)}))
	all(t, r.create(t, alice, bob))
}

// Many at once: one request of 50 and the next.
func TestCreateMembersFifty(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	in := CreateMembersInput{}
	for i := range 50 {
		in.AccountDetails = append(in.AccountDetails, AccountDetails{AccountID: fmt.Sprintf("%012d", i)})
	}
	all(t, must[*CreateMembersOutput](t)(r.CreateMembers(t.Context(), alice, in)).UnprocessedAccounts)
	if n := must[int](t)(r.memberCount(t.Context(), alice)); n != 50 {
		t.Errorf("%d members are counted", n)
	}
	in.AccountDetails = append(in.AccountDetails, AccountDetails{AccountID: bob.Account})
	_, err := r.CreateMembers(t.Context(), alice, in)
	wantError(t, err, "InvalidInputException", "Maximum number of results exceeded")
}
