package search

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/finding"
)

var everyHub = Query{Accounts: []string{"1"}, Regions: []string{"r"}}

// state makes a finding with a workflow status.
func state(i int, status string) (finding.Key, filter.Values) {
	k := finding.Key{Account: "1", Region: "r", ProductArn: "p", ID: fmt.Sprint(i)}
	return k, filter.Values{
		{Attribute: filter.Id, Text: []byte(k.ID)},
		{Attribute: filter.ProductFields, Key: []byte(aliasKey), Text: []byte("p/" + k.ID)},
		{Attribute: filter.WorkflowStatus, Text: []byte(status)},
	}
}

func status(value string) filter.Expr {
	return filter.TextTerm{Attribute: filter.WorkflowStatus, Value: value}
}

// TestApplyIsAtomic moves findings from one status to the other and back in batches. A
// reader that sees part of a batch sees findings in both or in none.
func TestApplyIsAtomic(t *testing.T) {
	t.Parallel()
	const n, rounds = 200, 60
	ix := New()
	batch := func(from, to string) {
		var es []Entry
		for i := range n {
			k, now := state(i, to)
			e := Entry{Doc: Doc(i), Key: k, New: now}
			if from != "" {
				_, e.Old = state(i, from)
			}
			es = append(es, e)
		}
		ix.Apply(es)
	}
	batch("", "NEW")
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					readAll(t, ix, n)
				}
			}
		})
	}
	for range rounds {
		batch("NEW", "RESOLVED")
		batch("RESOLVED", "NEW")
	}
	close(stop)
	readers.Wait()
}

func readAll(t *testing.T, ix *Index, n int) {
	q := everyHub
	q.Filter, q.Limit = filter.Const(true), n
	q.Sort = []filter.Order{{Attribute: filter.WorkflowStatus}, {Attribute: filter.Id, Descending: true}}
	if r := ix.Find(q); len(r.Hits) != n || r.More {
		t.Errorf("Find: %d findings, want %d", len(r.Hits), n)
	}
	if got, _ := ix.Count(q.Accounts, q.Regions, status("NEW")); got != 0 && got != n {
		t.Errorf("Count: %d of %d", got, n)
	}
	if bs, _, _ := ix.GroupBy(q.Accounts, q.Regions, filter.Const(true), filter.WorkflowStatus, 5); len(bs) != 1 || bs[0].Count != n {
		t.Errorf("GroupBy: %v", bs)
	}
	prefix := filter.TextTerm{Attribute: filter.Id, Op: filter.Prefix, Value: "1"}
	if got, _ := ix.Count(q.Accounts, q.Regions, prefix); got != 111 {
		t.Errorf("%d ids begin with 1, want 111", got)
	}
	if d, ok := ix.Lookup(finding.Key{Account: "1", Region: "r", ProductArn: "p", ID: "7"}); !ok || d != 7 {
		t.Errorf("Lookup: %d, %v", d, ok)
	}
}

// TestApplyOldIsIgnoredForNew holds that what an entry says of a finding the index does
// not have is not believed, and that deleting such a finding does nothing.
func TestApplyOldIsIgnoredForNew(t *testing.T) {
	t.Parallel()
	ix := New()
	k, vs := state(1, "NEW")
	ix.Apply([]Entry{{Doc: 1, Key: k, Old: vs}, {Doc: 1, Key: k, Old: vs, New: vs}})
	if got, _ := ix.Count(everyHub.Accounts, everyHub.Regions, status("NEW")); got != 1 || ix.Len() != 1 {
		t.Errorf("%d findings of %d are NEW, want 1 of 1", got, ix.Len())
	}
}

// TestAliasIsNotHeld holds that the product field which repeats the finding's key costs
// no memory for its text, and that its own value is found all the same.
func TestAliasIsNotHeld(t *testing.T) {
	t.Parallel()
	ix := New()
	product := "arn:aws:securityhub:us-east-1::product/" + strings.Repeat("x", 100)
	var batch []Entry
	for i := range 1000 {
		k, vs := state(i, "NEW")
		k.ProductArn = product
		vs[1].Text = []byte(product + "/" + k.ID)
		batch = append(batch, Entry{Doc: Doc(i), Key: k, New: vs})
	}
	ix.Apply(batch)
	if held := ix.fields[filter.ProductFields].held; held != 0 {
		t.Errorf("%d bytes held", held)
	}
	q := everyHub
	q.Filter = filter.MapTerm{Attribute: filter.ProductFields, Key: aliasKey, Value: product + "/77"}
	q.Limit = 2
	if got := ix.Find(q).Hits; !slices.Equal(got, []Hit{{77, true}}) {
		t.Errorf("hits %v, want finding 77 for sure", got)
	}
}

// TestBytes holds that the estimate follows what is put in and taken out.
func TestBytes(t *testing.T) {
	t.Parallel()
	ix := New()
	empty := ix.Bytes()
	var in, out []Entry
	for i := range 20_000 {
		k, vs := state(i, "NEW")
		vs = insert(vs, filter.Value{Attribute: filter.Title, Text: fmt.Appendf(nil, "%0200d", i)})
		in = append(in, Entry{Doc: Doc(i), Key: k, New: vs})
		out = append(out, Entry{Doc: Doc(i), Key: k, Old: vs})
	}
	ix.Apply(in)
	full := ix.Bytes()
	if full-empty < 200*20_000 || full-empty > 360*20_000 {
		t.Errorf("%d bytes a finding", (full-empty)/20_000)
	}
	ix.Apply(out)
	if left := ix.Bytes() - empty; left > (full-empty)/2 {
		t.Errorf("%d bytes of %d left when all findings have gone", left, full-empty)
	}
	if ix.Len() != 0 {
		t.Errorf("%d findings left", ix.Len())
	}
}

// TestUnsorted holds that a sort by texts which are not held says so, and gives all.
func TestUnsorted(t *testing.T) {
	t.Parallel()
	l := defaultLimits()
	l.freeText, l.freeTextPerFinding, l.short = 0, 0, 0
	ix := newIndex(l)
	for i := range 10 {
		k, vs := state(i, "NEW")
		vs = insert(vs, filter.Value{Attribute: filter.Description, Text: []byte("text " + k.ID)})
		ix.Apply([]Entry{{Doc: Doc(i), Key: k, New: vs}})
	}
	q := everyHub
	q.Filter, q.Limit, q.Sort = filter.Const(true), 3, []filter.Order{{Attribute: filter.Description}}
	if r := ix.Find(q); !r.Unsorted || len(r.Hits) != 10 {
		t.Errorf("unsorted %v, %d hits, want all 10 unsorted", r.Unsorted, len(r.Hits))
	}
	if _, _, ok := ix.GroupBy(q.Accounts, q.Regions, q.Filter, filter.Description, 3); ok {
		t.Error("grouped by texts that are not held")
	}
	q.Filter = filter.TextTerm{Attribute: filter.Description, Value: "text 3"}
	q.Sort = nil
	if r := ix.Find(q); !slices.Equal(r.Hits, []Hit{{3, false}}) {
		t.Errorf("hits %v, want finding 3, unsure", r.Hits)
	}
}
