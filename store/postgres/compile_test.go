package postgres

import (
	"context"
	"fmt"
	"math"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
	"github.com/findinghub/findinghub/store/postgres/pgtest"
)

var here, there = hub{"111111111111", "eu-west-1"}, hub{"222222222222", "eu-west-1"}

func is(a filter.Attribute, v string) filter.Expr { return filter.TextTerm{Attribute: a, Value: v} }

func text(a filter.Attribute, op filter.TextOp, v string) filter.Expr {
	return filter.TextTerm{Attribute: a, Op: op, Value: v}
}

// terms are those of this hub, as the compiler's parameters have them.
func terms(of ...term) []term { return of }

// TestCompile: the text and the parameters for each kind of term, how strong it is, and how they combine.
func TestCompile(t *testing.T) {
	t.Parallel()
	d := newDigester(here)
	noon := time.Date(2024, 5, 6, 12, 0, 0, 0, time.UTC)
	long := strings.Repeat("l", maxShort+1)
	for _, c := range []struct {
		expr  filter.Expr
		sql   string
		args  []any
		exact bool
	}{
		{filter.And{}, "TRUE", nil, true},
		{filter.Or{}, "FALSE", nil, true},
		{filter.Const(true), "TRUE", nil, true},
		{is(filter.AwsAccountId, here.account), "TRUE", nil, true},
		{is(filter.AwsAccountId, there.account), "FALSE", nil, true},
		{text(filter.AwsAccountId, filter.Contains, "1111"), "TRUE", nil, true},
		{text(filter.Region, filter.Prefix, "us-"), "FALSE", nil, true},
		{is(filter.ProductArn, "p\x00"), "(place >= $1::bytea AND place < $2::bytea)", []any{[]byte("p\x00\xff\x00\x01"), []byte("p\x00\xff\x00\x02")}, true},
		{text(filter.ProductArn, filter.Prefix, "arn:"), "(place >= $1::bytea AND place < $2::bytea)", []any{[]byte("arn:"), []byte("arn;")}, true},
		{text(filter.ProductArn, filter.Contains, "arn:"), "TRUE", nil, false},
		{is(filter.SeverityLabel, "HIGH"), "severity = $1::smallint", []any{int16(3)}, true},
		{is(filter.SeverityLabel, "high"), "odd", nil, false},
		{text(filter.SeverityLabel, filter.Contains, "I"), "(severity = ANY($1::smallint[]) OR odd)", []any{[]int16{0, 2, 3, 4}}, false},
		{is(filter.WorkflowStatus, "NEW"), "workflow = $1::bytea", []any{[]byte("NEW")}, true},
		{is(filter.WorkflowStatus, long), "odd", nil, false},
		{text(filter.RecordState, filter.Prefix, "A"), "((record_state >= $1::bytea AND record_state < $2::bytea) OR odd)", []any{[]byte("A"), []byte("B")}, false},
		{is(filter.ComplianceStatus, "FAILED"), "terms @> ARRAY[$1::uuid]", []any{d.value(filter.ComplianceStatus, nil, []byte("FAILED"))}, true},
		{is(filter.Id, "x"), "terms @> ARRAY[$1::uuid]", []any{d.value(filter.Id, nil, []byte("x"))}, true},
		{is(filter.Description, "x"), "TRUE", nil, false},
		{text(filter.ResourceId, filter.Prefix, "arn:aws:s3:::bucket"),
			"(terms @> ARRAY[$5::uuid] AND ((resources[1] >= $1::bytea AND resources[1] < $2::bytea) OR EXISTS (SELECT FROM unnest(resources) v WHERE (v >= $3::bytea AND v < $4::bytea)) OR odd))",
			[]any{[]byte("arn:aws:s3:::bucket"), []byte("arn:aws:s3:::buckeu"), []byte("arn:aws:s3:::bucket"), []byte("arn:aws:s3:::buckeu"), d.digest(valuePrefix, filter.ResourceId, nil, []byte("arn:aws:s3:::buc"))}, false},
		{filter.And{is(filter.Id, "x"), is(filter.WorkflowStatus, "NEW"), filter.BoolTerm{Attribute: filter.Sample, Value: true}}, "(workflow = $2::bytea AND terms @> ARRAY[$1::uuid, $3::uuid])",
			[]any{d.value(filter.Id, nil, []byte("x")), []byte("NEW"), d.boolean(filter.Sample, true)}, true},
		{text(filter.GeneratorId, filter.Prefix, "short"), "TRUE", nil, false},
		{text(filter.Title, filter.Contains, `50%_\é`), "(title IS NOT NULL AND encode(title, 'escape') LIKE $1::text AND position($2::bytea IN title) > 0)",
			[]any{`%50\%\_\\\\\\303\\251%`, []byte(`50%_\é`)}, true},
		{text(filter.Title, filter.ContainsWord, "root, naïve"), "(title IS NOT NULL AND encode(title, 'escape') LIKE $1::text AND position($2::bytea IN title) > 0)",
			[]any{"%root%", []byte("root")}, false},
		{filter.MapTerm{Attribute: filter.ResourceTags, Key: "k", Value: "v"}, "terms @> ARRAY[$1::uuid]", []any{d.value(filter.ResourceTags, []byte("k"), []byte("v"))}, true},
		{filter.MapTerm{Attribute: filter.ResourceTags, Key: "k", Op: filter.Contains, Value: "v"}, "TRUE", nil, false},
		{filter.NumberTerm{Attribute: filter.Confidence, Min: 30, Max: 70, MaxOpen: true}, "(confidence >= $1::float8 AND confidence < $2::float8)", []any{30., 70.}, true},
		{filter.NumberTerm{Attribute: filter.Criticality, Min: 1, Max: math.Inf(1), MinOpen: true}, "(criticality > $1::float8)", []any{1.}, true},
		{filter.NumberTerm{Attribute: filter.Criticality, Min: math.NaN(), Max: 1}, "TRUE", nil, false},
		{filter.NumberTerm{Attribute: filter.ProcessPid, Min: 1, Max: 2}, "TRUE", nil, false},
		{filter.DateTerm{Attribute: filter.UpdatedAt, From: noon.Add(999), To: noon}, "(updated >= $1::bigint AND updated <= $2::bigint)", []any{noon.UnixMicro(), noon.UnixMicro()}, true},
		{filter.DateTerm{Attribute: filter.CreatedAt}, "created IS NOT NULL", nil, true},
		{filter.DateTerm{Attribute: filter.NoteUpdatedAt, From: noon}, "TRUE", nil, false},
		{filter.IPTerm{Attribute: filter.NetworkSourceIpV4, Network: netip.MustParsePrefix("10.0.0.1/32")}, "terms @> ARRAY[$1::uuid]",
			[]any{d.address(filter.NetworkSourceIpV4, netip.MustParseAddr("::ffff:10.0.0.1"))}, false},
		{filter.IPTerm{Attribute: filter.NetworkSourceIpV4, Network: netip.MustParsePrefix("10.0.0.0/8")}, "TRUE", nil, false},
		{filter.BoolTerm{Attribute: filter.Sample, Value: true}, "terms @> ARRAY[$1::uuid]", []any{d.boolean(filter.Sample, true)}, true},
		{filter.KeywordTerm{Value: "x"}, "TRUE", nil, false},
		// A negation needs what is certain: of what is not, nothing is left.
		{filter.Not{X: is(filter.WorkflowStatus, "NEW")}, "(workflow = $1::bytea IS NOT TRUE)", []any{[]byte("NEW")}, true},
		{filter.Not{X: filter.KeywordTerm{Value: "x"}}, "TRUE", nil, false},
		{filter.Not{X: text(filter.Description, filter.Contains, "x")}, "TRUE", nil, false},
		{filter.Not{X: filter.Not{X: text(filter.WorkflowStatus, filter.Prefix, "N")}}, "((((workflow >= $1::bytea AND workflow < $2::bytea) OR odd) IS NOT TRUE) IS NOT TRUE)", []any{[]byte("N"), []byte("O")}, false},
		{filter.And{is(filter.WorkflowStatus, "NEW"), filter.KeywordTerm{Value: "x"}, is(filter.SeverityLabel, "LOW")}, "(workflow = $1::bytea AND severity = $2::smallint)", []any{[]byte("NEW"), int16(1)}, false},
		{filter.Or{is(filter.WorkflowStatus, "NEW"), filter.KeywordTerm{Value: "x"}}, "TRUE", nil, false},
		{filter.Or{is(filter.WorkflowStatus, "NEW"), filter.And{is(filter.SeverityLabel, "LOW"), is(filter.AwsAccountId, there.account)}}, "workflow = $1::bytea", []any{[]byte("NEW")}, true},
	} {
		compiler := newCompiler([]hub{here})
		sql := compiler.may(c.expr)
		if sql != c.sql || compiler.exact != c.exact || len(compiler.args) != len(c.args) || len(c.args) > 0 && !reflect.DeepEqual(compiler.args, c.args) {
			t.Errorf("%v\n gives %s %v exact %t\n want %s %v exact %t", c.expr, sql, compiler.args, compiler.exact, c.sql, c.args, c.exact)
		}
	}
}

