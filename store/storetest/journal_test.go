package storetest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/findinghub/findinghub/asff"
	"github.com/findinghub/findinghub/finding"
	"github.com/findinghub/findinghub/store"
	"github.com/findinghub/findinghub/store/memory"
)

// journaled is package memory with a file: the simplest engine that can pass the suite,
// to show that it can be passed. What a call did is one line, so a line cut short by a
// crash is a call that did not happen.
type journaled struct {
	*memory.Engine
	mu   sync.Mutex
	file *os.File
}

// line is what one call did.
type line struct {
	Findings []written     `json:",omitempty"`
	Put      *store.Record `json:",omitempty"`
	Delete   *store.Record `json:",omitempty"`
}

// written is one finding's new state.
type written struct {
	Key     finding.Key
	Finding string
	Stored  finding.Stored // but its Finding
	Change  *finding.Change
}

func openJournal(t *testing.T, dir string) *journaled {
	t.Helper()
	name := filepath.Join(dir, "journal")
	data, err := os.ReadFile(name)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	whole := data[:bytes.LastIndexByte(data, '\n')+1]
	j := &journaled{Engine: memory.New()}
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
	return j
}

func (j *journaled) replay(t *testing.T, data []byte) {
	t.Helper()
	ctx := context.Background()
	var l line
	if err := json.Unmarshal(data, &l); err != nil {
		t.Fatal(err)
	}
	var ms []store.Mutation
	for _, w := range l.Findings {
		ms = append(ms, store.Mutation{Key: w.Key, Apply: func(*finding.Stored) (finding.Outcome, error) {
			var err error
			w.Stored.Finding, err = asff.ParseStored([]byte(w.Finding))
			return finding.Outcome{Changed: true, Stored: w.Stored, Change: w.Change}, err
		}})
	}
	errs, err := j.Engine.Apply(ctx, ms)
	if l.Put != nil {
		err = j.Engine.PutRecord(ctx, *l.Put, false)
	}
	if r := l.Delete; r != nil {
		err = j.Engine.DeleteRecord(ctx, r.Collection, r.Account, r.Region, r.Name)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
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
	var l line
	for i, out := range outcomes {
		if errs[i] != nil || !out.Changed {
			continue
		}
		w := written{Key: ms[i].Key, Finding: string(out.Stored.Finding.AppendJSON(nil)), Stored: out.Stored, Change: out.Change}
		w.Stored.Finding = nil
		l.Findings = append(l.Findings, w)
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

// Close may be called twice, the file's may not.
func (j *journaled) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	_ = j.file.Close()
	return j.Engine.Close()
}
