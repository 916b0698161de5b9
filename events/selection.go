package events

import (
	"fmt"
	"slices"
	"time"

	"github.com/findinghub/findinghub/asff"
	"github.com/findinghub/findinghub/events/pattern"
	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/store"
	"github.com/go-json-experiment/json/jsontext"
)

// Selection says which events somebody gets: those for which every part that is given holds.
// The zero value wants all. It may be used by several goroutines.
type Selection struct {
	// Accounts and Regions are of the findings; empty means all. An administrator's view is a list of its members.
	Accounts []string
	Regions  []string
	// Pattern is about the event's document; nil wants all.
	Pattern *pattern.Pattern

	filters jsontext.Value
	fixed   filter.Expr // what the filters mean at any time; nil when that depends on the time
}

// SetFilters adds the Filters of GetFindings. Their date ranges count back from an event's own
// time, so that the answer is the same at every try. The error is filter.Parse's.
func (s *Selection) SetFilters(filters jsontext.Value) error {
	early, err := filter.Parse(filters, filter.Options{Now: time.Unix(0, 0)})
	if err != nil {
		return err
	}
	late, err := filter.Parse(filters, filter.Options{Now: time.Unix(1<<31, 0)})
	if err != nil {
		return err
	}
	s.filters, s.fixed = filters.Clone(), nil
	if early.String() == late.String() {
		s.fixed = early
	}
	return nil
}

// admits decides by the key alone, which saves building the document.
func (s *Selection) admits(e *store.Event) bool {
	return (len(s.Accounts) == 0 || slices.Contains(s.Accounts, e.Key.Account)) &&
		(len(s.Regions) == 0 || slices.Contains(s.Regions, e.Key.Region))
}

// wants decides about an event and its document. What cannot be judged is wanted: an event
// too many does less harm than one that nobody hears of.
func (s *Selection) wants(e *store.Event, document []byte) (bool, error) {
	matches, err := s.matches(e)
	if err != nil || !matches {
		return err != nil, err
	}
	if s.Pattern == nil {
		return true, nil
	}
	matches, err = s.Pattern.Match(document)
	return matches || err != nil, err
}

// matches asks the filters.
func (s *Selection) matches(e *store.Event) (bool, error) {
	if s.filters == nil {
		return true, nil
	}
	x := s.fixed
	if x == nil {
		var err error
		if x, err = filter.Parse(s.filters, filter.Options{Now: e.Time}); err != nil {
			return false, fmt.Errorf("events: filters: %w", err)
		}
	}
	f, err := asff.ParseStored(e.Finding)
	if err != nil {
		return false, fmt.Errorf("events: the finding of event %s: %w", e.ID, err)
	}
	return filter.Match(x, filter.Extract(f, nil)), nil
}
