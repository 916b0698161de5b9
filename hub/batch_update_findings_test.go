package hub

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/finding"
	"github.com/go-json-experiment/json/jsontext"
)

// named makes identifiers of alice's default product.
func named(ids ...string) []FindingIdentifier {
	var all []FindingIdentifier
	for _, id := range ids {
		all = append(all, FindingIdentifier{ID: id, ProductArn: aliceProduct})
	}
	return all
}

// everything is a change of all nine attributes that customers own.
func everything(ids ...FindingIdentifier) BatchUpdateFindingsInput {
	return BatchUpdateFindingsInput{
		FindingIdentifiers: ids,
		Note:               jsontext.Value(`{"Text":"Known issue that is not a risk.","UpdatedBy":"user1"}`),
		Severity:           jsontext.Value(`{"Label":"LOW"}`),
		VerificationState:  jsontext.Value(`"FALSE_POSITIVE"`),
		Confidence:         jsontext.Value(`42`),
		Criticality:        jsontext.Value(`99`),
		Types:              jsontext.Value(`["Effects/Data Exposure"]`),
		UserDefinedFields:  jsontext.Value(`{"team":"blue"}`),
		Workflow:           jsontext.Value(`{"Status":"RESOLVED"}`),
		RelatedFindings:    jsontext.Value(`[{"ProductArn":"` + aliceProduct + `","Id":"b"}]`),
	}
}

func TestBatchUpdateFindings(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.mustImport(t, alice, sent("a"), sent("b"))
	r.clock.advance(time.Hour)
	out := must[*BatchUpdateFindingsOutput](t)(r.BatchUpdateFindings(t.Context(), alice, everything(named("a")...)))
	if want := (&BatchUpdateFindingsOutput{ProcessedFindings: named("a"), UnprocessedFindings: []UnprocessedFinding{}}); !reflect.DeepEqual(out, want) {
		t.Fatalf("got %+v, want %+v", out, want)
	}
	found := r.find(t, alice, `{}`)
	want := map[string]any{
		"Note":     map[string]any{"Text": "Known issue that is not a risk.", "UpdatedBy": "user1", "UpdatedAt": "2026-01-02T04:04:05.000Z"},
		"Severity": map[string]any{"Label": "LOW", "Normalized": 1.0}, "VerificationState": "FALSE_POSITIVE",
		"Confidence": 42.0, "Criticality": 99.0, "Types": []any{"Effects/Data Exposure"},
		"UserDefinedFields": map[string]any{"team": "blue"}, "Workflow": map[string]any{"Status": "RESOLVED"},
		"RelatedFindings": []any{map[string]any{"ProductArn": aliceProduct, "Id": "b"}},
		"UpdatedAt":       "2026-01-01T00:00:00.000Z", // the provider's (behaviour.md section 3)
	}
	for name, value := range want {
		if !reflect.DeepEqual(found[0][name], value) {
			t.Errorf("%s is %v, want %v", name, found[0][name], value)
		}
	}
	if found[1]["Confidence"] != nil {
		t.Error("the other finding changed too")
	}
}

func TestBatchUpdateFindingsUnprocessed(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.mustImport(t, alice, sent("a"), sent("b"), sent("c"))
	note := func(in *BatchUpdateFindingsInput) { in.Confidence = jsontext.Value(`7`) }
	bad := func(in *BatchUpdateFindingsInput) { in.Types = jsontext.Value(`["a/b/c/d"]`) }
	empty := func(in *BatchUpdateFindingsInput) { in.UserDefinedFields = jsontext.Value(`{}`) }
	tests := []struct {
		name      string
		change    func(*BatchUpdateFindingsInput)
		ids       string
		processed int
		codes     string
	}{
		{"unknown", note, "a x", 1, "x:FindingNotFound:Finding Not Found"},
		// Decision 3: every occurrence, and the others go on.
		{"duplicates", note, "a b a", 1, "a:DuplicatedFindingIdentifier:Finding Identifier is duplicated a:DuplicatedFindingIdentifier:Finding Identifier is duplicated"},
		// Decision 2: what only the format forbids is every finding's failure, there or not.
		{"a type with four parts", bad, "a x", 0, "a:InvalidInput:Invalid Input x:InvalidInput:Invalid Input"},
		{"an empty map (decision 1)", empty, "a", 0, "a:InvalidInput:Invalid Input"},
		{"duplicates of a bad change", bad, "a b a", 0, "a:DuplicatedFindingIdentifier:Finding Identifier is duplicated b:InvalidInput:Invalid Input a:DuplicatedFindingIdentifier:Finding Identifier is duplicated"},
		{"all duplicates", note, "a a", 0, "a:DuplicatedFindingIdentifier:Finding Identifier is duplicated a:DuplicatedFindingIdentifier:Finding Identifier is duplicated"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in := BatchUpdateFindingsInput{}
			for _, id := range strings.Fields(tt.ids) {
				in.FindingIdentifiers = append(in.FindingIdentifiers, named(id)...)
			}
			tt.change(&in)
			out := must[*BatchUpdateFindingsOutput](t)(r.BatchUpdateFindings(t.Context(), alice, in))
			codes := ""
			for i, u := range out.UnprocessedFindings {
				if i > 0 {
					codes += " "
				}
				codes += u.FindingIdentifier.ID + ":" + u.ErrorCode + ":" + u.ErrorMessage
			}
			if len(out.ProcessedFindings) != tt.processed || codes != tt.codes {
				t.Errorf("got %d processed and %q, want %d and %q", len(out.ProcessedFindings), codes, tt.processed, tt.codes)
			}
		})
	}
}

