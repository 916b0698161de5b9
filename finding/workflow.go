package finding

import (
	"github.com/findinghub/findinghub/asff"
	"github.com/go-json-experiment/json/jsontext"
)

// The values that the workflow rules look at.
const (
	stateActive   = "ACTIVE"
	stateArchived = "ARCHIVED"

	statusNew        = "NEW"
	statusNotified   = "NOTIFIED"
	statusResolved   = "RESOLVED"
	statusSuppressed = "SUPPRESSED"

	compliancePassed = "PASSED"
)

// decideWorkflow sets Workflow: what was sent for a new finding (decision 29), the
// customer's for an existing one, NEW where neither says anything; then the automatic
// changes of behaviour.md section 2.1.
func (m *merge) decideWorkflow() {
	workflow := m.f.Get("Workflow")
	if m.old != nil {
		workflow = m.was.Get("Workflow")
	}
	m.f.Set("Workflow", m.text.workflow(workflow, m.was, m.f, importStatus))
}

// rule gives the workflow status of a finding that goes from one state to another.
type rule func(status string, was, is asff.Finding) string

// workflow makes a Workflow with the status that a rule gives it.
func (s *scratch) workflow(v jsontext.Value, was, is asff.Finding, next rule) jsontext.Value {
	status := string(bare(get(v, "Status")))
	to := next(status, was, is)
	if to == status {
		return v
	}
	return s.with(v, asff.Member{Name: "Status", Value: s.text(to)})
}

// importStatus is resetStatus and the resolution of a passing control, which comes last:
// it holds for every import that says PASSED. SUPPRESSED withstands it too.
func importStatus(status string, was, is asff.Finding) string {
	status = resetStatus(status, was, is)
	if status != statusSuppressed && compliance(is) == compliancePassed && isControl(is) {
		return statusResolved
	}
	return status
}

// resetStatus gives the workflow status after a change of record state or compliance;
// a finding without one is new. SUPPRESSED is the customer's last word and stays
// (decision 12).
func resetStatus(status string, was, is asff.Finding) string {
	switch status {
	case "":
		return statusNew
	case statusNotified, statusResolved:
		if reopened(was, is) || failsAgain(was, is) {
			return statusNew
		}
	}
	return status
}

func reopened(was, is asff.Finding) bool {
	return recordState(was) == stateArchived && recordState(is) == stateActive
}

// failsAgain is PASSED turning into any other status. A Compliance that is gone says
// nothing and is no failure.
func failsAgain(was, is asff.Finding) bool {
	if compliance(was) != compliancePassed {
		return false
	}
	switch compliance(is) {
	case "FAILED", "WARNING", "NOT_AVAILABLE":
		return true
	}
	return false
}

func recordState(f asff.Finding) string { return string(bare(f.Get("RecordState"))) }

func compliance(f asff.Finding) string { return string(bare(get(f.Get("Compliance"), "Status"))) }
