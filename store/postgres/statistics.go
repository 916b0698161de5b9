package postgres

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
)

// statistics are what the database's ANALYZE has found out, for choosing how to ask it. They may be old or missing: then
// a search takes longer, and finds the same.
type statistics struct{ known atomic.Pointer[known] }

type known struct {
	findings float64
	// shares are how large a part of the findings has a term, of those that are common.
	shares map[term]float64
	// rare is the share of a term that is not common.
	rare float64
	// trigrams says that titles have their index.
	trigrams bool
	// citus says that tables may lie on several nodes: these cannot run joins with lines.
	citus bool
}

// Without statistics there are many findings, and a term is taken to be rare, as PostgreSQL does.
const (
	manyFindings = 1e6
	rareShare    = 0.0005
)

// rarer is how much rarer than the rarest common term others are taken to be. To collect in vain costs little; to
// wait in order for what hardly comes costs a look at everything.
const rarer = 100

// statisticsEvery is how often they are read anew.
const statisticsEvery = 30 * time.Second

const selectStatistics = `SELECT coalesce((SELECT reltuples FROM pg_class WHERE oid = 'finding'::regclass), 0)::float8,
  to_regclass('finding_title') IS NOT NULL, EXISTS (SELECT FROM pg_extension WHERE extname = 'citus'),
  s.elems, s.freqs FROM (SELECT 1) one LEFT JOIN LATERAL (
    SELECT most_common_elems::text::uuid[] AS elems, most_common_elem_freqs::float4[] AS freqs FROM pg_stats
    WHERE schemaname = current_schema() AND tablename = 'finding' AND attname = 'terms' LIMIT 1) s ON TRUE`

// read reads them anew.
func (s *statistics) read(ctx context.Context, conn *pgxpool.Conn) error {
	var k known
	var elements []pgtype.UUID
	var shares []float32
	if err := conn.QueryRow(ctx, selectStatistics).Scan(&k.findings, &k.trigrams, &k.citus, &elements, &shares); err != nil {
		return err
	}
	k.rare, k.shares = rareShare, map[term]float64{}
	// Behind the shares of the elements are the least of them, the greatest and that of none.
	if len(elements) > 0 && len(shares) >= len(elements) {
		for i, e := range elements {
			k.shares[e.Bytes] = float64(shares[i])
		}
		k.rare = float64(slices.Min(shares[:len(elements)])) / rarer
	}
	if k.findings < 1 { // nobody has counted yet
		k.findings = manyFindings
	}
	s.known.Store(&k)
	return nil
}

// get gives what is known, which may be nothing.
func (s *statistics) get() *known {
	if k := s.known.Load(); k != nil {
		return k
	}
	return &known{findings: manyFindings, rare: rareShare}
}

// of gives the share of the findings that have one of some terms.
func (k *known) of(terms []term) float64 {
	sum := 0.0
	for _, t := range terms {
		if share, common := k.shares[t]; common {
			sum += share
		} else {
			sum += k.rare
		}
	}
	return min(sum, 1)
}
