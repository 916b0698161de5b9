package policy

import (
	"errors"
	"strings"
)

// arnParts is how many parts an ARN has: arn:partition:service:region:account:resource. The
// last may have colons of its own.
const arnParts = 6

// arn is an ARN of a request, taken apart once. Any text is one: what has fewer parts
// matches fewer patterns.
type arn struct {
	text   string
	starts [arnParts]int
	parts  int
}

func splitARN(text string) arn {
	a := arn{text: text, parts: 1}
	for i := 0; i < len(text) && a.parts < arnParts; i++ {
		if text[i] == ':' {
			a.starts[a.parts] = i + 1
			a.parts++
		}
	}
	return a
}

func (a *arn) part(i int) string { return a.text[a.starts[i] : a.starts[i+1]-1] }

func (a *arn) rest(i int) string { return a.text[a.starts[i]:] }

// arnPattern is a pattern for ARNs. Its parts are compared one by one
// (reference_policies_elements_condition_operators, ARN operators;
// reference_policies_elements_resource): a wildcard in the region does not reach into the
// account. The last part is compared with all that is left. So a pattern of fewer than six
// parts can only match when it ends with *, which is the guide's way of crossing colons;
// one that does not is refused, because a Deny with it would silently never apply. The
// guide also lets a * that ends a part in the middle cross colons; here it does not.
type arnPattern struct {
	parts []pattern
}

// matchAll is the pattern "*".
var matchAll = arnPattern{parts: []pattern{{tokens: []token{{kind: anyRun}}}}}

// compileResource reads an element of Resource or NotResource. Variables may only stand after
// the fifth colon (reference_policies_variables, where you can use policy variables).
func compileResource(text string, variables bool) (arnPattern, error) {
	if text == "*" {
		return matchAll, nil
	}
	if !strings.HasPrefix(text, "arn:") {
		return arnPattern{}, errors.New(quoted(text) + ` is neither "*" nor an ARN, which begins with "arn:"`)
	}
	p, err := compileARN(text, variables)
	if err != nil {
		return arnPattern{}, err
	}
	for i := range p.parts[:min(len(p.parts), arnParts-1)] {
		if p.parts[i].variables {
			return arnPattern{}, errors.New(quoted(text) + " has a policy variable before the fifth colon")
		}
	}
	return p, nil
}

// compileARN reads a pattern for the ARN operators, where variables may stand anywhere.
func compileARN(text string, variables bool) (arnPattern, error) {
	if !strings.HasPrefix(text, "arn:") && text != "*" && (!variables || !strings.HasPrefix(text, "${")) {
		return arnPattern{}, errors.New(quoted(text) + " is not an ARN")
	}
	var p arnPattern
	for _, part := range splitPattern(text, variables) {
		compiled, err := compilePattern(part, syntax{wildcards: true, variables: variables})
		if err != nil {
			return arnPattern{}, err
		}
		p.parts = append(p.parts, compiled)
	}
	last := p.parts[len(p.parts)-1]
	if len(p.parts) < arnParts && !last.variables && last.tokens[len(last.tokens)-1].kind != anyRun {
		return arnPattern{}, errors.New(quoted(text) + " can match no ARN: it has fewer than six parts and does not end with *")
	}
	return p, nil
}

// splitPattern splits at the first five colons that are not inside a variable.
func splitPattern(text string, variables bool) []string {
	var parts []string
	start := 0
	for i := 0; i < len(text) && len(parts) < arnParts-1; i++ {
		if variables && strings.HasPrefix(text[i:], "${") {
			end := strings.IndexByte(text[i:], '}')
			if end < 0 {
				break
			}
			i += end
		} else if text[i] == ':' {
			parts = append(parts, text[start:i])
			start = i + 1
		}
	}
	return append(parts, text[start:])
}

func (p *arnPattern) match(a *arn, c Context) bool {
	last := len(p.parts) - 1
	if a.parts <= last {
		return false
	}
	for i := range p.parts[:last] {
		if !p.parts[i].match(a.part(i), c) {
			return false
		}
	}
	return p.parts[last].match(a.rest(last), c)
}

// resolvable says whether every variable has a value.
func (p *arnPattern) resolvable(c Context) bool {
	for i := range p.parts {
		if !p.parts[i].resolvable(c) {
			return false
		}
	}
	return true
}
