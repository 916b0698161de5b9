package filter

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

// The functions of this file find their way through JSON that has been judged valid
// before: a finding's members were normalised when it came in. They check nothing twice,
// so that Extract takes less time than a decoder takes to skip the same finding
// (BenchmarkSkip), but they stay within the bytes whatever these are. Each takes the index
// where something starts and gives the index where it ends, len(b) where it never does.

// space skips white space. Normalised JSON has none; findings made by hand may.
func space(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// stringEnd skips the string whose opening quote is at i. It goes from quote to quote, which
// the machine finds many bytes at a time, and looks back from each for what escapes it.
func stringEnd(b []byte, i int) int {
	for j := i + 1; j < len(b); {
		quote := bytes.IndexByte(b[j:], '"')
		if quote < 0 {
			break
		}
		j += quote + 1
		if !escaped(b[i+1 : j-1]) {
			return j
		}
	}
	return len(b)
}

// escaped says whether what follows a string's text so far is escaped: whether it ends
// in an odd number of backslashes.
func escaped(text []byte) bool {
	n := len(text)
	for n > 0 && text[n-1] == '\\' {
		n--
	}
	return (len(text)-n)%2 == 1
}

// literalEnd skips a number, true, false or null.
func literalEnd(b []byte, i int) int {
	for i < len(b) {
		switch b[i] {
		case ',', ']', '}', ' ', '\n', '\t', '\r':
			return i
		}
		i++
	}
	return i
}

// valueEnd skips any value.
func valueEnd(b []byte, i int) int {
	if i >= len(b) {
		return i
	}
	switch b[i] {
	case '"':
		return stringEnd(b, i)
	case '{', '[':
		return nestEnd(b, i)
	}
	return literalEnd(b, i)
}

// nestEnd skips an object or a list. It counts brackets without telling the two kinds
// apart, which in valid JSON is enough, and without recursion, so that depth costs nothing.
func nestEnd(b []byte, i int) int {
	depth := 0
	for i < len(b) {
		switch b[i] {
		case '"':
			i = stringEnd(b, i)
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
		i++
	}
	return i
}

// unquote gives the text of the string b[i:end], aliasing b where nothing is escaped: that
// is nearly every string, and what keeps Extract from allocating. The text's capacity ends
// with it, so that appending to it cannot write into the finding.
func unquote(b []byte, i, end int) ([]byte, bool) {
	if end-i < 2 {
		return nil, false
	}
	inner := b[i+1 : end-1 : end-1]
	if bytes.IndexByte(inner, '\\') < 0 {
		return inner, true
	}
	text, err := jsontext.AppendUnquote(nil, b[i:end])
	return text, err == nil
}

// pair reads a member's name at i, or past a comma there, and gives the name and the index
// where its value starts; ok is false at the end of the object, where value is the index of
// its brace. Calling it again with the value's end walks through the object.
func pair(b []byte, i int) (name []byte, value int, ok bool) {
	if i = space(b, i); i < len(b) && b[i] == ',' {
		i = space(b, i+1)
	}
	if i >= len(b) || b[i] != '"' {
		return nil, i, false
	}
	end := stringEnd(b, i)
	name, ok = unquote(b, i, end)
	colon := space(b, end)
	if !ok || colon >= len(b) || b[colon] != ':' {
		return nil, len(b), false
	}
	return name, space(b, colon+1), true
}
