package asff

import "unicode/utf8"

// Pattern is a rule on the characters of a string. The zero value is none.
type Pattern uint8

// The patterns of the model and of the documentation. They are matched by hand: a
// finding has dozens of strings and one of the patterns is beyond Go's regexp.
const (
	PatternNone        Pattern = iota
	PatternTime                // a point in time (behaviour.md section 1.4, item 14), on a real day
	PatternType                // a finding type: namespace/category/classifier
	PatternAccount             // an account's 12 digits
	PatternFieldName           // a name in UserDefinedFields
	PatternMAC                 // a hardware address
	PatternVisible             // at least one character that an IAM policy document may hold
	PatternAlphaNum            // the model's AlphaNumericNonEmptyString
	PatternClientToken         // the model's ClientToken
	PatternHubArn              // the model's ResourceArn
	PatternTagKey              // the model's TagKey
)

const blankPattern = `.*\S.*`

var patterns = [...]struct {
	text  string
	match func([]byte) bool
}{
	PatternNone:        {"", func([]byte) bool { return true }},
	PatternTime:        {`(\d\d\d\d)-[0-1](\d)-[0-3](\d)[Tt](?:[0-2](\d):[0-5](\d):[0-5](\d)|23:59:60)(?:\.(\d)+)?(?:[Zz]|[+-](\d\d)(?::?(\d\d))?)$`, isTime},
	PatternType:        {`^([^/]+)(/[^/]+){0,2}$`, isFindingType},
	PatternAccount:     {`^[0-9]{12}$`, isAccount},
	PatternFieldName:   {`^[-_=+@./:a-zA-Z0-9]+$`, isFieldName},
	PatternMAC:         {`^([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}$`, isMAC},
	PatternVisible:     {`[\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]+`, hasVisible},
	PatternAlphaNum:    {`^([^\u0000-\u007F]|[-_ a-zA-Z0-9])+$`, isAlphaNum},
	PatternClientToken: {`^[\x21-\x7E]{1,64}$`, isClientToken},
	PatternHubArn:      {`^arn:aws:securityhub:.*`, isHubArn},
	PatternTagKey:      {`^(?!aws:)[a-zA-Z+-=._:/]+$`, isTagKey},
}

// String gives the pattern as the service prints it.
func (p Pattern) String() string { return patterns[p].text }

// Match says whether a text satisfies the pattern.
func (p Pattern) Match(text []byte) bool { return patterns[p].match(text) }

// notBlank is the model's NonEmptyString, `.*\S.*`, with JavaScript's idea of white space.
func notBlank(text []byte) bool {
	for len(text) > 0 {
		if c := text[0]; c > ' ' && c < utf8.RuneSelf {
			return true
		}
		r, n := utf8.DecodeRune(text)
		if !isBlank(r) {
			return true
		}
		text = text[n:]
	}
	return false
}

func isBlank(r rune) bool {
	switch r {
	case '\t', '\n', '\v', '\f', '\r', ' ', 0xA0, 0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000, 0xFEFF:
		return true
	}
	return r >= 0x2000 && r <= 0x200A
}

// isFindingType wants one to three parts between slashes, none empty (wild message 8).
func isFindingType(text []byte) bool {
	slashes, part := 0, 0
	for _, c := range text {
		if c != '/' {
			part++
			continue
		}
		if slashes++; part == 0 || slashes > 2 {
			return false
		}
		part = 0
	}
	return part > 0
}

func isAccount(text []byte) bool { return len(text) == 12 && all(text, isDigit) }

func isFieldName(text []byte) bool {
	return len(text) > 0 && all(text, func(c byte) bool {
		switch c {
		case '-', '_', '=', '+', '@', '.', '/', ':':
			return true
		}
		return isLetter(c) || isDigit(c)
	})
}

func isMAC(text []byte) bool {
	if len(text) != 17 {
		return false
	}
	for i, c := range text {
		hex := isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'f'
		if i%3 == 2 && c != ':' || i%3 != 2 && !hex {
			return false
		}
	}
	return true
}

func hasVisible(text []byte) bool {
	for _, r := range string(text) {
		switch {
		case r == '\t', r == '\n', r == '\r', r >= 0x20 && r <= 0x7E, r >= 0xA1 && r <= 0xFF:
			return true
		}
	}
	return false
}

func isAlphaNum(text []byte) bool {
	return len(text) > 0 && all(text, func(c byte) bool {
		return c >= utf8.RuneSelf || c == '-' || c == '_' || c == ' ' || isLetter(c) || isDigit(c)
	})
}

func isClientToken(text []byte) bool {
	return len(text) > 0 && len(text) <= 64 && all(text, func(c byte) bool { return c >= 0x21 && c <= 0x7E })
}

// isHubArn is wider than what it is printed as: a hub in China or GovCloud has another partition.
func isHubArn(text []byte) bool {
	arn := splitArn(string(text))
	return arn != nil && (arn[1] == "aws" || len(arn[1]) > 4 && arn[1][:4] == "aws-") && arn[2] == "securityhub"
}

// isTagKey takes the range from + to = literally: it holds the digits and , - . / : ; <.
func isTagKey(text []byte) bool {
	if len(text) == 0 || len(text) >= 4 && string(text[:4]) == "aws:" {
		return false
	}
	return all(text, func(c byte) bool { return isLetter(c) || c >= '+' && c <= '=' || c == '_' })
}

func all(text []byte, ok func(byte) bool) bool {
	for _, c := range text {
		if !ok(c) {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
