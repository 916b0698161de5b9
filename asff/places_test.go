package asff

import (
	"fmt"
	"strings"
	"testing"
)

// Past manyMembers another way of finding members takes over; it must keep the same rule:
// the last value of a name, at the first one's place.
func TestManyMembers(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"Title":"first"`)
	for i := range 3 * manyMembers {
		fmt.Fprintf(&b, `,"x%d":%d`, i, i)
	}
	b.WriteString(`,"Id":"late","x1":"again","Title":"second","Id":"later"}`)
	parsed, err := Parse([]byte(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	checked, _, err := new(Validator).Check([]byte(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string]Finding{"Parse": parsed, "Check": checked} {
		if len(f) != 3*manyMembers+2 {
			t.Errorf("%s: %d members, want %d: a name counts once", name, len(f), 3*manyMembers+2)
		}
		if f[0].Name != "Title" || f.Text("Title") != "second" || f.Text("x1") != "again" || f.Text("Id") != "later" {
			t.Errorf("%s: %s Title %q, x1 %q, Id %q", name, f[0].Name, f.Text("Title"), f.Text("x1"), f.Text("Id"))
		}
	}
}
