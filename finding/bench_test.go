package finding

import (
	"testing"
	"time"

	"github.com/findinghub/findinghub/asff"
	"github.com/go-json-experiment/json/jsontext"
)

func corpusList(b *testing.B) (list []asff.Finding) {
	for _, f := range corpus(b) {
		list = append(list, f)
	}
	return list
}

func BenchmarkImportNew(b *testing.B) {
	list, a := corpusList(b), arrival(noon)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := Import(nil, list[i%len(list)], a); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkImportAgain is a scanner's next run: newer, seen later, one text changed.
func BenchmarkImportAgain(b *testing.B) {
	list, a := corpusList(b), arrival(noon)
	stored := make([]*Stored, len(list))
	for i, f := range list {
		stored[i] = mustImport(b, nil, f, a)
		list[i] = having(f, `UpdatedAt: "2030-01-01T00:00:00Z"`, `LastObservedAt: "2030-01-01T00:00:00Z"`, `Description: "Another"`)
	}
	a.Now = a.Now.Add(time.Hour)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		out, err := Import(stored[i%len(list)], list[i%len(list)], a)
		if err != nil || out.Change == nil {
			b.Fatal(err, out.Change)
		}
	}
}

func BenchmarkUpdate(b *testing.B) {
	list := corpusList(b)
	stored := make([]*Stored, len(list))
	for i, f := range list {
		stored[i] = mustImport(b, nil, f, arrival(noon))
	}
	u := Update{Now: one, Source: byCustomer, Workflow: []byte(`{"Status":"NOTIFIED"}`),
		Severity: []byte(`{"Label":"CRITICAL"}`), Note: []byte(`{"Text":"seen","UpdatedBy":"me"}`)}
	if err := u.Check(); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := u.Apply(stored[i%len(list)]); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkUpdateCheck(b *testing.B) {
	for b.Loop() {
		u := Update{Now: one, Note: []byte(`{"Text":"seen","UpdatedBy":"me"}`), UserDefinedFields: jsontext.Value(`{"team":"blue"}`)}
		if err := u.Check(); err != nil {
			b.Fatal(err)
		}
	}
}
