package asff

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// corpusDir holds real findings and an INDEX.tsv that says what an independent reader
// of the documentation thinks of each: name, verdict, issues, source.
const corpusDir = "../../shared/corpus/asff"

// corpus gives name, verdict and bytes of every file of the corpus.
func corpus(t testing.TB, each func(name, verdict string, raw []byte)) {
	t.Helper()
	index, err := os.ReadFile(filepath.Join(corpusDir, "INDEX.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := strings.Cut(string(index), "\n")
	for line := range strings.Lines(body) {
		cols := strings.Split(line, "\t")
		raw, err := os.ReadFile(filepath.Join(corpusDir, cols[0]+".json"))
		if err != nil {
			t.Fatal(err)
		}
		each(cols[0], cols[1], raw)
	}
}

// suspects are what we say of the findings that the index suspects, in the same order of
// members. Where we say less than the index, the reason stands beside it.
var suspects = map[string]string{
	"asr-py__test_send_notifications__01": "data should have required property 'SchemaVersion', data should have required property 'ProductArn', " +
		"data should have required property 'CreatedAt', data should have required property 'UpdatedAt', " +
		"data.ProductFields should NOT have fewer than 1 properties, " +
		"data should have required property 'FindingProviderFields', data should match some schema in anyOf",
	"asr-ts__findingEventNormalizer.test__01": "data should have required property 'Description', data.ProductArn should NOT be shorter than 12 characters",
	"asr-ts__metricsUtils.test__01":           "data should have required property 'Description'",
	"asr-ts__securityHub.test__01":            missingMany,
	"asr-ts__securityHub.test__02":            missingMany,
	"asr__CIS-bad__01":                        "data should have required property 'GeneratorId'",
	"awscli__get-findings__01":                "data.FindingProviderFields.Severity.Original should be string, data.Severity.Original should be string",
	"awslabs-mcp__conftest__01":               "data should have required property 'SchemaVersion'",
	"electriceye__OUTPUTS__01":                "data.FirstObservedAt " + timePattern + ", data.ProductFields['AssetDetails'] should be string",
	"electriceye__OUTPUTS__02": "data.ProductFields['AssetDetails'] should be string, " +
		"data.Resources[0].Partition should be equal to one of the allowed values",
	// Unknown members are kept (decision 6).
	"electriceye__OUTPUTS__03": "data should have required property 'Resources', data.Types should be array, data.ProductFields should be object, " +
		"data should have required property 'FindingProviderFields', data should match some schema in anyOf",
	// The index also minds an empty value in Details.Other, which decision 7 allows.
	"electriceye__OUTPUTS__04":             "data.Resources[0].Partition should be equal to one of the allowed values",
	"jira__custom_notified_existing__01":   "data.WorkflowState should be equal to one of the allowed values",
	"jira__imported_archived_existing__01": "data.WorkflowState should be equal to one of the allowed values",
	// The index counts an empty list of Types as none; the model sets no lower bound.
	"prowler__reporting__01": "data.AwsAccountId should NOT be shorter than 12 characters",
}

const missingMany = "data should have required property 'SchemaVersion', data should have required property 'CreatedAt', " +
	"data should have required property 'UpdatedAt', data should have required property 'Resources', " +
	"data should have required property 'FindingProviderFields', data should match some schema in anyOf"

// TestCorpus: every clean finding passes, strictly too; every suspect one is told why.
func TestCorpus(t *testing.T) {
	t.Parallel()
	clean := 0
	corpus(t, func(name, verdict string, raw []byte) {
		want := suspects[name]
		strict := want
		switch {
		case verdict == "clean":
			clean++
		case verdict == "unknown-members-only":
			strict = "data.FindingProviderFields.Severity.Normalized should NOT have additional properties"
		case strings.HasPrefix(name, "panther__"):
			// Times with a blank instead of T, and a member that the schema does not know.
			want = "data.CreatedAt " + timePattern + ", data.UpdatedAt " + timePattern
			strict = "data.CreatedAt " + timePattern + ", data.FindingProviderFields.Severity.Normalized should NOT have additional properties" +
				", data.UpdatedAt " + timePattern
		case name == "splunk__aws_security_hub__01":
			if _, _, err := new(Validator).Check(raw); err == nil {
				t.Errorf("%s: control characters in strings are JSON", name)
			}
			return
		case want == "":
			t.Errorf("%s is suspect and we do not say why", name)
		}
		if got := sentences(check(t, new(Validator), raw)); got != want {
			t.Errorf("%s, %s: %s", name, verdict, got)
		}
		if got := sentences(check(t, &Validator{Strict: true}, raw)); got != strict && name != "electriceye__OUTPUTS__03" {
			t.Errorf("%s, %s, strictly: %s", name, verdict, got)
		}
	})
	if clean < 150 {
		t.Errorf("only %d clean findings", clean)
	}
}

// TestCorpusKept: Check loses nothing and changes nothing that Parse keeps.
func TestCorpusKept(t *testing.T) {
	t.Parallel()
	corpus(t, func(name, verdict string, raw []byte) {
		f, _, err := new(Validator).Check(raw)
		parsed, parseErr := Parse(raw)
		if (err == nil) != (parseErr == nil) || !bytes.Equal(f.AppendJSON(nil), parsed.AppendJSON(nil)) {
			t.Errorf("%s: %v, %v", name, err, parseErr)
		}
		if arn := f.Text("ProductArn"); verdict == "clean" {
			if p, err := ParseProductArn(arn); err != nil || p.String() != arn {
				t.Errorf("%s: %v", name, err)
			}
		}
		for _, member := range []string{"CreatedAt", "UpdatedAt"} {
			if _, err := ParseTime(f.Text(member)); verdict == "clean" && err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// TestCorpusNames: the names that real findings carry are those that the ARN gives (decision 26).
func TestCorpusNames(t *testing.T) {
	t.Parallel()
	compared := 0
	corpus(t, func(name, _ string, raw []byte) {
		f, err := Parse(raw)
		if err != nil {
			return
		}
		arn, err := ParseProductArn(f.Text("ProductArn"))
		fields, fieldsErr := split(f.Get("ProductFields"))
		if err != nil || fieldsErr != nil || fields.Get("aws/securityhub/ProductName") == nil {
			return
		}
		compared++
		product, company := arn.Names()
		if got := fields.Text("aws/securityhub/ProductName"); got != product {
			t.Errorf("%s: product %s, we say %s", name, got, product)
		}
		if got := fields.Text("aws/securityhub/CompanyName"); got != company {
			t.Errorf("%s: company %s, we say %s", name, got, company)
		}
	})
	if compared < 100 {
		t.Errorf("only %d findings carry names", compared)
	}
}
