package pattern

import (
	"bytes"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"
)

// member is one name and value of an object.
type member struct {
	name  string
	value jsontext.Value
}

// decoder reads JSON as findings have it: names may come twice.
func decoder(v jsontext.Value) *jsontext.Decoder {
	return jsontext.NewDecoder(bytes.NewBuffer(v), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
}

// eachMember goes through an object. The value is valid until f returns.
func eachMember(v jsontext.Value, f func(name string, value jsontext.Value)) error {
	if v.Kind() != '{' {
		return fmt.Errorf("pattern: no object")
	}
	d := decoder(v)
	if _, err := d.ReadToken(); err != nil {
		return fmt.Errorf("pattern: the event: %w", err)
	}
	for d.PeekKind() != '}' {
		name, err := d.ReadToken()
		if err != nil {
			return fmt.Errorf("pattern: the event: %w", err)
		}
		text := name.String()
		value, err := d.ReadValue()
		if err != nil {
			return fmt.Errorf("pattern: the event: %w", err)
		}
		f(text, value)
	}
	return nil
}

// membersOf lists an object's members.
func membersOf(v jsontext.Value) ([]member, error) {
	var all []member
	err := eachMember(v, func(name string, value jsontext.Value) { all = append(all, member{name, value.Clone()}) })
	return all, err
}

// elementsOf lists an array's elements.
func elementsOf(v jsontext.Value) ([]jsontext.Value, error) {
	if v.Kind() != '[' {
		return nil, fmt.Errorf("pattern: no array")
	}
	d := decoder(v)
	if _, err := d.ReadToken(); err != nil {
		return nil, fmt.Errorf("pattern: the event: %w", err)
	}
	var all []jsontext.Value
	for d.PeekKind() != ']' {
		value, err := d.ReadValue()
		if err != nil {
			return nil, fmt.Errorf("pattern: the event: %w", err)
		}
		all = append(all, value.Clone())
	}
	return all, nil
}
