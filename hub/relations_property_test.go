package hub

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/findinghub/findinghub/auth"
	"pgregory.net/rapid"
)

// relationModel is what relations should be in one region, in the plainest words.
type relationModel struct {
	org        map[string]bool // who belongs to the organisation; shared by the regions
	record     map[[2]string]modelRecord
	invitation map[[2]string]int // by invited account and who invited
	pointer    map[string]string
	delegated  string // whom the management account designated
	generation int    // of that designation
	auto       bool
	joined     map[string]bool
	ids        int
}

type modelRecord struct {
	status                 string
	generation, invitation int
}

func (r modelRecord) visible() bool { return r.status != "" && r.status != "Deleted" }

// delegate is the organisation's administrator, "" when there is none that still belongs to it.
func (m *relationModel) delegate() string {
	if m.org[m.delegated] {
		return m.delegated
	}
	return ""
}

func (m *relationModel) covers(a, t string) bool { return a != "" && m.delegate() == a && m.org[t] }

func (m *relationModel) asked(t string) string {
	a := m.pointer[t]
	r := m.record[[2]string{a, t}]
	if a == "" || r.status != "Enabled" || r.generation != 0 && (r.generation != m.generation || !m.covers(a, t)) {
		return ""
	}
	return a
}

func (m *relationModel) hasAccepted(a string) bool {
	for k, r := range m.record {
		if k[0] == a && r.status == "Enabled" && r.generation == 0 {
			return true
		}
	}
	return false
}

func (m *relationModel) joins(t string) bool {
	d := m.delegate()
	r := m.record[[2]string{d, t}]
	return d != "" && m.org[t] && (m.auto || m.joined[t]) && t != d && t != manager.Account &&
		(r.generation != m.generation || r.status == "Enabled") && m.asked(t) == "" && !m.hasAccepted(t)
}

func (m *relationModel) administrator(t string) string {
	if a := m.asked(t); a != "" {
		return a
	}
	if m.joins(t) {
		return m.delegate()
	}
	return ""
}

func (m *relationModel) members(a string, accounts []auth.Principal) []string {
	list := []string{}
	for _, p := range accounts {
		if m.administrator(p.Account) == a {
			list = append(list, p.Account)
		}
	}
	slices.Sort(list)
	return list
}

// end makes an account nobody's member, with a status that says why.
func (m *relationModel) end(a, t, status string) {
	r := m.record[[2]string{a, t}]
	r.status = status
	m.record[[2]string{a, t}] = r
	if m.pointer[t] == a {
		delete(m.pointer, t)
	}
}

// The operations: each says whether it should succeed, and then changes the model.

func (m *relationModel) create(a, t string) bool {
	k := [2]string{a, t}
	switch {
	case m.administrator(a) != "", a == t, m.administrator(t) == a:
		return false
	case m.covers(a, t):
		if m.administrator(t) != "" || m.hasAccepted(t) {
			return false
		}
		m.record[k], m.pointer[t] = modelRecord{status: "Enabled", generation: m.generation}, a
		return true
	case m.record[k].visible():
		return false
	}
	m.record[k] = modelRecord{status: "Created"}
	return true
}

func (m *relationModel) invite(a, t string) bool {
	k := [2]string{a, t}
	if m.administrator(a) != "" || m.administrator(t) == a || !m.record[k].visible() || m.covers(a, t) {
		return false
	}
	if m.record[k].status != "Invited" {
		m.ids++
		m.record[k], m.invitation[[2]string{t, a}] = modelRecord{status: "Invited", invitation: m.ids}, m.ids
	}
	return true
}

// invitedBy gives the record behind an invitation that an account has.
func (m *relationModel) invitedBy(t, a string) (modelRecord, bool) {
	r := m.record[[2]string{a, t}]
	id := m.invitation[[2]string{t, a}]
	return r, id != 0 && r.visible() && r.invitation == id
}

func (m *relationModel) accept(t, a string) bool {
	r, found := m.invitedBy(t, a)
	switch {
	case !found || r.status != "Invited" && r.status != "Enabled":
		return false
	case r.status == "Enabled":
		return true
	case m.administrator(t) != "" || m.delegate() == t || m.hasAccepted(t) || m.administrator(a) != "":
		return false
	}
	r.status = "Enabled"
	m.record[[2]string{a, t}], m.pointer[t] = r, a
	return true
}

func (m *relationModel) decline(t, a string) bool {
	r, found := m.invitedBy(t, a)
	if found = found && r.status == "Invited"; found {
		m.end(a, t, "Resigned")
	}
	return found
}

func (m *relationModel) deleteInvitation(t, a string) bool {
	r, found := m.invitedBy(t, a)
	if !found || r.status == "Enabled" {
		return false
	}
	if r.status == "Invited" {
		m.end(a, t, "Resigned")
	}
	delete(m.invitation, [2]string{t, a})
	return true
}

