package finding

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/findinghub/findinghub/asff"
)

func TestUpdateReplaces(t *testing.T) {
	t.Parallel()
	first := []string{`Note: {"Text":"a","UpdatedBy":"b","UpdatedAt":"2020-01-01T00:00:00Z","Extra":1}`, `UserDefinedFields: {"a":"1","b":"2"}`,
		`Severity: {"Label":"LOW","Normalized":7,"Product":3,"Original":"o"}`, `FindingProviderFields: {"Types":["A/b"]}`,
		`RelatedFindings: [{"ProductArn":"p","Id":"1"}]`, `VerificationState: "UNKNOWN"`}
	cases := []struct {
		name  string
		u     Update
		want  []string
		owned Owned
	}{
		{"decision 1: a note is replaced, section 3: its time is the hub's", Update{Note: []byte(` { "UpdatedBy" : "me", "Text":"seen\u0021" } `)},
			[]string{`Note: {"UpdatedBy":"me","Text":"seen!","UpdatedAt":"2026-01-02T13:00:00.678Z"}`}, 0},
		{"decision 1: fields are replaced, not merged", Update{UserDefinedFields: []byte(`{"b":"3"}`)}, []string{`UserDefinedFields: {"b":"3"}`}, 0},
		{"decision 1: types are replaced", Update{Types: []byte(`["X", "Y/z"]`)},
			[]string{`Types: ["X","Y/z"]`, `FindingProviderFields: {"Types":["A/b"],"RelatedFindings":[{"ProductArn":"p","Id":"1"}],"Severity":{"Label":"LOW","Original":"o"}}`}, OwnsTypes},
		{"decision 1: related findings are replaced", Update{RelatedFindings: []byte(`[{"Id":"2","ProductArn":"arn:aws:securityhub:eu-west-1::product/a/b"}]`)},
			[]string{`RelatedFindings: [{"Id":"2","ProductArn":"arn:aws:securityhub:eu-west-1::product/a/b"}]`}, OwnsRelatedFindings},
		{"decision 11: label alone sets normalized", Update{Severity: []byte(`{"Label":"HIGH"}`)},
			[]string{`Severity: {"Label":"HIGH","Normalized":70,"Original":"o"}`}, OwnsSeverity},
		{"decision 11: normalized alone sets label", Update{Severity: []byte(`{"Normalized":39}`)},
			[]string{`Severity: {"Label":"LOW","Normalized":39,"Original":"o"}`}, OwnsSeverity},
		{"decision 11: both are kept", Update{Severity: []byte(`{"Normalized":99,"Label":"LOW","Product":1.5}`)},
			[]string{`Severity: {"Label":"LOW","Normalized":99,"Product":1.5,"Original":"o"}`}, OwnsSeverity},
		{"section 3: scores", Update{Confidence: []byte(`0`), Criticality: []byte(`100`)}, []string{`Confidence: 0`, `Criticality: 100`}, OwnsConfidence | OwnsCriticality},
		{"section 3: states", Update{VerificationState: []byte(`"BENIGN_POSITIVE"`), Workflow: []byte(`{"Status":"NOTIFIED"}`)},
			[]string{`VerificationState: "BENIGN_POSITIVE"`, `Workflow: {"Status":"NOTIFIED"}`}, 0},
		{"section 3: UpdatedAt is untouched, section 2.3: ProcessedAt is refreshed", Update{Workflow: []byte(`{"Status":"NOTIFIED"}`)},
			[]string{`UpdatedAt: "2026-01-01T01:00:00Z"`, `ProcessedAt: "2026-01-02T13:00:00.678Z"`}, 0},
		{"decision 1: what is not sent is untouched", Update{Confidence: []byte(`1`)}, []string{first[1], first[5], `Types: ["A/b"]`,
			`Severity: {"Label":"LOW","Normalized":7,"Product":3,"Original":"o"}`}, OwnsConfidence},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			old := mustImport(t, nil, having(base("01"), first...), arrival(noon))
			before := dump(old)
			out := mustUpdate(t, old, c.u)
			want(t, out.Stored.Finding, c.want...)
			if !out.Changed || out.Stored.Owned != c.owned {
				t.Errorf("changed is %t, the flags are %b, want %b", out.Changed, out.Stored.Owned, c.owned)
			}
			if dump(old) != before || old.Owned != 0 {
				t.Error("the old state was changed in place")
			}
			if !out.Stored.CreatedTime.Equal(old.CreatedTime) || out.Stored.CreatedBy != old.CreatedBy {
				t.Error("the creation was changed")
			}
		})
	}
}

