package asff

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ProductArn is the ARN of a product that sends findings, taken apart (behaviour.md
// section 1.1): arn:<partition>:securityhub:<region>:<account>:product/<company>/<product>.
type ProductArn struct {
	Partition string
	Region    string
	// Account is the provider's 12 digits, "" for AWS services and some partners.
	Account string
	Company string
	Product string
}

// ParseProductArn takes a product's ARN apart. The error's text is the message with
// which the service refuses the whole request.
func ParseProductArn(text string) (ProductArn, error) {
	bad := fmt.Errorf("productArn: \"%s\"", text)
	arn := splitArn(text)
	if arn == nil || arn[1] != "aws" && !strings.HasPrefix(arn[1], "aws-") || arn[2] != "securityhub" || arn[3] == "" {
		return ProductArn{}, bad
	}
	if arn[4] != "" && !isAccount([]byte(arn[4])) {
		return ProductArn{}, bad
	}
	names := strings.Split(arn[5], "/")
	if len(names) != 3 || names[0] != "product" || names[1] == "" || names[2] == "" {
		return ProductArn{}, bad
	}
	return ProductArn{Partition: arn[1], Region: arn[3], Account: arn[4], Company: names[1], Product: names[2]}, nil
}

// splitArn gives the six parts of an ARN, nil when it is none.
func splitArn(text string) []string {
	parts := strings.SplitN(text, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" {
		return nil
	}
	return parts
}

// String gives the ARN.
func (p ProductArn) String() string {
	return "arn:" + p.Partition + ":securityhub:" + p.Region + ":" + p.Account + ":product/" + p.Company + "/" + p.Product
}

// DefaultOf gives the account whose default product this is, "" when it is another product.
func (p ProductArn) DefaultOf() string {
	if p.Product == "default" && isAccount([]byte(p.Company)) {
		return p.Company
	}
	return ""
}

// Names gives the product's and the company's names for people, as far as the ARN
// tells them (decision 26): Default and Personal for an account's default product,
// known names for the products of AWS, and the ARN's own words for all others.
func (p ProductArn) Names() (product, company string) {
	if p.DefaultOf() != "" {
		return "Default", "Personal"
	}
	if p.Company == "aws" {
		if known, ok := awsProducts[p.Product]; ok {
			return known.product, known.company
		}
		return words(p.Product), "AWS"
	}
	return words(p.Product), words(p.Company)
}

// awsProducts are the names that AWS gives its own products, and which of its two
// names it puts before them.
var awsProducts = map[string]struct{ product, company string }{
	"access-analyzer":           {"IAM Access Analyzer", "AWS"},
	"chatbot":                   {"Chatbot", "AWS"},
	"config":                    {"Config", "AWS"},
	"detective":                 {"Detective", "Amazon"},
	"firewall-manager":          {"Firewall Manager", "AWS"},
	"guardduty":                 {"GuardDuty", "Amazon"},
	"health":                    {"Health", "AWS"},
	"inspector":                 {"Inspector", "Amazon"},
	"iot-device-defender":       {"IoT Device Defender", "AWS"},
	"iot-device-defender-audit": {"IoT Device Defender - Audit", "AWS"},
	"iot-device-defender-detect": {
		"IoT Device Defender - Detect", "AWS"},
	"macie":             {"Macie", "Amazon"},
	"route-53-resolver": {"Route 53 Resolver DNS Firewall", "Amazon"},
	"securityhub":       {"Security Hub", "AWS"},
	"ssm-patch-manager": {"Systems Manager Patch Manager", "AWS"},
}

// words makes a name of an identifier: `crowdstrike-falcon` is `Crowdstrike Falcon`.
func words(id string) string {
	parts := strings.FieldsFunc(id, func(r rune) bool { return r == '-' || r == '_' })
	for i, p := range parts {
		first, n := utf8.DecodeRuneInString(p)
		parts[i] = string(unicode.ToUpper(first)) + p[n:]
	}
	return strings.Join(parts, " ")
}

// PartitionOf gives the partition of a region.
func PartitionOf(region string) string {
	for _, p := range partitions {
		if strings.HasPrefix(region, p.prefix) {
			return p.partition
		}
	}
	return "aws"
}

// partitions are the prefixes of regions outside the common partition.
var partitions = []struct{ prefix, partition string }{
	{"cn-", "aws-cn"},
	{"us-gov-", "aws-us-gov"},
	{"us-iso-", "aws-iso"},
	{"us-isob-", "aws-iso-b"},
	{"eu-isoe-", "aws-iso-e"},
	{"us-isof-", "aws-iso-f"},
	{"eusc-", "aws-eusc"},
}
