package postgres

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/findinghub/findinghub/filter"
)

// compiler turns an expression into a condition on the rows of some hubs. SQL cannot say everything
// that filter.Match knows, so a condition comes in two strengths: what holds of every finding
// that matches (may), and what holds only of findings that match (must). A negation turns one into the
// other. Where all leaves are exact, both are the same and counting is left to the database.
type compiler struct {
	hubs  []hub
	args  []any
	exact bool
	// sure says that the condition is exact of rows that are not odd.
	sure bool
	// across is for statements that have a line h for each hub (across.go): its terms are columns of the line.
	across asking
	// terms are what leaves ask the index for: of each leaf one for every hub.
	terms [][]term
	// common says whether it is better to compare columns than to ask the index for terms, one for every hub; nil: never.
	common func(terms []term) bool
}

// asking says how a statement asks for terms.
type asking uint8

const (
	byCandidates asking = iota // of all hubs at once
	byTerms                    // of each line's hub, by the index
	ordered                    // of each line's hub, in a way that no index can answer: another one gives the order
)

// newCompiler begins with parameters that are there already.
func newCompiler(hubs []hub, args ...any) *compiler {
	return &compiler{hubs: hubs, args: args, exact: true, sure: true}
}

const (
	always = "TRUE"
	never  = "FALSE"
)

// leaf is a term's condition. Unless it is exact, it may hold of findings that do not match; where it is sure, of
// odd ones only.
type leaf struct {
	sql         string
	exact, sure bool
}

func exactly(sql string) leaf { return leaf{sql, true, true} }
func orOdd(sql string) leaf   { return leaf{sql, false, true} }
func roughly(sql string) leaf { return leaf{sql, false, false} }
func unknown() leaf           { return roughly(always) }

// arg adds a parameter and gives its name with its type.
func (c *compiler) arg(v any, as string) string {
	c.args = append(c.args, v)
	return fmt.Sprintf("$%d::%s", len(c.args), as)
}

// may gives a condition that holds of all that matches. c.exact says whether it holds of nothing else.
func (c *compiler) may(e filter.Expr) string { return c.compile(e, true) }

func (c *compiler) compile(e filter.Expr, may bool) string {
	switch e := e.(type) {
	case filter.And:
		return c.operands(e, may, " AND ", always, never)
	case filter.Or:
		return c.operands(e, may, " OR ", never, always)
	case filter.Not:
		return negate(c.compile(e.X, !may))
	case filter.Const:
		if e {
			return always
		}
		return never
	case filter.KeywordTerm:
		return c.weigh(unknown(), len(c.args), may)
	case filter.Term:
		return c.term(e, may)
	}
	// The set is sealed: only a nil expression comes here, and only by a mistake of ours.
	panic(fmt.Sprintf("postgres: an expression of type %T", e))
}

// operands joins conditions. What says nothing is left out: neutral changes nothing, decisive decides all.
func (c *compiler) operands(list []filter.Expr, may bool, word, neutral, decisive string) string {
	mark := len(c.args)
	var parts []string
	for _, x := range list {
		switch sql := c.compile(x, may); sql {
		case neutral:
		case decisive:
			c.args = c.args[:mark]
			return decisive
		default:
			parts = append(parts, sql)
		}
	}
	if neutral == always {
		parts = joinTerms(parts)
	}
	switch len(parts) {
	case 0:
		return neutral
	case 1:
		return parts[0]
	}
	return "(" + strings.Join(parts, word) + ")"
}

// negate holds where a condition does not: where it is false, and where it is NULL because a value is absent.
func negate(sql string) string {
	switch sql {
	case always:
		return never
	case never:
		return always
	}
	return "(" + sql + " IS NOT TRUE)"
}

// weigh gives a leaf in the strength that is asked for. Parameters of what is dropped are dropped as
// well: PostgreSQL wants every one that it is given to be used.
func (c *compiler) weigh(l leaf, mark int, may bool) string {
	sql := l.sql
	if !l.exact {
		c.exact = false
		c.sure = c.sure && l.sure && may
		if !may {
			sql = never
		}
	}
	if sql == never || sql == always {
		c.args = c.args[:mark]
	}
	return sql
}

// term compiles a leaf about one attribute.
func (c *compiler) term(t filter.Term, may bool) string {
	if common := c.common; !may {
		// Of a column that odd rows lack no negation is certain; of terms it is.
		c.common = nil
		defer func() { c.common = common }()
	}
	mark := len(c.args)
	return c.weigh(c.leaf(t), mark, may)
}

