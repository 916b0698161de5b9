package quota

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/findinghub/findinghub"
)

const (
	account = "111111111111"
	region  = "eu-west-1"
)

// clock is one that the test turns.
type clock struct{ at time.Time }

func newClock() *clock { return &clock{time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)} }

func (c *clock) now() time.Time          { return c.at }
func (c *clock) advance(d time.Duration) { c.at = c.at.Add(d) }

// size is how many buckets are held.
func (l *Limiter) size() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.used.Len()
}

// take calls until it is refused, at most limit times, and says how often it was not.
func take(l *Limiter, operation string, limit int) int {
	for n := range limit {
		if !l.Allow(account, region, operation) {
			return n
		}
	}
	return limit
}

// documented are the throttles in behaviour.md section 8, written down a second time.
var documented = []struct {
	operation   string
	rate, burst int
}{
	{"BatchEnableStandards", 1, 1},
	{"GetFindings", 3, 6},
	{"BatchImportFindings", 10, 30},
	{"BatchUpdateFindings", 10, 30},
	{"UpdateStandardsControl", 1, 5},
	{"DescribeHub", 10, 30},
	{"GetFindingHistory", 10, 30},
	{"UpdateFindings", 10, 30},
	{"BatchDisableStandards", 10, 30},
	{"GetFindingsV2", 10, 30},
	{"AssumeRole", 10, 30},
}

// TestThrottles: the burst at once, then exactly the rate (behaviour.md section 8).
func TestThrottles(t *testing.T) {
	t.Parallel()
	for _, tt := range documented {
		t.Run(tt.operation, func(t *testing.T) {
			t.Parallel()
			c := newClock()
			l := New(Config{Now: c.now})
			if got := take(l, tt.operation, 1000); got != tt.burst {
				t.Errorf("%d calls at once, want %d", got, tt.burst)
			}
			every := time.Second / time.Duration(tt.rate)
			for second := range 3 {
				for range tt.rate {
					c.advance(every - time.Millisecond)
					if l.Allow(account, region, tt.operation) {
						t.Fatalf("second %d: allowed a millisecond early", second)
					}
					c.advance(time.Millisecond + time.Nanosecond) // 333,333,333 ns are not quite a third of a second
					if !l.Allow(account, region, tt.operation) {
						t.Fatalf("second %d: refused although %v have passed", second, every)
					}
				}
			}
			c.advance(time.Hour)
			if got := take(l, tt.operation, 1000); got != tt.burst {
				t.Errorf("%d calls at once after a rest, want %d", got, tt.burst)
			}
		})
	}
}

// model is a token bucket in whole numbers: a token is 1,000 parts, and a millisecond of
// rate r brings r parts.
type model struct {
	parts int64
	last  time.Time
}

func (m *model) allow(now time.Time, rate, burst int64) bool {
	m.parts = min(burst*1000, m.parts+now.Sub(m.last).Milliseconds()*rate)
	m.last = now
	if m.parts < 1000 {
		return false
	}
	m.parts -= 1000
	return true
}

// TestModel: any calls at any times are allowed as an exact bucket for each account, region
// and operation allows them, whatever is forgotten in between.
func TestModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := newClock()
		l := New(Config{Now: c.now})
		models := map[key]*model{}
		for range rapid.IntRange(1, 300).Draw(t, "calls") {
			// Mostly bursts, at times a pause in which buckets fill and are forgotten.
			pause := rapid.SampledFrom([]int{0, 0, 0, 0, 1, 40, 100, 333, 334, 1000, 6000}).Draw(t, "pause")
			c.advance(time.Duration(pause) * time.Millisecond)
			op := rapid.SampledFrom(documented).Draw(t, "operation")
			k := key{rapid.SampledFrom([]string{"1", "2"}).Draw(t, "account"), rapid.SampledFrom([]string{"a", "b"}).Draw(t, "region"), op.operation}
			if models[k] == nil {
				models[k] = &model{parts: int64(op.burst) * 1000, last: c.at}
			}
			want := models[k].allow(c.at, int64(op.rate), int64(op.burst))
			if got := l.Allow(k.account, k.region, k.operation); got != want {
				t.Fatalf("%v: allowed %v, want %v", k, got, want)
			}
		}
	})
}

// TestIsolation: what one account, region or operation has used up is another's still.
func TestIsolation(t *testing.T) {
	t.Parallel()
	c := newClock()
	l := New(Config{Now: c.now})
	for l.Allow(account, region, "GetFindings") {
	}
	for _, k := range []key{{"222222222222", region, "GetFindings"}, {account, "us-east-1", "GetFindings"}, {account, region, "GetInsights"}} {
		if !l.Allow(k.account, k.region, k.operation) {
			t.Errorf("%v is refused for what another used up", k)
		}
	}
	if l.Allow(account, region, "GetFindings") {
		t.Error("others' calls gave it a token")
	}
	// A name that runs into its neighbour's is another name.
	for l.Allow("a", "b", "c") {
	}
	if !l.Allow("ab", "", "c") || !l.Allow("", "ab", "c") {
		t.Error("keys run into each other")
	}
}

