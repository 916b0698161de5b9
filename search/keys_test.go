package search

import (
	"cmp"
	"fmt"
	"testing"

	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/finding"
	"pgregory.net/rapid"
)

// TestKeysCompare holds the comparison of findings by groups and heads to that of their
// keys, with ids that share much or nothing and come and go.
func TestKeysCompare(t *testing.T) {
	t.Parallel()
	drawn := rapid.Custom(func(t *rapid.T) finding.Key {
		return finding.Key{
			Account:    rapid.SampledFrom([]string{"1", "10", "2"}).Draw(t, "account"),
			Region:     rapid.SampledFrom([]string{"eu", "eu-west-1"}).Draw(t, "region"),
			ProductArn: rapid.SampledFrom([]string{"p", "p/q", ""}).Draw(t, "product"),
			ID:         rapid.StringMatching(`(arn:aws:securityhub/)?[a\x00]{0,3}[0-9]{0,12}`).Draw(t, "id"),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		ix := New()
		keys := rapid.SliceOfNDistinct(drawn, 2, 20, rapid.ID).Draw(t, "keys")
		for i, k := range keys {
			ix.Apply([]Entry{{Doc: Doc(i), Key: k, New: withID(k.ID)}})
			if i%5 == 4 { // the group may become empty and begin anew
				ix.Apply([]Entry{{Doc: Doc(i), Key: k, Old: withID(k.ID)}, {Doc: Doc(i), Key: k, New: withID(k.ID)}})
			}
		}
		foreign := drawn.Draw(t, "foreign")
		mark := ix.keys.landmark(foreign)
		for i, a := range keys {
			if got, want := ix.keys.compareTo(Doc(i), &mark), a.Compare(foreign); got != want {
				t.Fatalf("%+v and the landmark %+v: %d, want %d", a, foreign, got, want)
			}
			for j, b := range keys {
				if got, want := ix.keys.compare(Doc(i), Doc(j)), a.Compare(b); got != want {
					t.Fatalf("%+v and %+v: %d, want %d", a, b, got, want)
				}
			}
		}
	})
}

func withID(id string) filter.Values {
	return filter.Values{{Attribute: filter.Id, Text: []byte(id)}}
}

// TestGroupsOrder adds groups at the front until the gaps there are used up.
func TestGroupsOrder(t *testing.T) {
	t.Parallel()
	ix := New()
	for i := range 300 {
		k := finding.Key{Account: fmt.Sprintf("%04d", 9999-i), ID: "x"}
		ix.Apply([]Entry{{Doc: Doc(i), Key: k, New: withID("x")}})
	}
	for i := 1; i < 300; i++ {
		if got := ix.keys.compare(Doc(i), Doc(i-1)); got >= 0 {
			t.Fatalf("finding %d compares as %d with the one after it", i, got)
		}
	}
}

// TestLookupShared looks for findings that have one id in many hubs.
func TestLookupShared(t *testing.T) {
	t.Parallel()
	ix := New()
	name := func(i int) finding.Key {
		return finding.Key{Account: fmt.Sprint(i), Region: "r", ProductArn: "p", ID: "same"}
	}
	for i := range 300 {
		ix.Apply([]Entry{{Doc: Doc(i), Key: name(i), New: withID("same")}})
	}
	for i := range 300 {
		if d, ok := ix.Lookup(name(i)); !ok || d != Doc(i) {
			t.Errorf("Lookup(%d) = %d, %v", i, d, ok)
		}
	}
	if d, ok := ix.Lookup(name(300)); ok {
		t.Errorf("a hub without findings has finding %d", d)
	}
}

// TestSharedHead holds that a sort of which all values are equal does not read the ids:
// the heads tell the findings of a group apart.
func TestSharedHead(t *testing.T) {
	t.Parallel()
	ix := New()
	var batch []Entry
	for i := range 100 {
		id := fmt.Sprintf("arn:aws:securityhub:us-east-1:123456789012:finding/%08d", i*7919%100)
		batch = append(batch, Entry{Doc: Doc(i), Key: finding.Key{Account: "1", ProductArn: "p", ID: id}, New: withID(id)})
	}
	ix.Apply(batch)
	heads := map[uint64]bool{}
	for i := range 100 {
		heads[ix.keys.heads[i]] = true
	}
	if len(heads) != 100 {
		t.Errorf("%d different heads for 100 findings", len(heads))
	}
	for i := range 99 {
		if got, want := ix.keys.compare(Doc(i), Doc(i+1)), cmp.Compare(i*7919%100, (i+1)*7919%100); got != want {
			t.Errorf("findings %d and %d compare as %d, want %d", i, i+1, got, want)
		}
	}
}
