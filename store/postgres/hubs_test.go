package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/store"
	"github.com/findinghub/findinghub/store/memory"
	"github.com/findinghub/findinghub/store/postgres"
	"github.com/findinghub/findinghub/store/postgres/pgtest"
)

// TestManyHubs: a search over more hubs than a page has findings merges them as the model does, whatever
// the sort, the size of the page and how unevenly the findings lie.
func TestManyHubs(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	e, model := open(t, t.TempDir(), false), memory.New()
	r := rand.New(rand.NewPCG(1, 2))
	var s store.Scope
	var ms []store.Mutation
	for a := range 14 {
		s.Accounts = append(s.Accounts, name("%012d", a))
		for n := range a * a / 2 {
			k := keyIn(s.Accounts[a], fmt.Sprint(n))
			k.Region = []string{"r", "s"}[n%2]
			f := ofKey(k)
			f.SetText("Title", []string{"x", "y", "z"}[r.IntN(3)])
			f.SetText("UpdatedAt", time.Unix(int64(r.IntN(20)), 0).UTC().Format(time.RFC3339))
			if r.IntN(5) == 0 {
				f.Delete("UpdatedAt")
			}
			f.Set("Confidence", []byte(fmt.Sprint(r.IntN(4))))
			f.Set("Severity", quoted("Label", []string{"LOW", "HIGH", "odd"}[r.IntN(3)]))
			ms = append(ms, put(f))
		}
	}
	s.Accounts, s.Regions = append(s.Accounts, "nobody", s.Accounts[3]), []string{"s", "r", "t"}
	apply(t, e, ms...)
	apply(t, model, ms...)
	by := func(a filter.Attribute, descending bool) filter.Order {
		return filter.Order{Attribute: a, Descending: descending}
	}
	filters := []filter.Expr{
		filter.And{}, filter.TextTerm{Attribute: filter.Title, Value: "x"}, filter.KeywordTerm{Value: "Y"},
		filter.Not{X: filter.TextTerm{Attribute: filter.AwsAccountId, Op: filter.Prefix, Value: "00000000000"}},
		filter.Or{filter.TextTerm{Attribute: filter.Region, Value: "r"}, filter.TextTerm{Attribute: filter.SeverityLabel, Value: "odd"}},
	}
	for _, sort := range [][]filter.Order{
		nil, {by(filter.UpdatedAt, true)}, {by(filter.UpdatedAt, false)}, {by(filter.SeverityLabel, true), by(filter.UpdatedAt, false)},
		{by(filter.Region, true), by(filter.Confidence, false), by(filter.AwsAccountId, true)}, {by(filter.Title, true), by(filter.AwsAccountId, true)},
		{by(filter.ProductName, false), by(filter.Title, false)},
	} {
		for i, x := range filters {
			for _, limit := range []int{7, 100} {
				q := store.Query{Scope: s, Filter: x, Sort: sort, Limit: limit}
				for {
					got, err := e.Find(ctx, q)
					want, _ := model.Find(ctx, q)
					if err != nil || !slices.Equal(got.Keys, want.Keys) || (got.Next == nil) != (want.Next == nil) {
						t.Fatalf("%v by %v, pages of %d: %v, %v; want %v", x, sort, limit, got.Keys, err, want.Keys)
					}
					if q.After = got.Next; q.After == nil || i > 0 && limit < 100 {
						break
					}
				}
			}
		}
	}
	for _, x := range filters {
		n, err := e.Count(ctx, s, x)
		if want, _ := model.Count(ctx, s, x); err != nil || n != want {
			t.Errorf("%v counts %d, %v; want %d", x, n, err, want)
		}
		for _, a := range []filter.Attribute{filter.SeverityLabel, filter.Title, filter.AwsAccountId, filter.Type} {
			got, err := e.GroupBy(ctx, s, x, a, 2)
			if want, _ := model.GroupBy(ctx, s, x, a, 2); err != nil || !slices.Equal(got, want) {
				t.Errorf("%v by %v: %v, %v; want %v", x, a, got, err, want)
			}
		}
	}
}

// TestStatementTimeout: a statement that takes too long fails as the store's fault, and the engine goes on.
func TestStatementTimeout(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	url := pgtest.Database(t, t.TempDir())
	e := openWith(t, postgres.Options{URL: url, StatementTimeout: 200 * time.Millisecond, Patience: time.Second})
	apply(t, e, count(keyOf("a")))
	conn := connect(t, url)
	run(t, conn, "BEGIN")
	run(t, conn, "LOCK TABLE finding")
	var unavailable *findinghub.Error
	if _, err := e.Count(ctx, everywhere(), filter.And{}); !errors.As(err, &unavailable) || unavailable.Code != findinghub.CodeUnavailable {
		t.Errorf("Count: %v", err)
	}
	run(t, conn, "ROLLBACK")
	if n, err := e.Count(ctx, everywhere(), filter.And{}); err != nil || n != 1 {
		t.Errorf("Count: %d, %v", n, err)
	}
}

// TestPoolLimit: more calls than connections wait for each other and all succeed.
func TestPoolLimit(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	e, err := postgres.Open(ctx, postgres.Options{URL: pgtest.Database(t, t.TempDir()), Writers: 1, Readers: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	inParallel(12, func(int) {
		if errs, err := e.Apply(ctx, []store.Mutation{count(sharedKey)}); err != nil || errs[0] != nil {
			t.Errorf("Apply: %v, %v", errs, err)
		}
		if _, err := e.Count(ctx, everywhere(), filter.And{}); err != nil {
			t.Errorf("Count: %v", err)
		}
	})
	checkCount(t, e, sharedKey, 12, 12, false)
}
