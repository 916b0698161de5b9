package finding

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/findinghub/findinghub/asff"
	"github.com/go-json-experiment/json/jsontext"
)

func TestImportCreates(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name    string
		sent    []string // changes to the base finding
		arrival Arrival
		want    []string
	}{
		{name: "section 2.3: defaults", want: []string{
			`RecordState: "ACTIVE"`, `Workflow: {"Status":"NEW"}`, `WorkflowState: "NEW"`, `Region: "eu-west-1"`}},
		{name: "section 2.3: ProcessedAt has milliseconds", want: []string{`ProcessedAt: "2026-01-02T12:00:00.678Z"`}},
		{name: "section 2.3: times of any zone are told in UTC", arrival: Arrival{Now: noon.In(time.FixedZone("", 3600))},
			want: []string{`ProcessedAt: "2026-01-02T12:00:00.678Z"`}},
		{name: "section 2.3: what was sent is not defaulted",
			sent: []string{`RecordState: "ARCHIVED"`, `WorkflowState: "ASSIGNED"`},
			want: []string{`RecordState: "ARCHIVED"`, `WorkflowState: "ASSIGNED"`}},
		{name: "section 2.1: WorkflowState is not synchronised",
			sent: []string{`Workflow: {"Status":"RESOLVED"}`},
			want: []string{`Workflow: {"Status":"RESOLVED"}`, `WorkflowState: "NEW"`}},
		{name: "section 2.1: Workflow without Status is NEW",
			sent: []string{`Workflow: {}`}, want: []string{`Workflow: {"Status":"NEW"}`}},
		{name: "decision 6: unknown members survive",
			sent: []string{`Extra: {"a":[1]}`, `Workflow: {"By":"x"}`},
			want: []string{`Extra: {"a":[1]}`, `Workflow: {"By":"x","Status":"NEW"}`}},
		{name: "decision 29: initial customer-owned members are kept",
			sent: []string{`Note: {"Text":"n","UpdatedBy":"u","UpdatedAt":"2026-01-01T00:00:00Z"}`, `UserDefinedFields: {"k":"v"}`,
				`VerificationState: "TRUE_POSITIVE"`, `Workflow: {"Status":"SUPPRESSED"}`},
			want: []string{`Note: {"Text":"n","UpdatedBy":"u","UpdatedAt":"2026-01-01T00:00:00Z"}`, `UserDefinedFields: {"k":"v"}`,
				`VerificationState: "TRUE_POSITIVE"`, `Workflow: {"Status":"SUPPRESSED"}`}},
		{name: "section 2.3: Region is the hub's", sent: []string{`Region: "us-east-1"`}, want: []string{`Region: "eu-west-1"`}},
		{name: "section 2.3: the account's name passes through", sent: []string{`AwsAccountName: "prod"`}, want: []string{`AwsAccountName: "prod"`}},
		{name: "section 2.3: the provider's times are not generated", want: []string{`FirstObservedAt: `, `LastObservedAt: `}},
		{name: "decision 12: a passing control is resolved",
			sent: []string{`ProductArn: "` + control + `"`, `Compliance: {"Status":"PASSED"}`, `Workflow: {"Status":"NOTIFIED"}`},
			want: []string{`Workflow: {"Status":"RESOLVED"}`}},
		{name: "decision 12: a suppressed control stays so",
			sent: []string{`ProductArn: "` + control + `"`, `Compliance: {"Status":"PASSED"}`, `Workflow: {"Status":"SUPPRESSED"}`},
			want: []string{`Workflow: {"Status":"SUPPRESSED"}`}},
		{name: "decision 12: other products' passing findings are not resolved",
			sent: []string{`Compliance: {"Status":"PASSED"}`}, want: []string{`Workflow: {"Status":"NEW"}`}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := arrival(noon)
			if !c.arrival.Now.IsZero() {
				a.Now = c.arrival.Now
			}
			want(t, mustImport(t, nil, having(base("01"), c.sent...), a).Finding, c.want...)
		})
	}
}

func TestImportCreationIsRecordedInTheState(t *testing.T) {
	t.Parallel()
	out := tryImport(t, nil, base("01"), arrival(noon))
	if out.Change != nil {
		t.Errorf("a creation has the history record %v; section 5.1 wants it told by the state", out.Change)
	}
	s := out.Stored
	if ms := noon.Truncate(time.Millisecond); !s.CreatedTime.Equal(ms) || s.CreatedBy != byProvider || s.Owned != 0 {
		t.Errorf("created at %v by %v with %b", s.CreatedTime, s.CreatedBy, s.Owned)
	}
	if k := (Key{"123456789012", "eu-west-1", product, "finding-1"}); s.Key() != k {
		t.Errorf("the key is %v, want %v", s.Key(), k)
	}
}

