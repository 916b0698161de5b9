package filter_test

import (
	"testing"

	"github.com/findinghub/findinghub/asff"
	"github.com/findinghub/findinghub/filter"
	"github.com/go-json-experiment/json/jsontext"
)

// attributeCases pins every attribute by what the API's model says, not by the table: its
// name, the kind of its filter, a finding in the format's own shape with one value
// where the attribute reads it, a filter that selects this value and one that does not.
var attributeCases = []struct {
	name    string
	kind    filter.Kind
	finding string
	hit     string
	miss    string
}{
	{"AwsAccountId", filter.KindString, `{"AwsAccountId":"v"}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"AwsAccountName", filter.KindString, `{"AwsAccountName":"v"}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"CompanyName", filter.KindString, `{"CompanyName":"v"}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"ComplianceAssociatedStandardsId", filter.KindString, `{"Compliance":{"AssociatedStandards":[{"StandardsId":"v"}]}}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"ComplianceSecurityControlId", filter.KindString, `{"Compliance":{"SecurityControlId":"v"}}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"ComplianceSecurityControlParametersName", filter.KindString, `{"Compliance":{"SecurityControlParameters":[{"Name":"v"}]}}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"ComplianceSecurityControlParametersValue", filter.KindString, `{"Compliance":{"SecurityControlParameters":[{"Value":["v"]}]}}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"ComplianceStatus", filter.KindString, `{"Compliance":{"Status":"v"}}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"Confidence", filter.KindNumber, `{"Confidence":7}`, `{"Eq":7}`, `{"Eq":8}`},
	{"CreatedAt", filter.KindDate, `{"CreatedAt":"2024-03-01T00:00:00Z"}`, `{"Start":"2024-03-01T00:00:00Z","End":"2024-03-01T00:00:00Z"}`, `{"Start":"2024-03-02T00:00:00Z"}`},
	{"Criticality", filter.KindNumber, `{"Criticality":7}`, `{"Eq":7}`, `{"Eq":8}`},
	{"Description", filter.KindString, `{"Description":"v"}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"FindingProviderFieldsConfidence", filter.KindNumber, `{"FindingProviderFields":{"Confidence":7}}`, `{"Eq":7}`, `{"Eq":8}`},
	{"FindingProviderFieldsCriticality", filter.KindNumber, `{"FindingProviderFields":{"Criticality":7}}`, `{"Eq":7}`, `{"Eq":8}`},
	{"FindingProviderFieldsRelatedFindingsId", filter.KindString, `{"FindingProviderFields":{"RelatedFindings":[{"Id":"v"}]}}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"FindingProviderFieldsRelatedFindingsProductArn", filter.KindString, `{"FindingProviderFields":{"RelatedFindings":[{"ProductArn":"v"}]}}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"FindingProviderFieldsSeverityLabel", filter.KindString, `{"FindingProviderFields":{"Severity":{"Label":"v"}}}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"FindingProviderFieldsSeverityOriginal", filter.KindString, `{"FindingProviderFields":{"Severity":{"Original":"v"}}}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"FindingProviderFieldsTypes", filter.KindString, `{"FindingProviderFields":{"Types":["v"]}}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"FirstObservedAt", filter.KindDate, `{"FirstObservedAt":"2024-03-01T00:00:00Z"}`, `{"Start":"2024-03-01T00:00:00Z","End":"2024-03-01T00:00:00Z"}`, `{"Start":"2024-03-02T00:00:00Z"}`},
	{"GeneratorId", filter.KindString, `{"GeneratorId":"v"}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"Id", filter.KindString, `{"Id":"v"}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"Keyword", filter.KindKeyword, `{"Title":"Ring the Bell"}`, `{"Value":"the bell"}`, `{"Value":"the ball"}`},
	{"LastObservedAt", filter.KindDate, `{"LastObservedAt":"2024-03-01T00:00:00Z"}`, `{"Start":"2024-03-01T00:00:00Z","End":"2024-03-01T00:00:00Z"}`, `{"Start":"2024-03-02T00:00:00Z"}`},
	{"MalwareName", filter.KindString, `{"Malware":[{"Name":"v"}]}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"MalwarePath", filter.KindString, `{"Malware":[{"Path":"v"}]}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"MalwareState", filter.KindString, `{"Malware":[{"State":"v"}]}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"MalwareType", filter.KindString, `{"Malware":[{"Type":"v"}]}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"NetworkDestinationDomain", filter.KindString, `{"Network":{"DestinationDomain":"v"}}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"NetworkDestinationIpV4", filter.KindIP, `{"Network":{"DestinationIpV4":"10.0.0.7"}}`, `{"Cidr":"10.0.0.0/24"}`, `{"Cidr":"10.0.1.0/24"}`},
	{"NetworkDestinationIpV6", filter.KindIP, `{"Network":{"DestinationIpV6":"2001:db8::7"}}`, `{"Cidr":"2001:db8::/64"}`, `{"Cidr":"2001:db9::/64"}`},
	{"NetworkDestinationPort", filter.KindNumber, `{"Network":{"DestinationPort":7}}`, `{"Eq":7}`, `{"Eq":8}`},
	{"NetworkDirection", filter.KindString, `{"Network":{"Direction":"v"}}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"NetworkProtocol", filter.KindString, `{"Network":{"Protocol":"v"}}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"NetworkSourceDomain", filter.KindString, `{"Network":{"SourceDomain":"v"}}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"NetworkSourceIpV4", filter.KindIP, `{"Network":{"SourceIpV4":"10.0.0.7"}}`, `{"Cidr":"10.0.0.0/24"}`, `{"Cidr":"10.0.1.0/24"}`},
	{"NetworkSourceIpV6", filter.KindIP, `{"Network":{"SourceIpV6":"2001:db8::7"}}`, `{"Cidr":"2001:db8::/64"}`, `{"Cidr":"2001:db9::/64"}`},
	{"NetworkSourceMac", filter.KindString, `{"Network":{"SourceMac":"v"}}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"NetworkSourcePort", filter.KindNumber, `{"Network":{"SourcePort":7}}`, `{"Eq":7}`, `{"Eq":8}`},
	{"NoteText", filter.KindString, `{"Note":{"Text":"v"}}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"NoteUpdatedAt", filter.KindDate, `{"Note":{"UpdatedAt":"2024-03-01T00:00:00Z"}}`, `{"Start":"2024-03-01T00:00:00Z","End":"2024-03-01T00:00:00Z"}`, `{"Start":"2024-03-02T00:00:00Z"}`},
	{"NoteUpdatedBy", filter.KindString, `{"Note":{"UpdatedBy":"v"}}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"ProcessLaunchedAt", filter.KindDate, `{"Process":{"LaunchedAt":"2024-03-01T00:00:00Z"}}`, `{"Start":"2024-03-01T00:00:00Z","End":"2024-03-01T00:00:00Z"}`, `{"Start":"2024-03-02T00:00:00Z"}`},
	{"ProcessName", filter.KindString, `{"Process":{"Name":"v"}}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"ProcessParentPid", filter.KindNumber, `{"Process":{"ParentPid":7}}`, `{"Eq":7}`, `{"Eq":8}`},
	{"ProcessPath", filter.KindString, `{"Process":{"Path":"v"}}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"ProcessPid", filter.KindNumber, `{"Process":{"Pid":7}}`, `{"Eq":7}`, `{"Eq":8}`},
	{"ProcessTerminatedAt", filter.KindDate, `{"Process":{"TerminatedAt":"2024-03-01T00:00:00Z"}}`, `{"Start":"2024-03-01T00:00:00Z","End":"2024-03-01T00:00:00Z"}`, `{"Start":"2024-03-02T00:00:00Z"}`},
	{"ProductArn", filter.KindString, `{"ProductArn":"v"}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"ProductFields", filter.KindMap, `{"ProductFields":{"k":"v"}}`, `{"Key":"k","Value":"v","Comparison":"EQUALS"}`, `{"Key":"k","Value":"w","Comparison":"EQUALS"}`},
	{"ProductName", filter.KindString, `{"ProductName":"v"}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"RecommendationText", filter.KindString, `{"Remediation":{"Recommendation":{"Text":"v"}}}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"RecordState", filter.KindString, `{"RecordState":"v"}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"Region", filter.KindString, `{"Region":"v"}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"RelatedFindingsId", filter.KindString, `{"RelatedFindings":[{"Id":"v"}]}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"RelatedFindingsProductArn", filter.KindString, `{"RelatedFindings":[{"ProductArn":"v"}]}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"ResourceApplicationArn", filter.KindString, `{"Resources":[{"ApplicationArn":"v"}]}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"ResourceApplicationName", filter.KindString, `{"Resources":[{"ApplicationName":"v"}]}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"ResourceAwsEc2InstanceIamInstanceProfileArn", filter.KindString, `{"Resources":[{"Details":{"AwsEc2Instance":{"IamInstanceProfileArn":"v"}}}]}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"ResourceAwsEc2InstanceImageId", filter.KindString, `{"Resources":[{"Details":{"AwsEc2Instance":{"ImageId":"v"}}}]}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"ResourceAwsEc2InstanceIpV4Addresses", filter.KindIP, `{"Resources":[{"Details":{"AwsEc2Instance":{"IpV4Addresses":["10.0.0.7"]}}}]}`, `{"Cidr":"10.0.0.0/24"}`, `{"Cidr":"10.0.1.0/24"}`},
	{"ResourceAwsEc2InstanceIpV6Addresses", filter.KindIP, `{"Resources":[{"Details":{"AwsEc2Instance":{"IpV6Addresses":["2001:db8::7"]}}}]}`, `{"Cidr":"2001:db8::/64"}`, `{"Cidr":"2001:db9::/64"}`},
	{"ResourceAwsEc2InstanceKeyName", filter.KindString, `{"Resources":[{"Details":{"AwsEc2Instance":{"KeyName":"v"}}}]}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"ResourceAwsEc2InstanceLaunchedAt", filter.KindDate, `{"Resources":[{"Details":{"AwsEc2Instance":{"LaunchedAt":"2024-03-01T00:00:00Z"}}}]}`, `{"Start":"2024-03-01T00:00:00Z","End":"2024-03-01T00:00:00Z"}`, `{"Start":"2024-03-02T00:00:00Z"}`},
	{"ResourceAwsEc2InstanceSubnetId", filter.KindString, `{"Resources":[{"Details":{"AwsEc2Instance":{"SubnetId":"v"}}}]}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"ResourceAwsEc2InstanceType", filter.KindString, `{"Resources":[{"Details":{"AwsEc2Instance":{"Type":"v"}}}]}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"ResourceAwsEc2InstanceVpcId", filter.KindString, `{"Resources":[{"Details":{"AwsEc2Instance":{"VpcId":"v"}}}]}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"ResourceAwsIamAccessKeyCreatedAt", filter.KindDate, `{"Resources":[{"Details":{"AwsIamAccessKey":{"CreatedAt":"2024-03-01T00:00:00Z"}}}]}`, `{"Start":"2024-03-01T00:00:00Z","End":"2024-03-01T00:00:00Z"}`, `{"Start":"2024-03-02T00:00:00Z"}`},
	{"ResourceAwsIamAccessKeyPrincipalName", filter.KindString, `{"Resources":[{"Details":{"AwsIamAccessKey":{"PrincipalName":"v"}}}]}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"ResourceAwsIamAccessKeyStatus", filter.KindString, `{"Resources":[{"Details":{"AwsIamAccessKey":{"Status":"v"}}}]}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"ResourceAwsIamAccessKeyUserName", filter.KindString, `{"Resources":[{"Details":{"AwsIamAccessKey":{"UserName":"v"}}}]}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"ResourceAwsIamUserUserName", filter.KindString, `{"Resources":[{"Details":{"AwsIamUser":{"UserName":"v"}}}]}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"ResourceAwsS3BucketOwnerId", filter.KindString, `{"Resources":[{"Details":{"AwsS3Bucket":{"OwnerId":"v"}}}]}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"ResourceAwsS3BucketOwnerName", filter.KindString, `{"Resources":[{"Details":{"AwsS3Bucket":{"OwnerName":"v"}}}]}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"ResourceContainerImageId", filter.KindString, `{"Resources":[{"Details":{"Container":{"ImageId":"v"}}}]}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"ResourceContainerImageName", filter.KindString, `{"Resources":[{"Details":{"Container":{"ImageName":"v"}}}]}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"ResourceContainerLaunchedAt", filter.KindDate, `{"Resources":[{"Details":{"Container":{"LaunchedAt":"2024-03-01T00:00:00Z"}}}]}`, `{"Start":"2024-03-01T00:00:00Z","End":"2024-03-01T00:00:00Z"}`, `{"Start":"2024-03-02T00:00:00Z"}`},
	{"ResourceContainerName", filter.KindString, `{"Resources":[{"Details":{"Container":{"Name":"v"}}}]}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"ResourceDetailsOther", filter.KindMap, `{"Resources":[{"Details":{"Other":{"k":"v"}}}]}`, `{"Key":"k","Value":"v","Comparison":"EQUALS"}`, `{"Key":"k","Value":"w","Comparison":"EQUALS"}`},
	{"ResourceId", filter.KindString, `{"Resources":[{"Id":"v"}]}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"ResourcePartition", filter.KindString, `{"Resources":[{"Partition":"v"}]}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"ResourceRegion", filter.KindString, `{"Resources":[{"Region":"v"}]}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"ResourceTags", filter.KindMap, `{"Resources":[{"Tags":{"k":"v"}}]}`, `{"Key":"k","Value":"v","Comparison":"EQUALS"}`, `{"Key":"k","Value":"w","Comparison":"EQUALS"}`},
	{"ResourceType", filter.KindString, `{"Resources":[{"Type":"v"}]}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"Sample", filter.KindBoolean, `{"Sample":true}`, `{"Value":true}`, `{"Value":false}`},
	{"SeverityLabel", filter.KindString, `{"Severity":{"Label":"v"}}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"SeverityNormalized", filter.KindNumber, `{"Severity":{"Normalized":7}}`, `{"Eq":7}`, `{"Eq":8}`},
	{"SeverityProduct", filter.KindNumber, `{"Severity":{"Product":7}}`, `{"Eq":7}`, `{"Eq":8}`},
	{"SourceUrl", filter.KindString, `{"SourceUrl":"v"}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"ThreatIntelIndicatorCategory", filter.KindString, `{"ThreatIntelIndicators":[{"Category":"v"}]}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"ThreatIntelIndicatorLastObservedAt", filter.KindDate, `{"ThreatIntelIndicators":[{"LastObservedAt":"2024-03-01T00:00:00Z"}]}`, `{"Start":"2024-03-01T00:00:00Z","End":"2024-03-01T00:00:00Z"}`, `{"Start":"2024-03-02T00:00:00Z"}`},
	{"ThreatIntelIndicatorSource", filter.KindString, `{"ThreatIntelIndicators":[{"Source":"v"}]}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"ThreatIntelIndicatorSourceUrl", filter.KindString, `{"ThreatIntelIndicators":[{"SourceUrl":"v"}]}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"ThreatIntelIndicatorType", filter.KindString, `{"ThreatIntelIndicators":[{"Type":"v"}]}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"ThreatIntelIndicatorValue", filter.KindString, `{"ThreatIntelIndicators":[{"Value":"v"}]}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"Title", filter.KindString, `{"Title":"v"}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"Type", filter.KindString, `{"Types":["v"]}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"UpdatedAt", filter.KindDate, `{"UpdatedAt":"2024-03-01T00:00:00Z"}`, `{"Start":"2024-03-01T00:00:00Z","End":"2024-03-01T00:00:00Z"}`, `{"Start":"2024-03-02T00:00:00Z"}`},
	{"UserDefinedFields", filter.KindMap, `{"UserDefinedFields":{"k":"v"}}`, `{"Key":"k","Value":"v","Comparison":"EQUALS"}`, `{"Key":"k","Value":"w","Comparison":"EQUALS"}`},
	{"VerificationState", filter.KindString, `{"VerificationState":"v"}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"VulnerabilitiesExploitAvailable", filter.KindString, `{"Vulnerabilities":[{"ExploitAvailable":"v"}]}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"VulnerabilitiesFixAvailable", filter.KindString, `{"Vulnerabilities":[{"FixAvailable":"v"}]}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"WorkflowState", filter.KindString, `{"WorkflowState":"v"}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
	{"WorkflowStatus", filter.KindString, `{"Workflow":{"Status":"v"}}`, `{"Value":"v","Comparison":"EQUALS"}`, `{"Value":"w","Comparison":"EQUALS"}`},
}

func TestAttributesAreTheModels(t *testing.T) {
	t.Parallel()
	if len(filter.Attributes) != 104 || len(attributeCases) != 104 {
		t.Fatalf("%d attributes, %d cases; the API has 104", len(filter.Attributes), len(attributeCases))
	}
	for i, c := range attributeCases {
		a := filter.Attribute(i)
		if filter.Attributes[i].Name != c.name || filter.Attributes[i].Kind != c.kind {
			t.Errorf("attribute %d is %s of kind %d, want %s of kind %d", i, a, filter.Attributes[i].Kind, c.name, c.kind)
		}
		if found, ok := filter.Lookup(c.name); !ok || found != a {
			t.Errorf("Lookup(%s) = %v, %v", c.name, found, ok)
		}
	}
	if a, ok := filter.Lookup("severitylabel"); ok {
		t.Errorf("Lookup ignores case: %v", a)
	}
}

func TestEachAttributeReadsItsPlace(t *testing.T) {
	t.Parallel()
	for _, c := range attributeCases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			values := extract(t, c.finding)
			if !filter.Match(parse(t, c.name, c.hit), values) {
				t.Errorf("%s does not match %s", c.hit, c.finding)
			}
			if filter.Match(parse(t, c.name, c.miss), values) {
				t.Errorf("%s matches %s", c.miss, c.finding)
			}
			if filter.Match(parse(t, c.name, c.hit), extract(t, `{}`)) {
				t.Errorf("%s matches a finding without members", c.hit)
			}
		})
	}
}

// A value belongs to its own attributes only: what one attribute reads no other does.
func TestEachPlaceHasOneAttribute(t *testing.T) {
	t.Parallel()
	for i, c := range attributeCases {
		if c.kind == filter.KindKeyword {
			continue
		}
		values := extract(t, c.finding)
		if len(values) != 1 || values[0].Attribute != filter.Attribute(i) {
			t.Errorf("%s: values %v of %s", c.name, values, c.finding)
		}
	}
}

// extract reads the values of a finding given as JSON.
func extract(t testing.TB, finding string) filter.Values {
	t.Helper()
	f, err := asff.Parse([]byte(finding))
	if err != nil {
		t.Fatalf("%s: %v", finding, err)
	}
	return filter.Extract(f, nil)
}

// parse reads the filters of one attribute, given as the inside of a JSON list.
func parse(t testing.TB, attribute, entries string) filter.Expr {
	t.Helper()
	e, err := filter.Parse(jsontext.Value(`{"`+attribute+`":[`+entries+`]}`), filter.Options{Now: now})
	if err != nil {
		t.Fatalf("%s: %v", entries, err)
	}
	return e
}