// TestCompileSeveralHubs: terms are any hub's, and what hubs differ in is asked of the columns.
func TestCompileSeveralHubs(t *testing.T) {
	t.Parallel()
	c := newCompiler([]hub{here, there})
	sql := c.may(filter.And{is(filter.Id, "x"), is(filter.AwsAccountId, here.account), text(filter.Region, filter.Prefix, "eu")})
	want := []any{terms(newDigester(here).value(filter.Id, nil, []byte("x")), newDigester(there).value(filter.Id, nil, []byte("x"))), []string{here.account}}
	if sql != "(terms && $1::uuid[] AND account = ANY($2::text[]))" || !reflect.DeepEqual(c.args, want) || !c.exact {
		t.Errorf("%s %v", sql, c.args)
	}
}

// TestStatement: a page goes on from a place, and absent values come last in both directions.
func TestStatement(t *testing.T) {
	t.Parallel()
	newest := []filter.Order{{Attribute: filter.UpdatedAt, Descending: true}}
	at := finding.Key{Account: here.account, Region: here.region, ProductArn: "p", ID: "i"}
	later := finding.Key{Account: there.account, Region: here.region}
	value := []filter.SortValue{{Present: true, Micros: 7}}
	hubThenNewest := append([]filter.Order{{Attribute: filter.AwsAccountId}}, newest...)
	for _, c := range []struct {
		orders []filter.Order
		stage  int
		from   *store.Cursor
		want   string
	}{
		{nil, present, nil, " ORDER BY place"},
		{nil, present, &store.Cursor{Key: at}, " AND place > $3::bytea ORDER BY place"},
		{nil, present, &store.Cursor{Key: later}, " AND FALSE ORDER BY place"},
		{nil, present, &store.Cursor{}, " ORDER BY place"},
		{newest, present, nil, " AND updated IS NOT NULL ORDER BY updated DESC NULLS LAST, place"},
		{newest, absent, nil, " AND updated IS NULL ORDER BY place"},
		{newest, present, &store.Cursor{Sort: value, Key: at}, " AND updated <= $3::bigint AND (updated < $4::bigint OR (updated = $4::bigint AND place > $5::bytea) OR updated IS NULL) ORDER BY updated DESC NULLS LAST, place"},
		{newest, present, &store.Cursor{Sort: value, Key: later}, " AND updated <= $3::bigint AND (updated < $4::bigint OR updated IS NULL) ORDER BY updated DESC NULLS LAST, place"},
		{newest, absent, &store.Cursor{Sort: []filter.SortValue{{}}, Key: at}, " AND updated IS NULL AND (updated IS NULL AND place > $3::bytea) ORDER BY place"},
		{[]filter.Order{{Attribute: filter.UpdatedAt}}, present, nil, " AND updated IS NOT NULL ORDER BY updated ASC NULLS FIRST, place"},
		{hubThenNewest, present, &store.Cursor{Sort: append([]filter.SortValue{{Present: true, Text: "0"}}, value...), Key: at}, " AND updated IS NOT NULL ORDER BY updated DESC NULLS LAST, place"},
		{hubThenNewest, present, &store.Cursor{Sort: append([]filter.SortValue{{Present: true, Text: "9"}}, value...), Key: at}, " AND updated IS NOT NULL AND FALSE ORDER BY updated DESC NULLS LAST, place"},
	} {
		columns, ok := sortColumns(c.orders)
		if !ok {
			t.Fatalf("%v cannot be sorted by", c.orders)
		}
		sql, _ := newPager(here, filter.And{}, columns).statement(c.stage, c.from, 3)
		_, sql, _ = strings.Cut(sql, " FROM finding WHERE account = $1 AND region = $2")
		if sql != c.want+" LIMIT 3" {
			t.Errorf("%v from %v:\n%s\n%s", c.orders, c.from, sql, c.want)
		}
	}
	if _, ok := sortColumns([]filter.Order{{Attribute: filter.ProductName}}); ok {
		t.Error("product names, of which columns may lack some, are sorted by columns")
	}
}

