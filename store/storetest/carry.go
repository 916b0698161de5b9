package storetest

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
	"github.com/findinghub/findinghub/store/memory"
)

var carryChecks = map[string]func(*testing.T, Opener){
	"Carry":           carryBetween,
	"CarryRandom":     carryRandom,
	"Scan":            scanPages,
	"ScanWhileWrites": scanWhileWrites,
	"Load":            loadReplaces,
	"LoadRefuses":     loadRefuses,
	"ScanRecords":     scanRecords,
}

// scanAll reads everything in pages of limit.
func scanAll(t testing.TB, e store.Engine, limit int) (all []store.Whole) {
	t.Helper()
	var after *finding.Key
	for {
		page, err := e.Scan(context.Background(), after, limit)
		if err != nil || len(page) > limit {
			t.Fatalf("Scan: %d findings, limit %d, %v", len(page), limit, err)
		}
		if after != nil && len(page) > 0 && page[0].Key.Compare(*after) <= 0 {
			t.Fatalf("Scan: after %v comes %v", *after, page[0].Key)
		}
		all = append(all, page...)
		if len(page) < limit {
			return all
		}
		after = &page[len(page)-1].Key
	}
}

// scanAllRecords reads all records in pages of limit.
func scanAllRecords(t testing.TB, e store.Engine, limit int) (all []store.Record) {
	t.Helper()
	var after *store.Record
	for {
		page, err := e.ScanRecords(context.Background(), after, limit)
		if err != nil || len(page) > limit {
			t.Fatalf("ScanRecords: %d records, limit %d, %v", len(page), limit, err)
		}
		all = append(all, page...)
		if len(page) < limit {
			return all
		}
		if after = &page[len(page)-1]; len(all) > 10_000 {
			t.Fatal("ScanRecords: the pages do not end")
		}
	}
}

// carry copies everything from one engine to another.
func carry(t testing.TB, from, to store.Engine, limit int) {
	t.Helper()
	ctx := context.Background()
	for some := range slices.Chunk(scanAll(t, from, limit), limit) {
		if err := to.Load(ctx, some); err != nil {
			t.Fatalf("Load: %v", err)
		}
	}
	for _, r := range scanAllRecords(t, from, limit) {
		if err := to.PutRecord(ctx, r, false); err != nil {
			t.Fatalf("PutRecord: %v", err)
		}
	}
}

func sameWhole(a, b store.Whole) bool {
	return a.Key == b.Key && sameStored(&a.Stored, &b.Stored) && sameChanges(a.Changes, b.Changes)
}

// sameContents wants two engines to hold the same.
func sameContents(t testing.TB, a, b store.Engine) {
	t.Helper()
	all, others := scanAll(t, a, 100), scanAll(t, b, 100)
	if len(all) != len(others) {
		t.Fatalf("%d findings and %d", len(all), len(others))
	}
	for i := range all {
		if !sameWhole(all[i], others[i]) {
			t.Errorf("%s with %v, in the other %s with %v", show(&all[i].Stored), all[i].Changes, show(&others[i].Stored), others[i].Changes)
		}
	}
	if records, theirs := scanAllRecords(t, a, 100), scanAllRecords(t, b, 100); !slices.EqualFunc(records, theirs, sameRecord) {
		t.Errorf("the records are %v and %v", records, theirs)
	}
}

