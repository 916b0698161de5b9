package asff

import (
	"bytes"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// judgeText judges a string. One mistake is one violation: length goes before
// pattern, and a string so long that its member's own limit refuses it is not
// refused for its size again.
func (w *walker) judgeText(s *Shape, text, raw []byte) {
	switch {
	case s.Kind == KindTimestamp:
		if !isTime(text) {
			w.pattern(s, PatternTime.String(), raw)
		}
	case s.Enum != nil:
		if !s.allows(text) {
			w.broken(s, RuleEnum, 0, 0, raw)
		}
	case w.tooShort(s, text, raw), w.tooLong(s, text, raw):
	case s.Pattern != PatternNone && !s.Pattern.Match(text):
		w.pattern(s, s.Pattern.String(), raw)
	case s.Limits&NonBlank != 0 && !notBlank(text):
		w.pattern(s, blankPattern, raw)
	case len(text) >= MaxFieldSize:
		w.broken(s, RuleFieldSize, MaxFieldSize, int64(len(text)), raw)
	}
}

// tooShort counts Unicode characters, as ajv does, and counts them only near the bound.
func (w *walker) tooShort(s *Shape, text, raw []byte) bool {
	bound := 0
	if s.Limits&HasMin != 0 {
		bound = int(s.Min)
	}
	// A string that must not be blank must not be empty; where a pattern says the
	// same, the service names the pattern (wild message 8).
	if bound == 0 && s.Limits&NonBlank != 0 && s.Pattern == PatternNone {
		bound = 1
	}
	if len(text) >= bound && (bound <= 1 || utf8.RuneCount(text) >= bound) {
		return false
	}
	w.broken(s, RuleMinLength, int64(bound), int64(utf8.RuneCount(text)), raw)
	return true
}

func (w *walker) tooLong(s *Shape, text, raw []byte) bool {
	if s.Limits&HasMax == 0 || len(text) <= int(s.Max) {
		return false
	}
	n := utf8.RuneCount(text)
	if n <= int(s.Max) {
		return false
	}
	w.broken(s, RuleMaxLength, int64(s.Max), int64(n), raw)
	return true
}

func (w *walker) pattern(s *Shape, text string, raw []byte) {
	w.violate(Violation{Rule: RulePattern, Shape: s, Pattern: text, Value: raw,
		Offset: w.dec.InputOffset() - int64(len(raw))})
}

// hasHugeString looks for a string of MaxFieldSize bytes inside a value that the schema
// does not know.
func hasHugeString(raw jsontext.Value) bool {
	dec := jsontext.NewDecoder(bytes.NewBuffer(raw), jsontext.AllowDuplicateNames(true))
	for {
		tok, err := dec.ReadToken()
		if err != nil {
			return false
		}
		if tok.Kind() == '"' && len(tok.String()) >= MaxFieldSize {
			return true
		}
	}
}

func (s *Shape) allows(text []byte) bool {
	for _, v := range s.Enum {
		if v == string(text) {
			return true
		}
	}
	return false
}
