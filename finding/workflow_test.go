package finding

import (
	"fmt"
	"slices"
	"testing"

	"github.com/findinghub/findinghub/asff"
)

// TestWorkflowResets checks every move of record state and compliance from every status
// against the sentences of behaviour.md section 2.1 and decision 12, for an import.
func TestWorkflowResets(t *testing.T) {
	t.Parallel()
	records := []string{stateActive, stateArchived}
	compliances := []string{"", "PASSED", "FAILED", "WARNING", "NOT_AVAILABLE"}
	for _, arn := range []string{product, control} {
		for _, status := range []string{"NEW", "NOTIFIED", "RESOLVED", "SUPPRESSED"} {
			for _, r0 := range records {
				for _, r1 := range records {
					for _, c0 := range compliances {
						for _, c1 := range compliances {
							got := importedStatus(t, arn, status, [2]string{r0, c0}, [2]string{r1, c1})
							if w := expectedStatus(arn, status, r0, r1, c0, c1); got != w {
								t.Errorf("%s: %s, %s %s -> %s %s: status %s, want %s", arn, status, r0, c0, r1, c1, got, w)
							}
						}
					}
				}
			}
		}
	}
}

func importedStatus(t *testing.T, arn, status string, before, after [2]string) string {
	t.Helper()
	at := func(hour string, s [2]string) asff.Finding {
		f := having(base(hour), `ProductArn: "`+arn+`"`, `RecordState: "`+s[0]+`"`)
		if s[1] != "" {
			f = having(f, `Compliance: {"Status":"`+s[1]+`"}`)
		}
		return f
	}
	old := mustImport(t, nil, at("01", before), arrival(noon))
	out := mustUpdate(t, old, Update{Workflow: fmt.Appendf(nil, `{"Status":%q}`, status)})
	s := mustImport(t, &out.Stored, at("02", after), arrival(one))
	return asff.Unquote(get(s.Finding.Get("Workflow"), "Status"))
}

// expectedStatus says the rules in the order of the sentences that state them.
func expectedStatus(arn, status, r0, r1, c0, c1 string) string {
	if status == "SUPPRESSED" {
		return status
	}
	if arn == control && c1 == "PASSED" {
		return "RESOLVED"
	}
	back := r0 == "ARCHIVED" && r1 == "ACTIVE"
	fails := c0 == "PASSED" && slices.Contains([]string{"FAILED", "WARNING", "NOT_AVAILABLE"}, c1)
	if back || fails {
		return "NEW"
	}
	return status
}

// A reset changes the status and nothing else of Workflow, and is in the history.
func TestWorkflowResetIsRecorded(t *testing.T) {
	t.Parallel()
	old := mustImport(t, nil, having(base("01"), `RecordState: "ARCHIVED"`, `Workflow: {"By":"x","Status":"RESOLVED"}`), arrival(noon))
	out := tryImport(t, old, base("02"), arrival(one))
	want(t, out.Stored.Finding, `Workflow: {"By":"x","Status":"NEW"}`)
	expectUpdates(t, out.Change,
		FieldUpdate{"RecordState", "ARCHIVED", "ACTIVE"}, FieldUpdate{"Workflow.Status", "RESOLVED", "NEW"})
}

func TestIsControl(t *testing.T) {
	t.Parallel()
	for arn, w := range map[string]bool{
		control: true,
		"arn:aws-us-gov:securityhub:us-gov-west-1::product/aws/securityhub": true,
		product: false,
		"arn:aws:securityhub:eu-west-1::product/aws/guardduty":                      false,
		"arn:aws:securityhub:eu-west-1:123456789012:product/laws/securityhub":       false,
		"arn:aws:securityhub:eu-west-1:123456789012:product/123456789012/default":   false,
		"arn:aws:securityhub:eu-west-1::product/aws/securityhub-something-else/etc": false,
	} {
		f := having(base("01"), `ProductArn: "`+arn+`"`)
		if isControl(f) != w {
			t.Errorf("isControl(%s) is %t", arn, !w)
		}
	}
}
