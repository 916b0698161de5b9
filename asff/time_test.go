package asff

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestParseTime: the pattern of behaviour.md section 1.4 item 14 and the bounds of section 2.3.
func TestParseTime(t *testing.T) {
	t.Parallel()
	at := func(y, mo, d, h, mi, s, ns int) time.Time {
		return time.Date(y, time.Month(mo), d, h, mi, s, ns, time.UTC)
	}
	for text, want := range map[string]time.Time{
		"2024-02-29T10:11:12Z":                 at(2024, 2, 29, 10, 11, 12, 0),
		"2024-02-29t10:11:12z":                 at(2024, 2, 29, 10, 11, 12, 0),
		"2024-02-29T10:11:12.5Z":               at(2024, 2, 29, 10, 11, 12, 500_000_000),
		"2024-02-29T10:11:12.123456789Z":       at(2024, 2, 29, 10, 11, 12, 123_456_789),
		"2024-02-29T10:11:12.1234567899999Z":   at(2024, 2, 29, 10, 11, 12, 123_456_789),
		"2018-12-27T23:35:58.406869+00:00":     at(2018, 12, 27, 23, 35, 58, 406_869_000),
		"2024-02-29T10:11:12+02":               at(2024, 2, 29, 8, 11, 12, 0),
		"2024-02-29T10:11:12-0230":             at(2024, 2, 29, 12, 41, 12, 0),
		"2024-02-29T10:11:12-02:30":            at(2024, 2, 29, 12, 41, 12, 0),
		"2024-02-29T23:00:00-18:00":            at(2024, 3, 1, 17, 0, 0, 0),
		"2016-12-31T23:59:60Z":                 at(2017, 1, 1, 0, 0, 0, 0),
		"2000-02-29T00:00:00Z":                 at(2000, 2, 29, 0, 0, 0, 0),
		"0000-01-01T00:00:00Z":                 at(0, 1, 1, 0, 0, 0, 0),
		"9999-12-31T23:59:59.999999999Z":       at(9999, 12, 31, 23, 59, 59, 999_999_999),
		"9999-12-31T23:59:59+18:00":            at(9999, 12, 31, 5, 59, 59, 0),
		"2024-12-31T00:00:00Z":                 at(2024, 12, 31, 0, 0, 0, 0),
		"2024-04-30T00:00:00" + ".000" + "+00": at(2024, 4, 30, 0, 0, 0, 0),
	} {
		if got, err := ParseTime(text); err != nil || !got.Equal(want) || got.Location() != time.UTC {
			t.Errorf("%s: %v, %v, want %v", text, got, err, want)
		}
	}
}

func TestParseTimeRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "2024", "2024-02-29", "2024-02-29T10:11:12", "2024-02-29 10:11:12Z", "x2024-02-29T10:11:12Z",
		"2024-02-29T10:11:12Zx", "2024-13-01T00:00:00Z", "2024-00-01T00:00:00Z", "2024-01-00T00:00:00Z",
		"2024-02-30T00:00:00Z", "2023-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2024-04-31T00:00:00Z",
		"2024-01-01T24:00:00Z", "2024-01-01T00:60:00Z", "2024-01-01T00:00:60Z", "2024-01-01T22:59:60Z",
		"2024-01-01T00:00:00.Z", "2024-01-01T00:00:00,5Z", "2024-01-01T00:00:00+18:01", "2024-01-01T00:00:00-19",
		"2024-01-01T00:00:00+01:60", "2024-01-01T00:00:00+1", "2024-01-01T00:00:00+1:00", "2024-01-01T00:00:00+01:0",
		"2024-01-01T00:00:00+01:000", "2024-01-01T00:00:00 01:00", "2024-01-01T00:00:00+ab:cd", "2024-01-01T00:00:00.5",
		"10000-01-01T00:00:00Z", "1977-06-02T122:29:47Z", "9999-12-31T23:59:59-01:00", "0000-01-01T00:00:00+01:00",
		"２024-01-01T00:00:00Z",
	} {
		if got, err := ParseTime(text); err == nil {
			t.Errorf("%q is %v", text, got)
		} else if isTime([]byte(text)) {
			t.Errorf("%q is a time to the validator alone", text)
		}
	}
	if _, err := ParseTime(strings.Repeat("9", 1<<20)); err == nil || len(err.Error()) > 200 {
		t.Error("the error holds all that was sent")
	}
}

// TestTimeAgainstStandard: what Go's own parser takes we take, as the same instant; what we take
// satisfies the service's pattern.
func TestTimeAgainstStandard(t *testing.T) {
	t.Parallel()
	pattern := regexp.MustCompile("^" + PatternTime.String())
	digits := func(n int) *rapid.Generator[string] {
		return rapid.StringOfN(rapid.RuneFrom([]rune("0123459")), n, n, -1)
	}
	rapid.Check(t, func(t *rapid.T) {
		text := digits(4).Draw(t, "y") + "-" + rapid.SampledFrom([]string{"01", "02", "04", "12", "13", "00"}).Draw(t, "m") + "-" +
			digits(2).Draw(t, "d") + "T" + digits(2).Draw(t, "h") + ":" + digits(2).Draw(t, "mi") + ":" + digits(2).Draw(t, "s") +
			rapid.SampledFrom([]string{"", ".1", ".123456789", "."}).Draw(t, "f") +
			rapid.SampledFrom([]string{"Z", "+01:00", "-17:59", "", "+1"}).Draw(t, "z")
		got, err := ParseTime(text)
		if err == nil && !pattern.MatchString(text) {
			t.Fatalf("%s breaks the pattern", text)
		}
		want, stdErr := time.Parse(time.RFC3339Nano, text)
		if stdErr != nil || want.UTC().Year() > 9999 || want.UTC().Year() < 0 {
			return
		}
		if err != nil || !got.Equal(want) {
			t.Fatalf("%s: %v, %v, want %v", text, got, err, want)
		}
	})
}
