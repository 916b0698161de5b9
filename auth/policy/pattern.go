package policy

import (
	"errors"
	"strings"
	"unicode/utf8"
)

// tokenKind tells the parts of a pattern apart.
type tokenKind uint8

const (
	literal  tokenKind = iota
	any1               // ?, one character
	anyRun             // *, any run of characters, also none
	variable           // ${key} or ${key, 'fallback'}
)

// token is one part of a pattern.
type token struct {
	kind tokenKind
	// text is a literal's, or a variable's key in lower case.
	text string
	// fallback is a variable's value where the request has none; optional says that there is one.
	fallback string
	optional bool
}

// pattern is a text to compare with, taken apart once: what stands for itself, wildcards and
// policy variables.
type pattern struct {
	tokens    []token
	variables bool
}

// syntax says what is special in the text of a pattern.
type syntax struct {
	wildcards bool // * and ?
	variables bool // ${...}: only in policies of version 2012-10-17
}

// compilePattern takes a text apart (reference_policies_variables).
func compilePattern(text string, s syntax) (pattern, error) {
	var p pattern
	for text != "" {
		n, t, err := nextToken(text, s)
		if err != nil {
			return pattern{}, err
		}
		p.add(t)
		text = text[n:]
	}
	if len(p.tokens) == 0 {
		p.tokens = []token{{}}
	}
	return p, nil
}

// add appends a token. Literals grow together, and runs of * are one, so that a pattern of
// nothing but stars costs no more than a single one.
func (p *pattern) add(t token) {
	p.variables = p.variables || t.kind == variable
	if n := len(p.tokens); n > 0 && p.tokens[n-1].kind == t.kind {
		switch t.kind {
		case literal:
			p.tokens[n-1].text += t.text
			return
		case anyRun:
			return
		}
	}
	p.tokens = append(p.tokens, t)
}

// nextToken reads the token that a text begins with and says how long it is.
func nextToken(text string, s syntax) (int, token, error) {
	if s.variables && strings.HasPrefix(text, "${") {
		end := strings.IndexByte(text, '}')
		if end < 0 {
			return 0, token{}, errors.New("the policy variable " + quoted(text) + ` has no "}"`)
		}
		t, err := parseVariable(text[2:end])
		return end + 1, t, err
	}
	if s.wildcards && text[0] == '*' {
		return 1, token{kind: anyRun}, nil
	}
	if s.wildcards && text[0] == '?' {
		return 1, token{kind: any1}, nil
	}
	n := 1 + strings.IndexAny(text[1:], "*?$")
	if n == 0 {
		n = len(text)
	}
	return n, token{text: text[:n]}, nil
}

// parseVariable reads what stands between the braces. The three special characters are
// spelled as variables to stand for themselves.
func parseVariable(inner string) (token, error) {
	if inner == "*" || inner == "?" || inner == "$" {
		return token{text: inner}, nil
	}
	key, rest, optional := strings.Cut(inner, ",")
	key = strings.ToLower(strings.TrimSpace(key))
	if !isKey(key) {
		return token{}, errors.New("the policy variable ${" + clip(inner) + "} does not name a condition key as service:key")
	}
	t := token{kind: variable, text: key, optional: optional}
	if !optional {
		return t, nil
	}
	rest = strings.TrimSpace(rest)
	if len(rest) < 2 || rest[0] != '\'' || rest[len(rest)-1] != '\'' || strings.Contains(rest[1:len(rest)-1], "'") {
		return token{}, errors.New("the default of the policy variable ${" + clip(inner) + "} is not in single quotes")
	}
	t.fallback = rest[1 : len(rest)-1]
	return t, nil
}

// isKey says whether a text can be the name of a condition key.
func isKey(key string) bool {
	service, name, ok := strings.Cut(key, ":")
	return ok && service != "" && name != "" && !strings.ContainsAny(key, "${}*?'\"\x00\n\t")
}

// resolve finds a variable's value. A key of several values is none
// (reference_policies_variables: variables are single-valued).
func (t *token) resolve(c Context) (string, bool) {
	switch values := c[t.text]; len(values) {
	case 1:
		return values[0], true
	case 0:
		return t.fallback, t.optional
	}
	return "", false
}

// expand is the text of a pattern without wildcards; false when a variable has no value.
func (p *pattern) expand(c Context) (string, bool) {
	if !p.variables {
		return p.tokens[0].text, true
	}
	var b strings.Builder
	for i := range p.tokens {
		text, ok := p.tokens[i].text, true
		if p.tokens[i].kind == variable {
			text, ok = p.tokens[i].resolve(c)
		}
		if !ok {
			return "", false
		}
		b.WriteString(text)
	}
	return b.String(), true
}

// resolvable says whether every variable has a value.
func (p *pattern) resolvable(c Context) bool {
	for i := range p.tokens {
		if p.tokens[i].kind != variable {
			continue
		}
		if _, ok := p.tokens[i].resolve(c); !ok {
			return false
		}
	}
	return true
}

// match compares a text with the pattern. What a variable stands for is taken literally, so
// that nobody widens a policy with a tag named *. A variable without a value matches nothing.
func (p *pattern) match(s string, c Context) bool {
	if !p.variables {
		return matchTokens(p.tokens, s, false)
	}
	var buffer [8]token
	tokens := append(buffer[:0], p.tokens...)
	for i := range tokens {
		if tokens[i].kind != variable {
			continue
		}
		text, ok := tokens[i].resolve(c)
		if !ok {
			return false
		}
		tokens[i] = token{text: text}
	}
	return matchTokens(tokens, s, false)
}

// matchFold compares without regard to case; for patterns without variables.
func (p *pattern) matchFold(s string) bool { return matchTokens(p.tokens, s, true) }

// matchTokens walks text and tokens together. Only the last * seen is ever tried again,
// longer by a character: what an earlier one matched can stay, because the later one makes
// up for any difference. Time is at most len(s) times len(tokens).
func matchTokens(tokens []token, s string, fold bool) bool {
	at, i := 0, 0
	starAt, star := 0, -1
	for at < len(s) || i < len(tokens) {
		if i < len(tokens) && tokens[i].kind == anyRun {
			starAt, star = at, i
			if i++; i == len(tokens) {
				return true
			}
			continue
		}
		if n, ok := step(tokens, i, s[at:], fold); ok {
			at, i = at+n, i+1
			continue
		}
		if star < 0 || starAt == len(s) {
			return false
		}
		_, n := utf8.DecodeRuneInString(s[starAt:])
		starAt += n
		at, i = starAt, star+1
	}
	return true
}

// step matches one token at the beginning of a text and says how much of it.
func step(tokens []token, i int, s string, fold bool) (int, bool) {
	if i == len(tokens) {
		return 0, false
	}
	if tokens[i].kind == any1 {
		_, n := utf8.DecodeRuneInString(s)
		return n, s != ""
	}
	n := len(tokens[i].text)
	if n > len(s) {
		return 0, false
	}
	return n, s[:n] == tokens[i].text || fold && strings.EqualFold(s[:n], tokens[i].text)
}
