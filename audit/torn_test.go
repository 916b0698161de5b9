package audit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTornTail: what a crash leaves of a line is kept, as a text in a line of its own.
func TestTornTail(t *testing.T) {
	t.Parallel()
	whole := string(encode(testRecord("whole", false)))
	torn := string(encode(testRecord("torn", false)))
	tests := []struct {
		name, content string
		ids           string // on record after one more call
		part          string // that is told of
	}{
		{"no file", "-", "[after]", ""},
		{"empty", "", "[after]", ""},
		{"whole", whole, "[whole after]", ""},
		{"half a line", whole + torn[:400], "[whole after]", torn[:400]},
		{"one byte", whole + "{", "[whole after]", "{"},
		{"nothing but a part", torn[:100], "[after]", torn[:100]},
		{"only the newline is missing", whole + torn[:len(torn)-1], "[whole torn after]", ""},
		{"zeros", whole + strings.Repeat("\x00", 300), "[whole after]", strings.Repeat("\x00", 300)},
		{"broken UTF-8", whole + "{\"a\":\"\xe6\x97", "[whole after]", "{\"a\":\"\uFFFD"},
		{"as long as may be", whole + strings.Repeat("\x00", MaxLine-1), "[whole after]", strings.Repeat("\x00", maxTorn)},
		{"many lines", strings.Repeat(whole, 200)[:200*len(whole)-9], "[" + strings.Repeat("whole ", 199) + "after]", whole[:len(whole)-9]},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, t.TempDir())
			if tt.content != "-" {
				if err := os.WriteFile(b.path, []byte(tt.content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			b.open(nil)
			b.call("after", false)
			if err := b.log.Close(); err != nil {
				t.Fatal(err)
			}
			all := records(t, b.dir)
			if got := fmt.Sprint(ids(all)); got != tt.ids {
				t.Errorf("on record are %s, want %s", got, tt.ids)
			}
			part := ""
			for _, r := range all {
				if r.EventName == EventTorn {
					part += r.AdditionalEventData.TornLine
				}
			}
			if part != tt.part {
				t.Errorf("told of %q, want %q", part, tt.part)
			}
			if told := strings.Contains(b.said.String(), "part of a line"); told != (tt.ids != "[after]" && !strings.HasSuffix(tt.content, "\n") || tt.part != "") {
				t.Errorf("the log says %q", b.said)
			}
		})
	}
}

// TestForeignFile: a file that is no record of calls is left as it is.
func TestForeignFile(t *testing.T) {
	t.Parallel()
	b := newBench(t, t.TempDir())
	foreign := bytes.Repeat([]byte{'x'}, MaxLine+1)
	if err := os.WriteFile(b.path, foreign, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(b.config()); err == nil || !strings.Contains(err.Error(), "is not a record of calls") {
		t.Errorf("got %v", err)
	}
	if text, err := os.ReadFile(b.path); err != nil || !bytes.Equal(text, foreign) {
		t.Errorf("the file was changed, %v", err)
	}
}

// TestMendIsTornItself: a crash while a torn line is mended leaves a torn line again, never two lines in one.
func TestMendIsTornItself(t *testing.T) {
	t.Parallel()
	whole := encode(testRecord("whole", false))
	part := encode(testRecord("torn", false))[:500]
	mended := encode(Record{EventName: EventTorn, EventType: typeEvent, AdditionalEventData: Additional{TornLine: string(part)}})
	for n := 0; n <= len(mended); n += 61 {
		b := newBench(t, t.TempDir())
		// The first n bytes of the record lie over the part.
		tail := append(bytes.Clone(mended[:n]), part[min(n, len(part)):]...)
		if err := os.WriteFile(b.path, append(bytes.Clone(whole), tail...), 0o600); err != nil {
			t.Fatal(err)
		}
		b.open(nil)
		b.call("after", false)
		if err := b.log.Close(); err != nil {
			t.Fatal(err)
		}
		b.wantIDs("whole", "after")
	}
}

// FuzzMend: whatever a file ends with, afterwards it ends with a line that parses, what was
// before is untouched, and there is nothing more to mend.
func FuzzMend(f *testing.F) {
	for _, tail := range []string{"", "{", "{}", "{}\n", "\n", "null", "\x00\x00", "a\nb", "{\"eventVersion\":\"1.1", "\xff", "\"\\u00"} {
		f.Add("{}\n", tail)
	}
	f.Fuzz(func(t *testing.T, before, part string) {
		path := filepath.Join(t.TempDir(), "audit.jsonl")
		if before != "" && !strings.HasSuffix(before, "\n") {
			before += "\n"
		}
		if err := os.WriteFile(path, []byte(before+part), 0o600); err != nil {
			t.Fatal(err)
		}
		record := func(part string) Record {
			return Record{EventName: EventTorn, AdditionalEventData: Additional{TornLine: part}}
		}
		if _, err := mend(path, record); err != nil {
			if len(part) <= MaxLine {
				t.Fatal(err)
			}
			return
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		whole := before + part[:strings.LastIndexByte(part, '\n')+1]
		last, ok := strings.CutPrefix(string(text), whole)
		if !ok {
			t.Fatalf("%q became %q", before+part, text)
		}
		if last != "" && (!strings.HasSuffix(last, "\n") || strings.Count(last, "\n") != 1 || !json.Valid([]byte(last))) {
			t.Fatalf("the last line is %q", last)
		}
		if n, err := mend(path, record); n != 0 || err != nil {
			t.Fatalf("mended again: %d, %v", n, err)
		}
	})
}
