package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"
	"github.com/aws/aws-sdk-go-v2/service/securityhub/types"
	"github.com/findinghub/findinghub/hub"
)

// pciFinding is one of those that the documentation of BatchUpdateFindings updates.
func pciFinding(n int) types.AwsSecurityFinding {
	f := sample()
	f.Id = aws.String(fmt.Sprintf("arn:aws:securityhub:us-west-1:123456789012:subscription/pci-dss/v/3.2.1/PCI.Lambda.2/finding/a1b2c3d4-5678-90ab-cdef-EXAMPLE%d%d%d%d%d", n, n, n, n, n))
	f.ProductArn = aws.String("arn:aws:securityhub:us-west-1::product/aws/securityhub")
	return f
}

func identifier(f types.AwsSecurityFinding) types.AwsSecurityFindingIdentifier {
	return types.AwsSecurityFindingIdentifier{Id: f.Id, ProductArn: f.ProductArn}
}

func importAll(t *testing.T, c *securityhub.Client, findings ...types.AwsSecurityFinding) {
	t.Helper()
	out, err := c.BatchImportFindings(t.Context(), &securityhub.BatchImportFindingsInput{Findings: findings})
	if err != nil {
		t.Fatal(err)
	}
	if aws.ToInt32(out.FailedCount) != 0 || int(aws.ToInt32(out.SuccessCount)) != len(findings) {
		t.Fatalf("failed findings: %+v", out.FailedFindings)
	}
}

