package hub

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/auth"
	"github.com/go-json-experiment/json/jsontext"
	"pgregory.net/rapid"
)

// in is a caller in another region.
func in(p auth.Principal, region string) auth.Principal { return inRegion(p, region) }

// linking makes an aggregator in us-east-1 that must be accepted.
func (r rig) linking(t *testing.T, p auth.Principal, mode string, regions ...string) *FindingAggregatorOutput {
	t.Helper()
	return must[*FindingAggregatorOutput](t)(r.CreateFindingAggregator(t.Context(), p, CreateFindingAggregatorInput{RegionLinkingMode: mode, Regions: regions}))
}

// The requests and responses of the service's own examples (examples.json).
func TestFindingAggregatorExamples(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	created := r.linking(t, alice, "SPECIFIED_REGIONS", "us-west-1", "us-west-2")
	if !strings.HasPrefix(created.FindingAggregatorArn, "arn:aws:securityhub:us-east-1:111111111111:finding-aggregator/") || created.FindingAggregationRegion != "us-east-1" ||
		created.RegionLinkingMode != "SPECIFIED_REGIONS" || !slices.Equal(created.Regions, []string{"us-west-1", "us-west-2"}) {
		t.Errorf("got %+v", created)
	}
	named := GetFindingAggregatorInput{FindingAggregatorArn: created.FindingAggregatorArn}
	// In any region (behaviour.md section 5.8).
	for _, region := range []string{"us-east-1", "us-west-1", "eu-north-1"} {
		got := must[*FindingAggregatorOutput](t)(r.GetFindingAggregator(t.Context(), in(alice, region), named))
		if fmt.Sprint(*got) != fmt.Sprint(*created) {
			t.Errorf("in %s got %+v, want %+v", region, got, created)
		}
		list := must[*ListFindingAggregatorsOutput](t)(r.ListFindingAggregators(t.Context(), in(alice, region), ListFindingAggregatorsInput{}))
		if len(list.FindingAggregators) != 1 || list.FindingAggregators[0].FindingAggregatorArn != created.FindingAggregatorArn || list.NextToken != "" {
			t.Errorf("in %s got %+v", region, list)
		}
	}
	updated := must[*FindingAggregatorOutput](t)(r.UpdateFindingAggregator(t.Context(), alice, UpdateFindingAggregatorInput{created.FindingAggregatorArn, "ALL_REGIONS", nil}))
	if updated.FindingAggregatorArn != created.FindingAggregatorArn || updated.RegionLinkingMode != "ALL_REGIONS" || updated.Regions != nil {
		t.Errorf("got %+v", updated)
	}
	ok(t, r.DeleteFindingAggregator(t.Context(), alice, DeleteFindingAggregatorInput(named)))
	_, err := r.GetFindingAggregator(t.Context(), alice, named)
	wantError(t, err, findinghub.CodeResourceNotFound, created.FindingAggregatorArn)
	list := must[*ListFindingAggregatorsOutput](t)(r.ListFindingAggregators(t.Context(), alice, ListFindingAggregatorsInput{}))
	if list.FindingAggregators == nil || len(list.FindingAggregators) != 0 {
		t.Errorf("got %+v, want an empty list", list)
	}
}

func TestFindingAggregatorRefuses(t *testing.T) {
	t.Parallel()
	many := make([]string, maxLinkedRegions+1)
	for i := range many {
		many[i] = fmt.Sprintf("region-%d", i)
	}
	tests := []struct {
		name, mode string
		regions    []string
		says       string
	}{
		{"no mode that there is", "SOME_REGIONS", nil, "'RegionLinkingMode'. Value 'SOME_REGIONS' is not one of"},
		{"regions with NO_REGIONS (behaviour.md section 5.8)", "NO_REGIONS", []string{"us-west-1"}, "'Regions'. It may not be given"},
		{"regions with ALL_REGIONS", "ALL_REGIONS", []string{"us-west-1"}, "'Regions'. It may not be given"},
		{"no regions to link", "SPECIFIED_REGIONS", nil, "'Regions'. It is required"},
		{"no regions to leave out", "ALL_REGIONS_EXCEPT_SPECIFIED", []string{}, "'Regions'. It is required"},
		{"the home region", "SPECIFIED_REGIONS", []string{"us-west-1", "us-east-1"}, "'Regions[1]'. Value 'us-east-1' is the home region"},
		{"no region's name", "SPECIFIED_REGIONS", []string{"US West"}, "'Regions[0]'. Value 'US West' is not a region's name"},
		{"too many", "SPECIFIED_REGIONS", many, "'Regions'. Size '101' is greater than maximum value: 100"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			_, err := r.CreateFindingAggregator(t.Context(), alice, CreateFindingAggregatorInput{tt.mode, tt.regions})
			wantError(t, err, findinghub.CodeInvalidInput, tt.says)
			a := r.linking(t, alice, "NO_REGIONS")
			_, err = r.UpdateFindingAggregator(t.Context(), alice, UpdateFindingAggregatorInput{a.FindingAggregatorArn, tt.mode, tt.regions})
			wantError(t, err, findinghub.CodeInvalidInput, tt.says)
		})
	}
}

