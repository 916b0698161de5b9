package sqlite

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/search"
	"github.com/findinghub/findinghub/store"
)

// TestSortedByRows: hits in any order give the same pages as those that the index sorts.
func TestSortedByRows(t *testing.T) {
	e := mustOpen(t, Options{Dir: t.TempDir()})
	var ms []store.Mutation
	for i := range 50 {
		ms = append(ms, testPut(fmt.Sprint(i), fmt.Sprint("title ", i%7)))
	}
	mustApply(t, e, ms...)
	title := mustLookup(t, "Title")
	shuffle := rand.New(rand.NewPCG(1, 2))
	for _, order := range [][]filter.Order{nil, {{Attribute: title}}, {{Attribute: title, Descending: true}}} {
		for _, limit := range []int{1, 7, 44, 45, 46} {
			q := store.Query{Scope: testHub, Sort: order, Limit: limit,
				Filter: filter.Not{X: filter.TextTerm{Attribute: mustLookup(t, "Id"), Op: filter.Prefix, Value: "4"}}}
			// All findings, so that the filter has to be looked at, too.
			all := e.index.Find(search.Query{Accounts: testHub.Accounts, Regions: testHub.Regions, Filter: filter.And{}, Limit: 100}).Hits
			for page := 0; ; page++ {
				shuffle.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
				got, err := (&finder{Engine: e, q: q}).sorted(context.Background(), all)
				want, werr := e.Find(context.Background(), q)
				if err != nil || werr != nil {
					t.Fatal(err, werr)
				}
				if !slices.Equal(got.Keys, want.Keys) || !slices.EqualFunc(got.Findings, want.Findings, bytes.Equal) || (got.Next == nil) != (want.Next == nil) {
					t.Fatalf("by %v, page %d of %d: %v, want %v", order, page, limit, got.Keys, want.Keys)
				}
				if q.After = got.Next; q.After == nil {
					break
				}
			}
		}
	}
}

// TestLongTexts: searches and sorts by texts of which the index has let go.
func TestLongTexts(t *testing.T) {
	e := mustOpen(t, Options{Dir: t.TempDir()})
	const findings = 180
	noise := strings.Repeat("long text that differs from finding to finding only at its ends. ", 3_400)
	for i := range findings {
		mustApply(t, e, testPut(fmt.Sprint(i), fmt.Sprintf("%03d %s %03d", (i*77)%findings, noise, i)))
	}
	description := mustLookup(t, "Description")
	q := store.Query{Scope: testHub, Filter: filter.And{}, Sort: []filter.Order{{Attribute: description}}, Limit: 50}
	if res := e.index.Find(search.Query{Accounts: testHub.Accounts, Regions: testHub.Regions, Filter: q.Filter, Sort: q.Sort, Limit: 1}); !res.Unsorted {
		t.Fatal("the index holds all texts; the test needs more of them")
	}
	n := 0
	for {
		page, err := e.Find(context.Background(), q)
		if err != nil {
			t.Fatal(err)
		}
		for i := range page.Keys {
			if want := fmt.Sprintf(`"Title":"%03d `, n); !bytes.Contains(page.Findings[i], []byte(want)) {
				t.Fatalf("finding %d of the order is %.100s", n, page.Findings[i])
			}
			n++
		}
		if q.After = page.Next; q.After == nil {
			break
		}
	}
	if n != findings {
		t.Errorf("the pages have %d findings, want %d", n, findings)
	}
	one := filter.TextTerm{Attribute: description, Op: filter.Contains, Value: "ends.  077, described"}
	if n, err := e.Count(context.Background(), testHub, one); err != nil || n != 1 {
		t.Errorf("%d findings have the text, %v; want 1", n, err)
	}
}
