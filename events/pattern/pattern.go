// Package pattern is EventBridge's language of event patterns: which events a rule is about. It
// knows exact values, prefix, suffix, equals-ignore-case, wildcard, anything-but, numeric, cidr,
// exists and $or, as the EventBridge user guide describes them ("Comparison operators for use in event
// patterns"). It is pure and keeps the bytes it looks at as they are.
package pattern

import (
	"fmt"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// MaxSize bounds a pattern in bytes.
const MaxSize = 16384

// Pattern is a parsed pattern. Match may be called by several goroutines.
type Pattern struct{ root *object }

// object is a pattern of an object: every field and every $or must hold.
type object struct {
	fields []field
	or     []*object // one must hold; nil when there is no $or
	absent bool      // there is an exists: false somewhere below
}

// field is what a member must satisfy: as an object, or by one of its leaves.
type field struct {
	name   string
	object *object
	leaves []leaf
}

// leaf decides about one scalar.
type leaf interface {
	// holds gets a JSON scalar and its text, when it is a string.
	holds(v scalar) bool
}

// scalar is a JSON value that is no object and no array.
type scalar struct {
	raw  jsontext.Value
	text string // of a string
}

func (s scalar) isText() bool { return s.raw.Kind() == '"' }

// Parse reads a pattern, a JSON object of at most MaxSize bytes. An error names the place by its path and
// the rule that is broken. Names given twice and operators that there are not are errors, too.
func Parse(data []byte) (*Pattern, error) {
	if len(data) > MaxSize {
		return nil, fmt.Errorf("pattern: it has %d bytes, at most %d are allowed", len(data), MaxSize)
	}
	v := jsontext.Value(data)
	if !v.IsValid() {
		return nil, fmt.Errorf("pattern: it is not valid JSON, or a name is given twice")
	}
	root, err := parseObject("pattern", v)
	if err != nil {
		return nil, err
	}
	return &Pattern{root}, nil
}

// parseObject reads the pattern of an object.
func parseObject(path string, v jsontext.Value) (*object, error) {
	members, err := membersOf(v)
	if err != nil {
		return nil, fmt.Errorf("%s: it must be an object", path)
	}
	if len(members) == 0 {
		return nil, fmt.Errorf("%s: it must have a member at least", path)
	}
	o := &object{}
	for _, m := range members {
		if err := o.add(path+"."+m.name, m); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// add takes in one member of the pattern.
func (o *object) add(path string, m member) error {
	if m.name == "$or" {
		return o.addOr(path, m.value)
	}
	switch m.value.Kind() {
	case '{':
		inner, err := parseObject(path, m.value)
		if err != nil {
			return err
		}
		o.fields = append(o.fields, field{name: m.name, object: inner})
		o.absent = o.absent || inner.absent
	case '[':
		leaves, err := parseLeaves(path, m.value)
		if err != nil {
			return err
		}
		o.fields = append(o.fields, field{name: m.name, leaves: leaves})
		o.absent = o.absent || slices.Contains(leaves, leaf(exists(false)))
	default:
		return fmt.Errorf("%s: values are given as an array", path)
	}
	return nil
}

// addOr reads the alternatives of $or, of which there are two or more.
func (o *object) addOr(path string, v jsontext.Value) error {
	all, err := elementsOf(v)
	if err != nil || len(all) < 2 {
		return fmt.Errorf("%s: it must be an array of 2 objects or more", path)
	}
	for i, v := range all {
		inner, err := parseObject(fmt.Sprintf("%s[%d]", path, i), v)
		if err != nil {
			return err
		}
		o.or = append(o.or, inner)
		o.absent = o.absent || inner.absent
	}
	return nil
}
