package main

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/findinghub/findinghub/asff"
)

// table collects the shapes of one schema. Equal shapes are kept once.
type table struct {
	model  *model
	limits limits
	// opaque names the shapes whose content somebody else judges.
	opaque map[string]bool
	shapes []asff.Shape
	ids    map[string]asff.ShapeID
}

func newTable(m *model, l limits) *table {
	return &table{model: m, limits: l, opaque: map[string]bool{}, ids: map[string]asff.ShapeID{}}
}

// reserve gives a shape its id before its content is known, as recursive shapes need it.
func (t *table) reserve(key string) asff.ShapeID {
	id := asff.ShapeID(len(t.shapes))
	t.shapes = append(t.shapes, asff.Shape{})
	t.ids[key] = id
	return id
}

// add enters a shape of the model and all that it leads to.
func (t *table) add(name string) (asff.ShapeID, error) { return t.addLimited(name, nil) }

// addLimited enters a shape with the limits of one member.
func (t *table) addLimited(name string, l *limit) (asff.ShapeID, error) {
	key := name + " " + l.String()
	if id, ok := t.ids[key]; ok {
		return id, nil
	}
	src, ok := t.model.Shapes[name]
	if !ok {
		return 0, fmt.Errorf("the model has no shape %s", name)
	}
	id := t.reserve(key)
	shape, err := t.build(name, src, l)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", name, err)
	}
	if l != nil {
		if err := l.apply(&shape); err != nil {
			return 0, fmt.Errorf("%s: %w", name, err)
		}
	}
	t.shapes[id] = shape
	return id, nil
}

func (t *table) build(name string, src modelShape, l *limit) (asff.Shape, error) {
	shape := asff.Shape{Name: name, Enum: src.Enum, Elem: asff.NoShape, Key: asff.NoShape}
	var err error
	if shape.Pattern, err = patternOf(src.Pattern); err != nil {
		return shape, err
	}
	if src.Pattern == nonBlank {
		shape.Limits |= asff.NonBlank
	}
	if err := bounds(&shape, src.Min, src.Max); err != nil {
		return shape, err
	}
	if shape.Kind, err = t.kind(name, src); err != nil {
		return shape, err
	}
	switch shape.Kind {
	case asff.KindList:
		shape.Elem, err = t.addLimited(src.Member.Shape, l.part(partEach))
	case asff.KindMap:
		if shape.Key, err = t.addLimited(src.Key.Shape, l.part(partKey)); err != nil {
			return shape, err
		}
		shape.Elem, err = t.addLimited(src.Value.Shape, l.part(partValue))
	case asff.KindStructure:
		err = t.structure(&shape, src)
	}
	return shape, err
}

func (t *table) kind(name string, src modelShape) (asff.Kind, error) {
	kinds := map[string]asff.Kind{
		"string": asff.KindString, "integer": asff.KindInteger, "long": asff.KindLong,
		"double": asff.KindNumber, "float": asff.KindNumber, "boolean": asff.KindBoolean,
		"timestamp": asff.KindTimestamp, "list": asff.KindList, "map": asff.KindMap,
		"structure": asff.KindStructure,
	}
	kind, ok := kinds[src.Type]
	switch {
	case !ok:
		return 0, fmt.Errorf("unknown type %q", src.Type)
	case src.Document:
		return asff.KindAny, nil
	case t.opaque[name]:
		return asff.KindObject, nil
	}
	return kind, nil
}

// structure enters the members that travel in the document itself.
func (t *table) structure(shape *asff.Shape, src modelShape) error {
	sets := anyOf[shape.Name]
	for _, name := range src.Required {
		if src.Members[name].Location == "" {
			shape.Required = append(shape.Required, name)
		}
	}
	bits, err := memberBits(shape.Required, sets)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(src.Members)) {
		ref := src.Members[name]
		if ref.Location != "" {
			continue
		}
		id, err := t.addLimited(ref.Shape, t.limits.take(shape.Name+"."+name))
		if err != nil {
			return err
		}
		shape.Fields = append(shape.Fields, asff.Field{Name: name, Shape: id, Bit: bits[name]})
	}
	slices.SortStableFunc(shape.Fields, func(a, b asff.Field) int { return cmp.Compare(len(a.Name), len(b.Name)) })
	for _, set := range sets {
		var mask uint32
		for _, name := range set {
			mask |= bits[name]
		}
		shape.AnyOf = append(shape.AnyOf, mask)
	}
	return nil
}

// anyOf holds what the model cannot say: sets of members of which a structure needs one
// (behaviour.md sections 1.3 and 2.2). The last set is the one that the message names.
var anyOf = map[string][][]string{
	"AwsSecurityFinding": {{"Severity", "Types"}, {"FindingProviderFields"}},
	"Severity":           {{"Normalized"}, {"Label"}},
}

func memberBits(required []string, sets [][]string) (map[string]uint32, error) {
	bits := map[string]uint32{}
	for _, name := range slices.Concat(append([][]string{required}, sets...)...) {
		if _, ok := bits[name]; !ok {
			bits[name] = 1 << len(bits)
		}
	}
	if len(bits) > 32 {
		return nil, fmt.Errorf("%d members to watch, but there are 32 bits", len(bits))
	}
	return bits, nil
}

func bounds(shape *asff.Shape, low, high *float64) error {
	for _, b := range []*float64{low, high} {
		if b != nil && (*b != math.Trunc(*b) || math.Abs(*b) > math.MaxInt32) {
			return fmt.Errorf("bound %v does not fit the table", *b)
		}
	}
	if low != nil {
		shape.Limits, shape.Min = shape.Limits|asff.HasMin, int32(*low)
	}
	if high != nil {
		shape.Limits, shape.Max = shape.Limits|asff.HasMax, int32(*high)
	}
	return nil
}

const nonBlank = `.*\S.*`

// patternOf finds the matcher of a pattern of the model; one that has none must get one.
func patternOf(text string) (asff.Pattern, error) {
	if text == "" || text == nonBlank {
		return asff.PatternNone, nil
	}
	for p := asff.PatternNone + 1; p <= asff.PatternTagKey; p++ {
		if p.String() == text {
			return p, nil
		}
	}
	return 0, fmt.Errorf("package asff has no matcher for the pattern %s", strings.TrimSpace(text))
}
