package events

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/findinghub/findinghub/events/pattern"
	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
	"github.com/go-json-experiment/json/jsontext"
	"pgregory.net/rapid"
)

// The shape is that of behaviour.md section 6.
func TestAppendEvent(t *testing.T) {
	t.Parallel()
	e := store.Event{
		ID:   "8f0c",
		Key:  finding.Key{Account: "111122223333", Region: "eu-west-1", ProductArn: "arn:aws:securityhub:eu-west-1::product/a/b", ID: `x"1`},
		Time: time.Date(2026, 3, 4, 5, 6, 7, 890, time.FixedZone("", 3600)), Finding: []byte(`{"Id":"x\"1","n":1.0}`),
	}
	const want = `{"version":"0","id":"8f0c","detail-type":"Security Hub Findings - Imported","source":"aws.securityhub",` +
		`"account":"111122223333","time":"2026-03-04T04:06:07Z","region":"eu-west-1",` +
		`"resources":["arn:aws:securityhub:eu-west-1::product/a/b/x\"1"],"detail":{"findings":[{"Id":"x\"1","n":1.0}]}}`
	if got := string(AppendEvent([]byte("before "), &e)); got != "before "+want {
		t.Errorf("got %s", got)
	}
}

// Whatever the parts hold, the event is JSON that gives them back, with the finding as it was.
func TestAppendEventAny(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String()
		e := store.Event{ID: text.Draw(t, "id"), Key: finding.Key{Account: text.Draw(t, "a"), Region: text.Draw(t, "r"), ProductArn: text.Draw(t, "p"), ID: text.Draw(t, "f")}}
		e.Finding, _ = json.Marshal(map[string]string{text.Draw(t, "name"): text.Draw(t, "value")})
		document := AppendEvent(nil, &e)
		var back struct {
			ID, Account, Region string
			Resources           []string
			Detail              struct{ Findings []json.RawMessage }
		}
		if err := json.Unmarshal(document, &back); err != nil {
			t.Fatalf("%v: %s", err, document)
		}
		if back.ID != e.ID || back.Account != e.Key.Account || back.Region != e.Key.Region || back.Resources[0] != e.Key.ProductArn+"/"+e.Key.ID {
			t.Errorf("%+v became %s", e, document)
		}
		if !bytes.Equal(back.Detail.Findings[0], e.Finding) {
			t.Errorf("the finding %s became %s", e.Finding, back.Detail.Findings[0])
		}
	})
}

// What is not UTF-8 becomes U+FFFD and leaves the document whole.
func TestAppendEventInvalidText(t *testing.T) {
	t.Parallel()
	document := AppendEvent(nil, &store.Event{ID: "a\xffb", Finding: []byte("{}")})
	var back struct{ ID string }
	if err := json.Unmarshal(document, &back); err != nil || back.ID != "a\ufffdb" {
		t.Errorf("%v: %s", err, document)
	}
}

// Pauses double up to the longest and lie in their upper half.
func TestPause(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		least := time.Duration(rapid.Int64Range(1, int64(time.Hour)).Draw(t, "min"))
		r := Retry{Min: least, Max: least + time.Duration(rapid.Int64Range(0, int64(24*time.Hour)).Draw(t, "more"))}
		n, chance := rapid.IntRange(1, 1000).Draw(t, "n"), rapid.Float64Range(0, 0.999999).Draw(t, "chance")
		p := r.pause(n, chance)
		full := r.Max
		if n < 20 {
			full = min(full, r.Min<<(n-1))
		}
		if p < full/2-1 && n < 20 || p < r.Min/2 || p > full {
			t.Errorf("pause %d of %+v with %v is %v", n, r, chance, p)
		}
		if n > 60 && p < r.Max/2-1 {
			t.Errorf("pause %d of %+v is %v", n, r, p)
		}
	})
}

