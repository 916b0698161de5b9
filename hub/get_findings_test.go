package hub

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/store"
	"github.com/go-json-experiment/json/jsontext"
)

// pages reads a search to its end and gives the ids of each page.
func (r rig) pages(t *testing.T, in GetFindingsInput) []string {
	t.Helper()
	var all []string
	for {
		page := must[*GetFindingsOutput](t)(r.GetFindings(t.Context(), alice, in))
		var on []string
		for _, f := range page.Findings {
			var finding struct {
				ID string `json:"Id"`
			}
			if err := json.Unmarshal(f, &finding); err != nil {
				t.Fatal(err)
			}
			on = append(on, finding.ID)
		}
		all = append(all, strings.Join(on, " "))
		if in.NextToken = page.NextToken; in.NextToken == "" {
			return all
		}
	}
}

func TestGetFindings(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for i, id := range []string{"a", "b", "c", "d", "e"} {
		r.mustImport(t, alice, sent(id, fields{"UpdatedAt": fmt.Sprintf("2026-01-01T00:00:0%dZ", i%3), "Severity": fields{"Label": []string{"LOW", "HIGH"}[i%2]}}))
	}
	tests := []struct {
		name, filters, sort string
		size                int
		want                string
	}{
		{"the default order (decision 14)", ``, ``, 0, "c b e a d"},
		{"null is absent", `null`, `null`, 0, "c b e a d"},
		{"empty", `{}`, `[]`, 0, "c b e a d"},
		{"pages", `{}`, ``, 2, "c b|e a|d"},
		{"pages that come out even", `{"SeverityLabel":[{"Comparison":"EQUALS","Value":"HIGH"}]}`, ``, 1, "b|d"},
		{"sorted and paged", ``, `[{"Field":"Id","SortOrder":"desc"}]`, 3, "e d c|b a"},
		{"nothing", `{"Id":[{"Comparison":"EQUALS","Value":"x"}]}`, ``, 0, ""},
		{"CONTAINS (decision 18)", `{"Title":[{"Comparison":"CONTAINS","Value":"title"}]}`, `[{"Field":"Id"}]`, 0, "a b c d e"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := r.pages(t, GetFindingsInput{Filters: jsontext.Value(tt.filters), SortCriteria: jsontext.Value(tt.sort), MaxResults: tt.size})
			if s := strings.Join(got, "|"); s != tt.want {
				t.Errorf("got %q, want %q", s, tt.want)
			}
		})
	}
}

func TestGetFindingsRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, filters, sort, says string }{
		{"an unknown filter (decision 19)", `{"Nonsense":[{"Comparison":"EQUALS","Value":"x"}]}`, ``, "Nonsense"},
		{"an unknown sort field (decision 19)", ``, `[{"Field":"Nonsense"}]`, "Nonsense"},
		{"CONTAINS with --strict (decision 18)", `{"Title":[{"Comparison":"CONTAINS","Value":"x"}]}`, ``, "CONTAINS"},
	}
	r := newRig(t, strict)
	for _, tt := range tests {
		_, err := r.GetFindings(t.Context(), alice, GetFindingsInput{Filters: jsontext.Value(tt.filters), SortCriteria: jsontext.Value(tt.sort)})
		t.Log(tt.name)
		wantError(t, err, findinghub.CodeInvalidInput, tt.says)
	}
}

// A page neither repeats nor skips a finding that did not change while others write.
func TestGetFindingsWhileOthersWrite(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, id := range []string{"b", "d", "f", "h"} {
		r.mustImport(t, alice, sent(id))
	}
	in := GetFindingsInput{SortCriteria: jsontext.Value(`[{"Field":"Id"}]`), MaxResults: 2}
	first := must[*GetFindingsOutput](t)(r.GetFindings(t.Context(), alice, in))
	r.mustImport(t, alice, sent("a"), sent("c"), sent("e"), sent("g"))
	in.NextToken = first.NextToken
	if got := strings.Join(r.pages(t, in), "|"); got != "e f|g h" {
		t.Errorf("went on with %q", got)
	}
}

// A range that counts back from now means the same on every page.
func TestGetFindingsKeepsNow(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	// The clock stands at 2026-01-02T03:04:05Z; both are within the last day.
	r.mustImport(t, alice, sent("a", fields{"UpdatedAt": "2026-01-01T04:00:00Z"}), sent("b", fields{"UpdatedAt": "2026-01-01T05:00:00Z"}))
	in := GetFindingsInput{Filters: jsontext.Value(`{"UpdatedAt":[{"DateRange":{"Unit":"DAYS","Value":1}}]}`), MaxResults: 1}
	first := must[*GetFindingsOutput](t)(r.GetFindings(t.Context(), alice, in))
	r.clock.advance(3 * time.Hour)
	if got := strings.Join(r.pages(t, in), "|"); got != "" {
		t.Errorf("a new search finds %q, so this test shows nothing", got)
	}
	in.NextToken = first.NextToken
	if got := strings.Join(r.pages(t, in), "|"); got != "a" {
		t.Errorf("the next page has %q, want a", got)
	}
}

