package finding

import (
	"fmt"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

// values are, for each shared attribute, two that differ as FindingProviderFields holds
// them, and the same as they stand at the top level.
var values = []struct {
	name     string
	flag     Owned
	own, top [2]string
}{
	{"Confidence", OwnsConfidence, [2]string{`1`, `2`}, [2]string{`1`, `2`}},
	{"Criticality", OwnsCriticality, [2]string{`1`, `2`}, [2]string{`1`, `2`}},
	{"RelatedFindings", OwnsRelatedFindings,
		[2]string{`[{"ProductArn":"p","Id":"1"}]`, `[{"ProductArn":"p","Id":"2"}]`},
		[2]string{`[{"ProductArn":"p","Id":"1"}]`, `[{"ProductArn":"p","Id":"2"}]`}},
	{"Severity", OwnsSeverity,
		[2]string{`{"Label":"LOW","Original":"1"}`, `{"Label":"HIGH","Original":"2"}`},
		[2]string{`{"Label":"LOW","Normalized":1,"Original":"1"}`, `{"Label":"HIGH","Normalized":70,"Original":"2"}`}},
	{"Types", OwnsTypes, [2]string{`["A"]`, `["B"]`}, [2]string{`["A"]`, `["B"]`}},
}

// TestProviderTable is the table of behaviour.md section 1.3, row by row, for each of
// the five attributes: for a new finding, an existing one, and an existing one whose
// attribute a customer has taken over.
func TestProviderTable(t *testing.T) {
	t.Parallel()
	const none = -1
	rows := []struct {
		name               string
		own, top           int // which value is sent where
		state              string
		wantOwn, wantTop   int
		wantTopIsCustomers bool
	}{
		{name: "only the provider's, new", own: 0, top: none, state: "new", wantOwn: 0, wantTop: 0},
		{name: "only the provider's, existing", own: 0, top: none, state: "existing", wantOwn: 0, wantTop: 0},
		{name: "only the provider's, owned", own: 0, top: none, state: "owned", wantOwn: 0, wantTopIsCustomers: true},
		{name: "only top level, new", own: none, top: 0, state: "new", wantOwn: 0, wantTop: 0},
		{name: "only top level, existing", own: none, top: 0, state: "existing", wantOwn: 0, wantTop: 0},
		{name: "only top level, owned", own: none, top: 0, state: "owned", wantOwn: 0, wantTopIsCustomers: true},
		{name: "both, new", own: 0, top: 1, state: "new", wantOwn: 0, wantTop: 0},
		{name: "both, existing", own: 0, top: 1, state: "existing", wantOwn: 0, wantTop: 1},
		{name: "both, owned", own: 0, top: 1, state: "owned", wantOwn: 0, wantTopIsCustomers: true},
		{name: "neither, new", own: none, top: none, state: "new", wantOwn: none, wantTop: none},
		{name: "neither, existing (decision 13)", own: none, top: none, state: "existing", wantOwn: none, wantTop: none},
		{name: "neither, owned (decision 13)", own: none, top: none, state: "owned", wantOwn: none, wantTopIsCustomers: true},
	}
	for _, at := range values {
		const customers = `"the customer's"`
		for _, r := range rows {
			t.Run(at.name+", "+r.name, func(t *testing.T) {
				t.Parallel()
				sent := having(base("02"), "FindingProviderFields")
				if r.own != none {
					sent.Set("FindingProviderFields", jsontext.Value(fmt.Sprintf(`{"X":1,%q:%s}`, at.name, at.own[r.own])))
				}
				if r.top != none {
					sent.Set(at.name, jsontext.Value(at.top[r.top]))
				}
				var old *Stored
				if r.state != "new" {
					old = mustImport(t, nil, having(base("01"), `Confidence: 9`, `Criticality: 9`, `RelatedFindings: [{"ProductArn":"p","Id":"9"}]`), arrival(noon))
				}
				if r.state == "owned" {
					old.Owned = at.flag
					old.Finding = having(old.Finding, at.name+`: `+customers)
				}
				s := mustImport(t, old, sent, arrival(one))
				wantOwn, wantTop := "", customers
				if r.wantOwn != none {
					wantOwn = at.own[r.wantOwn]
				}
				if !r.wantTopIsCustomers {
					wantTop = ""
					if r.wantTop != none {
						wantTop = at.top[r.wantTop]
					}
				}
				want(t, s.Finding, at.name+": "+wantTop)
				if got := get(s.Finding.Get("FindingProviderFields"), at.name); string(got) != wantOwn {
					t.Errorf("FindingProviderFields.%s is %s, want %s", at.name, got, wantOwn)
				}
				if old != nil && s.Owned != old.Owned {
					t.Errorf("the flags are %b, were %b", s.Owned, old.Owned)
				}
			})
		}
	}
}

// What is copied to the provider's side is added to what was sent there.
func TestProviderFieldsKeepWhatWasSent(t *testing.T) {
	t.Parallel()
	s := mustImport(t, nil, having(base("01"), `FindingProviderFields: {"New":{},"Types":["A"]}`,
		`Severity: {"Label":"LOW"}`, `Confidence: 7`), arrival(noon))
	want(t, s.Finding, `FindingProviderFields: {"New":{},"Types":["A"],"Confidence":7,"Severity":{"Label":"LOW"}}`, `Types: ["A"]`)
	s = mustImport(t, nil, having(base("01"), `FindingProviderFields`, `Severity: {"Label":"LOW"}`, `Types: ["A"]`), arrival(noon))
	want(t, s.Finding, `FindingProviderFields: {"Severity":{"Label":"LOW"},"Types":["A"]}`)
}

func TestSeverityOnImport(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name             string
		sent             string // the base finding's severities are replaced by this
		top, own         string
		onlyProviderSide bool
	}{
		{name: "section 2.2: label to normalized", sent: `{"Label":"LOW"}`,
			top: `{"Label":"LOW","Normalized":1}`, own: `{"Label":"LOW"}`},
		{name: "section 2.2: INFORMATIONAL is 0", sent: `{"Label":"INFORMATIONAL"}`,
			top: `{"Label":"INFORMATIONAL","Normalized":0}`, own: `{"Label":"INFORMATIONAL"}`},
		{name: "section 2.2: MEDIUM is 40", sent: `{"Label":"MEDIUM"}`, top: `{"Label":"MEDIUM","Normalized":40}`, own: `{"Label":"MEDIUM"}`},
		{name: "section 2.2: HIGH is 70", sent: `{"Label":"HIGH"}`, top: `{"Label":"HIGH","Normalized":70}`, own: `{"Label":"HIGH"}`},
		{name: "section 2.2: CRITICAL is 90", sent: `{"Label":"CRITICAL"}`, top: `{"Label":"CRITICAL","Normalized":90}`, own: `{"Label":"CRITICAL"}`},
		{name: "section 2.2: 0", sent: `{"Normalized":0}`, top: `{"Normalized":0,"Label":"INFORMATIONAL"}`, own: `{"Label":"INFORMATIONAL"}`},
		{name: "section 2.2: 1", sent: `{"Normalized":1}`, top: `{"Normalized":1,"Label":"LOW"}`, own: `{"Label":"LOW"}`},
		{name: "section 2.2: 39", sent: `{"Normalized":39}`, top: `{"Normalized":39,"Label":"LOW"}`, own: `{"Label":"LOW"}`},
		{name: "section 2.2: 40", sent: `{"Normalized":40}`, top: `{"Normalized":40,"Label":"MEDIUM"}`, own: `{"Label":"MEDIUM"}`},
		{name: "section 2.2: 69", sent: `{"Normalized":69}`, top: `{"Normalized":69,"Label":"MEDIUM"}`, own: `{"Label":"MEDIUM"}`},
		{name: "section 2.2: 70", sent: `{"Normalized":70}`, top: `{"Normalized":70,"Label":"HIGH"}`, own: `{"Label":"HIGH"}`},
		{name: "section 2.2: 89", sent: `{"Normalized":89}`, top: `{"Normalized":89,"Label":"HIGH"}`, own: `{"Label":"HIGH"}`},
		{name: "section 2.2: 90", sent: `{"Normalized":90}`, top: `{"Normalized":90,"Label":"CRITICAL"}`, own: `{"Label":"CRITICAL"}`},
		{name: "section 2.2: 100", sent: `{"Normalized":100}`, top: `{"Normalized":100,"Label":"CRITICAL"}`, own: `{"Label":"CRITICAL"}`},
		{name: "section 2.2: Product and Original are kept", sent: `{"Product":5.0,"Original":"o","Normalized":50}`,
			top: `{"Product":5.0,"Original":"o","Normalized":50,"Label":"MEDIUM"}`, own: `{"Label":"MEDIUM","Original":"o"}`},
		{name: "decision 11: contradictory halves are kept", sent: `{"Label":"LOW","Normalized":95}`,
			top: `{"Label":"LOW","Normalized":95}`, own: `{"Label":"LOW"}`},
		{name: "section 1.3: from the provider's side", sent: `{"Original":"o","Label":"HIGH"}`, onlyProviderSide: true,
			top: `{"Label":"HIGH","Normalized":70,"Original":"o"}`, own: `{"Original":"o","Label":"HIGH"}`},
		{name: "decision 6: an unknown Normalized on the provider's side", sent: `{"Normalized":70}`, onlyProviderSide: true,
			top: `{"Label":"HIGH","Normalized":70}`, own: `{"Normalized":70}`},
		{name: "nothing is invented", sent: `{"Original":"o"}`, onlyProviderSide: true, top: `{"Original":"o"}`, own: `{"Original":"o"}`},
		{name: "decision 30: no label for what is out of range", sent: `{"Normalized":101}`, top: `{"Normalized":101}`, own: `{}`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			sent := having(base("01"), `FindingProviderFields: {"Types":["A"]}`, `Severity: `+c.sent)
			if c.onlyProviderSide {
				sent = having(base("01"), `FindingProviderFields: {"Severity":`+c.sent+`}`)
			}
			s := mustImport(t, nil, sent, arrival(noon))
			want(t, s.Finding, `Severity: `+c.top)
			if got := get(s.Finding.Get("FindingProviderFields"), "Severity"); string(got) != c.own {
				t.Errorf("the provider's is %s, want %s", got, c.own)
			}
		})
	}
}

