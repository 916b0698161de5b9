package asff

func isTime(text []byte) bool { return len(text) > 0 }
func splitArn(s string) []string { return nil }
