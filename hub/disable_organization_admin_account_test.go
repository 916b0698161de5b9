package hub

import (
	"testing"

	"github.com/findinghub/findinghub/auth"
)

func TestDisableOrganizationAdminAccount(t *testing.T) {
	t.Parallel()
	r := newRig(t, organized(organization(alice, bob)))
	disable := func(p auth.Principal, account string) error {
		return r.DisableOrganizationAdminAccount(t.Context(), p, DisableOrganizationAdminAccountInput{AdminAccountID: account})
	}
	r.delegates(t, alice)
	all(t, r.create(t, alice, bob))
	wantError(t, disable(alice, alice.Account), "AccessDeniedException", "is not the management account")
	wantError(t, disable(stranger, alice.Account), "AccessDeniedException", "Your account is not a member of an organization")
	wantError(t, disable(manager, bob.Account), "InvalidInputException", "Account 222222222222 is not the organization's administrator in us-east-1")
	wantError(t, disable(manager, ""), "InvalidInputException", "AdminAccountId")
	r.wantMembers(t, alice, bob)
	ok(t, disable(manager, alice.Account))
	r.wantMembers(t, alice)
	wantError(t, disable(manager, alice.Account), "InvalidInputException", "is not the organization's administrator")
	r.delegates(t, bob)
	all(t, r.create(t, bob, alice))
	r.wantMembers(t, bob, alice)
}

// An administrator that left the organisation administers nothing, and its place is not free before
// somebody says so.
func TestAdministratorLeavesOrganization(t *testing.T) {
	t.Parallel()
	d := organization(alice, bob)
	r := newRig(t, organized(d))
	r.delegates(t, alice)
	all(t, r.create(t, alice, bob))
	d.set(bob)
	r.wantMembers(t, alice)
	_, err := r.DescribeOrganizationConfiguration(t.Context(), alice, DescribeOrganizationConfigurationInput{})
	wantError(t, err, "InvalidAccessException", "Account 111111111111 is not an administrator for this organization")
	_, err = r.EnableOrganizationAdminAccount(t.Context(), manager, EnableOrganizationAdminAccountInput{AdminAccountID: bob.Account})
	wantError(t, err, "InvalidInputException", "disable it first")
	ok(t, r.DisableOrganizationAdminAccount(t.Context(), manager, DisableOrganizationAdminAccountInput{AdminAccountID: alice.Account}))
	r.delegates(t, bob)
}
