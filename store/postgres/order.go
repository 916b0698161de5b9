package postgres

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"

	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
)

// sortColumn is where a criterion's values lie.
type sortColumn struct {
	filter.Order
	name  string // "" for what all findings of a hub have in common
	hub   string // the name of what they have in common
	index int    // among the query's criteria
}

// sortColumns gives the columns that a sort needs; ok is false when one is only in the bodies.
func sortColumns(orders []filter.Order) (columns []sortColumn, ok bool) {
	for i, o := range orders {
		c := sortColumn{Order: o, index: i}
		switch o.Attribute {
		case filter.AwsAccountId:
			c.hub = "account"
		case filter.Region:
			c.hub = "region"
		case filter.SeverityLabel:
			c.name = "severity"
		case filter.Title:
			c.name = "title"
		default:
			// Only columns that never lack a value that the body has.
			if c.name = columnOf(dateColumns[:], o.Attribute) + columnOf(numberColumns[:], o.Attribute); c.name == "" {
				return nil, false
			}
		}
		columns = append(columns, c)
	}
	return columns, true
}

// pager makes the statements that read a hub's findings in the order of a query, each from a place on.
type pager struct {
	hub     hub          // of no name for one of several
	columns []sortColumn // those that differ within the hub
	all     []sortColumn
	where   string // the filter's condition
	args    []any  // the hub and the filter's parameters
}

// newPager compiles a filter for one hub.
func newPager(h hub, e filter.Expr, columns []sortColumn) *pager {
	c := newCompiler([]hub{h}, h.account, h.region)
	p := &pager{hub: h, all: columns, where: c.may(e)}
	p.args = c.args
	for _, col := range columns {
		if col.name != "" {
			p.columns = append(p.columns, col)
		}
	}
	return p
}

// The stages of a sort by a column: first the findings that have a value, then those that have none. In
// one statement the latter would keep an index from being read backwards. Who sorts anyway reads all in one stage.
const (
	present = iota
	absent
	done
	altogether
)

// next is the stage after one: without a column there is nothing to be absent.
func (p *pager) next(stage int) int {
	if len(p.columns) == 0 {
		return done
	}
	return stage + 1
}

// statement reads at most limit bodies of a stage that lie after a place, nil: from the start.
func (p *pager) statement(stage int, from *store.Cursor, limit int) (sql string, args []any) {
	c := &compiler{args: p.args[:len(p.args):len(p.args)]}
	where := []string{"account = $1 AND region = $2"}
	if p.where != always {
		where = append(where, p.where)
	}
	if len(p.columns) > 0 {
		where = append(where, p.stage(c, stage, from))
	}
	if from != nil {
		mark := len(c.args)
		switch sql := p.after(c, p.all, from); sql {
		case always:
			c.args = c.args[:mark]
		default:
			where = append(where, sql)
		}
	}
	return "SELECT body" + p.judged("") + " FROM finding WHERE " + strings.Join(where, " AND ") + p.order(stage, "", "place") + fmt.Sprintf(" LIMIT %d", limit), c.args
}

// stage bounds the first column, which is what an index range needs; after says the rest.
func (p *pager) stage(c *compiler, stage int, from *store.Cursor) string {
	first := p.columns[0]
	if stage == absent {
		return first.name + " IS NULL"
	}
	// The bound holds only where the place is decided by this column first.
	if from == nil || p.all[0].name == "" || !from.Sort[first.index].Present {
		return first.name + " IS NOT NULL"
	}
	sign := " >= "
	if first.Descending {
		sign = " <= "
	}
	return first.name + sign + c.sortArg(first.Attribute, &from.Sort[first.index])
}

// judged lists the columns that a row is judged by besides its body, for the end of a SELECT: whether it is odd, and
// what it is sorted by within a hub.
func (p *pager) judged(table string) string {
	var b strings.Builder
	b.WriteString(", " + table + "odd")
	for _, col := range p.columns {
		if col.hub == "" {
			b.WriteString(", " + table + col.name)
		}
	}
	return b.String()
}

// order is the ORDER BY of a stage: the columns of a table, then its key.
func (p *pager) order(stage int, table string, key ...string) string {
	var by []string
	for i, col := range p.columns {
		switch {
		case i == 0 && stage == absent:
		case col.Descending:
			by = append(by, table+col.name+" DESC NULLS LAST")
		case i == 0 && stage == present:
			by = append(by, table+col.name+" ASC NULLS FIRST") // there are none, and an index is read backwards
		default:
			by = append(by, table+col.name+" ASC NULLS LAST")
		}
	}
	for _, name := range key {
		by = append(by, table+name)
	}
	return " ORDER BY " + strings.Join(by, ", ")
}

