package bench

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// queryingPostgres times each question that there is SQL for: asked of the engine over PostgreSQL, and as that SQL
// of tables made for these questions, in turn. Both lie in one server.
func (b *Bench) queryingPostgres(ctx context.Context, p *postgres) error {
	url, err := p.database(ctx, "hub")
	if err != nil {
		return err
	}
	if err := b.fillPostgres(ctx, p, url); err != nil {
		return err
	}
	if err := b.loadPostgres(ctx, p); err != nil {
		return err
	}
	e, err := b.Database(ctx, url)
	if err != nil {
		return err
	}
	defer e.Close()
	// Kinds of filters that no index of PostgreSQL answers read every finding: they are not what is compared here.
	for _, s := range append(designShapes(), ownShapes(b.sample(0))...) {
		t, err := b.time(ctx, e, p, s)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		row := []string{"postgres-query", t.what(), percentiles("", t.hub), "", ""}
		if len(t.peer) > 0 {
			row[3] = percentiles("SQL ", t.peer)
			row[4] = fmt.Sprintf("p50 %.2f, p95 %.2f", percentile(t.hub, 50)/percentile(t.peer, 50), percentile(t.hub, 95)/percentile(t.peer, 95))
		}
		b.row(row...)
	}
	return nil
}

// ownShapes are the same questions of one account instead of twenty: an administrator's search is one of many hubs, most
// callers ask for their own. They are those that have SQL and are not about several accounts already.
func ownShapes(probe sample) []shape {
	var own []shape
	for _, s := range shapes() {
		q := s.ask(probe)
		if s.group != nil || q.sql == "" || q.accounts != nil {
			continue
		}
		ask := s.ask
		s.name = "own account: " + s.name
		s.ask = func(s sample) question {
			q := ask(s)
			account := s.f.Text("AwsAccountId")
			q.accounts, q.sql = []string{account}, "account='"+account+"' AND "+q.sql
			return q
		}
		own = append(own, s)
	}
	return own
}

// fillPostgres imports through a hub, as every finding comes, and weighs what that leaves.
func (b *Bench) fillPostgres(ctx context.Context, p *postgres, url string) error {
	hub, err := b.serveOver(ctx, "hub-filling", url)
	if err != nil {
		return err
	}
	g := NewGenerator(1, b.Size, b.Now)
	err = b.fill(ctx, hub.addr, g, 0, b.Size)
	b.row("memory", fmt.Sprintf("most that a hub over PostgreSQL held while %d came in", b.Size), fmt.Sprintf("%.0f MB", hub.peak()), "", "")
	if err := errors.Join(err, hub.stop()); err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	settled := &postgres{conn: conn}
	if err := settled.script(ctx, "VACUUM ANALYZE; CHECKPOINT"); err != nil {
		return err
	}
	rows, err := conn.Query(ctx, `SELECT relname, pg_relation_size(oid) + CASE WHEN relkind = 'r' THEN coalesce(pg_relation_size(nullif(reltoastrelid, 0)), 0) ELSE 0 END
FROM pg_class WHERE relkind IN ('r', 'i') AND relnamespace = 'public'::regnamespace AND relpages > 100 ORDER BY 2 DESC`)
	if err != nil {
		return err
	}
	defer rows.Close()
	var total int64
	for rows.Next() {
		var name string
		var bytes int64
		if err := rows.Scan(&name, &bytes); err != nil {
			return err
		}
		total += bytes
		b.row("disk", fmt.Sprintf("PostgreSQL at %d: %s", b.Size, name), fmt.Sprintf("%d B a finding", bytes/int64(b.Size)), "", "")
	}
	b.row("disk", fmt.Sprintf("PostgreSQL at %d: all", b.Size), fmt.Sprintf("%d B a finding", total/int64(b.Size)), "", "")
	return rows.Err()
}
