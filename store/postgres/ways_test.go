package postgres_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
	"github.com/findinghub/findinghub/store/postgres"
	"github.com/findinghub/findinghub/store/postgres/pgtest"
	"github.com/findinghub/findinghub/store/storetest"
)

// ways are all in which hubs can be asked; with a small bound, collecting is given up again and again.
var ways = []struct {
	name string
	most int
}{{"apart", 0}, {"in order", 0}, {"by terms", 2}, {"by terms", 10_000}, {"by candidates", 2}, {"by candidates", 10_000}}

// TestSearches: every way of asking finds the same, in the same order.
func TestSearches(t *testing.T) {
	t.Parallel()
	for _, w := range ways {
		t.Run(fmt.Sprint(w.name, " ", w.most), func(t *testing.T) {
			t.Parallel()
			storetest.RunSearches(t, func(t *testing.T, dir string, o storetest.Options) store.Engine {
				options := postgres.Options{URL: pgtest.Database(t, dir), Events: o.Events}
				options.Searching(w.name, w.most)
				return openWith(t, options)
			})
		})
	}
}

// skewed are findings of a dozen hubs, of which one has most of the newest ones and others have none of either
// kind. Some have no time.
func skewed() (all []finding.Key, ms []store.Mutation, s store.Scope) {
	s.Regions = []string{region}
	for a := range 12 {
		account := fmt.Sprintf("%012d", 100+a)
		s.Accounts = append(s.Accounts, account)
		n := 5 + a%3
		if a == 4 {
			n = 150
		}
		for i := range n {
			f := ofKey(keyIn(account, fmt.Sprintf("%03d", i)))
			f.SetText("UpdatedAt", fmt.Sprintf("2024-05-%02dT07:08:09.000Z", 1+(i*7+a)%28))
			if i%9 == 8 {
				f.Delete("UpdatedAt")
			}
			f.SetText("Title", fmt.Sprintf("title of kind%d", i%2))
			f.SetText("GeneratorId", fmt.Sprint("kind", i%2))
			m := put(f)
			all, ms = append(all, m.Key), append(ms, m)
		}
	}
	return all, ms, s
}

// TestSkewedHubs: pages of several hubs are right wherever their findings lie, forwards and backwards.
func TestSkewedHubs(t *testing.T) {
	t.Parallel()
	_, ms, scope := skewed()
	url := pgtest.Database(t, t.TempDir())
	fill := openWith(t, postgres.Options{URL: url})
	apply(t, fill, ms...)
	for _, w := range ways {
		options := postgres.Options{URL: url}
		options.Searching(w.name, w.most)
		e := openWith(t, options)
		for _, descending := range []bool{true, false} {
			for _, x := range []filter.Expr{
				filter.Const(true),
				filter.TextTerm{Attribute: filter.GeneratorId, Value: "kind1"},
				filter.TextTerm{Attribute: filter.Title, Op: filter.ContainsWord, Value: "kind1"},
				filter.Not{X: filter.TextTerm{Attribute: filter.GeneratorId, Value: "kind0"}},
			} {
				q := store.Query{Scope: scope, Filter: x, Limit: 13, Sort: []filter.Order{{Attribute: filter.UpdatedAt, Descending: descending}}}
				got, want := pagesOf(t, e, q), sortedOf(ms, q)
				if !slices.Equal(got, want) {
					t.Errorf("%s, at most %d, %v, descending %t: %d findings, want %d\n%v\n%v", w.name, w.most, x, descending, len(got), len(want), got, want)
				}
			}
		}
	}
}

// pagesOf walks all pages.
func pagesOf(t *testing.T, e store.Engine, q store.Query) (keys []finding.Key) {
	t.Helper()
	for {
		page, err := e.Find(context.Background(), q)
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, page.Keys...)
		if page.Next == nil {
			return keys
		}
		q.After = page.Next
	}
}

// sortedOf is the answer by the rules alone.
func sortedOf(ms []store.Mutation, q store.Query) (keys []finding.Key) {
	type one struct {
		key  finding.Key
		sort []filter.SortValue
	}
	var all []one
	for _, m := range ms {
		o, _ := m.Apply(nil)
		if vs := filter.Extract(o.Stored.Finding, nil); filter.Match(q.Filter, vs) {
			all = append(all, one{m.Key, filter.SortKey(q.Sort, vs)})
		}
	}
	slices.SortFunc(all, func(a, b one) int {
		if n := filter.CompareSort(q.Sort, a.sort, b.sort); n != 0 {
			return n
		}
		return a.key.Compare(b.key)
	})
	for _, o := range all {
		keys = append(keys, o.key)
	}
	return keys
}
