package migrate

import (
	"testing"
	"time"

	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
)

func sampleWhole() store.Whole {
	s := finding.Stored{
		Owned: finding.OwnsTypes, CreatedTime: time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC),
		CreatedBy: finding.Source{Type: finding.SourceImport, Identity: "product"},
	}
	for _, name := range []string{"AwsAccountId", "Region", "ProductArn", "Id", "Title"} {
		s.Finding.SetText(name, name)
	}
	change := finding.Change{
		Time: s.CreatedTime.Add(time.Hour), Source: finding.Source{Type: finding.SourceUpdate, Identity: "user"},
		Updates: []finding.FieldUpdate{{Field: "a", Old: "b", New: "c"}},
	}
	return store.Whole{Key: s.Key(), Stored: s, Changes: []finding.Change{change, change}}
}

// TestDigest: whatever engines keep of a finding changes its digest; what they need not keep does not.
func TestDigest(t *testing.T) {
	t.Parallel()
	base := sampleWhole()
	seen := map[digest]string{digestWhole(&base): "nothing"}
	for _, c := range []struct {
		name   string
		change func(*store.Whole)
	}{
		{"the account", func(w *store.Whole) { w.Key.Account += "x" }},
		{"the region", func(w *store.Whole) { w.Key.Region += "x" }},
		{"the product", func(w *store.Whole) { w.Key.ProductArn += "x" }},
		{"the id", func(w *store.Whole) { w.Key.ID += "x" }},
		{"a member", func(w *store.Whole) { w.Stored.Finding.SetText("Title", "y") }},
		{"one member more", func(w *store.Whole) { w.Stored.Finding.SetText("Note", "y") }},
		{"what is owned", func(w *store.Whole) { w.Stored.Owned = 0 }},
		{"its creation", func(w *store.Whole) { w.Stored.CreatedTime = w.Stored.CreatedTime.Add(time.Microsecond) }},
		{"who created it", func(w *store.Whole) { w.Stored.CreatedBy.Identity = "x" }},
		{"how it was created", func(w *store.Whole) { w.Stored.CreatedBy.Type = finding.SourceUpdate }},
		{"a change less", func(w *store.Whole) { w.Changes = w.Changes[:1] }},
		{"no changes", func(w *store.Whole) { w.Changes = nil }},
		{"a change's time", func(w *store.Whole) { w.Changes[1].Time = epoch }},
		{"another change's time", func(w *store.Whole) { w.Changes[0].Time = epoch }},
		{"who made a change", func(w *store.Whole) { w.Changes[1].Source.Identity = "x" }},
		{"no updates", func(w *store.Whole) { w.Changes[1].Updates = nil }},
		{"an update's field", func(w *store.Whole) { w.Changes[1].Updates = []finding.FieldUpdate{{Field: "x", Old: "b", New: "c"}} }},
		{"an update's old value", func(w *store.Whole) { w.Changes[1].Updates = []finding.FieldUpdate{{Field: "a", Old: "x", New: "c"}} }},
		{"an update's new value", func(w *store.Whole) { w.Changes[1].Updates = []finding.FieldUpdate{{Field: "a", Old: "b", New: "x"}} }},
		{"where one text ends", func(w *store.Whole) { w.Changes[1].Updates = []finding.FieldUpdate{{Field: "ab", Old: "", New: "c"}} }},
	} {
		w := sampleWhole()
		c.change(&w)
		if other, same := seen[digestWhole(&w)]; same {
			t.Errorf("%s: the digest is that of %s", c.name, other)
		}
		seen[digestWhole(&w)] = c.name
	}
	w := sampleWhole()
	w.Stored.CreatedTime = w.Stored.CreatedTime.Add(999).In(time.FixedZone("x", 3600))
	if digestWhole(&w) != digestWhole(&base) {
		t.Error("nanoseconds and zones, which engines need not keep, change the digest")
	}
}

var epoch = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

// TestDigestRecord: the place and the body of a record change its digest.
func TestDigestRecord(t *testing.T) {
	t.Parallel()
	seen := map[digest]bool{}
	for _, r := range []store.Record{
		{}, {Collection: "a"}, {Account: "a"}, {Region: "a"}, {Name: "a"}, {Body: []byte("a")}, {Collection: "a", Body: []byte("a")}, {Body: []byte("aa")},
	} {
		if d := digestRecord(&r); seen[d] {
			t.Errorf("%+v has another's digest", r)
		} else {
			seen[d] = true
		}
	}
}
