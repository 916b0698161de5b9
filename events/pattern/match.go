package pattern

import (
	"fmt"

	"github.com/go-json-experiment/json/jsontext"
)

// Match says whether an event, a JSON object, satisfies the pattern. Members of an array's objects are looked
// for in one object together: two conditions on detail.findings hold for the same finding. The error says
// that the event is not valid JSON.
func (p *Pattern) Match(event []byte) (bool, error) {
	if kind := jsontext.Value(event).Kind(); kind != '{' {
		return false, fmt.Errorf("pattern: the event is no object")
	}
	one := []jsontext.Value{event}
	return p.root.matchAny(one, one)
}

// matchAny says whether one of the objects satisfies the pattern. all are the objects that lie on the same path
// of the event: what must be absent must be so in all of them.
func (o *object) matchAny(objects, all []jsontext.Value) (bool, error) {
	for _, v := range objects {
		own, err := o.find(v)
		if err != nil {
			return false, err
		}
		ok, err := o.match(own, all)
		if err != nil || ok {
			return ok, err
		}
	}
	return false, nil
}

// found are the members of an object that a pattern names.
type found map[string]jsontext.Value

// find picks out the members that the pattern or its alternatives name. Of a name that is given twice
// the last one counts, as everywhere in findings.
func (o *object) find(v jsontext.Value) (found, error) {
	f := found{}
	err := eachMember(v, func(name string, value jsontext.Value) {
		if o.names(name) {
			f[name] = value.Clone()
		}
	})
	return f, err
}

func (o *object) names(name string) bool {
	for i := range o.fields {
		if o.fields[i].name == name {
			return true
		}
	}
	for _, inner := range o.or {
		if inner.names(name) {
			return true
		}
	}
	return false
}

// match decides about one object by its members.
func (o *object) match(own found, all []jsontext.Value) (bool, error) {
	for i := range o.fields {
		ok, err := o.fields[i].match(own, all)
		if err != nil || !ok {
			return false, err
		}
	}
	if o.or == nil {
		return true, nil
	}
	for _, inner := range o.or {
		ok, err := inner.match(own, all)
		if err != nil || ok {
			return ok, err
		}
	}
	return false, nil
}

// match decides about one member.
func (f *field) match(own found, all []jsontext.Value) (bool, error) {
	if f.object != nil {
		objects, _, err := flatten(own[f.name], nil, nil)
		if err != nil {
			return false, err
		}
		beside := objects
		if f.object.absent {
			if beside, _, err = below(all, f.name); err != nil {
				return false, err
			}
			if len(objects) == 0 { // what must be absent is absent where its parent is
				return f.object.match(nil, beside)
			}
		}
		return f.object.matchAny(objects, beside)
	}
	_, values, err := flatten(own[f.name], nil, nil)
	if err != nil {
		return false, err
	}
	return f.matchLeaves(values, all)
}

// matchLeaves wants one scalar that satisfies one leaf, or none at all where a leaf says so.
func (f *field) matchLeaves(values []scalar, all []jsontext.Value) (bool, error) {
	for _, l := range f.leaves {
		if l == leaf(exists(false)) {
			_, anywhere, err := below(all, f.name)
			if err != nil {
				return false, err
			}
			if len(anywhere) == 0 {
				return true, nil
			}
			continue
		}
		for _, v := range values {
			if l.holds(v) {
				return true, nil
			}
		}
	}
	return false, nil
}

// below collects what lies under a name in several objects.
func below(all []jsontext.Value, name string) (objects []jsontext.Value, values []scalar, err error) {
	for _, v := range all {
		var last jsontext.Value
		if err := eachMember(v, func(n string, value jsontext.Value) {
			if n == name {
				last = value.Clone()
			}
		}); err != nil {
			return nil, nil, err
		}
		if objects, values, err = flatten(last, objects, values); err != nil {
			return nil, nil, err
		}
	}
	return objects, values, nil
}

// flatten tells a value's objects and scalars apart; arrays stand for their elements.
func flatten(v jsontext.Value, objects []jsontext.Value, values []scalar) ([]jsontext.Value, []scalar, error) {
	switch v.Kind() {
	case 0: // absent
	case '{':
		objects = append(objects, v)
	case '[':
		elements, err := elementsOf(v)
		if err != nil {
			return nil, nil, err
		}
		for _, e := range elements {
			if objects, values, err = flatten(e, objects, values); err != nil {
				return nil, nil, err
			}
		}
	case '"':
		text, err := jsontext.AppendUnquote(nil, v)
		if err != nil {
			return nil, nil, fmt.Errorf("pattern: the event: %w", err)
		}
		values = append(values, scalar{raw: v, text: string(text)})
	default:
		values = append(values, scalar{raw: v})
	}
	return objects, values, nil
}
