package filter_test

import (
	"errors"
	"reflect"
	"testing"
	"unicode/utf8"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/filter"
	"github.com/go-json-experiment/json/jsontext"
)

// Whatever a caller sends as filters is an expression or the caller's error.
func FuzzParse(f *testing.F) {
	for _, c := range attributeCases {
		f.Add([]byte(`{"`+c.name+`":[`+c.hit+`]}`), false)
	}
	for _, seed := range []string{`null`, `{}`, str("EQUALS a", "NOT_EQUALS b"), tags("k CONTAINS v"), many(11), ip("::ffff:1.2.3.4/99"),
		`{"UpdatedAt":[{"DateRange":{"Value":7,"Unit":"DAYS"}},{"Start":"0001-01-01T00:00:00Z"}]}`, `{"Title":[{"Value":"\ud800","Comparison":"EQUALS"}]}`} {
		f.Add([]byte(seed), true)
	}
	values := extract(f, `{"Title":"alpha","Types":["a","b"],"Confidence":5,"Resources":[{"Id":"r","Tags":{"k":"v"}}]}`)
	f.Fuzz(func(t *testing.T, filters []byte, strict bool) {
		before := string(filters)
		e, err := filter.Parse(jsontext.Value(filters), filter.Options{Now: now, Strict: strict})
		if string(filters) != before {
			t.Fatal("Parse changed its argument")
		}
		if err != nil {
			checkInvalid(t, err)
			return
		}
		filter.Match(e, values)
		if simple := filter.Simplify(e); !reflect.DeepEqual(simple, e) {
			t.Errorf("%s could be %s", e, simple)
		}
	})
}

func FuzzParseSort(f *testing.F) {
	for _, seed := range []string{``, `null`, `[]`, `[{"Field":"Title","SortOrder":"desc"},{"Field":"Id"}]`, `[{"Field":"ResourceId"}]`, `[{"Field":"\u0000"}]`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, criteria []byte) {
		orders, err := filter.ParseSort(jsontext.Value(criteria))
		if err != nil {
			checkInvalid(t, err)
			return
		}
		if len(orders) == 0 || len(orders) > filter.MaxSortCriteria {
			t.Fatalf("%d orders", len(orders))
		}
		key := filter.SortKey(orders, nil)
		if filter.CompareSort(orders, key, key) != 0 {
			t.Errorf("a key is not equal to itself under %v", orders)
		}
	})
}

// checkInvalid: the caller's error, in a message that is short and fit to print.
func checkInvalid(t *testing.T, err error) {
	t.Helper()
	var e *findinghub.Error
	if !errors.As(err, &e) || e.Code != findinghub.CodeInvalidInput {
		t.Fatalf("error %v, want %s", err, findinghub.CodeInvalidInput)
	}
	if len(e.Message) > 1000 || !utf8.ValidString(e.Message) {
		t.Errorf("message of %d bytes: %q", len(e.Message), e.Message)
	}
	for _, r := range e.Message {
		if r < ' ' {
			t.Errorf("control character in %q", e.Message)
		}
	}
}
