package api

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/asff"
)

// What is cut out of a body is what a JSON decoder would find there, byte for byte.
func TestSplitFindings(t *testing.T) {
	t.Parallel()
	bodies := []string{
		`{"Findings":[{}]}`,
		" {\n\"Findings\" : [ {\"a\" : [1, {}, null]} ,\t\"text\", 7,null ,true ] }\n ",
		`{"Findi\u006egs":[{"\u0041":"\ud83d\ude00"}]}`,
		`{"Findings":[{"a":1,"a":2}]}`,
		`{"Findings":[` + strings.Repeat(good+",", 99) + good + `]}`,
	}
	for _, body := range bodies {
		got, err := splitFindings([]byte(body))
		if err != nil {
			t.Errorf("%.60s: %v", body, err)
			continue
		}
		var want struct{ Findings []json.RawMessage }
		if err := json.Unmarshal([]byte(body), &want); err != nil {
			t.Fatal(err)
		}
		if len(got) != len(want.Findings) {
			t.Errorf("%.60s: got %d findings, want %d", body, len(got), len(want.Findings))
			continue
		}
		for i := range got {
			if !bytes.Equal(got[i], want.Findings[i]) {
				t.Errorf("%.60s: finding %d is %s, want %s", body, i, got[i], want.Findings[i])
			}
		}
	}
}

// A body of nothing but numbers is counted, not kept.
func TestSplitFindingsCounts(t *testing.T) {
	t.Parallel()
	body := []byte(`{"Findings":[` + strings.Repeat("1,", 50_000) + `1]}`)
	_, err := splitFindings(body)
	e := findinghub.AsError(err)
	if e.Code != findinghub.CodeInvalidInput || e.Message != "Invalid parameter 'Findings'. Size '50001' is greater than maximum value: 100." {
		t.Errorf("got %v", err)
	}
}

// FuzzSplitFindings compares the cutting with a decoder that everybody trusts: what it takes, the
// other takes too, and finds the same.
func FuzzSplitFindings(f *testing.F) {
	f.Add([]byte(`{"Findings":[` + good + `,7]}`))
	f.Add([]byte(`{"Findings":null,"Findings":[[]]}`))
	f.Add([]byte(`{"Findings":[1,2`))
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := splitFindings(body)
		if err != nil {
			if e := findinghub.AsError(err); e.Code != findinghub.CodeInvalidInput {
				t.Errorf("got %v", err)
			}
			return
		}
		if len(got) == 0 || len(got) > asff.MaxBatch {
			t.Fatalf("took a batch of %d", len(got))
		}
		var want struct{ Findings []json.RawMessage }
		if err := json.Unmarshal(body, &want); err != nil {
			t.Fatalf("took what is no JSON: %v", err)
		}
		for i := range want.Findings {
			if !bytes.Equal(got[i], want.Findings[i]) {
				t.Errorf("finding %d is %s, want %s", i, got[i], want.Findings[i])
			}
		}
	})
}
