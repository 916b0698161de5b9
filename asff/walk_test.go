package asff

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// toySchema has one shape of every kind.
var toySchema = Schema{NullAbsent: true, Shapes: []Shape{
	0: {Name: "Request", Kind: KindStructure, Required: []string{"Name", "List"}, Fields: []Field{
		{Name: "Any", Shape: 8}, {Name: "Map", Shape: 5}, {Name: "List", Shape: 2, Bit: 2},
		{Name: "Name", Shape: 1, Bit: 1}, {Name: "Time", Shape: 6}, {Name: "Other", Shape: 7},
		{Name: "Number", Shape: 9}, {Name: "Boolean", Shape: 10},
	}},
	1:  {Name: "Name", Kind: KindString, Limits: NonBlank | HasMax, Max: 3},
	2:  {Name: "List", Kind: KindList, Elem: 3, Limits: HasMin | HasMax, Min: 1, Max: 2},
	3:  {Name: "Item", Kind: KindStructure, Required: []string{"A"}, Fields: []Field{{Name: "A", Shape: 4, Bit: 1}}},
	4:  {Name: "Count", Kind: KindInteger, Limits: HasMin | HasMax, Min: 1, Max: 100},
	5:  {Name: "Map", Kind: KindMap, Key: 1, Elem: 4, Limits: HasMax, Max: 1},
	6:  {Name: "Time", Kind: KindTimestamp},
	7:  {Name: "Other", Kind: KindObject},
	8:  {Name: "Any", Kind: KindAny},
	9:  {Name: "Number", Kind: KindNumber, Limits: HasMin, Min: 1},
	10: {Name: "Boolean", Kind: KindBoolean},
	11: {Name: "Names", Kind: KindList, Elem: 1},
}}

// walk gives what Walk reports as lines `path rule bound size member`.
func walk(t *testing.T, root ShapeID, doc string) []string {
	t.Helper()
	var got []string
	err := toySchema.Walk([]byte(doc), root, func(v *Violation) {
		got = append(got, strings.TrimSpace(fmt.Sprintf("%s %d %d %d %s %s", v.Path.Render(""), v.Rule, v.Bound, v.Size, v.Member, v.Pattern)))
		if int(v.Offset) > len(doc) || v.Value != nil && !strings.HasPrefix(doc[v.Offset:], string(v.Value)) {
			t.Errorf("%s: %s does not begin at %d", doc, v.Value, v.Offset)
		}
	})
	if err != nil {
		t.Fatalf("%s: %v", doc, err)
	}
	return got
}

func TestWalkRules(t *testing.T) {
	t.Parallel()
	line := func(path string, rule Rule, bound, size int, rest ...string) string {
		return strings.TrimSpace(fmt.Sprintf("%s %d %d %d %s", path, rule, bound, size, strings.Join(rest, " ")))
	}
	for _, c := range []struct {
		doc  string
		want []string
	}{
		{`{"Name":"n","List":[{"A":1}]}`, nil},
		{`{}`, []string{line("", RuleRequired, 0, 0, "Name"), line("", RuleRequired, 0, 0, "List")}},
		{`{"Name":null,"List":[{"A":1}]}`, []string{line("", RuleRequired, 0, 0, "Name")}},
		{`{"Name":"n","List":[]}`, []string{line("List", RuleMinItems, 1, 0)}},
		{`{"Name":"n","List":[{"A":1},{"A":1},{"A":1}]}`, []string{line("List", RuleMaxItems, 2, 3)}},
		{`{"Name":"n","List":[{"A":1},{}]}`, []string{line("List[1]", RuleRequired, 0, 0, "A")}},
		{`{"Name":"n","List":[null]}`, []string{line("List[0]", RuleType, 0, 0)}},
		{`{"Name":"n","List":[{"A":0},{"A":101}]}`, []string{line("List[0].A", RuleMin, 1, 0), line("List[1].A", RuleMax, 100, 0)}},
		{`{"Name":"","List":[{"A":1}]}`, []string{line("Name", RuleMinLength, 1, 0)}},
		{`{"Name":"nnnn","List":[{"A":1}]}`, []string{line("Name", RuleMaxLength, 3, 4)}},
		{`{"Name":" ","List":[{"A":1}]}`, []string{line("Name", RulePattern, 0, 0, "", `.*\S.*`)}},
		{`{"Name":"n","List":[{"A":1}],"Map":{"a":1,"long":2}}`, []string{line("Map", RuleName, 0, 0, "long"), line("Map", RuleMaxProperties, 1, 2)}},
		{`{"Name":"n","List":[{"A":1}],"Map":{"a":"x"}}`, []string{line("Map['a']", RuleType, 0, 0)}},
		{`{"Name":"n","List":[{"A":1}],"New":{"A":[1]}}`, []string{line("New", RuleUnknown, 0, 0)}},
		{`{"Name":"n","List":[{"A":1,"x-y":0}]}`, []string{line("List[0]['x-y']", RuleUnknown, 0, 0)}},
		{`{"Name":"n","List":[{"A":1}],"Time":"2024-01-01T00:00:00Z","Other":{"a":[]},"Any":[{}],"Number":1.5,"Boolean":true}`, nil},
		{`{"Name":"n","List":[{"A":1}],"Other":[],"Any":5,"Number":0.5,"Boolean":1}`,
			[]string{line("Other", RuleType, 0, 0), line("Number", RuleMin, 1, 0), line("Boolean", RuleType, 0, 0)}},
		{`{"Name":"n","List":[{"A":1}],"Other":"x","Time":"now"}`,
			[]string{line("Other", RuleType, 0, 0), line("Time", RulePattern, 0, 0, "", PatternTime.String())}},
		{`[]`, []string{line("", RuleType, 0, 0)}},
	} {
		if got := walk(t, 0, c.doc); !slices.Equal(got, c.want) {
			t.Errorf("%s:\n got %q\nwant %q", c.doc, got, c.want)
		}
	}
}

