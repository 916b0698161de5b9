package asff

import (
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// Rule is the constraint that a value breaks.
type Rule uint8

// The rules, and which parts of a Violation say more about each.
const (
	RuleType          Rule = iota // Shape.Kind was wanted
	RuleRequired                  // Member is missing from the structure at Path
	RuleUnknown                   // the schema has no member at Path; the caller decides whether that is wrong
	RuleMin                       // number smaller than Bound
	RuleMax                       // number greater than Bound
	RuleMinLength                 // string with Size characters, fewer than Bound
	RuleMaxLength                 // string with Size characters, more than Bound
	RuleMinItems                  // list with Size items, fewer than Bound
	RuleMaxItems                  // list with Size items, more than Bound
	RuleMinProperties             // map with Size pairs, fewer than Bound
	RuleMaxProperties             // map with Size pairs, more than Bound
	RuleEnum                      // not one of Shape.Enum
	RulePattern                   // string does not match Pattern
	RuleName                      // Member is not a good name in the map at Path
	RuleAnyOf                     // the structure at Path has none of the sets of members in Shape.AnyOf
	RuleFieldSize                 // string of Size bytes; Bound is the first size that is refused
)

// Violation is one broken rule. It is only valid during the call that reports it.
type Violation struct {
	Path   Path
	Rule   Rule
	Shape  *Shape
	Bound  int64
	Size   int64
	Member string
	// Pattern is the text of the pattern, as the model or the documentation writes it.
	Pattern string
	// Value is the offending value as sent, nil for rules that speak of a whole object or list.
	Value jsontext.Value
	// Offset is where the value begins in the document, in bytes. Sorting by it gives
	// document order: rules about an object are found at its end and belong to its beginning.
	Offset int64
}

// Path leads from the document's root to a value.
type Path []Step

// StepKind tells the steps of a Path apart.
type StepKind uint8

// The kinds of steps.
const (
	StepMember  StepKind = iota // a member that the schema knows
	StepUnknown                 // a member that the schema does not know
	StepKey                     // a name in a map
	StepItem                    // an item of a list
)

// Step is one step of a Path.
type Step struct {
	Kind StepKind
	// Name is a member's or a map's name, "" for an item.
	Name string
	// Index is an item's place in its list.
	Index int
}

// Render writes a path as the service prints it, below a name for the root:
// `data.Resources[0].Details.Other['k']`. Names in maps stand in brackets, and so do
// unknown ones that could not follow a dot. Without a root the first name has no dot.
func (p Path) Render(root string) string {
	b := []byte(root)
	for _, s := range p {
		b = s.append(b)
	}
	return string(b)
}

func (s Step) append(b []byte) []byte {
	if s.Kind == StepItem {
		b = strconv.AppendInt(append(b, '['), int64(s.Index), 10)
		return append(b, ']')
	}
	if s.Kind == StepKey || s.Kind == StepUnknown && !isIdentifier(s.Name) {
		return append(append(append(b, "['"...), s.Name...), "']"...)
	}
	if len(b) > 0 {
		b = append(b, '.')
	}
	return append(b, s.Name...)
}

// isIdentifier says whether a name can follow a dot in JavaScript, as far as ASCII goes.
func isIdentifier(name string) bool {
	for i, r := range name {
		letter := r|0x20 >= 'a' && r|0x20 <= 'z' || r == '_' || r == '$'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return name != ""
}
