package bench

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

// throng is how many connections import into PostgreSQL at once, in all, whoever is on the other end: more
// than processors, because each waits for the disk by itself.
const throng = 8

// withServer gives a part a PostgreSQL server of its own, or a line in the report that there is none.
func (b *Bench) withServer(part func(context.Context, *postgres) error) func(context.Context) error {
	return func(ctx context.Context) error {
		b.servers++
		p, err := b.startServer(ctx, "server-"+strconv.Itoa(b.servers))
		if err != nil {
			b.logf("SKIP: %v", err)
			b.row("postgres", "the hub over PostgreSQL", "", "skipped: "+err.Error(), "")
			return nil
		}
		return errors.Join(part(ctx, p), p.stop())
	}
}

// serveOver starts a hub over one of a server's databases, with more of its flags.
func (b *Bench) serveOver(ctx context.Context, name, url string, flags ...string) (*process, error) {
	return b.serve(ctx, filepath.Join(b.Dir, name), append([]string{"--database-url", url}, flags...)...)
}

// importingPostgres times imports by one hub over PostgreSQL, by two that share a database, and by a program
// that knows nothing but the rows that the one hub has just written.
func (b *Bench) importingPostgres(ctx context.Context, p *postgres) error {
	var hubs [3]*process
	var urls [3]string
	for i, database := range []string{"one", "two", "two"} {
		var err error
		if i < 2 {
			if urls[i], err = p.database(ctx, database); err != nil {
				return err
			}
		} else {
			urls[i] = urls[1]
		}
		if hubs[i], err = b.serveOver(ctx, fmt.Sprint("hub-", i), urls[i]); err != nil {
			return err
		}
		defer hubs[i].stop()
	}
	bare, err := b.newBare(ctx, p, urls[0])
	if err != nil {
		return err
	}
	defer bare.close()
	g := NewGenerator(1, b.Size, b.Now)
	for again, name := range []string{"new", "again"} {
		if err := b.importSides(ctx, name, p, hubs, bare, func(round int) []request { return imports(g, round*slice, slice, again) }); err != nil {
			return err
		}
	}
	return nil
}

func (b *Bench) importSides(ctx context.Context, name string, p *postgres, hubs [3]*process, bare *bare, requests func(round int) []request) error {
	database := meter{"PostgreSQL", p.cpu}
	var rs []request
	prepare := func(_ context.Context, round int) error {
		rs = requests(round)
		return bare.mark(ctx)
	}
	one := &side{prepare: prepare, meters: []meter{{"hub", hubs[0].cpu}, database, client()}, run: func(ctx context.Context, _ int) (float64, error) {
		rate, _, err := sendOver(ctx, throng, hubs[0].addr, rs)
		return rate, err
	}}
	floor := &side{prepare: bare.read, run: bare.write, meters: []meter{database, client()}}
	both := func() float64 { return hubs[1].cpu() + hubs[2].cpu() }
	two := &side{meters: []meter{{"hubs", both}, database, client()}, run: func(ctx context.Context, _ int) (float64, error) { return sendBoth(ctx, hubs[1:], rs) }}
	if err := b.compare(ctx, one, floor, two); err != nil {
		return err
	}
	b.row("postgres-import", name, one.String(), "bare batch "+floor.String(), fmt.Sprintf("%.2f", one.rate()/floor.rate()))
	b.row("postgres-import", name+", two hubs over one database", fmt.Sprintf("%s; %s", two, two.busy()),
		fmt.Sprintf("one hub %.0f/s; %s", one.rate(), one.busy()), fmt.Sprintf("%.2f", two.rate()/one.rate()))
	return nil
}

// sendBoth gives half of the requests to each of two hubs.
func sendBoth(ctx context.Context, hubs []*process, rs []request) (float64, error) {
	var errs [2]error
	var wg sync.WaitGroup
	begin := time.Now()
	for i, half := range [][]request{rs[:len(rs)/2], rs[len(rs)/2:]} {
		wg.Go(func() { _, _, errs[i] = sendOver(ctx, throng/2, hubs[i].addr, half) })
	}
	wg.Wait()
	return slice / time.Since(begin).Seconds(), errors.Join(errs[:]...)
}

// bare writes what a hub has written to another database with the same tables and indexes, ready-made: it
// sends as many rows in a transaction, over as many connections, and does nothing else.
type bare struct {
	source *pgx.Conn // the hub's database
	begin  uint32    // the first transaction of the round
	conns  []*pgx.Conn
	calls  []*pgx.Batch
}

