package postgres

import (
	"fmt"
	"slices"
	"strings"

	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/store"
)

// across makes statements that ask many hubs at once. Where terms are asked for, there is one line h for each hub,
// joined with its findings. The database plans such a statement once, however many hubs there are, and may keep the plan.
type across struct {
	*pager
	c *compiler
	// most bounds what is collected.
	most int
	// triage says that the index on severities may be of use.
	triage bool
}

// newAcross compiles a filter for several hubs.
func newAcross(hubs []hub, e filter.Expr, columns []sortColumn, how asking) *across {
	a := &across{pager: &pager{}, c: newCompiler(hubs), triage: hasSeverity(e)}
	a.c.across = how
	a.where = a.c.may(e)
	for _, col := range columns {
		if col.name == "" {
			col.name = col.hub
		}
		a.columns = append(a.columns, col)
	}
	a.all = a.columns
	return a
}

// begin is a statement's own list of parameters, which goes on from the filter's.
func (a *across) begin() *compiler { return &compiler{args: a.c.args[:len(a.c.args):len(a.c.args)]} }

// lines is the FROM that gives each hub a line with its terms.
func (a *across) lines(c *compiler) string {
	accounts, regions := namesOf(a.c.hubs)
	arrays, names := []string{c.arg(accounts, "text[]"), c.arg(regions, "text[]")}, []string{"account", "region"}
	for i, of := range a.c.terms {
		arrays, names = append(arrays, c.arg(of, "uuid[]")), append(names, fmt.Sprintf("t%d", i+1))
	}
	return "unnest(" + strings.Join(arrays, ", ") + ") AS h(" + strings.Join(names, ", ") + ")"
}

// conditions are those of a hub, the filter's and what comes after a place.
func (a *across) conditions(c *compiler, hubs string, from *store.Cursor) string {
	where := []string{hubs}
	if a.where != always {
		where = append(where, a.where)
	}
	if from != nil {
		where = append(where, a.after(c, a.all, from))
	}
	return " FROM finding WHERE " + strings.Join(where, " AND ")
}

// keyColumns are those that findings of several hubs have in order.
var keyColumns = []string{"account", "region", "place"}

// narrow begins the SELECT of what is sorted: bodies would only be carried along, and are fetched by the rows' addresses, which
// stay what they are for as long as a statement runs.
const narrow = "SELECT account, region, place, ctid AS at"

// bodies joins those of s, in order.
func (a *across) bodies(stage int) string {
	return " JOIN finding f ON f.ctid = s.at" + a.order(stage, "s.", keyColumns...)
}

// inOrder reads the first findings of a stage after a place, of each hub at most so many, by an index that has the order.
func (a *across) inOrder(stage int, from *store.Cursor, each, limit int) (sql string, args []any) {
	c := a.begin()
	hubs := "account = h.account AND region = h.region"
	if len(a.columns) > 0 {
		hubs += " AND " + a.stage(c, stage, from)
	}
	one := narrow + a.judged("") + a.conditions(c, hubs, from) + a.order(stage, "", "place")
	sql = fmt.Sprintf("SELECT x.* FROM %s CROSS JOIN LATERAL (%s LIMIT %d) x%s LIMIT %d",
		a.lines(c), one, each, a.order(stage, "x.", keyColumns...), limit)
	return "SELECT f.body" + a.judged("s.") + " FROM (" + sql + ") s" + a.bodies(stage), c.args
}

// statement reads the first findings after a place of all that match, by collecting these: it is for filters that
// match few. Its last column says how many there are; more than most is more than was collected.
func (a *across) statement(_ int, from *store.Cursor, limit int) (sql string, args []any) {
	c := a.begin()
	some := narrow + a.judged("")
	if a.c.across == byTerms {
		// OFFSET keeps the database from taking lines and findings as two tables that it may join in another way.
		one := some + a.conditions(c, a.aside("account = h.account AND region = h.region"), from)
		some = "SELECT x.* FROM " + a.lines(c) + " CROSS JOIN LATERAL (" + one + " OFFSET 0) x"
	} else {
		some += a.conditions(c, a.aside(c.anyOf(a.c.hubs)), from)
	}
	return fmt.Sprintf("SELECT f.body%s, s.n FROM (SELECT *, count(*) OVER () AS n FROM (%s LIMIT %d) c%s LIMIT %d) s%s",
		a.judged("s."), some, a.most+1, a.order(altogether, "c.", keyColumns...), limit, a.bodies(altogether)), c.args
}

// inVain says by a row of a statement's answer that it has not collected all.
func (a *across) inVain(raw [][]byte) bool { return int8Of(raw[len(raw)-1]) > int64(a.most) }

// aside makes a condition on hubs one that no index can answer: what is collected is selected by other indexes, and
// going through all of a hub besides only takes time. Where a severity is asked for, the index that has it after the hub may
// be the best one.
func (a *across) aside(hubs string) string {
	if a.triage {
		return hubs
	}
	return "(" + hubs + ") IS TRUE"
}

// hasSeverity says whether a filter wants one severity.
func hasSeverity(e filter.Expr) bool {
	switch e := e.(type) {
	case filter.And:
		return slices.ContainsFunc(e, hasSeverity)
	case filter.TextTerm:
		return e.Attribute == filter.SeverityLabel && e.Op == filter.Equals
	}
	return false
}

// next ends the one stage.
func (a *across) next(int) int { return done }