// Everything in one update, in a finding that has none of it: the values and the record.
func TestUpdateWhole(t *testing.T) {
	t.Parallel()
	old := mustImport(t, nil, base("01"), arrival(noon))
	out := mustUpdate(t, old, Update{
		Confidence: []byte(`1`), Criticality: []byte(`2`), Note: []byte(`{"Text":"t","UpdatedBy":"u"}`),
		RelatedFindings: []byte(`[{"ProductArn":"` + product + `","Id":"x"}]`), Severity: []byte(`{"Label":"HIGH"}`), Types: []byte(`["T"]`),
		UserDefinedFields: []byte(`{"k":"v"}`), VerificationState: []byte(`"TRUE_POSITIVE"`), Workflow: []byte(`{"Status":"SUPPRESSED"}`),
	})
	if all := OwnsConfidence | OwnsCriticality | OwnsRelatedFindings | OwnsSeverity | OwnsTypes; out.Stored.Owned != all {
		t.Errorf("the flags are %b, want %b", out.Stored.Owned, all)
	}
	expectUpdates(t, out.Change,
		FieldUpdate{"Severity", "LOW", "HIGH"}, FieldUpdate{"Types", `["A/b"]`, `["T"]`}, FieldUpdate{"Workflow.Status", "NEW", "SUPPRESSED"},
		FieldUpdate{"Confidence", "", "1"}, FieldUpdate{"Criticality", "", "2"}, FieldUpdate{"UserDefinedFields.k", "", "v"},
		FieldUpdate{"VerificationState", "", "TRUE_POSITIVE"}, FieldUpdate{"RelatedFindings", "", `[{"ProductArn":"` + product + `","Id":"x"}]`},
		FieldUpdate{"Note.Text", "", "t"}, FieldUpdate{"Note.UpdatedBy", "", "u"}, FieldUpdate{"Note.UpdatedAt", "", "2026-01-02T13:00:00.678Z"})
	if ms := one.Truncate(time.Millisecond); !out.Change.Time.Equal(ms) || out.Change.Source != byCustomer {
		t.Errorf("recorded at %v by %v", out.Change.Time, out.Change.Source)
	}
}

// An update that sets what is already there is processed all the same: the flag counts.
func TestUpdateToTheSameValue(t *testing.T) {
	t.Parallel()
	old := mustImport(t, nil, base("01"), arrival(noon))
	out := mustUpdate(t, old, Update{Severity: []byte(`{"Label":"LOW"}`)})
	if !out.Changed || out.Stored.Owned != OwnsSeverity || out.Change != nil {
		t.Errorf("changed is %t, the flags are %b, the record is %v", out.Changed, out.Stored.Owned, out.Change)
	}
	s := mustImport(t, &out.Stored, having(base("02"), `FindingProviderFields: {"Severity":{"Label":"HIGH"},"Types":["A/b"]}`), arrival(one))
	want(t, s.Finding, `Severity: {"Label":"LOW","Normalized":1}`)
}

func repeat(n int, item func(i int) string) string {
	var list []string
	for i := range n {
		list = append(list, item(i))
	}
	return strings.Join(list, ",")
}

