package policy

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// SyntaxError says why a text is not a policy.
type SyntaxError struct {
	// Line is where, counted from 1.
	Line int
	// Path is the element, such as Statement[1].Condition.StringEquals with lists counted from 0;
	// "" is the document.
	Path string
	// Message says what is wrong with it.
	Message string
}

// Error names the line, the element and what is wrong.
func (e *SyntaxError) Error() string {
	path := e.Path
	if path == "" {
		path = "the policy"
	}
	return fmt.Sprintf("line %d: %s: %s", e.Line, path, e.Message)
}

// lineOf counts the line that a byte of the text is on.
func lineOf(text []byte, offset int64) int {
	return 1 + bytes.Count(text[:min(offset, int64(len(text)))], []byte("\n"))
}

// jsonError turns the decoder's error into ours, in words that name no Go package.
func jsonError(text []byte, err error) error {
	out := &SyntaxError{Line: lineOf(text, int64(len(text))), Message: "the JSON ends too early"}
	var at *jsontext.SyntacticError
	if !errors.As(err, &at) {
		return out
	}
	out.Line, out.Path = lineOf(text, at.ByteOffset), pointerPath(at.JSONPointer)
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName):
		out.Message = "it is there twice"
	case int(at.ByteOffset) < len(text):
		out.Message = "this is not JSON: " + at.Err.Error()
	}
	return out
}

// pointerPath writes a JSON pointer as a path. Names are shown as numbers where they look like
// one: only a malformed document has such names.
func pointerPath(p jsontext.Pointer) string {
	path := ""
	for token := range p.Tokens() {
		if i, err := strconv.ParseUint(token, 10, 16); err == nil {
			path = element(path, int(i))
		} else {
			path = join(path, token)
		}
	}
	return path
}

func element(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

func join(path, name string) string {
	if path == "" {
		return printable(name)
	}
	return path + "." + printable(name)
}

// maxQuoted bounds what messages repeat of a policy, in bytes.
const maxQuoted = 80

// clip shortens a text without cutting a character.
func clip(s string) string {
	if len(s) <= maxQuoted {
		return s
	}
	s = s[:maxQuoted]
	for s != "" && !utf8.ValidString(s) {
		s = s[:len(s)-1]
	}
	return s + "..."
}

// quoted is a value of the policy, fit for a message.
func quoted(s string) string { return strconv.Quote(clip(s)) }

// printable is a name of the policy, fit for a path.
func printable(name string) string {
	text := quoted(name)
	return strings.TrimSuffix(strings.TrimPrefix(text, `"`), `"`)
}