// An account has one aggregator, wherever its home is, and nobody else's (behaviour.md section 5.8).
func TestFindingAggregatorIsOne(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a := r.linking(t, alice, "ALL_REGIONS")
	for _, region := range []string{"us-east-1", "eu-west-1"} {
		_, err := r.CreateFindingAggregator(t.Context(), in(alice, region), CreateFindingAggregatorInput{RegionLinkingMode: "ALL_REGIONS"})
		wantError(t, err, findinghub.CodeLimitExceeded, "in us-east-1; there can be 1")
	}
	abroad := in(alice, "eu-west-1")
	_, err := r.UpdateFindingAggregator(t.Context(), abroad, UpdateFindingAggregatorInput{a.FindingAggregatorArn, "NO_REGIONS", nil})
	wantError(t, err, findinghub.CodeInvalidInput, "home region us-east-1")
	wantError(t, r.DeleteFindingAggregator(t.Context(), abroad, DeleteFindingAggregatorInput{a.FindingAggregatorArn}), findinghub.CodeInvalidInput, "home region us-east-1")
	for _, arn := range []string{"nonsense", hubARN(alice), "arn:aws:securityhub:us-east-1:111111111111:finding-aggregator"} {
		_, err := r.GetFindingAggregator(t.Context(), alice, GetFindingAggregatorInput{arn})
		wantError(t, err, findinghub.CodeInvalidInput, "'FindingAggregatorArn'")
	}
	_, err = r.GetFindingAggregator(t.Context(), bob, GetFindingAggregatorInput{a.FindingAggregatorArn})
	wantError(t, err, findinghub.CodeResourceNotFound, a.FindingAggregatorArn)
	r.linking(t, bob, "NO_REGIONS") // each account has its own
}

// With a hub that is off there is nothing to aggregate.
func TestFindingAggregatorNeedsTheHub(t *testing.T) {
	t.Parallel()
	r := newRig(t, guarded)
	_, err := r.CreateFindingAggregator(t.Context(), alice, CreateFindingAggregatorInput{RegionLinkingMode: "ALL_REGIONS"})
	wantError(t, err, findinghub.CodeInvalidAccess, "not subscribed to AWS Security Hub")
	_, err = r.ListFindingAggregators(t.Context(), alice, ListFindingAggregatorsInput{})
	wantError(t, err, findinghub.CodeInvalidAccess, "not subscribed to AWS Security Hub")
}

// regional is alice's finding of a region's default product.
func regional(id, region string) jsontext.Value {
	return sent(id, fields{"ProductArn": strings.Replace(aliceProduct, "us-east-1", region, 1)})
}

// The four ways of linking, as the home region and the others see findings (behaviour.md sections 4 and 5.8).
func TestLinkedRegionsAreSeen(t *testing.T) {
	t.Parallel()
	tests := []struct {
		mode    string
		regions []string
		want    string
	}{
		{"ALL_REGIONS", nil, "eu-west-1 us-east-1 us-west-1 us-west-2"},
		{"ALL_REGIONS_EXCEPT_SPECIFIED", []string{"us-west-1", "nowhere"}, "eu-west-1 us-east-1 us-west-2"},
		{"SPECIFIED_REGIONS", []string{"us-west-1", "nowhere"}, "us-east-1 us-west-1"},
		{"NO_REGIONS", nil, "us-east-1"},
	}
	for _, tt := range tests {
		t.Run(tt.mode, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			for _, region := range []string{"us-east-1", "us-west-1", "us-west-2", "eu-west-1"} {
				r.mustImport(t, in(alice, region), regional(region, region))
			}
			r.mustImport(t, bob, sent("bob's", fields{"AwsAccountId": bob.Account, "ProductArn": bobProduct}))
			a := r.linking(t, alice, tt.mode, tt.regions...)
			if got := ids(r.find(t, alice, `{}`)); got != tt.want {
				t.Errorf("the home region sees %s, want %s", got, tt.want)
			}
			if got := ids(r.find(t, in(alice, "us-west-2"), `{}`)); got != "us-west-2" {
				t.Errorf("a linked region sees %s", got)
			}
			if got := ids(r.find(t, bob, `{}`)); got != "bob's" {
				t.Errorf("another account sees %s", got)
			}
			ok(t, r.DeleteFindingAggregator(t.Context(), alice, DeleteFindingAggregatorInput{a.FindingAggregatorArn}))
			if got := ids(r.find(t, alice, `{}`)); got != "us-east-1" {
				t.Errorf("without an aggregator the region sees %s", got)
			}
		})
	}
}

