package sqlite

import (
	"bytes"
	"errors"
	"math"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/klauspost/compress/s2"
	"pgregory.net/rapid"

	"github.com/findinghub/findinghub/asff"
	"github.com/findinghub/findinghub/finding"
)

func testCodec(t testing.TB) *codec {
	t.Helper()
	c, err := newCodec(dictionary())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// someTime draws times that nanoseconds since 1970 can hold, and the zero time.
func someTime(t *rapid.T) time.Time {
	n := rapid.Int64Range(math.MinInt64+1, math.MaxInt64).Draw(t, "time")
	if n%7 == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}

func someSource(t *rapid.T) finding.Source {
	return finding.Source{Type: finding.SourceType(rapid.String().Draw(t, "type")), Identity: rapid.String().Draw(t, "identity")}
}

// TestFindingRows: what is encoded is decoded, behind whatever the arena held before.
func TestFindingRows(t *testing.T) {
	c := testCodec(t)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String()
		k := finding.Key{Account: text.Draw(t, "account"), Region: text.Draw(t, "region"), ProductArn: text.Draw(t, "product"), ID: text.Draw(t, "id")}
		s := finding.Stored{Owned: finding.Owned(rapid.Byte().Draw(t, "owned")), CreatedTime: someTime(t), CreatedBy: someSource(t)}
		for _, name := range rapid.SliceOfDistinct(rapid.StringN(1, 20, 40), rapid.ID).Draw(t, "members") {
			s.Finding.SetText(name, text.Draw(t, "value"))
		}
		newest, id := rapid.Int64Min(0).Draw(t, "newest"), rapid.Int64().Draw(t, "id")
		before := rapid.SliceOf(rapid.Byte()).Draw(t, "before")
		scratch := rapid.SliceOf(rapid.Byte()).Draw(t, "scratch")
		arena := c.appendFinding(bytes.Clone(before), k, &s, &scratch)
		row := arena[len(before):]
		seal(row, id, newest)
		if !bytes.Equal(arena[:len(before)], before) {
			t.Fatal("the arena's earlier rows changed")
		}
		rec, err := c.finding(id, row, rapid.SliceOf(rapid.Byte()).Draw(t, "buf"))
		if err != nil {
			t.Fatal(err)
		}
		if rec.key != k || rec.newest != newest {
			t.Fatalf("decoded %+v", rec)
		}
		got, err := c.stored(&rec)
		if err != nil || !reflect.DeepEqual(got.CreatedTime, s.CreatedTime) || got.Owned != s.Owned || got.CreatedBy != s.CreatedBy ||
			!bytes.Equal(got.Finding.AppendJSON(nil), s.Finding.AppendJSON(nil)) {
			t.Fatalf("decoded %+v, %v; want %+v", got, err, s)
		}
	})
}

// TestChangeRows is the same for the history.
func TestChangeRows(t *testing.T) {
	c := testCodec(t)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String()
		want := finding.Change{Time: someTime(t), Source: someSource(t)}
		for range rapid.IntRange(0, 5).Draw(t, "updates") {
			want.Updates = append(want.Updates, finding.FieldUpdate{Field: text.Draw(t, "field"), Old: text.Draw(t, "old"), New: text.Draw(t, "new")})
		}
		var scratch []byte
		row := c.appendChange([]byte("before"), &want, &scratch)[len("before"):]
		id, doc, prev := rapid.Int64().Draw(t, "id"), rapid.Int64().Draw(t, "doc"), rapid.Int64().Draw(t, "prev")
		bind(row, id, doc, prev)
		when, err := changeTime(row, id, doc, prev)
		if err != nil || when != want.Time {
			t.Fatalf("the time is %v, %v; want %v", when, err, want.Time)
		}
		if got, err := c.change(row); err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("decoded %+v, %v; want %+v", got, err, want)
		}
	})
}