func (m *relationModel) disassociate(a, t string) bool {
	r := m.record[[2]string{a, t}]
	if m.administrator(t) == a || r.status == "Created" || r.status == "Invited" {
		covered := m.covers(a, t)
		m.end(a, t, "Removed")
		if covered {
			r = m.record[[2]string{a, t}]
			r.generation = m.generation
			m.record[[2]string{a, t}] = r
		}
		return true
	}
	return r.visible()
}

func (m *relationModel) leave(t string) bool {
	a := m.administrator(t)
	if a == "" || m.org[t] && m.delegate() == a {
		return false
	}
	m.end(a, t, "Resigned")
	return true
}

func (m *relationModel) remove(a, t string) bool {
	k := [2]string{a, t}
	r := m.record[k]
	if m.administrator(t) == a || !r.visible() {
		return false
	}
	delete(m.record, k)
	if m.delegate() == a && m.org[a] && r.generation == m.generation {
		m.record[k] = modelRecord{status: "Deleted", generation: m.generation}
	}
	delete(m.invitation, [2]string{t, a})
	return true
}

func (m *relationModel) designate(t string) bool {
	if !m.org[t] {
		return false
	}
	if m.delegated != "" || m.administrator(t) != "" {
		return m.delegated == t
	}
	m.generation++
	m.delegated, m.auto, m.joined = t, false, map[string]bool{}
	return true
}

func (m *relationModel) undesignate(t string) bool {
	if m.delegated != t {
		return false
	}
	m.delegated = ""
	return true
}

func (m *relationModel) configure(a string, auto bool, accounts []auth.Principal) bool {
	if m.delegate() != a {
		return false
	}
	if m.auto && !auto {
		joined := map[string]bool{}
		for _, p := range accounts {
			joined[p.Account] = m.joins(p.Account)
		}
		m.joined = joined
	}
	if !m.auto && auto {
		m.joined = map[string]bool{}
	}
	m.auto = auto
	return true
}

// relationMachine is the hub beside its model.
type relationMachine struct {
	rig
	other     *Hub // another hub on the same store, as another process has
	directory *directory
	accounts  []auth.Principal
	model     map[string]*relationModel // by region
	// ids are the names of the model's invitations, by region and number.
	ids map[string]map[int]string
	// touched is the region of the last operation, whose every answer is compared.
	touched string
	// turns says which of the hubs is the next to be asked; nil is always the same.
	turns func()
}

func newRelationMachine(t *testing.T) *relationMachine {
	m := &relationMachine{
		directory: organization(alice, bob, carol), model: map[string]*relationModel{}, ids: map[string]map[int]string{},
		accounts: []auth.Principal{alice, bob, carol, stranger, manager},
	}
	m.rig = newRig(t, organized(m.directory))
	other, err := New(t.Context(), Config{Store: m.store, Dev: true, Organizations: m.directory.of})
	ok(t, err)
	m.other = other
	org := map[string]bool{}
	for _, a := range m.directory.org.Accounts {
		org[a] = true
	}
	for _, region := range []string{"us-east-1", "eu-west-1"} {
		m.ids[region] = map[int]string{}
		m.model[region] = &relationModel{
			org: org, record: map[[2]string]modelRecord{}, invitation: map[[2]string]int{}, pointer: map[string]string{}, joined: map[string]bool{},
		}
	}
	return m
}

// draw chooses an operation's caller and whom it is about.
func (m *relationMachine) draw(t *rapid.T) (p auth.Principal, other string, model *relationModel) {
	if m.turns != nil {
		m.turns()
	}
	p = rapid.SampledFrom(m.accounts).Draw(t, "caller")
	p.Region = rapid.SampledFrom([]string{"us-east-1", "eu-west-1"}).Draw(t, "region")
	m.touched = p.Region
	return p, rapid.SampledFrom(m.accounts).Draw(t, "other").Account, m.model[p.Region]
}

// one says whether a request about one account processed it.
func one(unprocessed []Result) error {
	if len(unprocessed) > 0 {
		return fmt.Errorf("unprocessed: %+v", unprocessed)
	}
	return nil
}

func agree(t *rapid.T, err error, want bool) {
	t.Helper()
	if (err == nil) != want {
		t.Fatalf("got %v, and the model says %v", err, want)
	}
}

