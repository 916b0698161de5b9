package postgres

import (
	"bytes"
	"math"
	"slices"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/finding"
)

// maxColumn bounds the texts of columns in bytes; longer ones only the body has.
const maxColumn = 512

// maxShort bounds those that an index is ordered by.
const maxShort = 64

// maxFacets bounds in bytes what the index finding_facets has of a finding: the hub's names, texts and elements of lists. Its
// rows may have 2,704; what is not counted takes up to 260 (the short columns, heads of rows and lists, gaps).
const maxFacets = 2400

// row is a finding as its table has it, without its hub.
type row struct {
	place    []byte
	revision int64
	// number columns, by the order of numberColumns
	severity pgtype.Int2
	dates    [4]pgtype.Int8
	numbers  [3]pgtype.Float8
	texts    [5][]byte   // nil for none
	lists    [3][][]byte // distinct
	odd      bool
	room     int // what is left of maxFacets
	terms    []term
	body     []byte
}

// The columns that hold values of attributes, and the attributes, index by index.
var (
	dateColumns   = [...]column{{filter.CreatedAt, "created"}, {filter.UpdatedAt, "updated"}, {filter.FirstObservedAt, "first_observed"}, {filter.LastObservedAt, "last_observed"}}
	numberColumns = [...]column{{filter.SeverityNormalized, "normalized"}, {filter.Confidence, "confidence"}, {filter.Criticality, "criticality"}}
	textColumns   = [...]column{{filter.WorkflowStatus, "workflow"}, {filter.RecordState, "record_state"}, {filter.ComplianceStatus, "compliance"}, {filter.ProductName, "product_name"}, {filter.Title, "title"}}
	listColumns   = [...]column{{filter.Type, "types"}, {filter.ResourceId, "resources"}, {filter.ResourceType, "resource_types"}}
)

// column is where an attribute's values lie.
type column struct {
	attribute filter.Attribute
	name      string
}

// columnOf finds an attribute's column among some, "" where there is none.
func columnOf(columns []column, a filter.Attribute) string {
	for _, c := range columns {
		if c.attribute == a {
			return c.name
		}
	}
	return ""
}

// limit is how long a text of a column may be. Titles are sorted by and looked into, but no index holds one whole.
func (c column) limit() int {
	switch c.attribute {
	case filter.WorkflowStatus, filter.RecordState:
		return maxShort
	case filter.Title:
		return math.MaxInt
	}
	return maxColumn
}

// newRow makes a finding's row; what belongs to the hub comes from d.
func (c *codec) newRow(k finding.Key, s *finding.Stored, revision int64, d *digester) row {
	return newRow(k, s, c.encodeFinding(k, s), revision, d)
}

// newRow makes the row of a finding whose body is made already.
func newRow(k finding.Key, s *finding.Stored, body []byte, revision int64, d *digester) row {
	r := row{place: place(k), revision: revision, body: body, room: maxFacets - len(k.Account) - len(k.Region)}
	values := filter.Extract(s.Finding, nil)
	r.fill(values)
	for i := range values {
		r.terms = d.append(r.terms, &values[i])
	}
	slices.SortFunc(r.terms, func(a, b term) int { return bytes.Compare(a[:], b[:]) })
	r.terms = slices.Compact(r.terms)
	return r
}