// TestPlans: the common shapes read an index.
func TestPlans(t *testing.T) {
	t.Parallel()
	conn := forPlans(t, 40)
	one := inOneHub(generated(t, newGenerator(), 3, 0))[5]
	h := hubOf(one.Key())
	values := filter.Extract(one.Finding, nil)
	resource := string(values.Of(filter.ResourceId)[0].Text)
	for _, c := range []struct {
		name  string
		expr  filter.Expr
		index []string
	}{
		{"newest", filter.And{}, []string{"finding_updated"}},
		{"the last days", filter.DateTerm{Attribute: filter.UpdatedAt, From: time.Date(2024, 2, 6, 0, 5, 0, 0, time.UTC)}, []string{"finding_updated"}},
		{"to do", filter.And{is(filter.SeverityLabel, "CRITICAL"), is(filter.WorkflowStatus, "NEW"), is(filter.RecordState, "ACTIVE")}, []string{"finding_triage", "finding_updated"}},
		{"id", is(filter.Id, one.Key().ID), []string{"finding_terms"}},
		{"resource", is(filter.ResourceId, resource), []string{"finding_terms"}},
		{"resource prefix", text(filter.ResourceId, filter.Prefix, resource[:len(resource)-1]), []string{"finding_terms"}},
		{"rare together", filter.And{is(filter.ComplianceStatus, "WARNING"), is(filter.ResourceAwsEc2InstanceType, "t3.medium"), is(filter.GeneratorId, one.Finding.Text("GeneratorId"))}, []string{"finding_terms"}},
		{"rare word", text(filter.Title, filter.Contains, "cryptominer on a graphics"), []string{"finding_title"}},
	} {
		columns, _ := sortColumns([]filter.Order{{Attribute: filter.UpdatedAt, Descending: true}})
		sql, args := newPager(h, c.expr, columns).statement(present, nil, 101)
		plan := explain(t, conn, sql, args)
		if strings.Contains(plan, "Seq Scan") || !slices.ContainsFunc(c.index, func(i string) bool { return strings.Contains(plan, i) }) {
			t.Errorf("%s: no use of %v:\n%s", c.name, c.index, plan)
		}
	}
	checkAcrossPlans(t, conn, []hub{h, there}, is(filter.ResourceId, resource))
	if plan := explain(t, conn, lockRows, []any{h.account, h.region, [][]byte{place(one.Key())}, []int64{1}}); !strings.Contains(plan, "finding_pkey") {
		t.Errorf("locking reads more than it locks:\n%s", plan)
	}
	if plan := explain(t, conn, selectHistory, []any{h.account, h.region, historyKey(nil), int64(9), int64(0), int64(1), int64(2)}); !strings.Contains(plan, "history_pkey") {
		t.Errorf("a finding's history reads others':\n%s", plan)
	}
}

