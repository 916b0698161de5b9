package hub

import (
	"slices"
	"strings"
	"testing"

	"github.com/findinghub/findinghub/asff"
)

// The catalogue is searched by halving, so it must be in order; each line must make an ARN.
func TestCatalogue(t *testing.T) {
	t.Parallel()
	if !slices.IsSortedFunc(catalogue, func(a, b entry) int { return strings.Compare(a.name, b.name) }) {
		t.Error("the catalogue is not sorted by name")
	}
	for i, e := range catalogue {
		if i > 0 && catalogue[i-1].name == e.name {
			t.Errorf("%s stands twice", e.name)
		}
		if _, err := asff.ParseProductArn(e.arn("us-east-1").String()); err != nil {
			t.Errorf("%s: %v", e.name, err)
		}
		if got, ok := catalogued(e.name); !ok || got != e {
			t.Errorf("%s is not found", e.name)
		}
		if e.flows == 0 || e.category == "" {
			t.Errorf("%s lacks facts", e.name)
		}
		// A name for people that equals the ARN's words need not be in the table.
		if p, c := (entry{name: e.name}).names(); p == e.product || c == e.company {
			t.Errorf("%s repeats what its name says", e.name)
		}
	}
	if _, ok := catalogued("nobody/nothing"); ok {
		t.Error("found a product that nobody makes")
	}
}