func TestProductNames(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name    string
		sent    []string
		a       Arrival
		product string
		company string
	}{
		{"decision 26: the words of the ARN", nil, Arrival{}, "Prowler", "Prowler"},
		{"section 2.3: the default product", []string{`ProductArn: "arn:aws:securityhub:eu-west-1:123456789012:product/123456789012/default"`},
			Arrival{}, "Default", "Personal"},
		{"decision 26: registered names", nil, Arrival{Product: "Prowler Pro", Company: "Toni"}, "Prowler Pro", "Toni"},
		{"decision 26: half registered", nil, Arrival{Product: "Prowler Pro"}, "Prowler Pro", "Prowler"},
		{"decision 26: the caller's are kept", []string{`ProductName: "Mine"`, `CompanyName: "Ours"`},
			Arrival{Product: "Prowler Pro", Company: "Toni"}, "Mine", "Ours"},
		{"decision 26: copies that were sent do not count", []string{
			`ProductFields: {"aws/securityhub/ProductName":"x","aws/securityhub/CompanyName":"y","aws/securityhub/FindingId":"z"}`},
			Arrival{}, "Prowler", "Prowler"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.a.Now = noon
			f := mustImport(t, nil, having(base("01"), c.sent...), c.a).Finding
			fields := f.Get("ProductFields")
			for name, v := range map[string]string{"ProductName": c.product, "CompanyName": c.company} {
				if got := f.Text(name); got != v {
					t.Errorf("%s is %q, want %q", name, got, v)
				}
				if got := asff.Unquote(get(fields, "aws/securityhub/"+name)); got != v {
					t.Errorf("the copy of %s is %q, want %q", name, got, v)
				}
			}
			if got, id := asff.Unquote(get(fields, "aws/securityhub/FindingId")), f.Text("ProductArn")+"/finding-1"; got != id {
				t.Errorf("FindingId is %q, want %q", got, id)
			}
		})
	}
}

// Section 2.3: the hub's three entries stand where they were sent, or at the end.
func TestProductFieldsKeepTheirOrder(t *testing.T) {
	t.Parallel()
	sent := `{"a":"1","aws/securityhub/CompanyName":"old","b\"c":"","z":"\u0001"}`
	got := mustImport(t, nil, having(base("01"), `ProductFields: `+sent, `Id: "i\"d"`), arrival(noon)).Finding
	want(t, got, `ProductFields: {"a":"1","aws/securityhub/CompanyName":"Prowler","b\"c":"","z":"\u0001",`+
		`"aws/securityhub/FindingId":"`+product+`/i\"d","aws/securityhub/ProductName":"Prowler"}`)
}

// A finding with 50 entries of its own gets three more and can be sent back with them.
func TestProductFieldsHaveRoomForTheHubs(t *testing.T) {
	t.Parallel()
	fields := asff.Finding{}
	for i := range 50 {
		fields.SetText("own/"+strconv.Itoa(i), strings.Repeat("v", 2048))
	}
	sent := having(base("01"), `ProductFields: `+string(fields.AppendJSON(nil)))
	s := mustImport(t, nil, sent, arrival(noon))
	if n := len(split(s.Finding.Get("ProductFields"))); n != 53 {
		t.Fatalf("%d product fields, want 53", n)
	}
	again := mustImport(t, s, having(s.Finding, `UpdatedAt: "2026-01-01T02:00:00Z"`), arrival(one))
	if n := len(split(again.Finding.Get("ProductFields"))); n != 53 {
		t.Errorf("%d product fields after the finding came back, want 53", n)
	}
}

func TestImportMustBeNewer(t *testing.T) {
	t.Parallel()
	const stored = "2026-01-01T12:00:00.5Z"
	cases := []struct {
		name    string
		sent    string
		changed bool
	}{
		{"section 1.2: newer", "2026-01-01T12:00:00.501Z", true},
		{"section 1.2: older", "2026-01-01T12:00:00.499Z", false},
		{"decision 9: equal", stored, false},
		{"decision 9: equal in other digits", "2026-01-01T12:00:00.500000000Z", false},
		{"decision 9: equal in another zone", "2026-01-01T14:00:00.5+02:00", false},
		{"decision 9: a greater string but an older instant", "2026-01-01T13:00:00+02:00", false},
		{"decision 9: a smaller string but a newer instant", "2026-01-01T11:00:00-02:00", true},
		{"section 2.3: an offset without minutes", "2026-01-01T11:00:00-02", true},
		{"decision 9: by a nanosecond", "2026-01-01T12:00:00.500000001Z", true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			old := mustImport(t, nil, having(base("01"), `UpdatedAt: "`+stored+`"`), arrival(noon))
			sent := having(base("01"), `UpdatedAt: "`+c.sent+`"`, `Title: "Another"`)
			out := tryImport(t, old, sent, arrival(one))
			if out.Changed != c.changed {
				t.Fatalf("changed is %t", out.Changed)
			}
			if !c.changed && out.Change != nil {
				t.Errorf("nothing changed and yet there is the record %v", out.Change)
			}
		})
	}
}

