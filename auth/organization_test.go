package auth

import "testing"

func TestOrganizationIncludes(t *testing.T) {
	t.Parallel()
	listed := &Organization{ManagementAccount: "111111111111", Accounts: []string{"111111111111", "222222222222"}}
	all := &Organization{ManagementAccount: "111111111111", All: true}
	tests := []struct {
		name    string
		org     *Organization
		account string
		want    bool
	}{
		{"listed", listed, "222222222222", true},
		{"not listed", listed, "333333333333", false},
		{"everybody", all, "333333333333", true},
		{"everybody who is somebody", all, "", false},
		{"no organisation", nil, "111111111111", false},
	}
	for _, tt := range tests {
		if got := tt.org.Includes(tt.account); got != tt.want {
			t.Errorf("%s: got %v", tt.name, got)
		}
	}
}
