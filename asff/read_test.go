package asff

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// readAll gives the findings of a file as text with their places.
func readAll(r io.Reader) (raws []string, offsets []int64, err error) {
	err = Read(r, func(i Item) error {
		if i.Index != len(raws) {
			return errors.New("wrong index")
		}
		raws, offsets = append(raws, string(i.Raw)), append(offsets, i.Offset)
		return nil
	})
	return raws, offsets, err
}

func TestReadShapes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, file string
		want       []string
		offsets    []int64
	}{
		{"nothing", " \n", nil, nil},
		{"one finding", ` {"Id": "a", "X": [ 1 ]} `, []string{`{"Id":"a","X":[ 1 ]}`}, []int64{1}},
		{"an empty object", `{}`, []string{`{}`}, []int64{0}},
		{"an array", `[{"Id":"a"}, {"Id":"b"}]`, []string{`{"Id":"a"}`, `{"Id":"b"}`}, []int64{1, 13}},
		{"an empty array", `[]`, nil, nil},
		{"an answer of GetFindings", `{"Findings": [{"Id":"a"},{"Id":"b"}], "NextToken": "t"}`,
			[]string{`{"Id":"a"}`, `{"Id":"b"}`}, []int64{14, 25}},
		{"other members first", `{"NextToken": "t", "Findings": [{"Id":"a"}]}`, []string{`{"Id":"a"}`}, []int64{32}},
		{"no findings in it", `{"Findings": []}`, nil, nil},
		{"JSON lines", "{\"Id\":\"a\"}\n{\"Id\":\"b\"}\r\n\n{\"Id\":\"c\"}\n",
			[]string{`{"Id":"a"}`, `{"Id":"b"}`, `{"Id":"c"}`}, []int64{0, 11, 24}},
		{"arrays after one another", `[{"Id":"a"}] {"Findings":[{"Id":"b"}]} {"Id":"c"}`,
			[]string{`{"Id":"a"}`, `{"Id":"b"}`, `{"Id":"c"}`}, []int64{1, 26, 39}},
		{"a finding with a member Findings", `{"Id":"a","Findings":[1]}`, []string{`{"Id":"a","Findings":[1]}`}, []int64{0}},
		{"Findings that is no array", `{"Findings":"none"}`, []string{`{"Findings":"none"}`}, []int64{0}},
		{"a byte order mark", "\xEF\xBB\xBF" + `{"Id":"a"}`, []string{`{"Id":"a"}`}, []int64{3}},
		{"what is no finding", `[1, "x"]` + ` null`, []string{`1`, `"x"`, `null`}, []int64{1, 4, 9}},
		{"duplicate names", `{"Id":"a","Id":"b"}`, []string{`{"Id":"a","Id":"b"}`}, []int64{0}},
		{"escaped names", `{"\u0049d":"a"}`, []string{`{"\u0049d":"a"}`}, []int64{0}},
	} {
		for _, r := range []io.Reader{strings.NewReader(c.file), iotest.OneByteReader(strings.NewReader(c.file)), iotest.DataErrReader(strings.NewReader(c.file))} {
			raws, offsets, err := readAll(r)
			if err != nil || !slices.Equal(raws, c.want) || !slices.Equal(offsets, c.offsets) {
				t.Errorf("%s: %q at %v, %v", c.name, raws, offsets, err)
			}
		}
	}
}

func TestReadErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		file string
		n    int
		want string
	}{
		{`{"Id":"a"`, 0, "finding 1, at byte 9: "},
		{`[{"Id":"a"},`, 1, "finding 2, at byte 11: "},
		{`[{"Id":"a"}`, 1, "finding 2, at byte 11: "},
		{`[`, 0, "finding 1, at byte 1: "},
		{`{`, 0, "finding 1, at byte 1: "},
		{`{"Findings":[{"Id":"a"}`, 1, "finding 2, at byte 23: "},
		{`{"Findings":[{"Id":"a"}]`, 1, "finding 2, at byte 24: "},
		{"{\"Id\":\"a\"}\nnonsense", 1, "finding 2, at byte 10: "},
		{"\xEF\xBB\xBF{\"Id\":\"a\"} }", 1, "finding 2, at byte 13: "},
		{`{"Id" "a"}`, 0, "finding 1, at byte "},
	} {
		raws, _, err := readAll(strings.NewReader(c.file))
		if err == nil || !strings.HasPrefix(err.Error(), c.want) || len(raws) != c.n {
			t.Errorf("%s: %d findings, %v", c.file, len(raws), err)
		}
	}
	broken := errors.New("the disk is gone")
	if _, _, err := readAll(io.MultiReader(strings.NewReader(`[{"Id":"a"},`), iotest.ErrReader(broken))); !errors.Is(err, broken) {
		t.Errorf("a reader's error is lost: %v", err)
	}
	stop := errors.New("enough")
	if err := Read(strings.NewReader(`[1,2]`), func(Item) error { return stop }); err != stop {
		t.Errorf("yield's error comes back as %v", err)
	}
	if err := Read(strings.NewReader(`[1,2]`), func(Item) error { return io.EOF }); err != io.EOF {
		t.Errorf("yield's io.EOF comes back as %v", err)
	}
}

// endless is a file that repeats itself and counts what was read of it.
type endless struct {
	head, body string
	limit      int64
	read       int64
	rest       []byte
}

func (e *endless) Read(p []byte) (int, error) {
	if e.read >= e.limit {
		return 0, io.EOF
	}
	if len(e.rest) == 0 {
		e.rest = []byte(e.body)
		if e.read == 0 {
			e.rest = []byte(e.head + e.body)
		}
	}
	n := copy(p, e.rest)
	e.rest, e.read = e.rest[n:], e.read+int64(n)
	return n, nil
}

// TestReadBounded: a finding without end is refused before it fills the memory, and many findings
// that are far more than the bound together are not.
func TestReadBounded(t *testing.T) {
	t.Parallel()
	for name, head := range map[string]string{"value": `{"Id":"`, "array": `[{"Id":"`, "line": "{}\n\""} {
		e := &endless{head: head, body: strings.Repeat("x", 1<<16), limit: 1 << 40}
		if _, _, err := readAll(e); !errors.Is(err, ErrTooLarge) || e.read > 2*maxReadSize {
			t.Errorf("%s: %v after %d bytes", name, err, e.read)
		}
	}
	e := &endless{head: "[1", body: "," + strings.Repeat(" ", 1<<15) + `{"Id":"` + strings.Repeat("x", 1<<15) + `"}`, limit: 4 * maxReadSize}
	n := 0
	err := Read(e, func(Item) error { n++; return nil })
	if n < 400 || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%d findings, %v", n, err)
	}
}

// TestReadCorpus: whatever way a finding lies in a file, Read gives it.
func TestReadCorpus(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(corpusDir, "*.json"))
	if err != nil || len(files) < 100 {
		t.Fatal(len(files), err)
	}
	var lines, array, envelope bytes.Buffer
	var want []string
	array.WriteString("[")
	envelope.WriteString(`{"Findings":`)
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		f, err := Parse(raw)
		if err != nil {
			continue // one file of the corpus is not JSON
		}
		if len(want) > 0 {
			array.WriteString(",\n")
		}
		line := f.AppendJSON(nil)
		want = append(want, string(line))
		array.Write(line)
		lines.Write(append(line, '\n'))
	}
	array.WriteString("]")
	envelope.Write(array.Bytes())
	envelope.WriteString("}")
	for i, file := range []*bytes.Buffer{&lines, &array, &envelope} {
		if got, _, err := readAll(file); err != nil || !slices.Equal(got, want) {
			t.Errorf("shape %d: %d findings of %d, %v", i, len(got), len(want), err)
		}
	}
}
