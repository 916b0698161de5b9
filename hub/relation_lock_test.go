package hub

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/findinghub/findinghub"
	"github.com/findinghub/findinghub/auth"
	"github.com/findinghub/findinghub/store"
	"github.com/findinghub/findinghub/store/memory"
)

// One process holds a region's lock; the others, and other callers of its own, do not get it until
// it is given back. Other regions are nobody's business.
func TestRelationLockExcludes(t *testing.T) {
	t.Parallel()
	r := newProcesses(t, 2)
	held := must[*relationLock](t)(r[0].lockRelations(t.Context(), "us-east-1"))
	for _, process := range r {
		if _, err := process.tryLockRelations(t.Context(), "us-east-1"); !errors.Is(err, errLockHeld) {
			t.Errorf("got %v", err)
		}
		elsewhere := must[*relationLock](t)(process.lockRelations(t.Context(), "eu-west-1"))
		elsewhere.release(t.Context())
	}
	got := make(chan *relationLock)
	for _, process := range r {
		go func() {
			l, err := process.lockRelations(t.Context(), "us-east-1")
			if err != nil {
				t.Error(err)
			}
			got <- l
		}()
	}
	select {
	case <-got:
		t.Error("two have the lock")
	default:
	}
	held.release(t.Context())
	first := <-got
	first.release(t.Context())
	second := <-got
	second.release(t.Context())
	if first.seq <= held.seq || second.seq <= first.seq {
		t.Errorf("the holders are numbered %d, %d, %d", held.seq, first.seq, second.seq)
	}
}

// Who waits stops waiting with its context, in its own process and for another, and leaves nothing behind.
func TestRelationLockWaitsAsLongAsItMay(t *testing.T) {
	t.Parallel()
	r := newProcesses(t, 2)
	held := must[*relationLock](t)(r[0].lockRelations(t.Context(), "us-east-1"))
	for _, process := range r {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() {
			_, err := process.lockRelations(ctx, "us-east-1")
			done <- err
		}()
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	}
	held.release(t.Context())
	for _, process := range r {
		l := must[*relationLock](t)(process.tryLockRelations(t.Context(), "us-east-1"))
		l.release(t.Context())
	}
}

// A holder that is silent for the term, or whose clock is far ahead, loses the lock: it cannot write
// any more, nor give back what is another's.
func TestRelationLockIsTakenOver(t *testing.T) {
	t.Parallel()
	for _, ahead := range []time.Duration{-lockTerm, 2 * lockTerm} {
		r := newProcesses(t, 2)
		r[1].clock.advance(-ahead)
		old := must[*relationLock](t)(r[0].lockRelations(t.Context(), "us-east-1"))
		ok(t, old.declare(t.Context(), []target{{memberRecords, alice.Account, bob.Account}}))
		r[1].clock.advance(-time.Second)
		if ahead < 0 {
			if _, err := r[1].tryLockRelations(t.Context(), "us-east-1"); !errors.Is(err, errLockHeld) {
				t.Errorf("taken before its time: %v", err)
			}
			r[1].clock.advance(time.Second)
		}
		now := must[*relationLock](t)(r[1].tryLockRelations(t.Context(), "us-east-1"))
		wantError(t, old.declare(t.Context(), nil), findinghub.CodeUnavailable, "try again")
		written := old.write(t.Context(), target{memberRecords, alice.Account, bob.Account}, func([]byte) ([]byte, error) { return []byte(`{"Status":"Enabled"}`), nil })
		wantError(t, written, findinghub.CodeUnavailable, "try again")
		old.release(t.Context())
		if got := must[memberRecord](t)(r[0].member(t.Context(), alice.Account, "us-east-1", bob.Account)); got.Status != "" {
			t.Errorf("the loser wrote %+v", got)
		}
		ok(t, now.declare(t.Context(), nil))
		now.release(t.Context())
	}
}