func TestImportRefusesATimeThatIsNone(t *testing.T) {
	t.Parallel()
	old := mustImport(t, nil, base("01"), arrival(noon))
	out, err := Import(old, having(base("02"), `UpdatedAt: "yesterday"`), arrival(one))
	if err == nil || out.Changed || !strings.Contains(err.Error(), "UpdatedAt") {
		t.Errorf("changed is %t, err is %v", out.Changed, err)
	}
	// A stored time that cannot be read must not lock the finding for ever.
	broken := *old
	broken.Finding = having(old.Finding, `UpdatedAt: "yesterday"`)
	if out := tryImport(t, &broken, base("00"), arrival(one)); !out.Changed {
		t.Error("a stored time that cannot be read refuses imports")
	}
}

func TestImportAgain(t *testing.T) {
	t.Parallel()
	note := `{"Text":"n","UpdatedBy":"u","UpdatedAt":"2026-01-01T00:00:00Z"}`
	cases := []struct {
		name       string
		first      []string
		second     []string
		wantSecond []string
	}{
		{"decision 13: omitted optional members are gone",
			[]string{`SourceUrl: "https://x"`, `Confidence: 3`, `Compliance: {"Status":"FAILED"}`, `ProductFields: {"a":"1"}`}, nil,
			[]string{`SourceUrl: `, `Confidence: `, `Compliance: `, `FindingProviderFields: {"Severity":{"Label":"LOW"},"Types":["A/b"]}`,
				`ProductFields: {"aws/securityhub/FindingId":"` + product + `/finding-1","aws/securityhub/ProductName":"Prowler","aws/securityhub/CompanyName":"Prowler"}`}},
		{"decision 13: an omitted record state is ACTIVE again", []string{`RecordState: "ARCHIVED"`}, nil, []string{`RecordState: "ACTIVE"`}},
		{"section 1.2: customer-owned members are kept when omitted",
			[]string{`Note: ` + note, `UserDefinedFields: {"k":"v"}`, `VerificationState: "UNKNOWN"`, `Workflow: {"Status":"NOTIFIED"}`}, nil,
			[]string{`Note: ` + note, `UserDefinedFields: {"k":"v"}`, `VerificationState: "UNKNOWN"`, `Workflow: {"Status":"NOTIFIED"}`}},
		{"section 1.2: customer-owned members are kept when sent",
			[]string{`Note: ` + note, `UserDefinedFields: {"k":"v"}`, `VerificationState: "UNKNOWN"`, `Workflow: {"Status":"NOTIFIED"}`},
			[]string{`Note: {}`, `UserDefinedFields: {"k":"w"}`, `VerificationState: "TRUE_POSITIVE"`, `Workflow: {"Status":"SUPPRESSED"}`},
			[]string{`Note: ` + note, `UserDefinedFields: {"k":"v"}`, `VerificationState: "UNKNOWN"`, `Workflow: {"Status":"NOTIFIED"}`}},
		{"section 1.2: customer-owned members cannot be added later", nil,
			[]string{`Note: ` + note, `UserDefinedFields: {"k":"w"}`, `VerificationState: "TRUE_POSITIVE"`, `Workflow: {"Status":"SUPPRESSED"}`},
			[]string{`Note: `, `UserDefinedFields: `, `VerificationState: `, `Workflow: {"Status":"NEW"}`}},
		{"section 1.2: CreatedAt cannot change", nil, []string{`CreatedAt: "2020-01-01T00:00:00Z"`}, []string{`CreatedAt: "2026-01-01T00:00:00Z"`}},
		{"section 2.3: ProcessedAt is refreshed", nil, nil, []string{`ProcessedAt: "2026-01-02T13:00:00.678Z"`}},
		{"decision 26: the names follow the caller", []string{`ProductName: "Mine"`}, nil, []string{`ProductName: "Prowler"`}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			old := mustImport(t, nil, having(base("01"), c.first...), arrival(noon))
			before := dump(old)
			got := mustImport(t, old, having(base("02"), c.second...), arrival(one))
			want(t, got.Finding, c.wantSecond...)
			if dump(old) != before {
				t.Errorf("the old state was changed in place")
			}
			if !got.CreatedTime.Equal(old.CreatedTime) || got.CreatedBy != old.CreatedBy {
				t.Errorf("the creation is now %v by %v", got.CreatedTime, got.CreatedBy)
			}
		})
	}
}

