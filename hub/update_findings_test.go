package hub

import (
	"fmt"
	"testing"
	"time"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/finding"
	"github.com/go-json-experiment/json/jsontext"
)

// UpdateFindings reaches every match, over as many pages as it takes, also when the change makes
// findings match no more (behaviour.md section 5.2).
func TestUpdateFindings(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	const n = 250
	var batch []jsontext.Value
	for i := range n {
		batch = append(batch, sent(fmt.Sprintf("f%03d", i)))
	}
	for i := 0; i < n; i += 50 {
		r.mustImport(t, alice, batch[i:i+50]...)
	}
	r.mustImport(t, alice, sent("other", fields{"Title": "Another title"}))
	r.mustImport(t, bob, sent("f000", fields{"AwsAccountId": bob.Account, "ProductArn": bobProduct}))
	r.clock.advance(time.Hour)
	ok(t, r.UpdateFindings(t.Context(), alice, UpdateFindingsInput{
		Filters:     jsontext.Value(`{"RecordState":[{"Comparison":"EQUALS","Value":"ACTIVE"}],"Title":[{"Comparison":"EQUALS","Value":"A title"}]}`),
		Note:        jsontext.Value(`{"Text":"Gone.","UpdatedBy":"alice"}`),
		RecordState: jsontext.Value(`"ARCHIVED"`),
	}))
	const archived = `{"RecordState":[{"Comparison":"EQUALS","Value":"ARCHIVED"}],"NoteText":[{"Comparison":"EQUALS","Value":"Gone."}]}`
	count := 0
	in := GetFindingsInput{Filters: jsontext.Value(archived)}
	for {
		page := must[*GetFindingsOutput](t)(r.GetFindings(t.Context(), alice, in))
		count += len(page.Findings)
		if in.NextToken = page.NextToken; in.NextToken == "" {
			break
		}
	}
	if count != n {
		t.Errorf("archived %d findings, want %d", count, n)
	}
	if got := ids(r.find(t, bob, archived)); got != "" {
		t.Errorf("another account's findings changed: %s", got)
	}
	// The history does not tell of it.
	h := must[*GetFindingHistoryOutput](t)(r.GetFindingHistory(t.Context(), alice, GetFindingHistoryInput{FindingIdentifier: named("f000")[0]}))
	if told(h.Records) != toldCreation {
		t.Errorf("the history tells %q", told(h.Records))
	}
}

func TestUpdateFindingsRefuses(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.mustImport(t, alice, sent("a"))
	all := jsontext.Value(`{}`)
	tests := []struct {
		name string
		in   UpdateFindingsInput
		says string
	}{
		{"neither note nor state", UpdateFindingsInput{Filters: all}, "Note and RecordState"},
		{"both null", UpdateFindingsInput{Filters: all, Note: jsontext.Value("null"), RecordState: jsontext.Value("null")}, "Note and RecordState"},
		{"an unknown filter", UpdateFindingsInput{Filters: jsontext.Value(`{"X":[]}`), RecordState: jsontext.Value(`"ARCHIVED"`)}, "X"},
		{"a note that is too long", UpdateFindingsInput{Filters: all, Note: jsontext.Value(fmt.Sprintf(`{"Text":"%0513d","UpdatedBy":"alice"}`, 0))}, "Note"},
	}
	for _, tt := range tests {
		t.Log(tt.name)
		wantError(t, r.UpdateFindings(t.Context(), alice, tt.in), findinghub.CodeInvalidInput, tt.says)
	}
	if f := r.find(t, alice, `{}`)[0]; f["Note"] != nil || f["RecordState"] != "ACTIVE" {
		t.Errorf("a refused request changed %v", f)
	}
}

// A finding that vanished meanwhile needs no change; what cannot be changed is not passed over.
func TestUpdateFindingsEngineFailsOne(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		err  error
		code string
	}{
		{finding.ErrNotFound, ""},
		{finding.ErrSizeExceeded, findinghub.CodeInvalidInput},
		{finding.ErrConcurrentUpdate, findinghub.CodeInternal},
	} {
		r := newRig(t)
		r.mustImport(t, alice, sent("a"))
		r.store.mutations = map[int]error{0: tt.err}
		err := r.UpdateFindings(t.Context(), alice, UpdateFindingsInput{Filters: jsontext.Value(`{}`), RecordState: jsontext.Value(`"ARCHIVED"`)})
		if tt.code == "" {
			ok(t, err)
		} else {
			wantError(t, err, tt.code, "")
		}
	}
}