func TestWalkNotJSON(t *testing.T) {
	t.Parallel()
	for _, doc := range []string{"", "{", `{"Name":}`, "{}x", `{"Other":{"a":}}`, `{"Any":[}`} {
		if err := toySchema.Walk([]byte(doc), 0, func(*Violation) {}); err == nil {
			t.Errorf("%q is JSON", doc)
		}
	}
}

// TestWalkText: parameters of a path or a query are bare text.
func TestWalkText(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		shape ShapeID
		text  string
		want  []Rule
	}{
		{1, "n", nil}, {1, "", []Rule{RuleMinLength}}, {1, `"\`, nil}, {1, "null", []Rule{RuleMaxLength}},
		{4, "5", nil}, {4, "0", []Rule{RuleMin}}, {4, "x", []Rule{RuleType}}, {4, "", []Rule{RuleType}},
		{4, "1.5", []Rule{RuleType}}, {4, "[1]", []Rule{RuleType}}, {4, "5 6", []Rule{RuleType}},
		{10, "true", nil}, {10, "yes", []Rule{RuleType}},
		{6, "2024-01-01T00:00:00Z", nil}, {6, "5", []Rule{RulePattern}},
		{11, "nnn", nil}, {11, "nnnn", []Rule{RuleMaxLength}},
		{8, "{", nil},
	} {
		var got []Rule
		toySchema.WalkText(c.text, c.shape, func(v *Violation) {
			got = append(got, v.Rule)
			if len(v.Path) != 0 {
				t.Errorf("%q has the path %v", c.text, v.Path)
			}
		})
		if !slices.Equal(got, c.want) {
			t.Errorf("%s of %q: %v, want %v", toySchema.Shape(c.shape).Name, c.text, got, c.want)
		}
	}
}

// TestRender: the paths of behaviour.md section 1.4, under the root of either reader.
func TestRender(t *testing.T) {
	t.Parallel()
	path := Path{{Kind: StepMember, Name: "Resources"}, {Kind: StepItem, Index: 12}, {Kind: StepMember, Name: "Tags"}, {Kind: StepKey, Name: "it's"}}
	for root, want := range map[string]string{"data": "data.Resources[12].Tags['it's']", "": "Resources[12].Tags['it's']"} {
		if got := path.Render(root); got != want {
			t.Errorf("%q: %s, want %s", root, got, want)
		}
	}
	for name, want := range map[string]string{"X": "data.X", "_x$9": "data._x$9", "9x": "data['9x']", "": "data['']", "é": "data['é']", "a b": "data['a b']"} {
		if got := (Path{{Kind: StepUnknown, Name: name}}).Render("data"); got != want {
			t.Errorf("%q: %s, want %s", name, got, want)
		}
	}
	if got := (Path{{Kind: StepKey, Name: "X"}}).Render("data"); got != "data['X']" {
		t.Errorf("a name in a map: %s", got)
	}
}

// TestTable holds the generated table to what the walk relies on.
func TestTable(t *testing.T) {
	t.Parallel()
	structures := 0
	for id, s := range findingSchema.Shapes {
		switch s.Kind {
		case KindStructure:
			structures++
			checkStructure(t, &s)
		case KindMap, KindList:
			if int(s.Elem) >= len(findingSchema.Shapes) || s.Kind == KindMap && findingSchema.Shapes[s.Key].Kind != KindString {
				t.Errorf("shape %d %s has parts that are no shapes", id, s.Name)
			}
		case KindAny, KindObject, KindTimestamp:
			t.Errorf("shape %d %s: the format has no such kind", id, s.Name)
		}
	}
	if structures != 610 {
		t.Errorf("%d structures, the model leads to 610", structures)
	}
	if n := len(findingSchema.Shapes[shapeFinding].Fields); n != len(topLevel) {
		t.Errorf("a finding has %d members, finding.go names %d", n, len(topLevel))
	}
	for _, f := range findingSchema.Shapes[shapeFinding].Fields {
		if topLevel[f.Name] == "" {
			t.Errorf("finding.go does not name %s", f.Name)
		}
	}
}

func checkStructure(t *testing.T, s *Shape) {
	var watched uint32
	for i, f := range s.Fields {
		if got := s.field([]byte(f.Name)); got != i {
			t.Errorf("%s.%s is found at %d, not %d", s.Name, f.Name, got, i)
		}
		if got := s.field([]byte(f.Name + "x")); got >= 0 && s.Fields[got].Name != f.Name+"x" {
			t.Errorf("%s.%sx is %s", s.Name, f.Name, s.Fields[got].Name)
		}
		if f.Shape < 0 || int(f.Shape) >= len(findingSchema.Shapes) {
			t.Errorf("%s.%s has no shape", s.Name, f.Name)
		}
		watched |= f.Bit
	}
	for i, name := range s.Required {
		if at := s.field([]byte(name)); at < 0 || s.Fields[at].Bit != 1<<i {
			t.Errorf("%s: nothing watches %s", s.Name, name)
		}
	}
	for _, set := range s.AnyOf {
		if set == 0 || set&^watched != 0 {
			t.Errorf("%s: set %b of %b", s.Name, set, watched)
		}
	}
}
