package asff

import (
	"bytes"
	"errors"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

// FuzzCheck: nothing makes Check panic; it takes exactly what Parse takes; what passes
// is small enough, passes again and does not change any more.
func FuzzCheck(f *testing.F) {
	f.Add([]byte(goodFinding))
	f.Fuzz(func(t *testing.T, raw []byte) {
		v := new(Validator)
		finding, problems, err := v.Check(raw)
		if err != nil {
			if jsontext.Value(raw).IsValid(jsontext.AllowDuplicateNames(true)) {
				t.Fatalf("%s is JSON: %v", raw, err)
			}
			return
		}
		if len(problems) > maxProblems || (problems != nil) != (Message(problems) != "") {
			t.Fatalf("problems %v", problems)
		}
		if problems != nil {
			return
		}
		stored := finding.AppendJSON(nil)
		if len(stored) > MaxFindingSize || finding.Size() != len(stored) {
			t.Fatalf("size %d of %d bytes", finding.Size(), len(stored))
		}
		again, problems, err := v.Check(stored)
		if err != nil || problems != nil || !bytes.Equal(again.AppendJSON(nil), stored) {
			t.Fatalf("the second Check: %v, %v, %s", problems, err, again.AppendJSON(nil))
		}
		if kept, err := ParseStored(stored); err != nil || !bytes.Equal(kept.AppendJSON(nil), stored) {
			t.Fatalf("ParseStored: %v", err)
		}
	})
}

// FuzzRead: nothing makes Read panic; every item is JSON and lies within the file, in order;
// the items as JSON lines give themselves again.
func FuzzRead(f *testing.F) {
	f.Fuzz(func(t *testing.T, file []byte) {
		var lines []byte
		n, last := 0, int64(-1)
		err := Read(bytes.NewReader(file), func(i Item) error {
			if i.Index != n || i.Offset <= last || i.Offset >= int64(len(file)) || file[i.Offset] != i.Raw[0] {
				t.Fatalf("item %d at %d after %d: %s", i.Index, i.Offset, last, i.Raw)
			}
			if !i.Raw.IsValid(jsontext.AllowDuplicateNames(true)) {
				t.Fatalf("not JSON: %s", i.Raw)
			}
			n, last = n+1, i.Offset
			if i.Raw.Kind() == '{' {
				lines = append(append(lines, i.Raw...), '\n')
			}
			return nil
		})
		if err != nil {
			return
		}
		if err := Read(bytes.NewReader(lines), func(Item) error { return nil }); err != nil {
			t.Fatalf("what was read cannot be read: %v in %s", err, lines)
		}
		stop := errors.New("stop")
		if err := Read(bytes.NewReader(file), func(Item) error { return stop }); n > 0 && err != stop {
			t.Fatalf("yield's error is %v", err)
		}
	})
}

// FuzzParseTime: nothing panics, and a time that is read is the same when it is written by the book.
func FuzzParseTime(f *testing.F) {
	for _, seed := range []string{"2024-02-29T10:11:12.5+01:30", "2016-12-31t23:59:60z", "2024-02-29T10:11:12-0230", "2024-02-29T10:11:12+18"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at, err := ParseTime(text)
		if (err == nil) != isTime([]byte(text)) {
			t.Fatalf("%q: ParseTime says %v, the validator otherwise", text, err)
		}
		if err != nil {
			return
		}
		again, err := ParseTime(at.Format("2006-01-02T15:04:05.999999999Z07:00"))
		if err != nil || !again.Equal(at) {
			t.Fatalf("%q is %v, written it is %v, %v", text, at, again, err)
		}
	})
}
