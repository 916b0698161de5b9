package hub

import (
	"fmt"
	"sync"
	"testing"

	"github.com/findinghub/findinghub"
)

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
