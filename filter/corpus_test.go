package filter_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/findinghub/findinghub/filter"
	"github.com/go-json-experiment/json/jsontext"
)

// On findings of real products Extract gives what decoding them whole gives.
func TestExtractOnTheCorpus(t *testing.T) {
	t.Parallel()
	reached := map[filter.Attribute]bool{}
	for _, f := range corpus(t) {
		got, want := filter.Extract(f, nil), decodeAll(t, f)
		slices.SortStableFunc(got, byKey)
		slices.SortStableFunc(want, byKey)
		if show(got) != show(want) {
			t.Errorf("values of %s:\n got %s\nwant %s", f.Text("Id"), show(got), show(want))
		}
		for _, v := range got {
			reached[v.Attribute] = true
		}
	}
	for _, a := range []filter.Attribute{filter.SeverityLabel, filter.WorkflowStatus, filter.ResourceTags, filter.ProductFields,
		filter.ResourceDetailsOther, filter.ComplianceStatus, filter.RecommendationText, filter.ResourceAwsEc2InstanceVpcId} {
		if !reached[a] {
			t.Errorf("no finding has a value for %s: is the corpus whole?", a)
		}
	}
}

// A finding is found by what it says: each of its values, asked for as a request would,
// selects it, and excluding the value excludes it.
func TestCorpusIsFoundByItsValues(t *testing.T) {
	t.Parallel()
	asked := map[string]bool{}
	for _, f := range corpus(t) {
		values := filter.Extract(f, nil)
		for _, v := range values {
			text := string(v.Text)
			if filter.Attributes[v.Attribute].Kind != filter.KindString || strings.TrimSpace(text) == "" || asked[v.Attribute.String()+text] {
				continue
			}
			asked[v.Attribute.String()+text] = true
			for comparison, want := range map[string]bool{"EQUALS": true, "PREFIX": true, "CONTAINS": true, "NOT_EQUALS": false, "PREFIX_NOT_EQUALS": false, "NOT_CONTAINS": false} {
				quoted, _ := jsontext.AppendQuote(nil, text)
				e := parse(t, v.Attribute.String(), `{"Comparison":"`+comparison+`","Value":`+string(quoted)+`}`)
				if filter.Match(e, values) != want {
					t.Errorf("%s of %s: %v", e, f.Text("Id"), !want)
				}
			}
		}
	}
}
