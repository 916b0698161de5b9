package hub

import (
	"encoding/json"
	"testing"
)

// The example of the API reference (examples.json DescribeOrganizationConfiguration); it has no
// StatusMessage (behaviour.md section 5.7).
func TestDescribeOrganizationConfiguration(t *testing.T) {
	t.Parallel()
	r := newRig(t, organized(organization(alice, bob, carol, dave))).bounded(3, 1)
	want := func(text string) {
		t.Helper()
		out := must[*DescribeOrganizationConfigurationOutput](t)(r.DescribeOrganizationConfiguration(t.Context(), alice, DescribeOrganizationConfigurationInput{}))
		if got := string(must[[]byte](t)(json.Marshal(out))); got != text {
			t.Errorf("got %s, want %s", got, text)
		}
	}
	r.delegates(t, alice)
	want(`{"AutoEnable":false,"AutoEnableStandards":"DEFAULT","MemberAccountLimitReached":false,"OrganizationConfiguration":{"ConfigurationType":"LOCAL","Status":"ENABLED"}}`)
	ok(t, r.UpdateOrganizationConfiguration(t.Context(), alice, UpdateOrganizationConfigurationInput{OrganizationConfiguration: &OrganizationConfiguration{ConfigurationType: "CENTRAL"}}))
	want(`{"AutoEnable":false,"AutoEnableStandards":"NONE","MemberAccountLimitReached":false,"OrganizationConfiguration":{"ConfigurationType":"CENTRAL","Status":"ENABLED"}}`)
	ok(t, r.UpdateOrganizationConfiguration(t.Context(), alice, UpdateOrganizationConfigurationInput{AutoEnable: true, OrganizationConfiguration: &OrganizationConfiguration{ConfigurationType: "LOCAL"}}))
	want(`{"AutoEnable":true,"AutoEnableStandards":"NONE","MemberAccountLimitReached":true,"OrganizationConfiguration":{"ConfigurationType":"LOCAL","Status":"ENABLED"}}`)
}

// 401 in the service's words for all but the administrator (error-strings.md), the management account
// among them.
func TestOrganizationConfigurationIsTheAdministrators(t *testing.T) {
	t.Parallel()
	r := newRig(t, organized(organization(alice, bob)))
	r.delegates(t, alice)
	for _, p := range accountsOf(bob, manager, stranger) {
		_, err := r.DescribeOrganizationConfiguration(t.Context(), principal(p), DescribeOrganizationConfigurationInput{})
		wantError(t, err, "InvalidAccessException", "Account "+p+" is not an administrator for this organization")
		err = r.UpdateOrganizationConfiguration(t.Context(), principal(p), UpdateOrganizationConfigurationInput{AutoEnable: true})
		wantError(t, err, "InvalidAccessException", "Account "+p+" is not an administrator for this organization")
	}
	r.wantMembers(t, alice)
}
