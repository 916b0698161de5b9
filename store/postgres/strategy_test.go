package postgres

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store/postgres/pgtest"
)

// checkAcrossPlans: what several hubs are asked reads the indexes that the ways are made for, and no others.
func checkAcrossPlans(t *testing.T, conn *pgx.Conn, hubs []hub, rare filter.Expr) {
	t.Helper()
	columns, _ := sortColumns([]filter.Order{{Attribute: filter.UpdatedAt, Descending: true}})
	terms := newAcross(hubs, rare, columns, byTerms)
	titles := newAcross(hubs, text(filter.Title, filter.Contains, "cryptominer on a graphics"), columns, byCandidates)
	terms.most, titles.most = 1000, 1000
	inOrder := newAcross(hubs, rare, columns, ordered)
	for _, c := range []struct {
		index, not string
		ask        func() (string, []any)
	}{
		{"finding_terms", "finding_updated", func() (string, []any) { return terms.statement(present, nil, 101) }},
		{"finding_title", "finding_updated", func() (string, []any) { return titles.statement(present, nil, 101) }},
		{"finding_updated", "finding_terms", func() (string, []any) { return inOrder.inOrder(present, nil, 10, 101) }},
	} {
		sql, args := c.ask()
		plan := explain(t, conn, sql, args)
		if !strings.Contains(plan, c.index) || strings.Contains(plan, c.not) || strings.Contains(plan, "Seq Scan") {
			t.Errorf("no use of %s alone:\n%s", c.index, plan)
		}
	}
}

// TestSure: rows that are not odd need no second look where only odd ones may be wrong, which no negation is.
func TestSure(t *testing.T) {
	t.Parallel()
	begins := text(filter.RecordState, filter.Prefix, "A")
	for _, c := range []struct {
		expr filter.Expr
		sure bool
	}{
		{is(filter.SeverityLabel, "HIGH"), true},
		{begins, true},
		{text(filter.ResourceId, filter.Prefix, "arn:"), true},
		{text(filter.ResourceId, filter.Contains, "arn"), true},
		{text(filter.ResourceId, filter.ContainsWord, "arn"), false},
		{text(filter.RecordState, filter.ContainsWord, "A"), false},
		{filter.And{begins, is(filter.SeverityLabel, "HIGH")}, true},
		{filter.And{begins, filter.KeywordTerm{Value: "x"}}, false},
		{filter.Not{X: begins}, false},
		{filter.Not{X: filter.Not{X: begins}}, true},
		{text(filter.GeneratorId, filter.Prefix, "a generator's name"), false},
	} {
		compiler := newCompiler([]hub{here})
		compiler.may(c.expr)
		if compiler.sure != c.sure {
			t.Errorf("%v is sure: %t, want %t", c.expr, compiler.sure, c.sure)
		}
	}
}

// TestStrategy: what is rare is collected, by terms if it can be, and what is common is read in order.
func TestStrategy(t *testing.T) {
	t.Parallel()
	hubs := []hub{here, there}
	common, rare := is(filter.ResourceType, "AwsEc2Instance"), is(filter.ResourceId, "i-1")
	word := text(filter.Title, filter.Contains, "miner")
	k := &known{findings: 1e6, rare: 0.0001, shares: map[term]float64{}, trigrams: true}
	for _, h := range hubs {
		k.shares[newDigester(h).value(filter.ResourceType, nil, []byte("AwsEc2Instance"))] = 0.1
	}
	for _, c := range []struct {
		expr filter.Expr
		how  asking
	}{
		{rare, byTerms},
		{common, ordered},
		{filter.And{common, rare}, byTerms},
		{filter.And{common, common}, ordered},
		{filter.And{common, common, common}, byTerms}, // as if they had nothing to do with each other
		{filter.Or{common, rare}, ordered},
		{filter.Or{rare, rare}, byTerms},
		{filter.Or{rare, is(filter.SeverityLabel, "HIGH")}, ordered},
		{filter.Not{X: rare}, ordered},
		{filter.Const(true), ordered},
		{filter.Const(false), byTerms},
		{is(filter.SeverityLabel, "HIGH"), ordered},
		{word, byCandidates},
		{filter.And{common, word}, byCandidates},
		{filter.And{rare, word}, byTerms},
		{filter.Or{rare, word}, ordered},
		{filter.Or{word, text(filter.Title, filter.ContainsWord, "x graphics")}, byCandidates},
		{text(filter.Title, filter.Contains, "ab"), ordered},
		{text(filter.Title, filter.Contains, "é"), ordered},
		{text(filter.Description, filter.Contains, "miner"), ordered},
	} {
		e := &Engine{}
		e.statistics.known.Store(k)
		how, most := e.strategy(hubs, c.expr, 100)
		if how != c.how || how != ordered && most != 32_768 {
			t.Errorf("%v is asked by way %d, at most %d; want %d", c.expr, how, most, c.how)
		}
		other := *k
		other.citus = true
		e.statistics.known.Store(&other)
		if how, _ := e.strategy(hubs, c.expr, 100); how != ordered {
			t.Errorf("%v is asked across nodes", c.expr)
		}
	}
}

