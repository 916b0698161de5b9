package audit

import (
	"bytes"
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// parse wants one line of at most MaxLine bytes and gives its record.
func parse(t interface{ Fatalf(string, ...any) }, line []byte) Record {
	if len(line) > MaxLine || bytes.IndexByte(line, '\n') != len(line)-1 || !utf8.Valid(line) {
		t.Fatalf("not one line: %d bytes, the first newline at %d", len(line), bytes.IndexByte(line, '\n'))
	}
	var r Record
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		t.Fatalf("%v: %s", err, line)
	}
	return r
}

// fill sets every member of a value, however deep, and makes what pointers lack.
func fill(v reflect.Value, text func() string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(text())
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), text)
		}
	case reflect.Int:
		v.SetInt(-7)
	case reflect.Uint64:
		v.SetUint(math.MaxUint64)
	case reflect.Float64:
		v.SetFloat(1.25)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Pointer:
		if v.Type().Elem().NumField() == 0 {
			return // what is always null
		}
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), text)
	}
}

// TestAnyRecordIsOneLine: whatever the texts, numbers and parameters, a record is one line
// that parses back, and to the same record when nothing in it had to be cut.
func TestAnyRecordIsOneLine(t *testing.T) {
	t.Parallel()
	texts := rapid.OneOf(rapid.String(), rapid.StringN(0, 300, 4000), rapid.Custom(func(t *rapid.T) string {
		return string(rapid.SliceOfN(rapid.Byte(), 0, 3000).Draw(t, "bytes"))
	}), rapid.SampledFrom([]string{"\n", "\x00\u2028\r\n\"\\", strings.Repeat("\x01", 5000), strings.Repeat("é", 200), "\xff\xfe"}))
	values := rapid.OneOf(rapid.Just[any](nil), rapid.Just[any](true), rapid.Just[any](math.NaN()), rapid.Just[any](make(chan int)), rapid.Just[any](strings.Repeat("x", 100_000)),
		rapid.Map(texts, func(s string) any { return s }), rapid.Map(rapid.Int(), func(n int) any { return n }), rapid.Map(rapid.SliceOfN(texts, 0, 80), func(s []string) any { return s }))
	rapid.Check(t, func(t *rapid.T) {
		var r Record
		if rapid.Bool().Draw(t, "full") {
			one := texts.Draw(t, "text")
			fill(reflect.ValueOf(&r).Elem(), func() string { return one })
		}
		r.EventName, r.UserAgent, r.ErrorMessage = texts.Draw(t, "name"), texts.Draw(t, "agent"), texts.Draw(t, "message")
		r.AdditionalEventData.HTTPStatus = rapid.Int().Draw(t, "status")
		r.RequestParameters = rapid.MapOfN(texts, values, 0, 4).Draw(t, "parameters")
		for range rapid.IntRange(0, 120).Draw(t, "resources") {
			r.Resources = append(r.Resources, Resource{AccountID: "1", ARN: texts.Draw(t, "arn")})
		}
		before := r
		before.Resources = append([]Resource(nil), r.Resources...)
		line := encode(r)
		got := parse(t, line)
		if !reflect.DeepEqual(r.Resources, before.Resources) || r.UserAgent != before.UserAgent {
			t.Fatalf("the caller's record was changed")
		}
		if again := parse(t, encode(got)); !reflect.DeepEqual(again, got) {
			t.Fatalf("what was read back is written otherwise:\n%+v\n%+v", again, got)
		}
		if len(got.Resources)+got.AdditionalEventData.ResourcesOmitted != len(r.Resources)+r.AdditionalEventData.ResourcesOmitted {
			t.Fatalf("of %d resources %d are there and %d are said to be omitted", len(r.Resources), len(got.Resources), got.AdditionalEventData.ResourcesOmitted)
		}
	})
}

