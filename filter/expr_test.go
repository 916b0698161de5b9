package filter_test

import (
	"math"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/findinghub/findinghub/asff"
	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/filter/filtertest"
	"pgregory.net/rapid"
)

// Terms for trees, in short.
var (
	a = filter.TextTerm{Attribute: filter.Title, Op: filter.Equals, Value: "a"}
	b = filter.TextTerm{Attribute: filter.Title, Op: filter.Prefix, Value: "b"}
	c = filter.BoolTerm{Attribute: filter.Sample, Value: true}
)

func TestString(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("east", 3600)
	for _, x := range []struct {
		e    filter.Expr
		want string
	}{
		{filter.And{a, filter.Not{X: b}}, `Title = "a" AND NOT Title ^= "b"`},
		{filter.And{a, filter.Or{b, c}}, `Title = "a" AND (Title ^= "b" OR Sample = true)`},
		{filter.Not{X: filter.And{a, b}}, `NOT (Title = "a" AND Title ^= "b")`},
		{filter.Not{X: filter.Not{X: a}}, `NOT NOT Title = "a"`},
		{filter.And{}, `AND()`},
		{filter.Or{a}, `OR(Title = "a")`},
		{filter.Const(true), `true`},
		{filter.TextTerm{Attribute: filter.Title, Op: filter.ContainsWord, Value: "say \"é\"\n"}, `Title ~= "say \"é\"\n"`},
		{filter.MapTerm{Attribute: filter.ResourceTags, Key: `k"`, Op: filter.Contains, Value: "v"}, `ResourceTags["k\""] *= "v"`},
		{filter.NumberTerm{Attribute: filter.Confidence, Min: 1.5, Max: math.Inf(1), MinOpen: true}, `Confidence in (1.5, +Inf]`},
		{filter.DateTerm{Attribute: filter.UpdatedAt, From: time.Date(2024, 3, 1, 1, 0, 0, 5000, zone)}, `UpdatedAt in [2024-03-01T00:00:00.000005Z, *]`},
		{filter.IPTerm{Attribute: filter.NetworkSourceIpV6, Network: netip.MustParsePrefix("2001:db8::/32")}, `NetworkSourceIpV6 in 2001:db8::/32`},
		{filter.KeywordTerm{Value: "k"}, `ANY TEXT *= "k"`},
		{filter.TextTerm{Attribute: 200, Op: 9, Value: "v"}, `Attribute(200) TextOp(9) "v"`},
	} {
		if got := x.e.String(); got != x.want {
			t.Errorf("got %s, want %s", got, x.want)
		}
	}
}

func TestSimplify(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		e    filter.Expr
		want filter.Expr
	}{
		{filter.And{}, filter.Const(true)},
		{filter.Or{}, filter.Const(false)},
		{filter.And{a}, a},
		{filter.Or{filter.And{a}}, a},
		{filter.And{a, filter.And{b, filter.And{c}}}, filter.And{a, b, c}},
		{filter.Or{filter.Or{a, b}, filter.Or{c}}, filter.Or{a, b, c}},
		{filter.And{a, filter.Or{b, c}}, filter.And{a, filter.Or{b, c}}},
		{filter.And{a, filter.Const(true), b}, filter.And{a, b}},
		{filter.And{a, filter.Const(false), b}, filter.Const(false)},
		{filter.Or{a, filter.Const(true), b}, filter.Const(true)},
		{filter.Or{a, filter.Const(false)}, a},
		{filter.And{a, b, a}, filter.And{a, b}},
		{filter.And{filter.Or{a, b}, filter.Or{a, b}}, filter.Or{a, b}},
		{filter.And{a, filter.And{}}, a},
		{filter.And{a, filter.Or{}}, filter.Const(false)},
		{filter.Not{X: filter.Not{X: a}}, a},
		{filter.Not{X: filter.Not{X: filter.Not{X: a}}}, filter.Not{X: a}},
		{filter.Not{X: filter.And{}}, filter.Const(false)},
		{filter.Or{a, filter.Not{X: filter.Not{X: filter.Or{b, c}}}}, filter.Or{a, b, c}},
	} {
		if got := filter.Simplify(x.e); !reflect.DeepEqual(got, x.want) {
			t.Errorf("Simplify(%s) = %s, want %s", x.e, got, x.want)
		}
	}
}

// draw gives findings and an expression about them.
func draw(t *rapid.T) ([]asff.Finding, filter.Expr) {
	findings := filtertest.Findings(1, 4).Draw(t, "findings")
	return findings, filtertest.Expr(findings).Draw(t, "expr")
}

