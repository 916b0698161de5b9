package hub

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/findinghub/findinghub/store"
	"github.com/findinghub/findinghub/store/memory"
	"github.com/go-json-experiment/json/jsontext"
)

// Filters that mean the same bind a token in the same way, others do not.
func TestCanonical(t *testing.T) {
	t.Parallel()
	same := [][]string{
		{``, `null`, `{}`, ` { } `, `[]`},
		{`{"a":1,"b":[{"c":"x"}]}`, "{ \"b\" : [ {\"c\":\"\\u0078\"} ],\n\"a\":1 }", `{"a":1.0,"b":[{"c":"x"}]}`},
		{`{"a":[1,2]}`},
		{`{"a":[2,1]}`}, // the order of a sort matters
		{`{"a":"1"}`},
	}
	seen := map[string]int{}
	for class, forms := range same {
		for _, form := range forms {
			c := string(canonical(jsontext.Value(form)))
			if was, ok := seen[c]; ok && was != class {
				t.Errorf("%s means the same as form %d", form, was)
			}
			if first := string(canonical(jsontext.Value(forms[0]))); c != first {
				t.Errorf("%s becomes %s, %s becomes %s", form, c, forms[0], first)
			}
			seen[c] = class
		}
	}
}

func TestCanonicalLeavesItsInput(t *testing.T) {
	t.Parallel()
	in := jsontext.Value(`{"b":1, "a":2}`)
	canonical(in)
	if string(in) != `{"b":1, "a":2}` {
		t.Errorf("the caller's filters became %s", in)
	}
}

// No two requests share a binding because their parts run together.
func TestBinding(t *testing.T) {
	t.Parallel()
	b := func(asked ...string) []byte {
		var parts [][]byte
		for _, a := range asked {
			parts = append(parts, []byte(a))
		}
		return binding("GetFindings", alice, parts...)
	}
	all := [][]byte{b(), b(""), b("", ""), b("ab"), b("a", "b"), b("", "ab"), b("ab", ""), b("1:a"), b("a1:b"), binding("GetFindingHistory", alice), binding("GetFindings", bob)}
	for i := range all {
		for j := range i {
			if bytes.Equal(all[i], all[j]) {
				t.Errorf("bindings %d and %d are the same", j, i)
			}
		}
	}
	if !bytes.Equal(b("a", "b"), b("a", "b")) {
		t.Error("a binding is not like itself")
	}
}

// Hubs that share a store share the key, also when all of them are the first.
func TestHubsAgreeOnTheKey(t *testing.T) {
	t.Parallel()
	engine := memory.New()
	hubs := make([]*Hub, 8)
	var wg sync.WaitGroup
	for i := range hubs {
		wg.Go(func() {
			h, err := New(t.Context(), Config{Store: engine})
			if err != nil {
				t.Error(err)
			}
			hubs[i] = h
		})
	}
	wg.Wait()
	token := must[string](t)(hubs[0].seal("position", nil))
	for i, h := range hubs {
		var position string
		if found, err := h.open(token, nil, &position); !found || err != nil || position != "position" {
			t.Errorf("hub %d reads %q, %v", i, position, err)
		}
	}
}

// late is an engine where another hub writes the key between our look and our write.
type late struct{ store.Engine }

func (l late) PutRecord(ctx context.Context, r store.Record, create bool) error {
	theirs := r
	theirs.Body = bytes.Repeat([]byte{7}, tokenKeySize)
	return errors.Join(l.Engine.PutRecord(ctx, theirs, false), l.Engine.PutRecord(ctx, r, create))
}

func TestTheFirstKeyStays(t *testing.T) {
	t.Parallel()
	h := must[*Hub](t)(New(t.Context(), Config{Store: late{memory.New()}}))
	theirs := must[*Hub](t)(New(t.Context(), Config{Store: memory.New(), TokenKey: bytes.Repeat([]byte{7}, tokenKeySize)}))
	token := must[string](t)(theirs.seal(1, nil))
	var position int
	if _, err := h.open(token, nil, &position); err != nil {
		t.Error("the hub uses a key that the store does not keep")
	}
}

// A store that cannot be read at the start is an error, not a new key.
func TestNewWithoutItsStore(t *testing.T) {
	t.Parallel()
	engine := memory.New()
	if err := engine.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := New(t.Context(), Config{Store: engine}); !errors.Is(err, store.ErrClosed) {
		t.Errorf("got %v", err)
	}
}
