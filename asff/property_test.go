package asff

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// draw makes a good value of a shape; deep values keep to what they need.
func draw(t *rapid.T, id ShapeID, depth int) any {
	s := findingSchema.Shape(id)
	switch s.Kind {
	case KindList:
		return drawList(t, s, depth)
	case KindMap:
		m := map[string]any{}
		for range rapid.IntRange(1, 3).Draw(t, "pairs") {
			m[rapid.StringMatching(`[a-z]{1,5}`).Draw(t, "name")] = draw(t, s.Elem, depth+1)
		}
		return m
	case KindStructure:
		return drawStructure(t, id, depth)
	case KindString:
		return drawText(t, s)
	case KindBoolean:
		return rapid.Bool().Draw(t, "boolean")
	case KindNumber:
		return rapid.Float64Range(0, 1e6).Draw(t, "number")
	}
	high := 1000
	if s.Limits&HasMax != 0 {
		high = int(s.Max)
	}
	return rapid.IntRange(int(s.Min), high).Draw(t, "integer")
}

func drawList(t *rapid.T, s *Shape, depth int) any {
	high := int(s.Min) + 2
	if depth > 8 {
		high = int(s.Min)
	}
	list := []any{}
	for range rapid.IntRange(int(s.Min), high).Draw(t, "items") {
		list = append(list, draw(t, s.Elem, depth+1))
	}
	return list
}

func drawStructure(t *rapid.T, id ShapeID, depth int) any {
	s := findingSchema.Shape(id)
	m := minimal(id).(map[string]any)
	if depth > 8 {
		return m
	}
	for range rapid.IntRange(0, min(5, len(s.Fields))).Draw(t, "members") {
		f := rapid.SampledFrom(s.Fields).Draw(t, "member")
		m[f.Name] = draw(t, f.Shape, depth+1)
	}
	return m
}

func drawText(t *rapid.T, s *Shape) string {
	switch {
	case s.Enum != nil:
		return rapid.SampledFrom(s.Enum).Draw(t, "value")
	case s.Pattern == PatternType:
		return rapid.StringMatching(`[^/\s]{1,5}(/[^/\s]{1,5}){0,2}`).Draw(t, "type")
	case s.Pattern != PatternNone:
		return minimalText(s)
	}
	high := 60
	if s.Limits&HasMax != 0 {
		high = min(high, int(s.Max))
	}
	low := int(max(s.Min, 1))
	letters := rapid.StringOfN(rapid.RuneFrom([]rune("ab \n\"\\/é😀\u2028\x01")), 0, max(high-low, 0), -1)
	return strings.Repeat("x", low) + letters.Draw(t, "text")
}

// finding draws a good one.
func drawFinding(t *rapid.T) map[string]any {
	return draw(t, shapeFinding, 0).(map[string]any)
}

func marshal(t *rapid.T, doc any) []byte {
	raw, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// TestGoodFindings: whatever the schema allows passes, and Check keeps all of it.
func TestGoodFindings(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		doc := drawFinding(t)
		// Indented and with other escapes than we would choose.
		raw, err := json.MarshalIndent(doc, "\r\n", "\t")
		if err != nil {
			t.Fatal(err)
		}
		f, problems, err := (&Validator{Strict: true}).Check(raw)
		if err != nil || problems != nil {
			t.Fatalf("%v, %v: %s", problems, err, raw)
		}
		var kept map[string]any
		if err := json.Unmarshal(f.AppendJSON(nil), &kept); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(marshal(t, doc), marshal(t, kept)) {
			t.Fatalf("sent %s\nkept %s", raw, f.AppendJSON(nil))
		}
		again, problems, err := new(Validator).Check(f.AppendJSON(nil))
		if err != nil || problems != nil || !bytes.Equal(again.AppendJSON(nil), f.AppendJSON(nil)) {
			t.Fatalf("a second Check is not the first: %v, %v", problems, err)
		}
	})
}

// spot is a value inside a drawn finding and how to replace it.
type spot struct {
	id      ShapeID
	path    string
	replace func(any)
}

// spots lists every value below a document with its shape.
func spots(doc any, id ShapeID, path string) []spot {
	var out []spot
	s := findingSchema.Shape(id)
	switch v := doc.(type) {
	case []any:
		for i := range v {
			at := Path{{Kind: StepItem, Index: i}}.Render(path)
			out = append(out, spot{s.Elem, at, func(x any) { v[i] = x }})
			out = append(out, spots(v[i], s.Elem, at)...)
		}
	case map[string]any:
		for name := range v {
			elem, step := s.Elem, Step{Kind: StepKey, Name: name}
			if s.Kind == KindStructure {
				elem, step = s.Fields[s.field([]byte(name))].Shape, Step{Kind: StepMember, Name: name}
			}
			at := Path{step}.Render(path)
			out = append(out, spot{elem, at, func(x any) { v[name] = x }})
			out = append(out, spots(v[name], elem, at)...)
		}
	}
	return out
}

// TestOneMistake: a good finding that is changed at one place gives one sentence, which names it.
func TestOneMistake(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		doc := drawFinding(t)
		all := spots(doc, shapeFinding, "data")
		at := all[rapid.IntRange(0, len(all)-1).Draw(t, "spot")]
		mistakes := wrongs(findingSchema.Shape(at.id))
		texts := make([]string, 0, len(mistakes))
		for text := range mistakes {
			texts = append(texts, text)
		}
		want := rapid.SampledFrom(texts).Draw(t, "mistake")
		at.replace(mistakes[want])
		_, problems, err := (&Validator{Strict: true}).Check(marshal(t, doc))
		if err != nil || sentences(problems) != at.path+" "+want {
			t.Fatalf("%v, %v; want %s %s", problems, err, at.path, want)
		}
	})
}

// TestManyMistakes: of several mistakes the first ten are told, in document order, once each.
func TestManyMistakes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 40).Draw(t, "findings")
		var b bytes.Buffer
		b.WriteString(`{"RelatedFindings":[`)
		var want []string
		if n > 10 {
			want = append(want, "data.RelatedFindings should NOT have more than 10 items")
		}
		for i := range n {
			if i > 0 {
				b.WriteString(",")
			}
			at := Path{{Kind: StepMember, Name: "RelatedFindings"}, {Kind: StepItem, Index: i}}.Render("data")
			b.WriteString(rapid.SampledFrom([]string{`{"Id":"i","ProductArn":"p"}`, `{"Id":"","ProductArn":5}`, `{"Id":5}`, `7`}).Draw(t, "item"))
			switch {
			case bytes.HasSuffix(b.Bytes(), []byte(`7`)):
				want = append(want, at+" should be object")
			case bytes.HasSuffix(b.Bytes(), []byte(`{"Id":5}`)):
				want = append(want, at+" should have required property 'ProductArn'", at+".Id should be string")
			case bytes.HasSuffix(b.Bytes(), []byte(`:5}`)):
				want = append(want, at+".Id should NOT be shorter than 1 characters", at+".ProductArn should be string")
			}
		}
		b.WriteString(`],` + goodFinding[1:])
		_, problems, err := new(Validator).Check(b.Bytes())
		if err != nil || sentences(problems) != strings.Join(want[:min(len(want), 10)], ", ") {
			t.Fatalf("%v, %v\n got %v\nwant %v", b.String(), err, problems, want)
		}
	})
}
