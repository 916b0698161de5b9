package filter_test

import (
	"encoding/json"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/findinghub/findinghub/asff"
	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/filter/filtertest"
	"github.com/go-json-experiment/json/jsontext"
	"pgregory.net/rapid"
)

var now = time.Date(2024, 3, 10, 12, 0, 0, 0, time.UTC)

// show prints values in short: attribute, key, and whatever else is not zero.
func show(values filter.Values) string {
	parts := make([]string, len(values))
	for i, v := range values {
		parts[i] = v.Attribute.String()
		if v.Key != nil {
			parts[i] += fmt.Sprintf("[%s]", v.Key)
		}
		switch filter.Attributes[v.Attribute].Kind {
		case filter.KindDate:
			parts[i] += "=" + strconv.FormatInt(v.Micros, 10)
		case filter.KindNumber, filter.KindBoolean:
			parts[i] += "=" + strconv.FormatFloat(v.Number, 'g', -1, 64)
		default:
			parts[i] += "=" + string(v.Text)
		}
	}
	return strings.Join(parts, "|")
}

func TestExtract(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, finding, want string }{
		{"ordered by attribute, whatever the order of members",
			`{"Title":"t","Id":"i","AwsAccountId":"a"}`, "AwsAccountId=a|Id=i|Title=t"},
		{"of one attribute as they stand in the finding",
			`{"Resources":[{"Type":"t1","Id":"z"},{"Type":"t0","Id":"a"}]}`, "ResourceId=z|ResourceId=a|ResourceType=t1|ResourceType=t0"},
		{"lists of strings", `{"Types":["b","a"]}`, "Type=b|Type=a"},
		{"a list inside objects of a list", `{"Compliance":{"SecurityControlParameters":[{"Name":"n","Value":["1","2"]},{"Value":["3"]}]}}`,
			"ComplianceSecurityControlParametersName=n|ComplianceSecurityControlParametersValue=1|" +
				"ComplianceSecurityControlParametersValue=2|ComplianceSecurityControlParametersValue=3"},
		{"escapes in values and keys", `{"Title":"a\"b\\c\nd","UserDefinedFields":{"k\"":"é\t"}}`, "Title=a\"b\\c\nd|UserDefinedFields[k\"]=é\t"},
		{"empty map values, which the format allows (decision 7)", `{"ProductFields":{"k":""}}`, "ProductFields[k]="},
		{"map values that are not strings", `{"ProductFields":{"a":1,"b":null,"c":{"d":"e"},"f":"g"}}`, "ProductFields[f]=g"},
		{"numbers", `{"Severity":{"Product":2.5,"Normalized":70},"Confidence":-1e2}`, "Confidence=-100|SeverityNormalized=70|SeverityProduct=2.5"},
		{"a number past every float", `{"Confidence":1e999}`, ""},
		{"values of another kind", `{"Title":1,"Confidence":"7","Sample":"true","UpdatedAt":5,"Id":null,"Types":{"a":"b"},"ProductFields":"x","Severity":[]}`, ""},
		{"a date that cannot be read", `{"UpdatedAt":"soon","CreatedAt":"1970-01-01T00:00:01Z"}`, "CreatedAt=1000000"},
		{"an address that is none", `{"Network":{"SourceIpV4":"host","DestinationIpV4":"10.0.0.1"}}`, "NetworkDestinationIpV4=10.0.0.1"},
		{"a name given twice", `{"Severity":{"Label":"LOW","Label":"HIGH"}}`, "SeverityLabel=HIGH"},
		{"lists in lists, which the format does not have", `{"Types":[["a"],"b"]}`, "Type=b"},
		{"members that no attribute names", `{"X":"y","Resources":[{"Id":"r","Details":{"AwsS3Bucket":{"X":["]}"],"OwnerId":"o"},"Y":{}}}]}`,
			"ResourceAwsS3BucketOwnerId=o|ResourceId=r"},
		{"false", `{"Sample":false}`, "Sample=0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := show(extract(t, c.finding)); got != c.want {
				t.Errorf("values of %s:\n got %s\nwant %s", c.finding, got, c.want)
			}
		})
	}
}

