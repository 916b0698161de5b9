package sqlite

import (
	"context"
	"errors"
	"fmt"

	"zombiezen.com/go/sqlite"

	"github.com/findinghub/findinghub/store"
)

const selectRecord = "SELECT body, sum FROM records WHERE collection=? AND account=? AND region=? AND name=?"

// readRecord reads a record's body; ok is false when there is none.
func readRecord(s *sqlite.Stmt, r *store.Record) (ok bool, err error) {
	bindTexts(s, r.Collection, r.Account, r.Region, r.Name)
	found, err := s.Step()
	if err != nil {
		return false, fmt.Errorf("store: reading a record: %w", err)
	}
	if !found {
		return false, s.Reset()
	}
	err = takeBody(s, 0, r)
	return err == nil, errors.Join(err, s.Reset())
}

// takeBody takes a record's body and checks it against its sum in the next column.
func takeBody(s *sqlite.Stmt, col int, r *store.Record) error {
	r.Body = appendColumn([]byte{}, s, col)
	if sumRecord(r) != s.ColumnInt64(col+1) {
		return fmt.Errorf("store: record %s/%s: %w", r.Collection, r.Name, errCorrupt)
	}
	return nil
}

// GetRecord implements store.Engine.
func (e *Engine) GetRecord(ctx context.Context, collection, account, region, name string) (body []byte, err error) {
	if err := e.enter(ctx); err != nil {
		return nil, err
	}
	defer e.leave()
	err = e.readers.with(ctx, func(r *reader) error {
		record := store.Record{Collection: collection, Account: account, Region: region, Name: name}
		ok, err := readRecord(r.selectRecord, &record)
		if err == nil && !ok {
			err = store.ErrNoRecord
		}
		body = record.Body
		return err
	})
	if err != nil {
		return nil, err
	}
	return body, nil
}

// ListRecords implements store.Engine.
func (e *Engine) ListRecords(ctx context.Context, collection, account, region, after string, limit int) ([]store.Record, error) {
	return e.records(ctx, func(r *reader) *sqlite.Stmt {
		bindTexts(r.listRecords, collection, account, region, after)
		r.listRecords.BindInt64(5, int64(limit))
		return r.listRecords
	}, func(s *sqlite.Stmt) (store.Record, error) {
		record := store.Record{Collection: collection, Account: account, Region: region, Name: s.ColumnText(0)}
		err := takeBody(s, 1, &record)
		return record, err
	})
}

// ScanRecords implements store.Carrier.
func (e *Engine) ScanRecords(ctx context.Context, after *store.Record, limit int) ([]store.Record, error) {
	return e.records(ctx, func(r *reader) *sqlite.Stmt {
		if after == nil {
			r.firstRecords.BindInt64(1, int64(limit))
			return r.firstRecords
		}
		bindTexts(r.scanRecords, after.Collection, after.Account, after.Region, after.Name)
		r.scanRecords.BindInt64(5, int64(limit))
		return r.scanRecords
	}, func(s *sqlite.Stmt) (store.Record, error) {
		record := store.Record{Collection: s.ColumnText(0), Account: s.ColumnText(1), Region: s.ColumnText(2), Name: s.ColumnText(3)}
		err := takeBody(s, 4, &record)
		return record, err
	})
}

// records lists what a statement selects.
func (e *Engine) records(ctx context.Context, bind func(*reader) *sqlite.Stmt, take func(*sqlite.Stmt) (store.Record, error)) (list []store.Record, err error) {
	if err := e.enter(ctx); err != nil {
		return nil, err
	}
	defer e.leave()
	err = e.readers.with(ctx, func(r *reader) error {
		s := bind(r)
		for {
			found, err := s.Step()
			if err != nil {
				return fmt.Errorf("store: listing records: %w", err)
			}
			if !found {
				return s.Reset()
			}
			record, err := take(s)
			if err != nil {
				return errors.Join(err, s.Reset())
			}
			list = append(list, record)
		}
	})
	return list, err
}

// PutRecord implements store.Engine.
func (e *Engine) PutRecord(ctx context.Context, r store.Record, create bool) error {
	return e.write(ctx, func(w *writer) error {
		if create {
			return w.putRecord(w.insertRecord, &r)
		}
		return w.putRecord(w.upsertRecord, &r)
	})
}

// putRecord writes a record with its sum.
func (w *writer) putRecord(s *sqlite.Stmt, r *store.Record) error {
	bindTexts(s, r.Collection, r.Account, r.Region, r.Name)
	s.BindBytes(5, r.Body)
	s.BindInt64(6, sumRecord(r))
	return w.touch(s, store.ErrExists)
}

// DeleteRecord implements store.Engine.
func (e *Engine) DeleteRecord(ctx context.Context, collection, account, region, name string) error {
	return e.write(ctx, func(w *writer) error {
		bindTexts(w.dropRecord, collection, account, region, name)
		return w.touch(w.dropRecord, store.ErrNoRecord)
	})
}

// EditRecord implements store.RecordEditor. The writer calls edit, one at a time: what edit
// answers is its caller's business and no reason for the rest of the group to fail.
func (e *Engine) EditRecord(ctx context.Context, collection, account, region, name string, edit func([]byte) ([]byte, error)) error {
	r := store.Record{Collection: collection, Account: account, Region: region, Name: name}
	var answer error
	err := e.write(ctx, func(w *writer) (err error) {
		answer, err = w.edit(&r, edit)
		return err
	})
	if err != nil {
		return err
	}
	return answer
}

// edit edits one record. answer is what its caller is told, err ends the group.
func (w *writer) edit(r *store.Record, edit func([]byte) ([]byte, error)) (answer, err error) {
	r.Body = nil
	there, err := readRecord(w.selectRecord, r)
	if err == nil {
		err = w.e.guard(func() (err error) {
			r.Body, err = edit(r.Body)
			return err
		})
	}
	switch {
	case err != nil:
		return err, nil
	case r.Body != nil:
		return nil, w.putRecord(w.upsertRecord, r)
	case there:
		bindTexts(w.dropRecord, r.Collection, r.Account, r.Region, r.Name)
		return nil, run(w.dropRecord)
	}
	return nil, nil
}

// write sends a write through the writer, who may commit it along with others.
func (e *Engine) write(ctx context.Context, write func(*writer) error) error {
	if err := e.enter(ctx); err != nil {
		return err
	}
	defer e.leave()
	return e.writer.do(ctx, job{write: write})
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
