package sigv4

import (
	"slices"
	"strings"
)

// NormalPath says whether a path, as it came over the wire, is its own normal form: it
// starts with a slash, has no empty segments but the last, no dot segments, also not in
// escaped form, and no characters or escapes that RFC 3986 does not know.
//
// Clients of the service sign the normal form of a path. If others were served, one
// signature would be good for several paths, of which a proxy and the hub might make
// different things. Verify itself normalises nothing.
func NormalPath(path string) bool {
	rest, ok := strings.CutPrefix(path, "/")
	if !ok || !wellFormed(path) {
		return false
	}
	segments := strings.Split(rest, "/")
	for i, segment := range segments {
		if segment == "" && i < len(segments)-1 || isDots(segment) {
			return false
		}
	}
	return true
}

// isDots says whether a segment is one or two dots, escaped or not.
func isDots(segment string) bool {
	if len(segment) > len("%2e%2e") {
		return false
	}
	dots := strings.ReplaceAll(strings.ToLower(segment), "%2e", ".")
	return dots == "." || dots == ".."
}

// wellFormed says whether a path has only characters that may be in one, and percent signs
// only before two hexadecimal digits (RFC 3986 section 3.3).
func wellFormed(path string) bool {
	for i := 0; i < len(path); i++ {
		switch c := path[i]; {
		case c == '%':
			if i+2 >= len(path) || !isHex(path[i+1]) || !isHex(path[i+2]) {
				return false
			}
			i += 2
		case !unreserved(c) && !strings.ContainsRune("/!$&'()*+,;=:@", rune(c)):
			return false
		}
	}
	return true
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// unreserved says whether a character is never escaped (RFC 3986 section 2.3).
func unreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '.' || c == '_' || c == '~'
}

// canonical writes down what is signed of a request.
func (s *Signature) canonical(r *Request, payload string) (string, error) {
	var b strings.Builder
	b.Grow(1024)
	b.WriteString(r.Method)
	b.WriteByte('\n')
	// The path on the wire is escaped already. Escaping it once more is how all services but S3
	// have it, and lets no other path have the same canonical form.
	escape(&b, r.Path, "/")
	b.WriteByte('\n')
	if err := writeQuery(&b, r.Query, s.Presigned); err != nil {
		return "", err
	}
	b.WriteByte('\n')
	for _, name := range s.signed {
		if err := writeHeader(&b, r, name); err != nil {
			return "", err
		}
	}
	b.WriteByte('\n')
	b.WriteString(strings.Join(s.signed, ";"))
	b.WriteByte('\n')
	b.WriteString(payload)
	return b.String(), nil
}

// escape writes text with everything escaped that is neither unreserved nor in keep.
func escape(b *strings.Builder, text, keep string) {
	const digits = "0123456789ABCDEF"
	for i := range len(text) {
		if c := text[i]; unreserved(c) || strings.IndexByte(keep, c) >= 0 {
			b.WriteByte(c)
		} else {
			b.WriteByte('%')
			b.WriteByte(digits[c>>4])
			b.WriteByte(digits[c&15])
		}
	}
}

// writeQuery writes the parameters but for the signature itself, each escaped anew, sorted
// by name and then value as they are escaped.
func writeQuery(b *strings.Builder, raw string, presigned bool) error {
	q, err := parseQuery(raw)
	if err != nil {
		return err
	}
	escaped := make(query, 0, len(q))
	for _, p := range q {
		if !presigned || !p.is(querySignature) {
			escaped = append(escaped, parameter{escapeAll(p.name), escapeAll(p.value)})
		}
	}
	slices.SortFunc(escaped, parameter.compare)
	for i, p := range escaped {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(p.name)
		b.WriteByte('=')
		b.WriteString(p.value)
	}
	return nil
}

// compare orders parameters by name, then by value. Comparing whole pairs would be wrong: the
// equals sign sorts after the hyphen.
func (p parameter) compare(other parameter) int {
	if c := strings.Compare(p.name, other.name); c != 0 {
		return c
	}
	return strings.Compare(p.value, other.value)
}

func escapeAll(text string) string {
	var b strings.Builder
	escape(&b, text, "")
	return b.String()
}

// writeHeader writes NAME:VALUE,VALUE with the values trimmed.
func writeHeader(b *strings.Builder, r *Request, name string) error {
	values := []string{r.Host}
	if name != "host" {
		values = r.values(name)
	}
	b.WriteString(name)
	separator := byte(':')
	for _, value := range values {
		// A line break would let a value look like another header.
		if strings.ContainsAny(value, "\r\n") {
			return incomplete("the header %q has a line break", excerpt(name))
		}
		b.WriteByte(separator)
		writeTrimmed(b, value)
		separator = ','
	}
	b.WriteByte('\n')
	return nil
}

// writeTrimmed writes a value without blanks around it, and with one space where there are
// several. Tabs inside stay: the SDKs do not agree on them, and no client sends any.
func writeTrimmed(b *strings.Builder, value string) {
	value = strings.Trim(value, " \t")
	for {
		i := strings.Index(value, "  ")
		if i < 0 {
			b.WriteString(value)
			return
		}
		b.WriteString(value[:i+1])
		value = strings.TrimLeft(value[i:], " ")
	}
}
