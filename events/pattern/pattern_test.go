package pattern

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// event is of the shape that findings are told in (behaviour.md section 6).
const event = `{"version":"0","id":"6a7e8feb","detail-type":"Security Hub Findings - Imported","source":"aws.securityhub",
 "account":"111122223333","time":"2017-10-02T16:24:49Z","region":"us-east-1",
 "resources":["arn:aws:ec2:us-east-1:123456789012:instance/i-000000aaaaaa00000","second"],
 "detail":{"c-count":5,"x-limit":301.8,"sci":3.018e2,"source-ip":"10.0.0.33","v6":"2001:db8::1","state":"running","empty":"","nothing":null,"yes":true,
  "names":["a",["b"],3],"none":[],"object":{"c1":100},
  "findings":[{"Severity":{"Label":"HIGH"},"RecordState":"ARCHIVED","Note":{"Text":"x"},"Resources":[{"Type":"A","Id":"1"},{"Type":"B","Id":"2"}]},
              {"Severity":{"Label":"LOW"},"RecordState":"ACTIVE"}]}}`

// The operators are those of the EventBridge user guide, "Comparison operators for use in event patterns in Amazon
// EventBridge" and "Creating event patterns"; the rows about arrays are from its "Matching on arrays" part and
// from the README of aws/event-ruler, EventBridge's own matcher.
func TestMatch(t *testing.T) {
	t.Parallel()
	tests := []struct {
		pattern string
		want    bool
	}{
		// Exact values; several are an OR, several members an AND.
		{`{"source":["aws.securityhub"]}`, true},
		{`{"source":["aws.SecurityHub"]}`, false},
		{`{"source":["x","aws.securityhub"]}`, true},
		{`{"source":["aws.securityhub"],"account":["111122223333"]}`, true},
		{`{"source":["aws.securityhub"],"account":["2"]}`, false},
		{`{"missing":["x"]}`, false},
		{`{"detail":{"empty":[""]}}`, true},
		{`{"detail":{"state":[""]}}`, false},
		{`{"detail":{"nothing":[null]}}`, true},
		{`{"detail":{"missing":[null]}}`, false},
		{`{"detail":{"yes":[true]}}`, true},
		{`{"detail":{"yes":[false]}}`, false},
		{`{"detail":{"yes":["true"]}}`, false},
		{`{"account":[111122223333]}`, false},
		// Numbers compare as they are written.
		{`{"detail":{"c-count":[5]}}`, true},
		{`{"detail":{"c-count":[5.0]}}`, false},
		{`{"detail":{"sci":[301.8]}}`, false},
		{`{"detail":{"c-count":["5"]}}`, false},
		// Text.
		{`{"time":[{"prefix":"2017-10-02"}]}`, true},
		{`{"time":[{"prefix":"2017-10-03"}]}`, false},
		{`{"source":[{"prefix":{"equals-ignore-case":"AWS.sec"}}]}`, true},
		{`{"source":[{"prefix":{"equals-ignore-case":"AWS.x"}}]}`, false},
		{`{"source":[{"suffix":"hub"}]}`, true},
		{`{"source":[{"suffix":"HUB"}]}`, false},
		{`{"source":[{"suffix":{"equals-ignore-case":"HUB"}}]}`, true},
		{`{"source":[{"suffix":{"equals-ignore-case":"xHUB"}}]}`, false},
		{`{"source":[{"equals-ignore-case":"AWS.SecurityHub"}]}`, true},
		{`{"source":[{"equals-ignore-case":"AWS"}]}`, false},
		{`{"source":[{"wildcard":"aws.*hub"}]}`, true},
		{`{"source":[{"wildcard":"*.*"}]}`, true},
		{`{"source":[{"wildcard":"aws.*x"}]}`, false},
		{`{"source":[{"wildcard":"aws.\\*"}]}`, false},
		{`{"detail":{"c-count":[{"prefix":"5"}]}}`, false},
		{`{"detail":{"c-count":[{"wildcard":"*"}]}}`, false},
		// Anything but.
		{`{"detail":{"state":[{"anything-but":"initializing"}]}}`, true},
		{`{"detail":{"state":[{"anything-but":"running"}]}}`, false},
		{`{"detail":{"state":[{"anything-but":["stopped","running"]}]}}`, false},
		{`{"detail":{"state":[{"anything-but":["stopped","overloaded"]}]}}`, true},
		{`{"detail":{"c-count":[{"anything-but":5}]}}`, false},
		{`{"detail":{"c-count":[{"anything-but":[100,200]}]}}`, true},
		{`{"detail":{"missing":[{"anything-but":"x"}]}}`, false},
		{`{"detail":{"state":[{"anything-but":{"prefix":"run"}}]}}`, false},
		{`{"detail":{"state":[{"anything-but":{"prefix":"init"}}]}}`, true},
		{`{"detail":{"state":[{"anything-but":{"prefix":["init","run"]}}]}}`, false},
		{`{"detail":{"state":[{"anything-but":{"suffix":"ing"}}]}}`, false},
		{`{"detail":{"state":[{"anything-but":{"suffix":["x","y"]}}]}}`, true},
		{`{"detail":{"state":[{"anything-but":{"equals-ignore-case":"RUNNING"}}]}}`, false},
		{`{"detail":{"state":[{"anything-but":{"equals-ignore-case":["A","B"]}}]}}`, true},
		{`{"detail":{"state":[{"anything-but":{"wildcard":"r*g"}}]}}`, false},
		{`{"detail":{"state":[{"anything-but":{"wildcard":["a*","b*"]}}]}}`, true},
		// Numeric, for JSON numbers only.
		{`{"detail":{"c-count":[{"numeric":[">",0,"<=",5]}]}}`, true},
		{`{"detail":{"c-count":[{"numeric":[">",5]}]}}`, false},
		{`{"detail":{"c-count":[{"numeric":[">=",5]}]}}`, true},
		{`{"detail":{"c-count":[{"numeric":["<",5]}]}}`, false},
		{`{"detail":{"c-count":[{"numeric":["<",10]}]}}`, true},
		{`{"detail":{"x-limit":[{"numeric":["=",3.018e2]}]}}`, true},
		{`{"detail":{"x-limit":[{"numeric":["=",3]}]}}`, false},
		{`{"detail":{"state":[{"numeric":["<",10]}]}}`, false},
		// Addresses.
		{`{"detail":{"source-ip":[{"cidr":"10.0.0.0/24"}]}}`, true},
		{`{"detail":{"source-ip":[{"cidr":"10.0.1.0/24"}]}}`, false},
		{`{"detail":{"v6":[{"cidr":"2001:db8::/32"}]}}`, true},
		{`{"detail":{"state":[{"cidr":"0.0.0.0/0"}]}}`, false},
		{`{"detail":{"c-count":[{"cidr":"0.0.0.0/0"}]}}`, false},
		// Presence, of leaves.
		{`{"detail":{"c-count":[{"exists":true}]}}`, true},
		{`{"detail":{"c-count":[{"exists":false}]}}`, false},
		{`{"detail":{"missing":[{"exists":false}]}}`, true},
		{`{"detail":{"missing":[{"exists":true}]}}`, false},
		{`{"detail":{"object":[{"exists":true}]}}`, false},
		{`{"detail":{"object":[{"exists":false}]}}`, true},
		{`{"detail":{"nothing":[{"exists":true}]}}`, true},
		{`{"detail":{"none":[{"exists":true}]}}`, false},
		{`{"missing":{"inner":[{"exists":false}]}}`, true},
		{`{"missing":{"inner":[{"exists":false}],"other":["x"]}}`, false},
		{`{"detail":{"state":[{"exists":false},"running"]}}`, true},
		// Arrays: one element is enough, for anything-but, too.
		{`{"resources":["second"]}`, true},
		{`{"resources":["third"]}`, false},
		{`{"resources":[{"anything-but":"second"}]}`, true},
		{`{"resources":[{"prefix":"arn:aws:ec2"}]}`, true},
		{`{"detail":{"names":["b"]}}`, true},
		{`{"detail":{"names":[3]}}`, true},
		// Members of an array's objects hold for one object together.
		{`{"detail":{"findings":{"Severity":{"Label":["HIGH"]}}}}`, true},
		{`{"detail":{"findings":{"Severity":{"Label":["LOW"]},"RecordState":["ACTIVE"]}}}`, true},
		{`{"detail":{"findings":{"Severity":{"Label":["HIGH"]},"RecordState":["ACTIVE"]}}}`, false},
		{`{"detail":{"findings":{"Resources":{"Type":["A"],"Id":["1"]}}}}`, true},
		{`{"detail":{"findings":{"Resources":{"Type":["A"],"Id":["2"]}}}}`, false},
		{`{"detail":{"findings":{"Note":{"Text":[{"exists":false}]}}}}`, false},
		{`{"detail":{"findings":{"RecordState":["ACTIVE"],"Note":{"Text":[{"exists":false}]}}}}`, false},
		{`{"detail":{"findings":{"RecordState":["ACTIVE"],"Note":{"Url":[{"exists":false}]}}}}`, true},
		// $or, beside others, twice, with several members inside and within itself.
		{`{"source":["aws.securityhub"],"$or":[{"account":["2"]},{"region":["us-east-1"]}]}`, true},
		{`{"source":["x"],"$or":[{"account":["2"]},{"region":["us-east-1"]}]}`, false},
		{`{"$or":[{"account":["2"]},{"region":["3"]}]}`, false},
		{`{"$or":[{"account":["2"]},{"region":["us-east-1"]}],"detail":{"$or":[{"state":["x"]},{"c-count":[5]}]}}`, true},
		{`{"$or":[{"source":["aws.securityhub"],"region":["x"]},{"account":["2"]}]}`, false},
		{`{"$or":[{"source":["x"]},{"$or":[{"source":["y"]},{"region":["us-east-1"]}]}]}`, true},
		{`{"detail":{"findings":{"$or":[{"Severity":{"Label":["HIGH"]},"RecordState":["ACTIVE"]},{"Note":{"Text":["x"]}}]}}}`, true},
		// A scalar is no object, an object no scalar.
		{`{"source":{"x":["y"]}}`, false},
		{`{"detail":["x"]}`, false},
	}
	for _, test := range tests {
		p, err := Parse([]byte(test.pattern))
		if err != nil {
			t.Errorf("%s: %v", test.pattern, err)
			continue
		}
		if got, err := p.Match([]byte(event)); got != test.want || err != nil {
			t.Errorf("%s: %v, error %v", test.pattern, got, err)
		}
	}
}