// TestStatistics: what ANALYZE finds out is what searches go by, and none is needed.
func TestStatistics(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	e, err := Open(ctx, Options{URL: pgtest.Database(t, t.TempDir())})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	if k := e.statistics.get(); k.findings != manyFindings || k.rare != rareShare || !k.trigrams || k.citus {
		t.Errorf("of an empty database is known %+v", k)
	}
	var all []finding.Stored
	for i := range 400 {
		s := smallFinding(fmt.Sprint(i))
		s.Finding.SetText("GeneratorId", "all of them")
		all = append(all, s)
	}
	if _, err := e.Apply(ctx, mutations(all)); err != nil {
		t.Fatal(err)
	}
	err = e.once(ctx, e.writers, func(ctx context.Context, conn *pgxpool.Conn) error {
		_, err := conn.Exec(ctx, "ANALYZE finding")
		return err
	})
	if err == nil {
		err = e.once(ctx, e.readers, e.statistics.read)
	}
	if err != nil {
		t.Fatal(err)
	}
	k, d := e.statistics.get(), newDigester(here)
	common := k.of([]term{d.value(filter.GeneratorId, nil, []byte("all of them"))})
	rare := k.of([]term{d.value(filter.Id, nil, []byte("7"))})
	if k.findings != 400 || common < 0.9 || rare > 0.1 {
		t.Errorf("of 400 findings is known %v; what all have is in %v, what one has in %v", k.findings, common, rare)
	}
}

// TestCommonValues: of values that many findings have the columns are compared when groups are counted, but where it is
// about those that do not have them.
func TestCommonValues(t *testing.T) {
	t.Parallel()
	failed, other := is(filter.ComplianceStatus, "FAILED"), is(filter.ComplianceStatus, "WARNING")
	kind := is(filter.ResourceType, "AwsEc2Instance")
	e := &Engine{}
	k := known{findings: 1e6, rare: 0.0001, shares: map[term]float64{}}
	k.shares[newDigester(here).value(filter.ComplianceStatus, nil, []byte("FAILED"))] = 0.3
	k.shares[newDigester(here).value(filter.ResourceType, nil, []byte("AwsEc2Instance"))] = 0.2
	e.statistics.known.Store(&k)
	const ofHub = "account = $1::text AND region = $2::text AND "
	for _, c := range []struct {
		expr filter.Expr
		sql  string
	}{
		{failed, "(compliance = $3::bytea OR odd)"},
		{other, "terms @> ARRAY[$3::uuid]"},
		{kind, "($3::bytea = ANY(resource_types) OR odd)"},
		{is(filter.ResourceId, "i-1"), "terms @> ARRAY[$3::uuid]"},
		{filter.Not{X: failed}, "(terms @> ARRAY[$3::uuid] IS NOT TRUE)"},
		{filter.And{failed, other}, "((compliance = $3::bytea OR odd) AND terms @> ARRAY[$4::uuid])"},
		{filter.Not{X: filter.Not{X: kind}}, "((($3::bytea = ANY(resource_types) OR odd) IS NOT TRUE) IS NOT TRUE)"},
	} {
		if sql, compiler := e.grouped([]hub{here}, c.expr); sql != ofHub+c.sql || !compiler.sure {
			t.Errorf("%v\n gives %s, sure %t\n want %s", c.expr, sql, compiler.sure, ofHub+c.sql)
		}
	}
}
