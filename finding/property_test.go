package finding

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/findinghub/findinghub/asff"
	"github.com/go-json-experiment/json/jsontext"
	"pgregory.net/rapid"
)

// pick draws the JSON of a member, "" when it is to be absent.
func pick(t *rapid.T, label string, options ...string) string {
	return rapid.SampledFrom(options).Draw(t, label)
}

var severities = []string{``, `{"Label":"LOW"}`, `{"Label":"CRITICAL","Original":"9.8"}`, `{"Normalized":0}`,
	`{"Normalized":55,"Product":5.5}`, `{"Label":"HIGH","Normalized":2}`}

// memberOptions are the members that imports decide on, "" for an absent one.
var memberOptions = []struct {
	name    string
	options []string
}{
	{"Severity", severities},
	{"Types", []string{``, `["A"]`, `["B/c","D"]`}},
	{"Confidence", []string{``, `0`, `50`}},
	{"Criticality", []string{``, `100`}},
	{"RelatedFindings", []string{``, `[{"ProductArn":"p","Id":"1"}]`}},
	{"RecordState", []string{``, `"ACTIVE"`, `"ARCHIVED"`}},
	{"Compliance", []string{``, `{"Status":"PASSED"}`, `{"Status":"FAILED"}`, `{"Status":"WARNING","RelatedRequirements":["a"]}`}},
	{"Workflow", []string{``, `{}`, `{"Status":"RESOLVED"}`, `{"Status":"SUPPRESSED"}`}},
	{"WorkflowState", []string{``, `"ASSIGNED"`}},
	{"Note", []string{``, `{"Text":"t","UpdatedBy":"u","UpdatedAt":"2026-01-01T00:00:00Z"}`}},
	{"UserDefinedFields", []string{``, `{"a":"1"}`, `{"a":"2","b":"\"\\"}`}},
	{"VerificationState", []string{``, `"UNKNOWN"`}},
	{"ProductFields", []string{``, `{"x":"","y":"\n"}`, `{"aws/securityhub/ProductName":"wrong","z":"1"}`}},
	{"ProductName", []string{``, `"Mine"`}},
	{"CreatedAt", []string{`"2026-01-01T00:00:00Z"`, `"2025-01-01T00:00:00Z"`}},
	{"Unknown", []string{``, `{"deep":{"er":[1,{"x":2}]}}`, `{"deep":{"er":[1]}}`}},
}

// drawFinding draws a finding of one identity, with the members that imports decide on.
func drawFinding(t *rapid.T, arn string) asff.Finding {
	f := having(base("01"), `ProductArn: "`+arn+`"`, `FindingProviderFields`)
	at := time.Date(2026, 1, 1, 0, rapid.IntRange(0, 40).Draw(t, "minute"), 0, 0, time.UTC)
	zone := time.FixedZone("", 60*rapid.SampledFrom([]int{0, 60, -330}).Draw(t, "zone"))
	f.SetText("UpdatedAt", at.In(zone).Format(time.RFC3339))
	for _, m := range memberOptions {
		if v := pick(t, m.name, m.options...); v != "" {
			f.Set(m.name, jsontext.Value(v))
		}
	}
	if own := drawProvided(t); len(own) > 0 {
		f.Set("FindingProviderFields", own.AppendJSON(nil))
	}
	return f
}

func drawProvided(t *rapid.T) (own asff.Finding) {
	for _, at := range values {
		if v := pick(t, "own "+at.name, "", at.own[0], at.own[1]); v != "" {
			own.Set(at.name, jsontext.Value(v))
		}
	}
	return own
}

func drawUpdate(t *rapid.T, now time.Time) Update {
	value := func(name string, options ...string) []byte {
		if v := pick(t, name, append(options, "")...); v != "" {
			return []byte(v)
		}
		return nil
	}
	return Update{
		Now: now, Source: byCustomer,
		Confidence: value("u.Confidence", `7`), Criticality: value("u.Criticality", `8`),
		Note:              value("u.Note", `{"Text":"seen","UpdatedBy":"me"}`),
		RelatedFindings:   value("u.RelatedFindings", `[{"ProductArn":"`+product+`","Id":"7"}]`),
		Severity:          value("u.Severity", severities[1], severities[3], severities[4]),
		Types:             value("u.Types", `["Mine"]`),
		UserDefinedFields: value("u.UserDefinedFields", `{"a":"3"}`, `{"c":"4"}`),
		VerificationState: value("u.VerificationState", `"FALSE_POSITIVE"`),
		Workflow:          value("u.Workflow", `{"Status":"NOTIFIED"}`, `{"Status":"SUPPRESSED"}`, `{"Status":"NEW"}`),
	}
}

