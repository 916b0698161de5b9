package hub

import (
	"maps"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/findinghub/findinghub"
)

func TestEnableSecurityHub(t *testing.T) {
	t.Parallel()
	for name, dev := range map[string]bool{"dev": true, "guarded": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, func(c *Config) { c.Dev = dev })
			r.clock.advance(time.Hour)
			standards := false
			ok(t, r.EnableSecurityHub(t.Context(), alice, EnableSecurityHubInput{
				ControlFindingGenerator: "STANDARD_CONTROL", EnableDefaultStandards: &standards, Tags: map[string]string{"Department": "Security"},
			}))
			got := must[*DescribeHubOutput](t)(r.DescribeHub(t.Context(), alice, DescribeHubInput{}))
			want := &DescribeHubOutput{
				HubArn: "arn:aws:securityhub:us-east-1:111111111111:hub/default", SubscribedAt: "2026-01-02T04:04:05.000Z",
				AutoEnableControls: true, ControlFindingGenerator: "STANDARD_CONTROL",
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got %+v, want %+v", got, want)
			}
			tags := must[*ListTagsForResourceOutput](t)(r.ListTagsForResource(t.Context(), alice, ListTagsForResourceInput{ResourceArn: got.HubArn}))
			if tags.Tags["Department"] != "Security" {
				t.Errorf("got tags %v", tags.Tags)
			}
			// behaviour.md section 5.6: the words that clients look for.
			err := r.EnableSecurityHub(t.Context(), alice, EnableSecurityHubInput{})
			wantError(t, err, findinghub.CodeResourceConflict, "Account is already subscribed to Security Hub")
		})
	}
}

// The generator of a hub that does not ask for one (behaviour.md section 5.6).
func TestEnableSecurityHubDefaults(t *testing.T) {
	t.Parallel()
	r := newRig(t, guarded)
	ok(t, r.EnableSecurityHub(t.Context(), alice, EnableSecurityHubInput{}))
	got := must[*DescribeHubOutput](t)(r.DescribeHub(t.Context(), alice, DescribeHubInput{}))
	if got.ControlFindingGenerator != "SECURITY_CONTROL" || !got.AutoEnableControls {
		t.Errorf("got %+v", got)
	}
}

// Nothing that was accepted is lost: tags of an implicit hub survive its being asked for.
func TestEnableSecurityHubKeepsTags(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ok(t, r.TagResource(t.Context(), alice, TagResourceInput{ResourceArn: hubARN(alice), Tags: map[string]string{"a": "1", "b": "1"}}))
	ok(t, r.EnableSecurityHub(t.Context(), alice, EnableSecurityHubInput{Tags: map[string]string{"b": "2", "c": "2"}}))
	if got := r.tagsOf(t, hubARN(alice)); !maps.Equal(got, map[string]string{"a": "1", "b": "2", "c": "2"}) {
		t.Errorf("got %v", got)
	}
}

// Of many that enable at once, one succeeds and the others are told so.
func TestEnableSecurityHubAtOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t, guarded)
	var wg sync.WaitGroup
	var enabledBy, conflicts atomic.Int32
	for range 10 {
		wg.Go(func() {
			switch err := r.EnableSecurityHub(t.Context(), alice, EnableSecurityHubInput{}); {
			case err == nil:
				enabledBy.Add(1)
			case findinghub.AsError(err).Code == findinghub.CodeResourceConflict:
				conflicts.Add(1)
			}
		})
	}
	wg.Wait()
	if enabledBy.Load() != 1 || conflicts.Load() != 9 {
		t.Errorf("%d succeeded and %d were refused, want 1 and 9", enabledBy.Load(), conflicts.Load())
	}
}
