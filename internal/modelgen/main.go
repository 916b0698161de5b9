package main

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/findinghub/findinghub/asff"
)

func main() {
	path := flag.String("model", "../../shared/reference/api-model.json", "the API's model")
	table := flag.String("table", "", "what to write: asff or api")
	out := flag.String("o", "", "the file to write")
	flag.Parse()
	if err := run(*path, *table, *out); err != nil {
		fmt.Fprintln(os.Stderr, "modelgen:", err)
		os.Exit(1)
	}
}

func run(path, table, out string) error {
	m, err := readModel(path)
	if err != nil {
		return err
	}
	var source []byte
	switch table {
	case "asff":
		source, err = findingSource(m)
	case "api":
		source, err = requestSource(m)
	default:
		err = fmt.Errorf("-table must be asff or api")
	}
	if err != nil {
		return err
	}
	return os.WriteFile(out, source, 0o644)
}

// findingSource is asff/schema_gen.go: all that a finding leads to, with the
// documented limits.
func findingSource(m *model) ([]byte, error) {
	ls, err := parseLimits(limitsText)
	if err != nil {
		return nil, fmt.Errorf("limits.txt: %w", err)
	}
	t := newTable(m, ls)
	root, err := t.add("AwsSecurityFinding")
	if err != nil {
		return nil, err
	}
	if lost := ls.untaken(); lost != nil {
		return nil, fmt.Errorf("limits.txt speaks of what the model does not have: %v", lost)
	}
	w := &writer{}
	w.printf("%spackage asff\n\n", header)
	w.printf("// shapeFinding is the finding itself.\nconst shapeFinding ShapeID = %d\n\n", root)
	w.printf("// findingSchema is the format: %d shapes.\nvar findingSchema = Schema{", len(t.shapes))
	w.shapes(t)
	w.printf("}\n")
	return w.source()
}

// requestSource is api/model_gen.go: the operations and what their requests hold.
// Findings are judged one by one, so a request only has to hold objects there.
func requestSource(m *model) ([]byte, error) {
	t := newTable(m, nil)
	t.opaque["AwsSecurityFinding"] = true
	w := &writer{qualifier: "asff."}
	w.printf("%spackage api\n\nimport \"github.com/findinghub/findinghub/asff\"\n\n%s\n", header, operationTypes)
	w.printf("// operations are all operations of the API, by name.\nvar operations = [...]operation{\n")
	for _, name := range m.operationNames() {
		if err := w.operation(t, m.Operations[name]); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	w.printf("}\n\n// requestSchema is what the operations' requests hold: %d shapes.\n", len(t.shapes))
	w.printf("var requestSchema = asff.Schema{NullAbsent: true, ")
	w.shapes(t)
	w.printf("}\n")
	return w.source()
}

const operationTypes = `// operation is one operation of the API.
type operation struct {
	Name   string
	Method string
	// URI is the path with labels: {Name} is one segment, {Name+} the rest.
	URI string
	// Input is the shape of the body; it has no members where all travel in the URI.
	Input asff.ShapeID
	// Params are the members that travel in the path or the query.
	Params []param
}

// param is a member of a request that does not travel in the body.
type param struct {
	// Member is the model's name, Name the one in the path or the query.
	Member, Name string
	// Query is false for a label of the path.
	Query    bool
	Required bool
	Shape    asff.ShapeID
}
`

func (w *writer) operation(t *table, op modelOperation) error {
	input, err := t.add(op.Input.Shape)
	if err != nil {
		return err
	}
	w.printf("{Name: %q, Method: %q, URI: %q, Input: %d", op.Name, op.HTTP.Method, op.HTTP.RequestURI, input)
	defer w.printf("},\n")
	return w.params(t, t.model.Shapes[op.Input.Shape])
}

func (w *writer) params(t *table, input modelShape) error {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(input.Members)) {
		ref := input.Members[name]
		switch ref.Location {
		case "":
			continue
		case "uri", "querystring":
		default:
			return fmt.Errorf("%s travels in %s, which nobody reads", name, ref.Location)
		}
		shape, err := t.add(ref.Shape)
		if err != nil {
			return err
		}
		lines = append(lines, param(name, ref, slices.Contains(input.Required, name), shape))
	}
	if lines != nil {
		w.printf(", Params: []param{\n%s}", strings.Join(lines, ""))
	}
	return nil
}

func param(name string, ref modelRef, required bool, shape asff.ShapeID) string {
	line := fmt.Sprintf("{Member: %q, Name: %q, ", name, ref.LocationName)
	if ref.Location == "querystring" {
		line += "Query: true, "
	}
	if required {
		line += "Required: true, "
	}
	return line + fmt.Sprintf("Shape: %d},\n", shape)
}
