// Package migrate copies everything from one engine to another: findings with their history and what customers
// own of them, and the hub's records. It compares both engines in the order of their keys and writes what differs,
// so that it may be cut short anywhere and begun again, and a second run takes over what has changed since the
// first. What it holds in memory does not grow with the engines. Events that wait in the source's outbox stay there.
package migrate

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
)

// Engine is what a migration needs of an engine; every store.Engine has it.
type Engine interface {
	store.Carrier
	store.Eraser
	PutRecord(ctx context.Context, r store.Record, create bool) error
	DeleteRecord(ctx context.Context, collection, account, region, name string) error
}

// Options are how a migration is made.
type Options struct {
	// VerifyOnly compares and writes nothing.
	VerifyOnly bool
	// Delete removes from the target what the source does not have (any more).
	Delete bool
	// Skip, if not nil, says which collections of records are left where they are, on both sides.
	Skip func(collection string) bool
	// Progress, if not nil, is told how far the migration is, often and from one goroutine.
	Progress func(Progress)
	// Page is how many findings are read or written at once; 0 means 200.
	Page int
}

// Progress is how far a migration is.
type Progress struct {
	Verifying bool // all is written; both sides are being compared again
	Findings  int  // findings of the source that have been compared
	Written   int  // findings that have been written
}

// Result is what a migration did and found.
type Result struct {
	// Findings and Records compare both sides, after the last write.
	Findings, Records Comparison
	// What this run wrote to the target and deleted there.
	WrittenFindings, DeletedFindings int
	WrittenRecords, DeletedRecords   int
}

// Same says that both sides hold the same.
func (r *Result) Same() bool { return r.Findings.Same() && r.Records.Same() }

// Run makes target what source is. The source may be written to meanwhile; then the result says that the sides
// differ, and another run does the rest. After an error, or when the context ends, everything that was written is
// right and another run goes on. Nobody else should write to the target.
func Run(ctx context.Context, source, target Engine, o Options) (Result, error) {
	if o.Page == 0 {
		o.Page = 200
	}
	m := &migration{Options: o, source: source, target: target}
	err := m.pass(ctx, !o.VerifyOnly)
	if r := &m.result; err == nil && r.WrittenFindings+r.DeletedFindings+r.WrittenRecords+r.DeletedRecords > 0 {
		// What was compared before it was written says nothing about what is there now.
		err = m.pass(ctx, false)
	}
	return m.result, err
}

// migration is one run.
type migration struct {
	Options
	source, target Engine
	result         Result
}

// pass compares everything once, and makes it the same if it may write.
func (m *migration) pass(ctx context.Context, write bool) error {
	findings := m.findings(!write && !m.VerifyOnly)
	var err error
	if m.result.Findings, err = findings.run(ctx, m.how(write)); err != nil {
		return fmt.Errorf("migrate: findings: %w", err)
	}
	if m.result.Records, err = m.records().run(ctx, m.how(write)); err != nil {
		return fmt.Errorf("migrate: records: %w", err)
	}
	return nil
}

func (m *migration) how(write bool) how {
	return how{write: write, erase: write && m.Delete, page: m.Page}
}

// findings are the sides' findings.
func (m *migration) findings(verifying bool) *sides[store.Whole] {
	return &sides[store.Whole]{
		compare: func(a, b *store.Whole) int { return a.Key.Compare(b.Key) },
		digest:  digestWhole,
		source:  scanFindings(m.source),
		target:  scanFindings(m.target),
		write: func(ctx context.Context, all []store.Whole) error {
			if err := m.target.Load(ctx, all); err != nil {
				return err
			}
			m.result.WrittenFindings += len(all)
			return nil
		},
		erase: m.eraseFindings,
		compared: func(n int) {
			if m.Progress != nil {
				m.Progress(Progress{Verifying: verifying, Findings: n, Written: m.result.WrittenFindings})
			}
		},
	}
}

func (m *migration) eraseFindings(ctx context.Context, all []store.Whole) error {
	keys := make([]finding.Key, len(all))
	for i := range all {
		keys[i] = all[i].Key
	}
	n, err := m.target.Erase(ctx, keys, func(*finding.Stored) bool { return true })
	m.result.DeletedFindings += n
	return err
}

func scanFindings(e Engine) scan[store.Whole] {
	return func(ctx context.Context, after *store.Whole, limit int) ([]store.Whole, bool, error) {
		var key *finding.Key
		if after != nil {
			key = &after.Key
		}
		all, err := e.Scan(ctx, key, limit)
		return all, len(all) < limit, err
	}
}

// records are the sides' records.
func (m *migration) records() *sides[store.Record] {
	return &sides[store.Record]{
		compare: compareRecords,
		digest:  digestRecord,
		source:  m.scanRecords(m.source),
		target:  m.scanRecords(m.target),
		write: func(ctx context.Context, all []store.Record) error {
			for _, r := range all {
				if err := m.target.PutRecord(ctx, r, false); err != nil {
					return err
				}
				m.result.WrittenRecords++
			}
			return nil
		},
		erase: func(ctx context.Context, all []store.Record) error {
			for _, r := range all {
				err := m.target.DeleteRecord(ctx, r.Collection, r.Account, r.Region, r.Name)
				if err != nil && !errors.Is(err, store.ErrNoRecord) {
					return err
				}
				m.result.DeletedRecords++
			}
			return nil
		},
	}
}

// scanRecords reads over the collections that are left out.
func (m *migration) scanRecords(e Engine) scan[store.Record] {
	return func(ctx context.Context, after *store.Record, limit int) (kept []store.Record, last bool, err error) {
		for len(kept) == 0 && !last {
			all, err := e.ScanRecords(ctx, after, limit)
			if err != nil {
				return nil, false, err
			}
			last = len(all) < limit
			for i := range all {
				if m.Skip == nil || !m.Skip(all[i].Collection) {
					kept = append(kept, all[i])
				}
				after = &all[i]
			}
		}
		return kept, last, nil
	}
}

// compareRecords is the order of store.Carrier.
func compareRecords(a, b *store.Record) int {
	return cmp.Or(cmp.Compare(a.Collection, b.Collection), cmp.Compare(a.Account, b.Account),
		cmp.Compare(a.Region, b.Region), cmp.Compare(a.Name, b.Name))
}
