package finding

import (
	"testing"

	"github.com/findinghub/findinghub/asff"
	"github.com/go-json-experiment/json/jsontext"
)

// FuzzImport brings findings that no validator has seen: whatever they hold, an import
// does not panic and leaves JSON behind.
func FuzzImport(f *testing.F) {
	f.Add([]byte(`{}`), []byte(`{"UpdatedAt":"2026-01-01T00:00:00Z"}`))
	f.Add(base("01").AppendJSON(nil), base("02").AppendJSON(nil))
	f.Add([]byte(`{"Severity":[],"FindingProviderFields":{"Severity":{"Normalized":"x"}},"ProductFields":"x"}`),
		[]byte(`{"UpdatedAt":"2026-01-01T00:00:00Z","Workflow":7,"Compliance":[{}],"ProductArn":null,"Id":{}}`))
	f.Fuzz(func(t *testing.T, first, second []byte) {
		one, err := asff.Parse(first)
		if err != nil {
			return
		}
		two, err := asff.Parse(second)
		if err != nil {
			return
		}
		s := mustImport(t, nil, one, arrival(noon))
		isJSON(t, s)
		if out, err := Import(s, two, arrival(noon)); err == nil && out.Changed {
			isJSON(t, &out.Stored)
		}
	})
}

// FuzzUpdate sends values that nobody checked: they are refused or leave JSON behind.
func FuzzUpdate(f *testing.F) {
	for _, v := range seeds {
		f.Add([]byte(v))
	}
	for _, v := range []string{`{"Text":"t","UpdatedBy":"u"}`, `{"Label":"LOW","Normalized":3,"Product":1e400}`, `["a/b"]`,
		`[{"ProductArn":"p","Id":"i"}]`, `{"Status":"NEW"}`, `"ARCHIVED"`, `50`} {
		f.Add([]byte(v))
	}
	f.Fuzz(func(t *testing.T, v []byte) {
		old := mustImport(t, nil, base("01"), arrival(noon))
		for _, u := range []interface {
			Apply(*Stored) (Outcome, error)
		}{
			&Update{Now: one, Confidence: v}, &Update{Now: one, Note: v}, &Update{Now: one, RelatedFindings: v},
			&Update{Now: one, Severity: v}, &Update{Now: one, Types: v}, &Update{Now: one, UserDefinedFields: v},
			&Update{Now: one, VerificationState: v}, &Update{Now: one, Workflow: v},
			&LegacyUpdate{Now: one, Note: v}, &LegacyUpdate{Now: one, RecordState: v},
		} {
			if out, err := u.Apply(old); err == nil {
				isJSON(t, &out.Stored)
			} else if err != ErrInvalidInput && err != ErrSizeExceeded {
				t.Fatal(err)
			}
		}
	})
}

func isJSON(t *testing.T, s *Stored) {
	if text := dump(s); !jsontext.Value(text).IsValid(jsontext.AllowDuplicateNames(true)) {
		t.Fatalf("not JSON: %s", text)
	}
}
