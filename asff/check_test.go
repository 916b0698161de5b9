package asff

import (
	"bytes"
	"strings"
	"testing"
)

// TestKeywords has a case for every word that ajv uses (behaviour.md section 1.4) and
// for the decisions on what a finding needs.
func TestKeywords(t *testing.T) {
	t.Parallel()
	const details = "Resources[0].Details."
	for _, c := range []struct {
		source string
		edit   []any
		want   string
	}{
		{"1.4 type", []any{"Title", 5}, "data.Title should be string"},
		{"1.4 type, null is no value", []any{"Title", nil}, "data.Title should be string"},
		{"1.4 type", []any{"Title", []any{}}, "data.Title should be string"},
		{"1.4 type", []any{"Title", true}, "data.Title should be string"},
		{"1.4 type", []any{"CreatedAt", 1700000000}, "data.CreatedAt should be string"},
		{"1.4 type", []any{"Sample", "true"}, "data.Sample should be boolean"},
		{"1.4 type", []any{"Sample", nil}, "data.Sample should be boolean"},
		{"1.4 type", []any{"Sample", false}, ""},
		{"1.4 type", []any{"Confidence", "5"}, "data.Confidence should be integer"},
		{"1.4 type", []any{"Severity.Product", "5"}, "data.Severity.Product should be number"},
		{"1.4 type", []any{"Types", "T"}, "data.Types should be array"},
		{"1.4 type", []any{"Types", map[string]any{}}, "data.Types should be array"},
		{"1.4 type", []any{"Severity", []any{}}, "data.Severity should be object"},
		{"1.4 type", []any{"Severity", "HIGH"}, "data.Severity should be object"},
		{"1.4 type", []any{"ProductFields", []any{}}, "data.ProductFields should be object"},
		{"1.4 type", []any{"ProductFields.a", 1}, "data.ProductFields['a'] should be string"},
		{"1.4 type", []any{"ProductFields.a", map[string]any{}}, "data.ProductFields['a'] should be string"},
		{"1.4 type", []any{"Resources[1]", "arn"}, "data.Resources[1] should be object"},

		{"1.4 required", []any{"Id", remove}, "data should have required property 'Id'"},
		{"1.4 required", []any{"Resources[0].Id", remove}, "data.Resources[0] should have required property 'Id'"},
		{"1.4 required", []any{"Note.Text", "n", "Note.UpdatedBy", "u"}, "data.Note should have required property 'UpdatedAt'"},
		{"1.4 required before the members", []any{"Resources[0]", map[string]any{"Id": ""}},
			"data.Resources[0] should have required property 'Type', data.Resources[0].Id should NOT be shorter than 1 characters"},

		{"1.4 enum", []any{"RecordState", "active"}, "data.RecordState should be equal to one of the allowed values"},
		{"1.4 enum", []any{"RecordState", ""}, "data.RecordState should be equal to one of the allowed values"},
		{"1.4 enum", []any{"Workflow.Status", "DONE"}, "data.Workflow.Status should be equal to one of the allowed values"},
		{"7 SchemaVersion", []any{"SchemaVersion", "2018-10-09"}, "data.SchemaVersion should be equal to one of the allowed values"},
		{"7 Partition", []any{"Resources[0].Partition", "aws-iso"}, "data.Resources[0].Partition should be equal to one of the allowed values"},
		{"model enum in a detail", []any{details + "AwsIamAccessKey.Status", "Off"},
			"data.Resources[0].Details.AwsIamAccessKey.Status should be equal to one of the allowed values"},

		{"1.4 range", []any{"Confidence", -1}, "data.Confidence should be >= 0"},
		{"1.4 range", []any{"Confidence", 101}, "data.Confidence should be <= 100"},
		{"decision 30", []any{"Severity.Normalized", 101}, "data.Severity.Normalized should be <= 100"},
		{"decision 30", []any{"Severity.Normalized", -1}, "data.Severity.Normalized should be >= 0"},
		{"7 ports", []any{"Network.SourcePort", 65536}, "data.Network.SourcePort should be <= 65535"},

		{"1.4 pattern", []any{"Types[0]", "a/b/c/d"}, `data.Types[0] should match pattern "^([^/]+)(/[^/]+){0,2}$"`},
		{"model NonEmptyString", []any{"Title", " \t"}, `data.Title should match pattern ".*\S.*"`},
		{"model NonEmptyString", []any{"Types[0]", " "}, `data.Types[0] should match pattern ".*\S.*"`},
		{"7 AwsAccountId", []any{"AwsAccountId", "12345678901x"}, `data.AwsAccountId should match pattern "^[0-9]{12}$"`},
		{"7 AwsAccountId", []any{"AwsAccountId", "12345678901"}, "data.AwsAccountId should NOT be shorter than 12 characters"},
		{"7 AwsAccountId", []any{"AwsAccountId", "1234567890123"}, "data.AwsAccountId should NOT be longer than 12 characters"},
		{"7 SourceMac", []any{"Network.SourceMac", "00:0d:83:b1:c0"},
			`data.Network.SourceMac should match pattern "^([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}$"`},
		{"1.4 item 14", []any{"CreatedAt", ""}, "data.CreatedAt " + timePattern},
		{"1.4 item 14, a real day", []any{"CreatedAt", "2023-02-29T10:00:00Z"}, "data.CreatedAt " + timePattern},

		{"7 maps", []any{"ProductFields", map[string]any{}}, "data.ProductFields should NOT have fewer than 1 properties"},
		{"7 maps", []any{"ProductFields", pairs(51)}, "data.ProductFields should NOT have more than 50 properties"},
		{"9 own output, with the hub's three pairs", []any{"ProductFields", withHubPairs(50)}, ""},
		{"9 own output, with the hub's three pairs", []any{"ProductFields", withHubPairs(51)}, "data.ProductFields should NOT have more than 50 properties"},
		{"9 own output, with nothing but the hub's", []any{"ProductFields", withHubPairs(0)}, ""},
		{"7 UserDefinedFields", []any{"UserDefinedFields.a b", "v"}, "data.UserDefinedFields property name 'a b' is invalid"},
		{"7 UserDefinedFields", []any{"UserDefinedFields.'a-b_c=d+e@f.g/h:1'", "v"}, ""},
		{"7 ProductFields", []any{"ProductFields", map[string]any{"": "v"}}, "data.ProductFields property name '' is invalid"},
		{"7 ProductFields", []any{"ProductFields", map[string]any{" ": "v"}}, "data.ProductFields property name ' ' is invalid"},
		{"7 ProductFields", []any{"ProductFields", map[string]any{strings.Repeat("k", 128): "v"}}, ""},

		{"decision 7", []any{"ProductFields.a", "", "Resources[0].Details.Other.b", ""}, ""},
		{"decision 7", []any{"UserDefinedFields.a", ""}, "data.UserDefinedFields['a'] should NOT be shorter than 1 characters"},
		{"decision 7", []any{"Resources[0].Tags.a", ""}, "data.Resources[0].Tags['a'] should NOT be shorter than 1 characters"},
		{"decision 7", []any{details + "AwsEc2Instance.KeyName", ""},
			"data.Resources[0].Details.AwsEc2Instance.KeyName should NOT be shorter than 1 characters"},
		{"decision 30", []any{details + "AwsEc2Instance.KeyName", strings.Repeat("k", 500), details + "AwsEc2Instance.LaunchedAt", "yesterday"}, ""},

		{"1.3", []any{"Severity", remove}, "data should have required property 'FindingProviderFields', data should match some schema in anyOf"},
		{"1.3", []any{"Types", remove}, "data should have required property 'FindingProviderFields', data should match some schema in anyOf"},
		{"1.3", []any{"Severity", remove, "Types", remove, "FindingProviderFields.Severity.Label", "LOW", "FindingProviderFields.Types[0]", "a"}, ""},
		{"1.3 mixed", []any{"Severity", remove, "FindingProviderFields.Severity.Label", "LOW"}, ""},
		{"1.3 mixed", []any{"Types", remove, "FindingProviderFields.Types[0]", "a"}, ""},
		{"1.3", []any{"Severity", remove, "FindingProviderFields.Types[0]", "a"}, "data.FindingProviderFields should have required property 'Severity'"},
		{"1.3", []any{"Types", remove, "FindingProviderFields.Severity.Label", "LOW"}, "data.FindingProviderFields should have required property 'Types'"},
		{"1.3", []any{"Severity", remove, "FindingProviderFields.Severity.Original", "5"},
			"data.FindingProviderFields.Severity should have required property 'Label'"},
		{"1.3", []any{"FindingProviderFields.Severity.Original", "5"}, ""},
		{"2.2", []any{"Severity", map[string]any{"Original": "5"}},
			"data.Severity should have required property 'Label', data.Severity should match some schema in anyOf"},
		{"2.2", []any{"Severity", map[string]any{"Normalized": 5}}, ""},
		{"decision 28, next to the rest", []any{"Severity", remove, "Title", ""},
			"data.Title should NOT be shorter than 1 characters, data should have required property 'FindingProviderFields', data should match some schema in anyOf"},

		{"decision 6", []any{"X", 1, "Resources[0].Y.Z", 2}, ""},
	} {
		if got := sentences(check(t, new(Validator), edited(t, c.edit...))); got != c.want {
			t.Errorf("%s, %.200v:\n got %s\nwant %s", c.source, c.edit, got, c.want)
		}
	}
}

