package storetest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
)

var findChecks = map[string]func(*testing.T, Opener){
	"FindPages":       findPages,
	"FindRareText":    findRareText,
	"FindLastPage":    findLastPage,
	"FindWhileWrites": findWhileWrites,
}

// attribute looks one up that must be there.
func attribute(t testing.TB, name string) filter.Attribute {
	t.Helper()
	a, ok := filter.Lookup(name)
	if !ok {
		t.Fatalf("there is no attribute %s", name)
	}
	return a
}

// findPages: pages of every size give the same findings in the one total order: by the sort,
// then by key, which breaks ties also among findings that are equal to the sort.
func findPages(t *testing.T, open Opener) {
	e := start(t, open)
	var ms []store.Mutation
	for i := range 60 {
		updated := fmt.Sprintf(`"2024-05-%02dT00:00:00.000Z"`, 1+i%5)
		ms = append(ms, put(sample(keyOf(fmt.Sprintf("finding-%02d", (i*37)%60)), "UpdatedAt", updated)))
	}
	apply(t, e, ms...)
	byDay := []filter.Order{{Attribute: attribute(t, "UpdatedAt"), Descending: true}}
	var want []finding.Key
	for _, m := range ms {
		want = append(want, m.Key)
	}
	slices.SortFunc(want, finding.Key.Compare)
	slices.SortStableFunc(want, func(a, b finding.Key) int {
		f := func(k finding.Key) string { return get(t, e, k).Finding.Text("UpdatedAt") }
		return -compareText(f(a), f(b))
	})
	for _, limit := range []int{1, 7, 59, 60, 61, 1000} {
		page := findAll(t, e, store.Query{Scope: hub(account, region), Filter: everything, Sort: byDay, Limit: limit})
		if !slices.Equal(page.Keys, want) {
			t.Errorf("pages of %d: %v, want %v", limit, ids(page.Keys), ids(want))
		}
		for i, k := range page.Keys {
			if got, want := string(page.Findings[i]), string(get(t, e, k).Finding.AppendJSON(nil)); got != want {
				t.Errorf("pages of %d: finding %s is %s, want %s", limit, k.ID, got, want)
			}
		}
	}
}

func compareText(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// findRareText: a few findings among many that only their long texts tell apart, which an
// engine may have to read to know.
func findRareText(t *testing.T, open Opener) {
	e := start(t, open)
	var ms []store.Mutation
	var want []finding.Key
	for i := range 1500 {
		k := keyOf(fmt.Sprintf("%04d", i))
		text := `"a plain description"`
		if i%97 == 5 {
			text = `"a needle in the haystack"`
			want = append(want, k)
		}
		ms = append(ms, put(sample(k, "Description", text)))
	}
	for batch := range slices.Chunk(ms, 100) {
		apply(t, e, batch...)
	}
	needle := filter.TextTerm{Attribute: attribute(t, "Description"), Op: filter.Contains, Value: "needle"}
	byID := []filter.Order{{Attribute: attribute(t, "Id")}}
	for _, limit := range []int{3, len(want), 100} {
		page := findAll(t, e, store.Query{Scope: hub(account, region), Filter: needle, Sort: byID, Limit: limit})
		if !slices.Equal(page.Keys, want) {
			t.Errorf("pages of %d: %v, want %v", limit, ids(page.Keys), ids(want))
		}
	}
	n, err := e.Count(context.Background(), hub(account, region), filter.Not{X: needle})
	if err != nil || n != len(ms)-len(want) {
		t.Errorf("%d findings without it, %v; want %d", n, err, len(ms)-len(want))
	}
	buckets, err := e.GroupBy(context.Background(), hub(account, region), everything, attribute(t, "Description"), 10)
	wantBuckets := []store.Bucket{{Value: "a plain description", Count: len(ms) - len(want)}, {Value: "a needle in the haystack", Count: len(want)}}
	if err != nil || !slices.Equal(buckets, wantBuckets) {
		t.Errorf("by description: %v, %v; want %v", buckets, err, wantBuckets)
	}
}

// findLastPage: a page that ends with the last finding says so, and a page after the
// last is empty.
func findLastPage(t *testing.T, open Opener) {
	e := start(t, open)
	q := store.Query{Scope: hub(account, region), Filter: everything, Limit: 2}
	if page, err := e.Find(context.Background(), q); err != nil || len(page.Keys) != 0 || page.Next != nil {
		t.Errorf("a page of an empty engine: %v, %v", page, err)
	}
	apply(t, e, put(sample(keyOf("a"))), put(sample(keyOf("b"))))
	if page, err := e.Find(context.Background(), q); err != nil || len(page.Keys) != 2 || page.Next != nil {
		t.Errorf("a page with everything: %v, %v", page, err)
	}
	q.After = &store.Cursor{Sort: []filter.SortValue{}, Key: keyOf("b")}
	if page, err := e.Find(context.Background(), q); err != nil || len(page.Keys) != 0 || page.Next != nil {
		t.Errorf("a page after the last: %v, %v", page, err)
	}
}

// findWhileWrites: while others write, paging neither repeats nor skips a finding that
// does not change.
func findWhileWrites(t *testing.T, open Opener) {
	e := start(t, open)
	stable := func(i int) finding.Key { return keyOf(fmt.Sprintf("stable-%03d", i)) }
	updated := func(i int) string { return fmt.Sprintf(`"2024-05-06T07:%02d:00.000Z"`, i%60) }
	var ms []store.Mutation
	for i := range 200 {
		ms = append(ms, put(sample(stable(i), "UpdatedAt", updated(i*7))))
	}
	apply(t, e, ms...)
	q := store.Query{
		Scope: hub(account, region), Filter: everything, Limit: 7,
		Sort: []filter.Order{{Attribute: attribute(t, "UpdatedAt"), Descending: true}},
	}
	want := findAll(t, e, q).Keys

	stop := make(chan struct{})
	var writers sync.WaitGroup
	defer writers.Wait()
	defer close(stop)
	for w := range 2 {
		writers.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				// Findings that appear and move all over the order.
				k := keyOf(fmt.Sprintf("moving-%d-%02d", w, i%40))
				if errs, err := e.Apply(context.Background(), []store.Mutation{put(sample(k, "UpdatedAt", updated(i*13)))}); err != nil || errs[0] != nil {
					t.Errorf("Apply: %v, %v", errs, err)
					return
				}
			}
		})
	}
	for range 10 {
		// A finding that moves backwards may be met again, so the order is that of the others.
		got := slices.DeleteFunc(findAll(t, e, q).Keys, func(k finding.Key) bool { return k.ID[0] == 'm' })
		if !slices.Equal(got, want) {
			t.Fatalf("got %v, want %v", ids(got), ids(want))
		}
	}
}