// A region that gets its first hub later is linked by ALL_REGIONS, and one whose hub is switched off is not seen.
func TestLinkedRegionsComeAndGo(t *testing.T) {
	t.Parallel()
	r := newRig(t, guarded)
	abroad := in(alice, "eu-west-1")
	ok(t, r.EnableSecurityHub(t.Context(), alice, EnableSecurityHubInput{}))
	r.linking(t, alice, "ALL_REGIONS")
	ok(t, r.EnableSecurityHub(t.Context(), abroad, EnableSecurityHubInput{}))
	r.mustImport(t, abroad, regional("a", "eu-west-1"))
	if got := ids(r.find(t, alice, `{}`)); got != "a" {
		t.Errorf("the home region sees %q", got)
	}
	ok(t, r.DisableSecurityHub(t.Context(), abroad, DisableSecurityHubInput{}))
	if got := ids(r.find(t, alice, `{}`)); got != "" {
		t.Errorf("with the linked hub off the home region sees %q", got)
	}
}

// What the home region changes the linked region sees, and the other way round, history included.
func TestChangesGoBothWays(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	abroad := in(alice, "eu-west-1")
	r.mustImport(t, abroad, regional("a", "eu-west-1"))
	r.linking(t, alice, "ALL_REGIONS")
	id := FindingIdentifier{ID: "a", ProductArn: strings.Replace(aliceProduct, "us-east-1", "eu-west-1", 1)}
	set := func(p auth.Principal, status string) {
		t.Helper()
		out := must[*BatchUpdateFindingsOutput](t)(r.BatchUpdateFindings(t.Context(), p, BatchUpdateFindingsInput{
			FindingIdentifiers: []FindingIdentifier{id}, Workflow: jsontext.Value(`{"Status":"` + status + `"}`),
		}))
		if len(out.ProcessedFindings) != 1 {
			t.Fatalf("got %+v", out)
		}
	}
	for _, step := range []struct {
		by     auth.Principal
		status string
	}{{alice, "NOTIFIED"}, {abroad, "RESOLVED"}} {
		set(step.by, step.status)
		for _, p := range []auth.Principal{alice, abroad} {
			if got := r.find(t, p, `{"WorkflowStatus":[{"Value":"`+step.status+`","Comparison":"EQUALS"}]}`); ids(got) != "a" {
				t.Errorf("after %s in %s, %s sees %v", step.status, step.by.Region, p.Region, got)
			}
		}
	}
	ok(t, r.UpdateFindings(t.Context(), alice, UpdateFindingsInput{Filters: jsontext.Value(`{}`), RecordState: jsontext.Value(`"ARCHIVED"`)}))
	if got := r.find(t, abroad, `{"RecordState":[{"Value":"ARCHIVED","Comparison":"EQUALS"}]}`); ids(got) != "a" {
		t.Errorf("the legacy update did not reach the linked region: %v", got)
	}
	history := GetFindingHistoryInput{FindingIdentifier: id}
	home := must[*GetFindingHistoryOutput](t)(r.GetFindingHistory(t.Context(), alice, history))
	there := must[*GetFindingHistoryOutput](t)(r.GetFindingHistory(t.Context(), abroad, history))
	if len(home.Records) != 3 || fmt.Sprint(home.Records) != fmt.Sprint(there.Records) {
		t.Errorf("the home region reads %+v, the linked one %+v", home.Records, there.Records)
	}
	// The linked region is not the home: the view goes one way only.
	r.mustImport(t, alice, sent("h"))
	if out := must[*BatchUpdateFindingsOutput](t)(r.BatchUpdateFindings(t.Context(), abroad, BatchUpdateFindingsInput{
		FindingIdentifiers: []FindingIdentifier{{ID: "h", ProductArn: aliceProduct}}, Confidence: jsontext.Value("1"),
	})); len(out.UnprocessedFindings) != 1 || out.UnprocessedFindings[0].ErrorCode != "FindingNotFound" {
		t.Errorf("a linked region changed the home region's finding: %+v", out)
	}
}

// Over several pages the home region reads every finding of every linked region once, in order.
func TestPagesOverRegions(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		r := newRig(t)
		regions := []string{"us-east-1", "us-west-1", "eu-west-1"}
		r.linking(t, alice, "ALL_REGIONS")
		var want []string
		for i := range rapid.IntRange(1, 15).Draw(rt, "findings") {
			id := fmt.Sprintf("m%02d", i)
			region := rapid.SampledFrom(regions).Draw(rt, "region")
			r.mustImport(t, in(alice, region), regional(id, region))
			want = append(want, id)
		}
		var got []string
		input := GetFindingsInput{SortCriteria: jsontext.Value(`[{"Field":"Id"}]`), MaxResults: rapid.IntRange(1, 4).Draw(rt, "size")}
		for {
			out := must[*GetFindingsOutput](t)(r.GetFindings(t.Context(), alice, input))
			got = append(got, idsOf(rt, out)...)
			if input.NextToken = out.NextToken; input.NextToken == "" {
				break
			}
		}
		if !slices.Equal(got, want) {
			rt.Fatalf("got %v, want %v", got, want)
		}
	})
}