// TestStrict: with --strict a member that the schema does not know fails the finding (decision 6).
func TestStrict(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		edit []any
		want string
	}{
		{nil, ""},
		{[]any{"X", 1}, "data.X should NOT have additional properties"},
		{[]any{"title", "t"}, "data.title should NOT have additional properties"},
		{[]any{"a b", 1}, "data['a b'] should NOT have additional properties"},
		{[]any{"Resources[0].Y.Z", 2}, "data.Resources[0].Y should NOT have additional properties"},
		{[]any{"Resources[0].Tags.any name", "v"}, ""},
	} {
		if got := sentences(check(t, &Validator{Strict: true}, edited(t, c.edit...))); got != c.want {
			t.Errorf("%v: got %q, want %q", c.edit, got, c.want)
		}
	}
}

// TestIntegers: ajv takes a number by its value; the copy is what every client reads.
func TestIntegers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ number, want, stored string }{
		{"50", "", "50"},
		{"50.0", "", "50"},
		{"5e1", "", "50"},
		{"-0", "", "0"},
		{"1.5", "should be integer", "1.5"},
		{"1e400", "should be integer", "1e400"},
		{"9223372036854775808", "should be integer", "9223372036854775808"},
		{"1e-400", "", "0"},
	} {
		raw := bytes.Replace(edited(t, "Confidence", 77), []byte("77"), []byte(c.number), 1)
		f, problems, err := new(Validator).Check(raw)
		if err != nil {
			t.Fatal(err)
		}
		want := c.want
		if want != "" {
			want = "data.Confidence " + want
		}
		if got := sentences(problems); got != want || string(f.Get("Confidence")) != c.stored {
			t.Errorf("%s: %q, stored as %s", c.number, got, f.Get("Confidence"))
		}
	}
}

