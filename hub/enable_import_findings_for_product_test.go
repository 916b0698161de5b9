package hub

import (
	"strings"
	"testing"

	"github.com/findinghub/findinghub"
)

func TestEnableImportFindingsForProduct(t *testing.T) {
	t.Parallel()
	const unknown = "arn:aws:securityhub:us-east-1::product/nobody/nothing"
	tests := []struct {
		name, arn string
		dev       bool
		code      string // "" for success
		says      string
	}{
		{"a partner", prowler, false, "", "product-subscription/prowler/prowler"},
		{"a partner in dev", prowler, true, "", "product-subscription/prowler/prowler"},
		// behaviour.md section 5.5: the service's own words for an unknown product.
		{"an unknown product", unknown, false, findinghub.CodeResourceNotFound, `{"productArn":"` + unknown + `"}`},
		{"an unknown product in dev", unknown, true, "", "product-subscription/nobody/nothing"},
		{"another region's", "arn:aws:securityhub:eu-west-1::product/prowler/prowler", false, findinghub.CodeResourceNotFound, "productArn"},
		{"another region's in dev", "arn:aws:securityhub:eu-west-1::product/prowler/prowler", true, "", "us-east-1:111111111111:product-subscription/prowler/prowler"},
		{"one that takes findings only", "arn:aws:securityhub:us-east-1::product/splunk/splunk-enterprise", false, findinghub.CodeResourceNotFound, "splunk"},
		{"another account's own", bobProduct, false, findinghub.CodeResourceNotFound, "productArn"},
		{"another account's own in dev", bobProduct, true, findinghub.CodeResourceNotFound, "productArn"},
		{"the default product, which is on", aliceProduct, false, findinghub.CodeResourceConflict, "product-subscription/111111111111/default"},
		{"an empty region", "arn:aws:securityhub:::product/aquasecurity/aquasecurity", true, findinghub.CodeInvalidInput, `productArn: "arn:aws:securityhub:::product/aquasecurity/aquasecurity"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, func(c *Config) { c.Dev = tt.dev })
			ok(t, r.EnableSecurityHub(t.Context(), alice, EnableSecurityHubInput{}))
			in := EnableImportFindingsForProductInput{ProductArn: tt.arn}
			got, err := r.EnableImportFindingsForProduct(t.Context(), alice, in)
			if tt.code != "" {
				wantError(t, err, tt.code, tt.says)
				return
			}
			ok(t, err)
			if !strings.HasSuffix(got.ProductSubscriptionArn, tt.says) {
				t.Errorf("got %s", got.ProductSubscriptionArn)
			}
			_, err = r.EnableImportFindingsForProduct(t.Context(), alice, in)
			wantError(t, err, findinghub.CodeResourceConflict, got.ProductSubscriptionArn)
		})
	}
}
