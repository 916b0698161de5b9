package hub

import (
	"maps"
	"testing"
)

// A tag comes, changes and goes, on each kind of resource that has tags.
func TestUntagResource(t *testing.T) {
	t.Parallel()
	for _, arn := range []string{hubARN(alice), own(alice, kindSubscription, "prowler/prowler").String()} {
		r := newRig(t)
		if got := r.tagsOf(t, arn); got == nil || len(got) != 0 {
			t.Errorf("%s: at first %v", arn, got)
		}
		ok(t, r.TagResource(t.Context(), alice, TagResourceInput{ResourceArn: arn, Tags: map[string]string{"Area": "Midwest", "Department": "Ops"}}))
		ok(t, r.TagResource(t.Context(), alice, TagResourceInput{ResourceArn: arn, Tags: map[string]string{"Area": "East", "Empty": ""}}))
		ok(t, r.UntagResource(t.Context(), alice, UntagResourceInput{ResourceArn: arn, TagKeys: []string{"Department", "Never"}}))
		if got := r.tagsOf(t, arn); !maps.Equal(got, map[string]string{"Area": "East", "Empty": ""}) {
			t.Errorf("%s: in the end %v", arn, got)
		}
	}
}
