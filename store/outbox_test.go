package store

import (
	"regexp"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/findinghub/findinghub/asff"
	"github.com/findinghub/findinghub/finding"
)

// TestEventTime: the history's time first, then the creation's, then what the finding says itself.
func TestEventTime(t *testing.T) {
	t.Parallel()
	created, changed := time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC), time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, c := range []struct {
		name      string
		isNew     bool
		change    *finding.Change
		processed string
		want      time.Time
	}{
		{"a change", false, &finding.Change{Time: changed}, `"2024-06-01T00:00:00Z"`, changed},
		{"a new finding with a record", true, &finding.Change{Time: changed}, `"2024-06-01T00:00:00Z"`, changed},
		{"a new finding", true, nil, `"2024-06-01T00:00:00Z"`, created},
		{"a change without a record", false, nil, `"2024-06-01T00:00:00.250Z"`, time.Date(2024, 6, 1, 0, 0, 0, 250e6, time.UTC)},
		{"in another zone", false, nil, `"2024-06-01T02:00:00+02:00"`, time.Date(2024, 6, 1, 0, 0, 0, 0, time.UTC)},
		{"no time", false, nil, `"yesterday"`, created},
		{"no text", false, nil, `{"a":1}`, created},
	} {
		o := finding.Outcome{Stored: finding.Stored{CreatedTime: created, Finding: asff.Finding{}}, Change: c.change}
		o.Stored.Finding.Set("ProcessedAt", []byte(c.processed))
		if got := EventTime(c.isNew, &o); !got.Equal(c.want) || got.Location() != time.UTC {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	if got := EventTime(false, &finding.Outcome{Stored: finding.Stored{CreatedTime: created}}); !got.Equal(created) {
		t.Errorf("without ProcessedAt: %v", got)
	}
}

// TestEventID: a UUID of version 8 and the variant of RFC 9562, section 5.8, which changes with
// whatever it is made from and with nothing else.
func TestEventID(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	if got, want := EventID([16]byte{1}, 2, []byte("x")), "4fe0f475-303b-8c95-a98f-6c52dc6d82ec"; got != want {
		t.Errorf("it is %s, was %s: deliverers tell repetitions by it", got, want)
	}
	type parts struct {
		database [16]byte
		place    uint64
		content  string
	}
	seen := map[string]parts{}
	rapid.Check(t, func(t *rapid.T) {
		p := parts{place: rapid.Uint64().Draw(t, "place"), content: rapid.String().Draw(t, "content")}
		p.database[rapid.IntRange(0, 15).Draw(t, "at")] = rapid.Byte().Draw(t, "database")
		id := EventID(p.database, p.place, []byte(p.content))
		if again := EventID(p.database, p.place, []byte(p.content)); again != id || !form.MatchString(id) {
			t.Fatalf("%s, then %s", id, again)
		}
		if other, ok := seen[id]; ok && other != p {
			t.Fatalf("%v and %v both have %s", p, other, id)
		}
		seen[id] = p
	})
}