// What is no pattern is refused with its place.
func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		``:                                    "not valid JSON",
		`{`:                                   "not valid JSON",
		`{"a":["x"],"a":["y"]}`:               "a name is given twice",
		`[]`:                                  "pattern: it must be an object",
		`{}`:                                  "pattern: it must have a member",
		`{"a":{}}`:                            "pattern.a: it must have a member",
		`{"a":"x"}`:                           "pattern.a: values are given as an array",
		`{"a":[]}`:                            "pattern.a: the array must have an element",
		`{"a":[["x"]]}`:                       "pattern.a[0]: an array within",
		`{"a":["x",{}]}`:                      "pattern.a[1]: it must be an object of one operator",
		`{"a":[{"prefix":"x","suffix":"y"}]}`: "of one operator",
		`{"a":[{"contains":"x"}]}`:            "pattern.a[0].contains: there is no such operator",
		`{"a":[{"prefix":5}]}`:                "pattern.a[0].prefix: it must be a string",
		`{"a":[{"prefix":["x"]}]}`:            "several values are only for anything-but",
		`{"a":[{"prefix":{"suffix":"x"}}]}`:   "only equals-ignore-case",
		`{"a":[{"wildcard":"a**b"}]}`:         "two wildcards",
		`{"a":[{"wildcard":"a\\b"}]}`:         "a backslash stands before",
		`{"a":[{"wildcard":"a\\"}]}`:          "a backslash stands before",
		`{"a":[{"anything-but":[]}]}`:         "must have an element",
		`{"a":[{"anything-but":["x",1]}]}`:    "strings only or numbers only",
		`{"a":[{"anything-but":[true]}]}`:     "strings only or numbers only",
		`{"a":[{"anything-but":null}]}`:       "it must be a string, a number",
		`{"a":[{"anything-but":{"cidr":"10.0.0.0/8"}}]}`:             "anything-but does not know it",
		`{"a":[{"anything-but":{"prefix":[]}}]}`:                     "must have an element",
		`{"a":[{"anything-but":{"prefix":[1]}}]}`:                    "prefix[0]: it must be a string",
		`{"a":[{"anything-but":{"prefix equals-ignore-case":"x"}}]}`: "does not know it",
		`{"a":[{"numeric":[]}]}`:                                     "one or two comparisons",
		`{"a":[{"numeric":5}]}`:                                      "one or two comparisons",
		`{"a":[{"numeric":["<"]}]}`:                                  "one or two comparisons",
		`{"a":[{"numeric":["<","5"]}]}`:                              "there must be a number",
		`{"a":[{"numeric":["<",6e9]}]}`:                              "from -5e9 to 5e9",
		`{"a":[{"numeric":["<>",5]}]}`:                               "operators are",
		`{"a":[{"numeric":["=",5,"<",6]}]}`:                          "operators are",
		`{"a":[{"numeric":["<",5,"<",6]}]}`:                          "bound a range",
		`{"a":[{"numeric":[">",6,"<",5]}]}`:                          "bound a range",
		`{"a":[{"cidr":"10.0.0.0"}]}`:                                "CIDR",
		`{"a":[{"cidr":8}]}`:                                         "it must be a string",
		`{"a":[{"exists":"yes"}]}`:                                   "true or false",
		`{"$or":{"a":["x"]}}`:                                        "pattern.$or: it must be an array of 2 objects",
		`{"$or":[{"a":["x"]}]}`:                                      "2 objects or more",
		`{"$or":[{"a":["x"]},{}]}`:                                   "pattern.$or[1]: it must have a member",
		`{"a":["` + strings.Repeat("x", MaxSize) + `"]}`:             "at most 16384",
	} {
		if _, err := Parse([]byte(given)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.80s: %v does not say %q", given, err, want)
		}
	}
}

