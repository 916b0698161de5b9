package hub

import (
	"testing"
	"time"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/auth"
)

func TestDescribeHub(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	tests := []struct {
		name, arn, code, says string
	}{
		{"without arguments", "", "", ""},
		{"its own", "arn:aws:securityhub:us-east-1:111111111111:hub/default", "", ""},
		// behaviour.md section 5.6: other ARNs are 404.
		{"another account's", "arn:aws:securityhub:us-east-1:222222222222:hub/default", findinghub.CodeResourceNotFound, "222222222222"},
		{"another region's", "arn:aws:securityhub:eu-west-1:111111111111:hub/default", findinghub.CodeResourceNotFound, "eu-west-1"},
		{"another name", "arn:aws:securityhub:us-east-1:111111111111:hub/other", findinghub.CodeResourceNotFound, "hub/other"},
		{"no ARN", "hub/default", findinghub.CodeInvalidInput, "HubArn"},
		{"no hub's ARN", aliceProduct, findinghub.CodeInvalidInput, "HubArn"},
		{"another service's", "arn:aws:iam:us-east-1:111111111111:hub/default", findinghub.CodeInvalidInput, "HubArn"},
		{"no account's ARN", "arn:aws:securityhub:us-east-1:11:hub/default", findinghub.CodeInvalidInput, "HubArn"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := r.DescribeHub(t.Context(), alice, DescribeHubInput{HubArn: tt.arn})
			if tt.code != "" {
				wantError(t, err, tt.code, tt.says)
				return
			}
			ok(t, err)
			if got.HubArn != "arn:aws:securityhub:us-east-1:111111111111:hub/default" {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// An implicit hub says the same of itself every time (decision 23).
func TestDescribeImplicitHub(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	first := must[*DescribeHubOutput](t)(r.DescribeHub(t.Context(), alice, DescribeHubInput{}))
	r.clock.advance(time.Hour)
	second := must[*DescribeHubOutput](t)(r.DescribeHub(t.Context(), alice, DescribeHubInput{}))
	if *first != *second || first.SubscribedAt != "2026-01-02T03:04:05.000Z" || first.ControlFindingGenerator != "SECURITY_CONTROL" {
		t.Errorf("got %+v, then %+v", first, second)
	}
}

// A hub that nobody enabled is 401 in the words that clients look for (behaviour.md section 9).
func TestDescribeHubThatIsOff(t *testing.T) {
	t.Parallel()
	r := newRig(t, guarded)
	_, err := r.DescribeHub(t.Context(), alice, DescribeHubInput{})
	wantError(t, err, findinghub.CodeInvalidAccess, "Account 111111111111 is not subscribed to AWS Security Hub")
}

func TestDescribeHubOfAnotherPartition(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p := auth.Principal{Account: alice.Account, Region: "cn-north-1"}
	got := must[*DescribeHubOutput](t)(r.DescribeHub(t.Context(), p, DescribeHubInput{}))
	if got.HubArn != "arn:aws-cn:securityhub:cn-north-1:111111111111:hub/default" {
		t.Errorf("got %s", got.HubArn)
	}
}
