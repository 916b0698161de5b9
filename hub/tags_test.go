package hub

import (
	"fmt"
	"maps"
	"sync"
	"testing"

	"github.com/findinghub/findinghub"
)

// tagsOf lists the tags of a resource of alice.
func (r rig) tagsOf(t *testing.T, arn string) map[string]string {
	t.Helper()
	return must[*ListTagsForResourceOutput](t)(r.ListTagsForResource(t.Context(), alice, ListTagsForResourceInput{ResourceArn: arn})).Tags
}

func TestTags(t *testing.T) {
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

func TestTagsOfWhatIsNotThere(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	tests := []struct{ arn, code string }{
		{"hub/default", findinghub.CodeInvalidInput},
		{hubARN(bob), findinghub.CodeResourceNotFound},
		{own(bob, kindSubscription, "prowler/prowler").String(), findinghub.CodeResourceNotFound},
		{own(alice, kindSubscription, "222222222222/default").String(), findinghub.CodeResourceNotFound},
		{own(alice, "insight", "1/custom/2").String(), findinghub.CodeResourceNotFound},
		{prowler, findinghub.CodeResourceNotFound},
	}
	for _, tt := range tests {
		err := r.TagResource(t.Context(), alice, TagResourceInput{ResourceArn: tt.arn, Tags: map[string]string{"k": "v"}})
		wantError(t, err, tt.code, tt.arn)
		err = r.UntagResource(t.Context(), alice, UntagResourceInput{ResourceArn: tt.arn, TagKeys: []string{"k"}})
		wantError(t, err, tt.code, tt.arn)
		_, err = r.ListTagsForResource(t.Context(), alice, ListTagsForResourceInput{ResourceArn: tt.arn})
		wantError(t, err, tt.code, tt.arn)
	}
}

// A resource has at most 50 tags (behaviour.md section 5.10).
func TestTagLimit(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	tags := map[string]string{}
	for i := range 49 {
		tags[fmt.Sprint("k", i)] = "v"
	}
	ok(t, r.TagResource(t.Context(), alice, TagResourceInput{ResourceArn: hubARN(alice), Tags: tags}))
	two := map[string]string{"k0": "w", "x": "v", "y": "v"}
	err := r.TagResource(t.Context(), alice, TagResourceInput{ResourceArn: hubARN(alice), Tags: two})
	wantError(t, err, findinghub.CodeInvalidInput, "50")
	if got := r.tagsOf(t, hubARN(alice)); len(got) != 49 || got["k0"] != "v" {
		t.Errorf("a refused request changed something: %d tags, k0 %q", len(got), got["k0"])
	}
	ok(t, r.TagResource(t.Context(), alice, TagResourceInput{ResourceArn: hubARN(alice), Tags: map[string]string{"k0": "w", "x": "v"}}))
}

// Nothing that was accepted is lost, also when many tag the same resource at once.
func TestTagsFromManySides(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			if err := r.TagResource(t.Context(), alice, TagResourceInput{ResourceArn: hubARN(alice), Tags: map[string]string{fmt.Sprint("k", i): "v"}}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := r.tagsOf(t, hubARN(alice)); len(got) != 20 {
		t.Errorf("got %d tags, want 20", len(got))
	}
}
