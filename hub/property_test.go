package hub

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"pgregory.net/rapid"
)

// draws are what random findings differ in; few values, so that many findings tie.
var (
	anySeverity = rapid.SampledFrom([]string{"INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"})
	anyTime     = rapid.SampledFrom([]string{"2026-01-01T00:00:00Z", "2026-01-01T00:00:00.500Z", "2026-01-01T02:00:00+01:00"})
	anyTitle    = rapid.SampledFrom([]string{"A title", "a title", "Ä title"})
	anyID       = rapid.SampledFrom(strings.Split("a b c d e f g h i j k l", " "))
)

func drawFinding(t *rapid.T, id string) jsontext.Value {
	return sent(id, fields{
		"Severity": fields{"Label": anySeverity.Draw(t, "severity")}, "UpdatedAt": anyTime.Draw(t, "updated"), "Title": anyTitle.Draw(t, "title"),
	})
}

// However a search is sorted and cut into pages, the pages together are the search, and writes in
// between neither repeat nor hide a finding that they do not touch (decision 14).
func TestPagesAreTheWhole(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		r := newRig(t)
		n := rapid.IntRange(0, 12).Draw(rt, "findings")
		for i := range n {
			r.mustImport(t, alice, drawFinding(rt, fmt.Sprintf("m%02d", i)))
		}
		var criteria []string
		anyField := rapid.SampledFrom([]string{"SeverityLabel", "UpdatedAt", "Title", "Id", "Confidence"})
		for _, field := range rapid.SliceOfNDistinct(anyField, 0, 2, rapid.ID).Draw(rt, "criteria") {
			order := rapid.SampledFrom([]string{"asc", "desc"}).Draw(rt, "order")
			criteria = append(criteria, fmt.Sprintf(`{"Field":%q,"SortOrder":%q}`, field, order))
		}
		in := GetFindingsInput{SortCriteria: jsontext.Value("[" + strings.Join(criteria, ",") + "]")}
		whole := idsOf(rt, must[*GetFindingsOutput](t)(r.GetFindings(t.Context(), alice, in)))
		var paged []string
		for page := 0; ; page++ {
			in.MaxResults = rapid.IntRange(1, 5).Draw(rt, "size")
			out := must[*GetFindingsOutput](t)(r.GetFindings(t.Context(), alice, in))
			paged = append(paged, idsOf(rt, out)...)
			if in.NextToken = out.NextToken; in.NextToken == "" {
				break
			}
			// A newcomer may or may not be seen; it must not disturb the others.
			r.mustImport(t, alice, drawFinding(rt, fmt.Sprintf("x%02d", page)))
		}
		paged = slices.DeleteFunc(paged, func(id string) bool { return id[0] == 'x' })
		if len(whole) != n || !slices.Equal(whole, paged) {
			rt.Fatalf("in one piece %v, in pages %v", whole, paged)
		}
	})
}

func idsOf(t *rapid.T, out *GetFindingsOutput) []string {
	var ids []string
	for _, f := range out.Findings {
		var head struct {
			ID string `json:"Id"`
		}
		if err := json.Unmarshal(f, &head); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, head.ID)
	}
	return ids
}

// Whatever a batch holds, every finding is counted once, those that failed are named in order, and
// those that did not are there.
func TestImportAccountsForEveryFinding(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		r := newRig(t)
		var batch []jsontext.Value
		var bad []string
		stored := map[string]bool{}
		for range rapid.IntRange(1, 15).Draw(rt, "size") {
			id := anyID.Draw(rt, "id")
			if rapid.Bool().Draw(rt, "good") {
				batch, stored[id] = append(batch, drawFinding(rt, id)), true
				continue
			}
			flaw := rapid.SampledFrom([]fields{{"Title": nil}, {"Title": ""}, {"Resources": []int{}}, {"ProductArn": bobProduct}}).Draw(rt, "flaw")
			batch, bad = append(batch, sent(id, flaw)), append(bad, id)
		}
		out := must[*BatchImportFindingsOutput](t)(r.BatchImportFindings(t.Context(), alice, BatchImportFindingsInput{Findings: batch}))
		var failed []string
		for _, f := range out.FailedFindings {
			failed = append(failed, f.ID)
		}
		if out.FailedCount+out.SuccessCount != len(batch) || !slices.Equal(failed, bad) {
			rt.Fatalf("of %d got %+v, want failures %v", len(batch), out, bad)
		}
		found := r.find(t, alice, `{}`)
		if len(found) != len(stored) {
			rt.Fatalf("the hub holds %s, want %v", ids(found), stored)
		}
	})
}

