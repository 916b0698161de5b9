package api

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"
	"github.com/aws/aws-sdk-go-v2/service/securityhub/types"
)

// sample is the finding that the documentation of BatchImportFindings imports.
func sample() types.AwsSecurityFinding {
	return types.AwsSecurityFinding{
		AwsAccountId: aws.String("123456789012"),
		CreatedAt:    aws.String("2020-05-27T17:05:54.832Z"),
		Description:  aws.String("Vulnerability in a CloudTrail trail"),
		FindingProviderFields: &types.FindingProviderFields{
			Severity: &types.FindingProviderSeverity{Label: types.SeverityLabelLow, Original: aws.String("10")},
			Types:    []string{"Software and Configuration Checks/Vulnerabilities/CVE"},
		},
		GeneratorId: aws.String("TestGeneratorId"),
		Id:          aws.String("Id1"),
		ProductArn:  aws.String("arn:aws:securityhub:us-west-1:123456789012:product/123456789012/default"),
		Resources: []types.Resource{{
			Id: aws.String("arn:aws:cloudtrail:us-west-1:123456789012:trail/TrailName"), Partition: types.PartitionAws,
			Region: aws.String("us-west-1"), Type: aws.String("AwsCloudTrailTrail"),
		}},
		SchemaVersion: aws.String("2018-10-08"),
		Title:         aws.String("CloudTrail trail vulnerability"),
		UpdatedAt:     aws.String("2020-06-02T16:05:54.832Z"),
	}
}

func TestSampleImport(t *testing.T) {
	t.Parallel()
	c := client(server(t), "123456789012", "us-west-1")
	out, err := c.BatchImportFindings(t.Context(), &securityhub.BatchImportFindingsInput{Findings: []types.AwsSecurityFinding{sample()}})
	if err != nil {
		t.Fatal(err)
	}
	if *out.SuccessCount != 1 || *out.FailedCount != 0 || len(out.FailedFindings) != 0 {
		t.Fatalf("got %d imported, failed: %+v", *out.SuccessCount, out.FailedFindings)
	}
	found, err := c.GetFindings(t.Context(), &securityhub.GetFindingsInput{Filters: &types.AwsSecurityFindingFilters{
		Id: []types.StringFilter{{Comparison: types.StringFilterComparisonEquals, Value: aws.String("Id1")}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if len(found.Findings) != 1 || *found.Findings[0].Title != "CloudTrail trail vulnerability" || found.NextToken != nil {
		t.Fatalf("got %+v", found.Findings)
	}
	if s := found.Findings[0].Severity; s.Label != types.SeverityLabelLow || *s.Normalized != 1 {
		t.Errorf("got severity %+v", s)
	}
}
