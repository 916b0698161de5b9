package hub

import (
	"testing"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/auth"
	"github.com/go-json-experiment/json/jsontext"
)

// Every operation on a hub that is off answers 401 (behaviour.md section 1.5, decision 23).
func TestDisableSecurityHub(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.mustImport(t, alice, sent("a"))
	ok(t, r.EnableSecurityHub(t.Context(), alice, EnableSecurityHubInput{Tags: map[string]string{"k": "v"}}))
	ok(t, r.DisableSecurityHub(t.Context(), alice, DisableSecurityHubInput{}))
	id := FindingIdentifier{ID: "a", ProductArn: aliceProduct}
	calls := map[string]func(p auth.Principal) error{
		"BatchImportFindings": func(p auth.Principal) error {
			f := sent("b", fields{"AwsAccountId": p.Account})
			_, err := r.BatchImportFindings(t.Context(), p, BatchImportFindingsInput{Findings: []jsontext.Value{f}})
			return err
		},
		"BatchUpdateFindings": func(p auth.Principal) error {
			_, err := r.BatchUpdateFindings(t.Context(), p, BatchUpdateFindingsInput{FindingIdentifiers: []FindingIdentifier{id}})
			return err
		},
		"UpdateFindings": func(p auth.Principal) error {
			return r.UpdateFindings(t.Context(), p, UpdateFindingsInput{RecordState: jsontext.Value(`"ARCHIVED"`)})
		},
		"GetFindings": func(p auth.Principal) error {
			_, err := r.GetFindings(t.Context(), p, GetFindingsInput{})
			return err
		},
		"GetFindingHistory": func(p auth.Principal) error {
			_, err := r.GetFindingHistory(t.Context(), p, GetFindingHistoryInput{FindingIdentifier: id})
			return err
		},
		"DescribeHub": func(p auth.Principal) error {
			_, err := r.DescribeHub(t.Context(), p, DescribeHubInput{})
			return err
		},
		"DescribeProducts": func(p auth.Principal) error {
			_, err := r.DescribeProducts(t.Context(), p, DescribeProductsInput{})
			return err
		},
		"ListEnabledProductsForImport": func(p auth.Principal) error {
			_, err := r.ListEnabledProductsForImport(t.Context(), p, ListEnabledProductsForImportInput{})
			return err
		},
		"EnableImportFindingsForProduct": func(p auth.Principal) error {
			_, err := r.EnableImportFindingsForProduct(t.Context(), p, EnableImportFindingsForProductInput{ProductArn: prowler})
			return err
		},
		"DisableImportFindingsForProduct": func(p auth.Principal) error {
			arn := own(p, kindSubscription, "prowler/prowler").String()
			return r.DisableImportFindingsForProduct(t.Context(), p, DisableImportFindingsForProductInput{ProductSubscriptionArn: arn})
		},
		"UpdateSecurityHubConfiguration": func(p auth.Principal) error {
			return r.UpdateSecurityHubConfiguration(t.Context(), p, UpdateSecurityHubConfigurationInput{})
		},
	}
	for name, call := range calls {
		err := call(alice)
		t.Log(name)
		wantError(t, err, findinghub.CodeInvalidAccess, "Account 111111111111 is not subscribed to AWS Security Hub")
		if err := call(bob); err != nil {
			t.Errorf("%s: another account's hub is affected: %v", name, err)
		}
	}
	err := r.DisableSecurityHub(t.Context(), alice, DisableSecurityHubInput{})
	wantError(t, err, findinghub.CodeInvalidAccess, "not subscribed")
}

// Findings outlive the hub being off; its tags do not (behaviour.md section 2.4).
func TestEnableAfterDisable(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.mustImport(t, alice, sent("a"))
	ok(t, r.EnableSecurityHub(t.Context(), alice, EnableSecurityHubInput{Tags: map[string]string{"k": "v"}}))
	ok(t, r.DisableSecurityHub(t.Context(), alice, DisableSecurityHubInput{}))
	_, err := r.ListTagsForResource(t.Context(), alice, ListTagsForResourceInput{ResourceArn: hubARN(alice)})
	wantError(t, err, findinghub.CodeResourceNotFound, "hub/default")
	ok(t, r.EnableSecurityHub(t.Context(), alice, EnableSecurityHubInput{}))
	if got := ids(r.find(t, alice, `{}`)); got != "a" {
		t.Errorf("got findings %q", got)
	}
	tags := must[*ListTagsForResourceOutput](t)(r.ListTagsForResource(t.Context(), alice, ListTagsForResourceInput{ResourceArn: hubARN(alice)}))
	if len(tags.Tags) != 0 {
		t.Errorf("tags came back: %v", tags.Tags)
	}
}

// Neither administrators nor members switch their hubs off; the words are those that Terraform looks
// for (behaviour.md section 5.6). Who only invited or was invited is neither.
func TestDisableSecurityHubOfRelated(t *testing.T) {
	t.Parallel()
	const words = "Cannot disable Security Hub on the Security Hub administrator"
	r := newRig(t, organized(organization(carol)))
	disable := func(p auth.Principal) error {
		return r.DisableSecurityHub(t.Context(), p, DisableSecurityHubInput{})
	}
	r.invites(t, alice, bob)
	ok(t, disable(alice))
	ok(t, r.EnableSecurityHub(t.Context(), alice, EnableSecurityHubInput{}))
	ok(t, r.accepts(t, bob, alice))
	wantError(t, disable(alice), "InvalidInputException", words+": account 111111111111 has members")
	wantError(t, disable(bob), "InvalidInputException", words+"'s members: account 222222222222 is a member of account 111111111111")
	abroad := alice
	abroad.Region = "eu-west-1"
	ok(t, disable(abroad))
	r.delegates(t, carol)
	wantError(t, disable(carol), "InvalidInputException", words+": account 333333333333 administers its organization")
	ok(t, r.DisableOrganizationAdminAccount(t.Context(), manager, DisableOrganizationAdminAccountInput{AdminAccountID: carol.Account}))
	ok(t, r.DisassociateMembers(t.Context(), alice, DisassociateMembersInput{accountsOf(bob)}))
	for _, p := range []auth.Principal{alice, bob, carol} {
		ok(t, disable(p))
	}
}
