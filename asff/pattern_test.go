package asff

import (
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestPatternsAgainstRegexp holds the matchers written by hand against Go's engine. Go lacks the
// negative look-ahead of TagKey, JavaScript's \S and \u escapes, which are rewritten here.
func TestPatternsAgainstRegexp(t *testing.T) {
	t.Parallel()
	goSyntax := strings.NewReplacer(`\u0000-\u007F`, `\x{0}-\x{7F}`, `\u0009`, `\x09`, `\u000A`, `\x0A`, `\u000D`, `\x0D`,
		`\u0020-\u007E`, `\x20-\x7E`, `\u00A1-\u00FF`, `\x{A1}-\x{FF}`, `(?!aws:)`, ``)
	for p := PatternType; p <= PatternTagKey; p++ {
		if p == PatternHubArn {
			continue // wider on purpose, see TestHubArn
		}
		re := regexp.MustCompile(goSyntax.Replace(p.String()))
		rapid.Check(t, func(t *rapid.T) {
			text := rapid.OneOf(
				rapid.StringOf(rapid.RuneFrom([]rune("aZ09/-_=+@.: ;<,!~\t\n\x7f\u00a0\u00a1ÿĀ"))),
				rapid.StringMatching(strings.ReplaceAll(goSyntax.Replace(p.String()), "[^/]", "[^/\n]")),
				rapid.SampledFrom([]string{"aws:x", "aws", "a/b/c/d", "", strings.Repeat("a", 65), strings.Repeat("1", 12)}),
			).Draw(t, "text")
			want := re.MatchString(text)
			if p == PatternTagKey && strings.HasPrefix(text, "aws:") {
				want = false
			}
			if got := p.Match([]byte(text)); got != want {
				t.Fatalf("%s on %q: %v", p, text, got)
			}
		})
	}
}

// TestNotBlank: white space is what JavaScript says it is; U+0085 and U+200B are not.
func TestNotBlank(t *testing.T) {
	t.Parallel()
	blank := "\t\n\v\f\r \u00a0\u1680\u2000\u2005\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
	for _, r := range blank {
		if notBlank([]byte(string(r))) {
			t.Errorf("%U is a letter", r)
		}
	}
	for _, text := range []string{"a", " a", blank + "é", "\u0085", "\u200b", "\u180e", "\x00"} {
		if !notBlank([]byte(text)) {
			t.Errorf("%q is blank", text)
		}
	}
	if notBlank(nil) || notBlank([]byte(blank)) {
		t.Error("nothing is something")
	}
}

// TestHubArn: printed as the model writes it, but a hub in another partition is a hub.
func TestHubArn(t *testing.T) {
	t.Parallel()
	for arn, want := range map[string]bool{
		"arn:aws:securityhub:us-east-1:123456789012:hub/default":            true,
		"arn:aws-us-gov:securityhub:us-gov-west-1:123456789012:hub/default": true,
		"arn:aws:iam:us-east-1:123456789012:hub/default":                    false,
		"arn:azure:securityhub:us-east-1:123456789012:hub/default":          false,
		"arn:aws-:securityhub:us-east-1:123456789012:hub/default":           false,
		"hub/default": false,
	} {
		if got := PatternHubArn.Match([]byte(arn)); got != want {
			t.Errorf("%s: %v", arn, got)
		}
	}
	if got := PatternHubArn.String(); got != `^arn:aws:securityhub:.*` {
		t.Errorf("printed as %s", got)
	}
}