// TestIntegerWidth: the model's integer has 32 bits, its long 64; its double no end but infinity.
func TestIntegerWidth(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		path, number, want string
	}{
		{"Process.Pid", "2147483647", ""},
		{"Process.Pid", "2147483648", "data.Process.Pid should be <= 2147483647"},
		{"Process.Pid", "-2147483649", "data.Process.Pid should be >= -2147483648"},
		{"PatchSummary.MissingCount", "9999999999", "data.PatchSummary.MissingCount should be <= 100000"},
		{"PatchSummary.MissingCount", "-9999999999", "data.PatchSummary.MissingCount should be >= 0"},
		{"Resources[0].DataClassification.Result.SizeClassified", "9223372036854775807", ""},
		{"Severity.Product", "1e300", ""},
		{"Severity.Product", "1e999", "data.Severity.Product should be number"},
	} {
		edit := []any{c.path, 77.25}
		if strings.HasPrefix(c.path, "Patch") {
			edit = append(edit, "PatchSummary.Id", "p")
		}
		raw := bytes.Replace(edited(t, edit...), []byte("77.25"), []byte(c.number), 1)
		if got := sentences(check(t, new(Validator), raw)); got != c.want {
			t.Errorf("%s %s: %q, want %q", c.path, c.number, got, c.want)
		}
	}
}

