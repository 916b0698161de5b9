package api

import (
	"fmt"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"
	"github.com/aws/aws-sdk-go-v2/service/securityhub/types"
	"github.com/findinghub/findinghub/hub"
	"github.com/findinghub/findinghub/store/sqlite"
)

// onDisk is a hub over HTTP on the embedded engine; stop ends both.
func onDisk(t *testing.T, dir string) (s *httptest.Server, stop func()) {
	t.Helper()
	engine, err := sqlite.Open(t.Context(), sqlite.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	h, err := hub.New(t.Context(), hub.Config{Store: engine, Dev: true})
	if err != nil {
		t.Fatal(err)
	}
	s = httptest.NewServer(New(Config{Hub: h}))
	return s, func() {
		s.Close()
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
	}
}

// What was acknowledged is there after a restart, and a reader goes on where it was.
func TestRestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, stop := onDisk(t, dir)
	c := client(s, "123456789012", "us-west-1")
	var findings []types.AwsSecurityFinding
	for i := range 30 {
		f := sample()
		f.Id = aws.String(fmt.Sprintf("f%02d", i))
		findings = append(findings, f)
	}
	importAll(t, c, findings...)
	in := &securityhub.GetFindingsInput{SortCriteria: []types.SortCriterion{{Field: aws.String("Id"), SortOrder: types.SortOrderAscending}}, MaxResults: aws.Int32(20)}
	first, err := c.GetFindings(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.BatchUpdateFindings(t.Context(), &securityhub.BatchUpdateFindingsInput{
		FindingIdentifiers: []types.AwsSecurityFindingIdentifier{identifier(findings[25])}, Confidence: aws.Int32(77),
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.EnableSecurityHub(t.Context(), &securityhub.EnableSecurityHubInput{}); err != nil {
		t.Fatal(err)
	}
	stop()

	s, stop = onDisk(t, dir)
	defer stop()
	c = client(s, "123456789012", "us-west-1")
	in.NextToken = first.NextToken
	second, err := c.GetFindings(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	if len(first.Findings) != 20 || len(second.Findings) != 10 || *second.Findings[0].Id != "f20" || aws.ToInt32(second.Findings[5].Confidence) != 77 {
		t.Errorf("got %d findings, then %d that begin with %s", len(first.Findings), len(second.Findings), *second.Findings[0].Id)
	}
	id := identifier(findings[25])
	history, err := c.GetFindingHistory(t.Context(), &securityhub.GetFindingHistoryInput{FindingIdentifier: &id})
	if err != nil || len(history.Records) != 2 || *history.Records[0].Updates[0].NewValue != "77" {
		t.Errorf("got %+v, %v", history, err)
	}
	_, err = c.EnableSecurityHub(t.Context(), &securityhub.EnableSecurityHubInput{})
	wantTyped[*types.ResourceConflictException](t, err, "already subscribed")
}

// Many clients at once: each sees what it wrote, as soon as it was told so.
func TestEachReadsItsOwnWrites(t *testing.T) {
	t.Parallel()
	s, stop := onDisk(t, t.TempDir())
	defer stop()
	var wg sync.WaitGroup
	for n := range 6 {
		wg.Go(func() {
			c := client(s, "123456789012", "us-west-1")
			for i := range 5 {
				f := sample()
				f.Id = aws.String(fmt.Sprintf("c%d-%d", n, i))
				if err := writeAndRead(t, c, f); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

// writeAndRead imports a finding, updates it and reads it after each.
func writeAndRead(t *testing.T, c *securityhub.Client, f types.AwsSecurityFinding) error {
	byID := &securityhub.GetFindingsInput{Filters: &types.AwsSecurityFindingFilters{
		Id: []types.StringFilter{{Comparison: types.StringFilterComparisonEquals, Value: f.Id}},
	}}
	out, err := c.BatchImportFindings(t.Context(), &securityhub.BatchImportFindingsInput{Findings: []types.AwsSecurityFinding{f}})
	if err != nil || aws.ToInt32(out.SuccessCount) != 1 {
		return fmt.Errorf("importing %s: %+v, %w", *f.Id, out, err)
	}
	if got, err := c.GetFindings(t.Context(), byID); err != nil || len(got.Findings) != 1 {
		return fmt.Errorf("%s is not there after its import: %w", *f.Id, err)
	}
	updated, err := c.BatchUpdateFindings(t.Context(), &securityhub.BatchUpdateFindingsInput{
		FindingIdentifiers: []types.AwsSecurityFindingIdentifier{identifier(f)}, Workflow: &types.WorkflowUpdate{Status: types.WorkflowStatusNotified},
	})
	if err != nil || len(updated.ProcessedFindings) != 1 {
		return fmt.Errorf("updating %s: %+v, %w", *f.Id, updated, err)
	}
	byID.Filters.WorkflowStatus = []types.StringFilter{{Comparison: types.StringFilterComparisonEquals, Value: aws.String("NOTIFIED")}}
	if got, err := c.GetFindings(t.Context(), byID); err != nil || len(got.Findings) != 1 {
		return fmt.Errorf("the update of %s does not show: %w", *f.Id, err)
	}
	return nil
}
