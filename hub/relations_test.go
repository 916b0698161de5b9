package hub

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/findinghub/findinghub/auth"
	"github.com/findinghub/findinghub/store"
	"github.com/findinghub/findinghub/store/memory"
)

// Relations are of one region (behaviour.md section 5.7).
func TestRelationsAreOfARegion(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.admits(t, alice, bob)
	r.wantMembers(t, alice, bob)
	abroad := alice
	abroad.Region = "eu-west-1"
	r.wantMembers(t, abroad)
	r.wantMembers(t, bob)
	r.wantStatus(t, abroad, bob, "")
}

// counting counts what is read.
type counting struct {
	store.Engine
	mu    sync.Mutex
	reads int
}

func (c *counting) read() {
	c.mu.Lock()
	c.reads++
	c.mu.Unlock()
}

func (c *counting) GetRecord(ctx context.Context, collection, account, region, name string) ([]byte, error) {
	c.read()
	return c.Engine.GetRecord(ctx, collection, account, region, name)
}

func (c *counting) ListRecords(ctx context.Context, collection, account, region, after string, limit int) ([]store.Record, error) {
	c.read()
	return c.Engine.ListRecords(ctx, collection, account, region, after, limit)
}

// An administrator's search costs one record, however many members there are and even if the
// directory makes a new organisation for every question; so does that of everybody else.
func TestMembersAreRemembered(t *testing.T) {
	t.Parallel()
	engine := &counting{Engine: memory.New()}
	var accounts []auth.Principal
	for i := range 300 {
		accounts = append(accounts, principal(fmt.Sprintf("7000000%05d", i)))
	}
	d := organization(append(accounts, alice, bob)...)
	r := newRig(t, func(c *Config) {
		c.Store = engine
		c.Organizations = func(a string) *auth.Organization {
			if o := d.of(a); o != nil {
				again := *o
				again.Accounts = slices.Clone(o.Accounts)
				return &again
			}
			return nil
		}
	})
	r.delegates(t, alice)
	r.autoEnables(t, alice, true)
	if got := must[[]string](t)(r.memberAccounts(t.Context(), alice.Account, alice.Region)); len(got) != 301 || !slices.IsSorted(got) {
		t.Fatalf("got %d members, in order: %v", len(got), slices.IsSorted(got))
	}
	engine.reads = 0
	for _, p := range []auth.Principal{alice, bob, stranger} {
		must[[]string](t)(r.memberAccounts(t.Context(), p.Account, p.Region))
	}
	if engine.reads != 3 {
		t.Errorf("three searches read %d times", engine.reads)
	}
}

// Callers add their own account to the members, and must not add it for the next caller.
func TestMembersAreNotShared(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.admits(t, alice, bob, carol)
	one := must[[]string](t)(r.memberAccounts(t.Context(), alice.Account, alice.Region))
	two := must[[]string](t)(r.memberAccounts(t.Context(), alice.Account, alice.Region))
	if one, two = append(one, "one"), append(two, "two"); one[2] != "one" || two[2] != "two" {
		t.Errorf("got %v and %v", one, two)
	}
}

// What is remembered is bounded.
func TestRosterCacheIsBounded(t *testing.T) {
	t.Parallel()
	c := rosterCache{}
	for i := range 3 * maxRosters {
		region := fmt.Sprint("region-", i)
		c.put("111111111111", region, &membership{version: uint64(i)})
		c.put("111111111111", region, &membership{version: uint64(i + 1)})
		if got := c.get("111111111111", region); got == nil || got.version != uint64(i+1) {
			t.Fatalf("the newest is %+v", got)
		}
	}
	if len(c.known) != maxRosters {
		t.Errorf("%d are remembered", len(c.known))
	}
}

// Leaving ends it at once: whoever asks after the answer is told so, however many ask meanwhile.
func TestLeavingIsSeenAtOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.admits(t, alice, bob, carol)
	ctx, stop := context.WithCancel(t.Context())
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for ctx.Err() == nil {
				_, _ = r.memberAccounts(ctx, alice.Account, alice.Region)
				_, _ = r.administratorOf(ctx, bob.Account, bob.Region)
			}
		})
	}
	for range 30 {
		ok(t, r.DisassociateFromAdministratorAccount(t.Context(), bob, DisassociateFromAdministratorAccountInput{}))
		r.wantMembers(t, alice, carol)
		all(t, r.invited(t, alice, bob))
		ok(t, r.accepts(t, bob, alice))
		r.wantMembers(t, alice, bob, carol)
	}
	stop()
	readers.Wait()
}

