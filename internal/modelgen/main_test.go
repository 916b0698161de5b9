package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/findinghub/findinghub/asff"
)

const (
	modelPath = "../../../shared/reference/api-model.json"
	asffPath  = "../../asff/schema_gen.go"
	apiPath   = "../../api/model_gen.go"
)

func loadModel(t *testing.T) *model {
	t.Helper()
	m, err := readModel(modelPath)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestCheckedIn: the tables in the repository are what the generator writes now.
func TestCheckedIn(t *testing.T) {
	t.Parallel()
	for table, path := range map[string]string{"asff": asffPath, "api": apiPath} {
		out := filepath.Join(t.TempDir(), "table.go")
		if err := run(modelPath, table, out); err != nil {
			t.Fatal(err)
		}
		fresh, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		checkedIn, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(fresh, checkedIn) {
			t.Errorf("%s is not what modelgen writes: run go generate ./asff ./api", path)
		}
	}
}

func TestRunErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const finding = `{"shapes":{"AwsSecurityFinding":{"type":"structure","members":{"X":{"shape":"S"}}},"S":`
	for _, c := range []struct{ name, path, table, want string }{
		{"no file", filepath.Join(dir, "none"), "asff", "no such file"},
		{"not JSON", write("broken", "{"), "asff", "JSON"},
		{"no table", modelPath, "hub", "-table"},
		{"nowhere to write", modelPath, "api", ""},
		{"an operation without input", write("op", `{"operations":{"Get":{"name":"Get"}}}`), "api", "operation Get has no input"},
		{"no finding", write("empty", `{}`), "asff", "AwsSecurityFinding"},
		{"an unknown type", write("type", finding+`{"type":"blob"}}}`), "asff", `unknown type "blob"`},
		{"an unknown pattern", write("pattern", finding+`{"type":"string","pattern":"a+b"}}}`), "asff", "no matcher"},
		{"a bound with a fraction", write("bound", finding+`{"type":"float","min":0.5}}}`), "asff", "does not fit"},
		{"limits for what is not there", write("limits", finding+`{"type":"string"}}}`), "asff", "does not have"},
		{"a header", write("header", `{"operations":{"Get":{"name":"Get","input":{"shape":"In"}}},"shapes":{"In":{"type":"structure",
			"members":{"X":{"shape":"S","location":"header"}}},"S":{"type":"string"}}}`), "api", "header"},
	} {
		err := run(c.path, c.table, filepath.Join(dir, "no", "such", "folder"))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// TestOperations: the table has what the routing needs, for all 109 operations.
func TestOperations(t *testing.T) {
	t.Parallel()
	m := loadModel(t)
	source, err := requestSource(m)
	if err != nil {
		t.Fatal(err)
	}
	names := m.operationNames()
	if len(names) != 109 || !slices.IsSorted(names) {
		t.Errorf("%d operations", len(names))
	}
	for _, want := range []string{
		`{Name: "BatchImportFindings", Method: "POST", URI: "/findings/import", Input: `,
		`{Member: "TagKeys", Name: "tagKeys", Query: true, Required: true, Shape: `,
		`{Member: "ResourceArn", Name: "ResourceArn", Required: true, Shape: `,
		`{Member: "MaxResults", Name: "MaxResults", Query: true, Shape: `,
		`Name: "AwsSecurityFinding", Kind: asff.KindObject}`,
	} {
		if n := bytes.Count(source, []byte(want)); n < 1 {
			t.Errorf("the table lacks %s", want)
		}
	}
	if bytes.Contains(source, []byte("AwsEc2InstanceDetails")) {
		t.Error("findings are judged twice")
	}
}

// TestBodyOnly: what travels in the path is not asked of the body.
func TestBodyOnly(t *testing.T) {
	t.Parallel()
	tab := newTable(loadModel(t), nil)
	id, err := tab.add("UntagResourceRequest")
	if err != nil {
		t.Fatal(err)
	}
	if s := tab.shapes[id]; s.Kind != asff.KindStructure || s.Fields != nil || s.Required != nil {
		t.Errorf("the body of UntagResource: %+v", s)
	}
	if id, err = tab.add("TagResourceRequest"); err != nil {
		t.Fatal(err)
	}
	if s := tab.shapes[id]; len(s.Fields) != 1 || s.Fields[0].Name != "Tags" || !slices.Equal(s.Required, []string{"Tags"}) {
		t.Errorf("the body of TagResource: %+v", s)
	}
}

// TestEqualShapesOnce: two members with the same limits share a shape, others do not.
func TestEqualShapesOnce(t *testing.T) {
	t.Parallel()
	m := &model{Shapes: map[string]modelShape{
		"T": {Type: "structure", Members: map[string]modelRef{"A": {Shape: "S"}, "B": {Shape: "S"}, "C": {Shape: "S"}, "D": {Shape: "T"}}},
		"S": {Type: "string", Pattern: nonBlank},
	}}
	ls, err := parseLimits("T.A len 1..5\nT.B len 1..5\n")
	if err != nil {
		t.Fatal(err)
	}
	tab := newTable(m, ls)
	id, err := tab.add("T")
	if err != nil {
		t.Fatal(err)
	}
	f := tab.shapes[id].Fields
	if f[0].Shape != f[1].Shape || f[0].Shape == f[2].Shape || f[3].Shape != id || len(tab.shapes) != 3 {
		t.Errorf("%+v of %d shapes", f, len(tab.shapes))
	}
	want := asff.Shape{Name: "S", Limits: asff.NonBlank | asff.HasMin | asff.HasMax, Min: 1, Max: 5, Elem: asff.NoShape, Key: asff.NoShape}
	if got := tab.shapes[f[0].Shape]; got.Limits != want.Limits || got.Min != 1 || got.Max != 5 {
		t.Errorf("%+v, want %+v", got, want)
	}
	if ls.untaken() != nil {
		t.Errorf("untaken: %v", ls.untaken())
	}
}
