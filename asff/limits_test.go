package asff

import (
	"fmt"
	"strings"
	"testing"
)

// textLimits are the lengths of behaviour.md section 7, copied by hand from its tables
// so that a slip in the generator's table shows.
var textLimits = []struct {
	path     string
	low, max int
}{
	{"Id", 1, 512}, {"ProductArn", 12, 2048}, {"ProductName", 1, 128}, {"CompanyName", 1, 128}, {"Region", 1, 16},
	{"GeneratorId", 1, 512}, {"Title", 1, 256}, {"Description", 1, 1024}, {"AwsAccountName", 1, 50},
	{"ProductFields.k", 0, 2048}, {"UserDefinedFields.k", 1, 1024},
	{"FindingProviderFields.Severity.Original", 1, 64}, {"Severity.Original", 1, 64},
	{"Note.Text", 1, 512}, {"Note.UpdatedBy", 1, 512},
	{"Resources[0].Type", 1, 256}, {"Resources[0].Id", 1, 512}, {"Resources[0].Region", 1, 16},
	{"Resources[0].Tags.k", 1, 256}, {"Resources[0].Details.Other.k", 0, 1024},
	{"Resources[0].Details.Container.Name", 1, 128}, {"Resources[0].Details.Container.ImageId", 1, 128},
	{"Resources[0].Details.Container.ImageName", 1, 128},
	{"Remediation.Recommendation.Text", 1, 512},
	{"Malware[0].Name", 1, 64}, {"Malware[0].Path", 1, 512},
	{"Network.Protocol", 1, 16}, {"Network.SourceDomain", 1, 128}, {"Network.DestinationDomain", 1, 128},
	{"NetworkPath[0].ComponentId", 1, 32}, {"NetworkPath[0].ComponentType", 1, 32},
	{"NetworkPath[0].Egress.Protocol", 1, 16}, {"NetworkPath[0].Ingress.Protocol", 1, 16},
	{"Process.Name", 1, 64}, {"Process.Path", 1, 512},
	{"ThreatIntelIndicators[0].Value", 1, 512}, {"ThreatIntelIndicators[0].Source", 1, 64},
	{"Threats[0].Name", 1, 128}, {"Threats[0].Severity", 1, 128},
	{"Threats[0].FilePaths[0].FilePath", 1, 128}, {"Threats[0].FilePaths[0].FileName", 1, 128},
	{"Threats[0].FilePaths[0].ResourceId", 1, 128}, {"Threats[0].FilePaths[0].Hash", 1, 128},
	{"Vulnerabilities[0].Id", 1, 32}, {"Vulnerabilities[0].Vendor.Name", 1, 32}, {"Vulnerabilities[0].Vendor.VendorSeverity", 1, 32},
	{"PatchSummary.Id", 1, 256}, {"PatchSummary.Operation", 1, 256},
	{"RelatedFindings[0].Id", 1, 512},
	{"Action.AwsApiCallAction.Api", 1, 128}, {"Action.AwsApiCallAction.ServiceName", 1, 128},
	{"Action.DnsRequestAction.Domain", 1, 128}, {"Action.DnsRequestAction.Protocol", 1, 64},
	{"Action.NetworkConnectionAction.Protocol", 1, 64},
	{"SourceUrl", 1, 32767}, {"Resources[0].ApplicationName", 1, 32767},
}

// company are the members that the objects on a path need besides.
var company = map[string][]any{
	"Note":            {"Note.Text", "n", "Note.UpdatedBy", "u", "Note.UpdatedAt", "2024-01-01T00:00:00Z"},
	"Malware":         {"Malware[0].Name", "m"},
	"PatchSummary":    {"PatchSummary.Id", "p"},
	"RelatedFindings": {"RelatedFindings[0].Id", "r", "RelatedFindings[0].ProductArn", "arn:aws:x"},
	"Vulnerabilities": {"Vulnerabilities[0].Id", "CVE-1", "Vulnerabilities[0].Vendor.Name", "v"},
	"Detection":       {"Detection.Sequence.Uid", "u"},
}

// around is goodFinding with a value at a path and all that the path's objects need.
func around(t *testing.T, path string, value any) []byte {
	head, _, _ := strings.Cut(path, ".")
	head, _, _ = strings.Cut(head, "[")
	return edited(t, append(append([]any{}, company[head]...), path, value)...)
}