// TestUpdateLimits has each limit of behaviour.md sections 3 and 7 from both sides. Lengths
// count characters.
func TestUpdateLimits(t *testing.T) {
	t.Parallel()
	related := func(n int) []byte {
		return []byte("[" + repeat(n, func(i int) string { return fmt.Sprintf(`{"ProductArn":%q,"Id":"%d"}`, product, i) }) + "]")
	}
	relatedID := func(n int) []byte {
		return fmt.Appendf(nil, `[{"ProductArn":%q,"Id":%q}]`, product, strings.Repeat("é", n))
	}
	types := func(n int) []byte { return []byte("[" + repeat(n, func(i int) string { return `"T/x"` }) + "]") }
	fields := func(n int) []byte {
		return []byte("{" + repeat(n, func(i int) string { return fmt.Sprintf(`"k%d":"v"`, i) }) + "}")
	}
	field := func(k, v int) []byte {
		return fmt.Appendf(nil, `{%q:%q}`, strings.Repeat("k", k), strings.Repeat("é", v))
	}
	note := func(text, by int) []byte {
		return fmt.Appendf(nil, `{"Text":%q,"UpdatedBy":%q}`, strings.Repeat("é", text), strings.Repeat("é", by))
	}
	cases := []struct {
		name string
		u    Update
		good bool
	}{
		{"Types: 50", Update{Types: types(50)}, true},
		{"Types: 51", Update{Types: types(51)}, false},
		{"decision 1: no types", Update{Types: []byte(`[]`)}, false},
		{"Types: three parts", Update{Types: []byte(`["a/b/c"]`)}, true},
		{"Types: four parts", Update{Types: []byte(`["a/b/c/d"]`)}, false},
		{"Types: an empty part", Update{Types: []byte(`["a//c"]`)}, false},
		{"Types: a slash at the end", Update{Types: []byte(`["a/"]`)}, false},
		{"Types: a bad one among good ones", Update{Types: []byte(`["a","/b"]`)}, false},
		{"Types: not strings", Update{Types: []byte(`[1]`)}, false},
		{"Types: not a list", Update{Types: []byte(`"a"`)}, false},
		{"Note: 512 characters", Update{Note: note(512, 512)}, true},
		{"Note: a text of 513", Update{Note: note(513, 1)}, false},
		{"Note: an author of 513", Update{Note: note(1, 513)}, false},
		{"Note: no author", Update{Note: []byte(`{"Text":"t"}`)}, false},
		{"Note: blank", Update{Note: []byte(`{"Text":" ","UpdatedBy":"u"}`)}, false},
		{"Note: a time of its own", Update{Note: []byte(`{"Text":"t","UpdatedBy":"u","UpdatedAt":"2026-01-01T00:00:00Z"}`)}, false},
		{"Note: text twice", Update{Note: []byte(`{"Text":"t","UpdatedBy":"u","Text":"v"}`)}, false},
		{"RelatedFindings: 10", Update{RelatedFindings: related(10)}, true},
		{"RelatedFindings: 11", Update{RelatedFindings: related(11)}, false},
		{"decision 1: no related findings", Update{RelatedFindings: []byte(`[]`)}, false},
		{"RelatedFindings: an id of 512", Update{RelatedFindings: relatedID(512)}, true},
		{"RelatedFindings: an id of 513", Update{RelatedFindings: relatedID(513)}, false},
		{"RelatedFindings: no product", Update{RelatedFindings: []byte(`[{"Id":"x"}]`)}, false},
		{"RelatedFindings: more than an update knows", Update{RelatedFindings: []byte(`[{"ProductArn":"` + product + `","Id":"x","Why":"y"}]`)}, false},
		{"UserDefinedFields: 50", Update{UserDefinedFields: fields(50)}, true},
		{"UserDefinedFields: 51", Update{UserDefinedFields: fields(51)}, false},
		{"decision 1: no user-defined fields", Update{UserDefinedFields: []byte(`{}`)}, false},
		{"UserDefinedFields: key 128, value 1024", Update{UserDefinedFields: field(128, 1024)}, true},
		{"UserDefinedFields: key 129", Update{UserDefinedFields: field(129, 1)}, false},
		{"UserDefinedFields: value 1025", Update{UserDefinedFields: field(1, 1025)}, false},
		{"UserDefinedFields: empty value", Update{UserDefinedFields: field(1, 0)}, false},
		{"UserDefinedFields: empty key", Update{UserDefinedFields: field(0, 1)}, false},
		{"UserDefinedFields: blank value", Update{UserDefinedFields: []byte(`{"k":" "}`)}, false},
		{"UserDefinedFields: all key characters", Update{UserDefinedFields: []byte(`{"azAZ09-_=+@./:":"v"}`)}, true},
		{"UserDefinedFields: a blank in a key", Update{UserDefinedFields: []byte(`{"a b":"v"}`)}, false},
		{"UserDefinedFields: a hash in a key", Update{UserDefinedFields: []byte(`{"a#b":"v"}`)}, false},
		{"UserDefinedFields: a key twice", Update{UserDefinedFields: []byte(`{"a":"v","a":"w"}`)}, false},
		{"UserDefinedFields: a number", Update{UserDefinedFields: []byte(`{"a":1}`)}, false},
		{"Severity: 0", Update{Severity: []byte(`{"Normalized":0}`)}, true},
		{"decision 30: 101", Update{Severity: []byte(`{"Normalized":101}`)}, false},
		{"decision 30: -1", Update{Severity: []byte(`{"Normalized":-1}`)}, false},
		{"Severity: a label that is none", Update{Severity: []byte(`{"Label":"Low"}`)}, false},
		{"section 2.2: neither label nor normalized", Update{Severity: []byte(`{"Product":1}`)}, false},
		{"Severity: empty", Update{Severity: []byte(`{}`)}, false},
		{"section 3: Original cannot be set", Update{Severity: []byte(`{"Label":"LOW","Original":"o"}`)}, false},
		{"Workflow: empty", Update{Workflow: []byte(`{}`)}, false},
		{"Workflow: a status that is none", Update{Workflow: []byte(`{"Status":"DONE"}`)}, false},
		{"Workflow: more than an update knows", Update{Workflow: []byte(`{"Status":"NEW","Why":"y"}`)}, false},
		{"VerificationState: none", Update{VerificationState: []byte(`"MAYBE"`)}, false},
		{"Confidence: 101", Update{Confidence: []byte(`101`)}, false},
		{"Criticality: -1", Update{Criticality: []byte(`-1`)}, false},
		{"Criticality: a string", Update{Criticality: []byte(`"1"`)}, false},
		{"null", Update{Confidence: []byte(`null`)}, false},
		{"not JSON", Update{Types: []byte(`["a"`)}, false},
		{"nothing at all", Update{}, true},
	}
	old := mustImport(t, nil, base("01"), arrival(noon))
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.u.Now = one
			err := c.u.Check()
			if (err == nil) != c.good || err != nil && err != ErrInvalidInput {
				t.Errorf("Check: %v", err)
			}
			// Apply judges too, and before it looks for the finding (decision 2).
			unchecked := c.u
			unchecked.plan = nil
			for _, s := range []*Stored{old, nil} {
				out, err := unchecked.Apply(s)
				if !c.good && (err != ErrInvalidInput || out.Changed) || c.good && s != nil && err != nil {
					t.Errorf("Apply: changed is %t, err is %v", out.Changed, err)
				}
			}
		})
	}
}

