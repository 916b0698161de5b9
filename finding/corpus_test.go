package finding

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/findinghub/findinghub/asff"
	"github.com/go-json-experiment/json/jsontext"
)

// corpusDir holds real findings from public repositories, beside the checkout.
const corpusDir = "../../shared/corpus/asff"

// corpus reads the real findings that satisfy the format's documented limits, by name.
func corpus(tb testing.TB) map[string]asff.Finding {
	tb.Helper()
	index, err := os.ReadFile(filepath.Join(corpusDir, "INDEX.tsv"))
	if err != nil {
		tb.Fatal(err)
	}
	found := map[string]asff.Finding{}
	for line := range strings.Lines(string(index)) {
		name, rest, _ := strings.Cut(line, "\t")
		if !strings.HasPrefix(rest, "clean\t") {
			continue
		}
		data, err := os.ReadFile(filepath.Join(corpusDir, name+".json"))
		if err != nil {
			tb.Fatal(err)
		}
		found[name] = parse(tb, string(data))
	}
	if len(found) < 100 {
		tb.Fatalf("only %d clean findings in the corpus", len(found))
	}
	return found
}

type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

func parse(tb failer, text string) asff.Finding {
	tb.Helper()
	f, err := asff.Parse([]byte(text))
	if err != nil {
		tb.Fatalf("%v in %s", err, text)
	}
	return f
}

// The times of the tests: noon is when imports arrive, with digits that the hub drops.
var (
	noon = time.Date(2026, 1, 2, 12, 0, 0, 678_999_999, time.UTC)
	one  = noon.Add(time.Hour)
)

const (
	product = "arn:aws:securityhub:eu-west-1::product/prowler/prowler"
	control = "arn:aws:securityhub:eu-west-1::product/aws/securityhub"
)

var (
	byProvider = Source{SourceImport, product}
	byCustomer = Source{SourceUpdate, "arn:aws:iam::123456789012:role/Analyst"}
)

func arrival(now time.Time) Arrival {
	return Arrival{Now: now, Region: "eu-west-1", Source: byProvider}
}

// base has what every finding needs; UpdatedAt is the hour of the day.
func base(hour string) asff.Finding {
	var f asff.Finding
	f.SetText("SchemaVersion", "2018-10-08")
	f.SetText("Id", "finding-1")
	f.SetText("ProductArn", product)
	f.SetText("GeneratorId", "check")
	f.SetText("AwsAccountId", "123456789012")
	f.SetText("CreatedAt", "2026-01-01T00:00:00Z")
	f.SetText("UpdatedAt", "2026-01-01T"+hour+":00:00Z")
	f.SetText("Title", "A title")
	f.SetText("Description", "A description")
	f.Set("Resources", jsontext.Value(`[{"Type":"Other","Id":"r"}]`))
	f.Set("FindingProviderFields", jsontext.Value(`{"Severity":{"Label":"LOW"},"Types":["A/b"]}`))
	return f
}

// having is the finding with other members: `Name: JSON`, or a name alone to remove it.
func having(f asff.Finding, changes ...string) asff.Finding {
	f = f.Clone()
	for _, c := range changes {
		name, v, ok := strings.Cut(c, ": ")
		if ok {
			f.Set(name, jsontext.Value(v))
		} else {
			f.Delete(name)
		}
	}
	return f
}

// mustImport imports and wants a change.
func mustImport(tb failer, old *Stored, sent asff.Finding, a Arrival) *Stored {
	tb.Helper()
	out := tryImport(tb, old, sent, a)
	if !out.Changed {
		tb.Fatalf("the import changed nothing")
	}
	return &out.Stored
}

func tryImport(tb failer, old *Stored, sent asff.Finding, a Arrival) Outcome {
	tb.Helper()
	out, err := Import(old, sent, a)
	if err != nil {
		tb.Fatalf("Import: %v", err)
	}
	return out
}

// mustUpdate updates with one hour's distance to the imports.
func mustUpdate(tb failer, old *Stored, u Update) Outcome {
	tb.Helper()
	if u.Now.IsZero() {
		u.Now = one
	}
	u.Source = byCustomer
	out, err := u.Apply(old)
	if err != nil {
		tb.Fatalf("Apply: %v", err)
	}
	return out
}

// want compares members with their expected JSON; "" is an absent one.
func want(tb testing.TB, f asff.Finding, members ...string) {
	tb.Helper()
	for _, m := range members {
		name, v, _ := strings.Cut(m, ": ")
		if got := f.Get(name); string(got) != v {
			tb.Errorf("%s is %s, want %s", name, got, v)
		}
	}
}

func dump(s *Stored) string { return string(s.Finding.AppendJSON(nil)) }
