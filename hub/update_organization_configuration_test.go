package hub

import "testing"

// AutoEnable makes every account of the organisation a member, also those that come later; who
// leaves it is none any more (docs/adr/0010-members.md).
func TestAutoEnable(t *testing.T) {
	t.Parallel()
	d := organization(alice, bob)
	r := newRig(t, organized(d))
	r.delegates(t, alice)
	r.wantMembers(t, alice)
	r.autoEnables(t, alice, true)
	r.wantMembers(t, alice, bob)
	d.set(alice, bob, carol)
	r.wantMembers(t, alice, bob, carol)
	d.set(alice, carol)
	r.wantMembers(t, alice, carol)
	r.autoEnables(t, alice, true) // again is no change
	r.wantMembers(t, alice, carol)
	// Off is off for newcomers only; who left before is one when it comes back.
	r.autoEnables(t, alice, false)
	d.set(alice, bob, carol, dave)
	r.wantMembers(t, alice, carol)
	r.autoEnables(t, alice, false)
	r.wantMembers(t, alice, carol)
	r.autoEnables(t, alice, true)
	r.wantMembers(t, alice, bob, carol, dave)
	r.wantMembers(t, manager) // who pays is asked
}

// The hubs of members are on without anybody having enabled them, as long as they are members; who
// enables its hub is not told that it is on.
func TestAutoEnableSwitchesHubsOn(t *testing.T) {
	t.Parallel()
	d := organization(alice, bob, carol)
	r := newRig(t, guarded, organized(d))
	r.delegates(t, alice)
	ok(t, r.EnableSecurityHub(t.Context(), carol, EnableSecurityHubInput{}))
	ok(t, r.DisableSecurityHub(t.Context(), carol, DisableSecurityHubInput{}))
	for _, p := range accountsOf(bob, carol) {
		_, err := r.DescribeHub(t.Context(), principal(p), DescribeHubInput{})
		wantError(t, err, "InvalidAccessException", "not subscribed")
	}
	r.clock.advance(1e9)
	r.autoEnables(t, alice, true)
	for _, p := range accountsOf(bob, carol) {
		got := must[*DescribeHubOutput](t)(r.DescribeHub(t.Context(), principal(p), DescribeHubInput{}))
		if got.SubscribedAt != "2026-01-02T03:04:06.000Z" || !got.AutoEnableControls || got.ControlFindingGenerator != "SECURITY_CONTROL" {
			t.Errorf("got %+v", got)
		}
		err := r.DisableSecurityHub(t.Context(), principal(p), DisableSecurityHubInput{})
		wantError(t, err, "InvalidInputException", "Cannot disable Security Hub on the Security Hub administrator")
	}
	ok(t, r.EnableSecurityHub(t.Context(), bob, EnableSecurityHubInput{}))
	d.set(alice)
	must[*DescribeHubOutput](t)(r.DescribeHub(t.Context(), bob, DescribeHubInput{}))
	_, err := r.DescribeHub(t.Context(), carol, DescribeHubInput{})
	wantError(t, err, "InvalidAccessException", "not subscribed")
	_, err = r.DescribeHub(t.Context(), manager, DescribeHubInput{})
	wantError(t, err, "InvalidAccessException", "not subscribed")
}

// CENTRAL forces AutoEnable=false and AutoEnableStandards=NONE (behaviour.md section 5.7).
func TestCentralConfiguration(t *testing.T) {
	t.Parallel()
	central, local := &OrganizationConfiguration{ConfigurationType: "CENTRAL"}, &OrganizationConfiguration{ConfigurationType: "LOCAL"}
	tests := []struct {
		name string
		in   UpdateOrganizationConfigurationInput
		says string // "" is accepted
	}{
		// examples.json UpdateOrganizationConfiguration
		{"the example", UpdateOrganizationConfigurationInput{AutoEnableStandards: "NONE", OrganizationConfiguration: central}, ""},
		{"nothing of standards", UpdateOrganizationConfigurationInput{OrganizationConfiguration: central}, ""},
		{"what it was told", UpdateOrganizationConfigurationInput{OrganizationConfiguration: &OrganizationConfiguration{"CENTRAL", "ENABLED", ""}}, ""},
		{"AutoEnable", UpdateOrganizationConfigurationInput{AutoEnable: true, OrganizationConfiguration: central}, "Invalid parameter 'AutoEnable'. It must be false"},
		{"standards", UpdateOrganizationConfigurationInput{AutoEnableStandards: "DEFAULT", OrganizationConfiguration: central}, "Invalid parameter 'AutoEnableStandards'. It must be NONE"},
		{"AutoEnable later", UpdateOrganizationConfigurationInput{AutoEnable: true}, "Invalid parameter 'AutoEnable'. It must be false"},
		{"a status", UpdateOrganizationConfigurationInput{OrganizationConfiguration: &OrganizationConfiguration{"CENTRAL", "FAILED", ""}}, "'OrganizationConfiguration.Status'"},
		{"a message", UpdateOrganizationConfigurationInput{OrganizationConfiguration: &OrganizationConfiguration{"CENTRAL", "", "text"}}, "'OrganizationConfiguration.Status'"},
		{"back to local", UpdateOrganizationConfigurationInput{AutoEnable: true, AutoEnableStandards: "DEFAULT", OrganizationConfiguration: local}, ""},
	}
	r := newRig(t, organized(organization(alice, bob)))
	r.delegates(t, alice)
	for _, tt := range tests {
		err := r.UpdateOrganizationConfiguration(t.Context(), alice, tt.in)
		if tt.says == "" {
			ok(t, err)
			continue
		}
		t.Log(tt.name)
		wantError(t, err, "InvalidInputException", tt.says)
		r.wantMembers(t, alice)
	}
	r.wantMembers(t, alice, bob)
	// Central configuration keeps the members that there are.
	ok(t, r.UpdateOrganizationConfiguration(t.Context(), alice, UpdateOrganizationConfigurationInput{OrganizationConfiguration: central}))
	r.wantMembers(t, alice, bob)
}

// What is not given stays.
func TestUpdateOrganizationConfigurationKeeps(t *testing.T) {
	t.Parallel()
	r := newRig(t, organized(organization(alice)))
	r.delegates(t, alice)
	ok(t, r.UpdateOrganizationConfiguration(t.Context(), alice, UpdateOrganizationConfigurationInput{AutoEnable: true, AutoEnableStandards: "NONE"}))
	ok(t, r.UpdateOrganizationConfiguration(t.Context(), alice, UpdateOrganizationConfigurationInput{AutoEnable: true, OrganizationConfiguration: &OrganizationConfiguration{}}))
	got := must[*DescribeOrganizationConfigurationOutput](t)(r.DescribeOrganizationConfiguration(t.Context(), alice, DescribeOrganizationConfigurationInput{}))
	if got.AutoEnableStandards != "NONE" || got.OrganizationConfiguration.ConfigurationType != "LOCAL" {
		t.Errorf("got %+v", got)
	}
}