// The documentation's example of an update: two findings get a note, a severity and a status.
func TestSampleUpdate(t *testing.T) {
	t.Parallel()
	c := client(server(t), "123456789012", "us-west-1")
	one, two := pciFinding(1), pciFinding(2)
	importAll(t, c, one, two)
	ids := []types.AwsSecurityFindingIdentifier{identifier(one), identifier(two)}
	out, err := c.BatchUpdateFindings(t.Context(), &securityhub.BatchUpdateFindingsInput{
		FindingIdentifiers: ids,
		Note:               &types.NoteUpdate{Text: aws.String("Known issue that is not a risk."), UpdatedBy: aws.String("user1")},
		Severity:           &types.SeverityUpdate{Label: types.SeverityLabelLow},
		Workflow:           &types.WorkflowUpdate{Status: types.WorkflowStatusResolved},
	})
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(out.ProcessedFindings, ids) || out.UnprocessedFindings == nil || len(out.UnprocessedFindings) != 0 {
		t.Fatalf("got %+v", out)
	}
	found, err := c.GetFindings(t.Context(), &securityhub.GetFindingsInput{Filters: &types.AwsSecurityFindingFilters{
		WorkflowStatus: []types.StringFilter{{Comparison: types.StringFilterComparisonEquals, Value: aws.String("RESOLVED")}},
		NoteText:       []types.StringFilter{{Comparison: types.StringFilterComparisonPrefix, Value: aws.String("Known issue")}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if len(found.Findings) != 2 || found.Findings[0].Severity.Label != types.SeverityLabelLow || *found.Findings[0].Note.UpdatedBy != "user1" {
		t.Errorf("got %+v", found.Findings)
	}
}

// All nine members that BatchUpdateFindings may set, as its documentation lists them.
func TestUpdateOfEveryMember(t *testing.T) {
	t.Parallel()
	c := client(server(t), "123456789012", "us-west-1")
	importAll(t, c, sample())
	id := identifier(sample())
	in := &securityhub.BatchUpdateFindingsInput{
		FindingIdentifiers: []types.AwsSecurityFindingIdentifier{id},
		Note:               &types.NoteUpdate{Text: aws.String("string"), UpdatedBy: aws.String("string")},
		Severity:           &types.SeverityUpdate{Normalized: aws.Int32(75), Product: aws.Float64(7.5), Label: types.SeverityLabelHigh},
		VerificationState:  types.VerificationStateTruePositive,
		Confidence:         aws.Int32(12),
		Criticality:        aws.Int32(34),
		Types:              []string{"TTPs/Collection"},
		UserDefinedFields:  map[string]string{"team": "blue"},
		Workflow:           &types.WorkflowUpdate{Status: types.WorkflowStatusNotified},
		RelatedFindings:    []types.RelatedFinding{{ProductArn: id.ProductArn, Id: aws.String("other")}},
	}
	out, err := c.BatchUpdateFindings(t.Context(), in)
	if err != nil || len(out.UnprocessedFindings) != 0 {
		t.Fatalf("got %+v, %v", out, err)
	}
	f := theOnly(t, c)
	same := *f.Note.Text == "string" && *f.Severity.Normalized == 75 && *f.Severity.Product == 7.5 && f.Severity.Label == types.SeverityLabelHigh &&
		f.VerificationState == in.VerificationState && *f.Confidence == 12 && *f.Criticality == 34 && reflect.DeepEqual(f.Types, in.Types) &&
		reflect.DeepEqual(f.UserDefinedFields, in.UserDefinedFields) && f.Workflow.Status == in.Workflow.Status && reflect.DeepEqual(f.RelatedFindings, in.RelatedFindings)
	if !same || *f.UpdatedAt != "2020-06-02T16:05:54.832Z" {
		t.Errorf("got %+v", f)
	}
	history, err := c.GetFindingHistory(t.Context(), &securityhub.GetFindingHistoryInput{
		FindingIdentifier: &id, StartTime: aws.Time(time.Now().Add(-time.Hour)), EndTime: aws.Time(time.Now().Add(time.Hour)),
	})
	if err != nil {
		t.Fatal(err)
	}
	n := len(history.Records)
	if n != 2 || !*history.Records[n-1].FindingCreated || len(history.Records[0].Updates) < 9 || history.Records[0].UpdateSource.Type != types.FindingHistoryUpdateSourceTypeBatchUpdateFindings {
		t.Errorf("got %+v", history.Records)
	}
}

// theOnly reads the one finding that a hub holds.
func theOnly(t *testing.T, c *securityhub.Client) types.AwsSecurityFinding {
	t.Helper()
	out, err := c.GetFindings(t.Context(), &securityhub.GetFindingsInput{})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Findings) != 1 {
		t.Fatalf("got %d findings, want 1", len(out.Findings))
	}
	return out.Findings[0]
}

// The errors of the API arrive as the SDK's own types.
func TestTypedErrors(t *testing.T) {
	t.Parallel()
	guarded := client(server(t, func(c *hub.Config) { c.Dev = false }), "123456789012", "us-west-1")
	dev := client(server(t), "123456789012", "us-west-1")
	_, err := guarded.GetFindings(t.Context(), &securityhub.GetFindingsInput{})
	wantTyped[*types.InvalidAccessException](t, err, "Account 123456789012 is not subscribed to AWS Security Hub")
	_, err = dev.GetFindings(t.Context(), &securityhub.GetFindingsInput{MaxResults: aws.Int32(101)})
	wantTyped[*types.InvalidInputException](t, err, "Invalid parameter 'MaxResults'. Value '101' is greater than maximum value: 100.")
	foreign := sample()
	foreign.AwsAccountId = aws.String("210987654321")
	_, err = dev.BatchImportFindings(t.Context(), &securityhub.BatchImportFindingsInput{Findings: []types.AwsSecurityFinding{foreign}})
	if err == nil || !strings.Contains(err.Error(), "AccessDeniedException") || !strings.Contains(err.Error(), "is not authorized to perform: securityhub:BatchImportFindings on resource: "+*foreign.ProductArn) {
		t.Errorf("got %v", err)
	}
	_, err = dev.EnableSecurityHub(t.Context(), &securityhub.EnableSecurityHubInput{Tags: map[string]string{"Department": "Security"}})
	if err != nil {
		t.Error(err)
	}
	_, err = dev.EnableSecurityHub(t.Context(), &securityhub.EnableSecurityHubInput{})
	wantTyped[*types.ResourceConflictException](t, err, "Account is already subscribed to Security Hub")
	_, err = dev.DescribeHub(t.Context(), &securityhub.DescribeHubInput{HubArn: aws.String("arn:aws:securityhub:us-west-1:210987654321:hub/default")})
	wantTyped[*types.ResourceNotFoundException](t, err, "210987654321")
	_, err = dev.GetInsights(t.Context(), &securityhub.GetInsightsInput{})
	if err == nil || !strings.Contains(err.Error(), "GetInsights is not implemented yet") {
		t.Errorf("got %v", err)
	}
}

func wantTyped[E error](t *testing.T, err error, says string) {
	t.Helper()
	var e E
	if !errors.As(err, &e) || !strings.Contains(err.Error(), says) {
		t.Errorf("got %v, want a %T that says %q", err, e, says)
	}
}

func TestHubThroughTheSDK(t *testing.T) {
	t.Parallel()
	c := client(server(t), "123456789012", "us-west-1")
	if _, err := c.UpdateSecurityHubConfiguration(t.Context(), &securityhub.UpdateSecurityHubConfigurationInput{AutoEnableControls: aws.Bool(false)}); err != nil {
		t.Fatal(err)
	}
	d, err := c.DescribeHub(t.Context(), &securityhub.DescribeHubInput{HubArn: aws.String("arn:aws:securityhub:us-west-1:123456789012:hub/default")})
	if err != nil || *d.AutoEnableControls {
		t.Fatalf("got %+v, %v", d, err)
	}
	if _, err := c.DisableSecurityHub(t.Context(), &securityhub.DisableSecurityHubInput{}); err != nil {
		t.Fatal(err)
	}
	_, err = c.DescribeHub(t.Context(), &securityhub.DescribeHubInput{})
	wantTyped[*types.InvalidAccessException](t, err, "not subscribed to AWS Security Hub")
}

// ARNs in paths: the SDK escapes them its own way, and they must come back whole.
func TestTagsThroughTheSDK(t *testing.T) {
	t.Parallel()
	c := client(server(t), "123456789012", "us-west-1")
	for _, arn := range []string{"arn:aws:securityhub:us-west-1:123456789012:hub/default", "arn:aws:securityhub:us-west-1:123456789012:product-subscription/prowler/prowler"} {
		if _, err := c.TagResource(t.Context(), &securityhub.TagResourceInput{ResourceArn: &arn, Tags: map[string]string{"Department": "Operations", "Area": "USMidwest"}}); err != nil {
			t.Fatal(err)
		}
		if _, err := c.UntagResource(t.Context(), &securityhub.UntagResourceInput{ResourceArn: &arn, TagKeys: []string{"Department", "Other"}}); err != nil {
			t.Fatal(err)
		}
		out, err := c.ListTagsForResource(t.Context(), &securityhub.ListTagsForResourceInput{ResourceArn: &arn})
		if err != nil || !reflect.DeepEqual(out.Tags, map[string]string{"Area": "USMidwest"}) {
			t.Errorf("%s: got %v, %v", arn, out, err)
		}
	}
	_, err := c.TagResource(t.Context(), &securityhub.TagResourceInput{ResourceArn: aws.String("arn:aws:s3:::bucket"), Tags: map[string]string{"k": "v"}})
	wantTyped[*types.InvalidInputException](t, err, "ResourceArn")
	_, err = c.TagResource(t.Context(), &securityhub.TagResourceInput{ResourceArn: aws.String("arn:aws:securityhub:us-west-1:123456789012:hub/default"), Tags: map[string]string{"aws:k": "v"}})
	wantTyped[*types.InvalidInputException](t, err, "aws:k")
}

func TestProductsThroughTheSDK(t *testing.T) {
	t.Parallel()
	c := client(server(t), "123456789012", "us-west-1")
	const arn = "arn:aws:securityhub:us-west-1:123456789012:product-subscription/prowler/prowler"
	products := 0
	for p := securityhub.NewDescribeProductsPaginator(c, &securityhub.DescribeProductsInput{MaxResults: aws.Int32(9)}); p.HasMorePages(); {
		page, err := p.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		products += len(page.Products)
	}
	if products < 60 {
		t.Errorf("got %d products, want at least 60", products)
	}
	out, err := c.EnableImportFindingsForProduct(t.Context(), &securityhub.EnableImportFindingsForProductInput{ProductArn: aws.String("arn:aws:securityhub:us-west-1::product/prowler/prowler")})
	if err != nil || *out.ProductSubscriptionArn != arn {
		t.Fatalf("got %+v, %v", out, err)
	}
	list, err := c.ListEnabledProductsForImport(t.Context(), &securityhub.ListEnabledProductsForImportInput{})
	if err != nil || !strings.Contains(strings.Join(list.ProductSubscriptions, " "), arn) {
		t.Fatalf("got %+v, %v", list, err)
	}
	if _, err := c.DisableImportFindingsForProduct(t.Context(), &securityhub.DisableImportFindingsForProductInput{ProductSubscriptionArn: aws.String(arn)}); err != nil {
		t.Fatal(err)
	}
	f := sample()
	f.ProductArn = aws.String("arn:aws:securityhub:us-west-1::product/prowler/prowler")
	refused, err := c.BatchImportFindings(t.Context(), &securityhub.BatchImportFindingsInput{Findings: []types.AwsSecurityFinding{f}})
	if err != nil || len(refused.FailedFindings) != 1 || *refused.FailedFindings[0].ErrorCode != "InvalidAccess" {
		t.Errorf("got %+v, %v", refused, err)
	}
}

// The SDK's paginator sees every finding once, in order.
func TestPaginator(t *testing.T) {
	t.Parallel()
	c := client(server(t), "123456789012", "us-west-1")
	for batch := range 3 {
		var findings []types.AwsSecurityFinding
		for i := range 100 {
			f := sample()
			f.Id = aws.String(fmt.Sprintf("f%03d", 100*batch+i))
			findings = append(findings, f)
		}
		importAll(t, c, findings...)
	}
	n := 0
	in := &securityhub.GetFindingsInput{
		Filters:      &types.AwsSecurityFindingFilters{Title: []types.StringFilter{{Comparison: types.StringFilterComparisonPrefix, Value: aws.String("CloudTrail")}}},
		SortCriteria: []types.SortCriterion{{Field: aws.String("Id"), SortOrder: types.SortOrderAscending}}, MaxResults: aws.Int32(70),
	}
	for p := securityhub.NewGetFindingsPaginator(c, in); p.HasMorePages(); {
		page, err := p.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range page.Findings {
			if want := fmt.Sprintf("f%03d", n); *f.Id != want {
				t.Fatalf("got %s, want %s", *f.Id, want)
			}
			n++
		}
	}
	if n != 300 {
		t.Errorf("saw %d findings, want 300", n)
	}
}

// Real findings of many tools and years, imported as the account and region that they name: what the
// validator finds good is stored, and can be read back by typed clients.
func TestCorpusOverHTTP(t *testing.T) {
	t.Parallel()
	s := server(t)
	files, err := filepath.Glob("../../shared/corpus/asff/*.json")
	if err != nil || len(files) < 100 {
		t.Fatalf("the corpus has %d files, %v", len(files), err)
	}
	imported := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var f struct{ AwsAccountId, Id string }
		if json.Unmarshal(text, &f) != nil || len(f.AwsAccountId) != 12 {
			continue
		}
		authorization := "AWS4-HMAC-SHA256 Credential=" + f.AwsAccountId + "/20260101/us-east-1/securityhub/aws4_request, SignedHeaders=host, Signature=0"
		r := send(t, s, "POST", "/findings/import", `{"Findings":[`+string(text)+`]}`, "Authorization", authorization)
		if r.status != 200 {
			if !strings.HasPrefix(r.message, "productArn: ") {
				t.Errorf("%s: %d %s", file, r.status, r.body)
			}
			continue
		}
		if !strings.Contains(r.body, `"SuccessCount":1`) {
			continue // its faults are the validator's tests
		}
		imported++
		out, err := client(s, f.AwsAccountId, "us-east-1").GetFindings(t.Context(), &securityhub.GetFindingsInput{Filters: &types.AwsSecurityFindingFilters{
			Id: []types.StringFilter{{Comparison: types.StringFilterComparisonEquals, Value: &f.Id}},
		}})
		if err != nil || len(out.Findings) == 0 {
			t.Errorf("%s: read back %v, %v", file, out, err)
		}
	}
	if imported < 100 {
		t.Errorf("only %d findings of %d files were imported", imported, len(files))
	}
}