// White space is not in findings that came in, but may be in those that code makes.
func TestExtractReadsPastWhiteSpace(t *testing.T) {
	t.Parallel()
	f := asff.Finding{
		{Name: "Resources", Value: jsontext.Value(" [ { \"Id\" : \"r\" ,\n\t\"Tags\" : { \"k\" : \"v\" } , \"X\" : [ 1 , 2 ] } , { \"Id\":\"s\" } ] ")},
		{Name: "Confidence", Value: jsontext.Value(" 7 ")},
	}
	if got, want := show(filter.Extract(f, nil)), "Confidence=7|ResourceId=r|ResourceId=s|ResourceTags[k]=v"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestExtractAppends(t *testing.T) {
	t.Parallel()
	f := asff.Finding{}
	f.SetText("Id", "i")
	f.SetText("AwsAccountId", "a")
	before := filter.Values{{Attribute: filter.Title, Text: []byte("t")}, {Attribute: filter.Id, Text: []byte("x")}}
	if got, want := show(filter.Extract(f, before)), "Title=t|Id=x|AwsAccountId=a|Id=i"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestExtractAllocatesNothing(t *testing.T) {
	f := asff.Finding{}
	f.SetText("Id", "i")
	f.Set("Resources", jsontext.Value(`[{"Type":"t","Id":"r","Tags":{"k":"v"}},{"Id":"s"}]`))
	f.Set("Confidence", jsontext.Value(`70`))
	f.SetText("UpdatedAt", "2024-03-01T00:00:00.123Z")
	dst := filter.Extract(f, nil)
	if n := testing.AllocsPerRun(100, func() { dst = filter.Extract(f, dst[:0]) }); n != 0 {
		t.Errorf("%v allocations into a reused dst", n)
	}
}

// Thousands of values take the other sort; it keeps their order, too.
func TestExtractManyValues(t *testing.T) {
	t.Parallel()
	var resources []string
	for i := range 300 {
		resources = append(resources, fmt.Sprintf(`{"Type":"t%d","Id":"r%d"}`, i, i))
	}
	values := extract(t, `{"Resources":[`+strings.Join(resources, ",")+`]}`)
	for i := range 300 {
		if id, kind := string(values[i].Text), string(values[300+i].Text); id != fmt.Sprintf("r%d", i) || kind != fmt.Sprintf("t%d", i) {
			t.Fatalf("value %d is %s, %s", i, id, kind)
		}
	}
}

// Extract against a reading of the finding that shares nothing with it: decoded as a
// whole and walked along each attribute's path by itself.
func TestExtractAgreesWithDecoding(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := filtertest.Finding().Draw(t, "finding")
		got, want := filter.Extract(f, nil), decodeAll(t, f)
		slices.SortStableFunc(got, byKey)
		slices.SortStableFunc(want, byKey)
		if show(got) != show(want) {
			t.Fatalf("values of %s:\n got %s\nwant %s", f.AppendJSON(nil), show(got), show(want))
		}
	})
}

// byKey orders values by attribute, and those of maps by key too: Go's maps have lost the
// order of keys.
func byKey(a, b filter.Value) int {
	if a.Attribute == b.Attribute && filter.Attributes[a.Attribute].Kind == filter.KindMap {
		return strings.Compare(string(a.Key)+"\x00"+string(a.Text), string(b.Key)+"\x00"+string(b.Text))
	}
	return int(a.Attribute) - int(b.Attribute)
}

func decodeAll(t interface{ Fatal(...any) }, f asff.Finding) filter.Values {
	var whole any
	dec := json.NewDecoder(strings.NewReader(string(f.AppendJSON(nil))))
	dec.UseNumber()
	if err := dec.Decode(&whole); err != nil {
		t.Fatal(err)
	}
	var values filter.Values
	for a := range filter.Attributes {
		for _, path := range filter.Attributes[a].Paths {
			for _, leaf := range leaves(whole, strings.Split(path, ".")) {
				values = append(values, decodeLeaf(filter.Attribute(a), leaf)...)
			}
		}
	}
	return values
}

func leaves(v any, path []string) []any {
	if list, ok := v.([]any); ok {
		var all []any
		for _, x := range list {
			all = append(all, leaves(x, path)...)
		}
		return all
	}
	if len(path) == 0 {
		return []any{v}
	}
	object, _ := v.(map[string]any)
	return leaves(object[path[0]], path[1:])
}

func decodeLeaf(a filter.Attribute, leaf any) filter.Values {
	v := filter.Value{Attribute: a}
	var ok bool
	switch filter.Attributes[a].Kind {
	case filter.KindMap:
		return decodeMap(a, leaf)
	case filter.KindNumber:
		var x json.Number
		if x, ok = leaf.(json.Number); ok {
			v.Number, _ = x.Float64()
		}
	case filter.KindBoolean:
		var x bool
		if x, ok = leaf.(bool); x {
			v.Number = 1
		}
	case filter.KindDate:
		x, _ := leaf.(string)
		var at time.Time
		at, ok = readTime(x)
		v.Micros = at.UnixMicro()
	case filter.KindIP:
		x, _ := leaf.(string)
		_, err := netip.ParseAddr(x)
		v.Text, ok = []byte(x), err == nil
	default:
		var x string
		x, ok = leaf.(string)
		v.Text = []byte(x)
	}
	if !ok {
		return nil
	}
	return filter.Values{v}
}

func decodeMap(a filter.Attribute, leaf any) (all filter.Values) {
	object, _ := leaf.(map[string]any)
	for key, text := range object {
		if text, ok := text.(string); ok {
			all = append(all, filter.Value{Attribute: a, Key: []byte(key), Text: []byte(text)})
		}
	}
	return all
}

// readTime reads timestamps with the standard library, layout by layout.
func readTime(text string) (time.Time, bool) {
	for _, zone := range []string{"Z07:00", "Z0700", "Z07"} {
		if at, err := time.Parse("2006-01-02T15:04:05"+zone, strings.ToUpper(text)); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}

// No bytes make Extract panic, loop, or give values that are out of order; findings are
// valid JSON, but one damaged on disk must not bring the hub down.
func FuzzExtract(f *testing.F) {
	for _, c := range attributeCases {
		f.Add("Resources", c.finding)
	}
	f.Add("Resources", `[{"Id":"r","Tags":{"k":"\u0041"}},{"Id`)
	f.Add("ProductFields", `{"a":"b","`)
	f.Add("Types", `["\"]`)
	f.Add("Severity", `{"Label":}`)
	f.Fuzz(func(t *testing.T, name, value string) {
		values := filter.Extract(asff.Finding{{Name: name, Value: jsontext.Value(value)}}, nil)
		if !slices.IsSortedFunc(values, func(a, b filter.Value) int { return int(a.Attribute) - int(b.Attribute) }) {
			t.Errorf("out of order: %s", show(values))
		}
		for _, v := range values {
			if math.IsNaN(v.Number) || math.IsInf(v.Number, 0) {
				t.Errorf("%s is %v", v.Attribute, v.Number)
			}
		}
	})
}
