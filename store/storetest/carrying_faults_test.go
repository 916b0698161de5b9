package storetest_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
)

// carrying is the calls of outbox, eraser, carrier and editor that a fault may replace.
type carrying struct {
	read  func(context.Context, string, int) ([]store.Event, error)
	at    func(context.Context, string, int) (string, time.Time, error)
	trim  func(context.Context, string, int) (int, error)
	erase func(context.Context, []finding.Key, func(*finding.Stored) bool) (int, error)
	scan  func(context.Context, *finding.Key, int) ([]store.Whole, error)
	load  func(context.Context, []store.Whole) error
	edit  func(ctx context.Context, collection, account, region, name string, edit func([]byte) ([]byte, error)) error
	ready func(context.Context) error
}

func newCarrying(j *journaled) carrying {
	return carrying{read: j.Events, at: j.EventAt, trim: j.TrimEvents, erase: j.Erase, scan: j.Scan, load: j.Load, edit: j.EditRecord, ready: j.Ready}
}

func (f *faulty) Events(ctx context.Context, after string, limit int) ([]store.Event, error) {
	return f.read(ctx, after, limit)
}
func (f *faulty) EventAt(ctx context.Context, after string, n int) (string, time.Time, error) {
	return f.at(ctx, after, n)
}
func (f *faulty) TrimEvents(ctx context.Context, upTo string, limit int) (int, error) {
	return f.trim(ctx, upTo, limit)
}
func (f *faulty) Erase(ctx context.Context, keys []finding.Key, sure func(*finding.Stored) bool) (int, error) {
	return f.erase(ctx, keys, sure)
}
func (f *faulty) Scan(ctx context.Context, after *finding.Key, limit int) ([]store.Whole, error) {
	return f.scan(ctx, after, limit)
}
func (f *faulty) Load(ctx context.Context, all []store.Whole) error { return f.load(ctx, all) }
func (f *faulty) EditRecord(ctx context.Context, collection, account, region, name string, edit func([]byte) ([]byte, error)) error {
	return f.edit(ctx, collection, account, region, name, edit)
}
func (f *faulty) Ready(ctx context.Context) error { return f.ready(ctx) }

// letOthers gives others the time to show that two calls are not one.
func letOthers() {
	for range 2000 {
		runtime.Gosched()
	}
}

// told is a fault that spoils what Events tells; n counts the calls.
func told(spoil func(events []store.Event, after string, n int) []store.Event) func(*faulty) {
	return func(f *faulty) {
		n := 0
		f.read = func(ctx context.Context, after string, limit int) ([]store.Event, error) {
			events, err := f.journaled.Events(ctx, after, limit)
			n++
			return spoil(events, after, n), err
		}
	}
}

// loads is a fault that spoils what is loaded.
func loads(spoil func(*store.Whole)) func(*faulty) {
	return func(f *faulty) {
		f.load = func(ctx context.Context, all []store.Whole) error {
			all = slices.Clone(all)
			for i := range all {
				spoil(&all[i])
			}
			return f.journaled.Load(ctx, all)
		}
	}
}

