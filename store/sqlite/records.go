package sqlite

import (
	"context"
	"errors"
	"fmt"

	"zombiezen.com/go/sqlite"

	"github.com/findinghub/findinghub/store"
)

// GetRecord implements store.Engine.
func (e *Engine) GetRecord(ctx context.Context, collection, account, region, name string) (body []byte, err error) {
	if err := e.enter(ctx); err != nil {
		return nil, err
	}
	defer e.leave()
	err = e.readers.with(ctx, func(r *reader) error {
		s := r.selectRecord
		bindTexts(s, collection, account, region, name)
		found, err := s.Step()
		if err != nil {
			return fmt.Errorf("store: reading a record: %w", err)
		}
		if !found {
			return errors.Join(store.ErrNoRecord, s.Reset())
		}
		body = appendColumn([]byte{}, s, 0)
		return s.Reset()
	})
	return body, err
}

// ListRecords implements store.Engine.
func (e *Engine) ListRecords(ctx context.Context, collection, account, region, after string, limit int) (list []store.Record, err error) {
	if err := e.enter(ctx); err != nil {
		return nil, err
	}
	defer e.leave()
	err = e.readers.with(ctx, func(r *reader) error {
		s := r.listRecords
		bindTexts(s, collection, account, region, after)
		s.BindInt64(5, int64(limit))
		for {
			found, err := s.Step()
			if err != nil {
				return fmt.Errorf("store: listing records: %w", err)
			}
			if !found {
				return s.Reset()
			}
			list = append(list, store.Record{
				Collection: collection, Account: account, Region: region,
				Name: s.ColumnText(0), Body: appendColumn([]byte{}, s, 1),
			})
		}
	})
	return list, err
}

// PutRecord implements store.Engine.
func (e *Engine) PutRecord(ctx context.Context, r store.Record, create bool) error {
	return e.writeRecord(ctx, func(w *writer) error {
		s := w.upsertRecord
		if create {
			s = w.insertRecord
		}
		bindTexts(s, r.Collection, r.Account, r.Region, r.Name)
		s.BindBytes(5, r.Body)
		return w.touch(s, store.ErrExists)
	})
}

// DeleteRecord implements store.Engine.
func (e *Engine) DeleteRecord(ctx context.Context, collection, account, region, name string) error {
	return e.writeRecord(ctx, func(w *writer) error {
		bindTexts(w.dropRecord, collection, account, region, name)
		return w.touch(w.dropRecord, store.ErrNoRecord)
	})
}

// writeRecord sends a write through the writer, who may commit it along with findings.
func (e *Engine) writeRecord(ctx context.Context, write func(*writer) error) error {
	if err := e.enter(ctx); err != nil {
		return err
	}
	defer e.leave()
	return e.writer.do(ctx, job{record: write})
}

// touch runs a statement that should touch one row; untouched is the answer when it did not.
func (w *writer) touch(s *sqlite.Stmt, untouched error) error {
	if err := run(s); err != nil {
		return fmt.Errorf("store: writing a record: %w", err)
	}
	if w.conn.Changes() == 0 {
		return untouched
	}
	return nil
}

// bindTexts binds a statement's first parameters.
func bindTexts(s *sqlite.Stmt, texts ...string) {
	for i, t := range texts {
		s.BindText(i+1, t)
	}
}
