package hub

import (
	"testing"

	"github.com/findinghub/findinghub"
)

func TestUpdateSecurityHubConfiguration(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	off := false
	ok(t, r.UpdateSecurityHubConfiguration(t.Context(), alice, UpdateSecurityHubConfigurationInput{AutoEnableControls: &off}))
	got := must[*DescribeHubOutput](t)(r.DescribeHub(t.Context(), alice, DescribeHubInput{}))
	if got.AutoEnableControls || got.ControlFindingGenerator != "SECURITY_CONTROL" {
		t.Errorf("after the first change: %+v", got)
	}
	// What is not given stays; a change to an implicit hub does not make it explicit.
	ok(t, r.UpdateSecurityHubConfiguration(t.Context(), alice, UpdateSecurityHubConfigurationInput{ControlFindingGenerator: "STANDARD_CONTROL"}))
	got = must[*DescribeHubOutput](t)(r.DescribeHub(t.Context(), alice, DescribeHubInput{}))
	if got.AutoEnableControls || got.ControlFindingGenerator != "STANDARD_CONTROL" {
		t.Errorf("after the second change: %+v", got)
	}
	ok(t, r.EnableSecurityHub(t.Context(), alice, EnableSecurityHubInput{}))
	other := must[*DescribeHubOutput](t)(r.DescribeHub(t.Context(), bob, DescribeHubInput{}))
	if !other.AutoEnableControls {
		t.Error("the change reached another account's hub")
	}
}

func TestUpdateSecurityHubConfigurationOfAHubThatIsOff(t *testing.T) {
	t.Parallel()
	r := newRig(t, guarded)
	err := r.UpdateSecurityHubConfiguration(t.Context(), alice, UpdateSecurityHubConfigurationInput{})
	wantError(t, err, findinghub.CodeInvalidAccess, "not subscribed to AWS Security Hub")
}
