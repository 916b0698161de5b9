package asff

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// corpusDir holds real findings and an INDEX.tsv that says what an independent reader
// of the documentation thinks of each.
const corpusDir = "../../shared/corpus/asff"

func TestCorpusX(t *testing.T) {
	index, err := os.ReadFile(filepath.Join(corpusDir, "INDEX.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(index)) {
		cols := strings.Split(line, "\t")
		if cols[0] == "name" {
			continue
		}
		raw, err := os.ReadFile(filepath.Join(corpusDir, cols[0]+".json"))
		if err != nil {
			t.Fatal(err)
		}
		_, p, err := (&Validator{Strict: true}).Check(raw)
		if cols[1] != "clean" || p != nil || err != nil {
			t.Log(cols[0], cols[1], cols[2], "\n ->", Message(p), err)
		}
	}
}
