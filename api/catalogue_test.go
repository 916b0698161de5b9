package api

import "testing"

// TestOperations: the API has 109 operations, and every one that is built is among them.
func TestOperations(t *testing.T) {
	t.Parallel()
	count := 0
	for _, op := range Operations() {
		if op.Built {
			count++
		}
	}
	if n := len(Operations()); n != 109 || count != len(built) {
		t.Errorf("%d operations, %d of them built; want 109 and %d", n, count, len(built))
	}
}