func (m *relationMachine) actions(t *testing.T) map[string]func(*rapid.T) {
	ctx := t.Context()
	return map[string]func(*rapid.T){
		"create": func(rt *rapid.T) {
			p, other, model := m.draw(rt)
			out, err := m.CreateMembers(ctx, p, CreateMembersInput{AccountDetails: []AccountDetails{{AccountID: other}}})
			if err == nil {
				err = one(out.UnprocessedAccounts)
			}
			agree(rt, err, model.create(p.Account, other))
		},
		"invite": func(rt *rapid.T) {
			p, other, model := m.draw(rt)
			out, err := m.InviteMembers(ctx, p, InviteMembersInput{[]string{other}})
			if err == nil {
				err = one(out.UnprocessedAccounts)
			}
			agree(rt, err, model.invite(p.Account, other))
			if id := model.record[[2]string{p.Account, other}].invitation; id != 0 && m.ids[p.Region][id] == "" {
				r, err := m.member(ctx, p.Account, p.Region, other)
				ok(t, err)
				m.ids[p.Region][id] = r.InvitationID
			}
		},
		"accept": func(rt *rapid.T) {
			p, other, model := m.draw(rt)
			id := m.ids[p.Region][model.invitation[[2]string{p.Account, other}]]
			err := m.AcceptAdministratorInvitation(ctx, p, AcceptAdministratorInvitationInput{other, id})
			agree(rt, err, model.accept(p.Account, other))
		},
		"decline": func(rt *rapid.T) {
			p, other, model := m.draw(rt)
			out := must[*DeclineInvitationsOutput](t)(m.DeclineInvitations(ctx, p, DeclineInvitationsInput{[]string{other}}))
			agree(rt, one(out.UnprocessedAccounts), model.decline(p.Account, other))
		},
		"delete an invitation": func(rt *rapid.T) {
			p, other, model := m.draw(rt)
			out := must[*DeleteInvitationsOutput](t)(m.DeleteInvitations(ctx, p, DeleteInvitationsInput{[]string{other}}))
			agree(rt, one(out.UnprocessedAccounts), model.deleteInvitation(p.Account, other))
		},
		"disassociate": func(rt *rapid.T) {
			p, other, model := m.draw(rt)
			agree(rt, m.DisassociateMembers(ctx, p, DisassociateMembersInput{[]string{other}}), model.disassociate(p.Account, other))
		},
		"leave": func(rt *rapid.T) {
			p, _, model := m.draw(rt)
			agree(rt, m.DisassociateFromAdministratorAccount(ctx, p, DisassociateFromAdministratorAccountInput{}), model.leave(p.Account))
		},
		"delete": func(rt *rapid.T) {
			p, other, model := m.draw(rt)
			out := must[*DeleteMembersOutput](t)(m.DeleteMembers(ctx, p, DeleteMembersInput{[]string{other}}))
			agree(rt, one(out.UnprocessedAccounts), model.remove(p.Account, other))
		},
		"designate": func(rt *rapid.T) {
			p, other, model := m.draw(rt)
			p.Account = manager.Account
			_, err := m.EnableOrganizationAdminAccount(ctx, p, EnableOrganizationAdminAccountInput{AdminAccountID: other})
			agree(rt, err, model.designate(other))
		},
		"end the designation": func(rt *rapid.T) {
			p, other, model := m.draw(rt)
			p.Account = manager.Account
			err := m.DisableOrganizationAdminAccount(ctx, p, DisableOrganizationAdminAccountInput{AdminAccountID: other})
			agree(rt, err, model.undesignate(other))
		},
		"configure": func(rt *rapid.T) {
			p, _, model := m.draw(rt)
			if d := model.delegate(); d != "" {
				p.Account = d // otherwise it hardly ever happens
			}
			auto := rapid.Bool().Draw(rt, "auto")
			err := m.UpdateOrganizationConfiguration(ctx, p, UpdateOrganizationConfigurationInput{AutoEnable: auto})
			agree(rt, err, model.configure(p.Account, auto, m.accounts))
		},
		"join or leave the organisation": func(rt *rapid.T) {
			p := rapid.SampledFrom([]auth.Principal{alice, bob, carol, stranger}).Draw(rt, "account")
			org := m.model["us-east-1"].org
			if org[p.Account] = !org[p.Account]; !org[p.Account] {
				delete(org, p.Account)
			}
			delete(org, manager.Account)
			var accounts []auth.Principal
			for _, a := range slices.Sorted(maps.Keys(org)) {
				accounts = append(accounts, principal(a))
			}
			org[manager.Account] = true
			m.directory.set(accounts...)
		},
		"": func(rt *rapid.T) { m.check(t, rt) },
	}
}

