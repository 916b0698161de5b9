package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/findinghub/findinghub/store"
)

// standing is how far a stream is: what is equal for streams that one statement can go on with.
type standing struct {
	stage int
	from  *store.Cursor
	limit int
}

// groups puts together the streams that are equally far. Where the hub is sorted by first, hubs come one after
// another, so that to ask all of them would be in vain.
func (f *finder) groups(streams []*stream) (groups [][]*stream) {
	at := map[standing]int{}
	for _, s := range streams {
		i, known := at[standing{s.stage, s.from, s.limit}]
		if !known || f.apart() {
			i = len(groups)
			at[standing{s.stage, s.from, s.limit}] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], s)
	}
	return groups
}

// apart says whether each hub is to be asked by itself.
func (f *finder) apart() bool {
	return f.o.apart || f.statistics.get().citus || len(f.columns) > 0 && f.columns[0].hub != ""
}

// fetchTogether reads the next findings of several streams by one statement: some of each, and of these the first
// ones altogether. So every stream has been read as far as the last of them, unless it gave all that it was asked for.
func (f *finder) fetchTogether(ctx context.Context, conn *pgxpool.Conn, group []*stream) error {
	first := group[0]
	stage, from, each := first.stage, first.from, first.limit
	limit := f.together
	f.together = max(limit, min(4*limit, 2*mostAtOnce))
	of, hubs := map[hub]*stream{}, make([]hub, 0, len(group))
	for _, s := range group {
		of[s.hub] = s
		hubs = append(hubs, s.hub)
	}
	sql, args := newAcross(hubs, f.q.Filter, f.columns, ordered).inOrder(stage, from, each, limit)
	rows, err := conn.Query(ctx, sql, planned(args)...)
	if err != nil {
		return err
	}
	given, last, err := f.deal(rows, of)
	if err != nil {
		return err
	}
	n := 0
	for _, of := range given {
		n += of
	}
	end := last.cursor() // the same for all, so that they stay together
	for _, s := range group {
		switch {
		case given[s] == each:
		case n == limit:
			s.from = end
		default:
			f.advance(s)
		}
		f.widen(s)
	}
	return nil
}

// deal gives each row to its hub's stream, and says how many each got and what the last one is.
func (f *finder) deal(rows pgx.Rows, of map[hub]*stream) (given map[*stream]int, last found, err error) {
	defer rows.Close()
	given = map[*stream]int{}
	for rows.Next() {
		matches, err := f.read(rows.RawValues(), &last)
		if err != nil {
			return nil, last, err
		}
		s := of[hubOf(last.key)]
		if s == nil {
			return nil, last, errBug
		}
		given[s]++
		s.from = last.cursor()
		if matches {
			s.buffer = append(s.buffer, last)
		}
	}
	return given, last, rows.Err()
}
