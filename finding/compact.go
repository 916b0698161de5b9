package finding

import (
	"bytes"
	"iter"
	"strings"

	"github.com/findinghub/findinghub/asff"
	"github.com/go-json-experiment/json/jsontext"
)

// A finding's members are compact, valid JSON (asff.Member promises it), and an import
// looks into half a dozen of them. So they are scanned here by their punctuation alone:
// a decoder would check once more what was checked on the way in, at ten times the cost.
// On bytes that break the promise the scan ends early; it never reads past them.

// members yields an object's members in order: the quoted name and the value.
// Anything but an object has none.
func members(v jsontext.Value) iter.Seq2[[]byte, jsontext.Value] {
	return func(yield func([]byte, jsontext.Value) bool) {
		if !isObject(v) {
			return
		}
		for v = v[1:]; len(v) > 0 && v[0] == '"'; {
			n := stringEnd(v)
			name, rest := v[:n:n], v[n:]
			if len(rest) < 2 {
				return
			}
			rest = rest[1:]
			n = valueEnd(rest)
			if !yield(name, rest[:n:n]) {
				return
			}
			v = afterComma(rest[n:])
		}
	}
}

// elements yields an array's elements in order.
func elements(v jsontext.Value) iter.Seq[jsontext.Value] {
	return func(yield func(jsontext.Value) bool) {
		if len(v) < 3 || v[0] != '[' {
			return
		}
		for v = v[1:]; len(v) > 0; {
			n := valueEnd(v)
			if n == 0 || !yield(v[:n:n]) {
				return
			}
			v = afterComma(v[n:])
		}
	}
}

func afterComma(v jsontext.Value) jsontext.Value {
	if len(v) == 0 || v[0] != ',' {
		return nil
	}
	return v[1:]
}

// stringEnd is the length of the string that v begins with, its quotes included.
func stringEnd(v []byte) int {
	for end := 1; ; {
		n := bytes.IndexByte(v[end:], '"')
		if n < 0 {
			return len(v)
		}
		end += n + 1
		// The quote ends the string unless an odd number of backslashes escapes it.
		slashes := 0
		for v[end-2-slashes] == '\\' {
			slashes++
		}
		if slashes%2 == 0 {
			return end
		}
	}
}

// valueEnd is the length of the value that v begins with.
func valueEnd(v []byte) int {
	depth := 0
	for i := 0; i < len(v); i++ {
		switch v[i] {
		case '"':
			i += stringEnd(v[i:]) - 1
			if depth == 0 {
				return i + 1
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth <= 1 {
				return i + depth
			}
			depth--
		case ',':
			if depth == 0 {
				return i
			}
		}
	}
	return len(v)
}

// get returns the value of an object's member, nil when there is none. The name is
// one of the format's, which need no escapes.
func get(v jsontext.Value, name string) jsontext.Value {
	for n, value := range members(v) {
		if string(bare(n)) == name {
			return value
		}
	}
	return nil
}

// bare is a string without its quotes, escapes and all: enough to compare with the
// format's own words. Of anything else it is nil.
func bare(v []byte) []byte {
	if len(v) < 2 || v[0] != '"' {
		return nil
	}
	return v[1 : len(v)-1]
}

func isObject(v jsontext.Value) bool { return len(v) > 1 && v[0] == '{' }

// split lists an object's members with their names unquoted, as a finding lists its own.
// The names share one copy of the object.
func split(v jsontext.Value) asff.Finding {
	if !isObject(v) {
		return nil
	}
	text, at := string(v), 1
	list := make(asff.Finding, 0, 8)
	for n, value := range members(v) {
		name := text[at+1 : at+len(n)-1]
		if strings.IndexByte(name, '\\') >= 0 {
			name = asff.Unquote(n)
		}
		list = append(list, asff.Member{Name: name, Value: value})
		at += len(n) + 1 + len(value) + 1
	}
	return list
}

// scratch is where a mutation writes the values that it makes, so that they cost one
// allocation together. What was taken from it stays valid when it grows.
type scratch struct{ buf []byte }

// since takes what was appended after the mark, which is a former length of buf.
func (s *scratch) since(mark int) jsontext.Value {
	return jsontext.Value(s.buf[mark:len(s.buf):len(s.buf)])
}

// text makes a JSON string.
func (s *scratch) text(text string) jsontext.Value {
	mark := len(s.buf)
	s.buf = appendText(s.buf, text)
	return s.since(mark)
}

// appendText appends a JSON string. Broken UTF-8 becomes U+FFFD, which is the only error.
func appendText(dst []byte, text string) []byte {
	dst, _ = jsontext.AppendQuote(dst, text)
	return dst
}

// appendMember appends a member to an object that is being written, which begins at mark.
func appendMember(dst []byte, mark int, name string, v jsontext.Value) []byte {
	if len(dst) > mark+1 {
		dst = append(dst, ',')
	}
	dst = append(appendText(dst, name), ':')
	return append(dst, v...)
}

// with gives an object in which some members have other values; those that it does not
// have are appended. Anything but an object counts as an empty one. A nil value leaves
// its member as it is. When nothing changes it is the object itself.
func (s *scratch) with(object jsontext.Value, changes ...asff.Member) jsontext.Value {
	mark := len(s.buf)
	s.buf = append(s.buf, '{')
	same := isObject(object)
	var done uint64 // a bit for each change that found its member
	for name, v := range members(object) {
		for i, c := range changes {
			if c.Value != nil && string(bare(name)) == c.Name {
				same, done = same && bytes.Equal(v, c.Value), done|1<<i
				v = c.Value
			}
		}
		if len(s.buf) > mark+1 {
			s.buf = append(s.buf, ',')
		}
		s.buf = append(append(append(s.buf, name...), ':'), v...)
	}
	for i, c := range changes {
		if c.Value != nil && done&(1<<i) == 0 {
			same = false
			s.buf = appendMember(s.buf, mark, c.Name, c.Value)
		}
	}
	if same {
		s.buf = s.buf[:mark]
		return object
	}
	s.buf = append(s.buf, '}')
	return s.since(mark)
}