// TestCheck: the service's words (behaviour.md 1.5).
func TestCheck(t *testing.T) {
	t.Parallel()
	c := newClock()
	l := New(Config{Now: c.now})
	if err := l.Check(account, region, "BatchEnableStandards"); err != nil {
		t.Fatal(err)
	}
	var e *findinghub.Error
	err := l.Check(account, region, "BatchEnableStandards")
	if !errors.As(err, &e) || e.Code != findinghub.CodeTooManyRequests || e.Message != "Too Many Requests" {
		t.Errorf("got %v", err)
	}
}

// TestOff: quotas are off by default, and off is a nil Limiter.
func TestOff(t *testing.T) {
	t.Parallel()
	var l *Limiter
	for range 1000 {
		if err := l.Check(account, region, "BatchEnableStandards"); err != nil {
			t.Fatal(err)
		}
	}
	if (Limits{}) == ServiceLimits() {
		t.Error("the service has limits")
	}
}

// TestForgetsIdle: buckets that are full again go away, a few at each call, and none before.
func TestForgetsIdle(t *testing.T) {
	t.Parallel()
	c := newClock()
	l := New(Config{Now: c.now})
	for i := range 1000 {
		l.Allow(fmt.Sprint(i), region, "GetFindings")
	}
	if l.size() != 1000 {
		t.Fatalf("%d buckets, want 1000: none is full again", l.size())
	}
	c.advance(time.Second)
	for i := range 500 {
		before := l.size()
		l.Allow(account, region, "BatchEnableStandards")
		if gone := before - l.size(); gone > sweepStep {
			t.Fatalf("call %d dropped %d buckets", i, gone)
		}
	}
	if l.size() != 1 {
		t.Errorf("%d buckets are left, want the one in use", l.size())
	}
}

// TestBound: however many hubs are named, memory is bounded, and it is the longest idle
// bucket that is forgotten.
func TestBound(t *testing.T) {
	t.Parallel()
	c := newClock()
	const most = 50
	l := New(Config{Now: c.now, MaxBuckets: most})
	take(l, "BatchEnableStandards", 10)
	for i := range 10 * most {
		l.Allow(account, fmt.Sprint("region-", i), "BatchEnableStandards")
		if l.size() > most {
			t.Fatalf("%d buckets, want at most %d", l.size(), most)
		}
		if l.Allow(account, region, "BatchEnableStandards") {
			t.Fatalf("after %d others, a bucket in use was forgotten", i)
		}
	}
	if !l.Allow(account, "region-0", "BatchEnableStandards") {
		t.Error("the longest idle bucket was not forgotten")
	}
	if l.Allow(account, fmt.Sprint("region-", 10*most-1), "BatchEnableStandards") {
		t.Error("the newest bucket was forgotten")
	}
}

// TestOneBucket: the bucket that is being asked is never the one that goes.
func TestOneBucket(t *testing.T) {
	t.Parallel()
	c := newClock()
	l := New(Config{Now: c.now, MaxBuckets: 1})
	if got := take(l, "UpdateStandardsControl", 100); got != 5 {
		t.Errorf("%d calls at once, want 5", got)
	}
}

// TestClockBack: a clock that is set back gives nothing away and locks nobody out for long.
func TestClockBack(t *testing.T) {
	t.Parallel()
	c := newClock()
	l := New(Config{Now: c.now})
	take(l, "GetFindings", 100)
	c.advance(-time.Hour)
	if l.Allow(account, region, "GetFindings") {
		t.Error("a token came from the past")
	}
	c.advance(time.Hour + time.Second)
	if got := take(l, "GetFindings", 100); got != 3 {
		t.Errorf("%d calls after a second, want 3", got)
	}
}

// TestConcurrent: callers at the same instant share one burst.
func TestConcurrent(t *testing.T) {
	t.Parallel()
	c := newClock()
	l := New(Config{Now: c.now, MaxBuckets: 4})
	var allowed atomic.Int64
	var callers sync.WaitGroup
	for range 8 {
		callers.Go(func() {
			for i := range 500 {
				if l.Allow(account, region, "BatchImportFindings") {
					allowed.Add(1)
				}
				l.Allow(account, fmt.Sprint(i%2), "GetFindings")
			}
		})
	}
	callers.Wait()
	if allowed.Load() != 30 {
		t.Errorf("%d calls at once, want 30", allowed.Load())
	}
}

// TestLimits: behaviour.md section 8.
func TestLimits(t *testing.T) {
	t.Parallel()
	want := Limits{Members: 10_000, Invitations: 1_000, AutomationRules: 100, CustomActions: 50, CustomInsights: 100, InsightResults: 100}
	if got := ServiceLimits(); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func BenchmarkAllow(b *testing.B) {
	for _, hubs := range []int{1, 1000} {
		b.Run(fmt.Sprint(hubs, " hubs"), func(b *testing.B) {
			names := make([]string, hubs)
			for i := range names {
				names[i] = fmt.Sprint(i)
			}
			l := New(Config{Now: time.Now})
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				l.Allow(names[i%hubs], region, "BatchImportFindings")
				i++
			}
		})
	}
}
