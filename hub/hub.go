// Package hub is the operations of the Security Hub API: each in a file of its own, as
// a method of Hub that takes who is calling and what they sent, and answers with what
// they get or with a *findinghub.Error. It knows findings, the store and principals,
// but no HTTP and no SQL.
//
// Inputs have the shape that the API's model gives them: required members, types, enums
// and ranges are checked where requests are decoded. What the model cannot say is checked here.
package hub

import (
	"cmp"
	"context"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/asff"
	"github.com/findinghub/findinghub/auth"
	"github.com/findinghub/findinghub/store"
)

// Config is what a Hub is built from. Only Store is required.
type Config struct {
	// Store keeps everything; the hub does not close it.
	Store store.Engine
	// Dev makes every hub and every product implicitly enabled (decisions 23 and 25).
	Dev bool
	// Organizations tells which organisation an account belongs to, nil for none. By default no
	// account belongs to any, except in --dev, where all belong to the one of auth.DevAccount.
	Organizations func(account string) *auth.Organization
	// Strict refuses what the service refuses and the hub would rather accept (decisions 6 and 18).
	Strict bool
	// Now is the clock, time.Now by default.
	Now func() time.Time
	// Rand gives the randomness of page tokens and ids, crypto/rand by default. It is read by many
	// callers at once, and no two hubs on one store may read the same.
	Rand io.Reader
	// TokenKey is the 32-byte key that seals page tokens. By default the hub makes one and
	// keeps it in the store, so that tokens outlive a restart.
	TokenKey []byte
	// Logger gets what callers must not see; nothing by default.
	Logger *slog.Logger
}

// Hub executes operations. It is safe for concurrent use.
type Hub struct {
	store     store.Engine
	dev       bool
	strict    bool
	orgs      func(account string) *auth.Organization
	clock     func() time.Time
	rand      io.Reader
	log       *slog.Logger
	tokens    cipher.AEAD
	validator asff.Validator
	started   time.Time

	// id tells this Hub from others on the same store.
	id string
	// turns are, by region, where callers wait that change relations. Findings never wait for them.
	turns sync.Map
	// noted are the hubPlaces whose region records are known to be there. They are never removed.
	noted   sync.Map
	limits  relationLimits
	rosters rosterCache
}

// New makes a hub. It reads the token key from the store, or writes one when it is the
// first to use it.
func New(ctx context.Context, c Config) (*Hub, error) {
	if c.Store == nil {
		return nil, errors.New("hub: a hub needs a store")
	}
	h := &Hub{
		store: c.Store, dev: c.Dev, strict: c.Strict,
		clock: c.Now, rand: cmp.Or[io.Reader](c.Rand, rand.Reader),
		log:       cmp.Or(c.Logger, slog.New(slog.DiscardHandler)),
		validator: asff.Validator{Strict: c.Strict}, limits: serviceLimits,
		orgs: organizations(c),
	}
	if h.clock == nil {
		h.clock = time.Now //nolint:forbidigo // the default of a clock that is passed in
	}
	h.started = h.now()
	key, err := h.tokenKey(ctx, c.TokenKey)
	if err != nil {
		return nil, err
	}
	if h.tokens, err = newSealer(key); err != nil {
		return nil, err
	}
	h.id, err = h.newID()
	return h, err
}

// now is the time to the millisecond, which is all that the API tells of it: a caller who
// sends a time back means exactly the one that the hub keeps.
func (h *Hub) now() time.Time { return h.clock().UTC().Truncate(time.Millisecond) }

// failed turns what the store failed with into what the caller is told: nothing of the
// cause, except that a hub which is stopping, or whose disk is full, may be asked again
// (503). An engine that knows better says so with an error of the hub's own.
func failed(err error) error {
	var known *findinghub.Error
	if errors.As(err, &known) {
		return known
	}
	if errors.Is(err, store.ErrClosed) {
		return &findinghub.Error{Code: findinghub.CodeUnavailable, Message: "The hub is stopping or its store cannot be reached", Err: err}
	}
	return findinghub.Internal(err)
}

// invalid is the error of a request whose input breaks a rule. The message names the
// member and the bound (decision 4).
func invalid(format string, args ...any) error {
	return findinghub.Errorf(findinghub.CodeInvalidInput, format, args...)
}

// pageSize is MaxResults, or the largest page where the caller gives none.
func pageSize(maxResults int) int { return cmp.Or(maxResults, maxPage) }

// maxPage bounds a page of any listing, and is its default size.
const maxPage = 100

// scope is the one hub that a caller addresses.
func scope(p auth.Principal) store.Scope {
	return store.Scope{Accounts: []string{p.Account}, Regions: []string{p.Region}}
}

// Stats says how large the hub's store is. That it answers is what readiness means.
func (h *Hub) Stats(ctx context.Context) (store.Stats, error) { return h.store.Stats(ctx) }

// Ready says whether the store takes writes: nil, or why not.
func (h *Hub) Ready(ctx context.Context) error {
	if _, err := h.store.Stats(ctx); err != nil {
		return err
	}
	return h.store.Ready(ctx)
}