// drawStored draws a state that imports and updates can lead to.
func drawStored(t *rapid.T, arn string) *Stored {
	s := mustImport(t, nil, drawFinding(t, arn), arrival(noon))
	for i := range rapid.IntRange(0, 3).Draw(t, "steps") {
		now := noon.Add(time.Duration(i+1) * time.Minute)
		if rapid.Bool().Draw(t, "update") {
			u := drawUpdate(t, now)
			out, err := u.Apply(s)
			if err != nil {
				t.Fatalf("Apply: %v", err)
			}
			s = &out.Stored
		} else if out := tryImport(t, s, drawFinding(t, arn), arrival(now)); out.Changed {
			s = &out.Stored
		}
	}
	return s
}

func drawArn(t *rapid.T) string { return pick(t, "arn", product, control) }

// Section 1.2, decision 9: an import that is not newer changes nothing, whatever it brings.
func TestNotNewerChangesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		arn := drawArn(t)
		old, sent := drawStored(t, arn), drawFinding(t, arn)
		before := dump(old)
		was, _ := time.Parse(time.RFC3339, old.Finding.Text("UpdatedAt"))
		is, _ := time.Parse(time.RFC3339, sent.Text("UpdatedAt"))
		out := tryImport(t, old, sent, arrival(one))
		if out.Changed != is.After(was) {
			t.Fatalf("changed is %t for %s after %s", out.Changed, is, was)
		}
		if dump(old) != before {
			t.Fatalf("the old state was changed in place:\n%s\nwas\n%s", dump(old), before)
		}
	})
}

// What GetFindings returns can be imported again whole: nothing but the two times moves.
func TestOwnOutputIsAFixedPoint(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		old := drawStored(t, drawArn(t))
		sent := having(parse(t, dump(old)), `UpdatedAt: "2026-06-01T00:00:00Z"`)
		out := tryImport(t, old, sent, arrival(one))
		expected := having(old.Finding, `UpdatedAt: "2026-06-01T00:00:00Z"`, `ProcessedAt: "2026-01-02T13:00:00.678Z"`)
		if compliance(sent) == compliancePassed && isControl(sent) && string(get(expected.Get("Workflow"), "Status")) != `"SUPPRESSED"` {
			// Decision 12: a customer may have set another status since the last import.
			var s scratch
			expected.Set("Workflow", s.with(expected.Get("Workflow"), asff.Member{Name: "Status", Value: jsontext.Value(`"RESOLVED"`)}))
		}
		if got := dump(&out.Stored); got != string(expected.AppendJSON(nil)) {
			t.Fatalf("became\n%s, want\n%s", got, expected.AppendJSON(nil))
		}
		if out.Stored.Owned != old.Owned {
			t.Fatalf("the flags are %b, were %b", out.Stored.Owned, old.Owned)
		}
	})
}

// Sections 1.2 and 1.3, decision 13: imports leave alone what is the customer's.
func TestImportsLeaveCustomersAlone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		arn := drawArn(t)
		old := drawStored(t, arn)
		sent := having(drawFinding(t, arn), `UpdatedAt: "2026-06-01T00:00:00Z"`)
		s := mustImport(t, old, sent, arrival(one))
		kept := []string{"Note", "UserDefinedFields", "VerificationState", "CreatedAt"}
		for _, at := range shared {
			if old.Owned&at.flag != 0 {
				kept = append(kept, at.name)
			}
		}
		for _, name := range kept {
			if was, is := old.Finding.Get(name), s.Finding.Get(name); string(was) != string(is) {
				t.Fatalf("%s is %s, was %s", name, is, was)
			}
		}
		if !s.CreatedTime.Equal(old.CreatedTime) || s.CreatedBy != old.CreatedBy || s.Owned != old.Owned {
			t.Fatalf("the state around the finding changed: %+v, was %+v", s, old)
		}
	})
}

