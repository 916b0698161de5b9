package api

import (
	"errors"
	"fmt"
	"strings"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/asff"
	"github.com/go-json-experiment/json/jsontext"
)

// problem is the error of a request that the API's model forbids, in the words that the
// service was seen to use (decision 4): the parameter by its path, and the bound it broke.
func problem(path, text string) error {
	if path == "" {
		return findinghub.Errorf(findinghub.CodeInvalidInput, "Invalid request body. %s.", text)
	}
	return findinghub.Errorf(findinghub.CodeInvalidInput, "Invalid parameter '%s'. %s.", path, text)
}

// violated says which rule of the model a value breaks. member is where the value was, for those
// that do not come from the body.
func violated(member string, v *asff.Violation) error {
	path := v.Path.Render(member)
	if v.Rule == asff.RuleRequired {
		if path != "" {
			path += "."
		}
		return problem(path+v.Member, "It is required")
	}
	return problem(path, violatedRule(v))
}

// violatedRule finishes the sentence. Values are quoted as far as they help; the whole of a long one
// would only make the answer, and the log of whoever reads it, as long as the request.
func violatedRule(v *asff.Violation) string {
	switch v.Rule {
	case asff.RuleType:
		return "It should be " + article(v.Shape.Kind.String())
	case asff.RuleUnknown:
		return "The request has no such member"
	case asff.RuleMin:
		return fmt.Sprintf("Value '%s' is less than minimum value: %d", v.Value, v.Bound)
	case asff.RuleMax:
		return fmt.Sprintf("Value '%s' is greater than maximum value: %d", v.Value, v.Bound)
	case asff.RuleMinLength, asff.RuleMinItems, asff.RuleMinProperties:
		return fmt.Sprintf("Size '%d' is less than minimum value: %d", v.Size, v.Bound)
	case asff.RuleMaxLength, asff.RuleMaxItems, asff.RuleMaxProperties:
		return tooMany(int(v.Size), int(v.Bound))
	case asff.RuleFieldSize:
		return fmt.Sprintf("Size '%d' is not less than %d bytes", v.Size, v.Bound)
	case asff.RuleEnum:
		return fmt.Sprintf("Value '%s' is not one of: %s", excerpt(asff.Unquote(v.Value)), strings.Join(v.Shape.Enum, ", "))
	case asff.RulePattern:
		return fmt.Sprintf("Value '%s' does not match pattern: %s", excerpt(asff.Unquote(v.Value)), v.Pattern)
	case asff.RuleName:
		return fmt.Sprintf("Name '%s' is not allowed", excerpt(v.Member))
	}
	// The requests of this API have no shape with alternatives; the rule is there for findings.
	return "It lacks members"
}

// tooMany is the one text of a request error that was seen in the wild.
func tooMany(size, most int) string {
	return fmt.Sprintf("Size '%d' is greater than maximum value: %d", size, most)
}

// article puts a or an before the word for a type.
func article(kind string) string {
	if strings.ContainsRune("aeio", rune(kind[0])) {
		return "an " + kind
	}
	return "a " + kind
}

// excerpt keeps messages short: who sent a long value knows how it goes on.
func excerpt(s string) string {
	const most = 100
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..."
}

// notJSON says where a body stops being JSON: by path, which people understand, and by the number
// of bytes, which finds the place in a file.
func notJSON(err error) error {
	var e *jsontext.SyntacticError
	if !errors.As(err, &e) {
		return findinghub.Errorf(findinghub.CodeInvalidInput, "The request body is not valid JSON: %v", err)
	}
	where := ""
	if e.JSONPointer != "" {
		where = " in " + excerpt(string(e.JSONPointer))
	}
	return findinghub.Errorf(findinghub.CodeInvalidInput, "The request body is not valid JSON: %v%s, after %d bytes", e.Err, where, e.ByteOffset)
}