// printed is how the service prints a path of this test.
func printed(path string) string {
	if free, ok := strings.CutSuffix(path, ".k"); ok {
		path = free + "['k']"
	}
	return "data." + path
}

func TestTextLimits(t *testing.T) {
	t.Parallel()
	for _, c := range textLimits {
		for _, letter := range []string{"x", "é", "😀"} {
			if c.max > 30000 && letter != "x" {
				continue // there the bytes are bounded
			}
			for n, want := range map[int]string{
				c.low:     "",
				c.max:     "",
				c.max + 1: printed(c.path) + fmt.Sprintf(" should NOT be longer than %d characters", c.max),
				c.low - 1: printed(c.path) + fmt.Sprintf(" should NOT be shorter than %d characters", c.low),
			} {
				if n < 0 {
					continue
				}
				if n > 30000 && want != "" {
					want = problemField.Text
				}
				got := sentences(check(t, new(Validator), around(t, c.path, strings.Repeat(letter, n))))
				if got != want {
					t.Errorf("%s with %d of %s: %q, want %q", c.path, n, letter, got, want)
				}
			}
		}
	}
}

// TestCountLimits: how many items and pairs section 7 allows.
func TestCountLimits(t *testing.T) {
	t.Parallel()
	indicator := map[string]any{"Value": "v"}
	resource := map[string]any{"Type": "t", "Id": "i"}
	related := map[string]any{"ProductArn": "p", "Id": "i"}
	signal := map[string]any{"Type": "t"}
	for _, c := range []struct {
		path     string
		low, max int
		item     any // nil for a map
	}{
		{"Types", 0, 50, "a"}, {"FindingProviderFields.Types", 0, 50, "a"},
		{"Malware", 0, 5, map[string]any{"Name": "m"}}, {"Threats", 1, 32, map[string]any{}},
		{"ThreatIntelIndicators", 1, 5, indicator}, {"Resources", 1, 32, resource},
		{"RelatedFindings", 1, 10, related}, {"FindingProviderFields.RelatedFindings", 1, 10, related},
		{"Compliance.RelatedRequirements", 0, 32, "r"}, {"Compliance.AssociatedStandards", 0, 20, map[string]any{}},
		{"Threats[0].FilePaths", 1, 5, map[string]any{}}, {"GeneratorDetails.Labels", 0, 10, "l"},
		{"Detection.Sequence.Actors", 0, 10, map[string]any{}}, {"Detection.Sequence.Endpoints", 0, 10, map[string]any{}},
		{"Detection.Sequence.Signals", 1, 100, signal}, {"Detection.Sequence.SequenceIndicators", 0, 100, map[string]any{"Key": "k"}},
		{"ProductFields", 1, 50, nil}, {"UserDefinedFields", 1, 50, nil}, {"Resources[0].Tags", 1, 50, nil},
		{"Resources[0].Details.Other", 1, 50, nil},
	} {
		unit, many := "items", func(n int) any { return items(n, c.item) }
		if c.item == nil {
			unit, many = "properties", func(n int) any { return pairs(n) }
		}
		for n, want := range map[int]string{
			c.low:     "",
			c.max:     "",
			c.low - 1: fmt.Sprintf("data.%s should NOT have fewer than %d %s", c.path, c.low, unit),
			c.max + 1: fmt.Sprintf("data.%s should NOT have more than %d %s", c.path, c.max, unit),
		} {
			if n < 0 {
				continue
			}
			if got := sentences(check(t, new(Validator), around(t, c.path, many(n)))); got != want {
				t.Errorf("%s with %d: %q, want %q", c.path, n, got, want)
			}
		}
	}
}

// TestNameLimits: how long names in maps may be.
func TestNameLimits(t *testing.T) {
	t.Parallel()
	for path, high := range map[string]int{
		"ProductFields": 128, "UserDefinedFields": 128, "Resources[0].Tags": 128, "Resources[0].Details.Other": 127,
	} {
		long := strings.Repeat("k", high)
		if got := sentences(check(t, new(Validator), edited(t, path, map[string]any{long: "v"}))); got != "" {
			t.Errorf("%s: %s", path, got)
		}
		want := "data." + path + " property name '" + long + "k' is invalid"
		if got := sentences(check(t, new(Validator), edited(t, path, map[string]any{long + "k": "v"}))); got != want {
			t.Errorf("%s: %s", path, got)
		}
	}
}

