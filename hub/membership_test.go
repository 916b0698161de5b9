package hub

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/findinghub/findinghub/auth"
	"github.com/findinghub/findinghub/store"
)

// The accounts of an organisation, and one beside it.
var (
	carol    = principal("333333333333")
	dave     = principal("444444444444")
	manager  = principal("999999999999")
	stranger = principal("555555555555")
)

func principal(account string) auth.Principal {
	return auth.Principal{Account: account, ARN: "arn:aws:iam::" + account + ":role/Admin", Region: "us-east-1"}
}

// directory is the organisation of a test, whose accounts come and go. Those that it does not
// list have none.
type directory struct{ org *auth.Organization }

func organization(accounts ...auth.Principal) *directory {
	d := &directory{}
	d.set(accounts...)
	return d
}

func (d *directory) set(accounts ...auth.Principal) {
	org := &auth.Organization{ID: "o-1", ManagementAccount: manager.Account, Accounts: []string{manager.Account}}
	for _, p := range accounts {
		org.Accounts = append(org.Accounts, p.Account)
	}
	d.org = org
}

func (d *directory) of(account string) *auth.Organization {
	if d.org.Includes(account) {
		return d.org
	}
	return nil
}

// organized makes a hub of an organisation.
func organized(d *directory) func(*Config) {
	return func(c *Config) { c.Organizations = d.of }
}

// bounded is a hub with lower limits.
func (r rig) bounded(members, invitations int) rig {
	r.limits = relationLimits{members: members, invitations: invitations}
	return r
}

func accountsOf(ps ...auth.Principal) []string {
	list := []string{}
	for _, p := range ps {
		list = append(list, p.Account)
	}
	return list
}

func (r rig) create(t *testing.T, p auth.Principal, members ...auth.Principal) []Result {
	t.Helper()
	in := CreateMembersInput{}
	for _, m := range members {
		in.AccountDetails = append(in.AccountDetails, AccountDetails{AccountID: m.Account})
	}
	return must[*CreateMembersOutput](t)(r.CreateMembers(t.Context(), p, in)).UnprocessedAccounts
}

func (r rig) invited(t *testing.T, p auth.Principal, members ...auth.Principal) []Result {
	t.Helper()
	return must[*InviteMembersOutput](t)(r.InviteMembers(t.Context(), p, InviteMembersInput{AccountIDs: accountsOf(members...)})).UnprocessedAccounts
}

// invitationID is the id of the invitation that a member has from somebody, "" for none.
func (r rig) invitationID(t *testing.T, member, from auth.Principal) string {
	t.Helper()
	for _, i := range must[*ListInvitationsOutput](t)(r.ListInvitations(t.Context(), member, ListInvitationsInput{})).Invitations {
		if i.AccountID == from.Account {
			return i.InvitationID
		}
	}
	return ""
}

func (r rig) accepts(t *testing.T, member, administrator auth.Principal) error {
	t.Helper()
	id := r.invitationID(t, member, administrator)
	return r.AcceptAdministratorInvitation(t.Context(), member, AcceptAdministratorInvitationInput{AdministratorID: administrator.Account, InvitationID: id})
}

// invites makes members offers that they have not answered.
func (r rig) invites(t *testing.T, administrator auth.Principal, members ...auth.Principal) {
	t.Helper()
	all(t, r.create(t, administrator, members...))
	all(t, r.invited(t, administrator, members...))
}

// admits makes members by invitation.
func (r rig) admits(t *testing.T, administrator auth.Principal, members ...auth.Principal) {
	t.Helper()
	r.invites(t, administrator, members...)
	for _, m := range members {
		ok(t, r.accepts(t, m, administrator))
	}
}

// delegates makes an account its organisation's administrator.
func (r rig) delegates(t *testing.T, administrator auth.Principal) {
	t.Helper()
	_, err := r.EnableOrganizationAdminAccount(t.Context(), manager, EnableOrganizationAdminAccountInput{AdminAccountID: administrator.Account})
	ok(t, err)
}