// fill sets the columns from a finding's values.
func (r *row) fill(values filter.Values) {
	if of := values.Of(filter.SeverityLabel); len(of) > 0 {
		rank := slices.Index(filter.Attributes[filter.SeverityLabel].Ranks, string(of[0].Text))
		r.severity = pgtype.Int2{Int16: int16(rank), Valid: rank >= 0}
		r.odd = rank < 0
	}
	for i, c := range dateColumns {
		if of := values.Of(c.attribute); len(of) > 0 {
			r.dates[i] = pgtype.Int8{Int64: of[0].Micros, Valid: true}
		}
	}
	for i, c := range numberColumns {
		if of := values.Of(c.attribute); len(of) > 0 {
			r.numbers[i] = pgtype.Float8{Float64: of[0].Number, Valid: true}
		}
	}
	for i, c := range textColumns {
		if of := values.Of(c.attribute); len(of) > 0 {
			r.texts[i] = r.text(c, of[0].Text)
		}
	}
	for i, c := range listColumns {
		for _, v := range values.Of(c.attribute) {
			if slices.ContainsFunc(r.lists[i], func(b []byte) bool { return bytes.Equal(b, v.Text) }) {
				continue
			}
			if text := r.text(c, v.Text); text != nil {
				r.lists[i] = append(r.lists[i], text)
			}
		}
	}
}

// text gives what a column takes of a text, nil for one that is too long. An empty text is not none.
func (r *row) text(c column, text []byte) []byte {
	if len(text) > c.limit() || c.limit() == maxColumn && !r.fits(text) {
		r.odd = true
		return nil
	}
	return append([]byte{}, text...)
}

// fits takes a text's part of what the index of facets has room for: its length, four bytes of a head, and what is
// missing to a multiple of four.
func (r *row) fits(text []byte) bool {
	size := (len(text) + 7) &^ 3
	if size > r.room {
		return false
	}
	r.room -= size
	return true
}

// rows are what one statement writes: an array for each column. Arrays of arrays would have to be as
// wide in every row, so that those of lists and terms lie end to end, and each row says where its own are.
type rows struct {
	places    [][]byte
	revisions []int64
	severity  []pgtype.Int2
	dates     [4][]pgtype.Int8
	numbers   [3][]pgtype.Float8
	texts     [5][][]byte
	lists     [3][][]byte
	listEnds  [3][]int32
	odd       []bool
	terms     []term
	termEnds  []int32
	bodies    [][]byte
}

func (rs *rows) add(r *row) {
	rs.places, rs.revisions = append(rs.places, r.place), append(rs.revisions, r.revision)
	rs.severity, rs.odd, rs.bodies = append(rs.severity, r.severity), append(rs.odd, r.odd), append(rs.bodies, r.body)
	for i := range r.dates {
		rs.dates[i] = append(rs.dates[i], r.dates[i])
	}
	for i := range r.numbers {
		rs.numbers[i] = append(rs.numbers[i], r.numbers[i])
	}
	for i := range r.texts {
		rs.texts[i] = append(rs.texts[i], r.texts[i])
	}
	for i := range r.lists {
		rs.lists[i] = append(rs.lists[i], r.lists[i]...)
		rs.listEnds[i] = append(rs.listEnds[i], int32(len(rs.lists[i])))
	}
	rs.terms = append(rs.terms, r.terms...)
	rs.termEnds = append(rs.termEnds, int32(len(rs.terms)))
}

// args are the parameters of the statements below, which begin with the hub.
func (rs *rows) args(h hub) []any {
	args := []any{h.account, h.region, rs.places, rs.revisions, rs.severity}
	for i := range rs.texts {
		args = append(args, rs.texts[i])
	}
	for i := range rs.dates {
		args = append(args, rs.dates[i])
	}
	for i := range rs.numbers {
		args = append(args, rs.numbers[i])
	}
	args = append(args, rs.odd, rs.bodies)
	for i := range rs.lists {
		args = append(args, flat(rs.lists[i]), starts(rs.listEnds[i]), rs.listEnds[i])
	}
	return append(args, flat(rs.terms), starts(rs.termEnds), rs.termEnds)
}