// Decision 10: a second copy of a finding in one batch meets the first like any later import.
func TestImportTwiceInOneBatch(t *testing.T) {
	t.Parallel()
	first := mustImport(t, nil, base("01"), arrival(noon))
	if out := tryImport(t, first, having(base("01"), `Title: "Another"`), arrival(noon)); out.Changed {
		t.Error("a copy with the same UpdatedAt was applied")
	}
	if out := tryImport(t, first, having(base("02"), `Title: "Another"`), arrival(noon)); !out.Changed {
		t.Error("a newer copy was not applied")
	}
}

// Members keep the order in which they were sent; what the hub adds comes behind, in
// the same order every time.
func TestImportOrder(t *testing.T) {
	t.Parallel()
	names := func(f asff.Finding) (list []string) {
		for _, m := range f {
			list = append(list, m.Name)
		}
		return list
	}
	sent := base("01")
	first := mustImport(t, nil, sent, arrival(noon))
	got := names(first.Finding)
	added := []string{"ProductName", "CompanyName", "Region", "Severity", "Types", "ProductFields",
		"WorkflowState", "RecordState", "Workflow", "ProcessedAt"}
	if expected := append(names(sent), added...); !slices.Equal(got, expected) {
		t.Errorf("members are\n%v, want\n%v", got, expected)
	}
	shuffled := having(first.Finding, `UpdatedAt: "2026-01-01T02:00:00Z"`)
	slices.Reverse(shuffled)
	again := mustImport(t, first, shuffled, arrival(one))
	if !slices.Equal(names(again.Finding), names(shuffled)) {
		t.Errorf("members are\n%v, want those sent\n%v", names(again.Finding), names(shuffled))
	}
}

// Decision 5 bounds what is sent. What the hub adds to a finding of just that size is accepted.
func TestImportAtTheSizeLimit(t *testing.T) {
	t.Parallel()
	sent := having(base("01"), `Extra: ""`)
	sent = having(sent, `Extra: "`+strings.Repeat("x", asff.MaxFindingSize-sent.Size())+`"`)
	if sent.Size() != asff.MaxFindingSize {
		t.Fatalf("the test's finding has %d bytes", sent.Size())
	}
	if s := mustImport(t, nil, sent, arrival(noon)); s.Finding.Size() <= asff.MaxFindingSize {
		t.Error("the hub added nothing")
	}
}

func TestCorpusImports(t *testing.T) {
	t.Parallel()
	for name, sent := range corpus(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before := string(sent.AppendJSON(nil))
			s := mustImport(t, nil, sent, arrival(noon))
			for _, m := range []string{"Region", "ProductName", "CompanyName", "RecordState", "WorkflowState", "Workflow",
				"Severity", "Types", "FindingProviderFields", "ProductFields", "ProcessedAt"} {
				if s.Finding.Get(m) == nil {
					t.Errorf("no %s", m)
				}
			}
			sev := s.Finding.Get("Severity")
			if get(sev, "Label") == nil || get(sev, "Normalized") == nil {
				t.Errorf("the severity is %s", sev)
			}
			for _, m := range sent {
				if s.Finding.Get(m.Name) == nil {
					t.Errorf("%s was lost", m.Name)
				}
			}
			later := having(s.Finding, `UpdatedAt: "2030-01-01T00:00:00Z"`)
			out := tryImport(t, s, later, arrival(one))
			if !out.Changed || out.Change != nil {
				t.Errorf("its own output changes it: %+v", out.Change)
			}
			if string(sent.AppendJSON(nil)) != before {
				t.Error("the sent finding was changed in place")
			}
			if !jsontext.Value(dump(&out.Stored)).IsValid() {
				t.Error("not JSON")
			}
		})
	}
}

func TestFailureTellsCodeAndMessage(t *testing.T) {
	t.Parallel()
	var f *Failure
	if !errors.As(error(ErrSizeExceeded), &f) || f.Error() != "FindingSizeExceeded: Finding size exceeded 240 KB" {
		t.Error(ErrSizeExceeded)
	}
}

func TestKeyCompare(t *testing.T) {
	t.Parallel()
	ordered := []Key{{}, {"1", "r", "p", "i"}, {"1", "r", "p", "j"}, {"1", "r", "q", "a"}, {"1", "s", "a", "a"}, {"2", "a", "a", "a"}}
	for i, a := range ordered {
		for j, b := range ordered {
			if got := a.Compare(b); got != map[bool]int{true: -1, false: 1}[i < j] && i != j || i == j && got != 0 {
				t.Errorf("%v.Compare(%v) is %d", a, b, got)
			}
		}
	}
}
