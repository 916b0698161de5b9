package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/findinghub/findinghub/store"
)

var recordChecks = map[string]func(*testing.T, Opener){
	"Records":      records,
	"RecordScopes": recordsAreIsolated,
	"RecordLists":  recordLists,
	"RecordRaces":  recordRaces,
}

func recordIn(collection, account, region, name, body string) store.Record {
	return store.Record{Collection: collection, Account: account, Region: region, Name: name, Body: []byte(body)}
}

// records: the life of a record, also across opening again.
func records(t *testing.T, open Opener) {
	ctx := context.Background()
	e, dir := startAt(t, open)
	r := recordIn("hubs", account, region, "default", "\x00body\xff")
	expect := func(what string, err, want error) {
		t.Helper()
		if !errors.Is(err, want) || want == nil && err != nil {
			t.Errorf("%s: %v, want %v", what, err, want)
		}
	}
	read := func(want string, wantErr error) {
		t.Helper()
		got, err := e.GetRecord(ctx, "hubs", account, region, "default")
		expect("GetRecord", err, wantErr)
		if string(got) != want {
			t.Errorf("the record is %q, want %q", got, want)
		}
	}
	for range 20 {
		read("", store.ErrNoRecord) // as often as an engine may have connections
	}
	expect("deleting what is not there", e.DeleteRecord(ctx, "hubs", account, region, "default"), store.ErrNoRecord)
	expect("creating", e.PutRecord(ctx, r, true), nil)
	read("\x00body\xff", nil)
	r.Body = []byte("other")
	expect("creating again", e.PutRecord(ctx, r, true), store.ErrExists)
	read("\x00body\xff", nil)
	expect("replacing", e.PutRecord(ctx, r, false), nil)
	read("other", nil)
	e = reopen(t, open, e, dir)
	read("other", nil)
	r.Body = nil
	expect("replacing by nothing", e.PutRecord(ctx, r, false), nil)
	read("", nil)
	expect("deleting", e.DeleteRecord(ctx, "hubs", account, region, "default"), nil)
	read("", store.ErrNoRecord)
	expect("putting anew", e.PutRecord(ctx, r, false), nil)
	read("", nil)
}

// recordsAreIsolated: collection, account, region and name all tell records apart.
func recordsAreIsolated(t *testing.T, open Opener) {
	ctx := context.Background()
	e := start(t, open)
	var all []store.Record
	for _, collection := range []string{"hubs", "tags"} {
		for _, account := range []string{account, "222222222222"} {
			for _, region := range []string{region, ""} {
				for _, name := range []string{"a", "b"} {
					all = append(all, recordIn(collection, account, region, name, fmt.Sprint(len(all))))
				}
			}
		}
	}
	for _, r := range all {
		if err := e.PutRecord(ctx, r, true); err != nil {
			t.Fatal(err)
		}
	}
	for i, r := range all {
		body, err := e.GetRecord(ctx, r.Collection, r.Account, r.Region, r.Name)
		if err != nil || !bytes.Equal(body, r.Body) {
			t.Errorf("%v: %s, %v", r, body, err)
		}
		list, err := e.ListRecords(ctx, r.Collection, r.Account, r.Region, "", 10)
		if err != nil || len(list) != 2 || !slices.EqualFunc(list, all[i&^1:i|1+1], sameRecord) {
			t.Errorf("the list for %v: %v, %v", r, list, err)
		}
	}
}

func sameRecord(a, b store.Record) bool {
	return a.Collection == b.Collection && a.Account == b.Account && a.Region == b.Region && a.Name == b.Name && bytes.Equal(a.Body, b.Body)
}

// recordLists: by name as bytes, in pages.
func recordLists(t *testing.T, open Opener) {
	ctx := context.Background()
	e := start(t, open)
	names := []string{"A", "a", "a/b", "b", "é", "~", "日本"}
	for _, name := range names {
		if err := e.PutRecord(ctx, recordIn("tags", account, region, name, "body of "+name), true); err != nil {
			t.Fatalf("%q: %v", name, err)
		}
	}
	slices.Sort(names)
	for limit := 1; limit <= len(names)+1; limit++ {
		var got []string
		after := ""
		for {
			list, err := e.ListRecords(ctx, "tags", account, region, after, limit)
			if err != nil || len(list) > limit || len(got) > len(names) {
				t.Fatalf("%d records, limit %d, after %q, %v", len(list), limit, got, err)
			}
			for _, r := range list {
				if !sameRecord(r, recordIn("tags", account, region, r.Name, "body of "+r.Name)) {
					t.Errorf("a list has %v", r)
				}
				got, after = append(got, r.Name), r.Name
			}
			if len(list) < limit {
				break
			}
		}
		if !slices.Equal(got, names) {
			t.Errorf("pages of %d: %q, want %q", limit, got, names)
		}
	}
}

// recordRaces: of many that create one record, one succeeds.
func recordRaces(t *testing.T, open Opener) {
	e := start(t, open)
	const racers = 16
	results := make(chan error, racers)
	for i := range racers {
		go func() {
			results <- e.PutRecord(context.Background(), recordIn("hubs", account, region, "default", fmt.Sprint(i)), true)
		}()
	}
	won := 0
	for range racers {
		switch err := <-results; {
		case err == nil:
			won++
		case !errors.Is(err, store.ErrExists):
			t.Errorf("PutRecord: %v", err)
		}
	}
	if won != 1 {
		t.Errorf("%d created the record, want 1", won)
	}
}