// The window against a model: lists by finding, of which only the first may be under way.
func TestWindow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w, now := newWindow(""), time.Unix(0, 0)
		open := map[finding.Key][]string{} // not settled, in order
		order, settled := []string{}, map[string]bool{}
		underWay := map[finding.Key]*entry{}
		n := 0
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				n++
				id, key := fmt.Sprint(n), keyOf(rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "finding"))
				w.add(id, Message{ID: id, Key: key, Body: []byte("x")})
				open[key], order = append(open[key], id), append(order, id)
			},
			"skip": func(*rapid.T) {
				n++
				w.skip(fmt.Sprint(n))
				order, settled[fmt.Sprint(n)] = append(order, fmt.Sprint(n)), true
			},
			"take": func(t *rapid.T) {
				for _, e := range w.take(now, rapid.IntRange(1, 4).Draw(t, "n")) {
					key := e.message.Key
					if underWay[key] != nil || open[key][0] != e.message.ID || e.due.After(now) {
						t.Fatalf("%s was given out of turn", e.message.ID)
					}
					underWay[key] = e
				}
			},
			"end": func(t *rapid.T) {
				for key, e := range underWay {
					delete(underWay, key)
					if rapid.Bool().Draw(t, "retry") {
						w.retry(e, now.Add(time.Duration(rapid.IntRange(0, 3).Draw(t, "in"))))
						continue
					}
					settled[e.message.ID], open[key] = true, open[key][1:]
					w.settle(e)
				}
			},
			"wait": func(*rapid.T) { now = now.Add(1) },
			"": func(t *rapid.T) {
				bytes := 0
				for _, ids := range open {
					bytes += len(ids)
				}
				cursor := ""
				for _, id := range order {
					if !settled[id] {
						break
					}
					cursor = id
				}
				if w.cursor != cursor || w.bytes != bytes {
					t.Fatalf("cursor %q and %d bytes, want %q and %d", w.cursor, w.bytes, cursor, bytes)
				}
				for key, ids := range open {
					if len(ids) > 0 && underWay[key] == nil && !slices.ContainsFunc(w.ready, func(e *entry) bool { return e.message.ID == ids[0] }) {
						t.Fatalf("%s will never be given", ids[0])
					}
				}
			},
		})
	})
}

// A batch ends where it is large, and has one event at least.
func TestWindowTakesBytes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w, n := newWindow(""), rapid.IntRange(1, 40).Draw(t, "events")
		for i := range n {
			size := rapid.SampledFrom([]int{1, 200 << 10, sendBytes - 1, sendBytes}).Draw(t, "size")
			w.add(fmt.Sprint(i), Message{ID: fmt.Sprint(i), Key: keyOf(fmt.Sprint(i)), Body: make([]byte, size)})
		}
		most := rapid.IntRange(1, 50).Draw(t, "most")
		for taken := 0; taken < n; {
			batch, bytes := w.take(time.Unix(0, 0), most), 0
			for i, e := range batch {
				if e.message.ID != fmt.Sprint(taken+i) || bytes >= sendBytes {
					t.Fatalf("event %s after %d bytes, want event %d", e.message.ID, bytes, taken+i)
				}
				bytes += len(e.message.Body)
			}
			if taken += len(batch); len(batch) == 0 || len(batch) < most && bytes < sendBytes && taken < n {
				t.Fatalf("a batch of %d events, of %d bytes, at %d of %d", len(batch), bytes, taken, n)
			}
		}
	})
}

// A document is what AppendEvent makes, however much space there is before and behind the finding.
func TestDocument(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringN(0, 300, -1)
		e := store.Event{ID: text.Draw(t, "id"), Key: finding.Key{
			Account: account, Region: text.Draw(t, "region"), ProductArn: text.Draw(t, "product"), ID: text.Draw(t, "finding"),
		}, Time: time.Unix(0, 0)}
		json := rapid.SliceOfN(rapid.Byte(), 0, 1000).Draw(t, "json")
		space, behind := rapid.IntRange(0, 1500).Draw(t, "space"), rapid.IntRange(0, 8).Draw(t, "behind")
		memory := slices.Concat(make([]byte, space), json, make([]byte, behind))
		memory = memory[:len(memory):len(memory)]
		e.Finding, e.Space = memory[space:space+len(json)], memory[:space]
		want := AppendEvent(nil, &e)
		got, head := document(&e, []byte("of the event before"))
		if !bytes.Equal(got, want) || !bytes.HasPrefix(want, head) {
			t.Fatalf("got %s, want %s", got, want)
		}
		fits := space >= len(head) && behind >= len(tail)
		if inPlace := len(json) > 0 && &got[len(head)] == &memory[space]; inPlace != (fits && len(json) > 0) {
			t.Errorf("with %d bytes before, of which %d are needed, and %d behind, the finding was copied: %v", space, len(head), behind, !inPlace)
		}
	})
}