// flat makes an empty list of none, which would be NULL.
func flat[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// starts gives where each row's part begins; arrays count from 1.
func starts(ends []int32) []int32 {
	from := make([]int32, len(ends))
	last := int32(0)
	for i, end := range ends {
		from[i], last = last+1, end
	}
	return from
}

// rowSource is the FROM of statements that write rows: u has a line for each.
const rowSource = `unnest($3::bytea[], $4::bigint[], $5::smallint[],
  $6::bytea[], $7::bytea[], $8::bytea[], $9::bytea[], $10::bytea[],
  $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[],
  $15::float8[], $16::float8[], $17::float8[], $18::boolean[], $19::bytea[],
  $21::int[], $22::int[], $24::int[], $25::int[], $27::int[], $28::int[], $30::int[], $31::int[])
  AS u(place, revision, severity, workflow, record_state, compliance, product_name, title,
    created, updated, first_observed, last_observed, normalized, confidence, criticality, odd, body,
    t0, t1, r0, r1, k0, k1, w0, w1)`

// rowColumns and rowValues are the same columns on both sides.
const (
	rowColumns = `revision, severity, workflow, record_state, compliance, product_name, title,
  created, updated, first_observed, last_observed, normalized, confidence, criticality, odd, body,
  types, resources, resource_types, terms`
	rowValues = `u.revision, u.severity, u.workflow, u.record_state, u.compliance, u.product_name, u.title,
  u.created, u.updated, u.first_observed, u.last_observed, u.normalized, u.confidence, u.criticality, u.odd, u.body,
  ($20::bytea[])[u.t0:u.t1], ($23::bytea[])[u.r0:u.r1], ($26::bytea[])[u.k0:u.k1], ($29::uuid[])[u.w0:u.w1]`
	// excludedValues are those of a row that is there already, but for its revision.
	excludedValues = `excluded.severity, excluded.workflow, excluded.record_state,
  excluded.compliance, excluded.product_name, excluded.title, excluded.created, excluded.updated,
  excluded.first_observed, excluded.last_observed, excluded.normalized, excluded.confidence, excluded.criticality,
  excluded.odd, excluded.body, excluded.types, excluded.resources, excluded.resource_types, excluded.terms`
)

const (
	// atPlace reads the finding at u.place by the primary key, whatever the planner believes, once byOrder was said in the transaction.
	// Of what is equal the planner may look for by any index that begins with the hub, going through all of a hub for each call: the plan
	// of a prepared statement is made once, maybe when the table was still empty.
	atPlace = " FROM finding WHERE account = $1 AND region = $2 AND place >= u.place AND place <= u.place ORDER BY place LIMIT 1"
	// byOrder keeps the planner from sorting for the rest of the transaction: only the primary key has the order of places.
	byOrder = "SELECT set_config('enable_sort', 'off', true)"
)

// insertRows inserts rows in the order of their places, so that two calls cannot wait for each
// other, and gives the places of those that were not there.
const insertRows = `INSERT INTO finding (account, region, place, ` + rowColumns + `)
SELECT $1, $2, u.place, ` + rowValues + ` FROM ` + rowSource + `
ON CONFLICT (account, region, place) DO NOTHING RETURNING place`

// replaceRows replaces rows that the transaction has locked: they are there, so that none is inserted. An UPDATE would have
// to find them by a plan, and that may be any; see atPlace.
const replaceRows = `INSERT INTO finding AS f (account, region, place, ` + rowColumns + `)
SELECT $1, $2, u.place, ` + rowValues + ` FROM ` + rowSource + `
ON CONFLICT (account, region, place) DO UPDATE SET (` + rowColumns + `) = ROW(excluded.revision, ` + excludedValues + `)`

// upsertRows writes rows whatever was there, and tells which are new. The revision goes on growing.
const upsertRows = `INSERT INTO finding AS f (account, region, place, ` + rowColumns + `)
SELECT $1, $2, u.place, ` + rowValues + ` FROM ` + rowSource + `
ON CONFLICT (account, region, place) DO UPDATE SET (` + rowColumns + `) =
  ROW(greatest(f.revision, excluded.revision) + 1, ` + excludedValues + `)
RETURNING (xmax = 0) AS created`
