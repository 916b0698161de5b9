package filter_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/findinghub/findinghub/asff"
	"github.com/findinghub/findinghub/filter"
	"github.com/go-json-experiment/json/jsontext"
)

// corpus reads the public findings that the repository is tested with. A file holds one
// finding, a list of them, or an object with Findings.
func corpus(t testing.TB) []asff.Finding {
	t.Helper()
	paths, err := filepath.Glob("../../shared/corpus/asff/*.json")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no corpus: %v", err)
	}
	var findings []asff.Finding
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !json.Valid(data) {
			continue // one of the sources has a line break inside a string
		}
		for _, raw := range findingsIn(data) {
			f, err := asff.Parse(raw)
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			findings = append(findings, f)
		}
	}
	return findings
}

func findingsIn(data []byte) []json.RawMessage {
	var list []json.RawMessage
	if json.Unmarshal(data, &list) == nil {
		return list
	}
	var wrapped struct{ Findings []json.RawMessage }
	if json.Unmarshal(data, &wrapped) == nil && wrapped.Findings != nil {
		return wrapped.Findings
	}
	return []json.RawMessage{data}
}

// BenchmarkExtract is one finding per iteration, of 3 KB on average.
func BenchmarkExtract(b *testing.B) {
	findings := corpus(b)
	var size int64
	for _, f := range findings {
		size += int64(f.Size())
	}
	b.SetBytes(size / int64(len(findings)))
	b.ReportAllocs()
	var dst filter.Values
	n := 0
	for i := 0; b.Loop(); i++ {
		dst = filter.Extract(findings[i%len(findings)], dst[:0])
		n += len(dst)
	}
	b.ReportMetric(float64(n)/float64(b.N), "values/op")
}

// BenchmarkSkip is what a decoder takes for reading past the same findings: the reason
// why Extract finds its own way.
func BenchmarkSkip(b *testing.B) {
	var data [][]byte
	for _, f := range corpus(b) {
		data = append(data, f.AppendJSON(nil))
	}
	b.ReportAllocs()
	dec := jsontext.NewDecoder(new(bytes.Buffer))
	for i := 0; b.Loop(); i++ {
		dec.Reset(bytes.NewBuffer(data[i%len(data)]), jsontext.AllowDuplicateNames(true))
		if err := dec.SkipValue(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMatch(b *testing.B) {
	var values []filter.Values
	for _, f := range corpus(b) {
		values = append(values, filter.Extract(f, nil))
	}
	e, err := filter.Parse(jsontext.Value(`{"SeverityLabel":[{"Value":"HIGH","Comparison":"EQUALS"},
		{"Value":"CRITICAL","Comparison":"EQUALS"}],"RecordState":[{"Value":"ACTIVE","Comparison":"EQUALS"}],
		"ResourceType":[{"Value":"AwsIam","Comparison":"PREFIX"},{"Value":"AwsIamPolicy","Comparison":"NOT_EQUALS"}],
		"UpdatedAt":[{"Start":"2020-01-01T00:00:00Z"}]}`), filter.Options{Now: time.Now()})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		filter.Match(e, values[i%len(values)])
	}
}
