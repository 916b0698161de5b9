package asff

import "github.com/go-json-experiment/json/jsontext"

// Validator judges findings by the format's schema and its documented limits
// (behaviour.md section 7). The zero value is the hub's default.
type Validator struct {
	// Strict refuses members that the schema does not know; otherwise they are kept as sent.
	Strict bool
}

// Problem is one violation in the words of the real service: the path as it
// prints it (`data.Resources[0].Details.Other['k']`) and the rest of the sentence
// (`should NOT be longer than 1024 characters`).
type Problem struct {
	Path string
	Text string
}

// Check normalises and judges one finding in one pass. The finding is usable when
// problems is empty. err is not nil only when raw is not JSON.
func (v *Validator) Check(raw jsontext.Value) (f Finding, problems []Problem, err error) {
	panic("asff: Check is being written")
}

// Message is what FailedFindings carries for these problems: the service's template,
// at most ten problems in document order, joined as ajv joins them.
func Message(problems []Problem) string { panic("asff: Message is being written") }
