package filter

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestValueEnd(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, value string }{
		{`"a",1`, `"a"`},
		{`"",`, `""`},
		{`"a\"b"}`, `"a\"b"`},
		{`"a\\"}`, `"a\\"`},
		{`"a\\\"b\\\\"]`, `"a\\\"b\\\\"`},
		{`12.5e-3,`, `12.5e-3`},
		{`true}`, `true`},
		{`null ]`, `null`},
		{`[],1`, `[]`},
		{`[[1],{"a":[2]}]]`, `[[1],{"a":[2]}]`},
		{`{"a":"}"},`, `{"a":"}"}`},
		{`{"]\"":["{"]}}`, `{"]\"":["{"]}`},
		// What never ends, ends with the text.
		{`"abc`, `"abc`},
		{`"abc\"`, `"abc\"`},
		{`{"a":[1,2`, `{"a":[1,2`},
		{`{"a`, `{"a`},
		{``, ``},
		// What is no value takes nothing.
		{`}`, ``},
		{`,1`, ``},
	} {
		if got := c.text[:valueEnd([]byte(c.text), 0)]; got != c.value {
			t.Errorf("the value in %s is %s, want %s", c.text, got, c.value)
		}
	}
}

// Depth is the caller's to choose, so that it must not be ours to recurse by.
func TestValueEndOfDeepNesting(t *testing.T) {
	t.Parallel()
	const depth = 1_000_000
	text := strings.Repeat("[", depth) + strings.Repeat("]", depth)
	if got := valueEnd([]byte(text+",1"), 0); got != len(text) {
		t.Errorf("it ends at %d, want %d", got, len(text))
	}
	x := extraction{data: []byte(text)}
	if got := x.value(&node{attributes: []Attribute{Type}}, 0); got != len(text) {
		t.Errorf("reading it ends at %d, want %d", got, len(text))
	}
}

func TestPair(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text, name, value string
		ok                bool
	}{
		{`"a":1}`, `a`, `1`, true},
		{`,"a":"b"}`, `a`, `"b"`, true},
		{" ,\n\t\"a\" : {} }", `a`, `{}`, true},
		{`"a\"\u0062":1}`, `a"b`, `1`, true},
		{`"":1}`, ``, `1`, true},
		{`}`, ``, ``, false},
		{`"a"}`, ``, ``, false},
		{`"a"`, ``, ``, false},
		{`"`, ``, ``, false},
		{`"\x":1}`, ``, ``, false},
		{`1:2}`, ``, ``, false},
		{``, ``, ``, false},
	} {
		data := []byte(c.text)
		name, at, ok := pair(data, 0)
		if ok != c.ok || at > len(data) {
			t.Errorf("pair(%s) ends at %d, %v", c.text, at, ok)
			continue
		}
		if value := string(data[at:valueEnd(data, at)]); ok && (string(name) != c.name || value != c.value) {
			t.Errorf("pair(%s) is %s and %s, want %s and %s", c.text, name, value, c.name, c.value)
		}
	}
}

func TestUnquoteAliasesPlainText(t *testing.T) {
	t.Parallel()
	data := []byte(`"plain"`)
	text, ok := unquote(data, 0, len(data))
	if !ok || string(text) != "plain" || &text[0] != &data[1] {
		t.Errorf("%s, %v: not the bytes themselves", text, ok)
	}
	// What is appended to a value must not run into the finding.
	if cap(text) != len(text) {
		t.Errorf("capacity %d of %d bytes", cap(text), len(text))
	}
}

// FuzzValueEnd holds the scanner to the standard library on everything that is JSON.
func FuzzValueEnd(f *testing.F) {
	for _, seed := range []string{`"a\\\"b"`, `[1,{"a":"]"},[]]`, `{"":{"}":[]}}`, `-1.5e3`, `null`, ` [ 1 ] `} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		start := space(data, 0)
		end := valueEnd(data, start)
		if end < start || end > len(data) {
			t.Fatalf("it ends at %d of %d", end, len(data))
		}
		if json.Valid(data) && space(data, end) != len(data) {
			t.Errorf("%q ends at %d", data, end)
		}
	})
}