// Every identifier of an update is answered exactly once: processed when it occurs once and exists.
func TestUpdateAccountsForEveryIdentifier(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		r := newRig(t)
		exists := map[string]bool{}
		for _, id := range rapid.SliceOfDistinct(anyID, rapid.ID).Draw(rt, "exist") {
			r.mustImport(t, alice, sent(id))
			exists[id] = true
		}
		asked := rapid.SliceOfN(anyID, 1, 15).Draw(rt, "asked")
		times := map[string]int{}
		for _, id := range asked {
			times[id]++
		}
		out := must[*BatchUpdateFindingsOutput](t)(r.BatchUpdateFindings(t.Context(), alice, everything(named(asked...)...)))
		var want, unprocessed []string
		for _, id := range asked {
			switch {
			case times[id] > 1:
				unprocessed = append(unprocessed, id+" DuplicatedFindingIdentifier")
			case !exists[id]:
				unprocessed = append(unprocessed, id+" FindingNotFound")
			default:
				want = append(want, id)
			}
		}
		var got, gotUnprocessed []string
		for _, id := range out.ProcessedFindings {
			got = append(got, id.ID)
		}
		for _, u := range out.UnprocessedFindings {
			gotUnprocessed = append(gotUnprocessed, u.FindingIdentifier.ID+" "+u.ErrorCode)
		}
		if !slices.Equal(got, want) || !slices.Equal(gotUnprocessed, unprocessed) {
			rt.Fatalf("got %v and %v, want %v and %v", got, gotUnprocessed, want, unprocessed)
		}
		changed := ids(r.find(t, alice, `{"Confidence":[{"Eq":42}]}`))
		slices.Sort(want)
		if changed != strings.Join(want, " ") {
			rt.Fatalf("changed %q, want %v", changed, want)
		}
	})
}

// A subscription goes on and off as a model of it does: on at first in --dev, 409 only when it
// was asked for already, 404 only when it is off.
func TestSubscriptionsFollowTheirModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		r := newRig(t)
		names := []string{"prowler/prowler", "acme/scanner", "aws/guardduty"}
		model := map[string]state{}
		rt.Repeat(map[string]func(*rapid.T){
			"enable": func(rt *rapid.T) {
				name := rapid.SampledFrom(names).Draw(rt, "name")
				_, err := r.EnableImportFindingsForProduct(t.Context(), alice, EnableImportFindingsForProductInput{ProductArn: "arn:aws:securityhub:us-east-1::product/" + name})
				if (err != nil) != (model[name] == enabled) {
					rt.Fatalf("enabling %s, which is %q: %v", name, model[name], err)
				}
				model[name] = enabled
			},
			"disable": func(rt *rapid.T) {
				name := rapid.SampledFrom(names).Draw(rt, "name")
				err := r.DisableImportFindingsForProduct(t.Context(), alice, DisableImportFindingsForProductInput{ProductSubscriptionArn: own(alice, kindSubscription, name).String()})
				if (err != nil) != (model[name] == disabled) {
					rt.Fatalf("disabling %s, which is %q: %v", name, model[name], err)
				}
				model[name] = disabled
			},
			"": func(rt *rapid.T) {
				list := must[*ListEnabledProductsForImportOutput](t)(r.ListEnabledProductsForImport(t.Context(), alice, ListEnabledProductsForImportInput{}))
				for _, name := range names {
					// Nobody has sent findings of acme/scanner, so that it is listed only when asked for.
					want := model[name] == enabled || model[name] == implicit && name != "acme/scanner"
					if slices.Contains(list.ProductSubscriptions, own(alice, kindSubscription, name).String()) != want {
						rt.Fatalf("%s is %q, and the list says %v", name, model[name], !want)
					}
					f := sent("f", fields{"ProductArn": "arn:aws:securityhub:us-east-1::product/" + name, "Title": nil})
					out := must[*BatchImportFindingsOutput](t)(r.BatchImportFindings(t.Context(), alice, BatchImportFindingsInput{Findings: []jsontext.Value{f}}))
					if (out.FailedFindings[0].ErrorCode == "InvalidAccess") != (model[name] == disabled) {
						rt.Fatalf("%s is %q, and an import fails with %+v", name, model[name], out.FailedFindings)
					}
				}
			},
		})
	})
}
