package storetest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/findinghub/findinghub/asff"
	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
	"github.com/findinghub/findinghub/store/memory"
	"github.com/findinghub/findinghub/store/storetest"
)

// journaled is package memory with a file: the simplest engine that can pass the suite,
// to show that it can be passed. What a call did is one line, so a line cut short by a
// crash is a call that did not happen.
type journaled struct {
	*memory.Engine
	events bool
	mu     sync.Mutex
	file   *os.File
}

// line is what one call did.
type line struct {
	Findings []written     `json:",omitempty"`
	Put      *store.Record `json:",omitempty"`
	Delete   *store.Record `json:",omitempty"`
	// Events is whether the findings' changes made events.
	Events bool          `json:",omitempty"`
	Trim   *trim         `json:",omitempty"`
	Erase  []finding.Key `json:",omitempty"`
	Load   []loaded      `json:",omitempty"`
}

// trim is a call of TrimEvents.
type trim struct {
	UpTo  string
	Limit int
}

// loaded is one finding that was loaded.
type loaded struct {
	written
	Changes []finding.Change
}

// written is one finding's new state.
type written struct {
	Key     finding.Key
	Finding string
	Stored  finding.Stored // but its Finding
	Change  *finding.Change
}

func openJournal(t *testing.T, dir string, o storetest.Options) *journaled {
	t.Helper()
	name := filepath.Join(dir, "journal")
	data, err := os.ReadFile(name)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	whole := data[:bytes.LastIndexByte(data, '\n')+1]
	// One number for all of them: each test has an engine of its own.
	j := &journaled{Engine: memory.NewWithEvents([16]byte{'j'}), events: o.Events}
	for l := range bytes.Lines(whole) {
		j.replay(t, l)
	}
	if j.file, err = os.OpenFile(name, os.O_WRONLY|os.O_CREATE, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := j.file.Truncate(int64(len(whole))); err != nil {
		t.Fatal(err)
	}
	if _, err := j.file.Seek(int64(len(whole)), 0); err != nil {
		t.Fatal(err)
	}
	j.Engine.KeepEvents(o.Events)
	return j
}

func (j *journaled) replay(t *testing.T, data []byte) {
	t.Helper()
	ctx := context.Background()
	var l line
	if err := json.Unmarshal(data, &l); err != nil {
		t.Fatal(err)
	}
	j.Engine.KeepEvents(l.Events)
	var ms []store.Mutation
	for _, w := range l.Findings {
		ms = append(ms, store.Mutation{Key: w.Key, Apply: func(*finding.Stored) (finding.Outcome, error) {
			return finding.Outcome{Changed: true, Stored: w.state(t), Change: w.Change}, nil
		}})
	}
	errs, err := j.Engine.Apply(ctx, ms)
	if l.Put != nil {
		err = j.Engine.PutRecord(ctx, *l.Put, false)
	}
	if r := l.Delete; r != nil {
		err = j.Engine.DeleteRecord(ctx, r.Collection, r.Account, r.Region, r.Name)
	}
	if l.Trim != nil {
		_, err = j.Engine.TrimEvents(ctx, l.Trim.UpTo, l.Trim.Limit)
	}
	_, eraseErr := j.Engine.Erase(ctx, l.Erase, func(*finding.Stored) bool { return true })
	var all []store.Whole
	for _, w := range l.Load {
		all = append(all, store.Whole{Key: w.Key, Stored: w.state(t), Changes: w.Changes})
	}
	if err := errors.Join(append(errs, err, eraseErr, j.Engine.Load(ctx, all))...); err != nil {
		t.Fatal(err)
	}
}

// state is what was written, taken apart.
func (w *written) state(t *testing.T) finding.Stored {
	t.Helper()
	s := w.Stored
	var err error
	if s.Finding, err = asff.ParseStored([]byte(w.Finding)); err != nil {
		t.Fatal(err)
	}
	return s
}

// writtenOf is a state to be written.
func writtenOf(k finding.Key, s finding.Stored, change *finding.Change) written {
	w := written{Key: k, Finding: string(s.Finding.AppendJSON(nil)), Stored: s, Change: change}
	w.Stored.Finding = nil
	return w
}

func (j *journaled) append(l line) error {
	data, err := json.Marshal(l)
	if err != nil {
		return err
	}
	_, err = j.file.Write(append(data, '\n'))
	return err
}

func (j *journaled) Apply(ctx context.Context, ms []store.Mutation) ([]error, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	outcomes := make([]finding.Outcome, len(ms))
	watched := make([]store.Mutation, len(ms))
	for i, m := range ms {
		watched[i] = store.Mutation{Key: m.Key, Apply: func(old *finding.Stored) (out finding.Outcome, err error) {
			out, err = m.Apply(old)
			outcomes[i] = out
			return out, err
		}}
	}
	errs, err := j.Engine.Apply(ctx, watched)
	if err != nil {
		return nil, err
	}
	l := line{Events: j.events}
	for i, out := range outcomes {
		if errs[i] == nil && out.Changed {
			l.Findings = append(l.Findings, writtenOf(ms[i].Key, out.Stored, out.Change))
		}
	}
	return errs, j.append(l)
}

func (j *journaled) PutRecord(ctx context.Context, r store.Record, create bool) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.Engine.PutRecord(ctx, r, create); err != nil {
		return err
	}
	return j.append(line{Put: &r})
}

func (j *journaled) DeleteRecord(ctx context.Context, collection, account, region, name string) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.Engine.DeleteRecord(ctx, collection, account, region, name); err != nil {
		return err
	}
	return j.append(line{Delete: &store.Record{Collection: collection, Account: account, Region: region, Name: name}})
}

func (j *journaled) EditRecord(ctx context.Context, collection, account, region, name string, edit func([]byte) ([]byte, error)) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	r := store.Record{Collection: collection, Account: account, Region: region, Name: name}
	had := false
	err := j.Engine.EditRecord(ctx, collection, account, region, name, func(old []byte) (_ []byte, err error) {
		had = old != nil
		r.Body, err = edit(old)
		return r.Body, err
	})
	switch {
	case err != nil:
		return err
	case r.Body != nil:
		return j.append(line{Put: &r})
	case had:
		return j.append(line{Delete: &r})
	}
	return nil
}

func (j *journaled) TrimEvents(ctx context.Context, upTo string, limit int) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	n, err := j.Engine.TrimEvents(ctx, upTo, limit)
	if err != nil || n == 0 {
		return n, err
	}
	return n, j.append(line{Trim: &trim{upTo, limit}})
}

func (j *journaled) Erase(ctx context.Context, keys []finding.Key, sure func(*finding.Stored) bool) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	var gone []finding.Key
	n, err := j.Engine.Erase(ctx, keys, func(s *finding.Stored) bool {
		yes := sure(s)
		if yes {
			gone = append(gone, s.Key())
		}
		return yes
	})
	if n == 0 {
		return n, err
	}
	return n, errors.Join(err, j.append(line{Erase: gone}))
}

func (j *journaled) Load(ctx context.Context, all []store.Whole) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.Engine.Load(ctx, all); err != nil {
		return err
	}
	var l line
	for _, w := range all {
		l.Load = append(l.Load, loaded{writtenOf(w.Key, w.Stored, nil), w.Changes})
	}
	return j.append(l)
}

// Close may be called twice, the file's may not.
func (j *journaled) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	_ = j.file.Close()
	return j.Engine.Close()
}
