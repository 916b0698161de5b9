package memory_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/findinghub/findinghub/asff"
	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
	"github.com/findinghub/findinghub/store/memory"
)

// Package storetest runs its suite over this engine, and then trusts it. So what it is
// trusted for is written out here by hand once more.

func stored(t *testing.T, json string) store.Mutation {
	t.Helper()
	f, err := asff.Parse([]byte(json))
	if err != nil {
		t.Fatal(err)
	}
	s := finding.Stored{Finding: f}
	return store.Mutation{Key: s.Key(), Apply: func(*finding.Stored) (finding.Outcome, error) {
		return finding.Outcome{Changed: true, Stored: s}, nil
	}}
}

func sampleEngine(t *testing.T) *memory.Engine {
	t.Helper()
	e := memory.New()
	errs, err := e.Apply(context.Background(), []store.Mutation{
		stored(t, `{"AwsAccountId":"1","Region":"r","ProductArn":"p","Id":"a","Title":"x","UpdatedAt":"2024-01-02T00:00:00Z","Types":["T","U"]}`),
		stored(t, `{"AwsAccountId":"1","Region":"r","ProductArn":"p","Id":"b","Title":"y","UpdatedAt":"2024-01-03T00:00:00Z","Types":["U"]}`),
		stored(t, `{"AwsAccountId":"1","Region":"r","ProductArn":"p","Id":"c","Title":"x","Types":[]}`),
		stored(t, `{"AwsAccountId":"1","Region":"s","ProductArn":"p","Id":"a","Title":"x","UpdatedAt":"2024-01-02T00:00:00Z"}`),
		stored(t, `{"AwsAccountId":"2","Region":"r","ProductArn":"p","Id":"a","Title":"x","UpdatedAt":"2024-01-01T00:00:00Z"}`),
	})
	if err = errors.Join(append(errs, err)...); err != nil {
		t.Fatal(err)
	}
	return e
}

func lookup(t *testing.T, name string) filter.Attribute {
	t.Helper()
	a, ok := filter.Lookup(name)
	if !ok {
		t.Fatalf("no attribute %s", name)
	}
	return a
}

