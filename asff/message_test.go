package asff

import (
	"strings"
	"testing"
)

const template = "Finding does not adhere to Amazon Finding Format. "

const timePattern = `should match pattern "(\d\d\d\d)-[0-1](\d)-[0-3](\d)[Tt](?:[0-2](\d):[0-5](\d):[0-5](\d)|23:59:60)(?:\.(\d)+)?(?:[Zz]|[+-](\d\d)(?::?(\d\d))?)$"`

// TestVerbatimMessages sends what the users of the real service sent and wants what
// they got back (behaviour.md section 1.4, by number, and error-strings.md).
func TestVerbatimMessages(t *testing.T) {
	t.Parallel()
	long := func(n int) string { return strings.Repeat("x", n) }
	for _, c := range []struct {
		source string
		edit   []any
		want   string
	}{
		{"1", []any{"Description", remove}, "data should have required property 'Description'."},
		{"2 and decision 28", []any{"Severity", remove, "Types", remove},
			"data should have required property 'FindingProviderFields', data should match some schema in anyOf."},
		{"3", []any{"Remediation.Recommendation.Text", long(513)},
			"data.Remediation.Recommendation.Text should NOT be longer than 512 characters."},
		{"4", []any{"Remediation.Recommendation.Text", ""},
			"data.Remediation.Recommendation.Text should NOT be shorter than 1 characters."},
		{"5", []any{"Resources[0].Details.Other.Destinations", long(1025)},
			"data.Resources[0].Details.Other['Destinations'] should NOT be longer than 1024 characters."},
		{"6", []any{"Resources[0].Type", ""}, "data.Resources[0].Type should NOT be shorter than 1 characters."},
		{"7", []any{"Resources[0].Id", ""}, "data.Resources[0].Id should NOT be shorter than 1 characters."},
		{"8", []any{"Types[0]", ""}, `data.Types[0] should match pattern "^([^/]+)(/[^/]+){0,2}$".`},
		{"9", []any{"Description", long(1025)}, "data.Description should NOT be longer than 1024 characters."},
		{"10", []any{"Compliance.AssociatedStandards", items(21, map[string]any{"StandardsId": "s"})},
			"data.Compliance.AssociatedStandards should NOT have more than 20 items."},
		{"11", []any{"Resources[0].Tags", map[string]any{}}, "data.Resources[0].Tags should NOT have fewer than 1 properties."},
		{"12", []any{"Resources", []any{}}, "data.Resources should NOT have fewer than 1 items."},
		{"14", []any{"CreatedAt", "2024-05-24 22:53:24"}, "data.CreatedAt " + timePattern + "."},
		{"15", []any{"FindingProviderFields.Types[0]", "Tags/cveid/", "FindingProviderFields.Severity.Label", "LOW"},
			`data.FindingProviderFields.Types[0] should match pattern "^([^/]+)(/[^/]+){0,2}$".`},
	} {
		if got, want := Message(check(t, new(Validator), edited(t, c.edit...))), template+c.want; got != want {
			t.Errorf("message %s:\n got %s\nwant %s", c.source, got, want)
		}
	}
}

// TestMessagesWithoutTemplate: wild message 13 and decision 5 stand alone.
func TestMessagesWithoutTemplate(t *testing.T) {
	t.Parallel()
	field := "The maximum size of an individual field should be less than 32768"
	const free = "Resources[0].Details.AwsEc2Instance.IamInstanceProfileArn"
	for _, c := range []struct {
		name string
		edit []any
		want string
	}{
		{"the largest field", []any{free, strings.Repeat("x", 32767)}, ""},
		{"a field too large", []any{free, strings.Repeat("x", 32768)}, field},
		{"bytes count, not characters", []any{free, strings.Repeat("é", 16384)}, field},
		{"a member's own limit goes first", []any{"Description", strings.Repeat("x", 40000)},
			template + "data.Description should NOT be longer than 1024 characters."},
		{"two large fields are one message", []any{free, strings.Repeat("x", 32768), "Novel", strings.Repeat("x", 32768)}, field},
		{"deep in what the schema does not know", []any{"Novel.deep[0]", strings.Repeat("x", 32768)}, field},
		{"many short strings are no field", []any{"Novel.deep", items(400, strings.Repeat("x", 100))}, ""},
		{"next to another problem", []any{free, strings.Repeat("x", 32768), "Title", ""},
			template + "data.Title should NOT be shorter than 1 characters. " + field},
		{"oversize hides the rest", []any{"Novel", items(245760/32000+1, strings.Repeat("x", 32000)), "Title", ""},
			"Finding size exceeded 240 KB"},
	} {
		if got := Message(check(t, new(Validator), edited(t, c.edit...))); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

// TestFindingSize: 245,760 bytes of compact JSON are allowed, however they are sent (decision 5).
func TestFindingSize(t *testing.T) {
	t.Parallel()
	filled := func(n int) []byte {
		f, err := Parse(edited(t, "Novel", items(8, strings.Repeat("x", 30000)), "Rest", ""))
		if err != nil {
			t.Fatal(err)
		}
		f.SetText("Rest", strings.Repeat("x", n-f.Size()))
		if f.Size() != n || len(f.AppendJSON(nil)) != n {
			t.Fatalf("size %d, JSON of %d bytes, want %d", f.Size(), len(f.AppendJSON(nil)), n)
		}
		return f.AppendJSON(nil)
	}
	largest := filled(MaxFindingSize)
	if p := check(t, new(Validator), largest); p != nil {
		t.Errorf("at the limit: %v", p)
	}
	spaced := strings.ReplaceAll(string(largest), `","`, "\"\t,\n \"")
	if p := check(t, new(Validator), []byte(spaced)); p != nil {
		t.Errorf("white space counts: %v", p)
	}
	if got := Message(check(t, new(Validator), filled(MaxFindingSize+1))); got != "Finding size exceeded 240 KB" {
		t.Errorf("one byte more: %q", got)
	}
	repeated := `{"Title":"` + strings.Repeat("x", 200) + `",` + strings.Repeat(`"Title":"t",`, 30000) + goodFinding[1:]
	if p := check(t, new(Validator), []byte(repeated)); p != nil {
		t.Errorf("values that were replaced count: %v", p)
	}
}

// TestTenProblems: all are told up to ten, in document order (decision 8).
func TestTenProblems(t *testing.T) {
	t.Parallel()
	raw := `{"Title": "", "Resources": [` + strings.Repeat(`{"Id": 1, "Type": ""},`, 40) + `{}], "Malware": 5}`
	got := check(t, new(Validator), []byte(raw))
	want := []string{
		"data should have required property 'SchemaVersion'",
		"data should have required property 'Id'",
		"data should have required property 'ProductArn'",
		"data should have required property 'GeneratorId'",
		"data should have required property 'AwsAccountId'",
		"data should have required property 'CreatedAt'",
		"data should have required property 'UpdatedAt'",
		"data should have required property 'Description'",
		"data.Title should NOT be shorter than 1 characters",
		"data.Resources should NOT have more than 32 items",
	}
	if s := sentences(got); s != strings.Join(want, ", ") {
		t.Errorf("got %s", s)
	}
	many := make([]Problem, 25)
	for i := range many {
		many[i] = Problem{"data.X", "is wrong"}
	}
	if n := strings.Count(Message(many), "data.X"); n != 10 {
		t.Errorf("Message tells %d problems", n)
	}
	if Message(nil) != "" {
		t.Error("a good finding has a message")
	}
}
