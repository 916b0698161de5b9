package hub

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/findinghub/findinghub"
	"github.com/go-json-experiment/json/jsontext"
)

// history makes a finding at 03:04:05 that a customer changes an hour later and its provider
// an hour after that.
func history(t *testing.T) rig {
	t.Helper()
	r := newRig(t)
	r.mustImport(t, alice, sent("a"))
	r.clock.advance(time.Hour)
	out := must[*BatchUpdateFindingsOutput](t)(r.BatchUpdateFindings(t.Context(), alice, BatchUpdateFindingsInput{
		FindingIdentifiers: named("a"), Workflow: jsontext.Value(`{"Status":"NOTIFIED"}`),
	}))
	if len(out.ProcessedFindings) != 1 {
		t.Fatalf("got %+v", out)
	}
	r.clock.advance(time.Hour)
	r.mustImport(t, alice, sent("a", fields{"UpdatedAt": "2026-01-02T00:00:00.000Z", "Title": "Another title"}))
	r.clock.advance(time.Hour)
	return r
}

// told prints records as time/source/fields, or time/created.
func told(records []FindingHistoryRecord) string {
	var all []string
	for _, r := range records {
		s := r.UpdateTime[11:19] + "/" + string(r.UpdateSource.Type)
		if r.FindingCreated {
			s += "/created"
		}
		for _, u := range r.Updates {
			s += "/" + u.UpdatedField + ":" + u.OldValue + ">" + u.NewValue
		}
		all = append(all, s)
	}
	return strings.Join(all, " ")
}

const (
	toldImport   = "05:04:05/BATCH_IMPORT_FINDINGS/Title:A title>Another title"
	toldUpdate   = "04:04:05/BATCH_UPDATE_FINDINGS/Workflow.Status:NEW>NOTIFIED"
	toldCreation = "03:04:05/BATCH_IMPORT_FINDINGS/created"
)

func TestGetFindingHistory(t *testing.T) {
	t.Parallel()
	r := history(t)
	at := func(hour, minute int) time.Time { return time.Date(2026, 1, 2, hour, minute, 5, 0, time.UTC) }
	tests := []struct {
		name       string
		start, end time.Time
		want       string
	}{
		{"all", time.Time{}, time.Time{}, toldImport + " " + toldUpdate + " " + toldCreation},
		{"from the update on", at(4, 4), time.Time{}, toldImport + " " + toldUpdate},
		{"after the update", at(4, 5), time.Time{}, toldImport},
		{"up to the update", time.Time{}, at(4, 4), toldUpdate + " " + toldCreation},
		{"the creation alone", at(3, 4), at(3, 4), toldCreation},
		{"before there was anything", time.Time{}, at(3, 3), ""},
		{"between", at(3, 5), at(4, 3), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, size := range []int{0, 1, 2, 3} {
				in := GetFindingHistoryInput{FindingIdentifier: named("a")[0], StartTime: tt.start, EndTime: tt.end, MaxResults: size}
				if got := r.wholeHistory(t, in); got != tt.want {
					t.Errorf("by %d: got %q, want %q", size, got, tt.want)
				}
			}
		})
	}
}

// wholeHistory reads all pages, none of which may be empty unless it is the only one.
func (r rig) wholeHistory(t *testing.T, in GetFindingHistoryInput) string {
	t.Helper()
	var all []FindingHistoryRecord
	for {
		page := must[*GetFindingHistoryOutput](t)(r.GetFindingHistory(t.Context(), alice, in))
		if in.MaxResults > 0 && len(page.Records) > in.MaxResults || in.NextToken != "" && len(page.Records) == 0 {
			t.Fatalf("a page of %d has %d records", in.MaxResults, len(page.Records))
		}
		all = append(all, page.Records...)
		if in.NextToken = page.NextToken; in.NextToken == "" {
			return told(all)
		}
	}
}

// The record as behaviour.md section 5.1 has it: the identifier, who, and absent values left out.
func TestGetFindingHistoryRecord(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.mustImport(t, alice, sent("a"))
	_, err := r.BatchUpdateFindings(t.Context(), alice, BatchUpdateFindingsInput{FindingIdentifiers: named("a"), Confidence: jsontext.Value(`7`)})
	ok(t, err)
	out := must[*GetFindingHistoryOutput](t)(r.GetFindingHistory(t.Context(), alice, GetFindingHistoryInput{FindingIdentifier: named("a")[0]}))
	text := string(must[[]byte](t)(json.Marshal(out)))
	const id = `"FindingIdentifier":{"Id":"a","ProductArn":"` + aliceProduct + `"},"UpdateTime":"2026-01-02T03:04:05.000Z"`
	want := `{"Records":[` +
		`{` + id + `,"FindingCreated":false,"UpdateSource":{"Type":"BATCH_UPDATE_FINDINGS","Identity":"arn:aws:iam::111111111111:role/Admin"},"Updates":[{"UpdatedField":"Confidence","NewValue":"7"}]},` +
		`{` + id + `,"FindingCreated":true,"UpdateSource":{"Type":"BATCH_IMPORT_FINDINGS","Identity":"` + aliceProduct + `"},"Updates":[]}]}`
	if text != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
}

func TestGetFindingHistoryOfNothing(t *testing.T) {
	t.Parallel()
	r := history(t)
	out := must[*GetFindingHistoryOutput](t)(r.GetFindingHistory(t.Context(), alice, GetFindingHistoryInput{FindingIdentifier: named("x")[0]}))
	if out.Records == nil || len(out.Records) != 0 || out.NextToken != "" {
		t.Errorf("an unknown finding: %+v", out)
	}
	out = must[*GetFindingHistoryOutput](t)(r.GetFindingHistory(t.Context(), bob, GetFindingHistoryInput{FindingIdentifier: named("a")[0]}))
	if len(out.Records) != 0 {
		t.Errorf("another account reads %+v", out)
	}
}

func TestGetFindingHistoryRefuses(t *testing.T) {
	t.Parallel()
	r := history(t)
	_, err := r.GetFindingHistory(t.Context(), alice, GetFindingHistoryInput{
		FindingIdentifier: named("a")[0], StartTime: r.clock.t, EndTime: r.clock.t.Add(-time.Second),
	})
	wantError(t, err, findinghub.CodeInvalidInput, "StartTime")
	in := GetFindingHistoryInput{FindingIdentifier: named("a")[0], MaxResults: 1}
	token := must[*GetFindingHistoryOutput](t)(r.GetFindingHistory(t.Context(), alice, in)).NextToken
	for name, change := range map[string]func(*GetFindingHistoryInput){
		"another finding": func(in *GetFindingHistoryInput) { in.FindingIdentifier.ID = "b" },
		"another time":    func(in *GetFindingHistoryInput) { in.EndTime = r.clock.t },
		"damage":          func(in *GetFindingHistoryInput) { in.NextToken += "AAAA" },
	} {
		foreign := in
		foreign.NextToken = token
		change(&foreign)
		_, err := r.GetFindingHistory(t.Context(), alice, foreign)
		t.Log(name)
		wantError(t, err, findinghub.CodeInvalidInput, "NextToken")
	}
}
