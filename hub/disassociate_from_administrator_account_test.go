package hub

import (
	"testing"

	"github.com/findinghub/findinghub/auth"
)

// Both names end the relation; who has none is told so in the service's words (error-strings.md).
func TestDisassociateFromAdministratorAccount(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	names := map[string]func(auth.Principal) error{
		"DisassociateFromAdministratorAccount": func(p auth.Principal) error {
			return r.DisassociateFromAdministratorAccount(t.Context(), p, DisassociateFromAdministratorAccountInput{})
		},
		"DisassociateFromMasterAccount": func(p auth.Principal) error {
			return r.DisassociateFromMasterAccount(t.Context(), p, DisassociateFromMasterAccountInput{})
		},
	}
	const words = "The request is rejected because the current account is not associated to a master account"
	r.create(t, alice, bob, carol)
	for name, leave := range names {
		t.Log(name)
		all(t, r.invited(t, alice, bob))
		wantError(t, leave(bob), "InvalidInputException", words) // invited is not yet a member
		ok(t, r.accepts(t, bob, alice))
		ok(t, leave(bob))
		r.wantMembers(t, alice)
		r.wantStatus(t, alice, bob, "Resigned")
		wantError(t, leave(bob), "InvalidInputException", words)
		wantError(t, leave(alice), "InvalidInputException", words)
	}
	r.wantRoster(t, alice)
}

// Members of their organisation's administrator cannot leave, however they became members; an
// account of an organisation can leave anybody else.
func TestOrganizationMembersStay(t *testing.T) {
	t.Parallel()
	r := newRig(t, organized(organization(alice, bob, carol, dave)))
	r.admits(t, alice, bob)
	r.admits(t, stranger, dave)
	r.delegates(t, alice)
	all(t, r.create(t, alice, carol))
	for _, p := range []auth.Principal{bob, carol} {
		err := r.DisassociateFromAdministratorAccount(t.Context(), p, DisassociateFromAdministratorAccountInput{})
		wantError(t, err, "InvalidInputException", "Account "+p.Account+" is a member by its organization and cannot leave by itself")
	}
	ok(t, r.DisassociateFromAdministratorAccount(t.Context(), dave, DisassociateFromAdministratorAccountInput{}))
	r.autoEnables(t, alice, true)
	err := r.DisassociateFromAdministratorAccount(t.Context(), dave, DisassociateFromAdministratorAccountInput{})
	wantError(t, err, "InvalidInputException", "cannot leave by itself; the administrator 111111111111 can disassociate it")
	r.wantMembers(t, alice, bob, carol, dave)
}
