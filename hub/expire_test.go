package hub

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/findinghub/findinghub/asff"
	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
	"github.com/findinghub/findinghub/store/memory"
)

const day = 24 * time.Hour

// aged is a finding as the store has it.
type aged struct {
	product, state     string
	updated, processed time.Duration // before the clock's time; processed of less than 0 is none
}

func (a aged) whole(now time.Time, account, region, id string) store.Whole {
	f := asff.Finding{}
	f.SetText("SchemaVersion", "2018-10-08")
	f.SetText("AwsAccountId", account)
	f.SetText("Region", region)
	f.SetText("ProductArn", a.product)
	f.SetText("Id", id)
	f.SetText("UpdatedAt", now.Add(-a.updated).Format(time.RFC3339Nano))
	if a.processed >= 0 {
		f.SetText("ProcessedAt", now.Add(-a.processed).Format(time.RFC3339Nano))
	}
	f.SetText("RecordState", a.state)
	s := finding.Stored{Finding: f, CreatedTime: now.Add(-1000 * day)}
	return store.Whole{Key: s.Key(), Stored: s}
}

const controlProduct = "arn:aws:securityhub:us-east-1::product/aws/securityhub"

// TestExpired: behaviour.md section 2.4. Active findings go 90 days after the last update in the service and archived
// ones after 30; the last update is the later of ProcessedAt and UpdatedAt, of control findings UpdatedAt alone.
func TestExpired(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	service := Retention{Active: 90 * day, Archived: 30 * day}
	for _, c := range []struct {
		name   string
		limits Retention
		aged
		want bool
	}{
		{"active, old", service, aged{prowler, "ACTIVE", 91 * day, 91 * day}, true},
		{"active, to the moment", service, aged{prowler, "ACTIVE", 90 * day, 90 * day}, true},
		{"active, a moment before", service, aged{prowler, "ACTIVE", 90*day - 1, 90 * day}, false},
		{"active, as old as an archived one may be", service, aged{prowler, "ACTIVE", 31 * day, 31 * day}, false},
		{"active, processed lately", service, aged{prowler, "ACTIVE", 200 * day, 89 * day}, false},
		{"active, updated lately", service, aged{prowler, "ACTIVE", 89 * day, 200 * day}, false},
		{"active, never processed", service, aged{prowler, "ACTIVE", 90 * day, -1}, true},
		{"active, updated in the future", service, aged{prowler, "ACTIVE", -500 * day, 200 * day}, false},
		{"without a state", service, aged{prowler, "", 31 * day, 31 * day}, false},
		{"archived, old", service, aged{prowler, "ARCHIVED", 30 * day, 30 * day}, true},
		{"archived, a moment before", service, aged{prowler, "ARCHIVED", 30*day - 1, 31 * day}, false},
		{"archived, processed lately", service, aged{prowler, "ARCHIVED", 200 * day, 29 * day}, false},
		{"control, processed lately", service, aged{controlProduct, "ACTIVE", 90 * day, 0}, true},
		{"control, updated lately", service, aged{controlProduct, "ACTIVE", 89 * day, 200 * day}, false},
		{"control, archived, processed lately", service, aged{controlProduct, "ARCHIVED", 30 * day, 0}, true},
		{"control of another partition", service, aged{"arn:aws-cn:securityhub:cn-north-1::product/aws/securityhub", "ACTIVE", 90 * day, 0}, true},
		{"a product that only sounds so", service, aged{"arn:aws:securityhub:us-east-1::product/aws/securityhub2", "ACTIVE", 90 * day, 0}, false},
		{"an account's product of that name", service, aged{"arn:aws:securityhub:us-east-1:111111111111:product/aws/securityhub", "ACTIVE", 90 * day, 0}, false},
		{"for ever", Retention{}, aged{prowler, "ACTIVE", 9000 * day, 9000 * day}, false},
		{"active for ever", Retention{Archived: day}, aged{prowler, "ACTIVE", 9000 * day, 9000 * day}, false},
		{"archived for ever", Retention{Active: day}, aged{prowler, "ARCHIVED", 9000 * day, 9000 * day}, false},
	} {
		w := c.whole(now, alice.Account, alice.Region, "x")
		if got := c.limits.Expired(&w.Stored, now); got != c.want {
			t.Errorf("%s: %t, want %t", c.name, got, c.want)
		}
	}
	w := aged{prowler, "ACTIVE", 0, -1}.whole(now, alice.Account, alice.Region, "x")
	w.Stored.Finding.SetText("UpdatedAt", "soon")
	if !service.Expired(&w.Stored, now) {
		t.Error("a finding without a time does not count from its creation")
	}
}

