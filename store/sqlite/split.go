package sqlite

import (
	"bytes"
	"maps"
	"sync/atomic"

	"github.com/findinghub/findinghub/asff"
)

// splitter takes a stored finding apart into its members. A row's checksum says that the
// JSON is what was written, and what was written had been judged valid: so it looks for
// the ends of values and nothing else, which takes a third of a decoder's time.
// It is safe for concurrent use.
type splitter struct {
	// names are those of members met so far, so that a finding need not have copies of its own.
	names atomic.Pointer[map[string]string]
}

// maxNames bounds the names that are remembered: the format has fewer than fifty.
const maxNames = 256

// split appends the members of an object that asff.Finding.AppendJSON wrote to f, aliasing
// data. ok is false when it is anything else; asff.ParseStored says what is wrong with it.
func (s *splitter) split(f asff.Finding, data []byte) (_ asff.Finding, ok bool) {
	if len(data) < 2 || data[0] != '{' || data[len(data)-1] != '}' {
		return nil, false
	}
	if len(data) == 2 {
		return f, true
	}
	for i := 1; ; i++ {
		name := i
		if i = stringEnd(data, i); i < 0 || data[i] != ':' {
			return nil, false
		}
		value := i + 1
		end := valueEnd(data, value)
		if end < 0 || end == value {
			return nil, false
		}
		text, ok := s.name(data[name:i])
		if !ok {
			return nil, false
		}
		f = append(f, asff.Member{Name: text, Value: data[value:end:end]})
		switch i = end; {
		case data[i] == '}' && i == len(data)-1:
			return f, true
		case data[i] != ',':
			return nil, false
		}
	}
}

// name gives the text of a quoted name; ok is false for one with escapes, which is rare
// enough to leave to the decoder.
func (s *splitter) name(quoted []byte) (text string, ok bool) {
	raw := quoted[1 : len(quoted)-1]
	var known map[string]string
	if p := s.names.Load(); p != nil {
		known = *p
	}
	if text, ok := known[string(raw)]; ok {
		return text, true
	}
	if bytes.IndexByte(raw, '\\') >= 0 {
		return "", false
	}
	text = string(raw)
	if len(known) < maxNames && len(text) < 64 {
		// Two that do so at once lose one of the names, until it is met again.
		more := maps.Clone(known)
		if more == nil {
			more = map[string]string{}
		}
		more[text] = text
		s.names.Store(&more)
	}
	return text, true
}

// stringEnd gives the index behind the string that begins at i, -1 when there is none
// or nothing follows it.
func stringEnd(b []byte, i int) int {
	if i >= len(b) || b[i] != '"' {
		return -1
	}
	for from, at := i, i+1; ; {
		quote := bytes.IndexByte(b[at:], '"')
		if quote < 0 || at+quote+1 >= len(b) {
			return -1
		}
		at += quote + 1
		// An odd number of backslashes before a quote makes it one of the text.
		slashes := 0
		for j := at - 2; j > from && b[j] == '\\'; j-- {
			slashes++
		}
		if slashes%2 == 0 {
			return at
		}
	}
}

// valueEnd gives the index behind the value that begins at i, -1 when it has no end or
// nothing follows it.
func valueEnd(b []byte, i int) int {
	switch {
	case i >= len(b):
		return -1
	case b[i] == '"':
		return stringEnd(b, i)
	case b[i] == '{' || b[i] == '[':
		return nestEnd(b, i)
	}
	for ; i < len(b); i++ {
		if b[i] == ',' || b[i] == '}' {
			return i
		}
	}
	return -1
}

// nestEnd skips an object or a list. In valid JSON brackets of both kinds can be counted as one.
func nestEnd(b []byte, i int) int {
	for depth := 0; i < len(b); {
		switch b[i] {
		case '"':
			if i = stringEnd(b, i); i < 0 {
				return -1
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		if i++; depth == 0 {
			if i == len(b) {
				return -1
			}
			return i
		}
	}
	return -1
}
