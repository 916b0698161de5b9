package asff

import (
	"fmt"
	"maps"
	"strings"
	"testing"
)

// place is one way from a finding to a shape: what stands above it and how its path prints.
type place struct {
	id    ShapeID
	path  string
	above *place
	field string // the member that leads here; "" from a list or map
}

// places finds the shortest way to every shape of the format.
func places() []*place {
	queue := []*place{{id: shapeFinding, path: "data"}}
	seen := map[ShapeID]bool{shapeFinding: true}
	for i := 0; i < len(queue); i++ {
		p := queue[i]
		s := findingSchema.Shape(p.id)
		next := func(n *place) {
			if n.above = p; !seen[n.id] {
				seen[n.id] = true
				queue = append(queue, n)
			}
		}
		switch s.Kind {
		case KindList:
			next(&place{id: s.Elem, path: p.path + "[0]"})
		case KindMap:
			next(&place{id: s.Elem, path: p.path + "['k']"})
		}
		for _, f := range s.Fields {
			next(&place{id: f.Shape, path: p.path + "." + f.Name, field: f.Name})
		}
	}
	return queue
}

// finding builds a good finding around a value at the place.
func (p *place) finding(value any) any {
	for ; p.above != nil; p = p.above {
		switch outer := minimal(p.above.id).(type) {
		case []any:
			value = []any{value}
		case map[string]any:
			name := p.field
			if name == "" {
				name = "k"
			}
			if outer[name] = value; value == remove {
				delete(outer, name)
			}
			value = outer
		}
	}
	return value
}

// minimal is the smallest good value of a shape.
func minimal(id ShapeID) any {
	s := findingSchema.Shape(id)
	switch s.Kind {
	case KindString:
		return minimalText(s)
	case KindBoolean:
		return true
	case KindList:
		return items(int(max(s.Min, 1)), minimal(s.Elem))
	case KindMap:
		return map[string]any{"k": minimal(s.Elem)}
	case KindStructure:
		m := map[string]any{}
		for _, f := range s.Fields {
			if f.Bit != 0 && f.Name != "FindingProviderFields" {
				m[f.Name] = minimal(f.Shape)
			}
		}
		return m
	}
	return s.Min
}

func minimalText(s *Shape) string {
	switch {
	case s.Enum != nil:
		return s.Enum[0]
	case s.Pattern == PatternTime:
		return "2024-01-01T00:00:00Z"
	case s.Pattern == PatternAccount:
		return "123456789012"
	case s.Pattern == PatternMAC:
		return "00:0d:83:b1:c0:8e"
	}
	return strings.Repeat("a", int(max(s.Min, 1)))
}

// wrongs are values that a shape must refuse, by the words it refuses them in.
func wrongs(s *Shape) map[string]any {
	w := map[string]any{"should be " + s.Kind.String(): []any{}}
	switch s.Kind {
	case KindList:
		w["should be array"] = map[string]any{}
		if s.Limits&HasMax != 0 {
			w[fmt.Sprintf("should NOT have more than %d items", s.Max)] = items(int(s.Max)+1, minimal(s.Elem))
		}
	case KindMap:
		if s.Limits&HasMax != 0 {
			many := pairs(int(s.Max) + 1)
			for k := range many {
				many[k] = minimal(s.Elem)
			}
			w[fmt.Sprintf("should NOT have more than %d properties", s.Max)] = many
		}
	case KindInteger, KindLong:
		w["should be integer"] = 1.5
	case KindString:
		maps.Copy(w, wrongTexts(s))
	}
	if n := s.Kind; n == KindInteger || n == KindLong || n == KindNumber {
		if s.Limits&HasMin != 0 {
			w[fmt.Sprintf("should be >= %d", s.Min)] = s.Min - 1
		}
		if s.Limits&HasMax != 0 {
			w[fmt.Sprintf("should be <= %d", s.Max)] = s.Max + 1
		}
	}
	return w
}

func wrongTexts(s *Shape) map[string]any {
	switch {
	case s.Enum != nil:
		return map[string]any{"should be equal to one of the allowed values": s.Enum[0] + "?"}
	case s.Pattern == PatternTime, s.Pattern == PatternMAC:
		return map[string]any{`should match pattern "` + s.Pattern.String() + `"`: "?"}
	}
	w := map[string]any{}
	if s.Limits&NonBlank != 0 && s.Pattern == PatternNone {
		w[fmt.Sprintf("should NOT be shorter than %d characters", max(s.Min, 1))] = ""
		w[`should match pattern ".*\S.*"`] = strings.Repeat(" ", int(max(s.Min, 1)))
	}
	if high := s.Max; s.Limits&HasMax != 0 && high < MaxFieldSize {
		w[fmt.Sprintf("should NOT be longer than %d characters", high)] = strings.Repeat("a", int(high)+1)
	}
	return w
}

// everywhere is a place for every member, item and value of the format.
func everywhere() []*place {
	all := places()
	for _, p := range all[:len(all):len(all)] {
		for _, f := range findingSchema.Shape(p.id).Fields {
			all = append(all, &place{id: f.Shape, path: p.path + "." + f.Name, field: f.Name, above: p})
		}
	}
	return all
}

// TestWholeModel goes to every member of every structure of the format, puts there what it allows and what it
// does not, and wants silence and exactly one sentence that names the place.
func TestWholeModel(t *testing.T) {
	t.Parallel()
	strict := &Validator{Strict: true}
	all := everywhere()
	sentencesHeard := 0
	for _, p := range all[1:] {
		s := findingSchema.Shape(p.id)
		if got := sentences(check(t, strict, encode(t, p.finding(minimal(p.id))))); got != "" {
			t.Errorf("%s: a good value: %s", p.path, got)
		}
		for want, value := range wrongs(s) {
			sentencesHeard++
			if got := sentences(check(t, strict, encode(t, p.finding(value)))); got != p.path+" "+want {
				t.Errorf("%s: got %q, want %q", p.path, got, want)
			}
		}
	}
	if len(all) < 844+2811 || sentencesHeard < 6000 {
		t.Errorf("only %d places and %d sentences", len(all), sentencesHeard)
	}
}

// TestWholeModelMembers: in every structure a missing required member and an unknown one are named.
func TestWholeModelMembers(t *testing.T) {
	t.Parallel()
	strict := &Validator{Strict: true}
	structures, required := 0, 0
	for _, p := range places() {
		s := findingSchema.Shape(p.id)
		if s.Kind != KindStructure {
			continue
		}
		structures++
		value := minimal(p.id).(map[string]any)
		value["zz"] = map[string]any{"deep": []any{nil}}
		raw := encode(t, p.finding(value))
		if got := sentences(check(t, strict, raw)); got != p.path+".zz should NOT have additional properties" {
			t.Errorf("%s: %s", p.path, got)
		}
		if got := sentences(check(t, new(Validator), raw)); got != "" {
			t.Errorf("%s: an unknown member: %s", p.path, got)
		}
		for _, name := range s.Required {
			required++
			value := minimal(p.id).(map[string]any)
			delete(value, name)
			want := p.path + " should have required property '" + name + "'"
			if got := sentences(check(t, strict, encode(t, p.finding(value)))); got != want {
				t.Errorf("%s: %s", p.path, got)
			}
		}
	}
	if structures != 610 || required != 22 {
		t.Errorf("%d structures with %d required members", structures, required)
	}
}
