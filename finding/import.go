package finding

import (
	"bytes"
	"fmt"
	"time"

	"github.com/findinghub/findinghub/asff"
	"github.com/go-json-experiment/json/jsontext"
)

// timeFormat is how the hub writes times: the service stores milliseconds
// (behaviour.md section 2.3, "Timestamps").
const timeFormat = "2006-01-02T15:04:05.000Z"

// Import decides what becomes of a finding that a provider sends; old is nil for one
// the hub does not have (behaviour.md sections 1.2, 1.3 and 2, decisions 9-13, 26, 29).
// sent has passed validation. Nothing of old or sent is changed in place; the new state
// shares their values. Times are kept in milliseconds. What the hub adds may take the
// result past asff.MaxFindingSize, which bounds what was sent.
//
// The only error is an UpdatedAt that is not a time.
func Import(old *Stored, sent asff.Finding, a Arrival) (Outcome, error) {
	a.Now = a.Now.UTC().Truncate(time.Millisecond)
	if old != nil {
		newer, err := isNewer(sent.Get("UpdatedAt"), old.Finding.Get("UpdatedAt"))
		if err != nil || !newer {
			return Outcome{}, err
		}
	}
	m := newMerge(old, sent, a)
	m.keepCustomers()
	m.name()
	m.put("Region", m.text.text(a.Region))
	m.shareAttributes()
	m.productFields()
	m.defaultTo("WorkflowState", "NEW")
	m.defaultTo("RecordState", "ACTIVE")
	m.decideWorkflow()
	m.put("ProcessedAt", m.text.time(a.Now))
	return m.outcome(), nil
}

// isNewer compares two JSON strings as instants (decision 9). A stored time that cannot
// be read is older than any that can.
func isNewer(sent, stored jsontext.Value) (bool, error) {
	if bytes.Equal(sent, stored) {
		return false, nil
	}
	is, err := asff.ParseTime(string(bare(sent)))
	if err != nil {
		return false, fmt.Errorf("finding: UpdatedAt: %w", err)
	}
	was, err := asff.ParseTime(string(bare(stored)))
	return err != nil || is.After(was), nil //nolint:nilerr // a time that cannot be read is the older one
}

// merge is an import under way: the sent finding turns into the new state.
type merge struct {
	old   *Stored      // nil for a new finding
	was   asff.Finding // what the hub has, empty for a new finding
	f     asff.Finding
	owned Owned
	a     Arrival
	text  scratch
}

// added bounds the members that the hub may add to those that were sent.
const added = 16

func newMerge(old *Stored, sent asff.Finding, a Arrival) *merge {
	m := &merge{old: old, a: a, f: append(make(asff.Finding, 0, len(sent)+added), sent...)}
	if old != nil {
		m.was, m.owned = old.Finding, old.Owned
	}
	// Nearly all of what is made is the copy of ProductFields.
	m.text.buf = make([]byte, 0, len(sent.Get("ProductFields"))+1<<10)
	return m
}

// put sets a member unless there is nothing to set it to.
func (m *merge) put(name string, v jsontext.Value) {
	if v != nil {
		m.f.Set(name, v)
	}
}

// defaultTo sets a string member that was not sent.
func (m *merge) defaultTo(name, text string) {
	if m.f.Get(name) == nil {
		m.f.Set(name, m.text.text(text))
	}
}

// keepCustomers takes from the old state what imports cannot change once the finding
// exists (behaviour.md section 1.2, decision 13). CreatedAt is the provider's, but it
// too keeps its first value. On a first import they are what was sent (decision 29).
func (m *merge) keepCustomers() {
	if m.old == nil {
		return
	}
	for _, name := range [...]string{"Note", "UserDefinedFields", "VerificationState"} {
		if v := m.was.Get(name); v != nil {
			m.f.Set(name, v)
		} else if m.f.Get(name) != nil {
			m.f.Delete(name)
		}
	}
	m.put("CreatedAt", m.was.Get("CreatedAt"))
}

// outcome is the end of an import that was applied. A creation has no history record:
// the state's own CreatedTime tells it.
func (m *merge) outcome() Outcome {
	if m.old == nil {
		return Outcome{Changed: true, Stored: Stored{Finding: m.f, CreatedTime: m.a.Now, CreatedBy: m.a.Source}}
	}
	s := *m.old
	s.Finding = m.f
	return Outcome{Changed: true, Stored: s, Change: changeOf(m.was, m.f, m.a.Now, m.a.Source)}
}

// time makes a JSON string of a time in UTC.
func (s *scratch) time(t time.Time) jsontext.Value {
	mark := len(s.buf)
	s.buf = append(t.UTC().AppendFormat(append(s.buf, '"'), timeFormat), '"')
	return s.since(mark)
}