// TestFind: by the sort, absent values last, ties by key; pages go on after the last one's place.
func TestFind(t *testing.T) {
	e := sampleEngine(t)
	isX := filter.TextTerm{Attribute: lookup(t, "Title"), Value: "x"}
	both := store.Scope{Accounts: []string{"2", "1"}, Regions: []string{"s", "r"}}
	updated := lookup(t, "UpdatedAt")
	for _, c := range []struct {
		name   string
		scope  store.Scope
		filter filter.Expr
		sort   []filter.Order
		want   []string
	}{
		{"everything by key", both, filter.And{}, nil, []string{"1/r/a", "1/r/b", "1/r/c", "1/s/a", "2/r/a"}},
		{"newest first", both, filter.And{}, []filter.Order{{Attribute: updated, Descending: true}}, []string{"1/r/b", "1/r/a", "1/s/a", "2/r/a", "1/r/c"}},
		{"oldest first", both, filter.And{}, []filter.Order{{Attribute: updated}}, []string{"2/r/a", "1/r/a", "1/s/a", "1/r/b", "1/r/c"}},
		{"a filter", both, isX, nil, []string{"1/r/a", "1/r/c", "1/s/a", "2/r/a"}},
		{"one region", store.Scope{Accounts: both.Accounts, Regions: []string{"s"}}, filter.And{}, nil, []string{"1/s/a"}},
		{"one account", store.Scope{Accounts: []string{"2"}, Regions: both.Regions}, isX, nil, []string{"2/r/a"}},
		{"no account", store.Scope{Regions: both.Regions}, filter.And{}, nil, nil},
	} {
		for limit := 1; limit < 7; limit++ {
			q := store.Query{Scope: c.scope, Filter: c.filter, Sort: c.sort, Limit: limit}
			var got []string
			for {
				page, err := e.Find(context.Background(), q)
				if err != nil {
					t.Fatal(err)
				}
				for _, k := range page.Keys {
					got = append(got, k.Account+"/"+k.Region+"/"+k.ID)
				}
				if q.After = page.Next; q.After == nil {
					break
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%s, pages of %d: %v, want %v", c.name, limit, got, c.want)
			}
			if n, err := e.Count(context.Background(), c.scope, c.filter); err != nil || n != len(c.want) {
				t.Errorf("%s: counted %d, %v; want %d", c.name, n, err, len(c.want))
			}
		}
	}
}

func TestGroupBy(t *testing.T) {
	e := sampleEngine(t)
	scope := store.Scope{Accounts: []string{"1"}, Regions: []string{"r"}}
	got, err := e.GroupBy(context.Background(), scope, filter.And{}, lookup(t, "Type"), 10)
	if want := []store.Bucket{{Value: "U", Count: 2}, {Value: "T", Count: 1}}; err != nil || !slices.Equal(got, want) {
		t.Errorf("by type: %v, %v; want %v", got, err, want)
	}
}

// TestEventsByHand: what the suite compares events with, without the suite.
func TestEventsByHand(t *testing.T) {
	ctx := context.Background()
	e := memory.NewWithEvents([16]byte{7})
	for _, title := range []string{"x", "y", "z"} {
		if _, err := e.Apply(ctx, []store.Mutation{stored(t, `{"AwsAccountId":"1","Region":"r","ProductArn":"p","Id":"a","Title":"`+title+`"}`)}); err != nil {
			t.Fatal(err)
		}
	}
	want := `{"AwsAccountId":"1","Region":"r","ProductArn":"p","Id":"a","Title":"y"}`
	got, err := e.Events(ctx, "1", 1)
	if err != nil || len(got) != 1 || string(got[0].Finding) != want || got[0].Cursor != "2" || got[0].ID != store.EventID([16]byte{7}, 2, []byte(want)) {
		t.Errorf("the second event is %v, %v", got, err)
	}
	if n, err := e.TrimEvents(ctx, "2", 5); n != 2 || err != nil {
		t.Errorf("trimmed %d, %v", n, err)
	}
	if n, _, err := e.Backlog(ctx, "1"); n != 1 || err != nil {
		t.Errorf("the backlog is %d, %v", n, err)
	}
	e.KeepEvents(false)
	if _, err := e.Apply(ctx, []store.Mutation{stored(t, want)}); err != nil {
		t.Fatal(err)
	}
	if last, err := e.LastEvent(ctx); last != "3" || err != nil {
		t.Errorf("the last event is %s, %v", last, err)
	}
}

// TestScanByHand: account, region, product, id; pages go on after a key.
func TestScanByHand(t *testing.T) {
	ctx := context.Background()
	e := sampleEngine(t)
	var got []string
	var after *finding.Key
	for {
		page, err := e.Scan(ctx, after, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range page {
			got = append(got, w.Key.Account+"/"+w.Key.Region+"/"+w.Key.ID)
		}
		if len(page) < 2 {
			break
		}
		after = &page[1].Key
	}
	if want := []string{"1/r/a", "1/r/b", "1/r/c", "1/s/a", "2/r/a"}; !slices.Equal(got, want) {
		t.Errorf("scanned %v, want %v", got, want)
	}
	k := finding.Key{Account: "1", Region: "r", ProductArn: "p", ID: "b"}
	n, err := e.Erase(ctx, []finding.Key{k, k, {}}, func(s *finding.Stored) bool { return s.Finding.Text("Title") == "y" })
	if n != 1 || err != nil {
		t.Errorf("erased %d, %v", n, err)
	}
	if s, err := e.Stats(ctx); s.Findings != 4 || err != nil {
		t.Errorf("%d findings are left, %v", s.Findings, err)
	}
}
