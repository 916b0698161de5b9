package postgres

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5"

	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
	"github.com/findinghub/findinghub/store/postgres/pgtest"
)

func connectTo(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func execute(t *testing.T, conn *pgx.Conn, sql string, args ...any) {
	t.Helper()
	if _, err := conn.Exec(context.Background(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// smallFinding is one with a title.
func smallFinding(id string) finding.Stored {
	var s finding.Stored
	for _, m := range [][2]string{{"AwsAccountId", here.account}, {"Region", here.region}, {"ProductArn", "p"}, {"Id", id}, {"Title", "t of " + id}} {
		s.Finding.SetText(m[0], m[1])
	}
	return s
}

// TestMigrateFrom: a database of every layout there ever was, with findings in it, becomes one of today's.
func TestMigrateFrom(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for version := 0; version <= len(migrations); version++ {
		t.Run(fmt.Sprint("layout ", version), func(t *testing.T) {
			t.Parallel()
			url := pgtest.Database(t, t.TempDir())
			conn := connectTo(t, url)
			if err := migrate(ctx, conn, migrations[:version]); err != nil {
				t.Fatal(err)
			}
			if version > 0 {
				fillLayout(t, conn, version)
			}
			e, err := Open(ctx, Options{URL: url})
			if err != nil {
				t.Fatal(err)
			}
			defer e.Close()
			if at, err := layout(ctx, conn); err != nil || at != len(migrations) {
				t.Errorf("the layout is %d, %v; want %d", at, err, len(migrations))
			}
			s := store.Scope{Accounts: []string{here.account}, Regions: []string{here.region}}
			n, err := e.Count(ctx, s, text(filter.Title, filter.Prefix, "t of"))
			if want := min(version, 1); err != nil || n != want {
				t.Errorf("%d findings are found, %v; want %d", n, err, want)
			}
			if errs, err := e.Apply(ctx, mutations([]finding.Stored{smallFinding("old"), smallFinding("new")})); err != nil || errs[0] != nil || errs[1] != nil {
				t.Errorf("writing: %v, %v", errs, err)
			}
		})
	}
}

// fillLayout stores a finding as the program of a layout did. A layout that cannot hold what is written here needs
// a writing of its own.
func fillLayout(t *testing.T, conn *pgx.Conn, version int) {
	t.Helper()
	d, err := readDictionary(context.Background(), conn)
	if err != nil {
		t.Fatal(err)
	}
	c, err := newCodec(d)
	if err != nil {
		t.Fatal(err)
	}
	s := smallFinding("old")
	r := c.newRow(s.Key(), &s, 1, newDigester(here))
	execute(t, conn, `INSERT INTO finding (account, region, place, revision, title, types, resources, resource_types, odd, terms, body)
VALUES ($1, $2, $3, 1, $4, '{}', '{}', '{}', false, $5, $6)`, here.account, here.region, r.place, r.texts[4], r.terms, r.body)
	execute(t, conn, "INSERT INTO tally VALUES ($1, $2, 0, 1)", here.account, here.region)
}

// TestMigrateRefuses: what is later or not ours is left as it is.
func TestMigrateRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ sql, want string }{
		{"UPDATE meta SET value = '99' WHERE name = 'layout'", "written by a later findinghub"},
		{"UPDATE meta SET value = 'x' WHERE name = 'layout'", "layout's number"},
		{"DELETE FROM meta", "not findinghub's"},
		{"DELETE FROM meta WHERE name = 'dictionary'", "no rows"},
		{"UPDATE meta SET value = '' WHERE name = 'dictionary'", "dictionary"},
	} {
		t.Run(c.want, func(t *testing.T) {
			t.Parallel()
			url := pgtest.Database(t, t.TempDir())
			conn := connectTo(t, url)
			if err := migrate(context.Background(), conn, migrations); err != nil {
				t.Fatal(err)
			}
			execute(t, conn, c.sql)
			if e, err := Open(context.Background(), Options{URL: url}); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("opened %v, %v; want %q", e, err, c.want)
			}
			execute(t, conn, "SELECT FROM finding") // it is still there
		})
	}
	if _, err := Open(context.Background(), Options{URL: "postgres://%zz"}); err == nil {
		t.Error("a URL that is none was opened")
	}
}

// TestMigrateAtOnce: of many processes that start at once one makes the tables and all go on.
func TestMigrateAtOnce(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t, t.TempDir())
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			e, err := Open(context.Background(), Options{URL: url, Writers: 1, Readers: 1})
			if err != nil {
				t.Error(err)
				return
			}
			_ = e.Close()
		})
	}
	wg.Wait()
}

