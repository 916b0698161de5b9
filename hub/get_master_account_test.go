package hub

import (
	"encoding/json"
	"testing"
)

// The legacy name answers the same as Master.
func TestGetMasterAccount(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	wire := func() string {
		out := must[*GetMasterAccountOutput](t)(r.GetMasterAccount(t.Context(), bob, GetMasterAccountInput{}))
		return string(must[[]byte](t)(json.Marshal(out)))
	}
	if got := wire(); got != `{}` {
		t.Errorf("got %s", got)
	}
	r.admits(t, alice, bob)
	want := `{"Master":{"AccountId":"111111111111","InvitationId":"` + r.invitationID(t, bob, alice) + `","InvitedAt":"2026-01-02T03:04:05.000Z","MemberStatus":"Enabled"}}`
	if got := wire(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
