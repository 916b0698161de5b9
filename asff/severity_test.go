package asff

import "testing"

// TestSeverity is the table of behaviour.md section 2.2, both ways.
func TestSeverity(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{
		-1: "", 0: "INFORMATIONAL", 1: "LOW", 39: "LOW", 40: "MEDIUM", 69: "MEDIUM", 70: "HIGH", 89: "HIGH",
		90: "CRITICAL", 100: "CRITICAL", 101: "",
	} {
		if got := SeverityLabel(n); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
	for label, want := range map[string]int{"INFORMATIONAL": 0, "LOW": 1, "MEDIUM": 40, "HIGH": 70, "CRITICAL": 90} {
		got, ok := SeverityNormalized(label)
		if !ok || got != want || SeverityLabel(got) != label {
			t.Errorf("%s is %d, %v, and back %s", label, got, ok, SeverityLabel(got))
		}
	}
	for _, label := range []string{"", "low", "URGENT"} {
		if n, ok := SeverityNormalized(label); ok {
			t.Errorf("%q is %d", label, n)
		}
	}
}
