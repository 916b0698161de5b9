package postgres

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/store"
)

// selection is a filter over several hubs at once, for what the database counts by itself. Hubs go by
// their pairs' names: every pair of a scope is asked for.
func selection(hubs []hub, e filter.Expr) (where string, c *compiler) {
	return newCompiler(hubs).selection(e)
}

// grouped is a selection for groups by columns. Where much is counted, the index that has the columns is read instead of
// rows that the index on terms names.
func (e *Engine) grouped(hubs []hub, expr filter.Expr) (where string, c *compiler) {
	c = newCompiler(hubs)
	c.common = func(terms []term) bool { return e.o.columns || e.statistics.get().of(terms) >= commonShare }
	return c.selection(expr)
}

// commonShare is the share of findings from which reading all their columns is quicker than reading rows: these have
// eight times the size, and lie anywhere.
const commonShare = 0.02

func (c *compiler) selection(e filter.Expr) (where string, _ *compiler) {
	return c.anyOf(c.hubs) + " AND " + c.may(e), c
}

// anyOf asks for any of some hubs, by their pairs' names.
func (c *compiler) anyOf(hubs []hub) string {
	accounts, regions := namesOf(hubs)
	return c.among("account", accounts) + " AND " + c.among("region", regions)
}

// namesOf gives hubs' accounts and regions, index by index.
func namesOf(hubs []hub) (accounts, regions []string) {
	for _, h := range hubs {
		accounts, regions = append(accounts, h.account), append(regions, h.region)
	}
	return accounts, regions
}

// among asks for any of some names. Of one alone the planner knows that an index is entered by it; a second list it would check
// row by row.
func (c *compiler) among(column string, names []string) string {
	slices.Sort(names)
	if names = slices.Compact(names); len(names) == 1 {
		return column + " = " + c.arg(names[0], "text")
	}
	return column + " = ANY(" + c.arg(names, "text[]") + ")"
}

// Count implements store.Engine. What SQL can say exactly the database counts; of the rest it gives candidates.
func (e *Engine) Count(ctx context.Context, s store.Scope, expr filter.Expr) (n int, err error) {
	if err := e.enter(ctx); err != nil {
		return 0, err
	}
	defer e.leave()
	err = e.read(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		n = 0
		hubs, err := scoped(ctx, conn, s)
		if err != nil || len(hubs) == 0 {
			return err
		}
		if where, c := selection(hubs, expr); c.exact {
			return conn.QueryRow(ctx, "SELECT count(*) FROM finding WHERE "+where, c.args...).Scan(&n)
		}
		return e.scan(ctx, conn, hubs, store.Query{Filter: expr}, func(*found) { n++ })
	})
	return n, err
}

// GroupBy implements store.Engine.
func (e *Engine) GroupBy(ctx context.Context, s store.Scope, expr filter.Expr, by filter.Attribute, limit int) (buckets []store.Bucket, err error) {
	if err := e.enter(ctx); err != nil {
		return nil, err
	}
	defer e.leave()
	err = e.read(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		hubs, err := scoped(ctx, conn, s)
		if err != nil || len(hubs) == 0 {
			return err
		}
		where, c := e.grouped(hubs, expr)
		if values := groupable(by); values != "" && c.sure {
			buckets, err = e.groupColumn(ctx, conn, grouping{hubs: hubs, expr: expr, by: by, limit: limit, where: where, args: c.args, values: values})
			return err
		}
		var t store.Tally
		err = e.tally(ctx, conn, hubs, expr, by, &t)
		buckets = t.Top(limit)
		return err
	})
	return buckets, err
}

// groupable is the expression that gives an attribute's values from columns, "" where only bodies have them.
func groupable(by filter.Attribute) string {
	if by == filter.SeverityLabel {
		return "severity"
	}
	if name := columnOf(listColumns[:], by); name != "" {
		return "unnest(" + name + ")"
	}
	return columnOf(textColumns[:], by)
}

// grouping is one question that columns can answer.
type grouping struct {
	hubs   []hub
	expr   filter.Expr
	by     filter.Attribute
	limit  int
	where  string
	args   []any
	values string
}

// groupColumn counts by a column. Findings with a value that did not fit are counted by their bodies; when
// there are any, a value that is not among the largest may yet become one of them.
func (e *Engine) groupColumn(ctx context.Context, conn *pgxpool.Conn, g grouping) ([]store.Bucket, error) {
	var t store.Tally
	odd, err := e.tallyOdd(ctx, conn, g, &t)
	if err != nil {
		return nil, err
	}
	sql, args := g.statement(odd)
	rows, err := conn.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		value, n, err := g.bucket(rows)
		if err != nil {
			return nil, err
		}
		t.AddCount(value, n)
	}
	return t.Top(g.limit), rows.Err()
}

// statement counts those findings whose columns say everything; of all values when there are odd ones beside them.
func (g *grouping) statement(odd bool) (sql string, args []any) {
	sql = "SELECT v, count(*) FROM (SELECT " + g.values + " AS v FROM " + g.source() + ") s WHERE v IS NOT NULL GROUP BY v"
	// Ranks do not order as their labels do, but there are few.
	if odd || g.by == filter.SeverityLabel {
		return sql, g.args
	}
	c := &compiler{args: g.args[:len(g.args):len(g.args)]}
	return sql + " ORDER BY 2 DESC, 1 LIMIT " + c.arg(g.limit, "bigint"), c.args
}

// source is where the values come from. PostgreSQL takes the elements of lists to have 200 values. That is about right for types, and
// several processes count them faster than one. Of resources each of them would have nearly all, sort them and
// have them merged, which takes longer than counting them once: what has an OFFSET is not split up.
func (g *grouping) source() string {
	from := "finding WHERE " + g.where + " AND NOT odd"
	if g.by == filter.ResourceId {
		return "(SELECT resources FROM " + from + " OFFSET 0) f"
	}
	return from
}

// bucket reads a line of the answer.
func (g *grouping) bucket(rows pgx.Rows) (value string, n int, err error) {
	if g.by != filter.SeverityLabel {
		var text []byte
		err = rows.Scan(&text, &n)
		return string(text), n, err
	}
	var rank int
	err = rows.Scan(&rank, &n)
	return filter.Attributes[g.by].Ranks[rank], n, err
}

// tallyOdd counts by their bodies those findings whose columns do not say everything.
func (e *Engine) tallyOdd(ctx context.Context, conn *pgxpool.Conn, g grouping, t *store.Tally) (any bool, err error) {
	rows, err := conn.Query(ctx, "SELECT body FROM finding WHERE "+g.where+" AND odd", g.args...)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	for rows.Next() {
		any = true
		if err := e.tallyBody(rows.RawValues()[0], g.expr, g.by, t); err != nil {
			return true, err
		}
	}
	return any, rows.Err()
}

// tally counts all that matches by its bodies.
func (e *Engine) tally(ctx context.Context, conn *pgxpool.Conn, hubs []hub, expr filter.Expr, by filter.Attribute, t *store.Tally) error {
	where, c := selection(hubs, expr)
	rows, err := conn.Query(ctx, "SELECT body FROM finding WHERE "+where, c.args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := e.tallyBody(rows.RawValues()[0], expr, by, t); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (e *Engine) tallyBody(body []byte, expr filter.Expr, by filter.Attribute, t *store.Tally) error {
	d, err := e.codec.decodeFinding(body)
	if err != nil {
		return err
	}
	f, err := d.parse()
	if err != nil {
		return err
	}
	if values := filter.Extract(f, nil); filter.Match(expr, values) {
		t.Add(values, by)
	}
	return nil
}
