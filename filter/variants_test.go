package filter_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/findinghub/findinghub/filter"
	"github.com/go-json-experiment/json/jsontext"
)

// For every attribute: its own filter spoilt in each way that the model forbids is refused
// by the path of what is wrong. Nothing is ignored (decision 19).
func TestSpoiltFiltersAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range attributeCases {
		path := "Filters." + c.name
		refuse(t, `{"`+c.name+`":`+c.hit+`}`, path)
		refuse(t, `{"`+c.name+`":[[`+c.hit+`]]}`, path+"[0]")
		refuse(t, `{"`+c.name+`":[`+c.hit+`,7]}`, path+"[1]")
		refuse(t, `{"`+c.name+`x":[`+c.hit+`]}`, path+"x")
		refuse(t, `{"`+strings.ToLower(c.name)+`":[`+c.hit+`]}`, "Filters."+strings.ToLower(c.name))
		var hit map[string]any
		if err := json.Unmarshal([]byte(c.hit), &hit); err != nil {
			t.Fatal(err)
		}
		refuse(t, one(c.name, with(hit, "Unknown", "x")), path+"[0].Unknown")
		for member, value := range hit {
			spoilt := path + "[0]." + member
			refuse(t, one(c.name, with(hit, member, []any{value})), spoilt)
			refuse(t, one(c.name, with(hit, member, map[string]any{})), spoilt)
			if _, text := value.(string); text {
				refuse(t, one(c.name, with(hit, member, 5)), spoilt)
				refuse(t, one(c.name, with(hit, member, "")), spoilt)
			} else {
				refuse(t, one(c.name, with(hit, member, "x")), spoilt)
			}
		}
	}
}

// Members that every filter of a kind needs; dates and numbers need one of several.
func TestMissingMembersAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range attributeCases {
		path := "Filters." + c.name + "[0]"
		refuse(t, one(c.name, map[string]any{}), path)
		if c.kind == filter.KindDate || c.kind == filter.KindNumber {
			continue
		}
		var hit map[string]any
		if err := json.Unmarshal([]byte(c.hit), &hit); err != nil {
			t.Fatal(err)
		}
		for member := range hit {
			without := with(hit, member, nil)
			refuse(t, one(c.name, without), path+"."+member)
			delete(without, member)
			refuse(t, one(c.name, without), path+"."+member)
		}
	}
}

// Every comparison of the model beside every other: allowed or not as section 4 says.
func TestEveryPairOfComparisons(t *testing.T) {
	t.Parallel()
	words := []string{"EQUALS", "PREFIX", "NOT_EQUALS", "PREFIX_NOT_EQUALS", "CONTAINS", "NOT_CONTAINS", "CONTAINS_WORD"}
	allowed := []string{"EQUALS PREFIX", "PREFIX NOT_EQUALS", "PREFIX PREFIX_NOT_EQUALS", "NOT_EQUALS PREFIX_NOT_EQUALS"}
	for _, first := range words {
		for _, second := range words {
			ok := first == second || slices.Contains(allowed, first+" "+second) || slices.Contains(allowed, second+" "+first)
			filters := str(first+" a", second+" b")
			_, err := filter.Parse(jsontext.Value(filters), filter.Options{})
			if ok && err != nil {
				t.Errorf("%s with %s: %v", first, second, err)
			}
			if !ok {
				wantInvalid(t, filters, err, fmt.Sprintf("'Filters.Title[1].Comparison'. '%s' cannot be combined with '%s' on one attribute.", second, first))
			}
		}
	}
	for _, first := range []string{"EQUALS", "NOT_EQUALS", "CONTAINS", "NOT_CONTAINS"} {
		for _, second := range []string{"EQUALS", "NOT_EQUALS", "CONTAINS", "NOT_CONTAINS"} {
			_, err := filter.Parse(jsontext.Value(tags("k "+first+" a", "l "+second+" b")), filter.Options{})
			if (err == nil) != (first == second) {
				t.Errorf("%s with %s in a map: %v", first, second, err)
			}
		}
	}
}

// refuse wants the caller's error, about this path.
func refuse(t *testing.T, filters, path string) {
	t.Helper()
	_, err := filter.Parse(jsontext.Value(filters), filter.Options{Now: now})
	if err == nil {
		t.Errorf("%s is accepted", filters)
		return
	}
	checkInvalid(t, err)
	if !strings.Contains(err.Error(), "Invalid parameter '"+path+"'. ") && !strings.Contains(err.Error(), "Invalid parameter '"+path+".") {
		t.Errorf("%s\n got %v\nwant it to be about %s", filters, err, path)
	}
}

// with copies an object and sets one member.
func with(object map[string]any, member string, value any) map[string]any {
	changed := map[string]any{member: value}
	for name, v := range object {
		if name != member {
			changed[name] = v
		}
	}
	return changed
}

func one(attribute string, entry map[string]any) string {
	data, err := json.Marshal(map[string][]map[string]any{attribute: {entry}})
	if err != nil {
		panic(err)
	}
	return string(data)
}
