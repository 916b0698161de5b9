package postgres_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/findinghub/findinghub/store"
	"github.com/findinghub/findinghub/store/postgres"
	"github.com/findinghub/findinghub/store/postgres/pgtest"
)

// TestPlansByPlace: a statement that reads findings by their places takes them from the primary key, also by a plan that was made
// for an empty table or for one that nobody has counted. Otherwise every import goes through all findings of its hub.
func TestPlansByPlace(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t, t.TempDir())
	e := openWith(t, postgres.Options{URL: url})
	conn := connect(t, url)
	run(t, conn, "ALTER TABLE finding SET (autovacuum_enabled = false)")
	run(t, conn, "SET plan_cache_mode = force_generic_plan")
	for n := range 3 {
		for name, sql := range postgres.ByPlace {
			plan := explain(t, conn, sql)
			if !strings.Contains(plan, "using finding_pkey") || strings.Contains(plan, "Sort") {
				t.Errorf("%s among %d000 findings: %s", name, n, plan)
			}
		}
		var ms []store.Mutation
		for i := range 1000 {
			ms = append(ms, count(keyOf(fmt.Sprint(n, " ", i))))
		}
		apply(t, e, ms...)
	}
}

// explain gives the plan of a prepared statement whose parameters mean nothing.
func explain(t *testing.T, conn *pgx.Conn, sql string) string {
	t.Helper()
	ctx := context.Background()
	d, err := conn.Prepare(ctx, "explained", sql)
	if err != nil {
		t.Fatal(err)
	}
	tx, err := conn.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(ctx, postgres.ByOrder); err != nil {
		t.Fatal(err)
	}
	nulls := strings.TrimSuffix(strings.Repeat("NULL, ", len(d.ParamOIDs)), ", ")
	rows, err := tx.Query(ctx, "EXPLAIN EXECUTE explained("+nulls+")")
	if err != nil {
		t.Fatal(err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	if err := tx.Rollback(ctx); err != nil {
		t.Fatal(err)
	}
	if err := conn.Deallocate(ctx, "explained"); err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}
