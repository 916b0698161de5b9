package storetest_test

import (
	"cmp"
	"context"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/findinghub/findinghub/filter"
	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
	"github.com/findinghub/findinghub/store/storetest"
)

// faultName is the variable that tells a child which fault to run the suite with.
const faultName = "STORETEST_FAULT"

// faulty is a good engine whose calls a fault may replace. It is the whole of
// store.Engine by way of the journaled engine.
type faulty struct {
	*journaled
	apply   func(context.Context, []store.Mutation) ([]error, error)
	get     func(context.Context, []finding.Key) ([]*finding.Stored, error)
	find    func(context.Context, store.Query) (store.Page, error)
	count   func(context.Context, store.Scope, filter.Expr) (int, error)
	groupBy func(context.Context, store.Scope, filter.Expr, filter.Attribute, int) ([]store.Bucket, error)
	history func(context.Context, store.HistoryQuery) (store.HistoryPage, error)
	put     func(context.Context, store.Record, bool) error
	list    func(ctx context.Context, collection, account, region, after string, limit int) ([]store.Record, error)
	close   func() error
	carrying
}

func (f *faulty) Apply(ctx context.Context, ms []store.Mutation) ([]error, error) {
	return f.apply(ctx, ms)
}
func (f *faulty) Get(ctx context.Context, keys []finding.Key) ([]*finding.Stored, error) {
	return f.get(ctx, keys)
}
func (f *faulty) Find(ctx context.Context, q store.Query) (store.Page, error) { return f.find(ctx, q) }
func (f *faulty) Count(ctx context.Context, s store.Scope, e filter.Expr) (int, error) {
	return f.count(ctx, s, e)
}
func (f *faulty) GroupBy(ctx context.Context, s store.Scope, e filter.Expr, by filter.Attribute, limit int) ([]store.Bucket, error) {
	return f.groupBy(ctx, s, e, by, limit)
}
func (f *faulty) History(ctx context.Context, q store.HistoryQuery) (store.HistoryPage, error) {
	return f.history(ctx, q)
}
func (f *faulty) PutRecord(ctx context.Context, r store.Record, create bool) error {
	return f.put(ctx, r, create)
}
func (f *faulty) ListRecords(ctx context.Context, collection, account, region, after string, limit int) ([]store.Record, error) {
	return f.list(ctx, collection, account, region, after, limit)
}
func (f *faulty) Close() error { return f.close() }

func newFaulty(j *journaled) *faulty {
	return &faulty{carrying: newCarrying(j), journaled: j, apply: j.Apply, get: j.Get, find: j.Find, count: j.Count, groupBy: j.GroupBy,
		history: j.History, put: j.PutRecord, list: j.ListRecords, close: j.Close}
}

// fault is a way to be wrong and the check that has to notice.
type fault struct {
	name, check string
	breakIt     func(*faulty)
}