// Broken events are errors, never answers.
func TestMatchBrokenEvent(t *testing.T) {
	t.Parallel()
	p, err := Parse([]byte(`{"a":{"b":["x"]},"c":[{"exists":false}]}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, broken := range []string{``, `5`, `[]`, `{"a":`, `{"a":{"b":["x"`, `{"a":{"b":"x"},}`, `{"a" 1}`} {
		if ok, err := p.Match([]byte(broken)); ok || err == nil {
			t.Errorf("%s: %v, error %v", broken, ok, err)
		}
	}
	// Findings may have a name twice; the last one counts.
	if ok, err := p.Match([]byte(`{"a":{"b":"y"},"a":{"b":"x"}}`)); !ok || err != nil {
		t.Errorf("a name given twice: %v, error %v", ok, err)
	}
}

// A wildcard is the regular expression in which * is .*
func TestWildcard(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "ab", "*", `\*`, `\\`}), 0, 8).Draw(t, "wildcard")
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "*", `\`}), 0, 12).Draw(t, "text"), "")
		w := strings.Join(parts, "")
		if strings.Contains(strings.ReplaceAll(strings.ReplaceAll(w, `\\`, "x"), `\*`, "x"), "**") {
			if checkWildcard(w) == nil {
				t.Fatalf("%q has two wildcards next to each other", w)
			}
			return
		}
		if err := checkWildcard(w); err != nil {
			t.Fatalf("%q: %v", w, err)
		}
		expression := "^"
		for _, p := range parts {
			switch p {
			case "*":
				expression += ".*"
			default:
				expression += regexp.QuoteMeta(strings.TrimPrefix(p, `\`))
			}
		}
		if got, want := matchWildcard(text, w), regexp.MustCompile(expression+"$").MatchString(text); got != want {
			t.Fatalf("%q matches %q: %v", w, text, got)
		}
	})
}

// A wildcard of many parts takes time in the product of the lengths, not more.
func TestWildcardSteps(t *testing.T) {
	t.Parallel()
	text, w := strings.Repeat("a", 20_000), strings.Repeat("*a", 200)+"*b"
	if matchWildcard(text, w) {
		t.Error("there is no b")
	}
}

// Parse and Match end without a panic, and what Parse takes it takes again.
func FuzzPattern(f *testing.F) {
	f.Add([]byte(`{"detail":{"findings":{"Severity":{"Label":["HIGH",{"anything-but":["x"]}]},"x":[{"exists":false}]}}}`), []byte(event))
	f.Add([]byte(`{"$or":[{"a":[{"numeric":[">",0,"<=",5]}]},{"b":[{"wildcard":"*x\\*"}]}]}`), []byte(`{"a":1,"b":["x*",null]}`))
	f.Add([]byte(`{"a":[{"cidr":"::/0"},{"prefix":{"equals-ignore-case":"İ"}}]}`), []byte(`{"a":"::1"}`))
	f.Add([]byte(`{"a":[{"anything-but":{"suffix":["x",""]}}]}`), []byte(`{"a":"\ud800"}`))
	f.Fuzz(func(t *testing.T, pattern, event []byte) {
		p, err := Parse(pattern)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "pattern") {
				t.Errorf("the error %q does not name its place", err)
			}
			return
		}
		one, failed := p.Match(event)
		if failed != nil && one {
			t.Error("a broken event matches")
		}
		again, _ := p.Match(event)
		if one != again {
			t.Error(fmt.Sprint("two answers for ", string(event)))
		}
	})
}
