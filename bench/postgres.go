package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/findinghub/findinghub/asff"
	"github.com/findinghub/findinghub/filter"
	"github.com/jackc/pgx/v5"
)

// postgres is a server of the benchmark's own, loaded with the same findings and given
// an index for every question it is asked.
type postgres struct {
	cmd  *exec.Cmd
	conn *pgx.Conn
}

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

// startPostgres makes and loads a database; the error says why there is none.
func (b *Bench) startPostgres(ctx context.Context) (*postgres, error) {
	bin, err := findPostgres()
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(b.Dir, "postgres")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	attr, err := unprivileged(b.Dir, dir)
	if err != nil {
		return nil, err
	}
	init := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "-D", filepath.Join(dir, "data"), "-U", "bench", "-A", "trust", "--locale=C", "-E", "UTF8")
	init.SysProcAttr, init.Dir = attr, dir
	if out, err := init.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	port := addr[strings.LastIndexByte(addr, ':')+1:]
	p := &postgres{cmd: exec.CommandContext(ctx, filepath.Join(bin, "postgres"), "-D", filepath.Join(dir, "data"), "-p", port, "-k", dir, "-h", "127.0.0.1",
		"-c", "shared_buffers=2GB", "-c", "work_mem=64MB", "-c", "maintenance_work_mem=1GB", "-c", "effective_cache_size=8GB", "-c", "max_wal_size=8GB", "-c", "random_page_cost=1.1")}
	p.cmd.SysProcAttr, p.cmd.Dir = attr, dir
	p.cmd.Stderr = b.serverLog()
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	if err := p.connect(ctx, "postgres://bench@127.0.0.1:"+port+"/postgres"); err != nil {
		return nil, errors.Join(err, p.stop())
	}
	if err := b.loadPostgres(ctx, p); err != nil {
		return nil, errors.Join(err, p.stop())
	}
	return p, nil
}

// findPostgres looks where Debian's package puts the server's programs.
func findPostgres() (string, error) {
	if dirs, err := filepath.Glob("/usr/lib/postgresql/*/bin"); err == nil && len(dirs) > 0 {
		return dirs[len(dirs)-1], nil
	}
	path, err := exec.LookPath("initdb")
	if err != nil {
		return "", errors.New("no PostgreSQL server here (Debian's package postgresql has one)")
	}
	return filepath.Dir(path), nil
}

// unprivileged hands dir to a user that PostgreSQL, which refuses root, can run as.
func unprivileged(parent, dir string) (*syscall.SysProcAttr, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		if u, err = user.Lookup("nobody"); err != nil {
			return nil, err
		}
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(parent, 0o755); err != nil {
		return nil, err
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, os.Chown(dir, uid, gid)
}

func (p *postgres) connect(ctx context.Context, url string) error {
	deadline := time.Now().Add(30 * time.Second)
	for {
		conn, err := pgx.Connect(ctx, url)
		if err == nil {
			p.conn = conn
			return nil
		}
		if time.Now().After(deadline) {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func (p *postgres) stop() error {
	if p.conn != nil {
		_ = p.conn.Close(context.Background())
	}
	_ = p.cmd.Process.Signal(syscall.SIGINT)
	return p.cmd.Wait()
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
