// Package quota bounds callers as the service does: how often each operation may be called,
// and how many things an account may have. A hub of one's own needs neither, so both are off
// until somebody asks for them.
package quota

import (
	"container/list"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/findinghub/findinghub"
)

// DefaultBuckets is how many buckets a Limiter holds unless it is told otherwise: some
// 20 MB. A bucket that was not used for five seconds is full and needs no memory, so this
// many are only held when as many pairs of hub and operation are called within seconds.
const DefaultBuckets = 65_536

// Config is what a Limiter needs. Now is required.
type Config struct {
	// Now is the clock.
	Now func() time.Time
	// MaxBuckets bounds the memory; 0 means DefaultBuckets. Beyond it the bucket that was
	// idle for the longest time is forgotten, that is, counts as full again.
	MaxBuckets int
}

// throttle is one operation's rate, in requests a second, and burst, in requests.
type throttle struct {
	rate  rate.Limit
	burst int
}

// others holds for every operation that of does not name, those of the second version of
// the API among them: no other numbers are published for them.
var others = throttle{10, 30}

// of gives an operation's throttle (behaviour.md section 8, from the API reference's welcome page).
func of(operation string) throttle {
	switch operation {
	case "BatchEnableStandards":
		return throttle{1, 1}
	case "GetFindings":
		return throttle{3, 6}
	case "UpdateStandardsControl":
		return throttle{1, 5}
	}
	return others
}

// key is what has a bucket of its own.
type key struct{ account, region, operation string }

// bucket is a key's, and lies in the order of last use.
type bucket struct {
	key   key
	limit *rate.Limiter
}

// Limiter holds a token bucket for each account, region and operation. A nil Limiter allows
// everything. It is safe for concurrent use and has no goroutine.
type Limiter struct {
	now func() time.Time
	max int

	mu      sync.Mutex
	buckets map[key]*list.Element
	used    *list.List // of *bucket, the last used first
}

// New makes a Limiter whose buckets are full.
func New(c Config) *Limiter {
	if c.MaxBuckets <= 0 {
		c.MaxBuckets = DefaultBuckets
	}
	return &Limiter{now: c.Now, max: c.MaxBuckets, buckets: map[key]*list.Element{}, used: list.New()}
}

// Check is Allow for operations: it fails with TooManyRequestsException, which clients
// repeat after a pause.
func (l *Limiter) Check(account, region, operation string) error {
	if l.Allow(account, region, operation) {
		return nil
	}
	return findinghub.Errorf(findinghub.CodeTooManyRequests, "Too Many Requests")
}

// Allow takes a token for one request; false means that there was none.
func (l *Limiter) Allow(account, region, operation string) bool {
	if l == nil {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	b := l.find(key{account, region, operation})
	l.sweep(now)
	return b.limit.AllowN(now, 1)
}

// find gives a key's bucket, as the last used. A call that is refused uses its bucket, too:
// who keeps calling must not come by a full bucket because it was forgotten.
func (l *Limiter) find(k key) *bucket {
	if e := l.buckets[k]; e != nil {
		l.used.MoveToFront(e)
		return e.Value.(*bucket)
	}
	t := of(k.operation)
	// The names are parts of a request's headers, which would otherwise live as long as the bucket.
	k = key{strings.Clone(k.account), strings.Clone(k.region), strings.Clone(k.operation)}
	b := &bucket{key: k, limit: rate.NewLimiter(t.rate, t.burst)}
	l.buckets[k] = l.used.PushFront(b)
	return b
}

// sweepStep is how many idle buckets a call looks at: more than it can have added, so that
// the idle ones get fewer.
const sweepStep = 2

// sweep forgets buckets that are full, the longest idle first, and one that is not when
// there are too many. A few at each call keep the price of a call even.
func (l *Limiter) sweep(now time.Time) {
	for range sweepStep {
		e := l.used.Back()
		if e == l.used.Front() {
			return // the one that is being asked
		}
		b := e.Value.(*bucket)
		if full := b.limit.TokensAt(now) >= float64(b.limit.Burst()); !full && l.used.Len() <= l.max {
			return
		}
		l.used.Remove(e)
		delete(l.buckets, b.key)
	}
}