var carryingFaults = []fault{
	{"tells of a call only its last state", "Events", told(func(events []store.Event, _ string, _ int) []store.Event {
		return slices.CompactFunc(events, func(a, b store.Event) bool { return a.Key == b.Key })
	})},
	{"makes up an ID at every reading", "Events", told(func(events []store.Event, _ string, n int) []store.Event {
		for i := range events {
			events[i].ID = fmt.Sprintf("%08x-0000-4000-8000-%012x", n, i)
		}
		return events
	})},
	{"makes events unasked", "EventsOff", func(f *faulty) { f.journaled.events = true; f.journaled.KeepEvents(true) }},
	{"forgets the first event behind a cursor", "EventPages", told(func(events []store.Event, after string, _ int) []store.Event {
		if after != "" && len(events) > 1 {
			return events[1:]
		}
		return events
	})},
	{"tells the newest first", "EventsFollowed", told(func(events []store.Event, _ string, _ int) []store.Event {
		if n := len(events); n > 1 {
			events[0].Finding, events[n-1].Finding = events[n-1].Finding, events[0].Finding
		}
		return events
	})},
	{"takes the time of creation for that of every change", "EventTimes", outcomes(func(out *finding.Outcome) { out.Change = nil })},
	{"takes any cursor for the oldest", "EventCursors", func(f *faulty) {
		f.read = func(ctx context.Context, after string, limit int) ([]store.Event, error) {
			events, err := f.journaled.Events(ctx, after, limit)
			if errors.Is(err, store.ErrCursor) {
				return f.journaled.Events(ctx, "", limit)
			}
			return events, err
		}
	}},
	{"fills a page without end", "EventPagesEnd", func(f *faulty) {
		f.read = func(ctx context.Context, after string, limit int) (all []store.Event, err error) {
			for len(all) < limit {
				page, err := f.journaled.Events(ctx, after, limit-len(all))
				if err != nil || len(page) == 0 {
					return all, err
				}
				all, after = append(all, page...), page[len(page)-1].Cursor
			}
			return all, nil
		}
	}},
	{"counts places from nought", "EventsTrimmed", func(f *faulty) {
		f.at = func(ctx context.Context, after string, n int) (string, time.Time, error) {
			return f.journaled.EventAt(ctx, after, max(n-1, 1))
		}
	}},
	{"gives the last where there is no more", "Events", func(f *faulty) {
		f.at = func(ctx context.Context, after string, n int) (string, time.Time, error) {
			left, _, err := f.Backlog(ctx, after)
			if err != nil {
				return "", time.Time{}, err
			}
			return f.journaled.EventAt(ctx, after, min(n, left))
		}
	}},
	{"trims more than it was asked to", "EventsTrimmed", func(f *faulty) {
		f.trim = func(ctx context.Context, upTo string, limit int) (int, error) {
			return f.journaled.TrimEvents(ctx, upTo, 2*limit)
		}
	}},
	{"trims what nobody has read", "EventsTrimmed", func(f *faulty) {
		f.trim = func(ctx context.Context, upTo string, limit int) (int, error) {
			if last, err := f.journaled.LastEvent(ctx); upTo != "" && err == nil {
				upTo = last
			}
			return f.journaled.TrimEvents(ctx, upTo, limit)
		}
	}},
	{"loses events in a crash", "CrashWithEvents", func(f *faulty) { f.journaled.events = false }},
	{"erases without asking", "EraseOnlySure", func(f *faulty) {
		f.erase = func(ctx context.Context, keys []finding.Key, _ func(*finding.Stored) bool) (int, error) {
			return f.journaled.Erase(ctx, keys, func(*finding.Stored) bool { return true })
		}
	}},
	{"asks first and erases later", "EraseRaces", func(f *faulty) {
		var calls atomic.Int64
		f.apply = func(ctx context.Context, ms []store.Mutation) ([]error, error) {
			defer calls.Add(1)
			return f.journaled.Apply(ctx, ms)
		}
		f.erase = func(ctx context.Context, keys []finding.Key, sure func(*finding.Stored) bool) (int, error) {
			all, err := f.journaled.Get(ctx, keys)
			if err != nil {
				return 0, err
			}
			for n, spins := calls.Load()+3, 0; calls.Load() < n && spins < 100_000; spins++ {
				runtime.Gosched()
			}
			gone := slices.DeleteFunc(slices.Clone(keys), func(k finding.Key) bool {
				s := all[slices.Index(keys, k)]
				return s == nil || !sure(s)
			})
			_, err = f.journaled.Erase(ctx, gone, func(*finding.Stored) bool { return true })
			return len(gone), err
		}
	}},
	{"erases in memory alone", "Erase", func(f *faulty) { f.erase = f.journaled.Engine.Erase }},
	{"tells that it erased", "EraseKeepsEvents", func(f *faulty) {
		f.erase = func(ctx context.Context, keys []finding.Key, sure func(*finding.Stored) bool) (int, error) {
			touch := store.Mutation{Key: keys[0], Apply: func(old *finding.Stored) (finding.Outcome, error) {
				return finding.Outcome{Changed: old != nil, Stored: *old}, nil
			}}
			if _, err := f.journaled.Apply(ctx, []store.Mutation{touch}); err != nil {
				return 0, err
			}
			return f.journaled.Erase(ctx, keys, sure)
		}
	}},
	{"scans the last one again", "Scan", func(f *faulty) {
		f.scan = func(ctx context.Context, after *finding.Key, limit int) ([]store.Whole, error) {
			if after != nil {
				before := *after
				before.ID = before.ID[:max(len(before.ID)-1, 0)]
				after = &before
			}
			return f.journaled.Scan(ctx, after, limit)
		}
	}},
	{"reads a finding and its history at two moments", "ScanWhileWrites", func(f *faulty) {
		f.scan = func(ctx context.Context, after *finding.Key, limit int) ([]store.Whole, error) {
			all, err := f.journaled.Scan(ctx, after, limit)
			letOthers()
			for i := range all {
				page, herr := f.journaled.History(ctx, store.HistoryQuery{Key: all[i].Key, Limit: 1e6})
				all[i].Changes = page.Changes
				err = errors.Join(err, herr)
			}
			return all, err
		}
	}},
	{"loads no history", "Carry", loads(func(w *store.Whole) { w.Changes = nil })},
	{"loads history backwards", "CarryRandom", loads(func(w *store.Whole) {
		w.Changes = slices.Clone(w.Changes)
		slices.Reverse(w.Changes)
	})},
	{"loads on top of what is there", "Load", func(f *faulty) {
		f.load = func(ctx context.Context, all []store.Whole) error {
			all = slices.Clone(all)
			for i := range all {
				page, err := f.journaled.History(ctx, store.HistoryQuery{Key: all[i].Key, Limit: 1e6})
				if err != nil {
					return err
				}
				slices.Reverse(page.Changes)
				all[i].Changes = append(page.Changes, all[i].Changes...)
			}
			return f.journaled.Load(ctx, all)
		}
	}},
	{"loads what comes before an error", "LoadRefuses", func(f *faulty) {
		f.load = func(ctx context.Context, all []store.Whole) error {
			for i := range all {
				if err := f.journaled.Load(ctx, all[i:i+1]); err != nil {
					return err
				}
			}
			return nil
		}
	}},
	{"edits what it has read before", "EditRaces", func(f *faulty) {
		f.edit = func(ctx context.Context, collection, account, region, name string, edit func([]byte) ([]byte, error)) error {
			old, err := f.journaled.GetRecord(ctx, collection, account, region, name)
			if err != nil {
				old = nil
			}
			letOthers()
			body, err := edit(old)
			switch {
			case err != nil:
				return err
			case body == nil:
				_ = f.journaled.DeleteRecord(ctx, collection, account, region, name)
				return nil
			}
			return f.journaled.PutRecord(ctx, store.Record{Collection: collection, Account: account, Region: region, Name: name, Body: body}, false)
		}
	}},
	{"wraps an edit's error", "EditErrors", func(f *faulty) {
		f.edit = func(ctx context.Context, collection, account, region, name string, edit func([]byte) ([]byte, error)) error {
			err := f.journaled.EditRecord(ctx, collection, account, region, name, edit)
			if err != nil {
				err = fmt.Errorf("editing: %w", err)
			}
			return err
		}
	}},
	{"takes an empty record for none", "EditRecord", func(f *faulty) {
		f.edit = func(ctx context.Context, collection, account, region, name string, edit func([]byte) ([]byte, error)) error {
			return f.journaled.EditRecord(ctx, collection, account, region, name, func(old []byte) ([]byte, error) {
				if len(old) == 0 {
					old = nil
				}
				body, err := edit(old)
				if len(body) == 0 {
					body = nil
				}
				return body, err
			})
		}
	}},
	{"is never ready", "ReadyFromStart", func(f *faulty) { f.ready = func(context.Context) error { return errors.New("not yet") } }},
}
