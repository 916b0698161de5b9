package asff

// SeverityLabel gives the label for a normalized severity (behaviour.md section 2.2),
// "" for numbers outside 0-100.
func SeverityLabel(normalized int) string {
	switch {
	case normalized < 0 || normalized > 100:
		return ""
	case normalized == 0:
		return "INFORMATIONAL"
	case normalized < 40:
		return "LOW"
	case normalized < 70:
		return "MEDIUM"
	case normalized < 90:
		return "HIGH"
	}
	return "CRITICAL"
}

// SeverityNormalized gives the normalized severity that the service sets for a label,
// the lowest of the label's range; ok is false for a label that does not exist. It
// orders labels by rank too.
func SeverityNormalized(label string) (normalized int, ok bool) {
	switch label {
	case "INFORMATIONAL":
		return 0, true
	case "LOW":
		return 1, true
	case "MEDIUM":
		return 40, true
	case "HIGH":
		return 70, true
	case "CRITICAL":
		return 90, true
	}
	return 0, false
}