var faults = []fault{
	{"reads a state and writes without looking again", "NoLostUpdates", func(f *faulty) {
		f.apply = func(ctx context.Context, ms []store.Mutation) ([]error, error) {
			ms = slices.Clone(ms)
			for i, m := range ms {
				old, err := f.journaled.Get(ctx, []finding.Key{m.Key})
				if err != nil {
					return nil, err
				}
				ms[i].Apply = func(*finding.Stored) (finding.Outcome, error) { return m.Apply(old[0]) }
			}
			return f.journaled.Apply(ctx, ms)
		}
	}},
	{"mutations of one call do not see each other", "ApplySeveralOfOneKey", func(f *faulty) { f.apply = stale(f) }},
	{"stops at the first error", "ApplyErrors", func(f *faulty) {
		f.apply = func(ctx context.Context, ms []store.Mutation) ([]error, error) {
			errs := make([]error, len(ms))
			for i := range ms {
				one, err := f.journaled.Apply(ctx, ms[i:i+1])
				if err != nil {
					return nil, err
				}
				if errs[i] = one[0]; one[0] != nil {
					break
				}
			}
			return errs, nil
		}
	}},
	{"forgets what customers own", "ApplyAndGet", outcomes(func(out *finding.Outcome) { out.Stored.Owned = 0 })},
	{"forgets who created a finding", "ApplyAndGet", outcomes(func(out *finding.Outcome) { out.Stored.CreatedBy.Identity = "" })},
	{"forgets when a finding was created", "ApplyAndGet", outcomes(func(out *finding.Outcome) { out.Stored.CreatedTime = out.Stored.CreatedTime.Truncate(1e9) })},
	{"writes what has not changed", "ApplyUnchanged", outcomes(func(out *finding.Outcome) { out.Changed = len(out.Stored.Finding) > 0 })},
	{"keeps no updates of a change", "HistoryRecords", outcomes(func(out *finding.Outcome) {
		if out.Change != nil {
			out.Change = &finding.Change{Time: out.Change.Time, Source: out.Change.Source}
		}
	})},
	{"commits half of a cancelled call", "CancelledDuring", func(f *faulty) {
		f.apply = func(ctx context.Context, ms []store.Mutation) ([]error, error) {
			errs := make([]error, len(ms))
			for i := range ms {
				one, err := f.journaled.Apply(ctx, ms[i:i+1])
				if err != nil {
					return nil, err
				}
				errs[i] = one[0]
			}
			return errs, nil
		}
	}},
	{"ignores a context that is over", "CancelledBefore", func(f *faulty) {
		f.count = func(_ context.Context, s store.Scope, e filter.Expr) (int, error) {
			return f.journaled.Count(context.Background(), s, e)
		}
	}},
	{"acknowledges before it is on disk", "Crash", func(f *faulty) {
		pending := 0
		f.apply = func(ctx context.Context, ms []store.Mutation) ([]error, error) {
			// What it writes in memory reaches the file only with every eighth call.
			if pending++; pending%8 == 0 {
				return f.journaled.Apply(ctx, ms)
			}
			return f.journaled.Engine.Apply(ctx, ms)
		}
	}},
	{"works after Close", "Closed", func(f *faulty) { f.close = func() error { return nil } }},
	{"pages by offset", "FindWhileWrites", func(f *faulty) {
		f.find = func(ctx context.Context, q store.Query) (store.Page, error) {
			from, limit := 0, q.Limit
			if q.After != nil {
				from, _ = strconv.Atoi(q.After.Key.ID)
			}
			q.After, q.Limit = nil, 1e6
			page, err := f.journaled.Find(ctx, q)
			if err != nil {
				return page, err
			}
			more := len(page.Keys) > from+limit
			to := min(from+limit, len(page.Keys))
			page.Keys, page.Findings = page.Keys[min(from, to):to], page.Findings[min(from, to):to]
			if more {
				page.Next = &store.Cursor{Key: finding.Key{ID: strconv.Itoa(to)}}
			}
			return page, nil
		}
	}},
	{"breaks ties backwards", "FindPages", func(f *faulty) {
		f.find = func(ctx context.Context, q store.Query) (store.Page, error) {
			page, err := f.journaled.Find(ctx, q)
			slices.SortStableFunc(page.Keys, func(a, b finding.Key) int { return -a.Compare(b) })
			return page, err
		}
	}},
	{"does not know the last page", "FindLastPage", func(f *faulty) {
		f.find = func(ctx context.Context, q store.Query) (store.Page, error) {
			page, err := f.journaled.Find(ctx, q)
			if n := len(page.Keys); n == q.Limit && page.Next == nil {
				page.Next = &store.Cursor{Key: page.Keys[n-1]}
			}
			return page, err
		}
	}},
	{"ignores negations", "AgainstModel", func(f *faulty) {
		f.find = func(ctx context.Context, q store.Query) (store.Page, error) {
			q.Filter = filter.Map(q.Filter, func(e filter.Expr) filter.Expr {
				if not, ok := e.(filter.Not); ok {
					return not.X
				}
				return e
			})
			return f.journaled.Find(ctx, q)
		}
	}},
	{"counts late", "ReadsSeeWrites", func(f *faulty) {
		var mu sync.Mutex
		last := map[string]int{}
		f.count = func(ctx context.Context, s store.Scope, e filter.Expr) (int, error) {
			n, err := f.journaled.Count(ctx, s, e)
			mu.Lock()
			defer mu.Unlock()
			before := last[e.String()]
			last[e.String()] = n
			return before, err
		}
	}},
	{"looks into other regions", "Scopes", func(f *faulty) {
		f.count = func(ctx context.Context, s store.Scope, e filter.Expr) (int, error) {
			if len(s.Regions) > 0 {
				s.Regions = []string{"eu-west-1", "us-east-1"}
			}
			return f.journaled.Count(ctx, s, e)
		}
	}},
	{"groups in the order of values", "GroupBy", func(f *faulty) {
		f.groupBy = func(ctx context.Context, s store.Scope, e filter.Expr, by filter.Attribute, limit int) ([]store.Bucket, error) {
			buckets, err := f.journaled.GroupBy(ctx, s, e, by, limit)
			slices.SortFunc(buckets, func(a, b store.Bucket) int { return cmp.Compare(a.Value, b.Value) })
			return buckets, err
		}
	}},
	{"tells history oldest first", "HistoryPages", func(f *faulty) {
		f.history = func(ctx context.Context, q store.HistoryQuery) (store.HistoryPage, error) {
			page, err := f.journaled.History(ctx, q)
			slices.Reverse(page.Changes)
			return page, err
		}
	}},
	{"leaves the end of a time range out", "HistoryBounds", func(f *faulty) {
		f.history = func(ctx context.Context, q store.HistoryQuery) (store.HistoryPage, error) {
			if !q.To.IsZero() {
				q.To = q.To.Add(-1)
			}
			return f.journaled.History(ctx, q)
		}
	}},
	{"counts history pages from the newest", "HistoryGrows", func(f *faulty) {
		f.history = func(ctx context.Context, q store.HistoryQuery) (store.HistoryPage, error) {
			skip, limit := int(q.After), q.Limit
			q.After, q.Limit = 0, 1e6
			page, err := f.journaled.History(ctx, q)
			n := len(page.Changes)
			page.Changes = page.Changes[min(skip, n):min(skip+limit, n)]
			if skip+limit < n {
				page.Next = int64(skip + limit)
			}
			return page, err
		}
	}},
	{"creates a record twice", "RecordRaces", func(f *faulty) {
		f.put = func(ctx context.Context, r store.Record, create bool) error {
			return f.journaled.PutRecord(ctx, r, false)
		}
	}},
	{"lists a record again on the next page", "RecordLists", func(f *faulty) {
		f.list = func(ctx context.Context, collection, account, region, after string, limit int) ([]store.Record, error) {
			if after != "" {
				after = after[:len(after)-1]
			}
			return f.journaled.ListRecords(ctx, collection, account, region, after, limit)
		}
	}},
	{"gives its own bytes away", "BytesAreCopied", func(f *faulty) {
		var mine []*finding.Stored
		f.get = func(ctx context.Context, keys []finding.Key) (_ []*finding.Stored, err error) {
			if mine == nil {
				mine, err = f.journaled.Get(ctx, keys)
			}
			return mine, err
		}
	}},
}