func (r rig) autoEnables(t *testing.T, administrator auth.Principal, on bool) {
	t.Helper()
	ok(t, r.UpdateOrganizationConfiguration(t.Context(), administrator, UpdateOrganizationConfigurationInput{AutoEnable: on}))
}

// all wants every account processed.
func all(t *testing.T, unprocessed []Result) {
	t.Helper()
	if unprocessed == nil || len(unprocessed) != 0 {
		t.Fatalf("unprocessed: %+v", unprocessed)
	}
}

// only wants one account unprocessed for a reason.
func only(t *testing.T, unprocessed []Result, account, says string) {
	t.Helper()
	if len(unprocessed) != 1 || unprocessed[0].AccountID != account || !strings.Contains(unprocessed[0].ProcessingResult, says) {
		t.Errorf("unprocessed: %+v, want %s because %q", unprocessed, account, says)
	}
}

// wantMembers checks who an administrator's members are, from both sides.
func (r rig) wantMembers(t *testing.T, administrator auth.Principal, members ...auth.Principal) {
	t.Helper()
	got := must[[]string](t)(r.memberAccounts(t.Context(), administrator.Account, administrator.Region))
	if !slices.Equal(append([]string{}, got...), accountsOf(members...)) {
		t.Fatalf("the members are %v, want %v", got, accountsOf(members...))
	}
	for _, m := range []auth.Principal{alice, bob, carol, dave, stranger, manager} {
		a := must[string](t)(r.administratorOf(t.Context(), m.Account, administrator.Region))
		if (a == administrator.Account) != slices.Contains(got, m.Account) {
			t.Errorf("the administrator of %s is %q", m.Account, a)
		}
	}
}

// status is what an administrator is told of an account, "" for nothing.
func (r rig) status(t *testing.T, administrator, member auth.Principal) string {
	t.Helper()
	out := must[*GetMembersOutput](t)(r.GetMembers(t.Context(), administrator, GetMembersInput{AccountIDs: accountsOf(member)}))
	if len(out.Members) == 0 {
		return ""
	}
	return out.Members[0].MemberStatus
}

func (r rig) wantStatus(t *testing.T, administrator, member auth.Principal, want string) {
	t.Helper()
	if got := r.status(t, administrator, member); got != want {
		t.Errorf("the status is %q, want %q", got, want)
	}
}

// failing is an engine that stops writing when a test says so, as one whose process was killed.
type failing struct {
	store.Engine
	// left is the number of writes until it stops, -1 for never.
	left  int
	wrote int
}

var errStopped = errors.New("the store has stopped")

func (f *failing) write() error {
	if f.left == 0 {
		return errStopped
	}
	f.left--
	f.wrote++
	return nil
}

func (f *failing) PutRecord(ctx context.Context, r store.Record, create bool) error {
	if err := f.write(); err != nil {
		return err
	}
	return f.Engine.PutRecord(ctx, r, create)
}

func (f *failing) DeleteRecord(ctx context.Context, collection, account, region, name string) error {
	if err := f.write(); err != nil {
		return err
	}
	return f.Engine.DeleteRecord(ctx, collection, account, region, name)
}

func (f *failing) EditRecord(ctx context.Context, collection, account, region, name string, edit func([]byte) ([]byte, error)) error {
	if err := f.write(); err != nil {
		return err
	}
	return f.Engine.EditRecord(ctx, collection, account, region, name, edit)
}

// readless is an engine that cannot read records of one collection.
type readless struct {
	store.Engine
	collection string
}

var errRead = errors.New("the disk does not answer")

func (e *readless) GetRecord(ctx context.Context, collection, account, region, name string) ([]byte, error) {
	if collection == e.collection {
		return nil, errRead
	}
	return e.Engine.GetRecord(ctx, collection, account, region, name)
}

