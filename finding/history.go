package finding

import (
	"bytes"
	"time"

	"github.com/findinghub/findinghub/asff"
	"github.com/go-json-experiment/json/jsontext"
)

const (
	// maxRecord bounds the text of one history record in bytes: fields and values.
	// Values that do not fit are omitted, as the service does (behaviour.md section 5.1).
	maxRecord = 64 << 10
	// maxDepth bounds how far a record descends. The format ends well above it; what
	// is deeper is shown whole, as a list is.
	maxDepth = 16
)

// changeOf makes the history record of a change, nil when it has nothing to show.
//
// Objects are descended into; lists and plain values are shown whole. Members come in
// the order of the new state, those that are gone at the end of their object. The
// finding's own timestamps are not mentioned: every import changes them.
func changeOf(was, is asff.Finding, now time.Time, by Source) *Change {
	r := recorder{room: maxRecord}
	r.members(was, is)
	if len(r.updates) == 0 {
		return nil
	}
	return &Change{Time: now, Source: by, Updates: r.updates}
}

// recorder collects the fields in which two states differ.
type recorder struct {
	updates []FieldUpdate
	path    []byte // where it is: member names joined by dots
	depth   int
	room    int // bytes of text that still fit into the record
}

// members compares two objects by their members.
func (r *recorder) members(was, is asff.Finding) {
	old := lookup{list: was}
	for _, m := range is {
		r.member(m.Name, old.take(m.Name), m.Value)
	}
	if old.taken == len(was) {
		return
	}
	now := lookup{list: is}
	for _, m := range was {
		if now.take(m.Name) == nil {
			r.member(m.Name, m.Value, nil)
		}
	}
}

// member compares one member of the object at the path; nil is an absent value.
func (r *recorder) member(name string, was, is jsontext.Value) {
	if bytes.Equal(was, is) || r.depth == 0 && isTimestamp(name) {
		return
	}
	mark := len(r.path)
	if mark > 0 {
		r.path = append(r.path, '.')
	}
	r.path = append(r.path, name...)
	switch {
	case r.depth == maxDepth || !nested(was, is):
		r.add(was, is)
	case r.depth == 0 && name == "Severity":
		r.severity(split(was), split(is))
	default:
		r.depth++
		r.members(split(was), split(is))
		r.depth--
	}
	r.path = r.path[:mark]
}

// nested says whether a difference lies inside: both values are objects, or one is and
// the other is absent.
func nested(was, is jsontext.Value) bool {
	return isObject(was) && (is == nil || isObject(is)) || was == nil && isObject(is)
}

// severity shows a changed label as the service does: under Severity itself, which
// implies the normalized score.
func (r *recorder) severity(was, is asff.Finding) {
	before, after := was.Get("Label"), is.Get("Label")
	if !bytes.Equal(before, after) {
		r.add(before, after)
		for _, name := range [...]string{"Label", "Normalized"} {
			was.Delete(name)
			is.Delete(name)
		}
	}
	r.depth++
	r.members(was, is)
	r.depth--
}

// add records the field at the path. Without room for both values the new one is left
// out; without room for the old one both are, since a new value alone would tell of a
// field that came. From the first field on whose name has no room none is mentioned.
func (r *recorder) add(was, is jsontext.Value) {
	if r.room -= len(r.path); r.room < 0 {
		return
	}
	u := FieldUpdate{Field: string(r.path)}
	if size := len(was) + len(is); size <= r.room {
		r.room -= size
		u.Old, u.New = show(was), show(is)
	} else if len(was) <= r.room {
		r.room -= len(was)
		u.Old = show(was)
	}
	r.updates = append(r.updates, u)
}

// show is a value as the history has it: strings bare, everything else as JSON.
func show(v jsontext.Value) string {
	switch text := bare(v); {
	case text == nil:
		return string(v)
	case bytes.IndexByte(text, '\\') >= 0:
		return asff.Unquote(v)
	default:
		return string(text)
	}
}

// isTimestamp names the top-level members that the history leaves out.
func isTimestamp(name string) bool {
	switch name {
	case "CreatedAt", "UpdatedAt", "FirstObservedAt", "LastObservedAt", "ProcessedAt":
		return true
	}
	return false
}

// lookup finds members in a list. Two states of an object nearly always have theirs in
// the same order, so it looks first behind the member found last.
type lookup struct {
	list  asff.Finding
	next  int
	taken int
	index map[string]int // for long lists that are out of order
}

// take gives a member's value, nil when the list has none.
func (l *lookup) take(name string) jsontext.Value {
	i := l.find(name)
	if i < 0 {
		return nil
	}
	l.next = i + 1
	l.taken++
	return l.list[i].Value
}

func (l *lookup) find(name string) int {
	if l.next < len(l.list) && l.list[l.next].Name == name {
		return l.next
	}
	if len(l.list) > 64 {
		return l.indexed(name)
	}
	for i := range l.list {
		if l.list[i].Name == name {
			return i
		}
	}
	return -1
}

func (l *lookup) indexed(name string) int {
	if l.index == nil {
		l.index = make(map[string]int, len(l.list))
		for i := range l.list {
			l.index[l.list[i].Name] = i
		}
	}
	if i, ok := l.index[name]; ok {
		return i
	}
	return -1
}
