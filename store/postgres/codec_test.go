package postgres

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
)

func testCodec(t testing.TB) *codec {
	t.Helper()
	c, err := newCodec(newDictionary())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestBodies: everything comes back.
func TestBodies(t *testing.T) {
	t.Parallel()
	c := testCodec(t)
	s := smallFinding("a\x00")
	s.Owned, s.CreatedTime, s.CreatedBy = finding.OwnsTypes, time.Unix(5, 6).UTC(), finding.Source{Type: finding.SourceImport, Identity: "é"}
	body := c.encodeFinding(s.Key(), &s)
	got, err := c.stored(body)
	if err != nil || got.Owned != s.Owned || !got.CreatedTime.Equal(s.CreatedTime) || got.CreatedBy != s.CreatedBy || got.Key() != s.Key() {
		t.Errorf("got %v, %v", got, err)
	}
	for _, ch := range []finding.Change{
		{}, {Time: time.Unix(7, 8).UTC(), Source: s.CreatedBy, Updates: []finding.FieldUpdate{{Field: "f", Old: "", New: strings.Repeat("x", 70_000)}}},
	} {
		if got, err := c.change(c.encodeChange(&ch)); err != nil || !reflect.DeepEqual(got, ch) {
			t.Errorf("got %v, %v; want %v", got, err, ch)
		}
	}
}

// TestDamaged: no flipped bit and no cut goes unnoticed.
func TestDamaged(t *testing.T) {
	t.Parallel()
	c := testCodec(t)
	s := smallFinding("a")
	body := c.encodeFinding(s.Key(), &s)
	for i := range body {
		for bit := range 8 {
			bad := append([]byte{}, body...)
			bad[i] ^= 1 << bit
			if _, err := c.decodeFinding(bad); err == nil {
				t.Errorf("byte %d, bit %d may flip", i, bit)
			}
		}
		if _, err := c.decodeFinding(body[:i]); err == nil {
			t.Errorf("%d bytes of %d are enough", i, len(body))
		}
	}
}

// FuzzDecode: whatever a body is, reading it ends, and says what is wrong.
func FuzzDecode(f *testing.F) {
	c := testCodec(f)
	s := smallFinding("a")
	f.Add(c.encodeFinding(s.Key(), &s))
	f.Add(c.encodeChange(&finding.Change{}))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, body []byte) {
		if _, err := c.stored(body); err != nil && !errors.Is(err, errCorrupt) && !strings.Contains(err.Error(), "row format") {
			t.Errorf("%v", err)
		}
		_, _ = c.change(body)
	})
}

// TestDamagedRow: a row that is damaged is an error of who reads it, and others are read.
func TestDamagedRow(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	e := openHere(t, Options{})
	bad, good := smallFinding("bad"), smallFinding("good")
	if _, err := e.Apply(ctx, mutations([]finding.Stored{bad, good})); err != nil {
		t.Fatal(err)
	}
	if _, err := e.writers.Exec(ctx, "UPDATE finding SET body = set_byte(body, 20, get_byte(body, 20) # 1) WHERE title = 't of bad'"); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Get(ctx, []finding.Key{bad.Key()}); !errors.Is(err, errCorrupt) {
		t.Errorf("Get: %v", err)
	}
	s := store.Scope{Accounts: []string{here.account}, Regions: []string{here.region}}
	if _, err := e.Find(ctx, store.Query{Scope: s, Filter: filter.And{}, Limit: 5}); !errors.Is(err, errCorrupt) {
		t.Errorf("Find: %v", err)
	}
	if _, err := e.Apply(ctx, mutations([]finding.Stored{bad})); !errors.Is(err, errCorrupt) {
		t.Errorf("Apply: %v", err)
	}
	if got, err := e.Get(ctx, []finding.Key{good.Key()}); err != nil || got[0] == nil {
		t.Errorf("the other finding: %v, %v", got, err)
	}
	if err := e.Ready(ctx); err != nil {
		t.Errorf("the engine as a whole: %v", err)
	}
}

// TestRow: columns have what fits them, the rest is odd, and lists have each value once.
func TestRow(t *testing.T) {
	t.Parallel()
	c := testCodec(t)
	s := smallFinding("a")
	s.Finding.Set("Types", []byte(`["b","a","b",""]`))
	s.Finding.Set("Severity", []byte(`{"Label":"CRITICAL","Normalized":90.5}`))
	s.Finding.SetText("UpdatedAt", "1970-01-01T00:00:01.000002Z")
	s.Finding.SetText("Title", strings.Repeat("t", 5000))
	r := c.newRow(s.Key(), &s, 7, newDigester(here))
	if r.odd || r.severity.Int16 != 4 || r.numbers[0].Float64 != 90.5 || r.dates[1].Int64 != 1_000_002 || len(r.texts[4]) != 5000 ||
		!reflect.DeepEqual(r.lists[0], [][]byte{[]byte("b"), []byte("a"), {}}) || r.dates[0].Valid || r.texts[0] != nil || r.revision != 7 {
		t.Errorf("the row is %+v", r)
	}
	for name, value := range map[string]string{
		"Severity": `{"Label":"critical"}`, "Workflow": `{"Status":"` + strings.Repeat("x", maxShort+1) + `"}`,
		"Types": `["` + strings.Repeat("x", maxColumn+1) + `"]`, "ProductName": `"` + strings.Repeat("x", maxColumn+1) + `"`,
	} {
		odd := smallFinding("a")
		odd.Finding.Set(name, []byte(value))
		if r := c.newRow(odd.Key(), &odd, 1, newDigester(here)); !r.odd {
			t.Errorf("%s %.30s is not odd", name, value)
		}
	}
}