func (e *readless) ListRecords(ctx context.Context, collection, account, region, after string, limit int) ([]store.Record, error) {
	if collection == e.collection {
		return nil, errRead
	}
	return e.Engine.ListRecords(ctx, collection, account, region, after, limit)
}

// relationCalls are all operations of relations, each with a good request, by a principal whose hub may be off.
func (r rig) relationCalls(t *testing.T, p auth.Principal) map[string]func() error {
	t.Helper()
	ctx, some := t.Context(), accountsOf(bob)
	return map[string]func() error{
		"CreateMembers": func() error {
			_, err := r.CreateMembers(ctx, p, CreateMembersInput{AccountDetails: []AccountDetails{{AccountID: bob.Account}}})
			return err
		},
		"GetMembers": func() error { _, err := r.GetMembers(ctx, p, GetMembersInput{some}); return err },
		"ListMembers": func() error {
			_, err := r.ListMembers(ctx, p, ListMembersInput{OnlyAssociated: new(bool)})
			return err
		},
		"DeleteMembers": func() error { _, err := r.DeleteMembers(ctx, p, DeleteMembersInput{some}); return err },
		"InviteMembers": func() error { _, err := r.InviteMembers(ctx, p, InviteMembersInput{some}); return err },
		"DisassociateMembers": func() error {
			return r.DisassociateMembers(ctx, p, DisassociateMembersInput{some})
		},
		"ListInvitations": func() error { _, err := r.ListInvitations(ctx, p, ListInvitationsInput{}); return err },
		"GetInvitationsCount": func() error {
			_, err := r.GetInvitationsCount(ctx, p, GetInvitationsCountInput{})
			return err
		},
		"AcceptAdministratorInvitation": func() error {
			return r.AcceptAdministratorInvitation(ctx, p, AcceptAdministratorInvitationInput{bob.Account, "id"})
		},
		"AcceptInvitation":   func() error { return r.AcceptInvitation(ctx, p, AcceptInvitationInput{bob.Account, "id"}) },
		"DeclineInvitations": func() error { _, err := r.DeclineInvitations(ctx, p, DeclineInvitationsInput{some}); return err },
		"DeleteInvitations":  func() error { _, err := r.DeleteInvitations(ctx, p, DeleteInvitationsInput{some}); return err },
		"DisassociateFromAdministratorAccount": func() error {
			return r.DisassociateFromAdministratorAccount(ctx, p, DisassociateFromAdministratorAccountInput{})
		},
		"DisassociateFromMasterAccount": func() error {
			return r.DisassociateFromMasterAccount(ctx, p, DisassociateFromMasterAccountInput{})
		},
		"GetAdministratorAccount": func() error {
			_, err := r.GetAdministratorAccount(ctx, p, GetAdministratorAccountInput{})
			return err
		},
		"GetMasterAccount": func() error { _, err := r.GetMasterAccount(ctx, p, GetMasterAccountInput{}); return err },
		"DescribeOrganizationConfiguration": func() error {
			_, err := r.DescribeOrganizationConfiguration(ctx, p, DescribeOrganizationConfigurationInput{})
			return err
		},
		"UpdateOrganizationConfiguration": func() error {
			return r.UpdateOrganizationConfiguration(ctx, p, UpdateOrganizationConfigurationInput{})
		},
	}
}

// Every operation on a hub that is off answers 401 (behaviour.md section 1.5). Only the management
// account needs no hub, which is not among these.
func TestRelationsNeedAHub(t *testing.T) {
	t.Parallel()
	r := newRig(t, guarded, organized(organization(alice)))
	for name, call := range r.relationCalls(t, alice) {
		t.Log(name)
		wantError(t, call(), "InvalidAccessException", "Account 111111111111 is not subscribed to AWS Security Hub")
	}
}

