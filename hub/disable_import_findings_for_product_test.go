package hub

import (
	"slices"
	"testing"

	"github.com/findinghub/findinghub"
	"github.com/go-json-experiment/json/jsontext"
)

func TestDisableImportFindingsForProduct(t *testing.T) {
	t.Parallel()
	const subscription = "arn:aws:securityhub:us-east-1:111111111111:product-subscription/prowler/prowler"
	tests := []struct{ name, arn, code string }{
		{"no ARN", "prowler/prowler", findinghub.CodeInvalidInput},
		{"a product's ARN", prowler, findinghub.CodeInvalidInput},
		{"too many words", subscription + "/x", findinghub.CodeInvalidInput},
		{"one word", "arn:aws:securityhub:us-east-1:111111111111:product-subscription/prowler", findinghub.CodeInvalidInput},
		{"another account's", "arn:aws:securityhub:us-east-1:222222222222:product-subscription/prowler/prowler", findinghub.CodeResourceNotFound},
		{"another region's", "arn:aws:securityhub:eu-west-1:111111111111:product-subscription/prowler/prowler", findinghub.CodeResourceNotFound},
		{"one that nobody enabled", subscription, findinghub.CodeResourceNotFound},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, guarded)
			ok(t, r.EnableSecurityHub(t.Context(), alice, EnableSecurityHubInput{}))
			err := r.DisableImportFindingsForProduct(t.Context(), alice, DisableImportFindingsForProductInput{ProductSubscriptionArn: tt.arn})
			wantError(t, err, tt.code, tt.arn)
		})
	}
}

// A product can be switched off and on again, implicit or not (decision 25).
func TestDisableAndEnableAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	f := sent("a", fields{"ProductArn": prowler})
	arn := own(alice, kindSubscription, "prowler/prowler").String()
	r.mustImport(t, alice, f)
	ok(t, r.DisableImportFindingsForProduct(t.Context(), alice, DisableImportFindingsForProductInput{ProductSubscriptionArn: arn}))
	out := must[*BatchImportFindingsOutput](t)(r.BatchImportFindings(t.Context(), alice, BatchImportFindingsInput{Findings: []jsontext.Value{f}}))
	if out.FailedCount != 1 || out.FailedFindings[0].ErrorCode != "InvalidAccess" {
		t.Errorf("off: got %+v", out)
	}
	err := r.DisableImportFindingsForProduct(t.Context(), alice, DisableImportFindingsForProductInput{ProductSubscriptionArn: arn})
	wantError(t, err, findinghub.CodeResourceNotFound, arn)
	if slices.Contains(r.subscriptions(t, alice), arn) {
		t.Error("off, and still listed")
	}
	_, err = r.EnableImportFindingsForProduct(t.Context(), alice, EnableImportFindingsForProductInput{ProductArn: prowler})
	ok(t, err)
	r.mustImport(t, alice, f)
	if got := r.subscriptions(t, alice); got[0] != arn {
		t.Errorf("the product that was asked for is not the first: %v", got)
	}
}