// Tokens are good for the request and the caller that got them, and for nothing else (decision 14).
func TestGetFindingsTokens(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.mustImport(t, alice, sent("a"), sent("b"))
	base := GetFindingsInput{Filters: jsontext.Value(`{"RecordState":[{"Value":"ACTIVE","Comparison":"EQUALS"}]}`), MaxResults: 1}
	base.NextToken = must[*GetFindingsOutput](t)(r.GetFindings(t.Context(), alice, base)).NextToken
	elsewhere := alice
	elsewhere.Region = "eu-west-1"
	tests := []struct {
		name   string
		change func(*GetFindingsInput)
		good   bool
	}{
		{"the same", func(*GetFindingsInput) {}, true},
		{"another page size", func(in *GetFindingsInput) { in.MaxResults = 50 }, true},
		{"the same filters, written differently", func(in *GetFindingsInput) {
			in.Filters = jsontext.Value(` { "RecordState": [ {"Comparison":"EQUALS", "Value":"\u0041CTIVE"} ] } `)
		}, true},
		{"other filters", func(in *GetFindingsInput) { in.Filters = jsontext.Value(`{}`) }, false},
		{"another sort", func(in *GetFindingsInput) { in.SortCriteria = jsontext.Value(`[{"Field":"Id"}]`) }, false},
		{"a flipped bit", func(in *GetFindingsInput) { in.NextToken = "A" + in.NextToken[1:] }, false},
		{"cut short", func(in *GetFindingsInput) { in.NextToken = in.NextToken[:20] }, false},
		{"no token at all", func(in *GetFindingsInput) { in.NextToken = "next" }, false},
		{"no base64", func(in *GetFindingsInput) { in.NextToken = "??!" }, false},
	}
	for _, tt := range tests {
		in := base
		tt.change(&in)
		_, err := r.GetFindings(t.Context(), alice, in)
		if tt.good {
			if err != nil {
				t.Errorf("%s: %v", tt.name, err)
			}
			continue
		}
		t.Log(tt.name)
		wantError(t, err, findinghub.CodeInvalidInput, "NextToken")
	}
	_, err := r.GetFindings(t.Context(), bob, base)
	wantError(t, err, findinghub.CodeInvalidInput, "NextToken")
	_, err = r.GetFindings(t.Context(), elsewhere, base)
	wantError(t, err, findinghub.CodeInvalidInput, "NextToken")
}

// Tokens outlive a restart, because the key that seals them does.
func TestGetFindingsTokenAfterARestart(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.mustImport(t, alice, sent("a"), sent("b"))
	in := GetFindingsInput{MaxResults: 1}
	in.NextToken = must[*GetFindingsOutput](t)(r.GetFindings(t.Context(), alice, in)).NextToken
	again := must[*Hub](t)(New(t.Context(), Config{Store: r.store, Dev: true, Now: r.clock.now}))
	if _, err := again.GetFindings(t.Context(), alice, in); err != nil {
		t.Error(err)
	}
	stranger := must[*Hub](t)(New(t.Context(), Config{Store: r.store, Dev: true, TokenKey: make([]byte, 32)}))
	_, err := stranger.GetFindings(t.Context(), alice, in)
	wantError(t, err, findinghub.CodeInvalidInput, "NextToken")
}

// What a token holds is nobody's business: keys and sort values do not show.
func TestTokensAreOpaque(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	cursor := findingsToken{Cursor: &store.Cursor{}}
	cursor.Cursor.Key.ID = "a-secret-identifier"
	one := must[string](t)(r.seal(cursor, nil))
	two := must[string](t)(r.seal(cursor, nil))
	if one == two || strings.Contains(one, "secret") {
		t.Errorf("got %s and %s", one, two)
	}
}

func FuzzToken(f *testing.F) {
	h, err := New(f.Context(), Config{Store: &unreliable{}, TokenKey: make([]byte, 32), Rand: strings.NewReader(strings.Repeat("nonce of a test ", 100))})
	if err != nil {
		f.Fatal(err)
	}
	good, err := h.seal(findingsToken{}, []byte("bound"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:len(good)-1])
	f.Add("")
	f.Add("U2FsdGVkX18vvPlOqb7RDrWRWVFBJI46MOIAb")
	f.Fuzz(func(t *testing.T, token string) {
		var position findingsToken
		found, err := h.open(token, []byte("bound"), &position)
		if err == nil && found && token != good {
			t.Errorf("opened a token that was never sealed: %q", token)
		}
		if err != nil && findinghub.AsError(err).Code != findinghub.CodeInvalidInput {
			t.Errorf("got %v", err)
		}
	})
}