// TestPlansByPlace: a statement that reads findings by their places takes them from the primary key, also by a plan that was made
// for an empty table or for one that nobody has counted. Otherwise every import goes through all findings of its hub.
func TestPlansByPlace(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	e, err := Open(ctx, Options{URL: pgtest.Database(t, t.TempDir())})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	conn, err := e.readers.Acquire(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Release)
	execute(t, conn.Conn(), "ALTER TABLE finding SET (autovacuum_enabled = false)")
	execute(t, conn.Conn(), "SET plan_cache_mode = force_generic_plan")
	g := newGenerator()
	for call := range 21 {
		for name, sql := range map[string]string{"rows": selectRows, "lock": lockRows, "body": selectBody} {
			if plan := explainPrepared(t, conn.Conn(), sql); !strings.Contains(plan, "using finding_pkey") || strings.Contains(plan, "Sort") {
				t.Errorf("%s after %d calls:\n%s", name, call, plan)
			}
		}
		if _, err := e.Apply(ctx, mutations(inOneHub(generated(t, g, call, 0)))); err != nil {
			t.Fatal(err)
		}
	}
}

// explainPrepared gives the plan that a statement by places gets when its parameters are not known.
func explainPrepared(t *testing.T, conn *pgx.Conn, sql string) string {
	t.Helper()
	d, err := conn.Prepare(context.Background(), "explained", sql)
	if err != nil {
		t.Fatal(err)
	}
	execute(t, conn, "BEGIN")
	execute(t, conn, byOrder)
	plan := explain(t, conn, "EXECUTE explained("+strings.TrimSuffix(strings.Repeat("NULL, ", len(d.ParamOIDs)), ", ")+")", nil)
	execute(t, conn, "ROLLBACK")
	if err := conn.Deallocate(context.Background(), "explained"); err != nil {
		t.Fatal(err)
	}
	return plan
}