// TestRoundTrip: nothing is cut that need not be.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	var r Record
	fill(reflect.ValueOf(&r).Elem(), func() string { return strings.Repeat("é", maxText/2) })
	r.ErrorMessage = strings.Repeat("m", maxMessage)
	r.AdditionalEventData.TornLine = strings.Repeat("t", maxTorn)
	r.RequestParameters = map[string]any{"a": strings.Repeat("p", maxARN), "b": []any{"c", 1.0}}
	for range 20 {
		r.Resources = append(r.Resources, Resource{"1", "t", strings.Repeat("a", maxARN)})
	}
	if got := parse(t, encode(r)); !reflect.DeepEqual(got, r) {
		t.Errorf("got  %+v\nwant %+v", got, r)
	}
}

// TestBounds: what gives way when a line is too long, in which order, and that it is said.
func TestBounds(t *testing.T) {
	t.Parallel()
	big := map[string]any{}
	for i := range 100 {
		big[strings.Repeat("k", i+1)] = strings.Repeat("v", 1000)
	}
	many := make([]Resource, 100)
	for i := range many {
		many[i] = Resource{ARN: strings.Repeat("r", maxARN)}
	}
	longest := Record{}
	fill(reflect.ValueOf(&longest).Elem(), func() string { return strings.Repeat("\x01", 2000) })
	full := longest
	full.Resources, full.RequestParameters = many, big
	tests := []struct {
		name             string
		record           Record
		reason           any
		resources, agent int
	}{
		{"parameters", Record{RequestParameters: big, UserAgent: "u"}, "requestParameters too large", 0, 1},
		{"resources", Record{Resources: many, UserAgent: "u"}, nil, 50, 1},
		{"parameters before resources", Record{Resources: many[:50], RequestParameters: big}, "requestParameters too large", 50, 0},
		{"a text", Record{UserAgent: strings.Repeat("u", 1000)}, nil, 0, maxText},
		{"every text", longest, nil, 0, tightText},
		{"everything", full, "requestParameters too large", 0, tightText},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := parse(t, encode(tt.record))
			if got.RequestParameters["reason"] != tt.reason || len(got.Resources) != tt.resources || len(got.UserAgent) != tt.agent {
				t.Errorf("parameters %v, %d resources, %d bytes of user agent; want %v, %d, %d", got.RequestParameters, len(got.Resources), len(got.UserAgent), tt.reason, tt.resources, tt.agent)
			}
			if want := tt.record.AdditionalEventData.ResourcesOmitted + len(tt.record.Resources) - tt.resources; got.AdditionalEventData.ResourcesOmitted != want {
				t.Errorf("%d resources are said to be omitted, want %d", got.AdditionalEventData.ResourcesOmitted, want)
			}
		})
	}
}

func TestCut(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text  string
		limit int
		want  string
	}{
		{"", 3, ""}, {"abc", 3, "abc"}, {"abcd", 3, "abc"}, {"aé", 2, "a"}, {"aéb", 3, "aé"}, {"日本", 5, "日"}, {"日本", 2, ""},
		{"a\xffb", 9, "a\uFFFDb"}, {"a\xffb", 3, "a"}, {"\xff", 9, "\uFFFD"}, {"ab\xe6\x97", 3, "ab"}, {"abc", 0, ""},
	}
	for _, tt := range tests {
		if got := cut(tt.text, tt.limit); got != tt.want {
			t.Errorf("cut(%q, %d) is %q, want %q", tt.text, tt.limit, got, tt.want)
		}
	}
}

// TestCutAny: whatever the bytes, the beginning of them that is valid and not longer.
func TestCutAny(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))
		limit := rapid.IntRange(0, 40).Draw(t, "limit")
		got := cut(text, limit)
		if len(got) > limit || !utf8.ValidString(got) {
			t.Fatalf("%q", got)
		}
		if utf8.ValidString(text) && (!strings.HasPrefix(text, got) || len(got) < min(len(text), limit-utf8.UTFMax+1)) {
			t.Fatalf("%q of %q", got, text)
		}
	})
}
