package filter

import (
	"bytes"
	"errors"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/findinghub/findinghub"
	"github.com/go-json-experiment/json/jsontext"
)

// member is one member of a JSON object in a request, with the path that errors name it by.
type member struct {
	path  string
	name  string
	value jsontext.Value
}

// entry is one object in a request's list: a filter or a criterion of a sort.
type entry struct {
	path    string
	members []member
}

// readObject lists an object's members but those that are null, which count as absent;
// of an absent or null object there are none. A name given twice is an error, for one of
// the two would be ignored.
func readObject(path string, v jsontext.Value) ([]member, error) {
	if absent(v) {
		return nil, nil
	}
	if v.Kind() != '{' {
		return nil, wrongType(path, "an object", v)
	}
	dec := jsontext.NewDecoder(bytes.NewBuffer(v), jsontext.AllowDuplicateNames(true))
	var members []member
	seen := map[string]bool{}
	err := readNested(dec, func() error {
		name, err := dec.ReadToken()
		if err != nil {
			return err
		}
		m := member{name: name.String()}
		m.path = path + "." + printable(m.name)
		if seen[m.name] {
			return invalid(m.path, "It is given twice.")
		}
		seen[m.name] = true
		value, err := dec.ReadValue()
		if m.value = bytes.Clone(value); err == nil && !absent(m.value) {
			members = append(members, m)
		}
		return err
	})
	return members, jsonError(path, err)
}

// readList lists the elements of a list; of an absent or null one there are none.
func readList(path string, v jsontext.Value) ([]jsontext.Value, error) {
	if absent(v) {
		return nil, nil
	}
	if v.Kind() != '[' {
		return nil, wrongType(path, "a list", v)
	}
	dec := jsontext.NewDecoder(bytes.NewBuffer(v), jsontext.AllowDuplicateNames(true))
	var elements []jsontext.Value
	err := readNested(dec, func() error {
		value, err := dec.ReadValue()
		elements = append(elements, bytes.Clone(value))
		return err
	})
	return elements, jsonError(path, err)
}

// readNested calls read for each element of the object or list that the decoder is
// before, and sees to it that nothing follows.
func readNested(dec *jsontext.Decoder, read func() error) error {
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	for k := dec.PeekKind(); k != '}' && k != ']'; k = dec.PeekKind() {
		if err := read(); err != nil {
			return err
		}
	}
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	if _, err := dec.ReadToken(); !errors.Is(err, io.EOF) {
		return errors.New("data after the value")
	}
	return nil
}

// jsonError makes an error of a decoder the caller's.
func jsonError(path string, err error) error {
	var known *findinghub.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	e := invalid(path, "It is not valid JSON.")
	e.Err = err
	return e
}

// absent says whether a member counts as not given: SDKs send null for what is not set.
func absent(v jsontext.Value) bool {
	text := bytes.TrimSpace(v)
	return len(text) == 0 || string(text) == "null"
}

// readEntry reads an object that may have only the members that are named.
func readEntry(path string, v jsontext.Value, names []string) (entry, error) {
	if absent(v) {
		return entry{}, wrongType(path, "an object", v)
	}
	members, err := readObject(path, v)
	if err != nil {
		return entry{}, err
	}
	for _, m := range members {
		if !slices.Contains(names, m.name) {
			return entry{}, invalid(m.path, "There is no such member; it may be one of: %s.", strings.Join(names, ", "))
		}
	}
	return entry{path, members}, nil
}

// get finds a member that is given and not null.
func (e *entry) get(name string) (member, bool) {
	for _, m := range e.members {
		if m.name == name {
			return m, true
		}
	}
	return member{}, false
}

// has says whether get would find it.
func (e *entry) has(name string) bool {
	_, ok := e.get(name)
	return ok
}

// text reads a required string, which the model wants to hold more than white space.
func (e *entry) text(name string) (string, error) {
	m, ok := e.get(name)
	if !ok {
		return "", required(e.path + "." + name)
	}
	if m.value.Kind() != '"' {
		return "", wrongType(m.path, "a string", m.value)
	}
	text, err := jsontext.AppendUnquote(nil, m.value)
	if err != nil {
		return "", jsonError(m.path, err)
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return "", invalid(m.path, "Value %s is blank.", quote(string(text)))
	}
	return string(text), nil
}

// enum reads a required string that is one of the words and gives its index.
func (e *entry) enum(name string, words []string) (int, error) {
	text, err := e.text(name)
	if err != nil {
		return 0, err
	}
	i := slices.Index(words, text)
	if i < 0 {
		return 0, invalid(e.path+"."+name, "Value %s is not one of: %s.", quote(text), strings.Join(words, ", "))
	}
	return i, nil
}

// integer reads a required whole number in [least, most].
func (e *entry) integer(name string, least, most int) (int, error) {
	m, ok := e.get(name)
	if !ok {
		return 0, required(e.path + "." + name)
	}
	v, err := readNumber(m)
	switch {
	case err != nil:
		return 0, err
	case v < float64(least):
		return 0, invalid(m.path, "Value '%s' is less than minimum value: %d.", clip(string(m.value)), least)
	case v > float64(most):
		return 0, invalid(m.path, "Value '%s' is greater than maximum value: %d.", clip(string(m.value)), most)
	case v != math.Trunc(v):
		return 0, invalid(m.path, "Value '%s' is not a whole number.", clip(string(m.value)))
	}
	return int(v), nil
}

// readNumber reads any JSON number that a float64 holds, if not exactly.
func readNumber(m member) (float64, error) {
	if m.value.Kind() != '0' {
		return 0, wrongType(m.path, "a number", m.value)
	}
	v, err := strconv.ParseFloat(string(m.value), 64)
	if err != nil {
		return 0, invalid(m.path, "Value '%s' is too large a number.", clip(string(m.value)))
	}
	return v, nil
}

// The messages follow the one that the service was seen to give (decision 4).

// invalid says what is wrong with the member at the path. Paths hold callers' names, in
// which a % is no verb.
func invalid(path, rule string, args ...any) *findinghub.Error {
	return findinghub.Errorf(findinghub.CodeInvalidInput, "Invalid parameter '"+strings.ReplaceAll(path, "%", "%%")+"'. "+rule, args...)
}

// tooMany is the message seen in the wild, word for word.
func tooMany(path string, size, most int) *findinghub.Error {
	return invalid(path, "Size '%d' is greater than maximum value: %d.", size, most)
}

func required(path string) *findinghub.Error { return invalid(path, "It is required.") }

func wrongType(path, want string, got jsontext.Value) *findinghub.Error {
	if !got.IsValid(jsontext.AllowDuplicateNames(true)) {
		return invalid(path, "It is not valid JSON.")
	}
	return invalid(path, "It must be %s, not %s.", want, typeNames[got.Kind()])
}

var typeNames = map[jsontext.Kind]string{
	'n': "null", 't': "a boolean", 'f': "a boolean",
	'"': "a string", '0': "a number", '{': "an object", '[': "a list",
}

func element(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

// printable keeps what a caller named within bounds before it goes into messages and logs.
func printable(name string) string {
	name = strconv.Quote(clip(name))
	return name[1 : len(name)-1]
}

// quote shows a caller's text in a message.
func quote(text string) string { return "'" + printable(text) + "'" }

// maxShown is how much of a caller's text a message repeats, in bytes.
const maxShown = 64

func clip(text string) string {
	if len(text) <= maxShown {
		return text
	}
	end := maxShown
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "..."
}