// after holds of what comes after a place under the sort, then the key.
func (p *pager) after(c *compiler, columns []sortColumn, from *store.Cursor) string {
	if len(columns) == 0 {
		return p.afterKey(c, from)
	}
	col, v := columns[0], &from.Sort[columns[0].index]
	if col.name == "" {
		return p.afterHub(c, columns, from)
	}
	mark := len(c.args)
	if !v.Present {
		rest := p.after(c, columns[1:], from)
		return and(col.name+" IS NULL", rest, c, mark)
	}
	value := c.sortArg(col.Attribute, v)
	sign := " > "
	if col.Descending {
		sign = " < "
	}
	mark = len(c.args)
	equal := and(col.name+" = "+value, p.after(c, columns[1:], from), c, mark)
	if equal == never {
		return "(" + col.name + sign + value + " OR " + col.name + " IS NULL)"
	}
	return "(" + col.name + sign + value + " OR " + equal + " OR " + col.name + " IS NULL)"
}

// and joins a condition with one that may be constant.
func and(sql, rest string, c *compiler, mark int) string {
	switch rest {
	case always:
		return sql
	case never:
		c.args = c.args[:mark]
		return never
	}
	return "(" + sql + " AND " + rest + ")"
}

// afterHub decides by a value that the whole hub has.
func (p *pager) afterHub(c *compiler, columns []sortColumn, from *store.Cursor) string {
	col := columns[0]
	mine := filter.SortValue{Present: true, Text: p.hub.account}
	if col.Attribute == filter.Region {
		mine.Text = p.hub.region
	}
	order := []filter.Order{col.Order}
	switch n := filter.CompareSort(order, []filter.SortValue{mine}, from.Sort[col.index:col.index+1]); {
	case n > 0:
		return always
	case n < 0:
		return never
	}
	return p.after(c, columns[1:], from)
}

// afterKey decides by the key: first the hub, then the place.
func (p *pager) afterKey(c *compiler, from *store.Cursor) string {
	if p.hub == (hub{}) {
		return fmt.Sprintf("(account, region, place) > (%s, %s, %s)",
			c.arg(from.Key.Account, "text"), c.arg(from.Key.Region, "text"), c.arg(place(from.Key), "bytea"))
	}
	switch n := p.hub.compare(hubOf(from.Key)); {
	case n > 0:
		return always
	case n < 0:
		return never
	}
	return "place > " + c.arg(place(from.Key), "bytea")
}

// sortArg is a parameter for a value that findings are sorted by.
func (c *compiler) sortArg(a filter.Attribute, v *filter.SortValue) string {
	switch {
	case a == filter.AwsAccountId || a == filter.Region:
		return c.arg(v.Text, "text")
	case a == filter.SeverityLabel:
		// A token may carry any number; beyond the ranks all are alike.
		return c.arg(int16(max(-1, min(v.Number, math.MaxInt8))), "smallint")
	case filter.Attributes[a].Kind == filter.KindDate:
		return c.arg(v.Micros, "bigint")
	case filter.Attributes[a].Kind == filter.KindString:
		return c.arg([]byte(v.Text), "bytea")
	}
	return c.arg(v.Number, "float8")
}

// sortValues gives what a finding is sorted by from its key and the columns of a row, as the database sends them.
func sortValues(columns []sortColumn, k finding.Key, raw [][]byte) []filter.SortValue {
	values := make([]filter.SortValue, len(columns))
	for i, col := range columns {
		switch col.hub {
		case "account":
			values[i] = filter.SortValue{Present: true, Text: k.Account}
			continue
		case "region":
			values[i] = filter.SortValue{Present: true, Text: k.Region}
			continue
		}
		if raw[0] != nil {
			values[i] = sortValue(col.Attribute, raw[0])
		}
		raw = raw[1:]
	}
	return values
}

// sortValue is sortArg's opposite.
func sortValue(a filter.Attribute, raw []byte) filter.SortValue {
	v := filter.SortValue{Present: true}
	switch {
	case a == filter.SeverityLabel:
		v.Number = float64(int16(binary.BigEndian.Uint16(raw)))
	case filter.Attributes[a].Kind == filter.KindDate:
		v.Micros = int8Of(raw)
	case filter.Attributes[a].Kind == filter.KindString:
		v.Text = string(raw)
	default:
		v.Number = math.Float64frombits(binary.BigEndian.Uint64(raw))
	}
	return v
}

func int8Of(raw []byte) int64 { return int64(binary.BigEndian.Uint64(raw)) }
