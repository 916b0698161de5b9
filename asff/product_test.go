package asff

import "testing"

// TestProductArn: the forms of behaviour.md section 1.1.
func TestProductArn(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]ProductArn{
		"arn:aws:securityhub:us-west-2::product/aws/guardduty":                            {"aws", "us-west-2", "", "aws", "guardduty"},
		"arn:aws:securityhub:eu-west-1:123456789012:product/123456789012/default":         {"aws", "eu-west-1", "123456789012", "123456789012", "default"},
		"arn:aws-us-gov:securityhub:us-gov-west-1:123456789012:product/123456789012/mine": {"aws-us-gov", "us-gov-west-1", "123456789012", "123456789012", "mine"},
		"arn:aws:securityhub:us-east-1:517716713836:product/crowdstrike/crowdstrike-falcon": {
			"aws", "us-east-1", "517716713836", "crowdstrike", "crowdstrike-falcon"},
	} {
		got, err := ParseProductArn(text)
		if err != nil || got != want || got.String() != text {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
}

// TestProductArnRefused: the error is the message of the request (behaviour.md section 1.1, trivy#6010).
func TestProductArnRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"arn:aws:securityhub:::product/aquasecurity/aquasecurity", "", "test-arn", "arn:aws:securityhub:us-east-1",
		"arn:aws:inspector:us-east-1::product/a/b", "arn:azure:securityhub:us-east-1::product/a/b",
		"arn:aws:securityhub:us-east-1:123:product/a/b", "arn:aws:securityhub:us-east-1::product/a",
		"arn:aws:securityhub:us-east-1::product/a/b/c", "arn:aws:securityhub:us-east-1::product//b",
		"arn:aws:securityhub:us-east-1::product/a/", "arn:aws:securityhub:us-east-1::hub/a/b",
		"urn:aws:securityhub:us-east-1::product/a/b",
	} {
		got, err := ParseProductArn(text)
		if err == nil || err.Error() != `productArn: "`+text+`"` || got != (ProductArn{}) {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
}

// TestProductNames: decision 26, and the copies that real findings carry.
func TestProductNames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ company, product, wantProduct, wantCompany string }{
		{"prowler", "prowler", "Prowler", "Prowler"},
		{"crowdstrike", "crowdstrike-falcon", "Crowdstrike Falcon", "Crowdstrike"},
		{"palo_alto-networks", "vm-series", "Vm Series", "Palo Alto Networks"},
		{"123456789012", "default", "Default", "Personal"},
		{"acme", "default", "Default", "Acme"},
		{"123456789012", "mine", "Mine", "123456789012"},
		{"aws", "securityhub", "Security Hub", "AWS"},
		{"aws", "guardduty", "GuardDuty", "Amazon"},
		{"aws", "config", "Config", "AWS"},
		{"aws", "health", "Health", "AWS"},
		{"aws", "access-analyzer", "IAM Access Analyzer", "AWS"},
		{"aws", "ssm-patch-manager", "Systems Manager Patch Manager", "AWS"},
		{"aws", "brand-new", "Brand New", "AWS"},
		{"éclair", "--", "", "Éclair"},
	} {
		product, company := ProductArn{Company: c.company, Product: c.product}.Names()
		if product != c.wantProduct || company != c.wantCompany {
			t.Errorf("%s/%s: %q by %q", c.company, c.product, product, company)
		}
	}
	if got := (ProductArn{Company: "123456789012", Product: "default"}).DefaultOf(); got != "123456789012" {
		t.Errorf("the default product is %q's", got)
	}
	if got := (ProductArn{Company: "prowler", Product: "default"}).DefaultOf(); got != "" {
		t.Errorf("prowler's default product is %q's", got)
	}
}

func TestPartitionOf(t *testing.T) {
	t.Parallel()
	for region, want := range map[string]string{
		"us-east-1": "aws", "eu-central-2": "aws", "": "aws", "cn-north-1": "aws-cn", "us-gov-east-1": "aws-us-gov",
		"us-iso-east-1": "aws-iso", "us-isob-east-1": "aws-iso-b", "eu-isoe-west-1": "aws-iso-e",
		"us-isof-south-1": "aws-iso-f", "eusc-de-east-1": "aws-eusc",
	} {
		if got := PartitionOf(region); got != want {
			t.Errorf("%s is in %s, want %s", region, got, want)
		}
	}
}
