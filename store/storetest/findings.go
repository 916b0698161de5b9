package storetest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/findinghub/findinghub/asff"
	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
)

const (
	account = "111111111111"
	region  = "eu-west-1"
)

// epoch is when everything in the suite begins: engines have no clock of their own.
var epoch = time.Date(2024, 5, 6, 7, 8, 9, 123456000, time.UTC)

var (
	importer = finding.Source{Type: finding.SourceImport, Identity: "arn:aws:securityhub:eu-west-1::product/aws/guardduty"}
	customer = finding.Source{Type: finding.SourceUpdate, Identity: "arn:aws:iam::111111111111:user/naïve"}
)

// keyOf is a finding's key in the usual hub.
func keyOf(id string) finding.Key { return keyIn(account, region, id) }

func keyIn(account, region, id string) finding.Key {
	return finding.Key{Account: account, Region: region, ProductArn: "arn:aws:securityhub:eu-west-1::product/aws/guardduty", ID: id}
}

// hub is the scope that holds one account and region.
func hub(account, region string) store.Scope {
	return store.Scope{Accounts: []string{account}, Regions: []string{region}}
}

// everything selects all findings.
var everything = filter.And{}

// sample is a finding with a counter at 0. members are names and JSON values that it also has.
func sample(k finding.Key, members ...string) asff.Finding {
	f := asff.Finding{}
	f.SetText("SchemaVersion", "2018-10-08")
	f.SetText("Id", k.ID)
	f.SetText("ProductArn", k.ProductArn)
	f.SetText("AwsAccountId", k.Account)
	f.SetText("Region", k.Region)
	f.SetText("GeneratorId", "generator")
	f.SetText("Title", "Title of "+k.ID)
	f.SetText("Description", "What was found for "+k.ID)
	f.SetText("CreatedAt", "2024-05-06T07:08:09.000Z")
	f.SetText("UpdatedAt", "2024-05-06T07:08:09.000Z")
	f.Set("Types", []byte(`["Software and Configuration Checks","TTPs/Discovery"]`))
	f.Set("Severity", []byte(`{"Label":"HIGH","Normalized":70}`))
	f.Set("Resources", []byte(`[{"Type":"AwsEc2Instance","Id":"i-1"},{"Type":"AwsEc2Volume","Id":"vol-1"}]`))
	f.Set("UserDefinedFields", []byte(`{"n":"0"}`))
	for i := 0; i+1 < len(members); i += 2 {
		f.Set(members[i], []byte(members[i+1]))
	}
	return f
}

// created is the state of a finding that was just imported.
func created(f asff.Finding) finding.Stored {
	return finding.Stored{Finding: f, CreatedTime: epoch, CreatedBy: importer}
}

// put is a mutation that makes a finding what it is told, whatever it was.
func put(f asff.Finding) store.Mutation {
	s := created(f)
	return store.Mutation{Key: s.Key(), Apply: func(*finding.Stored) (finding.Outcome, error) {
		return finding.Outcome{Changed: true, Stored: s}, nil
	}}
}

// increment is a mutation that adds one to a finding's counter and to its history. The
// n-th increment has the time epoch + n minutes.
func increment(k finding.Key) store.Mutation {
	return store.Mutation{Key: k, Apply: func(old *finding.Stored) (finding.Outcome, error) {
		if old == nil {
			return finding.Outcome{}, finding.ErrNotFound
		}
		n := counter(old)
		s := *old
		s.Finding = old.Finding.Clone()
		s.Finding.Set("UserDefinedFields", []byte(fmt.Sprintf(`{"n":"%d"}`, n+1)))
		change := finding.Change{
			Time: epoch.Add(time.Duration(n+1) * time.Minute), Source: customer,
			Updates: []finding.FieldUpdate{{Field: "UserDefinedFields.n", Old: strconv.Itoa(n), New: strconv.Itoa(n + 1)}},
		}
		return finding.Outcome{Changed: true, Stored: s, Change: &change}, nil
	}}
}

// createOrIncrement is an increment that makes the finding where there is none.
func createOrIncrement(f asff.Finding) store.Mutation {
	made, inc := put(f), increment((&finding.Stored{Finding: f}).Key())
	return store.Mutation{Key: made.Key, Apply: func(old *finding.Stored) (finding.Outcome, error) {
		if old == nil {
			return made.Apply(nil)
		}
		return inc.Apply(old)
	}}
}

