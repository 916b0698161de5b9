package hub

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/findinghub/findinghub/auth"
	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
)

// GetFindingHistoryInput is the operation's request.
type GetFindingHistoryInput struct {
	FindingIdentifier FindingIdentifier
	// StartTime and EndTime bound the records, both inclusive; zero is the finding's
	// creation and now.
	StartTime  time.Time
	EndTime    time.Time
	MaxResults int
	NextToken  string
}

// GetFindingHistoryOutput is the operation's response.
type GetFindingHistoryOutput struct {
	Records   []FindingHistoryRecord
	NextToken string `json:",omitempty"`
}

// FindingHistoryRecord is one change of a finding, or its creation.
type FindingHistoryRecord struct {
	FindingIdentifier FindingIdentifier
	UpdateTime        string
	FindingCreated    bool
	UpdateSource      FindingHistoryUpdateSource
	Updates           []FindingHistoryUpdate
}

// FindingHistoryUpdateSource is who made a change.
type FindingHistoryUpdateSource struct {
	Type     finding.SourceType
	Identity string
}

// FindingHistoryUpdate is one changed field. A value that the field did not have is left out.
type FindingHistoryUpdate struct {
	UpdatedField string
	OldValue     string `json:",omitempty"`
	NewValue     string `json:",omitempty"`
}

// creationLeft is the position of a token when only the creation has not been told.
const creationLeft = math.MaxInt64

// GetFindingHistory tells what changed in a finding, newest first, its creation last
// (behaviour.md section 5.1). A finding that the caller's hub does not have has no records.
func (h *Hub) GetFindingHistory(ctx context.Context, p auth.Principal, in GetFindingHistoryInput) (*GetFindingHistoryOutput, error) {
	if !in.StartTime.IsZero() && !in.EndTime.IsZero() && in.StartTime.After(in.EndTime) {
		return nil, invalid("Invalid parameter 'StartTime'. It is later than EndTime.")
	}
	bound := binding("GetFindingHistory", p, []byte(in.FindingIdentifier.ID), []byte(in.FindingIdentifier.ProductArn),
		[]byte(formatTime(in.StartTime)), []byte(formatTime(in.EndTime)))
	var at historyToken
	again, err := h.open(in.NextToken, bound, &at)
	if err != nil {
		return nil, err
	}
	if _, err := h.requireHub(ctx, p); err != nil {
		return nil, err
	}
	// On every page, because the finding may be one of a member that has left.
	keys, err := h.locate(ctx, p, []FindingIdentifier{in.FindingIdentifier})
	if err != nil {
		return nil, err
	}
	if !again {
		at.Key = preferred(keys[0], p)
	}
	out := &GetFindingHistoryOutput{Records: []FindingHistoryRecord{}}
	if !slices.Contains(keys[0], at.Key) {
		return out, nil
	}
	q := store.HistoryQuery{Key: at.Key, From: in.StartTime, To: in.EndTime, After: at.After, Limit: pageSize(in.MaxResults)}
	at.After, err = h.history(ctx, q, out)
	if err == nil && at.After != 0 {
		out.NextToken, err = h.seal(at, bound)
	}
	return out, err
}

// historyToken is where a page ended. It need not carry the time: changes that come later
// are newer than all on this page.
type historyToken struct {
	Key   finding.Key `json:"k"`
	After int64       `json:"a"`
}

// preferred is the one finding of several with the same identifier whose history is told: the
// caller's own, or else the first.
func preferred(keys []finding.Key, p auth.Principal) finding.Key {
	for _, k := range keys {
		if k.Account == p.Account && k.Region == p.Region {
			return k
		}
	}
	return keys[0]
}

// history appends a page of records and gives the position of the next, 0 when there are
// no more.
func (h *Hub) history(ctx context.Context, q store.HistoryQuery, out *GetFindingHistoryOutput) (int64, error) {
	id := FindingIdentifier{ID: q.Key.ID, ProductArn: q.Key.ProductArn}
	// The engine's pages have no creation; it takes a place on the last page, or a page of its own.
	limit, onlyCreation := q.Limit, q.After == creationLeft
	if onlyCreation {
		q.After, q.Limit = 0, 1
	}
	page, err := h.store.History(ctx, q)
	if err != nil || page.Stored == nil {
		if err != nil {
			err = failed(err)
		}
		return 0, err
	}
	if !onlyCreation {
		for _, c := range page.Changes {
			out.Records = append(out.Records, changeRecord(id, c))
		}
		if page.Next != 0 {
			return page.Next, nil
		}
	}
	if !q.Includes(page.Stored.CreatedTime) {
		return 0, nil
	}
	if len(out.Records) == limit {
		return creationLeft, nil
	}
	out.Records = append(out.Records, creationRecord(id, page.Stored))
	return 0, nil
}

// changeRecord is one change as the API tells it.
func changeRecord(id FindingIdentifier, c finding.Change) FindingHistoryRecord {
	r := FindingHistoryRecord{
		FindingIdentifier: id, UpdateTime: formatTime(c.Time),
		UpdateSource: FindingHistoryUpdateSource(c.Source), Updates: make([]FindingHistoryUpdate, 0, len(c.Updates)),
	}
	for _, u := range c.Updates {
		r.Updates = append(r.Updates, FindingHistoryUpdate{UpdatedField: u.Field, OldValue: u.Old, NewValue: u.New})
	}
	return r
}

// creationRecord is a finding's creation, whose Updates are an empty list (behaviour.md section 5.1).
func creationRecord(id FindingIdentifier, s *finding.Stored) FindingHistoryRecord {
	return FindingHistoryRecord{
		FindingIdentifier: id, UpdateTime: formatTime(s.CreatedTime), FindingCreated: true,
		UpdateSource: FindingHistoryUpdateSource(s.CreatedBy), Updates: []FindingHistoryUpdate{},
	}
}
