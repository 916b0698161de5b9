package hub

import (
	"reflect"
	"testing"
)

// The example of the API reference shows one account as two entries (examples.json
// ListOrganizationAdminAccounts); the model says that id and status belong together.
func TestListOrganizationAdminAccounts(t *testing.T) {
	t.Parallel()
	r := newRig(t, guarded, organized(organization(alice)))
	want := func(feature string, accounts ...AdminAccount) {
		t.Helper()
		got := must[*ListOrganizationAdminAccountsOutput](t)(r.ListOrganizationAdminAccounts(t.Context(), manager, ListOrganizationAdminAccountsInput{Feature: feature, MaxResults: 1}))
		if len(accounts) != len(got.AdminAccounts) || got.AdminAccounts == nil || len(accounts) > 0 && !reflect.DeepEqual(got.AdminAccounts, accounts) {
			t.Errorf("got %+v, want %+v", got, accounts)
		}
		if got.Feature == "" || feature != "" && got.Feature != feature {
			t.Errorf("got the feature %q", got.Feature)
		}
	}
	want("")
	r.delegates(t, alice)
	want("", AdminAccount{alice.Account, "ENABLED"})
	want("SecurityHub", AdminAccount{alice.Account, "ENABLED"})
	want("SecurityHubV2")
	for account, says := range map[string]string{alice.Account: "is not the management account", stranger.Account: "Your account is not a member of an organization"} {
		_, err := r.ListOrganizationAdminAccounts(t.Context(), principal(account), ListOrganizationAdminAccountsInput{})
		wantError(t, err, "AccessDeniedException", says)
	}
	_, err := r.ListOrganizationAdminAccounts(t.Context(), manager, ListOrganizationAdminAccountsInput{NextToken: "AAAA"})
	wantError(t, err, "InvalidInputException", "NextToken")
}
