package asff

import (
	"bytes"
	"errors"
	"math"

	"github.com/go-json-experiment/json/jsontext"
)

// Validator judges findings by the format's schema and its documented limits
// (behaviour.md section 7). The zero value is the hub's default.
type Validator struct {
	// Strict refuses members that the schema does not know; otherwise they are kept as sent.
	Strict bool
}

// Check normalises and judges one finding in one pass. The finding is usable when
// problems is empty; otherwise there are at most ten, in document order. A finding
// of more than MaxFindingSize has only that problem. err is not nil only when raw is
// not JSON. The finding shares no memory with raw.
func (v *Validator) Check(raw jsontext.Value) (f Finding, problems []Problem, err error) {
	w := walkers.Get().(*walker)
	defer w.release()
	w.schema, w.keep = &findingSchema, true
	w.strict, w.root = v.Strict, "data"
	w.out = make([]byte, 0, len(raw))
	w.finding = make(Finding, 0, 32)
	if err := w.document(raw, shapeFinding); err != nil {
		return nil, nil, err
	}
	f = w.finding
	w.crossCheck(f)
	// The copy also holds what later members of the same name replaced.
	if len(w.out) > MaxFindingSize && f.Size() > MaxFindingSize {
		return f, []Problem{problemSize}, nil
	}
	return f, w.problems, nil
}

// CheckMember judges the value of one top-level member alone, as Check would inside a
// finding, and normalises it. What an operation other than an import brings is judged
// with it. err is not nil when raw is not JSON or the format has no such member.
func (v *Validator) CheckMember(name string, raw jsontext.Value) (jsontext.Value, []Problem, error) {
	root := findingSchema.Shape(shapeFinding)
	i := root.field([]byte(name))
	if i < 0 {
		return nil, nil, errUnknownMember
	}
	w := walkers.Get().(*walker)
	defer w.release()
	w.schema, w.keep = &findingSchema, true
	w.strict, w.root = v.Strict, "data."+name
	if err := w.document(raw, root.Fields[i].Shape); err != nil {
		return nil, nil, err
	}
	return w.out, w.problems, nil
}

var errUnknownMember = errors.New("the format has no such member")

// crossCheck wants Severity and Types at the top level or in FindingProviderFields
// (behaviour.md section 1.3); the table cannot say that the halves may be mixed.
func (w *walker) crossCheck(f Finding) {
	fields := f.Get("FindingProviderFields")
	if fields.Kind() != '{' {
		return
	}
	path := w.root + ".FindingProviderFields"
	for _, name := range [...]string{"Severity", "Types"} {
		if f.Get(name) != nil {
			continue
		}
		value := w.lookup(fields, name)
		switch {
		case value == nil:
			w.insert(math.MaxInt64, missing(path, name))
		case name == "Severity" && value.Kind() == '{' && w.lookup(value, "Label") == nil:
			w.insert(math.MaxInt64, missing(path+"."+name, "Label"))
		}
	}
}

// lookup gives the value of a member of a valid, normalised object, nil when there is none.
// It takes over the decoder of the finished walk.
func (w *walker) lookup(object jsontext.Value, name string) (value jsontext.Value) {
	w.in = *bytes.NewBuffer(object)
	w.dec.Reset(&w.in, jsontext.AllowDuplicateNames(true))
	w.data = object
	if _, err := w.dec.ReadToken(); err != nil {
		return nil
	}
	for w.dec.PeekKind() == '"' {
		key, err := w.read()
		if err != nil {
			return nil
		}
		v, err := w.read()
		if err != nil {
			return nil
		}
		if len(key) == len(name)+2 && string(key[1:len(key)-1]) == name {
			value = v
		}
	}
	return value
}