// TestEventRows: an event's row has the finding of the row that it was made from.
func TestEventRows(t *testing.T) {
	c := testCodec(t)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String()
		k := finding.Key{Account: text.Draw(t, "account"), Region: text.Draw(t, "region"), ProductArn: text.Draw(t, "product"), ID: text.Draw(t, "id")}
		s := finding.Stored{Owned: finding.Owned(rapid.Byte().Draw(t, "owned")), CreatedTime: someTime(t), CreatedBy: someSource(t)}
		s.Finding.SetText("Id", k.ID)
		when, place := someTime(t), rapid.Int64().Draw(t, "place")
		var scratch []byte
		row := appendEvent([]byte("before"), c.appendFinding(nil, k, &s, &scratch), when)[len("before"):]
		bind(row, place)
		rec, err := c.event(row, place, &finding.Key{Account: k.Account, ID: "another"})
		if err != nil || rec.key != k || !bytes.Equal(rec.json, s.Finding.AppendJSON(nil)) || getTime(row[bodyAt:]) != when {
			t.Fatalf("decoded %+v, %v", rec, err)
		}
	})
}

// sampleRow is a finding's row as it lies in the database.
func sampleRow(t testing.TB) []byte {
	t.Helper()
	k := testKey("a")
	var scratch []byte
	row := testCodec(t).appendFinding(nil, k, &finding.Stored{Finding: testFinding(k, "title")}, &scratch)
	seal(row, 3, 7)
	return row
}

// TestDamagedRows: every single bit that flips is noticed.
func TestDamagedRows(t *testing.T) {
	c := testCodec(t)
	row := sampleRow(t)
	for i := range row {
		for bit := range 8 {
			bad := bytes.Clone(row)
			bad[i] ^= 1 << bit
			if _, err := c.finding(3, bad, nil); err == nil {
				t.Fatalf("bit %d of byte %d of %d flipped unnoticed", bit, i, len(row))
			}
		}
	}
	for n := range row {
		if _, err := c.finding(3, row[:n], nil); err == nil {
			t.Fatalf("a row cut to %d of %d bytes went unnoticed", n, len(row))
		}
		if _, err := changeTime(row[:n], 3, 2, 1); err == nil && n < historyHead {
			t.Fatalf("a history row of %d bytes went unnoticed", n)
		}
	}
}

// TestDamagedBoundRows: for rows that are bound, a bit that flips in a column is noticed as well.
func TestDamagedBoundRows(t *testing.T) {
	c := testCodec(t)
	var scratch []byte
	history := c.appendChange(nil, &finding.Change{Updates: []finding.FieldUpdate{{Field: "a", Old: "b"}}}, &scratch)
	event := appendEvent(nil, sampleRow(t), time.Unix(1, 0))
	for name, row := range map[string]struct {
		row     []byte
		columns []int64
		read    func(row []byte, columns []int64) error
	}{
		"history": {history, []int64{9, 4, 7}, func(row []byte, c []int64) error { _, err := changeTime(row, c[0], c[1], c[2]); return err }},
		"event": {event, []int64{5}, func(row []byte, columns []int64) error {
			_, err := c.event(row, columns[0], &finding.Key{})
			return err
		}},
	} {
		bind(row.row, row.columns...)
		if err := row.read(row.row, row.columns); err != nil {
			t.Errorf("%s: the row is not good from the start: %v", name, err)
		}
		for i := range len(row.row) * 8 {
			bad := bytes.Clone(row.row)
			bad[i/8] ^= 1 << (i % 8)
			if row.read(bad, row.columns) == nil {
				t.Errorf("%s: bit %d flipped unnoticed", name, i)
			}
		}
		for i := range len(row.columns) * 64 {
			bad := slices.Clone(row.columns)
			bad[i/64] ^= 1 << (i % 64)
			if row.read(row.row, bad) == nil {
				t.Errorf("%s: bit %d of column %d flipped unnoticed", name, i%64, i/64)
			}
		}
	}
}

// TestUnboundHistory: history rows of layout 1, which know nothing of their columns, are read.
func TestUnboundHistory(t *testing.T) {
	var scratch []byte
	when := time.Unix(1, 2).UTC()
	row := testCodec(t).appendChange(nil, &finding.Change{Time: when}, &scratch)
	row[0] = rowFormat
	sum(row)
	if got, err := changeTime(row, 1, 2, 3); err != nil || got != when {
		t.Errorf("the time is %v, %v", got, err)
	}
}

