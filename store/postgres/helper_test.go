package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/findinghub/findinghub/asff"
	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
)

const (
	account = "111111111111"
	region  = "eu-west-1"
)

var epoch = time.Date(2024, 5, 6, 7, 8, 9, 123456000, time.UTC)

func keyOf(id string) finding.Key { return keyIn(account, id) }

func keyIn(account, id string) finding.Key {
	return finding.Key{Account: account, Region: region, ProductArn: "arn:aws:securityhub:eu-west-1::product/aws/guardduty", ID: id}
}

func ofKey(k finding.Key) asff.Finding {
	f := asff.Finding{}
	f.SetText("AwsAccountId", k.Account)
	f.SetText("Region", k.Region)
	f.SetText("ProductArn", k.ProductArn)
	f.SetText("Id", k.ID)
	f.SetText("UpdatedAt", "2024-05-06T07:08:09.000Z")
	return f
}

// put makes a finding what it is told.
func put(f asff.Finding) store.Mutation {
	s := finding.Stored{Finding: f, CreatedTime: epoch}
	return store.Mutation{Key: s.Key(), Apply: func(*finding.Stored) (finding.Outcome, error) {
		return finding.Outcome{Changed: true, Stored: s}, nil
	}}
}

// count adds one to a finding's counter and to its history, and makes the finding where there is none.
func count(k finding.Key) store.Mutation {
	return store.Mutation{Key: k, Apply: func(old *finding.Stored) (finding.Outcome, error) {
		s := finding.Stored{Finding: ofKey(k), CreatedTime: epoch}
		n := 0
		if old != nil {
			s, n = *old, counter(old)
		}
		s.Finding = s.Finding.Clone()
		s.Finding.Set("Confidence", []byte(strconv.Itoa(n+1)))
		return finding.Outcome{Changed: true, Stored: s, Change: &finding.Change{Time: epoch.Add(time.Duration(n) * time.Second)}}, nil
	}}
}

func counter(s *finding.Stored) int {
	if s == nil {
		return 0
	}
	n, _ := strconv.Atoi(string(s.Finding.Get("Confidence")))
	return n
}

func apply(t testing.TB, e store.Engine, ms ...store.Mutation) {
	t.Helper()
	errs, err := e.Apply(context.Background(), ms)
	if err = errors.Join(append(errs, err)...); err != nil {
		t.Fatalf("Apply: %v", err)
	}
}

// checkCount wants a counter to be between two numbers, and as many records and events as it says.
func checkCount(t *testing.T, e store.Engine, k finding.Key, least, most int, events bool) {
	t.Helper()
	ctx := context.Background()
	page, err := e.History(ctx, store.HistoryQuery{Key: k, Limit: 100_000})
	if err != nil {
		t.Fatal(err)
	}
	n := counter(page.Stored)
	if n < least || n > most || len(page.Changes) != n {
		t.Errorf("%s counts %d with %d records, want %d to %d", k.ID, n, len(page.Changes), least, most)
	}
	if !events {
		return
	}
	told := 0
	for _, ev := range allEvents(t, e) {
		if ev.Key != k {
			continue
		}
		f, err := asff.ParseStored(ev.Finding)
		if told++; err != nil || counter(&finding.Stored{Finding: f}) != told {
			t.Errorf("event %d of %s tells %s", told, k.ID, f.AppendJSON(nil))
		}
	}
	if told != n {
		t.Errorf("%d events of %s, which counts %d", told, k.ID, n)
	}
}

// allEvents reads page after page.
func allEvents(t *testing.T, e store.Engine) (all []store.Event) {
	t.Helper()
	for after := ""; ; after = all[len(all)-1].Cursor {
		page, err := e.Events(context.Background(), after, 1000)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			return all
		}
		all = append(all, page...)
	}
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func run(t *testing.T, conn *pgx.Conn, sql string, args ...any) {
	t.Helper()
	if _, err := conn.Exec(context.Background(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func inParallel(n int, f func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { f(i) })
	}
	wg.Wait()
}

func everywhere() store.Scope {
	return store.Scope{Accounts: []string{account}, Regions: []string{region}}
}

func idOf(k finding.Key) filter.Expr {
	return filter.TextTerm{Attribute: filter.Id, Value: k.ID}
}

func name(format string, args ...any) string { return fmt.Sprintf(format, args...) }