// fillHubs stores findings with histories in several hubs, and records.
func fillHubs(t *testing.T, e store.Engine) (keys []finding.Key) {
	var ms []store.Mutation
	for i, a := range []string{"222222222222", account} {
		for j, r := range []string{"us-east-1", region} {
			for n, id := range []string{"a", "日本", "a/b", "Z", "a b"} {
				k := keyIn(a, r, id)
				k.ProductArn += fmt.Sprint("/", n%2)
				keys, ms = append(keys, k), append(ms, put(sample(k, "GeneratorId", fmt.Sprintf(`"%s/%s"`, a, r))))
				for range i + 2*j + n {
					ms = append(ms, increment(k))
				}
			}
			for n := range 3 {
				r := recordIn(fmt.Sprint("c", n), a, r, fmt.Sprint("name", j), "\x00body\xff")
				if err := e.PutRecord(context.Background(), r, true); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	apply(t, e, ms...)
	slices.SortFunc(keys, finding.Key.Compare)
	return keys
}

// carryBetween: what an engine gives away, another of its kind and of another kind take in
// and answer the same from, also after opening again, and give it back.
func carryBetween(t *testing.T, open Opener) {
	from := start(t, open)
	keys := fillHubs(t, from)
	model := memory.New()
	carry(t, from, model, 7)
	sameContents(t, from, model)
	to, dir := startAt(t, open, events)
	carry(t, model, to, 3)
	for range 2 {
		sameContents(t, to, from)
		for _, k := range keys {
			if got, want := get(t, to, k), get(t, from, k); !sameStored(got, want) {
				t.Errorf("got %s, want %s", show(got), show(want))
			}
			checkCounterHistory(t, to, k, counter(get(t, from, k)))
		}
		q := store.Query{Scope: store.Scope{Accounts: []string{account, "222222222222"}, Regions: []string{region, "us-east-1"}}, Filter: everything, Limit: 4}
		if got := findAll(t, to, q); !slices.Equal(got.Keys, keys) {
			t.Errorf("found %v, want %v", got.Keys, keys)
		}
		to = reopen(t, open, to, dir, events)
	}
	checkTold(t, to, "")
	apply(t, to, increment(keys[0]))
	checkCounterHistory(t, to, keys[0], counter(get(t, to, keys[0])))
	checkTold(t, to, "", fmt.Sprint(keys[0].ID, ":", counter(get(t, to, keys[0]))))
}

// carryRandom: the same with random findings, which must then be found by the same filters.
func carryRandom(t *testing.T, open Opener) {
	model := memory.New()
	var trials atomic.Int64
	var last *trial
	rapid.Check(t, func(rt *rapid.T) {
		tr := &trial{engine: memory.New(), model: model}
		tr.draw(rt, trials.Add(1))
		tr.mutate(rt)
		tr.mutate(rt)
		last = tr
	})
	e, dir := startAt(t, open)
	carry(t, model, e, 50)
	sameContents(t, e, model)
	last.engine = e
	rapid.Check(t, last.compare)
	last.engine = reopen(t, open, e, dir)
	rapid.Check(t, last.compare)
}

// scanPages: in the order of keys, in pages of every size, from any key, there or not.
func scanPages(t *testing.T, open Opener) {
	ctx := context.Background()
	e := start(t, open)
	if all := scanAll(t, e, 10); len(all) != 0 {
		t.Errorf("an empty engine has %d findings", len(all))
	}
	keys := fillHubs(t, e)
	for limit := 1; limit <= len(keys)+1; limit++ {
		all := scanAll(t, e, limit)
		got := make([]finding.Key, len(all))
		for i := range all {
			got[i] = all[i].Key
			if n := counter(&all[i].Stored); all[i].Stored.Key() != all[i].Key || n != len(all[i].Changes) {
				t.Errorf("%v is %s with %d records", all[i].Key, show(&all[i].Stored), len(all[i].Changes))
			}
		}
		if !slices.Equal(got, keys) {
			t.Errorf("pages of %d: %v, want %v", limit, got, keys)
		}
	}
	for _, after := range []finding.Key{{}, {Account: account}, keyOf("nobody"), {Account: "111111111112"}, keyIn(account, "zz", ""), {Account: "9"}} {
		page, err := e.Scan(ctx, &after, 1)
		at, _ := slices.BinarySearchFunc(keys, after, finding.Key.Compare)
		if err != nil || at < len(keys) != (len(page) == 1) || len(page) == 1 && page[0].Key != keys[at] {
			t.Errorf("after %v: %v, %v", after, page, err)
		}
	}
}

// scanWhileWrites: what is there all the time is scanned once, whole, while others
// change, make and erase; each is of one moment.
func scanWhileWrites(t *testing.T, open Opener) {
	e := start(t, open)
	const findings = 60
	var ms []store.Mutation
	for i := range findings {
		ms = append(ms, createOrIncrementFrom1(keyOf(fmt.Sprintf("%03d", 2*i))))
	}
	apply(t, e, ms...)
	var writing atomic.Bool
	writing.Store(true)
	inParallel(3, func(w int) {
		if w > 0 {
			for i := 0; writing.Load(); i++ {
				k, between := keyOf(fmt.Sprintf("%03d", 2*((i*7+w)%findings))), keyOf(fmt.Sprintf("%03d", 2*(i%findings)+1))
				errs, err := e.Apply(context.Background(), []store.Mutation{createOrIncrementFrom1(k), createOrIncrementFrom1(between)})
				if err != nil || errs[0] != nil || errs[1] != nil {
					t.Errorf("Apply: %v, %v", errs, err)
					return
				}
				if _, err := e.Erase(context.Background(), []finding.Key{between}, always); err != nil {
					t.Errorf("Erase: %v", err)
					return
				}
			}
			return
		}
		defer writing.Store(false)
		for range 10 {
			all := scanAll(t, e, 7)
			steady := 0
			for i := range all {
				if i > 0 && all[i-1].Key.Compare(all[i].Key) >= 0 {
					t.Errorf("%s comes after %s", all[i].Key.ID, all[i-1].Key.ID)
				}
				if n := counter(&all[i].Stored); n != len(all[i].Changes) {
					t.Errorf("%s with %d records", show(&all[i].Stored), len(all[i].Changes))
				}
				if (all[i].Key.ID[2]-'0')%2 == 0 {
					steady++
				}
			}
			if steady != findings {
				t.Errorf("scanned %d of the findings that stay, want %d", steady, findings)
			}
		}
	})
}

// loadReplaces: loading takes the place of what was there, history and all, is the same when
// it is done again, and may be gone on with half done.
func loadReplaces(t *testing.T, open Opener) {
	ctx := context.Background()
	e, dir := startAt(t, open)
	from := memory.New()
	a, b, c := keyOf("a"), keyOf("b"), keyOf("c")
	apply(t, from, put(sample(a)), increment(a), put(sample(b, "Title", `"theirs"`)))
	apply(t, e, put(sample(a, "Title", `"mine"`)), increment(a), increment(a), increment(a), put(sample(c)))
	all := scanAll(t, from, 10)
	for range 3 {
		if err := e.Load(ctx, all); err != nil {
			t.Fatal(err)
		}
		got := scanAll(t, e, 10)
		if len(got) != 3 || !sameWhole(got[0], all[0]) || !sameWhole(got[1], all[1]) || got[2].Key != c {
			t.Errorf("loaded %v, want %v and c", got, all)
		}
		checkCounterHistory(t, e, a, 1)
		mine := filterTitle(t, "mine")
		if n, err := e.Count(ctx, hub(account, region), mine); err != nil || n != 0 {
			t.Errorf("what was replaced is counted %d times, %v", n, err)
		}
		if n, err := e.Count(ctx, hub(account, region), filterTitle(t, "theirs")); err != nil || n != 1 {
			t.Errorf("what was loaded is counted %d times, %v", n, err)
		}
		e = reopen(t, open, e, dir)
	}
	// The caller's bytes are its own.
	for i := range all {
		for _, m := range all[i].Stored.Finding {
			clear(m.Value)
		}
		clear(all[i].Changes)
	}
	apply(t, e, increment(a))
	checkCounterHistory(t, e, a, 2)
	if err := e.Load(ctx, nil); err != nil {
		t.Errorf("loading nothing: %v", err)
	}
}

// loadRefuses: a finding under another key is an error, and then nothing is loaded.
func loadRefuses(t *testing.T, open Opener) {
	e := start(t, open)
	a, b := keyOf("a"), keyOf("b")
	err := e.Load(context.Background(), []store.Whole{{Key: a, Stored: created(sample(a))}, {Key: b, Stored: created(sample(a))}})
	if err == nil {
		t.Error("a finding was loaded as another")
	}
	if all := scanAll(t, e, 10); len(all) != 0 {
		t.Errorf("a refused call loaded %v", all)
	}
}

// scanRecords: by collection, account, region and name as bytes, in pages, from any place.
func scanRecords(t *testing.T, open Opener) {
	e := start(t, open)
	var want []store.Record
	for _, collection := range []string{"hubs", "hubs2", "tags"} {
		for _, account := range []string{"", account} {
			for _, region := range []string{"", region} {
				for _, name := range []string{"", "a", "a/b", "é"} {
					want = append(want, recordIn(collection, account, region, name, fmt.Sprint(len(want))))
				}
			}
		}
	}
	// In another order than they are told.
	for i := range want {
		if err := e.PutRecord(context.Background(), want[(i*7+3)%len(want)], true); err != nil {
			t.Fatal(err)
		}
	}
	for _, limit := range []int{1, 2, 5, len(want), len(want) + 1} {
		if got := scanAllRecords(t, e, limit); !slices.EqualFunc(got, want, sameRecord) {
			t.Errorf("pages of %d: %v, want %v", limit, got, want)
		}
	}
	between := recordIn("hubs", account, region, "a!", "")
	page, err := e.ScanRecords(context.Background(), &between, 1)
	if err != nil || len(page) != 1 || page[0].Name != "a/b" || page[0].Collection != "hubs" {
		t.Errorf("after a place where no record is: %v, %v", page, err)
	}
}
