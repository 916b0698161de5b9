package hub

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"github.com/findinghub/findinghub/auth"
	"github.com/findinghub/findinghub/store"
	"github.com/findinghub/findinghub/store/memory"
)

// interrupted is a change that may be cut off between any two of its writes.
type interrupted struct {
	name          string
	administrator auth.Principal
	// prepare is what was before, do the change. A second do after a failed one must succeed.
	prepare func(t *testing.T, r rig)
	do      func(t *testing.T, r rig) error
	// before and after are the administrator's members.
	before, after []auth.Principal
}

var interruptions = []interrupted{
	{
		name: "an acceptance", administrator: alice, after: []auth.Principal{bob},
		prepare: func(t *testing.T, r rig) { r.invites(t, alice, bob) },
		do:      func(t *testing.T, r rig) error { return r.accepts(t, bob, alice) },
	},
	{
		name: "a removal", administrator: alice, before: []auth.Principal{bob, carol}, after: []auth.Principal{},
		prepare: func(t *testing.T, r rig) { r.admits(t, alice, bob, carol) },
		do: func(t *testing.T, r rig) error {
			return r.DisassociateMembers(t.Context(), alice, DisassociateMembersInput{accountsOf(bob, carol)})
		},
	},
	{
		name: "a resignation", administrator: alice, before: []auth.Principal{bob},
		prepare: func(t *testing.T, r rig) { r.admits(t, alice, bob) },
		do: func(t *testing.T, r rig) error {
			err := r.DisassociateFromAdministratorAccount(t.Context(), bob, DisassociateFromAdministratorAccountInput{})
			if a, _ := r.administratorOf(t.Context(), bob.Account, bob.Region); a == "" && !errors.Is(err, errStopped) {
				return nil // the first attempt had already ended it
			}
			return err
		},
	},
	{
		name: "an organisation's newcomers", administrator: alice, after: []auth.Principal{bob, carol},
		prepare: func(t *testing.T, r rig) { r.delegates(t, alice) },
		do: func(t *testing.T, r rig) error {
			_, err := r.CreateMembers(t.Context(), alice, CreateMembersInput{AccountDetails: []AccountDetails{{AccountID: bob.Account}, {AccountID: carol.Account}}})
			return err
		},
	},
	{
		name: "an organisation's configuration", administrator: alice, after: []auth.Principal{bob, carol},
		prepare: func(t *testing.T, r rig) { r.delegates(t, alice) },
		do: func(t *testing.T, r rig) error {
			return r.UpdateOrganizationConfiguration(t.Context(), alice, UpdateOrganizationConfigurationInput{AutoEnable: true})
		},
	},
	{
		name: "the end of a configuration", administrator: alice, before: []auth.Principal{bob, carol}, after: []auth.Principal{bob, carol},
		prepare: func(t *testing.T, r rig) { r.delegates(t, alice); r.autoEnables(t, alice, true) },
		do: func(t *testing.T, r rig) error {
			return r.UpdateOrganizationConfiguration(t.Context(), alice, UpdateOrganizationConfigurationInput{})
		},
	},
	{
		name: "the end of a designation", administrator: alice, before: []auth.Principal{bob},
		prepare: func(t *testing.T, r rig) { r.delegates(t, alice); all(t, r.create(t, alice, bob)) },
		do: func(t *testing.T, r rig) error {
			err := r.DisableOrganizationAdminAccount(t.Context(), manager, DisableOrganizationAdminAccountInput{AdminAccountID: alice.Account})
			if d, _ := r.delegation(t.Context(), alice.Account, alice.Region); d.Administrator == "" && !errors.Is(err, errStopped) {
				return nil
			}
			return err
		},
	},
}

// A relation is never half there: whichever write is the last before the process dies, the hub that goes on,
// and one that starts anew, see for every account either what was before or what should come after,
// both sides agree, and asking again completes it.
func TestRelationsSurviveInterruption(t *testing.T) {
	t.Parallel()
	afterEveryWrite(t, (*interrupted).interrupt)
}

// afterEveryWrite calls after for each change with 0, 1, 2, ... of its writes until that is enough for all of it.
func afterEveryWrite(t *testing.T, after func(tt *interrupted, t *testing.T, n int) bool) {
	t.Helper()
	for _, tt := range interruptions {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for n := 0; after(&tt, t, n); n++ {
				if n > 30 {
					t.Fatal("it never ends")
				}
			}
		})
	}
}