// TestMigrateFails: a step that fails leaves the layout before it.
func TestMigrateFails(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	conn := connectTo(t, pgtest.Database(t, t.TempDir()))
	steps := mustMigrations(fstest.MapFS{
		"migrations/0001_a.sql": {Data: []byte("CREATE TABLE a (x int); CREATE TABLE b (x int)")},
		"migrations/0002_b.sql": {Data: []byte("DROP TABLE a; DROP TABLE nothing")},
	})
	if err := migrate(ctx, conn, steps); err == nil || !strings.Contains(err.Error(), "0002_b.sql") {
		t.Errorf("a step that cannot be taken: %v", err)
	}
	if at, err := layout(ctx, conn); err != nil || at != 1 {
		t.Errorf("the layout is %d, %v; want 1", at, err)
	}
	execute(t, conn, "SELECT FROM a")
}

// TestMigrationNames: files are numbered without gaps.
func TestMigrationNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"migrations/0002_a.sql", "migrations/x.sql"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s alone is accepted", name)
				}
			}()
			mustMigrations(fstest.MapFS{name: {}})
		}()
	}
}

// TestSchemaDistributes: the rules that citus.sql relies on. The account is in every unique index and leads it, no table refers to
// another, nothing counts by a sequence, and every table is distributed.
func TestSchemaDistributes(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	conn := connectTo(t, pgtest.Database(t, t.TempDir()))
	if err := migrate(ctx, conn, migrations); err != nil {
		t.Fatal(err)
	}
	names := func(sql string) []string {
		t.Helper()
		rows, err := conn.Query(ctx, sql)
		if err != nil {
			t.Fatal(err)
		}
		list, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	if list := names(`SELECT indexrelid::regclass::text FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
WHERE i.indrelid::regclass::text IN (SELECT tablename FROM pg_tables WHERE schemaname = 'public') AND i.indisunique AND a.attname <> 'account' AND i.indrelid <> 'meta'::regclass`); len(list) > 0 {
		t.Errorf("unique indexes that the account does not lead: %v", list)
	}
	if list := names(`SELECT conname FROM pg_constraint WHERE contype = 'f' UNION ALL SELECT sequencename FROM pg_sequences`); len(list) > 0 {
		t.Errorf("foreign keys and sequences: %v", list)
	}
	script, err := os.ReadFile("citus.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range names("SELECT tablename FROM pg_tables WHERE schemaname = 'public'") {
		if !strings.Contains(string(script), "('"+table+"'") {
			t.Errorf("citus.sql does not mention %s", table)
		}
	}
}

// TestWithoutTrigrams: everything works where pg_trgm cannot be had.
func TestWithoutTrigrams(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	url := pgtest.Database(t, t.TempDir())
	conn := connectTo(t, url)
	if err := migrate(ctx, conn, migrations); err != nil {
		t.Fatal(err)
	}
	execute(t, conn, "DROP EXTENSION pg_trgm CASCADE")
	e, err := Open(ctx, Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if _, err := e.Apply(ctx, mutations([]finding.Stored{smallFinding("a"), smallFinding("b")})); err != nil {
		t.Fatal(err)
	}
	s := store.Scope{Accounts: []string{here.account}, Regions: []string{here.region}}
	if n, err := e.Count(ctx, s, text(filter.Title, filter.Contains, "of b")); err != nil || n != 1 {
		t.Errorf("%d titles, %v; want 1", n, err)
	}
}
