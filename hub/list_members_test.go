package hub

import (
	"fmt"
	"slices"
	"testing"

	"github.com/findinghub/findinghub/auth"
)

// membersOf lists members page by page.
func (r rig) membersOf(t *testing.T, p auth.Principal, in ListMembersInput) []string {
	t.Helper()
	var list []string
	for {
		out := must[*ListMembersOutput](t)(r.ListMembers(t.Context(), p, in))
		for _, m := range out.Members {
			list = append(list, m.AccountID[:1]+" "+m.MemberStatus)
		}
		if in.NextToken = out.NextToken; in.NextToken == "" {
			return list
		}
	}
}

// OnlyAssociated is true unless somebody says otherwise (behaviour.md section 5.7).
func TestListMembers(t *testing.T) {
	t.Parallel()
	r := newRig(t, organized(organization(alice, manager)))
	r.admits(t, alice, bob, dave)
	r.invites(t, alice, carol, stranger)
	ok(t, r.DisassociateMembers(t.Context(), alice, DisassociateMembersInput{accountsOf(stranger)}))
	yes, no := true, false
	every := []string{"2 Enabled", "3 Invited", "4 Enabled", "5 Removed"}
	associated := []string{"2 Enabled", "4 Enabled"}
	for size := range 6 {
		for _, tt := range []struct {
			only *bool
			want []string
		}{{nil, associated}, {&yes, associated}, {&no, every}} {
			if got := r.membersOf(t, alice, ListMembersInput{MaxResults: size, OnlyAssociated: tt.only}); !slices.Equal(got, tt.want) {
				t.Errorf("%d at a time: got %v, want %v", size, got, tt.want)
			}
		}
	}
	if got := r.membersOf(t, bob, ListMembersInput{OnlyAssociated: &no}); len(got) != 0 {
		t.Errorf("a member lists %v", got)
	}
}

// Who joined by the organisation's configuration stands in the list where it belongs, with and
// without a record; who was deleted does not, however many.
func TestListMembersOfOrganization(t *testing.T) {
	t.Parallel()
	r := newRig(t, organized(organization(alice, bob, carol, dave)))
	r.delegates(t, alice)
	r.autoEnables(t, alice, true)
	all(t, r.create(t, alice, stranger, principal("666666666666")))
	ok(t, r.DisassociateMembers(t.Context(), alice, DisassociateMembersInput{accountsOf(carol)}))
	no := false
	for size := range 6 {
		in := ListMembersInput{MaxResults: size, OnlyAssociated: &no}
		if got, want := r.membersOf(t, alice, in), []string{"2 Enabled", "3 Removed", "4 Enabled", "5 Created", "6 Created"}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	all(t, must[*DeleteMembersOutput](t)(r.DeleteMembers(t.Context(), alice, DeleteMembersInput{accountsOf(carol)})).UnprocessedAccounts)
	for size := range 6 {
		in := ListMembersInput{MaxResults: size, OnlyAssociated: &no}
		if got, want := r.membersOf(t, alice, in), []string{"2 Enabled", "4 Enabled", "5 Created", "6 Created"}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
}

// A page has 50 members at most, and its token is of its own list only.
func TestListMembersTokens(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for i := range 60 {
		all(t, r.create(t, alice, principal(fmt.Sprintf("7000000%05d", i))))
	}
	no := false
	page := must[*ListMembersOutput](t)(r.ListMembers(t.Context(), alice, ListMembersInput{OnlyAssociated: &no}))
	if len(page.Members) != 50 || page.NextToken == "" {
		t.Fatalf("got %d members and the token %q", len(page.Members), page.NextToken)
	}
	_, err := r.ListMembers(t.Context(), alice, ListMembersInput{NextToken: page.NextToken})
	wantError(t, err, "InvalidInputException", "NextToken")
	_, err = r.ListMembers(t.Context(), bob, ListMembersInput{OnlyAssociated: &no, NextToken: page.NextToken})
	wantError(t, err, "InvalidInputException", "NextToken")
	// Members that come and go meanwhile neither repeat nor hide the others.
	last := page.Members[49].AccountID
	all(t, must[*DeleteMembersOutput](t)(r.DeleteMembers(t.Context(), alice, DeleteMembersInput{[]string{last}})).UnprocessedAccounts)
	all(t, r.create(t, alice, bob))
	rest := must[*ListMembersOutput](t)(r.ListMembers(t.Context(), alice, ListMembersInput{OnlyAssociated: &no, NextToken: page.NextToken}))
	if len(rest.Members) != 10 || rest.Members[0].AccountID != "700000000050" || rest.NextToken != "" {
		t.Errorf("the rest are %d, from %+v", len(rest.Members), rest.Members[0])
	}
}