// Section 1.3: once a customer has set an attribute, imports change only the provider's side.
func TestCustomersKeepWhatTheySet(t *testing.T) {
	t.Parallel()
	s := mustImport(t, nil, base("01"), arrival(noon))
	out := mustUpdate(t, s, Update{Severity: []byte(`{"Label":"CRITICAL"}`), Types: []byte(`["Mine"]`), Confidence: []byte(`5`)})
	s = mustImport(t, &out.Stored, having(base("02"), `FindingProviderFields: {"Severity":{"Label":"HIGH"},"Types":["C"]}`, `Criticality: 4`), arrival(one))
	want(t, s.Finding, `Severity: {"Label":"CRITICAL","Normalized":90}`, `Types: ["Mine"]`, `Confidence: 5`, `Criticality: 4`,
		`FindingProviderFields: {"Severity":{"Label":"HIGH"},"Types":["C"],"Criticality":4}`)
	if s.Owned != OwnsSeverity|OwnsTypes|OwnsConfidence {
		t.Errorf("the flags are %b", s.Owned)
	}
}

// A customer's value that comes back with what GetFindings returned does not become the
// provider's word, unless the provider had one.
func TestCustomersValueComesBack(t *testing.T) {
	t.Parallel()
	s := mustImport(t, nil, base("01"), arrival(noon))
	out := mustUpdate(t, s, Update{Confidence: []byte(`5`)})
	sent := having(out.Stored.Finding, `UpdatedAt: "2026-01-01T02:00:00Z"`)
	got := mustImport(t, &out.Stored, sent, arrival(one))
	want(t, got.Finding, `Confidence: 5`, `FindingProviderFields: `+string(s.Finding.Get("FindingProviderFields")))

	s = mustImport(t, nil, having(base("01"), `Confidence: 9`), arrival(noon))
	out = mustUpdate(t, s, Update{Confidence: []byte(`5`)})
	got = mustImport(t, &out.Stored, having(base("02"), `Confidence: 5`), arrival(one))
	want(t, got.Finding, `FindingProviderFields: {"Severity":{"Label":"LOW"},"Types":["A/b"],"Confidence":5}`)
}