// check compares what anybody can ask with the model: who is whose member in every region, and
// every other answer where something was done.
func (m *relationMachine) check(t *testing.T, rt *rapid.T) {
	for region, model := range m.model {
		for _, p := range m.accounts {
			p.Region = region
			want := model.members(p.Account, m.accounts)
			for name, h := range map[string]*Hub{"the hub": m.Hub, "another": m.other} {
				got := must[[]string](t)(h.memberAccounts(t.Context(), p.Account, region))
				if !slices.Equal(append([]string{}, got...), want) {
					rt.Fatalf("%s: the members of %s in %s are %v, want %v", name, p.Account, region, got, want)
				}
			}
			if got := must[string](t)(m.administratorOf(t.Context(), p.Account, region)); got != model.administrator(p.Account) {
				rt.Fatalf("the administrator of %s in %s is %q, want %q", p.Account, region, got, model.administrator(p.Account))
			}
			if region == m.touched {
				m.checkMembers(t, rt, p, model)
				m.checkInvitations(t, rt, p, model)
			}
		}
	}
}

// checkMembers compares what an administrator is told, one by one and in the list.
func (m *relationMachine) checkMembers(t *testing.T, rt *rapid.T, p auth.Principal, model *relationModel) {
	got, want := map[string]string{}, map[string]string{}
	counts := rosterRecord{}
	for _, other := range m.accounts {
		r := model.record[[2]string{p.Account, other.Account}]
		counts.count(memberRecord{Status: r.status, Designation: map[bool]string{true: "d"}[r.generation != 0]}, 1)
		switch {
		case model.administrator(other.Account) == p.Account:
			want[other.Account] = "Enabled"
		case r.status == "Enabled":
			want[other.Account] = "Removed"
		case r.visible():
			want[other.Account] = r.status
		}
	}
	out := must[*GetMembersOutput](t)(m.GetMembers(t.Context(), p, GetMembersInput{accountsOf(m.accounts...)}))
	for _, v := range out.Members {
		got[v.AccountID] = v.MemberStatus
	}
	if !maps.Equal(got, want) || len(out.UnprocessedAccounts) != len(m.accounts)-len(want) {
		rt.Fatalf("the members of %s in %s are told as %v, want %v", p.Account, p.Region, got, want)
	}
	listed := m.listed(t, p, false)
	if !slices.Equal(listed, slices.Sorted(maps.Keys(want))) || !slices.Equal(m.listed(t, p, true), model.members(p.Account, m.accounts)) {
		rt.Fatalf("the members of %s in %s are listed as %v, want %v", p.Account, p.Region, listed, want)
	}
	roster := must[rosterRecord](t)(m.roster(t.Context(), p.Account, p.Region))
	if roster.Members != counts.Members || roster.Invited != counts.Invited || roster.Accepted != counts.Accepted || roster.Changing {
		rt.Fatalf("the roster of %s in %s counts %+v, want %+v", p.Account, p.Region, roster, counts)
	}
}

// listed reads a list of members two at a time.
func (m *relationMachine) listed(t *testing.T, p auth.Principal, associated bool) []string {
	list := []string{}
	in := ListMembersInput{MaxResults: 2, OnlyAssociated: &associated}
	for {
		out := must[*ListMembersOutput](t)(m.ListMembers(t.Context(), p, in))
		for _, v := range out.Members {
			list = append(list, v.AccountID)
		}
		if in.NextToken = out.NextToken; in.NextToken == "" {
			return list
		}
	}
}

func (m *relationMachine) checkInvitations(t *testing.T, rt *rapid.T, p auth.Principal, model *relationModel) {
	got, want := map[string]string{}, map[string]string{}
	open := 0
	for _, a := range m.accounts {
		if r, found := model.invitedBy(p.Account, a.Account); found {
			want[a.Account] = m.ids[p.Region][r.invitation] + " " + r.status
			if r.status == "Invited" {
				open++
			}
		}
	}
	for _, i := range must[*ListInvitationsOutput](t)(m.ListInvitations(t.Context(), p, ListInvitationsInput{})).Invitations {
		got[i.AccountID] = i.InvitationID + " " + i.MemberStatus
	}
	count := must[*GetInvitationsCountOutput](t)(m.GetInvitationsCount(t.Context(), p, GetInvitationsCountInput{}))
	if !maps.Equal(got, want) || count.InvitationsCount != open {
		rt.Fatalf("the invitations of %s in %s are %v, %d open; want %v, %d open", p.Account, p.Region, got, count.InvitationsCount, want, open)
	}
}

// Whatever accounts do in whatever order, in two regions, relations are those of the model: seen by
// the administrator, by the member, in lists, in counts, and by another process on the same store.
func TestRelationsFollowTheirModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		m := newRelationMachine(t)
		// By chance organisations come to this late, and most of what happens happens there.
		if rapid.Bool().Draw(rt, "organised") {
			m.delegates(t, alice)
			m.autoEnables(t, alice, true)
			model := m.model[alice.Region]
			agree(rt, nil, model.designate(alice.Account) && model.configure(alice.Account, true, m.accounts))
		}
		rt.Repeat(m.actions(t))
	})
}