// TestExpire: whatever there is in whatever hubs, what is left is what has not expired; candidates miss nothing.
func TestExpire(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		e := memory.New()
		now := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
		h, err := New(t.Context(), Config{Store: e, Now: func() time.Time { return now }})
		if err != nil {
			rt.Fatal(err)
		}
		r := Retention{
			Active:   time.Duration(rapid.SampledFrom([]int{0, 3, 9}).Draw(rt, "active")) * day,
			Archived: time.Duration(rapid.SampledFrom([]int{0, 3, 9}).Draw(rt, "archived")) * day,
		}
		want := map[finding.Key]bool{}
		for i := range rapid.IntRange(0, 30).Draw(rt, "findings") {
			a := aged{
				product:   rapid.SampledFrom([]string{prowler, controlProduct, aliceProduct}).Draw(rt, "product"),
				state:     rapid.SampledFrom([]string{"ACTIVE", "ARCHIVED", ""}).Draw(rt, "state"),
				updated:   time.Duration(rapid.IntRange(-1, 12).Draw(rt, "updated")) * day,
				processed: time.Duration(rapid.IntRange(-1, 12).Draw(rt, "processed")) * day,
			}
			w := a.whole(now, rapid.SampledFrom([]string{alice.Account, bob.Account}).Draw(rt, "account"),
				rapid.SampledFrom([]string{"eu-west-1", "us-east-1"}).Draw(rt, "region"), fmt.Sprint(i))
			if err := e.Load(context.Background(), []store.Whole{w}); err != nil {
				rt.Fatal(err)
			}
			if !r.Expired(&w.Stored, now) {
				want[w.Key] = true
			}
		}
		before, _ := e.Stats(context.Background())
		n, err := h.Expire(context.Background(), r)
		if got := keysOf(rt, e); err != nil || !maps.Equal(got, want) || n != before.Findings-len(want) {
			rt.Fatalf("%d of %d were removed, %v; left is %v, want %v", n, before.Findings, err, got, want)
		}
	})
}

func keysOf(t rapid.TB, e store.Engine) map[finding.Key]bool {
	all, err := e.Scan(context.Background(), nil, 100_000)
	if err != nil {
		t.Fatal(err)
	}
	keys := map[finding.Key]bool{}
	for i := range all {
		keys[all[i].Key] = true
	}
	return keys
}

// watched is an engine that tells what it is asked.
type watched struct {
	store.Engine
	erased  []int // keys in each call
	found   []int // findings in each answer
	onErase func()
	err     error
}

func (w *watched) Find(ctx context.Context, q store.Query) (store.Page, error) {
	page, err := w.Engine.Find(ctx, q)
	w.found = append(w.found, len(page.Keys))
	return page, err
}

func (w *watched) Erase(ctx context.Context, keys []finding.Key, sure func(*finding.Stored) bool) (int, error) {
	w.erased = append(w.erased, len(keys))
	if w.onErase != nil {
		w.onErase()
	}
	if w.err != nil {
		return 0, w.err
	}
	return w.Engine.Erase(ctx, keys, sure)
}