func TestSimplifyKeepsWhatMatches(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		findings, e := draw(t)
		simple := filter.Simplify(e)
		for _, f := range findings {
			values := filter.Extract(f, nil)
			if filter.Match(e, values) != filter.Match(simple, values) {
				t.Fatalf("%s is not %s for %s", e, simple, f.AppendJSON(nil))
			}
		}
		if again := filter.Simplify(simple); !reflect.DeepEqual(again, simple) {
			t.Fatalf("Simplify of %s, which is simple, is %s", simple, again)
		}
		checkSimple(t, simple, true)
	})
}

// checkSimple looks for what Simplify removes.
func checkSimple(t *rapid.T, e filter.Expr, root bool) {
	switch x := e.(type) {
	case filter.And:
		checkOperands(t, e, x, func(y filter.Expr) bool { _, same := y.(filter.And); return same })
	case filter.Or:
		checkOperands(t, e, x, func(y filter.Expr) bool { _, same := y.(filter.Or); return same })
	case filter.Not:
		if _, double := x.X.(filter.Not); double {
			t.Fatalf("%s is not simple", e)
		}
		checkSimple(t, x.X, false)
	case filter.Const:
		if !root {
			t.Fatalf("a constant inside an expression")
		}
	}
}

func checkOperands(t *rapid.T, e filter.Expr, operands []filter.Expr, nested func(filter.Expr) bool) {
	if len(operands) < 2 {
		t.Fatalf("%s has no two operands", e)
	}
	for i, x := range operands {
		if nested(x) {
			t.Fatalf("%s nests its own kind", e)
		}
		for _, y := range operands[:i] {
			if reflect.DeepEqual(x, y) {
				t.Fatalf("%s has %s twice", e, x)
			}
		}
		checkSimple(t, x, false)
	}
}

func TestMapOfNothingIsTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		_, e := draw(t)
		before := e.String()
		if got := filter.Map(e, func(x filter.Expr) filter.Expr { return x }); !reflect.DeepEqual(got, e) {
			t.Fatalf("%s became %s", e, got)
		}
		filter.Map(e, func(filter.Expr) filter.Expr { return filter.Const(true) })
		if e.String() != before {
			t.Fatalf("Map changed its argument from %s to %s", before, e)
		}
	})
}

func TestMapWorksBottomUp(t *testing.T) {
	t.Parallel()
	e := filter.And{a, filter.Not{X: filter.Or{b, c}}}
	var order []string
	got := filter.Map(e, func(x filter.Expr) filter.Expr {
		order = append(order, x.String())
		if x == filter.Expr(b) {
			return filter.Const(false)
		}
		return x
	})
	want := filter.And{a, filter.Not{X: filter.Or{filter.Const(false), c}}}
	if !reflect.DeepEqual(got, filter.Expr(want)) {
		t.Errorf("got %s, want %s", got, want)
	}
	wantOrder := []string{a.String(), b.String(), c.String(), "false OR Sample = true", "NOT (false OR Sample = true)", want.String()}
	if !reflect.DeepEqual(order, wantOrder) {
		t.Errorf("visited %q, want %q", order, wantOrder)
	}
}

// Small trees of few terms often differ in one place only, where String must show it.
func TestStringTellsTreesApart(t *testing.T) {
	t.Parallel()
	var tree func(depth int) *rapid.Generator[filter.Expr]
	tree = func(depth int) *rapid.Generator[filter.Expr] {
		leaf := rapid.SampledFrom([]filter.Expr{a, b, filter.Const(true)})
		if depth == 0 {
			return leaf
		}
		operands := rapid.SliceOfN(tree(depth-1), 0, 2)
		return rapid.OneOf(leaf,
			rapid.Map(operands, func(xs []filter.Expr) filter.Expr { return filter.And(xs) }),
			rapid.Map(operands, func(xs []filter.Expr) filter.Expr { return filter.Or(xs) }),
			rapid.Map(tree(depth-1), func(x filter.Expr) filter.Expr { return filter.Not{X: x} }))
	}
	rapid.Check(t, func(t *rapid.T) {
		trees := rapid.SliceOfN(tree(2), 20, 20).Draw(t, "trees")
		printed := map[string]filter.Expr{}
		for _, e := range trees {
			if other, ok := printed[e.String()]; ok && !reflect.DeepEqual(e, other) {
				t.Fatalf("%#v and %#v print %s", e, other, e)
			}
			printed[e.String()] = e
		}
	})
}

// The same for terms: drawn about the same few findings they are alike but not equal.
func TestStringTellsTermsApart(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		terms := rapid.SliceOfN(filtertest.Term(filtertest.Findings(1, 1).Draw(t, "finding")), 2, 30).Draw(t, "terms")
		printed := map[string]filter.Expr{}
		for _, e := range terms {
			if other, ok := printed[e.String()]; ok && !reflect.DeepEqual(e, other) {
				t.Fatalf("%#v and %#v print %s", e, other, e)
			}
			printed[e.String()] = e
		}
	})
}
