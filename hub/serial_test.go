package hub

import (
	"fmt"
	"slices"
	"testing"

	"github.com/findinghub/findinghub"
	"pgregory.net/rapid"
)

// single is what the records of one hub say, in the plainest words.
type single struct {
	on, subscribed, linked, controls bool
	tags                             [3]bool
}

// singleCall is an operation on one record, and what it should do.
type singleCall struct {
	name string
	do   func(t *testing.T, h *Hub) error
	// model changes what is so and gives the answer's code.
	model func(s *single) string
}

var singleCalls = []singleCall{
	{"enable", func(t *testing.T, h *Hub) error {
		return h.EnableSecurityHub(t.Context(), alice, EnableSecurityHubInput{})
	}, func(s *single) string {
		if s.on {
			return findinghub.CodeResourceConflict
		}
		s.on, s.controls = true, true
		return ""
	}},
	{"disable", func(t *testing.T, h *Hub) error {
		return h.DisableSecurityHub(t.Context(), alice, DisableSecurityHubInput{})
	}, func(s *single) string {
		return s.whileOn(func() string { s.on, s.controls, s.tags = false, false, [3]bool{}; return "" })
	}},
	{"controls off", func(t *testing.T, h *Hub) error {
		off := false
		return h.UpdateSecurityHubConfiguration(t.Context(), alice, UpdateSecurityHubConfigurationInput{AutoEnableControls: &off})
	}, func(s *single) string { return s.whileOn(func() string { s.controls = false; return "" }) }},
	{"link", func(t *testing.T, h *Hub) error {
		_, err := h.CreateFindingAggregator(t.Context(), alice, CreateFindingAggregatorInput{RegionLinkingMode: linkAll})
		return err
	}, func(s *single) string {
		// Whether the hub is on is read before, and what a hub that is off did not undo stays.
		return s.whileOn(func() string {
			if s.linked {
				return findinghub.CodeLimitExceeded
			}
			s.linked = true
			return ""
		})
	}},
	{"subscribe", func(t *testing.T, h *Hub) error {
		_, err := h.EnableImportFindingsForProduct(t.Context(), alice, EnableImportFindingsForProductInput{prowler})
		return err
	}, func(s *single) string {
		return s.whileOn(func() string {
			if s.subscribed {
				return findinghub.CodeResourceConflict
			}
			s.subscribed = true
			return ""
		})
	}},
	{"unsubscribe", func(t *testing.T, h *Hub) error {
		return h.DisableImportFindingsForProduct(t.Context(), alice, DisableImportFindingsForProductInput{prowlerSubscription})
	}, func(s *single) string {
		return s.whileOn(func() string {
			if !s.subscribed {
				return findinghub.CodeResourceNotFound
			}
			s.subscribed = false
			return ""
		})
	}},
	tagCall(0), tagCall(1), tagCall(2), untagCall(0), untagCall(1),
}

func (s *single) whileOn(f func() string) string {
	if !s.on {
		return findinghub.CodeInvalidAccess
	}
	return f()
}

func tagCall(n int) singleCall {
	return singleCall{fmt.Sprint("tag ", n), func(t *testing.T, h *Hub) error {
		return h.TagResource(t.Context(), alice, TagResourceInput{hubARN(alice), map[string]string{fmt.Sprint(n): "v"}})
	}, func(s *single) string {
		if !s.on {
			return findinghub.CodeResourceNotFound
		}
		s.tags[n] = true
		return ""
	}}
}

func untagCall(n int) singleCall {
	return singleCall{fmt.Sprint("untag ", n), func(t *testing.T, h *Hub) error {
		return h.UntagResource(t.Context(), alice, UntagResourceInput{hubARN(alice), []string{fmt.Sprint(n)}})
	}, func(s *single) string {
		if !s.on {
			return findinghub.CodeResourceNotFound
		}
		s.tags[n] = false
		return ""
	}}
}

// observe reads what the records say.
func (h *Hub) observe(t *testing.T) (s single) {
	t.Helper()
	r := must[hubRecord](t)(h.hubRecord(t.Context(), alice))
	s.on, s.controls = r.State != disabled, r.AutoEnableControls
	for n := range s.tags {
		_, s.tags[n] = r.Tags[fmt.Sprint(n)]
	}
	product, _ := parseProductARN(prowler)
	s.subscribed = must[subscription](t)(h.subscription(t.Context(), alice, product)).Active
	_, found, err := h.aggregator(t.Context(), alice)
	ok(t, err)
	s.linked = found
	return s
}

// explained says whether some order of the calls gives these answers and ends like this.
func explained(s single, calls []singleCall, codes []string, end single) bool {
	if len(calls) == 0 {
		return s == end
	}
	for i, c := range calls {
		next := s
		if c.model(&next) != codes[i] {
			continue
		}
		if explained(next, slices.Delete(slices.Clone(calls), i, i+1), slices.Delete(slices.Clone(codes), i, i+1), end) {
			return true
		}
	}
	return false
}

// Whatever callers of two processes do at the same time to a hub's records, answers and result are
// those of some order.
func TestEditsAreSerial(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		processes := newProcesses(t, 2, guarded)
		state := processes[0].observe(t)
		for range rapid.IntRange(1, 8).Draw(rt, "batches") {
			var calls []singleCall
			var run []func() error
			var names []string
			for i := range rapid.IntRange(1, 4).Draw(rt, "callers") {
				c := rapid.SampledFrom(singleCalls).Draw(rt, "call")
				calls, names = append(calls, c), append(names, c.name)
				run = append(run, func() error { return c.do(t, processes[i%2].Hub) })
			}
			codes := atOnce(run...)
			end := processes[0].observe(t)
			if other := processes[1].observe(t); other != end {
				rt.Fatalf("one process sees %+v, the other %+v", end, other)
			}
			if !explained(state, calls, codes, end) {
				rt.Fatalf("%+v\nafter %q with answers %q is\n%+v", state, names, codes, end)
			}
			state = end
		}
	})
}
