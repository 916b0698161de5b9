package hub

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/findinghub/findinghub/auth"
	"github.com/findinghub/findinghub/store"
	"github.com/go-json-experiment/json/jsontext"
)

// tokenKeySize is that of AES-256.
const tokenKeySize = 32

// tokenKey is the configured key, or the one that the store keeps for every hub that uses it.
func (h *Hub) tokenKey(ctx context.Context, configured []byte) ([]byte, error) {
	if configured != nil {
		return configured, nil
	}
	const name = "page-token"
	key, err := h.store.GetRecord(ctx, keyRecords, "", "", name)
	if !errors.Is(err, store.ErrNoRecord) {
		return key, err
	}
	key = make([]byte, tokenKeySize)
	if _, err := io.ReadFull(h.rand, key); err != nil {
		return nil, err
	}
	err = h.store.PutRecord(ctx, store.Record{Collection: keyRecords, Name: name, Body: key}, true)
	if errors.Is(err, store.ErrExists) { // another hub was faster
		return h.store.GetRecord(ctx, keyRecords, "", "", name)
	}
	return key, err
}

// newSealer makes what seals tokens: encryption that also notices any change.
func newSealer(key []byte) (cipher.AEAD, error) {
	// AES would also take shorter keys, and nobody would notice.
	if len(key) != tokenKeySize {
		return nil, fmt.Errorf("hub: the key of page tokens has %d bytes, not %d", len(key), tokenKeySize)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// binding is what a token belongs to: an operation, a caller's hub and what was asked
// there. A token that is presented with any other binding does not open (decision 14).
func binding(operation string, p auth.Principal, asked ...[]byte) []byte {
	sum := sha256.New()
	for _, part := range append([][]byte{[]byte(operation), []byte(p.Account), []byte(p.Region)}, asked...) {
		// With the length in front no two lists of parts write the same bytes.
		fmt.Fprintf(sum, "%d:%s", len(part), part)
	}
	return sum.Sum(nil)
}

// canonical makes JSON that means the same equal, so that clients may write their filters
// differently for every page. Absent, null and empty are the same.
func canonical(v jsontext.Value) []byte {
	c := v.Clone()
	if err := c.Canonicalize(jsontext.AllowDuplicateNames(true)); err != nil {
		return v // not JSON: whoever reads it next will say so
	}
	switch string(c) {
	case "null", "{}", "[]":
		return nil
	}
	return c
}

// seal encrypts a position into an opaque token. Nothing of it can be read or changed
// by the caller, so positions may hold keys and sort values.
func (h *Hub) seal(position any, binding []byte) (string, error) {
	plain, err := json.Marshal(position)
	if err != nil {
		return "", failed(err)
	}
	nonce := make([]byte, h.tokens.NonceSize(), h.tokens.NonceSize()+len(plain)+h.tokens.Overhead())
	if _, err := io.ReadFull(h.rand, nonce); err != nil {
		return "", failed(err)
	}
	return base64.RawURLEncoding.EncodeToString(h.tokens.Seal(nonce, nonce, plain, binding)), nil
}

// open reads a token that seal made for the same binding. It reports whether there was
// one: "" is the first page.
func (h *Hub) open(token string, binding []byte, position any) (bool, error) {
	if token == "" {
		return false, nil
	}
	refused := invalid("Invalid parameter 'NextToken'. The token is damaged, or belongs to another caller or to a request with other parameters.")
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(token)
	// The decoder passes over line breaks; a token has none, and one form only.
	if err != nil || len(sealed) < h.tokens.NonceSize() || strings.ContainsAny(token, "\r\n") {
		return false, refused
	}
	nonce, sealed := sealed[:h.tokens.NonceSize()], sealed[h.tokens.NonceSize():]
	plain, err := h.tokens.Open(nil, nonce, sealed, binding)
	if err != nil {
		return false, refused
	}
	if err := json.Unmarshal(plain, position); err != nil {
		return false, refused
	}
	return true, nil
}
