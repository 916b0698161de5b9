package postgres

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
	"github.com/findinghub/findinghub/store/postgres/pgtest"
)

// TestSelection: hubs that have a name in common are asked for by it alone, and each name is asked for once.
func TestSelection(t *testing.T) {
	t.Parallel()
	south := hub{here.account, "ap-south-1"}
	for _, c := range []struct {
		hubs []hub
		want string
		args []any
	}{
		{[]hub{here}, "account = $1::text AND region = $2::text AND severity = $3::smallint", []any{here.account, here.region}},
		{[]hub{there, here}, "account = ANY($1::text[]) AND region = $2::text AND severity = $3::smallint", []any{[]string{here.account, there.account}, here.region}},
		{[]hub{here, south}, "account = $1::text AND region = ANY($2::text[]) AND severity = $3::smallint", []any{here.account, []string{south.region, here.region}}},
		{[]hub{here, south, there, {there.account, south.region}}, "account = ANY($1::text[]) AND region = ANY($2::text[]) AND severity = $3::smallint",
			[]any{[]string{here.account, there.account}, []string{south.region, here.region}}},
	} {
		where, compiler := selection(c.hubs, is(filter.SeverityLabel, "HIGH"))
		if args := append(c.args, int16(3)); where != c.want || !reflect.DeepEqual(compiler.args, args) {
			t.Errorf("%v: %s %v, want %s %v", c.hubs, where, compiler.args, c.want, args)
		}
	}
}

// groupingOf is a group over one hub.
func groupingOf(h hub, by filter.Attribute) grouping {
	where, c := selection([]hub{h}, filter.And{})
	return grouping{hubs: []hub{h}, expr: filter.And{}, by: by, limit: 100, where: where, args: c.args, values: groupable(by)}
}

// TestGroupPlans: groups by columns read an index and no row, and resources are counted by one process even where others cost nothing.
func TestGroupPlans(t *testing.T) {
	t.Parallel()
	conn := forPlans(t, 20)
	h := hubOf(inOneHub(generated(t, newGenerator(), 0, 0))[0].Key())
	plan := func(by filter.Attribute) string {
		g := groupingOf(h, by)
		sql, args := g.statement(false)
		return explain(t, conn, sql, args)
	}
	for by, index := range map[filter.Attribute]string{
		filter.SeverityLabel: "finding_triage", filter.WorkflowStatus: "finding_triage", filter.RecordState: "finding_triage", filter.Type: "finding_facets",
		filter.ResourceId: "finding_facets", filter.ResourceType: "finding_facets", filter.ProductName: "finding_facets", filter.ComplianceStatus: "finding_facets",
	} {
		if p := plan(by); !strings.Contains(p, "Index Only Scan using "+index) {
			t.Errorf("by %s, not only %s is read:\n%s", filter.Attributes[by].Name, index, p)
		}
	}
	for _, set := range []string{"parallel_setup_cost = 0", "parallel_tuple_cost = 0.1", "min_parallel_table_scan_size = 0", "min_parallel_index_scan_size = 0", "max_parallel_workers_per_gather = 4"} {
		execute(t, conn, "SET "+set)
	}
	if p := plan(filter.Type); !strings.Contains(p, "Partial") {
		t.Errorf("types, of which there are few, are counted by one process:\n%s", p)
	}
	if p := plan(filter.ResourceId); strings.Contains(p, "Partial") {
		t.Errorf("resources are counted in parts:\n%s", p)
	}
}

// layoutOne stores a finding as layout 1 had it: lists were as long as they came.
func layoutOne(t *testing.T, conn *pgx.Conn, c *codec, s *finding.Stored) {
	t.Helper()
	r := c.newRow(s.Key(), s, 1, newDigester(here))
	values := filter.Extract(s.Finding, nil)
	for i, column := range listColumns {
		r.lists[i] = [][]byte{}
		for _, v := range values.Of(column.attribute) {
			r.lists[i] = append(r.lists[i], v.Text)
		}
	}
	execute(t, conn, `INSERT INTO finding (account, region, place, revision, title, compliance, product_name, types, resources, resource_types, odd, terms, body)
VALUES ($1, $2, $3, 1, $4, 'FAILED', 'Product', $5, $6, $7, false, $8, $9)`,
		here.account, here.region, r.place, r.texts[4], r.lists[0], r.lists[1], r.lists[2], r.terms, r.body)
}

// TestMigrateFacets: what is too large for the index of facets moves to the bodies, to the byte, and is counted as before.
func TestMigrateFacets(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	url := pgtest.Database(t, t.TempDir())
	conn := connectTo(t, url)
	if err := migrate(ctx, conn, migrations[:1]); err != nil {
		t.Fatal(err)
	}
	d, err := readDictionary(ctx, conn)
	if err != nil {
		t.Fatal(err)
	}
	c, err := newCodec(d)
	if err != nil {
		t.Fatal(err)
	}
	// Beside the names of the hub, FAILED and Product, 2,355 bytes are left: four elements of 512, and 307 for one more.
	full := []string{strings.Repeat("a", 508), strings.Repeat("b", 508), strings.Repeat("c", 508), strings.Repeat("d", 508)}
	var all []finding.Stored
	for id, last := range map[string]int{"fits": 300, "large": 301, "larger": 500} {
		s := smallFinding(id)
		s.Finding.SetText("ProductName", "Product")
		s.Finding.Set("Compliance", []byte(`{"Status":"FAILED"}`))
		s.Finding.Set("Types", []byte(`["`+strings.Join(append(full[:3:3], strings.Repeat(id[:1], last)), `","`)+`"]`))
		s.Finding.Set("Resources", []byte(`[{"Id":"`+full[3]+`"}]`))
		layoutOne(t, conn, c, &s)
		all = append(all, s)
	}
	execute(t, conn, "INSERT INTO tally VALUES ($1, $2, 0, 3)", here.account, here.region)
	e, err := Open(ctx, Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	rows, err := conn.Query(ctx, "SELECT convert_from(title, 'UTF8') FROM finding WHERE odd AND cardinality(types) + cardinality(resources) = 0 AND compliance IS NULL ORDER BY 1")
	if err != nil {
		t.Fatal(err)
	}
	odd, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if want := []string{"t of large", "t of larger"}; err != nil || !slices.Equal(odd, want) {
		t.Errorf("%q are odd, %v; want %q", odd, err, want)
	}
	for _, s := range all {
		if r := c.newRow(s.Key(), &s, 1, newDigester(here)); r.odd == (s.Key().ID == "fits") {
			t.Errorf("%s: written anew, it is odd: %t", s.Key().ID, r.odd)
		}
	}
	for range 2 {
		checkGroups(t, e)
		// Written again by this layout, they are as they would be if they were new.
		if _, err := e.Apply(ctx, mutations(all)); err != nil {
			t.Fatal(err)
		}
	}
}

// checkGroups wants what the three findings of TestMigrateFacets have in common three times.
func checkGroups(t *testing.T, e *Engine) {
	t.Helper()
	s := store.Scope{Accounts: []string{here.account}, Regions: []string{here.region}}
	for by, value := range map[filter.Attribute]string{
		filter.ResourceId: strings.Repeat("d", 508), filter.Type: strings.Repeat("a", 508), filter.ProductName: "Product", filter.ComplianceStatus: "FAILED",
	} {
		got, err := e.GroupBy(context.Background(), s, filter.And{}, by, 1)
		if want := []store.Bucket{{Value: value, Count: 3}}; err != nil || !slices.Equal(got, want) {
			t.Errorf("by %s: %.80v, %v; want %.80v", filter.Attributes[by].Name, got, err, want)
		}
	}
}