// An account that leaves who invited it falls to its organisation at once, and the other way round:
// the members of the organisation's administrator change with relations that are not its own.
func TestOrganizationTakesWhoIsFree(t *testing.T) {
	t.Parallel()
	d := organization(alice, bob, carol)
	r := newRig(t, organized(d))
	r.admits(t, stranger, bob)
	r.admits(t, carol, dave)
	r.delegates(t, alice)
	r.autoEnables(t, alice, true)
	// Bob is another's, and Carol has members: one account is not both.
	r.wantMembers(t, alice)
	r.wantMembers(t, stranger, bob)
	ok(t, r.DisassociateFromAdministratorAccount(t.Context(), bob, DisassociateFromAdministratorAccountInput{}))
	r.wantMembers(t, alice, bob)
	ok(t, r.DisassociateMembers(t.Context(), carol, DisassociateMembersInput{accountsOf(dave)}))
	r.wantMembers(t, alice, bob, carol)
	r.wantMembers(t, carol)
}

// Both sides must agree. Here an account is the organisation's, leaves it, enters another relation and
// comes back: its old administrator's record still says Enabled.
func TestOneAdministratorAtATime(t *testing.T) {
	t.Parallel()
	d := organization(alice, bob)
	r := newRig(t, organized(d))
	r.delegates(t, alice)
	all(t, r.create(t, alice, bob))
	r.wantMembers(t, alice, bob)
	d.set(alice)
	r.wantMembers(t, alice)
	r.wantStatus(t, alice, bob, "Removed")
	r.admits(t, stranger, bob)
	d.set(alice, bob)
	r.wantMembers(t, alice)
	r.wantMembers(t, stranger, bob)
	r.wantStatus(t, alice, bob, "Removed")
	only(t, r.create(t, alice, bob), bob.Account, "is a member of another administrator")
	ok(t, r.DisassociateFromAdministratorAccount(t.Context(), bob, DisassociateFromAdministratorAccountInput{}))
	all(t, r.create(t, alice, bob))
	r.wantMembers(t, alice, bob)
}

// The end of a designation ends what it brought about for good: another one of the same account
// begins with nothing. Members by invitation stay.
func TestDesignationsAreNotTheSame(t *testing.T) {
	t.Parallel()
	r := newRig(t, organized(organization(alice, bob, carol)))
	r.admits(t, alice, stranger)
	r.delegates(t, alice)
	all(t, r.create(t, alice, bob))
	r.autoEnables(t, alice, true)
	r.wantMembers(t, alice, bob, carol, stranger)
	for range 2 {
		ok(t, r.DisableOrganizationAdminAccount(t.Context(), manager, DisableOrganizationAdminAccountInput{AdminAccountID: alice.Account}))
		r.wantMembers(t, alice, stranger)
		r.wantStatus(t, alice, bob, "Removed")
		r.wantStatus(t, alice, carol, "")
		r.delegates(t, alice)
		r.wantMembers(t, alice, stranger)
	}
	all(t, r.create(t, alice, bob))
	r.wantMembers(t, alice, bob, stranger)
}

// Two hubs may share a store: each sees what the other did.
func TestHubsShareRelations(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	other := rig{Hub: must[*Hub](t)(New(t.Context(), Config{Store: r.store, Dev: true}))}
	r.admits(t, alice, bob)
	other.wantMembers(t, alice, bob)
	ok(t, r.DisassociateMembers(t.Context(), alice, DisassociateMembersInput{accountsOf(bob)}))
	other.wantMembers(t, alice)
	r.wantMembers(t, alice)
}

// BenchmarkMembers is what relations add to an administrator's search.
func BenchmarkMembers(b *testing.B) {
	d := organization(alice)
	for i := range 10_000 {
		d.org.Accounts = append(d.org.Accounts, fmt.Sprintf("7000000%05d", i))
	}
	h, err := New(b.Context(), Config{Store: memory.New(), Dev: true, Organizations: d.of})
	if err != nil {
		b.Fatal(err)
	}
	if _, err := h.EnableOrganizationAdminAccount(b.Context(), manager, EnableOrganizationAdminAccountInput{AdminAccountID: alice.Account}); err != nil {
		b.Fatal(err)
	}
	if err := h.UpdateOrganizationConfiguration(b.Context(), alice, UpdateOrganizationConfigurationInput{AutoEnable: true}); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if m, err := h.memberAccounts(b.Context(), alice.Account, alice.Region); err != nil || len(m) != 10_000 {
			b.Fatal(len(m), err)
		}
	}
}