// forPlans stores the findings of so many calls in one hub and lets the database look at them. The connection is a reader's.
func forPlans(t *testing.T, calls int) *pgx.Conn {
	t.Helper()
	ctx := context.Background()
	e, err := Open(ctx, Options{URL: pgtest.Database(t, t.TempDir())})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	g := newGenerator()
	for call := range calls {
		if _, err := e.Apply(ctx, mutations(inOneHub(generated(t, g, call, 0)))); err != nil {
			t.Fatal(err)
		}
	}
	conn, err := e.readers.Acquire(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Release)
	execute(t, conn.Conn(), "VACUUM ANALYZE finding")
	return conn.Conn()
}

// inOneHub moves findings, so that the hub has more of them than are read faster without an index.
func inOneHub(all []finding.Stored) []finding.Stored {
	for i := range all {
		all[i].Finding.SetText("AwsAccountId", here.account)
	}
	return all
}

func explain(t *testing.T, conn *pgx.Conn, sql string, args []any) string {
	t.Helper()
	rows, err := conn.Query(context.Background(), "EXPLAIN "+sql, args...)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return strings.Join(lines, "\n")
}

// TestPlaces: places order as keys do, tell keys apart, and say which product they are of.
func TestPlaces(t *testing.T) {
	t.Parallel()
	part := rapid.StringOfN(rapid.SampledFrom([]rune("ab\x00\x01\u00ff\U0010ffff")), 0, 4, -1)
	rapid.Check(t, func(t *rapid.T) {
		a := finding.Key{ProductArn: part.Draw(t, "product a"), ID: part.Draw(t, "id a")}
		b := finding.Key{ProductArn: part.Draw(t, "product b"), ID: part.Draw(t, "id b")}
		if got := slices.Compare(place(a), place(b)); got != a.Compare(b) {
			t.Fatalf("%q and %q compare as %d, want %d", a, b, got, a.Compare(b))
		}
		from, to, ok := productRange(b.ProductArn)
		within := slices.Compare(place(a), from) >= 0 && slices.Compare(place(a), to) < 0
		if !ok || within != (a.ProductArn == b.ProductArn) {
			t.Fatalf("%q is within the product of %q: %t", a, b, within)
		}
	})
	x := finding.Key{ProductArn: "p", ID: strings.Repeat("x", 3*maxPlace)}
	y := x
	y.ID += "y"
	if px, py := place(x), place(y); len(px) != maxPlace || len(py) != maxPlace || string(px) == string(py) {
		t.Errorf("long keys have places of %d and %d bytes", len(px), len(py))
	}
}

// TestAfter: what begins with a prefix lies before after(prefix), and nothing else from the prefix on does.
func TestAfter(t *testing.T) {
	t.Parallel()
	bytes := rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 'a', 0xfe, 0xff}), 0, 4)
	rapid.Check(t, func(t *rapid.T) {
		prefix, text := bytes.Draw(t, "prefix"), bytes.Draw(t, "text")
		next := after(prefix)
		within := slices.Compare(text, prefix) >= 0 && (next == nil || slices.Compare(text, next) < 0)
		if want := strings.HasPrefix(string(text), string(prefix)); within != want {
			t.Fatalf("%x begins with %x: %t, want %t", text, prefix, within, want)
		}
	})
}

// TestTermsDiffer: no two of a finding's terms in any hub are the same.
func TestTermsDiffer(t *testing.T) {
	t.Parallel()
	seen := map[term]string{}
	for _, h := range []hub{here, there, {here.account, "e"}, {here.account + "e", "u-west-1"}} {
		d := newDigester(h)
		for what, v := range map[string]term{
			"id a": d.value(filter.Id, nil, []byte("a")), "title a": d.value(filter.Title, nil, []byte("a")),
			"tag a=b": d.value(filter.ResourceTags, []byte("a"), []byte("b")), "tag =ab": d.value(filter.ResourceTags, nil, []byte("ab")),
			"prefix a": d.digest(valuePrefix, filter.Id, nil, []byte("a")), "true": d.boolean(filter.Sample, true), "false": d.boolean(filter.Sample, false),
		} {
			if other, dup := seen[v]; dup {
				t.Errorf("%s of %v is the same as %s", what, h, other)
			}
			seen[v] = fmt.Sprint(what, " of ", h)
		}
	}
}
