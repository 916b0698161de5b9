package finding

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/findinghub/findinghub/asff"
	"github.com/go-json-experiment/json/jsontext"
)

// seeds are values whose punctuation is hard to follow.
var seeds = []string{
	`{}`, `[]`, `{"a":1}`, `[1,2]`, `{"a":{"b":[{"c":"d"}]},"e":null}`, `{"":""}`, `[[],{},""]`,
	`{"a\"b":"c\\","d\\\"":"}{\"]["}`, `"x"`, `-1.5e+7`, `true`, `{"a":"\\\\\"","b":"\\"}`, `[true,false,null,"a,b",-0]`,
	`{"a":1,"a":2}`, `{"é":"\u0001"}`,
	// Not compact JSON: the scan must still end inside.
	``, `{`, `[`, `{"a`, `{"a"`, `{"a":`, `{"a":"`, `{"a":1,`, `{"a":\`, `{]`, `[}`, `[1,`, `{"a":1]`, `[,]`, `{,}`, `{"a" : 1}`, `"\`, `{"\`, `{"a":"\"`,
}

// FuzzScan compares the scan with a real decoder on whatever is JSON, and wants it to
// stay within its input on whatever is not.
func FuzzScan(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for range members(data) {
			continue
		}
		for range elements(data) {
			continue
		}
		split(data)
		v := jsontext.Value(bytes.Clone(data))
		if asff.Normalize(&v) != nil {
			return
		}
		checkMembers(t, v)
		checkElements(t, v)
	})
}

func checkMembers(t *testing.T, v jsontext.Value) {
	var expected asff.Finding
	if v.Kind() == '{' {
		expected = decodeMembers(t, v)
	}
	got := split(v)
	same := slices.EqualFunc(got, expected, func(a, b asff.Member) bool { return a.Name == b.Name && bytes.Equal(a.Value, b.Value) })
	if !same {
		t.Errorf("%s is split into %q, want %q", v, got, expected)
	}
	i := 0
	for name, value := range members(v) {
		if asff.Unquote(name) != expected[i].Name || !bytes.Equal(value, expected[i].Value) {
			t.Errorf("member %d of %s is %s:%s", i, v, name, value)
		}
		i++
	}
}

func decodeMembers(t *testing.T, v jsontext.Value) (list asff.Finding) {
	dec := jsontext.NewDecoder(bytes.NewReader(v), jsontext.AllowDuplicateNames(true))
	if _, err := dec.ReadToken(); err != nil {
		t.Fatal(err)
	}
	for dec.PeekKind() != '}' {
		name, err := dec.ReadToken()
		if err != nil {
			t.Fatal(err)
		}
		m := asff.Member{Name: name.String()}
		value, err := dec.ReadValue()
		if err != nil {
			t.Fatal(err)
		}
		m.Value = value.Clone()
		list = append(list, m)
	}
	return list
}

func checkElements(t *testing.T, v jsontext.Value) {
	var expected []json.RawMessage
	if v.Kind() == '[' {
		if err := json.Unmarshal(v, &expected); err != nil {
			return // encoding/json nests less deeply
		}
	}
	i := 0
	for e := range elements(v) {
		if i >= len(expected) || !bytes.Equal(e, expected[i]) {
			t.Fatalf("element %d of %s is %s", i, v, e)
		}
		i++
	}
	if i != len(expected) {
		t.Errorf("%s has %d elements, found %d", v, len(expected), i)
	}
}

func TestScanStopsWhenTold(t *testing.T) {
	t.Parallel()
	for range members(jsontext.Value(`{"a":1,"b":2}`)) {
		break
	}
	n := 0
	for range elements(jsontext.Value(`[1,2]`)) {
		n++
		break
	}
	if n != 1 {
		t.Errorf("%d elements", n)
	}
}

func TestGet(t *testing.T) {
	t.Parallel()
	v := jsontext.Value(`{"a":{"b":1},"b":[2],"c":"3"}`)
	for name, w := range map[string]string{"a": `{"b":1}`, "b": `[2]`, "c": `"3"`, "d": "", "": ""} {
		if got := get(v, name); string(got) != w {
			t.Errorf("get %q is %s, want %s", name, got, w)
		}
	}
	if get(jsontext.Value(`["a"]`), "a") != nil || get(nil, "a") != nil {
		t.Error("a member of what is no object")
	}
}

func TestWith(t *testing.T) {
	t.Parallel()
	set := func(name, v string) asff.Member {
		if v == "" {
			return asff.Member{Name: name}
		}
		return asff.Member{Name: name, Value: jsontext.Value(v)}
	}
	cases := []struct {
		object  string
		changes []asff.Member
		want    string
	}{
		{``, nil, `{}`},
		{``, []asff.Member{set("a", `1`), set("b", `"x"`)}, `{"a":1,"b":"x"}`},
		{`"no object"`, []asff.Member{set("a", `1`)}, `{"a":1}`},
		{`{"a":1,"b":2}`, []asff.Member{set("b", `3`), set("c", `4`)}, `{"a":1,"b":3,"c":4}`},
		{`{"a":1,"b":2}`, []asff.Member{set("a", ""), set("c", "")}, `{"a":1,"b":2}`},
		{`{"a":1,"a":2}`, []asff.Member{set("a", "3")}, `{"a":3,"a":3}`},
		{`{"x\"":1}`, []asff.Member{set(`q"`, "3")}, `{"x\"":1,"q\"":3}`},
	}
	var s scratch
	for _, c := range cases {
		object := jsontext.Value(c.object)
		got := s.with(object, c.changes...)
		if string(got) != c.want {
			t.Errorf("%s with %q is %s, want %s", c.object, c.changes, got, c.want)
		}
		if string(object) != c.object {
			t.Errorf("%s was changed in place to %s", c.object, object)
		}
	}
	same := jsontext.Value(`{"a":1,"b":2}`)
	if got := s.with(same, set("b", "2")); &got[0] != &same[0] {
		t.Error("an object that nothing changes is copied")
	}
}

// What was taken from a scratch stays as it is, however much is written later.
func TestScratchKeepsWhatWasTaken(t *testing.T) {
	t.Parallel()
	var s scratch
	var taken []jsontext.Value
	for i := range 100 {
		taken = append(taken, s.text(strings.Repeat("x", i)))
	}
	for i, v := range taken {
		if asff.Unquote(v) != strings.Repeat("x", i) {
			t.Fatalf("value %d is now %s", i, v)
		}
		taken[i] = append(v, "overflow"...)
	}
	if got := asff.Unquote(taken[7][:9]); got != "xxxxxxx" {
		t.Errorf("a value ran into the next: %s", got)
	}
}
