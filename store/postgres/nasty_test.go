package postgres_test

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"github.com/findinghub/findinghub/asff"
	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
	"github.com/findinghub/findinghub/store/memory"
)

// pieces are what SQL, LIKE, text, arrays, encodings and indexes may take amiss.
var pieces = []string{
	"a", "A", "ab", "é", "É", "ß", "İ", "日本", "🙂", "\U0010ffff", "\x00", "\x01", "\x7f", "'", "''", `"`, `\`, `\\`, `\000`, `\303`, "%", "_", "%%",
	"$1", "{", "}", ",", "NULL", " ", "\n", "\t", ";--", "/", ":", "-", "0", "e\u0301", "\u2028",
	strings.Repeat("x", 65), strings.Repeat("long \\ é ", 80), strings.Repeat("y", 3000),
}

func nasty() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 4).Draw(t, "pieces"), "")
	})
}

var nastyAttributes = []filter.Attribute{
	filter.Title, filter.Id, filter.Type, filter.ResourceId, filter.ResourceType, filter.ProductArn, filter.ProductName, filter.WorkflowStatus,
	filter.RecordState, filter.SeverityLabel, filter.ComplianceStatus, filter.GeneratorId, filter.Description,
}

// nastyFinding draws one; some members are missing, and severities are usual or not.
func nastyFinding(t *rapid.T, account string) asff.Finding {
	f := asff.Finding{}
	f.SetText("AwsAccountId", account)
	f.SetText("Region", rapid.SampledFrom([]string{"r", "s"}).Draw(t, "region"))
	f.SetText("ProductArn", nasty().Draw(t, "product"))
	f.SetText("Id", nasty().Draw(t, "id"))
	for _, name := range []string{"Title", "ProductName", "RecordState", "GeneratorId", "Description"} {
		if rapid.Bool().Draw(t, name+"?") {
			f.SetText(name, nasty().Draw(t, name))
		}
	}
	label := rapid.SampledFrom([]string{"LOW", "HIGH", "CRITICAL", "high", "", "\x00"}).Draw(t, "label")
	f.Set("Severity", quoted("Label", label))
	f.Set("Workflow", quoted("Status", nasty().Draw(t, "workflow")))
	f.Set("Compliance", quoted("Status", nasty().Draw(t, "compliance")))
	var types, resources asff.Finding
	list := func(f asff.Finding) []byte {
		var values []string
		for _, m := range f {
			values = append(values, string(m.Value))
		}
		return []byte("[" + strings.Join(values, ",") + "]")
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "lists") {
		types.SetText(string(rune('a'+i)), nasty().Draw(t, "type"))
		resources.Set(string(rune('a'+i)), quoted("Id", nasty().Draw(t, "resource")))
	}
	f.Set("Types", list(types))
	f.Set("Resources", list(resources))
	var fields asff.Finding
	fields.SetText(nasty().Draw(t, "key"), nasty().Draw(t, "value"))
	f.Set("UserDefinedFields", fields.AppendJSON(nil))
	parsed, err := asff.ParseStored(f.AppendJSON(nil))
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func quoted(name, text string) []byte {
	var f asff.Finding
	f.SetText(name, text)
	return f.AppendJSON(nil)
}

// nastyTerm draws a term about a value that some finding has, about a part of it, or about something else.
func nastyTerm(t *rapid.T, values filter.Values) filter.Expr {
	text := nasty().Draw(t, "text")
	if len(values) > 0 && rapid.Bool().Draw(t, "known") {
		v := rapid.SampledFrom(values).Draw(t, "value")
		if rapid.IntRange(0, 3).Draw(t, "map") == 0 {
			for _, m := range values.Of(filter.UserDefinedFields) {
				return filter.MapTerm{Attribute: filter.UserDefinedFields, Key: string(m.Key), Op: rapid.SampledFrom([]filter.TextOp{filter.Equals, filter.Contains}).Draw(t, "op"), Value: string(m.Text)}
			}
		}
		text = string(v.Text)
		from := rapid.IntRange(0, len(text)).Draw(t, "from") * rapid.IntRange(0, 1).Draw(t, "cut")
		text = text[from : from+rapid.IntRange(0, len(text)-from).Draw(t, "length")]
		if rapid.Bool().Draw(t, "whole") {
			return filter.TextTerm{Attribute: v.Attribute, Value: string(v.Text)}
		}
	}
	if rapid.IntRange(0, 8).Draw(t, "keyword") == 0 {
		return filter.KeywordTerm{Value: text}
	}
	op := rapid.SampledFrom([]filter.TextOp{filter.Equals, filter.Prefix, filter.Contains, filter.ContainsWord}).Draw(t, "op")
	return filter.TextTerm{Attribute: rapid.SampledFrom(nastyAttributes).Draw(t, "attribute"), Op: op, Value: text}
}

func nastyExpr(t *rapid.T, values filter.Values, depth int) filter.Expr {
	kind := rapid.IntRange(0, 5).Draw(t, "node")
	if depth == 0 || kind > 2 {
		return nastyTerm(t, values)
	}
	if kind == 2 {
		return filter.Not{X: nastyExpr(t, values, depth-1)}
	}
	var operands []filter.Expr
	for range rapid.IntRange(1, 3).Draw(t, "operands") {
		operands = append(operands, nastyExpr(t, values, depth-1))
	}
	if kind == 1 {
		return filter.Or(operands)
	}
	return filter.And(operands)
}

// TestNasty compares the engine with the model over texts that SQL may take amiss.
func TestNasty(t *testing.T) {
	t.Parallel()
	e := open(t, t.TempDir(), true)
	ctx := context.Background()
	var trials atomic.Int64
	rapid.Check(t, func(t *rapid.T) {
		account := name("%012d", trials.Add(1))
		model := memory.New()
		var ms []store.Mutation
		var values filter.Values
		for range rapid.IntRange(1, 6).Draw(t, "findings") {
			f := nastyFinding(t, account)
			ms, values = append(ms, put(f)), append(values, filter.Extract(f, nil)...)
		}
		for _, engine := range []store.Engine{e, model} {
			if errs, err := engine.Apply(ctx, ms); err != nil || slices.ContainsFunc(errs, func(err error) bool { return err != nil }) {
				t.Fatalf("Apply: %v, %v", errs, err)
			}
		}
		slices.SortStableFunc(values, func(a, b filter.Value) int { return int(a.Attribute) - int(b.Attribute) })
		texts := slices.DeleteFunc(slices.Clone(values), func(v filter.Value) bool { return filter.Attributes[v.Attribute].Kind != filter.KindString })
		for range 4 {
			compare(t, e, model, account, nastyExpr(t, append(texts, values.Of(filter.UserDefinedFields)...), 2))
		}
	})
}

// compare wants the same page by page, the same count and the same groups.
func compare(t *rapid.T, e, model store.Engine, account string, x filter.Expr) {
	ctx := context.Background()
	s := store.Scope{Accounts: []string{account}, Regions: []string{"r", "s"}}
	sorts := [][]filter.Order{nil, {{Attribute: filter.Title}}, {{Attribute: filter.ProductName}, {Attribute: filter.Title, Descending: true}}, {{Attribute: filter.SeverityLabel, Descending: true}}, {{Attribute: filter.SeverityLabel}, {Attribute: filter.Region, Descending: true}}, {{Attribute: filter.Id, Descending: true}}}
	q := store.Query{Scope: s, Filter: x, Sort: rapid.SampledFrom(sorts).Draw(t, "sort"), Limit: rapid.IntRange(1, 3).Draw(t, "limit")}
	for pages := 0; ; pages++ {
		got, err := e.Find(ctx, q)
		want, _ := model.Find(ctx, q)
		if err != nil || !slices.Equal(got.Keys, want.Keys) || (got.Next == nil) != (want.Next == nil) {
			t.Fatalf("%v by %v, page %d after %+v: found %q, %v; want %q; then %v and %v", x, q.Sort, pages, q.After, got.Keys, err, want.Keys, got.Next, want.Next)
		}
		if q.After = got.Next; q.After == nil {
			break
		}
	}
	n, err := e.Count(ctx, s, x)
	if want, _ := model.Count(ctx, s, x); err != nil || n != want {
		t.Fatalf("%v counts %d, %v; want %d", x, n, err, want)
	}
	by := rapid.SampledFrom(nastyAttributes).Draw(t, "by")
	buckets, err := e.GroupBy(ctx, s, x, by, 3)
	if want, _ := model.GroupBy(ctx, s, x, by, 3); err != nil || !slices.Equal(buckets, want) {
		t.Fatalf("%v by %v: %+v, %v; want %+v", x, by, buckets, err, want)
	}
}

// TestLongKeys: keys too long for an index stay apart, and are found, changed and carried like any other.
func TestLongKeys(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	e := open(t, t.TempDir(), false)
	var keys []finding.Key
	for _, end := range []string{"", "a", "b", "\x00"} {
		k := keyOf(strings.Repeat("long", 2000) + end)
		k.ProductArn = strings.Repeat("p\x00", 1500)
		keys = append(keys, k)
		apply(t, e, count(k), count(k))
	}
	for _, k := range keys {
		checkCount(t, e, k, 2, 2, false)
		for _, x := range []filter.Expr{idOf(k), filter.And{idOf(k), filter.TextTerm{Attribute: filter.ProductArn, Value: k.ProductArn}}} {
			page, err := e.Find(ctx, store.Query{Scope: everywhere(), Filter: x, Limit: 5})
			if err != nil || len(page.Keys) != 1 || page.Keys[0] != k {
				t.Errorf("found %d of one, %v", len(page.Keys), err)
			}
		}
	}
	seen := map[finding.Key]bool{}
	q := store.Query{Scope: everywhere(), Filter: filter.And{}, Limit: 1}
	for range keys {
		page, err := e.Find(ctx, q)
		if err != nil || len(page.Keys) != 1 {
			t.Fatalf("%d findings, %v", len(page.Keys), err)
		}
		seen[page.Keys[0]], q.After = true, page.Next
	}
	if len(seen) != len(keys) || q.After != nil {
		t.Errorf("paging found %d of %d", len(seen), len(keys))
	}
}
