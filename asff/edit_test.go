package asff

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
)

// goodFinding has what every finding needs and one resource.
const goodFinding = `{
	"SchemaVersion": "2018-10-08",
	"Id": "scan/1",
	"ProductArn": "arn:aws:securityhub:us-east-1:123456789012:product/123456789012/default",
	"GeneratorId": "rule-1",
	"AwsAccountId": "123456789012",
	"Types": ["Software and Configuration Checks/Vulnerabilities/CVE"],
	"CreatedAt": "2024-02-29T10:00:00Z",
	"UpdatedAt": "2024-02-29T10:00:00.123+01:00",
	"Severity": {"Label": "HIGH"},
	"Title": "A title",
	"Description": "A description",
	"Resources": [{"Type": "AwsEc2Instance", "Id": "i-1"}]
}`

// remove as a value takes the member away.
type removal struct{}

var remove = removal{}

// edited is goodFinding with values put at paths like `Resources[0].Details.Other.k`;
// objects and lists on the way are made. A name with dots stands in quotes: 'a.b'.
func edited(t testing.TB, changes ...any) []byte {
	t.Helper()
	var doc any
	if err := json.Unmarshal([]byte(goodFinding), &doc); err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(changes); i += 2 {
		doc = put(doc, steps(changes[i].(string)), changes[i+1])
	}
	return encode(t, doc)
}

func encode(t testing.TB, doc any) []byte {
	t.Helper()
	raw, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func steps(path string) []string {
	var out []string
	for path != "" {
		if path[0] == '\'' {
			name, rest, _ := strings.Cut(path[1:], "'")
			out, path = append(out, name), strings.TrimPrefix(rest, ".")
			continue
		}
		name, rest, _ := strings.Cut(path, ".")
		name, index, isItem := strings.Cut(name, "[")
		out, path = append(out, name), rest
		for isItem {
			var i string
			i, index, _ = strings.Cut(index, "]")
			out = append(out, "["+i)
			_, index, isItem = strings.Cut(index, "[")
		}
	}
	return out
}

func put(doc any, path []string, value any) any {
	if len(path) == 0 {
		return value
	}
	if strings.HasPrefix(path[0], "[") {
		list, _ := doc.([]any)
		i, _ := strconv.Atoi(path[0][1:])
		for len(list) <= i {
			list = append(list, nil)
		}
		list[i] = put(list[i], path[1:], value)
		return list
	}
	object, ok := doc.(map[string]any)
	if !ok {
		object = map[string]any{}
	}
	if value == remove && len(path) == 1 {
		delete(object, path[0])
		return object
	}
	object[path[0]] = put(object[path[0]], path[1:], value)
	return object
}

// check gives the problems of a finding that must be JSON.
func check(t testing.TB, v *Validator, raw []byte) []Problem {
	t.Helper()
	_, problems, err := v.Check(raw)
	if err != nil {
		t.Fatalf("Check: %v in %s", err, raw)
	}
	return problems
}

// sentences gives problems as text, "" for none.
func sentences(problems []Problem) string {
	text := make([]string, len(problems))
	for i, p := range problems {
		text[i] = p.String()
	}
	return strings.Join(text, ", ")
}

// items is a list of n equal items.
func items(n int, item any) []any {
	list := make([]any, n)
	for i := range list {
		list[i] = item
	}
	return list
}

// pairs is a map of n pairs.
func pairs(n int) map[string]any {
	m := map[string]any{}
	for i := range n {
		m["k"+strconv.Itoa(i)] = "v"
	}
	return m
}

// withHubPairs is pairs with what the hub adds to them when it stores a finding.
func withHubPairs(n int) map[string]any {
	m := pairs(n)
	for _, name := range []string{"FindingId", "ProductName", "CompanyName"} {
		m["aws/securityhub/"+name] = "v"
	}
	return m
}