// A store that cannot be read is nobody's answer: no operation takes a record that it could not
// read for one that is not there.
func TestRelationsNeedTheirRecords(t *testing.T) {
	t.Parallel()
	read := map[string]string{
		memberRecords:        "CreateMembers GetMembers ListMembers DeleteMembers InviteMembers DisassociateMembers DescribeOrganizationConfiguration",
		rosterRecords:        "CreateMembers GetMembers ListMembers DeleteMembers InviteMembers DisassociateMembers DescribeOrganizationConfiguration UpdateOrganizationConfiguration",
		invitationRecords:    "ListInvitations GetInvitationsCount AcceptAdministratorInvitation AcceptInvitation DeclineInvitations DeleteInvitations",
		administratorRecords: "CreateMembers InviteMembers DisassociateFromAdministratorAccount DisassociateFromMasterAccount GetAdministratorAccount GetMasterAccount",
		designationRecords:   "DescribeOrganizationConfiguration UpdateOrganizationConfiguration GetAdministratorAccount GetMasterAccount CreateMembers",
		organizationRecords:  "DescribeOrganizationConfiguration UpdateOrganizationConfiguration CreateMembers",
		hubRecords:           "ListInvitations GetMembers ListMembers CreateMembers GetInvitationsCount",
	}
	for collection, names := range read {
		r := newRig(t, organized(organization(alice, carol)))
		r.delegates(t, alice)
		r.Hub.store = &readless{r.store, collection}
		calls := r.relationCalls(t, alice)
		for _, name := range strings.Fields(names) {
			if err := calls[name](); !errors.Is(err, errRead) {
				t.Errorf("%s without %s: %v", name, collection, err)
			}
		}
	}
}

// The hub is on for whoever asks; a request about no account's id never gets further.
func TestAccountFaults(t *testing.T) {
	t.Parallel()
	many := make([]string, 51)
	for i := range many {
		many[i] = fmt.Sprintf("%012d", i)
	}
	r := newRig(t)
	lists := map[string]func(ids []string) ([]Result, error){
		"GetMembers": func(ids []string) ([]Result, error) {
			out, err := r.GetMembers(t.Context(), alice, GetMembersInput{ids})
			if err != nil {
				return nil, err
			}
			return out.UnprocessedAccounts, nil
		},
		"DeleteMembers": func(ids []string) ([]Result, error) {
			out, err := r.DeleteMembers(t.Context(), alice, DeleteMembersInput{ids})
			if err != nil {
				return nil, err
			}
			return out.UnprocessedAccounts, nil
		},
		"InviteMembers": func(ids []string) ([]Result, error) {
			out, err := r.InviteMembers(t.Context(), alice, InviteMembersInput{ids})
			if err != nil {
				return nil, err
			}
			return out.UnprocessedAccounts, nil
		},
		"DeclineInvitations": func(ids []string) ([]Result, error) {
			out, err := r.DeclineInvitations(t.Context(), alice, DeclineInvitationsInput{ids})
			if err != nil {
				return nil, err
			}
			return out.UnprocessedAccounts, nil
		},
		"DeleteInvitations": func(ids []string) ([]Result, error) {
			out, err := r.DeleteInvitations(t.Context(), alice, DeleteInvitationsInput{ids})
			if err != nil {
				return nil, err
			}
			return out.UnprocessedAccounts, nil
		},
	}
	for name, call := range lists {
		t.Run(name, func(t *testing.T) {
			for _, id := range []string{"1", "12345678901x", "1234567890123", "../../../../", "１２３４５６７８９０１２"} {
				only(t, must[[]Result](t)(call([]string{id})), id, "Invalid parameter 'AccountIds[0]'. Value '")
			}
			// One account is not answered for another.
			only(t, must[[]Result](t)(call([]string{"777777777777"})), "777777777777", "The request is rejected because the given account ID")
			if got := must[[]Result](t)(call(nil)); got == nil || len(got) != 0 {
				t.Errorf("nothing asked and got %v", got)
			}
			_, err := call(many)
			wantError(t, err, "InvalidInputException", "Maximum number of results exceeded: it has '51' items, which is greater than maximum value: 50")
		})
	}
}