// expiring is a hub with n findings that have expired and as many that have not.
func expiring(t *testing.T, n int) (rig, *watched) {
	t.Helper()
	w := &watched{Engine: memory.New()}
	r := newRig(t, func(c *Config) { c.Store = w })
	var all []store.Whole
	for i := range n {
		all = append(all, aged{prowler, "ACTIVE", 100 * day, 100 * day}.whole(r.clock.t, alice.Account, alice.Region, fmt.Sprint("old", i)),
			aged{prowler, "ACTIVE", day, day}.whole(r.clock.t, alice.Account, alice.Region, fmt.Sprint("young", i)))
	}
	if err := w.Load(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	return r, w
}

// TestExpireInSmallSteps: never more than a step at once, with a rest after each, and nothing young is even looked at.
func TestExpireInSmallSteps(t *testing.T) {
	t.Parallel()
	r, w := expiring(t, 1200)
	rests := 0
	n, err := r.Expire(t.Context(), Retention{Active: 90 * day, Rest: func(context.Context) error { rests++; return nil }})
	if n != 1200 || err != nil || rests != 3 || !slices.Equal(w.erased, []int{500, 500, 200}) || !slices.Equal(w.found, []int{500, 500, 200}) {
		t.Errorf("%d removed, %v, in steps of %v after finding %v, with %d rests", n, err, w.erased, w.found, rests)
	}
	if n, err := r.Expire(t.Context(), Retention{Active: 90 * day}); n != 0 || err != nil {
		t.Errorf("again: %d, %v", n, err)
	}
}

// TestExpireStops: what ends a pass leaves what was done, and is told.
func TestExpireStops(t *testing.T) {
	t.Parallel()
	r, w := expiring(t, 1200)
	tired := errors.New("tired")
	n, err := r.Expire(t.Context(), Retention{Active: 90 * day, Rest: func(context.Context) error { return tired }})
	if n != 500 || !errors.Is(err, tired) {
		t.Errorf("after the first rest: %d, %v", n, err)
	}
	w.err = tired
	if n, err := r.Expire(t.Context(), Retention{Active: 90 * day}); n != 0 || !errors.Is(err, tired) {
		t.Errorf("an engine that fails: %d, %v", n, err)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Expire(over, Retention{Active: 90 * day}); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that is over: %v", err)
	}
	w.err = nil
	if n, err := r.Expire(t.Context(), Retention{Active: 90 * day}); n != 700 || err != nil {
		t.Errorf("the rest: %d, %v", n, err)
	}
}

// TestExpireSparesWhatComesBack: a finding that its product sends again between the look and the deletion stays, with
// its history.
func TestExpireSparesWhatComesBack(t *testing.T) {
	t.Parallel()
	r, w := expiring(t, 10)
	back := aged{prowler, "ACTIVE", 0, 0}.whole(r.clock.t, alice.Account, alice.Region, "old3")
	w.onErase = func() {
		errs, err := w.Apply(t.Context(), []store.Mutation{{Key: back.Key, Apply: func(old *finding.Stored) (finding.Outcome, error) {
			return finding.Import(old, back.Stored.Finding, finding.Arrival{Now: r.clock.t, Region: alice.Region})
		}}})
		if err != nil || errs[0] != nil {
			t.Error(errs, err)
		}
	}
	n, err := r.Expire(t.Context(), Retention{Active: 90 * day})
	if left := keysOf(t, w); n != 9 || err != nil || !left[back.Key] || len(left) != 11 {
		t.Errorf("%d removed, %v; it is there: %t; %d are left", n, err, left[back.Key], len(left))
	}
}

// TestExpireFindsHubs: the walk from hub to hub misses none, also where accounts and regions sort closely.
func TestExpireFindsHubs(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	var want []hubPlace
	for _, account := range []string{"000000000000", "111111111111", "111111111112"} {
		for _, region := range []string{"us-east-1", "us-east-2", "us-gov-east-1"} {
			want = append(want, hubPlace{account, region})
			for _, product := range []string{prowler, "arn:aws:securityhub:us-east-1:111111111111:product/zzz/~~~"} {
				w := aged{product, "ACTIVE", day, day}.whole(r.clock.t, account, region, "~é日本")
				if err := r.store.Load(t.Context(), []store.Whole{w}); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	var got []hubPlace
	for at, err := r.nextHub(t.Context(), nil); at != nil || err != nil; at, err = r.nextHub(t.Context(), at.end()) {
		if err != nil || len(got) > 100 {
			t.Fatal(got, err)
		}
		got = append(got, *at)
	}
	if !slices.Equal(got, want) {
		t.Errorf("the hubs are %v, want %v", got, want)
	}
}

// TestExpiryDue: of all processes one makes a pass, and the next comes when its time has come.
func TestExpiryDue(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	other, err := New(t.Context(), Config{Store: r.store, Now: r.clock.now})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		after time.Duration
		h     *Hub
		want  bool
	}{
		{0, r.Hub, true}, {0, other, false}, {0, r.Hub, false}, {59 * time.Minute, other, false},
		{time.Minute, other, true}, {0, r.Hub, false}, {5 * time.Hour, r.Hub, true}, {0, other, false},
		// A clock that was years ahead and is right again.
		{10000 * time.Hour, r.Hub, true}, {-10000 * time.Hour, other, true},
	} {
		r.clock.advance(c.after)
		if due, err := c.h.ExpiryDue(t.Context(), time.Hour); due != c.want || err != nil {
			t.Errorf("at %v: %t, %v, want %t", r.clock.t, due, err, c.want)
		}
	}
	if err := r.store.PutRecord(t.Context(), store.Record{Collection: expiryRecords, Name: expiryRecords, Body: []byte("x")}, false); err != nil {
		t.Fatal(err)
	}
	var syntax *json.SyntaxError
	if due, err := r.ExpiryDue(t.Context(), time.Hour); due || !errors.As(err, &syntax) {
		t.Errorf("with a record that cannot be read: %t, %v", due, err)
	}
}
