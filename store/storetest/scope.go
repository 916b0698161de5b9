package storetest

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
)

var scopeChecks = map[string]func(*testing.T, Opener){"Scopes": scopes}

// scopes: findings with the same product and id in several accounts and regions are
// different findings, and no read sees outside its scope.
func scopes(t *testing.T, open Opener) {
	e, dir := startAt(t, open)
	accounts := []string{"111111111111", "222222222222", "333333333333"}
	regions := []string{"eu-west-1", "us-east-1"}
	var ms []store.Mutation
	for i, a := range accounts {
		for j, r := range regions {
			k := keyIn(a, r, "same")
			ms = append(ms, put(sample(k, "GeneratorId", fmt.Sprintf(`"%s in %s"`, a, r))))
			// As many increments as make each hub different.
			for range 1 + 2*i + j {
				ms = append(ms, increment(k))
			}
		}
	}
	apply(t, e, ms...)
	for _, when := range []string{"at once", "after opening again"} {
		for i, a := range accounts {
			for j, r := range regions {
				k := keyIn(a, r, "same")
				if got := get(t, e, k); got == nil || got.Key() != k || counter(got) != 1+2*i+j {
					t.Errorf("%s: Get of %s in %s: %s", when, a, r, show(got))
				}
				checkCounterHistory(t, e, k, 1+2*i+j)
			}
		}
		checkScopes(t, e, accounts, regions)
		e = reopen(t, open, e, dir)
	}
}

// checkScopes asks for every subset of the accounts and of the regions.
func checkScopes(t *testing.T, e store.Engine, accounts, regions []string) {
	for some := range 1 << len(accounts) {
		for others := range 1 << len(regions) {
			s := store.Scope{Accounts: subset(accounts, some), Regions: subset(regions, others)}
			checkScope(t, e, s, s)
			// Saying it twice does not count it twice, and what does not exist adds nothing.
			twice := store.Scope{
				Accounts: append(slices.Clone(s.Accounts), append(s.Accounts, "999999999999")...),
				Regions:  append(slices.Clone(s.Regions), append(s.Regions, "mars-north-1")...),
			}
			checkScope(t, e, twice, s)
		}
	}
}

func subset(of []string, bits int) (some []string) {
	for i, s := range of {
		if bits&(1<<i) != 0 {
			some = append(some, s)
		}
	}
	return some
}

// checkScope wants exactly the hubs of want when asked for s.
func checkScope(t *testing.T, e store.Engine, s, want store.Scope) {
	t.Helper()
	var keys []finding.Key
	for _, a := range want.Accounts {
		for _, r := range want.Regions {
			keys = append(keys, keyIn(a, r, "same"))
		}
	}
	slices.SortFunc(keys, finding.Key.Compare)
	if got := findAll(t, e, store.Query{Scope: s, Filter: everything, Limit: 2}).Keys; !slices.Equal(got, keys) {
		t.Errorf("Find in %v: %v, want %v", s, got, keys)
	}
	if n, err := e.Count(context.Background(), s, everything); err != nil || n != len(keys) {
		t.Errorf("Count in %v: %d, %v; want %d", s, n, err, len(keys))
	}
	buckets, err := e.GroupBy(context.Background(), s, everything, attribute(t, "GeneratorId"), 100)
	if err != nil || len(buckets) != len(keys) {
		t.Fatalf("GroupBy in %v: %v, %v; want %d", s, buckets, err, len(keys))
	}
	for i, k := range keys {
		if want := (store.Bucket{Value: k.Account + " in " + k.Region, Count: 1}); buckets[i] != want {
			t.Errorf("GroupBy in %v: %v, want %v", s, buckets[i], want)
		}
	}
}
