package hub

import (
	"testing"

	"github.com/findinghub/findinghub/auth"
)

// Only the management account designates, one of its accounts, one at a time (behaviour.md section 5.7,
// error-strings.md).
func TestEnableOrganizationAdminAccount(t *testing.T) {
	t.Parallel()
	r := newRig(t, guarded, organized(organization(alice, bob, carol)))
	enable := func(p auth.Principal, account, feature string) error {
		_, err := r.EnableOrganizationAdminAccount(t.Context(), p, EnableOrganizationAdminAccountInput{account, feature})
		return err
	}
	refused := []struct {
		name          string
		by            auth.Principal
		account, code string
		says          string
	}{
		{"outside", stranger, stranger.Account, "AccessDeniedException", "Your account is not a member of an organization"},
		{"an ordinary account", alice, alice.Account, "AccessDeniedException", "Account 111111111111 is not the management account"},
		{"no account", manager, "alice", "InvalidInputException", "Invalid parameter 'AdminAccountId'. Value 'alice' is not an account id of 12 digits."},
		{"somebody outside", manager, stranger.Account, "InvalidInputException", "Account 555555555555 is not a member of the organization"},
	}
	for _, tt := range refused {
		t.Run(tt.name, func(t *testing.T) { wantError(t, enable(tt.by, tt.account, ""), tt.code, tt.says) })
	}
	out := must[*EnableOrganizationAdminAccountOutput](t)(r.EnableOrganizationAdminAccount(t.Context(), manager, EnableOrganizationAdminAccountInput{AdminAccountID: alice.Account}))
	if *out != (EnableOrganizationAdminAccountOutput{alice.Account, "SecurityHub"}) {
		t.Errorf("got %+v", out)
	}
	// Its hub is on from now on; the management account's need not be.
	must[*DescribeHubOutput](t)(r.DescribeHub(t.Context(), alice, DescribeHubInput{}))
	ok(t, enable(manager, alice.Account, "SecurityHub"))
	wantError(t, enable(manager, bob.Account, ""), "InvalidInputException", "Account 111111111111 is the organization's administrator in us-east-1; disable it first")
	abroad := manager
	abroad.Region = "eu-west-1"
	ok(t, enable(abroad, bob.Account, ""))
}

// A member of somebody cannot be the administrator; the management account can.
func TestEnableOrganizationAdminAccountOfMember(t *testing.T) {
	t.Parallel()
	r := newRig(t, organized(organization(alice)))
	r.admits(t, stranger, alice)
	_, err := r.EnableOrganizationAdminAccount(t.Context(), manager, EnableOrganizationAdminAccountInput{AdminAccountID: alice.Account})
	wantError(t, err, "InvalidInputException", "Account 111111111111 is a member of an administrator")
	r.delegates(t, manager)
	all(t, r.create(t, manager, bob))
	r.wantStatus(t, manager, bob, "Created") // of no organisation
}

// The administrator for the other feature is remembered by itself and administers nothing yet.
func TestEnableOrganizationAdminAccountFeature(t *testing.T) {
	t.Parallel()
	r := newRig(t, organized(organization(alice, bob, carol)))
	in := EnableOrganizationAdminAccountInput{alice.Account, "SecurityHubV2"}
	out := must[*EnableOrganizationAdminAccountOutput](t)(r.EnableOrganizationAdminAccount(t.Context(), manager, in))
	if out.Feature != "SecurityHubV2" {
		t.Errorf("got %+v", out)
	}
	all(t, r.create(t, alice, carol))
	r.wantStatus(t, alice, carol, "Created")
	r.delegates(t, bob)
	all(t, r.create(t, bob, carol))
	r.wantMembers(t, bob, carol)
	ok(t, r.DisableOrganizationAdminAccount(t.Context(), manager, DisableOrganizationAdminAccountInput{alice.Account, "SecurityHubV2"}))
	r.wantMembers(t, bob, carol)
}

// In --dev every account belongs to the organisation of the account of callers who name none.
func TestOrganizationInDev(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	everybody := principal(auth.DevAccount)
	_, err := r.EnableOrganizationAdminAccount(t.Context(), everybody, EnableOrganizationAdminAccountInput{AdminAccountID: alice.Account})
	ok(t, err)
	all(t, r.create(t, alice, bob))
	r.wantMembers(t, alice, bob)
	// Accounts that nobody has heard of cannot be listed, hence do not join.
	r.autoEnables(t, alice, true)
	r.wantMembers(t, alice, bob)
	ok(t, r.EnableSecurityHub(t.Context(), carol, EnableSecurityHubInput{}))
	r.wantMembers(t, alice, bob, carol)
	r.autoEnables(t, alice, false)
	ok(t, r.EnableSecurityHub(t.Context(), dave, EnableSecurityHubInput{}))
	r.wantMembers(t, alice, bob, carol)
	r.autoEnables(t, alice, true)
	r.wantMembers(t, alice, bob, carol, dave)
	// What another region knows is its own.
	abroad := alice
	abroad.Region = "eu-west-1"
	r.wantMembers(t, abroad)
}

// Without --dev and a directory nobody belongs to anything.
func TestNoOrganization(t *testing.T) {
	t.Parallel()
	r := newRig(t, guarded)
	for _, p := range []auth.Principal{alice, principal(auth.DevAccount)} {
		_, err := r.EnableOrganizationAdminAccount(t.Context(), p, EnableOrganizationAdminAccountInput{AdminAccountID: alice.Account})
		wantError(t, err, "AccessDeniedException", "Your account is not a member of an organization")
	}
}
