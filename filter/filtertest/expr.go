package filtertest

import (
	"math"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/findinghub/findinghub/asff"
	"github.com/findinghub/findinghub/filter"
	"pgregory.net/rapid"
)

// Expr generates expressions about the findings: half of them of the shapes that Parse
// gives, half of any shape, with constants, empty and nested nodes.
func Expr(findings []asff.Finding) *rapid.Generator[filter.Expr] {
	values := Harvest(findings)
	return rapid.Custom(func(t *rapid.T) filter.Expr {
		if chance(t, 2) {
			return parsed(t, values)
		}
		return nested(t, values, 3)
	})
}

// Term generates single terms about the findings: of any kind and operator.
func Term(findings []asff.Finding) *rapid.Generator[filter.Expr] {
	values := Harvest(findings)
	return rapid.Custom(func(t *rapid.T) filter.Expr { return term(t, values) })
}

// Sort generates a sort by up to three of the attributes that findings can be sorted by.
func Sort() *rapid.Generator[[]filter.Order] {
	var sortable []filter.Attribute
	for a := range filter.Attributes {
		if info := &filter.Attributes[a]; !info.Many && info.Kind != filter.KindKeyword {
			sortable = append(sortable, filter.Attribute(a))
		}
	}
	return rapid.Custom(func(t *rapid.T) []filter.Order {
		by := rapid.SliceOfNDistinct(rapid.SampledFrom(sortable), 1, 3, rapid.ID).Draw(t, "by")
		orders := make([]filter.Order, len(by))
		for i, a := range by {
			orders[i] = filter.Order{Attribute: a, Descending: chance(t, 2)}
		}
		return orders
	})
}

// Harvest lists the values of all findings, ordered by attribute.
func Harvest(findings []asff.Finding) filter.Values {
	var values filter.Values
	for _, f := range findings {
		values = append(values, filter.Extract(f, nil)...)
	}
	slices.SortStableFunc(values, func(a, b filter.Value) int { return int(a.Attribute) - int(b.Attribute) })
	return values
}

// parsed draws what Parse could give: attributes AND-ed, each an Or of positives, an And
// of negatives, or both.
func parsed(t *rapid.T, values filter.Values) filter.Expr {
	var all filter.And
	for range rapid.IntRange(1, 3).Draw(t, "attributes") {
		a := attribute(t, values)
		var any filter.Or
		for range rapid.IntRange(0, 4).Draw(t, "positives") {
			any = append(any, termOf(t, a, values))
		}
		if len(any) > 0 {
			all = append(all, any)
		}
		for range rapid.IntRange(0, 2).Draw(t, "negatives") {
			all = append(all, filter.Not{X: termOf(t, a, values)})
		}
	}
	return filter.Simplify(all)
}

// nested draws a tree of at most this depth.
func nested(t *rapid.T, values filter.Values, depth int) filter.Expr {
	shape := 0
	if depth > 0 {
		shape = rapid.IntRange(0, 12).Draw(t, "shape")
	}
	switch shape {
	case 5, 6, 7:
		return filter.And(operands(t, values, depth))
	case 8, 9, 10:
		return filter.Or(operands(t, values, depth))
	case 11:
		return filter.Not{X: nested(t, values, depth-1)}
	case 12:
		return filter.Const(chance(t, 2))
	}
	return term(t, values)
}

// operands draws a node's operands, now and then none: the empty And and Or have meanings
// of their own.
func operands(t *rapid.T, values filter.Values, depth int) []filter.Expr {
	n := rapid.IntRange(1, 3).Draw(t, "operands")
	if chance(t, 8) {
		n = 0
	}
	xs := make([]filter.Expr, n)
	for i := range xs {
		xs[i] = nested(t, values, depth-1)
	}
	return xs
}

// term draws a term about any attribute.
func term(t *rapid.T, values filter.Values) filter.Expr {
	return termOf(t, attribute(t, values), values)
}

// attribute draws one that some finding has, or once in eight times any.
func attribute(t *rapid.T, values filter.Values) filter.Attribute {
	if len(values) == 0 || chance(t, 8) {
		return filter.Attribute(rapid.IntRange(0, len(filter.Attributes)-1).Draw(t, "attribute"))
	}
	return pick(t, values).Attribute
}

