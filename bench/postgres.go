package bench

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/findinghub/findinghub/asff"
	"github.com/findinghub/findinghub/filter"
	"github.com/jackc/pgx/v5"
)

// schema gives each question the access path that suits it: columns with b-trees for
// what is compared, GIN for lists, maps and the conjunction, trigrams for CONTAINS, a
// table of its own for resources so that prefixes can use a b-tree.
const schema = `
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE TABLE finding (id bigint, account text, product text, severity text, workflow text, record_state text,
  type text, title text, updated_at timestamptz, resources text[], terms text[], udf jsonb, body text);
CREATE TABLE resource (resource_id text, finding bigint);`

const indexes = `
ALTER TABLE finding ADD PRIMARY KEY (id);
CREATE INDEX ON finding (severity, workflow, record_state, updated_at DESC, id);
CREATE INDEX ON finding (updated_at DESC, id);
CREATE INDEX ON finding (account, type text_pattern_ops, updated_at DESC);
CREATE INDEX ON finding USING gin (resources);
CREATE INDEX ON finding USING gin (terms);
CREATE INDEX ON finding USING gin (udf jsonb_path_ops);
CREATE INDEX ON finding USING gin (title gin_trgm_ops);
CREATE INDEX ON resource (resource_id text_pattern_ops) INCLUDE (finding);
VACUUM ANALYZE finding; VACUUM ANALYZE resource;`

// startPostgres makes a server and loads the hand-written tables; the error says why there is none.
func (b *Bench) startPostgres(ctx context.Context) (*postgres, error) {
	p, err := b.startServer(ctx, "postgres")
	if err != nil {
		return nil, err
	}
	if err := b.loadPostgres(ctx, p); err != nil {
		return nil, errors.Join(err, p.stop())
	}
	return p, nil
}

// loadPostgres copies the same findings in and builds the indexes afterwards.
func (b *Bench) loadPostgres(ctx context.Context, p *postgres) error {
	if err := p.script(ctx, schema); err != nil {
		return err
	}
	columns := []string{"id", "account", "product", "severity", "workflow", "record_state", "type", "title", "updated_at", "resources", "terms", "udf", "body"}
	g := NewGenerator(1, b.Size, b.Now)
	for at := 0; at < b.Size; at += slice {
		var rows, resources [][]any
		for n := at; n < min(at+slice, b.Size); n++ {
			row, ids, err := pgRow(g, n)
			if err != nil {
				return err
			}
			rows = append(rows, row)
			for _, id := range ids {
				resources = append(resources, []any{id, int64(n)})
			}
		}
		if _, err := p.conn.CopyFrom(ctx, pgx.Identifier{"finding"}, columns, pgx.CopyFromRows(rows)); err != nil {
			return err
		}
		if _, err := p.conn.CopyFrom(ctx, pgx.Identifier{"resource"}, []string{"resource_id", "finding"}, pgx.CopyFromRows(resources)); err != nil {
			return err
		}
		if at%100_000 == 0 {
			b.logf("%d findings in PostgreSQL", at)
		}
	}
	b.logf("indexes of PostgreSQL")
	return p.script(ctx, indexes)
}

// script runs statements one by one: VACUUM refuses to run within a batch.
func (p *postgres) script(ctx context.Context, sql string) error {
	for _, statement := range strings.Split(sql, ";") {
		if strings.TrimSpace(statement) == "" {
			continue
		}
		if _, err := p.conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", strings.TrimSpace(statement), err)
		}
	}
	return nil
}

// pgRow is finding n as a row, and its resources.
func pgRow(g *Generator, n int) ([]any, []string, error) {
	body := g.Append(nil, n, 0)
	f, err := asff.Parse(body)
	if err != nil {
		return nil, nil, err
	}
	s := sample{f: f, vs: filter.Extract(f, nil)}
	workflow := s.text("WorkflowStatus")
	if workflow == "" {
		workflow = "NEW"
	}
	updated, err := time.Parse(timeFormat, f.Text("UpdatedAt"))
	if err != nil {
		return nil, nil, err
	}
	var resources, terms []string
	udf := map[string]string{}
	for _, v := range s.vs {
		info := filter.Attributes[v.Attribute]
		switch {
		case info.Name == "ResourceId":
			resources = append(resources, string(v.Text))
		case info.Name == "UserDefinedFields":
			udf[string(v.Key)] = string(v.Text)
		case info.Kind == filter.KindString && !info.Text && len(v.Text) < 100:
			terms = append(terms, info.Name+"="+string(v.Text))
		}
	}
	return []any{int64(n), f.Text("AwsAccountId"), f.Text("ProductArn"), s.text("SeverityLabel"), workflow, f.Text("RecordState"),
		s.text("Type"), f.Text("Title"), updated, resources, terms, udf, string(body)}, resources, nil
}

// ask runs the question and takes every row whole.
func (p *postgres) ask(ctx context.Context, s shape, q question) (float64, error) {
	sql := q.sql
	if s.group == nil {
		sql = "SELECT body FROM finding WHERE " + sql
	}
	begin := time.Now()
	rows, err := p.conn.Query(ctx, sql, q.args...)
	if err != nil {
		return 0, err
	}
	for rows.Next() {
		_ = rows.RawValues()
	}
	if err := rows.Err(); err != nil {
		return 0, err
	}
	return float64(time.Since(begin).Microseconds()) / 1000, nil
}