// The number of identifiers is a bound of the request (decisions 2 and 4).
func TestBatchUpdateFindingsBounds(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	many := make([]FindingIdentifier, 101)
	_, err := r.BatchUpdateFindings(t.Context(), alice, BatchUpdateFindingsInput{FindingIdentifiers: many})
	wantError(t, err, findinghub.CodeInvalidInput, "Invalid parameter 'FindingIdentifiers'. Size '101' is greater than maximum value: 100.")
	_, err = r.BatchUpdateFindings(t.Context(), alice, BatchUpdateFindingsInput{})
	wantError(t, err, findinghub.CodeInvalidInput, "FindingIdentifiers")
	if _, err = r.BatchUpdateFindings(t.Context(), alice, BatchUpdateFindingsInput{FindingIdentifiers: many[:100]}); err != nil {
		t.Error(err)
	}
}

// Findings of another account or region are not there (behaviour.md section 3).
func TestBatchUpdateFindingsStaysInItsHub(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.mustImport(t, alice, sent("a"))
	elsewhere := alice
	elsewhere.Region = "eu-west-1"
	for _, p := range []struct {
		name string
		out  *BatchUpdateFindingsOutput
	}{
		{"another account", must[*BatchUpdateFindingsOutput](t)(r.BatchUpdateFindings(t.Context(), bob, everything(named("a")...)))},
		{"another region", must[*BatchUpdateFindingsOutput](t)(r.BatchUpdateFindings(t.Context(), elsewhere, everything(named("a")...)))},
	} {
		if len(p.out.UnprocessedFindings) != 1 || p.out.UnprocessedFindings[0].ErrorCode != "FindingNotFound" {
			t.Errorf("%s: got %+v", p.name, p.out)
		}
	}
}

func TestBatchUpdateFindingsEngineFailsOne(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.mustImport(t, alice, sent("a"), sent("b"), sent("c"))
	r.store.mutations = map[int]error{0: errors.New("sector 7 is gone"), 1: finding.ErrConcurrentUpdate}
	out := must[*BatchUpdateFindingsOutput](t)(r.BatchUpdateFindings(t.Context(), alice, everything(named("a", "b", "c")...)))
	want := []UnprocessedFinding{
		{named("a")[0], "InternalFailure", "Internal service failure"},
		{named("b")[0], "ConcurrentUpdateError", "Concurrent finding updates detected"},
	}
	if !reflect.DeepEqual(out.UnprocessedFindings, want) || !reflect.DeepEqual(out.ProcessedFindings, named("c")) {
		t.Errorf("got %+v, want %+v", out, want)
	}
}

// null stands for a member that is not there.
func TestBatchUpdateFindingsNull(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.mustImport(t, alice, sent("a"))
	in := everything(named("a")...)
	in.Note, in.Types, in.Severity = jsontext.Value("null"), jsontext.Value("null"), jsontext.Value("null")
	out := must[*BatchUpdateFindingsOutput](t)(r.BatchUpdateFindings(t.Context(), alice, in))
	if len(out.ProcessedFindings) != 1 {
		t.Fatalf("got %+v", out)
	}
	f := r.find(t, alice, `{}`)[0]
	if f["Note"] != nil || !reflect.DeepEqual(f["Types"], []any{"Software and Configuration Checks"}) || f["Confidence"] != 42.0 {
		t.Errorf("got %v", f)
	}
}