// What is sealed stays so through every later change, and is nothing that anybody is told of.
func TestSealsStay(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	l := must[*relationLock](t)(r.lockRelations(t.Context(), alice.Region))
	ts := []target{
		{memberRecords, alice.Account, bob.Account}, {invitationRecords, bob.Account, alice.Account}, {administratorRecords, bob.Account, defaultHub},
		{rosterRecords, alice.Account, defaultHub}, {hubRecords, bob.Account, defaultHub}, {designationRecords, auth.DevAccount, featureCSPM},
		{knownRecords, auth.DevAccount, dave.Account},
	}
	ok(t, l.sealAll(t.Context(), ts))
	l.release(t.Context())
	sealed := func() (names []string) {
		for _, s := range ts {
			body := must[[]byte](t)(r.store.GetRecord(t.Context(), s.Collection, s.Account, alice.Region, s.Name))
			if _, by, err := unseal(body); err != nil || by != l.seq {
				t.Errorf("%s is %s", s.Collection, body)
			}
			names = append(names, string(body))
		}
		return names
	}
	sealed()
	r.wantMembers(t, alice)
	r.wantStatus(t, alice, bob, "")
	if got := r.membersOf(t, alice, ListMembersInput{OnlyAssociated: new(bool)}); len(got) > 0 {
		t.Errorf("members are %v", got)
	}
	if got := must[*ListInvitationsOutput](t)(r.ListInvitations(t.Context(), bob, ListInvitationsInput{})).Invitations; len(got) > 0 {
		t.Errorf("invitations are %v", got)
	}
	if d := must[delegation](t)(r.delegation(t.Context(), alice.Account, alice.Region)); d.Administrator != "" {
		t.Errorf("the organisation has %+v", d)
	}
	r.admits(t, alice, bob)
	ok(t, r.TagResource(t.Context(), bob, TagResourceInput{hubARN(bob), map[string]string{"a": "b"}}))
	r.wantMembers(t, alice, bob)
	sealed()
	ok(t, r.DisassociateMembers(t.Context(), alice, DisassociateMembersInput{accountsOf(bob)}))
	must[*DeleteMembersOutput](t)(r.DeleteMembers(t.Context(), alice, DeleteMembersInput{accountsOf(bob)}))
	ok(t, r.DisableSecurityHub(t.Context(), bob, DisableSecurityHubInput{}))
	if names := sealed(); names[0] != fmt.Sprintf(`{"SealedBy":%d,"Gone":true}`, l.seq) {
		t.Errorf("what was deleted is %s", names[0])
	}
	r.wantStatus(t, alice, bob, "")
}

// stalling is the engine of a process that stands still before one of its writes, while others go on.
type stalling struct {
	store.Engine
	left      int
	meanwhile func()
}

func (s *stalling) EditRecord(ctx context.Context, collection, account, region, name string, edit func([]byte) ([]byte, error)) error {
	if s.left--; s.left == 0 {
		s.meanwhile()
	}
	return s.Engine.EditRecord(ctx, collection, account, region, name, edit)
}