// An event without space has a document of its own.
func TestDocumentWithoutSpace(t *testing.T) {
	t.Parallel()
	e := eventOf("LOW", "2026-06-28T00:00:00Z")
	want := AppendEvent(nil, e)
	got, _ := document(e, nil)
	clear(e.Finding)
	if !bytes.Equal(got, want) {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A bell that rings between taking the channel and waiting is heard.
func TestBell(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var b Bell
		b.Ring() // nobody waits
		first, second := b.next(), b.next()
		b.Ring()
		began := time.Now()
		wait(t.Context(), first, time.Hour)
		wait(t.Context(), second, time.Hour)
		if time.Since(began) != 0 {
			t.Error("the ring was not heard")
		}
		wait(t.Context(), b.next(), time.Minute)
		if time.Since(began) != time.Minute {
			t.Error("the old ring was heard again")
		}
		if (*Bell)(nil).next() != nil {
			t.Error("no bell has a ring")
		}
	})
}

func eventOf(severity, updated string) *store.Event {
	return &store.Event{
		ID: "e", Key: keyOf("f"), Time: time.Date(2026, 6, 30, 0, 0, 0, 0, time.UTC),
		Finding: fmt.Appendf(nil, `{"Id":"f","Severity":{"Label":%q},"UpdatedAt":%q}`, severity, updated),
	}
}

// A selection wants what all of its parts want.
func TestSelection(t *testing.T) {
	t.Parallel()
	critical := `{"SeverityLabel":[{"Value":"CRITICAL","Comparison":"EQUALS"}]}`
	lastWeek := `{"UpdatedAt":[{"DateRange":{"Value":7,"Unit":"DAYS"}}]}`
	recent, old := eventOf("CRITICAL", "2026-06-28T00:00:00Z"), eventOf("CRITICAL", "2026-05-28T00:00:00Z")
	tests := []struct {
		name      string
		selection Selection
		filters   string
		pattern   string
		event     *store.Event
		want      bool
	}{
		{name: "everything", event: recent, want: true},
		{name: "account", selection: Selection{Accounts: []string{"1", account}}, event: recent, want: true},
		{name: "other account", selection: Selection{Accounts: []string{"1"}}, event: recent},
		{name: "other region", selection: Selection{Regions: []string{"us-east-1"}}, event: recent},
		{name: "filters", filters: critical, event: recent, want: true},
		{name: "filters say no", filters: critical, event: eventOf("LOW", "2026-06-28T00:00:00Z")},
		{name: "dates count from the event", filters: lastWeek, event: recent, want: true},
		{name: "dates count from the event, no", filters: lastWeek, event: old},
		{name: "pattern", pattern: `{"detail":{"findings":{"Severity":{"Label":["CRITICAL"]}}}}`, event: recent, want: true},
		{name: "pattern says no", pattern: `{"source":["aws.guardduty"]}`, event: recent},
		{name: "filters yes, pattern no", filters: critical, pattern: `{"source":["x"]}`, event: recent},
		{name: "filters no, pattern yes", filters: lastWeek, pattern: `{"source":["aws.securityhub"]}`, event: old},
	}
	for _, test := range tests {
		s := test.selection
		if test.filters != "" {
			if err := s.SetFilters(jsontext.Value(test.filters)); err != nil {
				t.Fatal(err)
			}
		}
		if test.pattern != "" {
			s.Pattern = must(pattern.Parse([]byte(test.pattern)))
		}
		wants, err := s.wants(test.event, AppendEvent(nil, test.event))
		if got := s.admits(test.event) && wants; got != test.want || err != nil {
			t.Errorf("%s: %v, error %v", test.name, got, err)
		}
	}
}

// What cannot be judged is wanted, with an error for the log.
func TestSelectionBrokenFinding(t *testing.T) {
	t.Parallel()
	var filtered Selection
	if err := filtered.SetFilters(jsontext.Value(`{"Title":[{"Value":"x","Comparison":"EQUALS"}]}`)); err != nil {
		t.Fatal(err)
	}
	patterned := Selection{Pattern: must(pattern.Parse([]byte(`{"detail":{"findings":{"x":["y"]}}}`)))}
	e := &store.Event{Finding: []byte(`{"broken`)}
	for _, s := range []*Selection{&filtered, &patterned} {
		if wants, err := s.wants(e, AppendEvent(nil, e)); !wants || err == nil {
			t.Errorf("wants %v, error %v", wants, err)
		}
	}
	if err := filtered.SetFilters(jsontext.Value(`{"Nothing":[]}`)); err == nil {
		t.Error("a filter that there is not was taken")
	}
}

func TestRefusal(t *testing.T) {
	t.Parallel()
	cause := errors.New("too large")
	err := fmt.Errorf("sending: %w", &Refusal{cause})
	if !refused(err) || !errors.Is(err, cause) || refused(cause) {
		t.Errorf("%v is no refusal, or %v is one", err, cause)
	}
}
