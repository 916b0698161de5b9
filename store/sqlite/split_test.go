package sqlite

import (
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/findinghub/findinghub/asff"
	"github.com/findinghub/findinghub/filter/filtertest"
)

// sameAsParsed wants split to give what the decoder gives, or to leave it to the decoder.
func sameAsParsed(t testing.TB, s *splitter, data []byte) (ok bool) {
	t.Helper()
	got, ok := s.split(nil, data)
	if !ok {
		return false
	}
	want, err := asff.ParseStored(data)
	if err != nil || len(got) != len(want) || len(got) > 0 && !reflect.DeepEqual(got, want) {
		t.Fatalf("%s\nsplits into %v\nwant %v, %v", data, got, want, err)
	}
	return true
}

// TestSplitCorpus: real findings are all split without the decoder.
func TestSplitCorpus(t *testing.T) {
	var s splitter
	for _, f := range corpus(t) {
		if data := f.AppendJSON(nil); !sameAsParsed(t, &s, data) {
			t.Errorf("%s is left to the decoder", data)
		}
	}
}

func TestSplitRandom(t *testing.T) {
	var s splitter
	rapid.Check(t, func(rt *rapid.T) {
		f := filtertest.Finding().Draw(rt, "finding")
		for i, name := range rapid.SliceOfDistinct(rapid.String(), rapid.ID).Draw(rt, "names") {
			if f.Get(name) == nil {
				f.SetText(name, rapid.String().Draw(rt, "value"))
			}
			if i%2 == 0 {
				f.Delete("Title")
			}
		}
		sameAsParsed(t, &s, f.AppendJSON(nil))
	})
}

func TestSplit(t *testing.T) {
	for _, c := range []struct {
		data string
		ok   bool
	}{
		{`{}`, true},
		{`{"a":1}`, true},
		{`{"a":"}","b":"\"","c":"\\","d":"\\\"","e":""}`, true},
		{`{"a":{"b":[{"c":"]}"}]},"d":[],"e":{},"f":-1.5e3,"g":null}`, true},
		{`{"a\n":1}`, false}, // escapes in a name are the decoder's
		{``, false},
		{`{`, false},
		{`[]`, false},
		{`{"a":1`, false},
		{`{"a"}`, false},
		{`{"a":}`, false},
		{`{"a":1,}`, false},
		{`{"a":"}`, false},
		{`{"a":[1}`, false},
		{`{"a":1}}`, false},
		{`{"a" :1}`, false},
		{`{a:1}`, false},
	} {
		var s splitter
		if f, ok := s.split(nil, []byte(c.data)); ok != c.ok {
			t.Errorf("%s: %v, %t; want %t", c.data, f, ok, c.ok)
		}
		if c.ok {
			sameAsParsed(t, &s, []byte(c.data))
		}
	}
}

// FuzzSplit: valid objects are split as the decoder would, and nothing at all makes it panic.
func FuzzSplit(f *testing.F) {
	f.Add([]byte(`{"a":{"b":[{"c":"]}"}]},"d":[],"e":"\\\"","f":-1.5e3}`))
	f.Add([]byte(`{"a":"`))
	f.Add([]byte(`{"a":1}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var s splitter
		s.split(nil, data)
		// Only what AppendJSON writes is promised to be split right.
		parsed, err := asff.Parse(data)
		if err != nil {
			return
		}
		sameAsParsed(t, &s, parsed.AppendJSON(nil))
	})
}

func TestNamesAreBounded(t *testing.T) {
	var s splitter
	for i := range 10 * maxNames {
		sameAsParsed(t, &s, []byte(`{"name-`+string(rune('a'+i%26))+hex([]byte{byte(i), byte(i >> 8)})+`":1}`))
	}
	if n := len(*s.names.Load()); n != maxNames {
		t.Errorf("%d names are remembered, want %d", n, maxNames)
	}
}

func BenchmarkSplit(b *testing.B) {
	var all [][]byte
	for _, f := range corpus(b) {
		all = append(all, f.AppendJSON(nil))
	}
	var s splitter
	for _, c := range []struct {
		name  string
		split func([]byte)
	}{
		{"split", func(d []byte) { s.split(make(asff.Finding, 0, 32), d) }},
		{"decoder", func(d []byte) { _, _ = asff.ParseStored(d) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				c.split(all[i%len(all)])
			}
		})
	}
}