// A process may stand still before any write of a change, for so long that another takes its lock,
// changes the same relation and is done. What the first then still writes changes nothing: the
// answer of the second is true.
func TestStalledChangesDoNoHarm(t *testing.T) {
	t.Parallel()
	calls := map[string]func(t *testing.T, r rig) error{
		"accept": func(t *testing.T, r rig) error {
			invitation := must[memberRecord](t)(r.member(t.Context(), alice.Account, alice.Region, bob.Account))
			return r.AcceptAdministratorInvitation(t.Context(), bob, AcceptAdministratorInvitationInput{alice.Account, invitation.InvitationID})
		},
		"accept another": func(t *testing.T, r rig) error { return r.accepts(t, bob, stranger) },
		"disassociate": func(t *testing.T, r rig) error {
			return r.DisassociateMembers(t.Context(), alice, DisassociateMembersInput{accountsOf(bob, dave)})
		},
		"leave": func(t *testing.T, r rig) error {
			return r.DisassociateFromAdministratorAccount(t.Context(), bob, DisassociateFromAdministratorAccountInput{})
		},
		"delete": func(t *testing.T, r rig) error {
			out, err := r.DeleteMembers(t.Context(), alice, DeleteMembersInput{accountsOf(bob)})
			if err != nil {
				return err
			}
			return refused(out.UnprocessedAccounts)
		},
		"delete the invitation": func(t *testing.T, r rig) error {
			out, err := r.DeleteInvitations(t.Context(), bob, DeleteInvitationsInput{accountsOf(alice)})
			if err != nil {
				return err
			}
			return refused(out.UnprocessedAccounts)
		},
		"invite": func(t *testing.T, r rig) error {
			out, err := r.InviteMembers(t.Context(), alice, InviteMembersInput{accountsOf(bob)})
			if err != nil {
				return err
			}
			return refused(out.UnprocessedAccounts)
		},
		"create": func(t *testing.T, r rig) error { return r.creates(t, alice, bob.Account) },
	}
	for first, one := range calls {
		for second, two := range calls {
			t.Run(first+" and "+second, func(t *testing.T) {
				t.Parallel()
				for _, joined := range []bool{false, true} {
					for n := 1; stall(t, n, joined, one, two); n++ {
						if n > 30 {
							t.Fatal("it never ends")
						}
					}
				}
			})
		}
	}
}

// stall lets the first stand still before its n-th write while the second goes on; false when it has fewer.
func stall(t *testing.T, n int, joined bool, one, two func(t *testing.T, r rig) error) bool {
	t.Helper()
	engine := &stalling{Engine: memory.New()}
	r := newProcesses(t, 2, func(c *Config) { c.Store = engine.Engine })
	stalled := newRig(t, func(c *Config) { c.Store, c.Rand = engine, nil })
	r[0].invites(t, alice, bob, dave)
	r[0].invites(t, stranger, bob)
	if joined {
		ok(t, r[0].accepts(t, bob, alice))
	}
	for _, h := range []rig{stalled, r[0], r[1]} { // and they remember it
		must[[]string](t)(h.memberAccounts(t.Context(), alice.Account, alice.Region))
	}
	var then relationsSeen
	var second error
	engine.left, engine.meanwhile = n, func() {
		r[0].clock.advance(2 * lockTerm)
		r[1].clock.advance(2 * lockTerm)
		second = two(t, r[0])
		then = r[1].see(t)
	}
	first := one(t, stalled)
	if engine.left > 0 {
		return false
	}
	engine.left = 0
	now := r[1].see(t)
	for _, h := range []rig{stalled, r[0]} {
		if got := h.see(t); got != now {
			t.Fatalf("before write %d: one process sees %+v, another %+v", n, got, now)
		}
	}
	// Either all of the first came after the second, or none of it did.
	if first != nil && now != then {
		t.Fatalf("before write %d: after the second (%v) it was %+v; the first failed (%v) and it is %+v", n, second, then, first, now)
	}
	if code := codeOf(second); code == findinghub.CodeUnavailable || code == findinghub.CodeInternal {
		t.Fatalf("before write %d: the second failed: %v", n, second)
	}
	for _, p := range []auth.Principal{alice, stranger, bob} {
		r[1].wantRoster(t, p)
	}
	return true
}

// relationsSeen is what anybody can ask about bob, and about alice's members.
type relationsSeen struct {
	administrator, members, listed, invitations string
}

func (r rig) see(t *testing.T) relationsSeen {
	t.Helper()
	text := func(v any) string { return string(must[[]byte](t)(json.Marshal(v))) }
	var s relationsSeen
	s.administrator = must[string](t)(r.administratorOf(t.Context(), bob.Account, bob.Region))
	for _, p := range []auth.Principal{alice, stranger} {
		members := must[[]string](t)(r.memberAccounts(t.Context(), p.Account, p.Region))
		if len(members) > 0 != (s.administrator == p.Account) {
			t.Fatalf("the members of %s are %v, and the administrator is %q", p.Account, members, s.administrator)
		}
		s.members += text(members)
		s.listed += text(must[*ListMembersOutput](t)(r.ListMembers(t.Context(), p, ListMembersInput{OnlyAssociated: new(bool)})).Members)
	}
	s.invitations = text(must[*ListInvitationsOutput](t)(r.ListInvitations(t.Context(), bob, ListInvitationsInput{})))
	return s
}

