package asff

import (
	"slices"
	"strconv"
	"strings"
)

// maxProblems is how many violations of one finding are told (decision 8).
const maxProblems = 10

// Problem is one violation in the words of the real service: the path as it
// prints it (`data.Resources[0].Details.Other['k']`) and the rest of the sentence
// (`should NOT be longer than 1024 characters`). A Problem without a path is a whole
// message of its own, which the service does not put into its template.
type Problem struct {
	Path string
	Text string
}

// String gives the sentence.
func (p Problem) String() string {
	if p.Path == "" {
		return p.Text
	}
	return p.Path + " " + p.Text
}

// The messages that stand outside the template: decision 5 and wild message 13.
var (
	problemSize  = Problem{Text: "Finding size exceeded 240 KB"}
	problemField = Problem{Text: "The maximum size of an individual field should be less than 32768"}
)

// collector keeps the first problems of a finding in document order.
type collector struct {
	strict   bool
	root     string
	problems []Problem
	offsets  []int64
}

// collect takes a violation. Once there are enough, those that lie behind are dropped
// unseen, so that a finding made of mistakes costs no more than any other.
func (w *walker) collect(v *Violation) {
	if v.Rule == RuleUnknown && !w.strict {
		return
	}
	if n := len(w.offsets); n >= maxProblems && v.Offset >= w.offsets[n-1] {
		return
	}
	v.Path = w.path()
	if v.Rule == RuleAnyOf {
		w.anyOf(v)
		return
	}
	w.insert(v.Offset, v.problem(w.root))
}

func (c *collector) insert(offset int64, p Problem) {
	i := len(c.offsets)
	for i > 0 && c.offsets[i-1] > offset {
		i--
	}
	c.offsets = slices.Insert(c.offsets, i, offset)
	c.problems = slices.Insert(c.problems, i, p)
	if len(c.offsets) > maxProblems {
		c.offsets, c.problems = c.offsets[:maxProblems], c.problems[:maxProblems]
	}
}

// anyOf tells what the last set of members lacks, as the service does (decision 28).
func (c *collector) anyOf(v *Violation) {
	path := v.Path.Render(c.root)
	last := v.Shape.AnyOf[len(v.Shape.AnyOf)-1]
	for i := range v.Shape.Fields {
		if f := &v.Shape.Fields[i]; f.Bit&last != 0 {
			c.insert(v.Offset, missing(path, f.Name))
		}
	}
	c.insert(v.Offset, Problem{path, "should match some schema in anyOf"})
}

func missing(path, name string) Problem {
	return Problem{path, "should have required property '" + name + "'"}
}

// problem says a violation in ajv's words.
func (v *Violation) problem(root string) Problem {
	if v.Rule == RuleFieldSize {
		return problemField
	}
	return Problem{v.Path.Render(root), v.text()}
}

func (v *Violation) text() string {
	bound := strconv.FormatInt(v.Bound, 10)
	switch v.Rule {
	case RuleType:
		return "should be " + v.Shape.Kind.String()
	case RuleRequired:
		return missing("", v.Member).Text
	case RuleUnknown:
		return "should NOT have additional properties"
	case RuleMin:
		return "should be >= " + bound
	case RuleMax:
		return "should be <= " + bound
	case RuleEnum:
		return "should be equal to one of the allowed values"
	case RulePattern:
		return `should match pattern "` + v.Pattern + `"`
	case RuleName:
		return "property name '" + v.Member + "' is invalid"
	}
	return v.countText(bound)
}

func (v *Violation) countText(bound string) string {
	switch v.Rule {
	case RuleMinLength:
		return "should NOT be shorter than " + bound + " characters"
	case RuleMaxLength:
		return "should NOT be longer than " + bound + " characters"
	case RuleMinItems:
		return "should NOT have fewer than " + bound + " items"
	case RuleMaxItems:
		return "should NOT have more than " + bound + " items"
	case RuleMinProperties:
		return "should NOT have fewer than " + bound + " properties"
	}
	return "should NOT have more than " + bound + " properties"
}

// Message is what FailedFindings carries for these problems: the service's template,
// at most ten problems in document order, joined as ajv joins them (behaviour.md
// section 1.4). Problems without a path follow the template as sentences, or stand
// alone. Without problems the message is empty.
func Message(problems []Problem) string {
	var inside, outside []string
	for _, p := range problems[:min(len(problems), maxProblems)] {
		if p.Path == "" {
			outside = append(outside, p.Text)
			continue
		}
		inside = append(inside, p.String())
	}
	outside = slices.Compact(outside)
	if len(inside) > 0 {
		outside = slices.Insert(outside, 0, "Finding does not adhere to Amazon Finding Format. "+strings.Join(inside, ", ")+".")
	}
	return strings.Join(outside, " ")
}