func TestUpdateOfNoFinding(t *testing.T) {
	t.Parallel()
	u := Update{Now: one, Workflow: []byte(`{"Status":"NEW"}`)}
	if _, err := u.Apply(nil); err != ErrNotFound {
		t.Error(err)
	}
	l := LegacyUpdate{Now: one, RecordState: []byte(`"ACTIVE"`)}
	if _, err := l.Apply(nil); err != ErrNotFound {
		t.Error(err)
	}
}

// Section 3: the result of an update must not exceed 240 KB.
func TestUpdateSize(t *testing.T) {
	t.Parallel()
	filled := func(size int) *Stored {
		s := mustImport(t, nil, having(base("01"), `Extra: ""`), arrival(noon))
		s.Finding = having(s.Finding, `Extra: "`+strings.Repeat("x", size-s.Finding.Size())+`"`)
		return s
	}
	resolve := Update{Now: one, Workflow: []byte(`{"Status":"RESOLVED"}`)} // five bytes more than NEW
	note := LegacyUpdate{Now: one, Note: []byte(`{"Text":"t","UpdatedBy":"u"}`)}
	if out, err := resolve.Apply(filled(asff.MaxFindingSize - 5)); err != nil || out.Stored.Finding.Size() != asff.MaxFindingSize {
		t.Errorf("up to the limit: %v", err)
	}
	for _, size := range []int{asff.MaxFindingSize - 4, asff.MaxFindingSize, asff.MaxFindingSize + 200} {
		if _, err := resolve.Apply(filled(size)); !errors.Is(err, ErrSizeExceeded) {
			t.Errorf("from %d bytes: %v", size, err)
		}
		if _, err := note.Apply(filled(size)); !errors.Is(err, ErrSizeExceeded) {
			t.Errorf("a note from %d bytes: %v", size, err)
		}
	}
	// A finding that the hub's own members took past the limit can still be triaged with less.
	same := Update{Now: one, Workflow: []byte(`{"Status":"NEW"}`)}
	if _, err := same.Apply(filled(asff.MaxFindingSize + 200)); err != nil {
		t.Errorf("an update that does not grow the finding: %v", err)
	}
}

// A checked update may be applied by several goroutines at once (store.Mutation).
func TestUpdateInParallel(t *testing.T) {
	t.Parallel()
	u := Update{Now: one, Note: []byte(`{"Text":"t","UpdatedBy":"u"}`), Severity: []byte(`{"Label":"HIGH"}`)}
	if err := u.Check(); err != nil {
		t.Fatal(err)
	}
	// The original is what each finding adds to the one planned severity.
	old := mustImport(t, nil, having(base("01"), `FindingProviderFields: {"Severity":{"Label":"LOW","Original":"o"}}`), arrival(noon))
	expected := applied(t, &u, old)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 50 {
				if got := applied(t, &u, old); got != expected {
					t.Errorf("%s\nwant\n%s", got, expected)
				}
			}
		})
	}
	group.Wait()
}

func applied(t *testing.T, u *Update, old *Stored) string {
	out, err := u.Apply(old)
	if err != nil {
		t.Error(err)
	}
	return dump(&out.Stored)
}