// Decision 26 and section 2.3: whatever happens, the hub's own members are in order.
func TestHubsMembersAreInOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawStored(t, drawArn(t))
		f, fields := s.Finding, s.Finding.Get("ProductFields")
		for _, name := range []string{"ProductName", "CompanyName"} {
			if a, b := f.Get(name), get(fields, "aws/securityhub/"+name); a == nil || string(a) != string(b) {
				t.Fatalf("%s is %s, its copy %s", name, a, b)
			}
		}
		if id := asff.Unquote(get(fields, "aws/securityhub/FindingId")); id != f.Text("ProductArn")+"/"+f.Text("Id") {
			t.Fatalf("FindingId is %s", id)
		}
		if get(f.Get("Workflow"), "Status") == nil || f.Get("RecordState") == nil || f.Get("WorkflowState") == nil || f.Text("Region") != "eu-west-1" {
			t.Fatalf("a default is missing in %s", dump(s))
		}
		if sev := f.Get("Severity"); sev != nil && (get(sev, "Label") == nil || get(sev, "Normalized") == nil) {
			t.Fatalf("half a severity: %s", sev)
		}
		if !jsontext.Value(dump(s)).IsValid() {
			t.Fatalf("not JSON, or a name twice: %s", dump(s))
		}
	})
}

// Section 5.1: the history of a change, applied to the old values, gives the new ones.
func TestHistoryTellsTheWholeChange(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		arn := drawArn(t)
		old := drawStored(t, arn)
		var out Outcome
		if rapid.Bool().Draw(t, "by update") {
			u := drawUpdate(t, one)
			out, _ = u.Apply(old)
		} else {
			out = tryImport(t, old, having(drawFinding(t, arn), `UpdatedAt: "2026-06-01T00:00:00Z"`), arrival(one))
		}
		state, target := flatten(t, old.Finding), flatten(t, out.Stored.Finding)
		if out.Change != nil {
			replay(t, state, out.Change.Updates)
			if out.Change.Updates == nil {
				t.Fatal("a record that records nothing")
			}
		}
		if _, ok := state["Severity relabelled"]; ok {
			// A new label stands for its score, which is not listed beside it.
			delete(state, "Severity relabelled")
			delete(state, "Severity.Normalized")
			delete(target, "Severity.Normalized")
		}
		if !maps.Equal(state, target) {
			t.Fatalf("the history leads to\n%q, not to\n%q\nby %q", state, target, out.Change)
		}
	})
}

// replay applies history records to flattened values.
func replay(t *rapid.T, state map[string]string, updates []FieldUpdate) {
	for _, u := range updates {
		if state[u.Field] != u.Old {
			t.Fatalf("%s was %q, the history says %q", u.Field, state[u.Field], u.Old)
		}
		if u.Old == u.New && u.New != "" { // an empty string that came or went has no text
			t.Fatalf("%s is recorded as %q, unchanged", u.Field, u.New)
		}
		delete(state, u.Field)
		if u.New != "" {
			state[u.Field] = u.New
		}
		if u.Field == "Severity" {
			state["Severity relabelled"] = "yes"
		}
	}
}

// flatten gives the values of a finding by path as the history would show them. An
// empty text is as good as none.
func flatten(t *rapid.T, f asff.Finding) map[string]string {
	state := map[string]string{}
	var walk func(path string, v json.RawMessage)
	walk = func(path string, v json.RawMessage) {
		var object map[string]json.RawMessage
		if json.Unmarshal(v, &object) == nil && object != nil {
			for name, v := range object {
				walk(strings.TrimPrefix(path+"."+name, "."), v)
			}
			return
		}
		var text string
		if json.Unmarshal(v, &text) != nil {
			text = string(v)
		}
		if path == "Severity.Label" {
			path = "Severity"
		}
		if text != "" && !isTimestamp(path) {
			state[path] = text
		}
	}
	walk("", json.RawMessage(f.AppendJSON(nil)))
	return state
}
