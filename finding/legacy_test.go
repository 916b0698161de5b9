package finding

import "testing"

func TestLegacyUpdate(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name  string
		first []string
		u     LegacyUpdate
		want  []string
	}{
		{"section 5.2: a note", nil, LegacyUpdate{Note: []byte(`{"Text":"t","UpdatedBy":"u"}`)},
			[]string{`Note: {"Text":"t","UpdatedBy":"u","UpdatedAt":"2026-01-02T13:00:00.678Z"}`, `RecordState: "ACTIVE"`}},
		{"section 5.2: a record state", nil, LegacyUpdate{RecordState: []byte(`"ARCHIVED"`)},
			[]string{`Note: `, `RecordState: "ARCHIVED"`, `ProcessedAt: "2026-01-02T13:00:00.678Z"`, `UpdatedAt: "2026-01-01T01:00:00Z"`}},
		{"section 2.1: out of the archive it is new again", []string{`RecordState: "ARCHIVED"`, `Workflow: {"Status":"RESOLVED"}`},
			LegacyUpdate{RecordState: []byte(`"ACTIVE"`)}, []string{`RecordState: "ACTIVE"`, `Workflow: {"Status":"NEW"}`}},
		{"decision 12: unless it is suppressed", []string{`RecordState: "ARCHIVED"`, `Workflow: {"Status":"SUPPRESSED"}`},
			LegacyUpdate{RecordState: []byte(`"ACTIVE"`)}, []string{`Workflow: {"Status":"SUPPRESSED"}`}},
		{"section 2.1: from active to active is no move", []string{`Workflow: {"Status":"RESOLVED"}`},
			LegacyUpdate{RecordState: []byte(`"ACTIVE"`)}, []string{`Workflow: {"Status":"RESOLVED"}`}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			old := mustImport(t, nil, having(base("01"), c.first...), arrival(noon))
			before := dump(old)
			c.u.Now = one
			out, err := c.u.Apply(old)
			if err != nil || !out.Changed {
				t.Fatalf("changed is %t, err is %v", out.Changed, err)
			}
			want(t, out.Stored.Finding, c.want...)
			if out.Change != nil {
				t.Errorf("section 5.1: the history mentions it: %v", out.Change)
			}
			if dump(old) != before || out.Stored.Owned != 0 {
				t.Error("the old state or its flags were changed")
			}
		})
	}
}

// Section 5.2: the next import undoes the record state, and the note is the customer's.
func TestLegacyUpdateUntilTheNextImport(t *testing.T) {
	t.Parallel()
	old := mustImport(t, nil, base("01"), arrival(noon))
	u := LegacyUpdate{Now: one, Note: []byte(`{"Text":"t","UpdatedBy":"u"}`), RecordState: []byte(`"ARCHIVED"`)}
	if err := u.Check(); err != nil {
		t.Fatal(err)
	}
	out, err := u.Apply(old)
	if err != nil {
		t.Fatal(err)
	}
	s := mustImport(t, &out.Stored, base("02"), arrival(one))
	want(t, s.Finding, `RecordState: "ACTIVE"`, `Note: `+string(out.Stored.Finding.Get("Note")))
}

func TestLegacyUpdateLimits(t *testing.T) {
	t.Parallel()
	for name, u := range map[string]LegacyUpdate{
		"a record state that is none": {RecordState: []byte(`"GONE"`)},
		"a record state of no kind":   {RecordState: []byte(`1`)},
		"a note without an author":    {Note: []byte(`{"Text":"t"}`)},
		"a note that is none":         {Note: []byte(`"t"`)},
		"not JSON":                    {Note: []byte(`{`)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := u.Check(); err != ErrInvalidInput {
				t.Errorf("Check: %v", err)
			}
			if _, err := u.Apply(mustImport(t, nil, base("01"), arrival(noon))); err != ErrInvalidInput {
				t.Errorf("Apply: %v", err)
			}
		})
	}
}