// TestCheckNormalizes: what Check gives is what Parse gives, apart from the verdict.
func TestCheckNormalizes(t *testing.T) {
	t.Parallel()
	raw := []byte("{ \"Title\" : \"\\u0041\\/\\u00e9\\n\" , \"No\\u0076el\" : { \"a\" : [ 1.50 , \"\\u0042\" ] },\n" +
		"\"T\\u0069tle\":\"second\", \"Novel\" : 7, \"Sample\":true , \"Description\":\"\\u0041\\/\\u00e9\\n\\u003c\"}")
	f, _, err := new(Validator).Check(raw)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(f.AppendJSON(nil)), `{"Title":"second","Novel":7,"Sample":true,"Description":"A/é\n<"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	parsed, err := Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(parsed.AppendJSON(nil), f.AppendJSON(nil)) {
		t.Errorf("Parse gives %s", parsed.AppendJSON(nil))
	}
	before := bytes.Clone(f.AppendJSON(nil))
	clear(raw)
	if !bytes.Equal(before, f.AppendJSON(nil)) {
		t.Error("the finding shares memory with what was sent")
	}
}

func TestCheckNotJSON(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{"", " ", "{", `{"a"}`, `{"a":1,}`, "{} {}", "nul", `{"Title":"` + "\xff" + `"}`,
		`{"Title":"` + "\n" + `"}`, `{"X":[1,}`, `{"Resources":[{]}`, `{"Resources":[}`, `{"ProductFields":{"a":}}`,
		`{"X":` + strings.Repeat("[", 20000)} {
		if f, problems, err := new(Validator).Check([]byte(raw)); err == nil || f != nil || problems != nil {
			t.Errorf("%.40q: %v, %v, %v", raw, f, problems, err)
		}
	}
	for _, raw := range []string{"1", `"x"`, "[]", "null", `[{}]`} {
		if got := sentences(check(t, new(Validator), []byte(raw))); got != "data should be object" {
			t.Errorf("%s: %q", raw, got)
		}
	}
}

// TestCheckMember judges what BatchUpdateFindings brings as an import would (decision 2).
func TestCheckMember(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, value, want, out string }{
		{"Types", ` [ "a/b" ] `, "", `["a/b"]`},
		{"Types", `["a/b/"]`, `data.Types[0] should match pattern "^([^/]+)(/[^/]+){0,2}$"`, `["a/b/"]`},
		{"UserDefinedFields", `{"a b":""}`,
			"data.UserDefinedFields property name 'a b' is invalid, data.UserDefinedFields['a b'] should NOT be shorter than 1 characters", `{"a b":""}`},
		{"Severity", `{}`, "data.Severity should have required property 'Label', data.Severity should match some schema in anyOf", `{}`},
		{"Confidence", `101`, "data.Confidence should be <= 100", `101`},
	} {
		out, problems, err := new(Validator).CheckMember(c.name, []byte(c.value))
		if err != nil || sentences(problems) != c.want || string(out) != c.out {
			t.Errorf("%s %s: %s, %v, %v", c.name, c.value, out, problems, err)
		}
	}
	for _, c := range []struct{ name, value string }{{"Types", "["}, {"Novel", "1"}} {
		if _, _, err := new(Validator).CheckMember(c.name, []byte(c.value)); err == nil {
			t.Errorf("%s %s: no error", c.name, c.value)
		}
	}
}