// newBare has the engine make the tables.
func (b *Bench) newBare(ctx context.Context, p *postgres, source string) (*bare, error) {
	url, err := p.database(ctx, "bare")
	if err != nil {
		return nil, err
	}
	e, err := b.Database(ctx, url)
	if err != nil {
		return nil, err
	}
	if err := e.Close(); err != nil {
		return nil, err
	}
	w := &bare{}
	if w.source, err = pgx.Connect(ctx, source); err != nil {
		return nil, err
	}
	for range throng {
		conn, err := pgx.Connect(ctx, url)
		if err != nil {
			w.close()
			return nil, err
		}
		w.conns = append(w.conns, conn)
	}
	return w, nil
}

func (w *bare) close() {
	for _, conn := range append(w.conns, w.source) {
		_ = conn.Close(context.Background())
	}
}

// mark remembers where the round begins: the numbers of later transactions are greater.
func (w *bare) mark(ctx context.Context) error {
	return w.source.QueryRow(ctx, "SELECT pg_current_xact_id()::text::bigint").Scan(&w.begin)
}

const (
	findingColumns = `account, region, place, revision, severity, workflow, record_state, compliance, product_name, title, types, resources, resource_types,
  created, updated, first_observed, last_observed, normalized, confidence, criticality, odd, terms, body`
	writeFinding = `INSERT INTO finding (` + findingColumns + `)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)
ON CONFLICT (account, region, place) DO UPDATE SET (` + findingColumns + `) = ROW(excluded.*)`
	historyColumns = `account, region, key, revision, at, body`
	writeHistory   = `INSERT INTO history (` + historyColumns + `) VALUES ($1, $2, $3, $4, $5, $6)`
)

// read makes a batch of each call's worth of the rows that the round has left.
func (w *bare) read(ctx context.Context, _ int) error {
	w.calls = nil
	findings, err := w.rows(ctx, "finding", findingColumns, "account, region, xmin::text", findingRow)
	if err != nil {
		return err
	}
	for at := 0; at < len(findings); at += Batch {
		batch := &pgx.Batch{}
		for _, row := range findings[at:min(at+Batch, len(findings))] {
			batch.Queue(writeFinding, row...)
		}
		w.calls = append(w.calls, batch)
	}
	history, err := w.rows(ctx, "history", historyColumns, "account, region, xmin::text", historyRow)
	if err != nil {
		return err
	}
	for i, row := range history {
		w.calls[min(i/Batch, len(w.calls)-1)].Queue(writeHistory, row...)
	}
	if len(findings) != slice {
		return fmt.Errorf("the hub wrote %d rows of %d findings", len(findings), slice)
	}
	return nil
}

// rows reads what the round's transactions wrote, in the types that it is written back with.
func (w *bare) rows(ctx context.Context, table, columns, order string, row func() []any) ([][]any, error) {
	rows, err := w.source.Query(ctx, "SELECT "+columns+" FROM "+table+" WHERE xmin::text::bigint > $1 ORDER BY "+order, int64(w.begin))
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(r pgx.CollectableRow) ([]any, error) {
		to := row()
		return to, r.Scan(to...)
	})
}

func findingRow() []any {
	row := []any{new(string), new(string), new([]byte), new(int64), new(pgtype.Int2)}
	for range 5 {
		row = append(row, new([]byte))
	}
	for range 3 {
		row = append(row, new(pgtype.FlatArray[[]byte]))
	}
	for range 4 {
		row = append(row, new(pgtype.Int8))
	}
	for range 3 {
		row = append(row, new(pgtype.Float8))
	}
	return append(row, new(bool), new(pgtype.FlatArray[[16]byte]), new([]byte))
}

func historyRow() []any {
	return []any{new(string), new(string), new([]byte), new(int64), new(int64), new([]byte)}
}

// write sends the batches, each of which is a transaction.
func (w *bare) write(ctx context.Context, _ int) (float64, error) {
	var next atomic.Int64
	errs := make([]error, len(w.conns))
	var wg sync.WaitGroup
	begin := time.Now()
	for i, conn := range w.conns {
		wg.Go(func() {
			for errs[i] == nil {
				n := int(next.Add(1)) - 1
				if n >= len(w.calls) {
					return
				}
				errs[i] = conn.SendBatch(ctx, w.calls[n]).Close()
			}
		})
	}
	wg.Wait()
	return slice / time.Since(begin).Seconds(), errors.Join(errs...)
}
