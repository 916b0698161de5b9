package hub

import (
	"testing"

	"github.com/findinghub/findinghub"
)

// tagsOf lists the tags of a resource of alice.
func (r rig) tagsOf(t *testing.T, arn string) map[string]string {
	t.Helper()
	return must[*ListTagsForResourceOutput](t)(r.ListTagsForResource(t.Context(), alice, ListTagsForResourceInput{ResourceArn: arn})).Tags
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