// lateEdits is an engine that says of one write that it failed and makes it all the same, later: as one whose
// connection was lost.
type lateEdits struct {
	store.Engine
	left  int
	later func() error
}

func (l *lateEdits) EditRecord(ctx context.Context, collection, account, region, name string, edit func([]byte) ([]byte, error)) error {
	if l.left--; l.left == 0 {
		l.later = func() error {
			return l.Engine.EditRecord(context.WithoutCancel(ctx), collection, account, region, name, edit)
		}
		return errStopped
	}
	return l.Engine.EditRecord(ctx, collection, account, region, name, edit)
}

// A write of which nobody knows whether it was made is made before the next change, or never.
func TestLateWritesDoNoHarm(t *testing.T) {
	t.Parallel()
	for n := 1; ; n++ {
		if n > 30 {
			t.Fatal("it never ends")
		}
		engine := &lateEdits{Engine: memory.New()}
		r := newProcesses(t, 2, func(c *Config) { c.Store = engine.Engine })
		broken := newRig(t, func(c *Config) { c.Store, c.Rand = engine, nil })
		r[0].invites(t, alice, bob)
		invitation := must[memberRecord](t)(r[0].member(t.Context(), alice.Account, alice.Region, bob.Account))
		engine.left = n
		err := broken.AcceptAdministratorInvitation(t.Context(), bob, AcceptAdministratorInvitationInput{alice.Account, invitation.InvitationID})
		if engine.later == nil {
			return
		}
		// Only giving the lock back may fail unnoticed; it is then lost by its age.
		if err == nil {
			r[0].clock.advance(lockTerm)
		}
		ok(t, r[0].DisassociateMembers(t.Context(), alice, DisassociateMembersInput{accountsOf(bob)}))
		ok(t, r[0].DisassociateMembers(t.Context(), alice, DisassociateMembersInput{accountsOf(bob)}))
		then := r[1].see(t)
		if err := engine.later(); err != nil && codeOf(err) != findinghub.CodeUnavailable && !errors.Is(err, errLockHeld) {
			t.Fatalf("late write %d: %v", n, err)
		}
		if now := r[1].see(t); now != then || now.administrator != "" {
			t.Fatalf("late write %d: it was %+v and is %+v", n, then, now)
		}
		r[1].wantRoster(t, alice)
	}
}

// A change that a process left in the middle does not keep others from going on: they see for every account
// what was before or what should come after, and asking them completes it.
func TestOtherProcessesGoOn(t *testing.T) {
	t.Parallel()
	afterEveryWrite(t, (*interrupted).handOver)
}

// handOver lets n writes of the change pass, and another process make it.
func (tt *interrupted) handOver(t *testing.T, n int) bool {
	t.Helper()
	engine := &failing{Engine: memory.New(), left: -1}
	r := newProcesses(t, 2, organized(organization(alice, bob, carol)), func(c *Config) { c.Store = engine })
	tt.prepare(t, r[0])
	tt.wantBetween(t, n, r[0].Hub, r[1].Hub)
	engine.left = n
	err := tt.do(t, r[0])
	if err != nil && !errors.Is(err, errStopped) {
		t.Fatalf("after %d writes: %v", n, err)
	}
	engine.left = -1
	tt.wantBetween(t, n, r[1].Hub)
	if err == nil {
		return false
	}
	r[1].clock.advance(lockTerm)
	ok(t, tt.do(t, r[1]))
	for _, process := range r {
		process.wantMembers(t, tt.administrator, tt.after...)
		process.wantRoster(t, tt.administrator)
	}
	return true
}