// interrupt lets n writes of the change pass; false when that was enough for all of it.
func (tt *interrupted) interrupt(t *testing.T, n int) bool {
	t.Helper()
	engine := &failing{Engine: memory.New(), left: -1}
	d := organization(alice, bob, carol)
	r := newRig(t, organized(d), func(c *Config) { c.Store = engine })
	tt.prepare(t, r)
	tt.wantBetween(t, n, r.Hub) // and the members are remembered from now on
	engine.left = n
	err := tt.do(t, r)
	if err != nil && !errors.Is(err, errStopped) {
		t.Fatalf("after %d writes: %v", n, err)
	}
	restarted, newErr := New(t.Context(), Config{Store: engine, Dev: true, Organizations: d.of})
	ok(t, newErr)
	tt.wantBetween(t, n, r.Hub, restarted)
	engine.left = -1
	tt.wantBetween(t, n, r.Hub, restarted)
	if err == nil {
		return false
	}
	ok(t, tt.do(t, r))
	r.wantMembers(t, tt.administrator, tt.after...)
	restarted.wantRoster(t, tt.administrator)
	return true
}

// wantBetween checks that each account is a member where it was one before or is one afterwards,
// and not where it is neither; and that its own side says the same.
func (tt *interrupted) wantBetween(t *testing.T, n int, hubs ...*Hub) {
	t.Helper()
	before, after := accountsOf(tt.before...), accountsOf(tt.after...)
	for _, h := range hubs {
		got := must[[]string](t)(h.memberAccounts(t.Context(), tt.administrator.Account, tt.administrator.Region))
		for _, p := range []auth.Principal{bob, carol} {
			is, was, will := slices.Contains(got, p.Account), slices.Contains(before, p.Account), slices.Contains(after, p.Account)
			if is != was && is != will {
				t.Errorf("after %d writes %s is a member: %v; before %v, afterwards %v", n, p.Account, is, was, will)
			}
			a := must[string](t)(h.administratorOf(t.Context(), p.Account, p.Region))
			if (a == tt.administrator.Account) != is {
				t.Errorf("after %d writes the administrator of %s is %q, and it is a member: %v", n, p.Account, a, is)
			}
		}
	}
}

// wantRoster checks that the counts are those of the records, and no longer in doubt.
func (h *Hub) wantRoster(t *testing.T, p auth.Principal) {
	t.Helper()
	stored, counted := rosterRecord{}, rosterRecord{}
	must[bool](t)(h.load(t.Context(), at(p.Account, p.Region), rosterRecords, defaultHub, &stored))
	records := must[[]store.Record](t)(h.store.ListRecords(t.Context(), memberRecords, p.Account, p.Region, "", 1000))
	for _, record := range records {
		m := memberRecord{}
		ok(t, json.Unmarshal(record.Body, &m))
		counted.count(m, 1)
	}
	if counted.Version = stored.Version; stored != counted {
		t.Errorf("the roster is %+v, its records count %+v", stored, counted)
	}
}

// A hub whose change was cut off does not go on reading every record for every search.
func TestRepairEndsDoubt(t *testing.T) {
	t.Parallel()
	engine := &failing{Engine: memory.New(), left: -1}
	r := newRig(t, func(c *Config) { c.Store = engine })
	r.invites(t, alice, bob)
	engine.left = 4 // the lock, its targets, the roster and the pointer
	if err := r.accepts(t, bob, alice); !errors.Is(err, errStopped) {
		t.Fatal(err)
	}
	r.wantMembers(t, alice) // repairing fails, the answer does not
	remembered := func() bool {
		m := r.rosters.get(alice.Account, alice.Region)
		return m != nil && m.version == must[rosterRecord](t)(r.roster(t.Context(), alice.Account, alice.Region)).Version
	}
	if remembered() {
		t.Error("members are remembered that are in doubt")
	}
	engine.left = -1
	// A change that is going on is none that was cut off.
	lock := must[*relationLock](t)(r.lockRelations(t.Context(), alice.Region))
	r.wantMembers(t, alice)
	lock.release(t.Context())
	if got := must[rosterRecord](t)(r.roster(t.Context(), alice.Account, alice.Region)); !got.Changing {
		t.Error("a change that is going on was declared over")
	}
	r.wantMembers(t, alice)
	if got := must[rosterRecord](t)(r.roster(t.Context(), alice.Account, alice.Region)); got.Changing || got.Invited != 1 || got.Members != 1 {
		t.Errorf("got %+v", got)
	}
	r.wantMembers(t, alice)
	if !remembered() {
		t.Error("members are not remembered")
	}
	ok(t, r.accepts(t, bob, alice))
	r.wantMembers(t, alice, bob)
}