// counter reads a finding's counter, -1 when it has none that can be read.
func counter(s *finding.Stored) int {
	var n int
	if _, err := fmt.Sscanf(string(s.Finding.Get("UserDefinedFields")), `{"n":"%d"}`, &n); err != nil {
		return -1
	}
	return n
}

// failing is a mutation that always fails.
func failing(k finding.Key, err error) store.Mutation {
	return store.Mutation{Key: k, Apply: func(*finding.Stored) (finding.Outcome, error) { return finding.Outcome{}, err }}
}

// apply runs mutations of which none may fail.
func apply(t testing.TB, e store.Engine, ms ...store.Mutation) {
	t.Helper()
	errs, err := e.Apply(context.Background(), ms)
	if err == nil {
		err = errors.Join(errs...)
	}
	if err != nil {
		t.Fatalf("Apply: %v", err)
	}
	if len(errs) != len(ms) {
		t.Fatalf("Apply gave %d errors for %d mutations", len(errs), len(ms))
	}
}

// get reads one finding, nil when there is none.
func get(t testing.TB, e store.Engine, k finding.Key) *finding.Stored {
	t.Helper()
	got, err := e.Get(context.Background(), []finding.Key{k})
	if err != nil || len(got) != 1 {
		t.Fatalf("Get: %d findings, %v", len(got), err)
	}
	return got[0]
}

// history reads all of a finding's changes, newest first, in pages of limit.
func history(t testing.TB, e store.Engine, q store.HistoryQuery) []finding.Change {
	t.Helper()
	var all []finding.Change
	for {
		page, err := e.History(context.Background(), q)
		if err != nil {
			t.Fatalf("History: %v", err)
		}
		if len(page.Changes) > q.Limit || page.Next != 0 && len(page.Changes) != q.Limit {
			t.Fatalf("History: a page of %d changes, limit %d, next %d", len(page.Changes), q.Limit, page.Next)
		}
		all = append(all, page.Changes...)
		if page.Next == 0 {
			return all
		}
		if q.After = page.Next; len(all) > 100_000 {
			t.Fatal("History: the pages do not end")
		}
	}
}

// findAll reads all pages of a query and checks that each but the last is full.
func findAll(t testing.TB, e store.Engine, q store.Query) store.Page {
	t.Helper()
	var all store.Page
	for {
		page, err := e.Find(context.Background(), q)
		if err != nil {
			t.Fatalf("Find: %v", err)
		}
		n := len(page.Findings)
		if n != len(page.Keys) || n > q.Limit || page.Next != nil && n != q.Limit {
			t.Fatalf("Find: a page of %d findings and %d keys, limit %d, next %v", n, len(page.Keys), q.Limit, page.Next)
		}
		all.Findings, all.Keys = append(all.Findings, page.Findings...), append(all.Keys, page.Keys...)
		if page.Next == nil {
			return all
		}
		if q.After = page.Next; len(all.Keys) > 100_000 {
			t.Fatal("Find: the pages do not end")
		}
	}
}

// ids are the findings' own ids, for messages.
func ids(keys []finding.Key) []string {
	out := make([]string, len(keys))
	for i, k := range keys {
		out[i] = k.ID
	}
	return out
}

// sameStored compares everything that engines persist.
func sameStored(a, b *finding.Stored) bool {
	if a == nil || b == nil {
		return a == b
	}
	return string(a.Finding.AppendJSON(nil)) == string(b.Finding.AppendJSON(nil)) &&
		a.Owned == b.Owned && a.CreatedTime.Equal(b.CreatedTime) && a.CreatedBy == b.CreatedBy
}

// sameChanges compares histories; times by instant.
func sameChanges(a, b []finding.Change) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !a[i].Time.Equal(b[i].Time) || a[i].Source != b[i].Source || fmt.Sprint(a[i].Updates) != fmt.Sprint(b[i].Updates) {
			return false
		}
	}
	return true
}

// show prints a finding for messages.
func show(s *finding.Stored) string {
	if s == nil {
		return "none"
	}
	return fmt.Sprintf("%s owned %d created %v by %v", s.Finding.AppendJSON(nil), s.Owned, s.CreatedTime, s.CreatedBy)
}
