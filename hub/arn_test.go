package hub

import (
	"strings"
	"testing"

	"github.com/findinghub/findinghub/auth"
)

func TestParseARN(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		good bool
	}{
		{"arn:aws:securityhub:us-east-1:111111111111:hub/default", true},
		{"arn:aws-us-gov:securityhub:us-gov-west-1:111111111111:hub/default", true},
		{"arn:aws:securityhub:us-east-1::product/aws/guardduty", true},
		{"arn:aws:securityhub:us-east-1:111111111111:insight/111111111111/custom/a:b", true},
		{"arn:aws:securityhub:::product/aws/guardduty", false}, // trivy#6010: a region is needed
		{"arn:aws:securityhub:US-EAST-1:111111111111:hub/default", false},
		{"arn:aws:securityhub:us-east-1:1111:hub/default", false},
		{"arn:aws:securityhub:us-east-1:111111111111:hub", false},
		{"arn:aws:securityhub:us-east-1:111111111111:hub/", false},
		{"arn:aws:securityhub:us-east-1:111111111111:/default", false},
		{"arn:aws:securityhub:us-east-1:111111111111", false},
		{"arn:aws:guardduty:us-east-1:111111111111:detector/1", false},
		{"arn:gcp:securityhub:us-east-1:111111111111:hub/default", false},
		{"ARN:aws:securityhub:us-east-1:111111111111:hub/default", false},
		{"", false},
	}
	for _, tt := range tests {
		a, good := parseARN(tt.text)
		if good != tt.good {
			t.Errorf("%q: got %v", tt.text, good)
		}
		if good && a.String() != tt.text {
			t.Errorf("%q comes back as %q", tt.text, a)
		}
	}
}

// Whose a private product is (behaviour.md section 1.1).
func TestPrivateProducts(t *testing.T) {
	t.Parallel()
	tests := []struct {
		product       string
		private, mine bool
	}{
		{aliceProduct, true, true},
		{"arn:aws:securityhub:us-east-1::product/111111111111/default", true, true},
		{"arn:aws:securityhub:us-east-1:111111111111:product/111111111111/scanner", true, true},
		{"arn:aws:securityhub:us-east-1:222222222222:product/111111111111/default", true, false},
		{bobProduct, true, false},
		{prowler, false, false},
		{"arn:aws:securityhub:us-east-1:111111111111:product/aws/securityhub", false, false},
	}
	for _, tt := range tests {
		a, err := parseProductARN(tt.product)
		ok(t, err)
		if a.isPrivate() != tt.private || a.isPrivate() && a.belongsTo(alice.Account) != tt.mine {
			t.Errorf("%s: private %v, alice's %v", tt.product, a.isPrivate(), a.belongsTo(alice.Account))
		}
	}
}

func FuzzARN(f *testing.F) {
	for _, s := range []string{aliceProduct, prowler, hubARN(alice), "arn:aws:securityhub:us-east-1:111111111111:product-subscription/prowler/prowler", "arn:::::", ":/:/:"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if a, good := parseARN(text); good {
			if a.String() != text || !auth.ValidRegion(a.region) || strings.Contains(a.kind, "/") {
				t.Errorf("%q is read as %+v", text, a)
			}
		}
		if a, err := parseProductARN(text); err == nil && a.String() != text {
			t.Errorf("the product %q is read as %+v", text, a)
		}
		if a, good := parseSubscriptionARN(text); good && strings.Count(a.name, "/") != 1 {
			t.Errorf("the subscription %q is read as %+v", text, a)
		}
	})
}