func allFaults() []fault { return append(slices.Clone(faults), carryingFaults...) }

// stale makes mutations all see the state from before the call.
func stale(f *faulty) func(context.Context, []store.Mutation) ([]error, error) {
	return func(ctx context.Context, ms []store.Mutation) ([]error, error) {
		var keys []finding.Key
		for _, m := range ms {
			keys = append(keys, m.Key)
		}
		olds, err := f.journaled.Get(ctx, keys)
		if err != nil {
			return nil, err
		}
		ms = slices.Clone(ms)
		for i, m := range ms {
			ms[i].Apply = func(*finding.Stored) (finding.Outcome, error) { return m.Apply(olds[i]) }
		}
		return f.journaled.Apply(ctx, ms)
	}
}

// outcomes is a fault that spoils what mutations make.
func outcomes(spoil func(*finding.Outcome)) func(*faulty) {
	return func(f *faulty) {
		f.apply = func(ctx context.Context, ms []store.Mutation) ([]error, error) {
			ms = slices.Clone(ms)
			for i, m := range ms {
				ms[i].Apply = func(old *finding.Stored) (finding.Outcome, error) {
					out, err := m.Apply(old)
					spoil(&out)
					return out, err
				}
			}
			return f.journaled.Apply(ctx, ms)
		}
	}
}

// TestFaults runs the suite over engines that are wrong in one way each, in processes of
// their own since a test cannot be expected to fail, and wants every one to be found out.
func TestFaults(t *testing.T) {
	if name := os.Getenv(faultName); name != "" {
		runFault(t, name)
		return
	}
	for _, fault := range allFaults() {
		t.Run(fault.name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(os.Args[0], "-test.run=^TestFaults$/^"+fault.check+"$", "-rapid.nofailfile")
			cmd.Env = append(os.Environ(), faultName+"="+fault.name)
			out, err := cmd.CombinedOutput()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || !strings.Contains(string(out), "--- FAIL: TestFaults/"+fault.check) {
				t.Errorf("an engine that %s passes %s: %v\n%s", fault.name, fault.check, err, out)
			}
		})
	}
}

func runFault(t *testing.T, name string) {
	faults := allFaults()
	i := slices.IndexFunc(faults, func(f fault) bool { return f.name == name })
	storetest.Run(t, func(t *testing.T, dir string, o storetest.Options) store.Engine {
		f := newFaulty(openJournal(t, dir, o))
		faults[i].breakIt(f)
		return f
	})
}