func (c *compiler) leaf(t filter.Term) leaf {
	switch t := t.(type) {
	case filter.TextTerm:
		return c.text(t)
	case filter.MapTerm:
		if t.Op == filter.Equals && filter.Attributes[t.Attribute].Kind == filter.KindMap {
			return c.hasTerm(func(d *digester) term { return d.value(t.Attribute, []byte(t.Key), []byte(t.Value)) })
		}
	case filter.NumberTerm:
		return c.number(t)
	case filter.DateTerm:
		return c.date(t)
	case filter.IPTerm:
		// One address is a term. In one notation it may be asked for what the other does not match.
		if t.Network.IsSingleIP() {
			l := c.hasTerm(func(d *digester) term { return d.address(t.Attribute, t.Network.Addr()) })
			return roughly(l.sql)
		}
	case filter.BoolTerm:
		return c.hasTerm(func(d *digester) term { return d.boolean(t.Attribute, t.Value) })
	}
	return unknown()
}

// hasTerm asks the inverted index. A finding has terms of its own hub only, so that any of several
// hubs' terms will do.
func (c *compiler) hasTerm(of func(*digester) term) leaf {
	wanted := c.wanted(of)
	c.terms = append(c.terms, wanted)
	switch {
	case c.across == byTerms:
		return exactly(fmt.Sprintf(contained+"h.t%d]", len(c.terms)))
	case c.across == ordered:
		// The database takes any other form for one that few findings meet, and would sort them all.
		return exactly(fmt.Sprintf("CASE WHEN "+contained+"h.t%d] THEN TRUE ELSE FALSE END", len(c.terms)))
	case len(wanted) == 1:
		return exactly(contained + c.arg(wanted[0], "uuid") + "]")
	}
	return exactly("terms && " + c.arg(wanted, "uuid[]"))
}

// wanted gives a term for every hub.
func (c *compiler) wanted(of func(*digester) term) []term {
	wanted := make([]term, len(c.hubs))
	for i, h := range c.hubs {
		wanted[i] = of(newDigester(h))
	}
	return wanted
}

// contained begins a condition that the index on terms answers.
const contained = "terms @> ARRAY["

// joinTerms makes one condition of those about terms: the index then goes through the rarest term's findings and looks
// for these among the others', instead of going through all.
func joinTerms(parts []string) []string {
	var asked []string
	rest := slices.DeleteFunc(parts, func(sql string) bool {
		of, is := strings.CutPrefix(sql, contained)
		if is {
			asked = append(asked, strings.TrimSuffix(of, "]"))
		}
		return is
	})
	if len(asked) == 0 {
		return rest
	}
	return append(rest, contained+strings.Join(asked, ", ")+"]")
}

// number compares columns; what has none is left to Match.
func (c *compiler) number(t filter.NumberTerm) leaf {
	name := columnOf(numberColumns[:], t.Attribute)
	if name == "" || math.IsNaN(t.Min) || math.IsNaN(t.Max) { // of which PostgreSQL has an order and Go has none
		return unknown()
	}
	var parts []string
	if !math.IsInf(t.Min, -1) {
		parts = append(parts, name+bound(" >", t.MinOpen)+c.arg(t.Min, "float8"))
	}
	if !math.IsInf(t.Max, 1) {
		parts = append(parts, name+bound(" <", t.MaxOpen)+c.arg(t.Max, "float8"))
	}
	return exactly(within(name, parts))
}

func bound(sign string, open bool) string {
	if open {
		return sign + " "
	}
	return sign + "= "
}

// within joins a column's bounds; without any, it is to be there.
func within(name string, parts []string) string {
	if len(parts) == 0 {
		return name + " IS NOT NULL"
	}
	return "(" + strings.Join(parts, " AND ") + ")"
}

// date compares columns in whole microseconds, as DateTerm does.
func (c *compiler) date(t filter.DateTerm) leaf {
	name := columnOf(dateColumns[:], t.Attribute)
	if name == "" {
		return unknown()
	}
	var parts []string
	if !t.From.IsZero() {
		parts = append(parts, name+" >= "+c.arg(t.From.UnixMicro(), "bigint"))
	}
	if !t.To.IsZero() {
		parts = append(parts, name+" <= "+c.arg(t.To.UnixMicro(), "bigint"))
	}
	return exactly(within(name, parts))
}