// termOf draws a term about the attribute, near a value that some finding has for it: a
// term about anything would select nothing, and prove nothing.
func termOf(t *rapid.T, a filter.Attribute, values filter.Values) filter.Expr {
	v := filter.Value{Attribute: a, Key: []byte("team"), Text: []byte(pick(t, texts)), Micros: 1709251200000000}
	if of := values.Of(a); len(of) > 0 && !chance(t, 8) {
		v = pick(t, of)
	}
	switch filter.Attributes[a].Kind {
	case filter.KindString:
		op, text := part(t, string(v.Text), filter.ContainsWord)
		return filter.TextTerm{Attribute: a, Op: op, Value: text}
	case filter.KindMap:
		// A map has no Prefix.
		op, text := part(t, string(v.Text), filter.Contains)
		if op == filter.Prefix {
			op = filter.Contains
		}
		return filter.MapTerm{Attribute: a, Key: mostly(t, []string{string(v.Key)}, keys), Op: op, Value: text}
	case filter.KindNumber:
		return numberTerm(t, a, v.Number)
	case filter.KindDate:
		return dateTerm(t, a, v.Micros)
	case filter.KindIP:
		return filter.IPTerm{Attribute: a, Network: network(t, v)}
	case filter.KindBoolean:
		return filter.BoolTerm{Attribute: a, Value: chance(t, 2)}
	}
	return filter.KeywordTerm{Value: keyword(t, values)}
}

// part draws an operator up to most and a value for it that text satisfies, mostly.
func part(t *rapid.T, text string, most filter.TextOp) (filter.TextOp, string) {
	if strings.TrimSpace(text) == "" || chance(t, 8) {
		text = pick(t, texts)
	}
	op := filter.TextOp(rapid.IntRange(0, int(most)).Draw(t, "op"))
	switch op {
	case filter.Prefix:
		text = cut(t, text, true)
	case filter.Contains:
		text = cut(t, text, false)
	case filter.ContainsWord:
		text = words(t, text)
	}
	return op, text
}

// cut draws a part of text that is not blank and has whole characters.
func cut(t *rapid.T, text string, atStart bool) string {
	runes := []rune(text)
	from := 0
	if !atStart {
		from = rapid.IntRange(0, len(runes)-1).Draw(t, "from")
	}
	to := rapid.IntRange(from+1, len(runes)).Draw(t, "to")
	if piece := string(runes[from:to]); strings.TrimSpace(piece) != "" {
		return piece
	}
	return text
}

// words draws a few words that follow each other, now and then cut short.
func words(t *rapid.T, text string) string {
	all := strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if len(all) == 0 {
		return "beta"
	}
	from := rapid.IntRange(0, len(all)-1).Draw(t, "from")
	to := rapid.IntRange(from+1, len(all)).Draw(t, "to")
	piece := strings.Join(all[from:to], pick(t, []string{" ", "-"}))
	if chance(t, 4) && utf8.RuneCountInString(piece) > 1 {
		_, size := utf8.DecodeLastRuneInString(piece)
		piece = piece[:len(piece)-size]
	}
	return piece
}

// keyword draws a part of any text, in one case or the other.
func keyword(t *rapid.T, values filter.Values) string {
	text := ""
	if len(values) > 0 {
		text = string(pick(t, values).Text)
	}
	_, text = part(t, text, filter.Contains)
	return pick(t, []func(string) string{strings.ToUpper, strings.ToLower, strings.Clone})(text)
}

// numberTerm draws an interval that ends at the value or close to it, either way open.
// Its bounds may exclude each other, as a request's may.
func numberTerm(t *rapid.T, a filter.Attribute, v float64) filter.Expr {
	n := filter.NumberTerm{Attribute: a, Min: math.Inf(-1), Max: math.Inf(1)}
	near := func() float64 { return v + pick(t, []float64{0, 0, -1, 1, 0.5, 30}) }
	shape := rapid.IntRange(0, 3).Draw(t, "bounds")
	if shape == 3 {
		n.Min, n.Max = v, v
		return n
	}
	if shape != 0 {
		n.Min, n.MinOpen = near(), chance(t, 2)
	}
	if shape != 1 {
		n.Max, n.MaxOpen = near(), chance(t, 2)
	}
	return n
}

// dateTerm draws an interval that ends at the value, a microsecond or some time off it.
func dateTerm(t *rapid.T, a filter.Attribute, micros int64) filter.Expr {
	d := filter.DateTerm{Attribute: a}
	near := func() time.Time {
		by := pick(t, []time.Duration{0, 0, time.Microsecond, -time.Microsecond, time.Hour, -24 * time.Hour})
		return time.UnixMicro(micros).UTC().Add(by)
	}
	shape := rapid.IntRange(0, 2).Draw(t, "bounds")
	if shape != 0 {
		d.From = near()
	}
	if shape != 1 {
		d.To = near()
	}
	return d
}

// network draws one around the value or around some other address. As from Parse, IPv4
// networks are in their own notation.
func network(t *rapid.T, v filter.Value) netip.Prefix {
	addr, err := netip.ParseAddr(string(v.Text))
	if err != nil {
		addr = netip.MustParseAddr(pick(t, addresses))
	}
	addr = addr.Unmap().WithZone("")
	bits := addr.BitLen()
	return netip.PrefixFrom(addr, bits-rapid.SampledFrom([]int{0, 0, 1, 8, 16, bits}).Draw(t, "host bits")).Masked()
}