// FuzzRow: bytes with a good checksum are a row or an error, never a panic or a huge allocation.
func FuzzRow(f *testing.F) {
	c := testCodec(f)
	f.Add(sampleRow(f))
	var scratch []byte
	f.Add(c.appendChange(nil, &finding.Change{Updates: []finding.FieldUpdate{{Field: "a"}}}, &scratch))
	// Claims of sizes that are not there.
	f.Add(append(make([]byte, findingHead), 0xff, 0xff, 0xff, 0xff, 0x0f))
	f.Add(append(make([]byte, historyHead), s2.Encode(nil, []byte{0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 1})...))
	f.Fuzz(func(t *testing.T, row []byte) {
		if len(row) < bodyAt {
			return
		}
		row = bytes.Clone(row)
		row[0] = rowFormat
		sum(row)
		if rec, err := c.finding(3, row, nil); err == nil {
			if s, err := c.stored(&rec); err == nil && s.Finding.AppendJSON(nil) == nil {
				t.Error("a finding without JSON")
			}
		}
		if rec, err := c.event(row, 0, &finding.Key{}); err == nil && len(rec.json) > maxBlock {
			t.Errorf("an event of %d bytes", len(rec.json))
		}
		if _, err := changeTime(row, 3, 2, 1); err == nil {
			if ch, err := c.change(row); err == nil && len(ch.Updates) > len(row)*1000 {
				t.Errorf("%d updates in %d bytes", len(ch.Updates), len(row))
			}
		}
	})
}

// TestLaterRowFormat: rows of a later program are refused, not misread.
func TestLaterRowFormat(t *testing.T) {
	row := sampleRow(t)
	row[0] = boundFormat + 1
	sum(row)
	if _, err := testCodec(t).finding(3, row, nil); err == nil || errors.Is(err, errCorrupt) {
		t.Errorf("a later format: %v", err)
	}
}

// TestDictionaryIsTheDatabases: a program with another dictionary reads and writes with
// the one that the database was made with.
func TestDictionaryIsTheDatabases(t *testing.T) {
	dir := t.TempDir()
	if err := mustOpen(t, Options{Dir: dir}).Close(); err != nil {
		t.Fatal(err)
	}
	other := s2.MakeDict([]byte("a dictionary of an earlier program, with little in it: title"), nil).Bytes()
	for name, value := range map[string][]byte{"dictionary": other, "dictionary sum": sumDictionary(other)} {
		withSQL("UPDATE meta SET value=x'"+hex(value)+"' WHERE name='"+name+"'")(t, filepath.Join(dir, "findings.db"))
	}
	e := mustOpen(t, Options{Dir: dir})
	mustApply(t, e, testPut("a", "title one"))
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	e = mustOpen(t, Options{Dir: dir})
	if got := titleOf(t, e, "a"); got != "title one" {
		t.Errorf("the finding is %q", got)
	}
	k := testKey("a")
	var mine, theirs []byte
	s := &finding.Stored{Finding: testFinding(k, "title one")}
	if bytes.Equal(testCodec(t).appendFinding(nil, k, s, &mine), e.codec.appendFinding(nil, k, s, &theirs)) {
		t.Error("the database's dictionary made no difference")
	}
}

func hex(b []byte) string {
	const digits = "0123456789abcdef"
	out := make([]byte, 0, 2*len(b))
	for _, c := range b {
		out = append(out, digits[c>>4], digits[c&15])
	}
	return string(out)
}

// TestDictionaryHelps: it is worth its place: typical findings take a third of their size,
// and less than two thirds of what they take without.
func TestDictionaryHelps(t *testing.T) {
	c := testCodec(t)
	var plain, bare, packed int
	for _, f := range corpus(t) {
		var scratch []byte
		json := f.AppendJSON(nil)
		plain += len(json)
		bare += len(s2.Encode(nil, json))
		packed += len(c.appendFinding(nil, finding.Key{}, &finding.Stored{Finding: f}, &scratch))
	}
	t.Logf("%d bytes of JSON, %d compressed, %d with the dictionary", plain, bare, packed)
	if 3*packed > plain || 3*packed > 2*bare {
		t.Errorf("%d bytes of JSON take %d, and %d without the dictionary", plain, packed, bare)
	}
}

// corpus is findings of many products.
func corpus(t testing.TB) []asff.Finding {
	t.Helper()
	files, err := filepath.Glob("../../../shared/corpus/asff/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no corpus: %v", err)
	}
	var all []asff.Finding
	for _, name := range files {
		// Not every file is JSON: some were taken as they were found.
		if f, err := asff.Parse(read(t, name)); err == nil {
			all = append(all, f)
		}
	}
	if len(all) < 100 {
		t.Fatalf("only %d findings in the corpus", len(all))
	}
	return all
}
