package policy

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// globs is what the matcher is held against: the definition, written down as recursion.
func globs(pattern, s string, fold bool) bool {
	if pattern == "" {
		return s == ""
	}
	p, pn := utf8.DecodeRuneInString(pattern)
	if p == '*' {
		if globs(pattern[pn:], s, fold) {
			return true
		}
		_, n := utf8.DecodeRuneInString(s)
		return s != "" && globs(pattern, s[n:], fold)
	}
	if s == "" {
		return false
	}
	_, n := utf8.DecodeRuneInString(s)
	same := pattern[:pn] == s[:n]
	if fold {
		same = strings.EqualFold(pattern[:pn], s[:n])
	}
	return (p == '?' || same) && globs(pattern[pn:], s[n:], fold)
}

func wild(t interface{ Fatal(...any) }, text string) pattern {
	p, err := compilePattern(text, syntax{wildcards: true})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// IAM User Guide, reference_policies_elements_condition_operators, StringLike: * is any number
// of characters, ? is one.
func TestWildcards(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, s string
		want       bool
	}{
		{"", "", true}, {"", "a", false}, {"a", "", false}, {"a", "a", true}, {"a", "ab", false},
		{"*", "", true}, {"*", "abc", true}, {"**", "", true}, {"?", "", false}, {"?", "a", true}, {"?", "ab", false},
		{"?", "ä", true}, {"??", "ä", false}, {"*??", "€", false}, {"*???", "€a", false}, {"?*", "ä", true},
		{"a*", "a", true}, {"a*c", "abcbc", true}, {"a*c", "abcb", false}, {"*a*b*", "xaxbx", true}, {"*a*b*", "xbxax", false},
		{"a*b?d", "aXbYbZd", true}, {"*ab", "aab", true}, {"*aab", "aaaab", true}, {"*.?", "a.b.c", true}, {"?*?", "a", false},
		{"*?", "aé", true}, {"\xff*", "\xffé", true}, {"*a", strings.Repeat("a", 100), true},
	} {
		p := wild(t, c.pattern)
		if got := p.match(c.s, nil); got != c.want {
			t.Errorf("%q of %q: %t, want %t", c.pattern, c.s, got, c.want)
		}
		if got := globs(c.pattern, c.s, false); got != c.want {
			t.Errorf("the reference says %t of %q and %q", got, c.pattern, c.s)
		}
	}
}

// Patterns and texts of few letters meet often.
func TestWildcardsAgreeWithDefinition(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[abBé*?]{0,8}`).Draw(t, "pattern")
		s := rapid.StringMatching(`[abBé*?]{0,10}`).Draw(t, "s")
		p := wild(t, text)
		if got, want := p.match(s, nil), globs(text, s, false); got != want {
			t.Fatalf("%q of %q: %t, want %t", text, s, got, want)
		}
		if got, want := p.matchFold(s), globs(text, s, true); got != want {
			t.Fatalf("%q of %q without case: %t, want %t", text, s, got, want)
		}
	})
}

// A variable in a pattern does what its value does with every special character escaped.
func TestVariablesAreLiteral(t *testing.T) {
	t.Parallel()
	escape := strings.NewReplacer("*", "${*}", "?", "${?}", "$", "${$}")
	rapid.Check(t, func(t *rapid.T) {
		before := rapid.StringMatching(`[ab*?]{0,4}`).Draw(t, "before")
		after := rapid.StringMatching(`[ab*?]{0,4}`).Draw(t, "after")
		value := rapid.StringMatching(`[ab*?$]{0,4}`).Draw(t, "value")
		s := rapid.StringMatching(`[ab*?$]{0,8}`).Draw(t, "s")
		both := syntax{wildcards: true, variables: true}
		p, err := compilePattern(before+"${k:v}"+after, both)
		if err != nil {
			t.Fatal(err)
		}
		q, err := compilePattern(before+escape.Replace(value)+after, both)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := p.match(s, Context{"k:v": {value}}), q.match(s, nil); got != want {
			t.Fatalf("%q: %t with a variable, %t without", s, got, want)
		}
		if p.match(s, nil) {
			t.Fatalf("%q matched without a value", s)
		}
	})
}

// The bound on work: a star is tried again only where it is the last one seen.
func TestManyStarsAreCheap(t *testing.T) {
	t.Parallel()
	p := wild(t, strings.Repeat("*a", 1000)+"b")
	if p.match(strings.Repeat("a", 5000), nil) {
		t.Error("matched")
	}
	if q := wild(t, strings.Repeat("*", 1000)); len(q.tokens) != 1 {
		t.Errorf("%d tokens for a run of stars", len(q.tokens))
	}
}

func FuzzWildcards(f *testing.F) {
	for _, seed := range [][2]string{{"a*b?c", "axbyc"}, {"*", ""}, {"??", "é€"}, {"*a*a*", "aaa"}, {"\xff?", "\xff\xfe"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, text, s string) {
		if len(text) > 20 || len(s) > 40 {
			return
		}
		// Bytes that are no characters may be cut anywhere, and folding may change how long a
		// character is; the patterns of policies are valid UTF-8 and those of actions ASCII.
		if !utf8.ValidString(text) || !utf8.ValidString(s) {
			return
		}
		p := wild(t, text)
		if got, want := p.match(s, nil), globs(text, s, false); got != want {
			t.Errorf("%q of %q: %t, want %t", text, s, got, want)
		}
		if a := wild(t, "*"+text+"*"); globs(text, s, false) && !a.match("x"+s+"y", nil) {
			t.Errorf("*%q* does not match more", text)
		}
	})
}

// What follows the fifth colon is the last part, whatever it holds.
func TestSplitARN(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"arn:aws:iam::1:user/a": {"arn", "aws", "iam", "", "1", "user/a"},
		"arn:aws:sns:r:1:a:b:c": {"arn", "aws", "sns", "r", "1", "a:b:c"},
		"*":                     {"*"},
		"":                      {""},
		"arn:":                  {"arn", ""},
		":::::":                 {"", "", "", "", "", ""},
	} {
		a := splitARN(text)
		if a.parts != len(want) {
			t.Errorf("%q has %d parts, want %d", text, a.parts, len(want))
			continue
		}
		for i, part := range want {
			got := a.rest(i)
			if i < a.parts-1 {
				got = a.part(i)
			}
			if got != part {
				t.Errorf("part %d of %q is %q, want %q", i, text, got, part)
			}
		}
		if got := splitPattern(text, true); strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("as a pattern %q splits into %q", text, got)
		}
	}
	if got := splitPattern("arn:aws:${a:b, 'c:d'}:r", true); len(got) != 4 {
		t.Errorf("colons inside a variable split: %q", got)
	}
}