// TestNumberLimits: the ranges of section 7.
func TestNumberLimits(t *testing.T) {
	t.Parallel()
	limits := map[string]int{
		"Confidence": 100, "Criticality": 100, "FindingProviderFields.Confidence": 100, "FindingProviderFields.Criticality": 100,
		"Severity.Normalized": 100, "Network.SourcePort": 65535, "Network.DestinationPort": 65535,
	}
	for _, name := range []string{"Installed", "Missing", "Failed", "InstalledOther", "InstalledRejected"} {
		limits["PatchSummary."+name+"Count"] = 100000
	}
	limits["PatchSummary.InstalledPendingReboot"] = 100000
	for path, high := range limits {
		for n, want := range map[int]string{
			0: "", high: "", -1: "data." + path + " should be >= 0",
			high + 1: fmt.Sprintf("data.%s should be <= %d", path, high),
		} {
			if got := sentences(check(t, new(Validator), around(t, path, n))); got != want {
				t.Errorf("%s = %d: %q, want %q", path, n, got, want)
			}
		}
	}
}

// TestTimes: section 7 gives these members the format of a timestamp.
func TestTimes(t *testing.T) {
	t.Parallel()
	for _, path := range []string{
		"FirstObservedAt", "LastObservedAt", "CreatedAt", "UpdatedAt", "ProcessedAt", "Note.UpdatedAt",
		"Resources[0].Details.Container.LaunchedAt", "Process.LaunchedAt", "Process.TerminatedAt",
		"ThreatIntelIndicators[0].LastObservedAt", "Vulnerabilities[0].Vendor.VendorCreatedAt",
		"Vulnerabilities[0].Vendor.VendorUpdatedAt", "Vulnerabilities[0].LastKnownExploitAt",
		"PatchSummary.OperationStartTime", "PatchSummary.OperationEndTime",
		"Action.AwsApiCallAction.FirstSeen", "Action.AwsApiCallAction.LastSeen",
	} {
		for value, want := range map[string]string{
			"2024-02-29T23:59:60.5+01:30": "", "2024-02-30T00:00:00Z": "data." + path + " " + timePattern,
		} {
			if got := sentences(check(t, new(Validator), around(t, path, value))); got != want {
				t.Errorf("%s = %s: %q", path, value, got)
			}
		}
	}
}

// TestEnums: the values that section 7 lists for members that the model leaves open.
func TestEnums(t *testing.T) {
	t.Parallel()
	for path, values := range map[string][]string{
		"SchemaVersion":                                      {"2018-10-08"},
		"Resources[0].ResourceRole":                          {"Actor", "Target", "target", "ACTOR"},
		"Action.ActionType":                                  {"NETWORK_CONNECTION", "AWS_API_CALL", "DNS_REQUEST", "PORT_PROBE"},
		"PatchSummary.RebootOption":                          {"NoReboot", "RebootIfNeeded"},
		"VerificationState":                                  {"UNKNOWN", "TRUE_POSITIVE", "FALSE_POSITIVE", "BENIGN_POSITIVE"},
		"WorkflowState":                                      {"NEW", "ASSIGNED", "IN_PROGRESS", "DEFERRED", "RESOLVED"},
		"Workflow.Status":                                    {"NEW", "NOTIFIED", "RESOLVED", "SUPPRESSED"},
		"Compliance.Status":                                  {"PASSED", "WARNING", "FAILED", "NOT_AVAILABLE"},
		"Network.Direction":                                  {"IN", "OUT"},
		"Resources[0].Partition":                             {"aws", "aws-cn", "aws-us-gov"},
		"Severity.Label":                                     {"INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"},
		"Malware[0].State":                                   {"OBSERVED", "REMOVAL_FAILED", "REMOVED"},
		"Vulnerabilities[0].FixAvailable":                    {"YES", "NO", "PARTIAL"},
		"Action.AwsApiCallAction.CallerType":                 {"domain", "remoteIp"},
		"Action.NetworkConnectionAction.ConnectionDirection": {"IN", "OUT", "INBOUND", "OUTBOUND"},
	} {
		for _, value := range values {
			if got := sentences(check(t, new(Validator), around(t, path, value))); got != "" {
				t.Errorf("%s = %s: %s", path, value, got)
			}
			want := "data." + path + " should be equal to one of the allowed values"
			if got := sentences(check(t, new(Validator), around(t, path, value+"x"))); got != want {
				t.Errorf("%s = %sx: %q", path, value, got)
			}
		}
	}
}
